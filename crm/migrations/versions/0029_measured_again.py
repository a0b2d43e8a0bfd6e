"""What bench/crm.py asked for on PostgreSQL; and away with an index that gained nothing on either."""

import sqlalchemy as sa
from alembic import op

revision = "0029_measured_again"
down_revision = "0026_forecasts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    further = sa.text("place = 1")
    op.create_index("ix_queue_visits_further", "queue_visits", ["call_id"], sqlite_where=further, postgresql_where=further)
    op.drop_index("ix_ticket_kinds_kind_version_digest", table_name="ticket_kinds")


def downgrade() -> None:
    op.create_index("ix_ticket_kinds_kind_version_digest", "ticket_kinds", ["kind", "version", "digest"])
    op.drop_index("ix_queue_visits_further", table_name="queue_visits")
