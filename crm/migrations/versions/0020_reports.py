"""Schedules of reports, their runs and deliveries."""

import sqlalchemy as sa
from alembic import op

revision = "0020_reports"
down_revision = "0019_repairs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "report_schedules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("report", sa.String(length=31), nullable=False),
        sa.Column("period", sa.String(length=12), nullable=False),
        sa.Column("given", sa.JSON(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("form", sa.String(length=4), nullable=False),
        sa.Column("every", sa.String(length=8), nullable=False),
        sa.Column("at", sa.String(length=5), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("users", sa.JSON(), nullable=False),
        sa.Column("robots", sa.JSON(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_because", sa.String(length=12), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("form IN ('xlsx', 'pdf')", name=op.f("ck_report_schedules_form")),
        sa.CheckConstraint("every IN ('daily', 'weekly', 'monthly')", name=op.f("ck_report_schedules_every")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_report_schedules_owner_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_schedules")),
    )
    op.create_index(op.f("ix_report_schedules_owner_id"), "report_schedules", ["owner_id"])
    due = sa.text("next_at IS NOT NULL")
    op.create_index("ix_report_schedules_next_at", "report_schedules", ["next_at"], sqlite_where=due, postgresql_where=due)
    op.create_table(
        "report_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("because", sa.String(length=10), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(length=80), nullable=True),
        sa.Column("subject", sa.String(length=200), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.Column("file_name", sa.String(length=80), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'made', 'failed', 'paused')", name=op.f("ck_report_runs_state")),
        sa.ForeignKeyConstraint(["schedule_id"], ["report_schedules.id"], name=op.f("fk_report_runs_schedule_id_report_schedules"),
                                ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_runs")),
        sa.UniqueConstraint("schedule_id", "due_at", name=op.f("uq_report_runs_schedule_id_due_at")),
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index("ix_report_runs_waiting", "report_runs", ["due_at"], sqlite_where=waiting, postgresql_where=waiting)
    op.create_table(
        "report_deliveries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["report_runs.id"], name=op.f("fk_report_deliveries_run_id_report_runs"),
                                ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_deliveries")),
        sa.UniqueConstraint("run_id", "channel", "address", name=op.f("uq_report_deliveries_run_id_channel_address")),
    )
    op.create_index(op.f("ix_report_deliveries_failed_at"), "report_deliveries", ["failed_at"])
    op.create_index("ix_report_deliveries_next_at", "report_deliveries", ["next_at"], sqlite_where=due, postgresql_where=due)


def downgrade() -> None:
    op.drop_table("report_deliveries")
    op.drop_table("report_runs")
    op.drop_table("report_schedules")
