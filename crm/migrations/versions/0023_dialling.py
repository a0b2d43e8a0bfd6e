"""Calls of our own accord: tasks and tries."""

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


def downgrade() -> None:
    op.drop_table("dial_tries")
    op.drop_table("dial_tasks")
