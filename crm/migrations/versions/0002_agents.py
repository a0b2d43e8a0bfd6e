"""Agents, their skills and PINs; the agent log; whose an answered call was."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=6), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("team", sa.String(length=31), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("pin_hash", sa.String(length=200), nullable=True),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("estates", sa.JSON(), nullable=False),
        sa.Column("spokesperson", sa.Boolean(), nullable=False),
        sa.Column("leader", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_agents_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agents")),
        sa.UniqueConstraint("code", name=op.f("uq_agents_code")),
        sa.UniqueConstraint("user_id", name=op.f("uq_agents_user_id")),
    )
    op.create_table(
        "agent_skills",
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("queue", sa.String(length=31), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.CheckConstraint("level BETWEEN 1 AND 9", name=op.f("ck_agent_skills_level")),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_agent_skills_agent_id_agents")),
        sa.PrimaryKeyConstraint("agent_id", "queue", name=op.f("pk_agent_skills")),
    )
    op.create_table(
        "failed_pins",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=6), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failed_pins")),
    )
    op.create_index(op.f("ix_failed_pins_code_at"), "failed_pins", ["code", "at"], unique=False)
    version = op.create_table(
        "roster_version",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_version")),
    )
    op.bulk_insert(version, [{"id": 1, "version": 0}])
    op.create_table(
        "agent_states",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("node", sa.String(length=40), nullable=False),
        sa.Column("agent", sa.String(length=6), nullable=False),
        sa.Column("seat", sa.String(length=6), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=100), nullable=False),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.Column("call_id", sa.String(length=80), nullable=True),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_states")),
    )
    op.create_index(op.f("ix_agent_states_agent_began_at"), "agent_states", ["agent", "began_at"], unique=False)
    op.create_index(op.f("ix_agent_states_began_at"), "agent_states", ["began_at"], unique=False)
    op.create_index(op.f("ix_agent_states_ended_at"), "agent_states", ["ended_at"], unique=False)
    op.create_table(
        "seat_faults",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("node", sa.String(length=40), nullable=False),
        sa.Column("seat", sa.String(length=6), nullable=False),
        sa.Column("agent", sa.String(length=6), nullable=True),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat_faults")),
    )
    op.create_index(op.f("ix_seat_faults_began_at"), "seat_faults", ["began_at"], unique=False)
    op.create_index(op.f("ix_seat_faults_ended_at"), "seat_faults", ["ended_at"], unique=False)
    op.create_table(
        "agent_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("node", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("act", sa.String(length=20), nullable=False),
        sa.Column("agent", sa.String(length=6), nullable=True),
        sa.Column("seat", sa.String(length=6), nullable=True),
        sa.Column("call_id", sa.String(length=80), nullable=True),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.String(length=320), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_events")),
    )
    op.create_index(op.f("ix_agent_events_agent_at"), "agent_events", ["agent", "at"], unique=False)
    op.create_index(op.f("ix_agent_events_at"), "agent_events", ["at"], unique=False)
    op.create_index(op.f("ix_agent_events_call_id"), "agent_events", ["call_id"], unique=False)
    op.create_table(
        "missed_rings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("node", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agent", sa.String(length=6), nullable=True),
        sa.Column("seat", sa.String(length=10), nullable=False),
        sa.Column("queue", sa.String(length=40), nullable=True),
        sa.Column("call_id", sa.String(length=80), nullable=False),
        sa.Column("ring_s", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_missed_rings")),
    )
    op.create_index(op.f("ix_missed_rings_at"), "missed_rings", ["at"], unique=False)
    op.create_index(op.f("ix_missed_rings_call_id"), "missed_rings", ["call_id"], unique=False)
    op.add_column("calls", sa.Column("ring_s", sa.Double(), nullable=True))
    op.add_column("calls", sa.Column("answered_agent", sa.String(length=6), nullable=True))
    op.create_index(op.f("ix_calls_answered_agent_queued_at"), "calls", ["answered_agent", "queued_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_calls_answered_agent_queued_at"), "calls")
    op.drop_column("calls", "answered_agent")
    op.drop_column("calls", "ring_s")
    op.drop_table("missed_rings")
    op.drop_table("agent_events")
    op.drop_table("seat_faults")
    op.drop_table("agent_states")
    op.drop_table("roster_version")
    op.drop_table("failed_pins")
    op.drop_table("agent_skills")
    op.drop_table("agents")
