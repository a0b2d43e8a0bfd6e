"""Clocks of tickets, the office hours that they go by, and who is told of what they do."""

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
        sa.Column("promised", sa.Boolean(), nullable=False),
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
    opened, promised = sa.text("standing != 'stopped'"), sa.text("promised")
    broken = sa.text("standing != 'stopped' AND broken_at IS NOT NULL")
    op.create_index(op.f("ix_ticket_clocks_standing_due_at_id"), "ticket_clocks", ["standing", "due_at", "id"])
    for name, columns, where in (("open", ["started_at", "id"], opened), ("broken", ["broken_at", "id"], broken),
                                 ("promised", ["due_at", "id"], promised)):
        op.create_index(f"ix_ticket_clocks_{name}", "ticket_clocks", columns, sqlite_where=where, postgresql_where=where)
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
    notices()


def notices() -> None:
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("clock_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=True),
        sa.Column("what", sa.String(length=10), nullable=False),
        sa.Column("whom", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("waits_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Integer(), nullable=True),
        sa.Column("climbed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fanned_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("what IN ('warned', 'broken', 'climbed')", name=op.f("ck_notices_what")),
        sa.ForeignKeyConstraint(["acknowledged_by"], ["users.id"], name=op.f("fk_notices_acknowledged_by_users")),
        sa.ForeignKeyConstraint(["clock_id"], ["ticket_clocks.id"], name=op.f("fk_notices_clock_id_ticket_clocks")),
        sa.ForeignKeyConstraint(["parent_id"], ["notices.id"], name=op.f("fk_notices_parent_id_notices")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_notices_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index(op.f("ix_notices_clock_id"), "notices", ["clock_id"])
    op.create_index(op.f("ix_notices_ticket_id"), "notices", ["ticket_id"])
    op.create_index("uq_notices_step", "notices", ["clock_id", "round", "what", "rung"], unique=True,
                    sqlite_where=sa.text("parent_id IS NULL"), postgresql_where=sa.text("parent_id IS NULL"))
    op.create_index("uq_notices_parent_id", "notices", ["parent_id"], unique=True)
    waits, new = sa.text("waits_since IS NOT NULL"), sa.text("fanned_out_at IS NULL")
    op.create_index("ix_notices_waits", "notices", ["waits_since"], sqlite_where=waits, postgresql_where=waits)
    op.create_index("ix_notices_new", "notices", ["id"], sqlite_where=new, postgresql_where=new)
    op.create_table(
        "notice_people",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_notice_people_notice_id_notices")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_notice_people_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", "notice_id", name=op.f("pk_notice_people")),
    )
    op.create_index(op.f("ix_notice_people_notice_id"), "notice_people", ["notice_id"])
    op.create_table(
        "notice_deliveries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_notice_deliveries_notice_id_notices")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_deliveries")),
        sa.UniqueConstraint("notice_id", "channel", "address", name=op.f("uq_notice_deliveries_notice_id_channel_address")),
    )
    waiting = sa.text("next_at IS NOT NULL")
    op.create_index("ix_notice_deliveries_next_at", "notice_deliveries", ["next_at"], sqlite_where=waiting,
                    postgresql_where=waiting)
    op.create_index("ix_notice_deliveries_failed_at", "notice_deliveries", ["failed_at"])


def downgrade() -> None:
    op.drop_table("notice_deliveries")
    op.drop_table("notice_people")
    op.drop_table("notices")
    op.drop_table("office_hours")
    op.drop_table("ticket_clocks")
