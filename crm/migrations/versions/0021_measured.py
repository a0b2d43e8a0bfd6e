"""An index that bench/crm.py asked for."""

from alembic import op

revision = "0021_measured"
down_revision = "0020_reports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_ticket_kinds_kind_version_digest", "ticket_kinds", ["kind", "version", "digest"])


def downgrade() -> None:
    op.drop_index("ix_ticket_kinds_kind_version_digest", table_name="ticket_kinds")
