"""Surges: the line's state, changes of tier, situation reports and their letters."""

import sqlalchemy as sa
from alembic import op

revision = "0022_surge"
down_revision = "0021_measured"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "surges",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("highest", sa.Integer(), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surges")),
    )
    op.create_index("ix_surges_declared_at_id", "surges", ["declared_at", "id"])
    line = op.create_table(
        "surge_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("signals", sa.JSON(), nullable=True),
        sa.Column("surge_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("writes", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_surge_line_one")),
        sa.ForeignKeyConstraint(["surge_id"], ["surges.id"], name=op.f("fk_surge_line_surge_id_surges")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surge_line")),
    )
    op.bulk_insert(line, [{"id": 1, "state": {}, "signals": None, "surge_id": None, "version": 1, "writes": 1}])
    op.create_table(
        "surge_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("surge_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("act", sa.String(length=10), nullable=False),
        sa.Column("before", sa.Integer(), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=False),
        sa.Column("why", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.Column("signals", sa.JSON(), nullable=True),
        sa.Column("acted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("act IN ('declared', 'rose', 'fell', 'raised', 'lowered', 'held', 'let_go', 'hold_over')",
                           name=op.f("ck_surge_changes_act")),
        sa.ForeignKeyConstraint(["surge_id"], ["surges.id"], name=op.f("fk_surge_changes_surge_id_surges")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surge_changes")),
    )
    op.create_index(op.f("ix_surge_changes_surge_id"), "surge_changes", ["surge_id"])
    new = sa.text("acted_at IS NULL")
    op.create_index("ix_surge_changes_new", "surge_changes", ["id"], sqlite_where=new, postgresql_where=new)
    op.create_table(
        "surge_reports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("surge_id", sa.Integer(), nullable=True),
        sa.Column("change_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["change_id"], ["surge_changes.id"], name=op.f("fk_surge_reports_change_id_surge_changes")),
        sa.ForeignKeyConstraint(["surge_id"], ["surges.id"], name=op.f("fk_surge_reports_surge_id_surges")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surge_reports")),
        sa.UniqueConstraint("change_id", name=op.f("uq_surge_reports_change_id")),
    )
    op.create_index("ix_surge_reports_at_id", "surge_reports", ["at", "id"])
    op.create_index(op.f("ix_surge_reports_surge_id"), "surge_reports", ["surge_id"])
    op.create_table(
        "surge_letters",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["report_id"], ["surge_reports.id"], name=op.f("fk_surge_letters_report_id_surge_reports")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surge_letters")),
        sa.UniqueConstraint("report_id", "channel", "address", name=op.f("uq_surge_letters_report_id_channel_address")),
    )
    op.create_index(op.f("ix_surge_letters_failed_at"), "surge_letters", ["failed_at"])
    due = sa.text("next_at IS NOT NULL")
    op.create_index("ix_surge_letters_next_at", "surge_letters", ["next_at"], sqlite_where=due, postgresql_where=due)


def downgrade() -> None:
    for table in ("surge_letters", "surge_reports", "surge_changes", "surge_line", "surges"):
        op.drop_table(table)
