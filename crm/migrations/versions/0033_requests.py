"""What employees hand in for households (I5): which tickets came so, from whom, in which words."""

import sqlalchemy as sa
from alembic import op

revision = "0033_requests"
down_revision = "0032_greetings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "requests",
        sa.Column("ticket_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("place", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_requests_ticket_id_tickets")),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_requests_by_id_users")),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_requests")),
    )
    op.create_index(op.f("ix_requests_by_id_ticket_id"), "requests", ["by_id", "ticket_id"])
    op.create_index(op.f("ix_requests_at"), "requests", ["at"])


def downgrade() -> None:
    op.drop_table("requests")
