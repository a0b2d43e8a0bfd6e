"""Which order to acd an audit row is of, so that one that is heard of twice is written once."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit", sa.Column("order_id", sa.String(length=40), nullable=True))
    op.create_index(op.f("ix_audit_order_id"), "audit", ["order_id"], unique=True)


def downgrade() -> None:
    op.drop_index(op.f("ix_audit_order_id"), table_name="audit")
    op.drop_column("audit", "order_id")
