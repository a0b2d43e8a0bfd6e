"""Leaders' shifts, their logs and hand-overs (K2)."""

import sqlalchemy as sa
from alembic import op

from crm.database import UtcDateTime

revision = "0031_shifts"
down_revision = "0030_messages"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "leader_shifts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("who", sa.String(length=40), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("how", sa.String(length=8), nullable=False),
        sa.Column("after_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("on", sa.Boolean(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("to", sa.String(length=40), nullable=True),
        sa.Column("offered_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("matters", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("how IN ('begun', 'handed', 'taken')", name=op.f("ck_leader_shifts_how")),
        sa.ForeignKeyConstraint(["after_id"], ["leader_shifts.id"], name=op.f("fk_leader_shifts_after_id_leader_shifts")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_leader_shifts_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leader_shifts")),
        sa.UniqueConstraint("on", name=op.f("uq_leader_shifts_on")),
    )
    op.create_index("ix_leader_shifts_began_at_id", "leader_shifts", ["began_at", "id"])
    op.create_table(
        "shift_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("shift_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("who", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("sort", sa.String(length=12), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=True),
        sa.CheckConstraint("sort IN ('event', 'staffing', 'complaint', 'equipment', 'instruction', 'other')",
                           name=op.f("ck_shift_entries_sort")),
        sa.ForeignKeyConstraint(["shift_id"], ["leader_shifts.id"], name=op.f("fk_shift_entries_shift_id_leader_shifts")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_shift_entries_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift_entries")),
    )
    op.create_index("ix_shift_entries_shift_id_id", "shift_entries", ["shift_id", "id"])


def downgrade() -> None:
    op.drop_table("shift_entries")
    op.drop_table("leader_shifts")
