"""Outages, what was told of them, and the callers whom they cost a call."""

import sqlalchemy as sa
from alembic import op

revision = "0025_outages"
down_revision = "0024_emergencies"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("outage_id", sa.String(length=60), nullable=False),
        sa.Column("component", sa.String(length=30), nullable=False),
        sa.Column("detail", sa.String(length=80), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("step_s", sa.Integer(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.String(length=40), nullable=True),
        sa.Column("passed_on", sa.Boolean(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("cause_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cause_by", sa.String(length=40), nullable=True),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lost", sa.Integer(), nullable=True),
        sa.Column("unreachable", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outages")),
        sa.UniqueConstraint("outage_id", name=op.f("uq_outages_outage_id")),
    )
    op.create_index(op.f("ix_outages_began_at_id"), "outages", ["began_at", "id"])
    unlisted = sa.text("listed_at IS NULL")
    op.create_index("ix_outages_unlisted", "outages", ["id"], sqlite_where=unlisted, postgresql_where=unlisted)
    op.create_table(
        "outage_lines",
        sa.Column("file", sa.String(length=32), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("outage_id", sa.String(length=60), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["outage_id"], ["outages.outage_id"], name=op.f("fk_outage_lines_outage_id_outages")),
        sa.PrimaryKeyConstraint("file", "place", name=op.f("pk_outage_lines")),
    )
    op.create_index(op.f("ix_outage_lines_outage_id_at"), "outage_lines", ["outage_id", "at"])
    op.create_table(
        "lost_callers",
        sa.Column("call_id", sa.String(length=80), nullable=False),
        sa.Column("outage_id", sa.String(length=60), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("how", sa.String(length=10), nullable=False),
        sa.Column("rings", sa.Boolean(), nullable=False),
        sa.CheckConstraint("how IN ('lost', 'cut_off', 'abandoned')", name=op.f("ck_lost_callers_how")),
        sa.ForeignKeyConstraint(["outage_id"], ["outages.outage_id"], name=op.f("fk_lost_callers_outage_id_outages")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_lost_callers")),
    )
    op.create_index(op.f("ix_lost_callers_outage_id_at"), "lost_callers", ["outage_id", "at"])


def downgrade() -> None:
    op.drop_table("lost_callers")
    op.drop_table("outage_lines")
    op.drop_table("outages")
