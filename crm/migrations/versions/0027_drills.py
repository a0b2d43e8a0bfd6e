"""Drills on the live line, their calls, what was noticed."""

import sqlalchemy as sa
from alembic import op

revision = "0027_drills"
down_revision = "0026_forecasts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "drills",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("scenario", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("on", sa.Boolean(), nullable=True),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("refused", sa.JSON(), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_by", sa.String(length=40), nullable=False),
        sa.Column("why", sa.String(length=20), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("summary", sa.JSON(), nullable=True),
        sa.CheckConstraint("state IN ('running', 'stopping', 'over')", name=op.f("ck_drills_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drills")),
        sa.UniqueConstraint("on", name=op.f("uq_drills_on")),
    )
    op.create_index("ix_drills_began_at_id", "drills", ["began_at", "id"])
    op.create_index(op.f("ix_drills_name_id"), "drills", ["name", "id"])
    op.create_table(
        "drill_calls",
        sa.Column("call_id", sa.String(length=80), nullable=False),
        sa.Column("drill_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("node", sa.String(length=40), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("queue", sa.String(length=40), nullable=True),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rang_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seat", sa.String(length=10), nullable=True),
        sa.Column("wait_s", sa.Double(), nullable=True),
        sa.Column("talk_s", sa.Double(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("over", sa.String(length=20), nullable=True),
        sa.Column("fold", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_drill_calls")),
    )
    op.create_index(op.f("ix_drill_calls_drill_id_number"), "drill_calls", ["drill_id", "number"])
    op.create_table(
        "drill_notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("drill_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["drill_id"], ["drills.id"], name=op.f("fk_drill_notes_drill_id_drills"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drill_notes")),
    )
    op.create_index(op.f("ix_drill_notes_drill_id"), "drill_notes", ["drill_id"])


def downgrade() -> None:
    for table in ("drill_notes", "drill_calls", "drills"):
        op.drop_table(table)
