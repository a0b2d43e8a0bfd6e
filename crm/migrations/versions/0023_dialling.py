"""Calls of our own accord: tasks and tries. People who are called in."""

import sqlalchemy as sa
from alembic import op

revision = "0023_dialling"
down_revision = "0022_surge"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dial_tasks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.String(length=16), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=True),
        sa.Column("prompts", sa.JSON(), nullable=False),
        sa.Column("keys", sa.String(length=10), nullable=False),
        sa.Column("thanks", sa.JSON(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("staff", sa.Boolean(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("retry_s", sa.Integer(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("node", sa.String(length=40), nullable=True),
        sa.Column("outcome", sa.String(length=8), nullable=True),
        sa.Column("why", sa.String(length=20), nullable=True),
        sa.Column("key", sa.String(length=1), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'dialled', 'stopping', 'over')", name=op.f("ck_dial_tasks_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dial_tasks")),
        sa.UniqueConstraint("task_id", name=op.f("uq_dial_tasks_task_id")),
    )
    for columns in (["state", "next_at"], ["purpose", "subject"], ["number"], ["household_id"]):
        op.create_index(op.f(f"ix_dial_tasks_{'_'.join(columns)}"), "dial_tasks", columns)
    is_open = sa.text("state <> 'over'")
    op.create_index("uq_dial_tasks_open", "dial_tasks", ["purpose", "subject", "number"], unique=True, sqlite_where=is_open,
                    postgresql_where=is_open)
    op.create_table(
        "dial_tries",
        sa.Column("dial_task_id", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("result", sa.String(length=8), nullable=False),
        sa.Column("key", sa.String(length=1), nullable=False),
        sa.ForeignKeyConstraint(["dial_task_id"], ["dial_tasks.id"], name=op.f("fk_dial_tries_dial_task_id_dial_tasks"),
                                ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("dial_task_id", "attempt", name=op.f("pk_dial_tries")),
    )
    op.create_index(op.f("ix_dial_tries_at"), "dial_tries", ["at"])
    _call_in()


def _call_in() -> None:
    op.create_table(
        "call_in_people",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("agent", sa.String(length=6), nullable=True),
        sa.Column("skills", sa.JSON(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("tier IN (2, 3)", name=op.f("ck_call_in_people_tier")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_call_in_people_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_in_people")),
        sa.UniqueConstraint("user_id", name=op.f("uq_call_in_people_user_id")),
        sa.UniqueConstraint("agent", name=op.f("uq_call_in_people_agent")),
    )
    op.create_index(op.f("ix_call_in_people_tier_place_id"), "call_in_people", ["tier", "place", "id"])
    op.create_table(
        "call_ins",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("surge_id", sa.Integer(), nullable=True),
        sa.Column("tier", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("skills", sa.JSON(), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_by", sa.String(length=40), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_ins")),
    )
    op.create_index(op.f("ix_call_ins_surge_id"), "call_ins", ["surge_id"])
    op.create_index(op.f("ix_call_ins_begun_at_id"), "call_ins", ["begun_at", "id"])
    holds = sa.text("released_at IS NULL")
    op.create_index("uq_call_ins_open", "call_ins", ["surge_id", "tier"], unique=True, sqlite_where=holds, postgresql_where=holds)
    op.create_table(
        "called_in",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_in_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("how", sa.String(length=6), nullable=True),
        sa.Column("seat", sa.String(length=6), nullable=True),
        sa.ForeignKeyConstraint(["call_in_id"], ["call_ins.id"], name=op.f("fk_called_in_call_in_id_call_ins")),
        sa.ForeignKeyConstraint(["person_id"], ["call_in_people.id"], name=op.f("fk_called_in_person_id_call_in_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_called_in")),
        sa.UniqueConstraint("call_in_id", "person_id", name=op.f("uq_called_in_call_in_id_person_id")),
    )
    op.create_index(op.f("ix_called_in_person_id"), "called_in", ["person_id"])
    op.create_table(
        "call_in_letters",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_in_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=8), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=80), nullable=True),
        sa.CheckConstraint("what IN ('called', 'released')", name=op.f("ck_call_in_letters_what")),
        sa.ForeignKeyConstraint(["call_in_id"], ["call_ins.id"], name=op.f("fk_call_in_letters_call_in_id_call_ins")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_in_letters")),
        sa.UniqueConstraint("call_in_id", "what", "channel", "address",
                            name=op.f("uq_call_in_letters_call_in_id_what_channel_address")),
    )
    op.create_index(op.f("ix_call_in_letters_failed_at"), "call_in_letters", ["failed_at"])
    due = sa.text("next_at IS NOT NULL")
    op.create_index("ix_call_in_letters_next_at", "call_in_letters", ["next_at"], sqlite_where=due, postgresql_where=due)


def downgrade() -> None:
    for table in ("call_in_letters", "called_in", "call_ins", "call_in_people"):
        op.drop_table(table)
    op.drop_table("dial_tries")
    op.drop_table("dial_tasks")
