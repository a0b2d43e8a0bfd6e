"""Whether the greeting was said, as a leader heard it in a recording (K3)."""

import sqlalchemy as sa
from alembic import op

from crm.database import UtcDateTime

revision = "0032_greetings"
down_revision = "0031_shifts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "greeting_checks",
        sa.Column("call_id", sa.String(length=80), nullable=False),
        sa.Column("said", sa.Boolean(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("who", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name=op.f("fk_greeting_checks_call_id_calls"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_greeting_checks_user_id_users")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_greeting_checks")),
    )


def downgrade() -> None:
    op.drop_table("greeting_checks")
