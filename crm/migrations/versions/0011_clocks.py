"""Clocks of tickets, and the office hours that they go by."""

import sqlalchemy as sa
from alembic import op

revision = "0011_clocks"
down_revision = "0013_plumbing"
branch_labels = None
depends_on = None

# Until the site file's are read: every hour of every day, as in the demo's.
FIRST_HOURS = {"hours": [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "00:00:00", "to": "00:00:00"}],
               "calendar": "none", "open_days": [], "closed_days": []}


def upgrade() -> None:
    op.create_table(
        "ticket_clocks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("clock", sa.String(length=20), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("calendar", sa.String(length=10), nullable=False),
        sa.Column("planned_by", sa.Integer(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("standing", sa.String(length=10), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("allowed", sa.BigInteger(), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("broken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kept", sa.Boolean(), nullable=True),
        sa.CheckConstraint("standing IN ('running', 'paused', 'stopped')", name=op.f("ck_ticket_clocks_standing")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_clocks_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_clocks")),
        sa.UniqueConstraint("ticket_id", "clock", "run", name=op.f("uq_ticket_clocks_ticket_id_clock_run")),
    )
    waiting = sa.text("next_at IS NOT NULL")
    op.create_index("ix_ticket_clocks_next_at", "ticket_clocks", ["next_at"], sqlite_where=waiting, postgresql_where=waiting)
    office = sa.text("calendar = 'office' AND next_at IS NOT NULL")
    op.create_index("ix_ticket_clocks_planned", "ticket_clocks", ["planned_by"], sqlite_where=office, postgresql_where=office)
    op.create_index(op.f("ix_ticket_clocks_standing_due_at"), "ticket_clocks", ["standing", "due_at"])
    op.create_index(op.f("ix_ticket_clocks_ended_at"), "ticket_clocks", ["ended_at"])
    hours = op.create_table(
        "office_hours",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("timezone", sa.String(length=60), nullable=False),
        sa.Column("schedule", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office_hours")),
    )
    op.bulk_insert(hours, [{"id": 1, "version": 1, "timezone": "Asia/Shanghai", "schedule": FIRST_HOURS}])


def downgrade() -> None:
    op.drop_table("office_hours")
    op.drop_table("ticket_clocks")
