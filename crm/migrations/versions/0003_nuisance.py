"""Numbers that are treated in their own way (D1, D4)."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "caller_treatments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("call_id", sa.String(length=80), nullable=True),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.String(length=40), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("level IN ('warn', 'queue', 'block', 'press')", name=op.f("ck_caller_treatments_level")),
        sa.CheckConstraint("state IN ('reported', 'active', 'lifted')", name=op.f("ck_caller_treatments_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_caller_treatments")),
    )
    op.create_index("uq_caller_treatments_active", "caller_treatments", ["number"], unique=True,
                    sqlite_where=sa.text("state = 'active'"), postgresql_where=sa.text("state = 'active'"))
    op.create_index(op.f("ix_caller_treatments_number_state"), "caller_treatments", ["number", "state"], unique=False)
    op.create_index(op.f("ix_caller_treatments_at"), "caller_treatments", ["at"], unique=False)


def downgrade() -> None:
    op.drop_table("caller_treatments")
