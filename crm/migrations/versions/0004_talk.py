"""Who talked when, and each stay in a queue."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "talk_segments",
        sa.Column("call_id", sa.String(length=80), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("seat", sa.String(length=10), nullable=True),
        sa.Column("agent", sa.String(length=20), nullable=True),
        sa.Column("number", sa.String(length=32), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name=op.f("fk_talk_segments_call_id_calls"),
                                ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", "place", name=op.f("pk_talk_segments")),
    )
    op.create_index(op.f("ix_talk_segments_seat_began_at"), "talk_segments", ["seat", "began_at"])
    op.create_table(
        "queue_visits",
        sa.Column("call_id", sa.String(length=80), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("queue", sa.String(length=40), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seat", sa.String(length=10), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("gave_up", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name=op.f("fk_queue_visits_call_id_calls"),
                                ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", "place", name=op.f("pk_queue_visits")),
    )
    op.create_index(op.f("ix_queue_visits_queue_queued_at"), "queue_visits", ["queue", "queued_at"])


def downgrade() -> None:
    op.drop_table("queue_visits")
    op.drop_table("talk_segments")
