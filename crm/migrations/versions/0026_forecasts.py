"""Forecasts of arrivals and what came, queues' pace, agents who fell out."""

import sqlalchemy as sa
from alembic import op

revision = "0026_forecasts"
down_revision = "0025_outages"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forecast_intervals",
        sa.Column("queue", sa.String(length=40), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expected", sa.Double(), nullable=True),
        sa.Column("low", sa.Integer(), nullable=True),
        sa.Column("high", sa.Integer(), nullable=True),
        sa.Column("came", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("queue", "begins_at", name=op.f("pk_forecast_intervals")),
    )
    op.create_index(op.f("ix_forecast_intervals_begins_at"), "forecast_intervals", ["begins_at"])
    op.create_index(op.f("ix_forecast_intervals_day"), "forecast_intervals", ["day"])
    op.create_table(
        "queue_paces",
        sa.Column("queue", sa.String(length=40), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("handling_s", sa.Double(), nullable=False),
        sa.Column("gave_up", sa.Integer(), nullable=False),
        sa.Column("patience_s", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("queue", name=op.f("pk_queue_paces")),
    )
    op.create_table(
        "fallen_out_reports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("out", sa.Integer(), nullable=False),
        sa.Column("in_time", sa.Boolean(), nullable=False),
        sa.Column("manager_told", sa.Boolean(), nullable=False),
        sa.Column("proposal", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fallen_out_reports")),
    )
    op.create_index(op.f("ix_fallen_out_reports_at"), "fallen_out_reports", ["at"])
    op.create_table(
        "fallen_out",
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("agent", sa.String(length=6), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["fallen_out_reports.id"], name=op.f("fk_fallen_out_report_id_fallen_out_reports")),
        sa.PrimaryKeyConstraint("report_id", "agent", name=op.f("pk_fallen_out")),
    )
    op.create_index(op.f("ix_fallen_out_since"), "fallen_out", ["since"])
    op.create_index("ix_fallen_out_agent_since", "fallen_out", ["agent", "since"])


def downgrade() -> None:
    for table in ("fallen_out", "fallen_out_reports", "queue_paces", "forecast_intervals"):
        op.drop_table(table)
