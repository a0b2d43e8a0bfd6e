"""Where figures of different sources differ, and what app_queue should have counted by the journal."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "queue_tallies",
        sa.Column("node", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recent", sa.JSON(), nullable=False),
        *(sa.Column(kind, sa.Integer(), nullable=False)
          for kind in ("entered", "completed", "transferred", "abandoned", "timed_out", "emptied")),
        sa.PrimaryKeyConstraint("node", "name", name=op.f("pk_queue_tallies")),
    )
    op.create_table(
        "figure_differences",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("between", sa.String(length=20), nullable=False),
        sa.Column("queue", sa.String(length=80), nullable=False),
        sa.Column("figure", sa.String(length=40), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("example", sa.String(length=80), nullable=True),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figure_differences")),
    )
    op.create_index(op.f("ix_figure_differences_day"), "figure_differences", ["day"], unique=False)


def downgrade() -> None:
    op.drop_table("figure_differences")
    op.drop_table("queue_tallies")
