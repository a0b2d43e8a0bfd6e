"""Callbacks; what a caller was told to expect."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "callbacks",
        sa.Column("callback_id", sa.String(length=80), nullable=False),
        sa.Column("queue", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=True),
        sa.Column("language", sa.String(length=2), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("place", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("callback_id", name=op.f("pk_callbacks")),
    )
    for columns in (["number"], ["asked_at"], ["place"], ["state", "next_at"]):
        op.create_index(op.f(f"ix_callbacks_{'_'.join(columns)}"), "callbacks", columns)
    op.add_column("calls", sa.Column("expected_wait_s", sa.Integer(), nullable=True))
    op.add_column("calls", sa.Column("callback_id", sa.String(length=80), nullable=True))
    op.create_index(op.f("ix_calls_callback_id"), "calls", ["callback_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_calls_callback_id"), "calls")
    op.drop_column("calls", "callback_id")
    op.drop_column("calls", "expected_wait_s")
    op.drop_table("callbacks")
