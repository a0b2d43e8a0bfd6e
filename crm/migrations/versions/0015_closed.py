"""An index for what retention asks: closed tickets by when they were closed."""

from alembic import op

revision = "0015_closed"
down_revision = "0012_access"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_tickets_state_closed_at"), "tickets", ["state", "closed_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_tickets_state_closed_at"), "tickets")
