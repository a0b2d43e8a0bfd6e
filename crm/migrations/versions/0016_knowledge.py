"""The question bank and scripts, in versions; searches and what came of them."""

import sqlalchemy as sa
from alembic import op

revision = "0016_knowledge"
down_revision = "0015_closed"
branch_labels = None
depends_on = None


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "knowledge_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sort", sa.String(length=10), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=True),
        sa.Column("newest", sa.Integer(), nullable=False),
        sa.Column("shown", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("stamp", sa.BigInteger(), nullable=False),
        _moment("created_at"),
        _moment("updated_at"),
        _moment("retired_at", nullable=True),
        sa.CheckConstraint("sort IN ('entry', 'script')", name=op.f("ck_knowledge_items_sort")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_items")),
        sa.UniqueConstraint("sort", "code", name=op.f("uq_knowledge_items_sort_code")),
    )
    op.create_index(op.f("ix_knowledge_items_category"), "knowledge_items", ["category"])
    op.create_index(op.f("ix_knowledge_items_stamp"), "knowledge_items", ["stamp"])
    op.create_table(
        "knowledge_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        _moment("at"),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        _moment("decided_at", nullable=True),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('draft', 'approved', 'declined', 'replaced')", name=op.f("ck_knowledge_versions_state")),
        sa.ForeignKeyConstraint(["item_id"], ["knowledge_items.id"], name=op.f("fk_knowledge_versions_item_id_knowledge_items")),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_knowledge_versions_by_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_versions")),
        sa.UniqueConstraint("item_id", "number", name=op.f("uq_knowledge_versions_item_id_number")),
    )
    op.create_table(
        "knowledge_estates",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("estate_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["knowledge_versions.id"],
                                name=op.f("fk_knowledge_estates_version_id_knowledge_versions")),
        sa.ForeignKeyConstraint(["estate_id"], ["estates.id"], name=op.f("fk_knowledge_estates_estate_id_estates")),
        sa.PrimaryKeyConstraint("version_id", "estate_id", name=op.f("pk_knowledge_estates")),
    )
    op.create_index(op.f("ix_knowledge_estates_estate_id"), "knowledge_estates", ["estate_id"])
    stamp = op.create_table(
        "knowledge_stamp",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stamp", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_stamp")),
    )
    op.bulk_insert(stamp, [{"id": 1, "stamp": 0}])
    op.create_table(
        "knowledge_categories",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("zh", sa.String(length=40), nullable=False),
        sa.Column("en", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_knowledge_categories")),
    )
    op.create_table(
        "knowledge_searches",
        sa.Column("id", sa.Integer(), nullable=False),
        _moment("at"),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("call_id", sa.String(length=80), nullable=True),
        sa.Column("estate_id", sa.Integer(), nullable=True),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("ranked_with", sa.String(length=20), nullable=False),
        sa.Column("offered", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=True),
        sa.Column("chosen_id", sa.Integer(), nullable=True),
        sa.Column("place", sa.Integer(), nullable=True),
        _moment("outcome_at", nullable=True),
        _moment("settled_at", nullable=True),
        sa.Column("settled_by", sa.String(length=40), nullable=True),
        sa.Column("settled_item_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("outcome IN ('chosen', 'answered', 'none_helped')", name=op.f("ck_knowledge_searches_outcome")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_knowledge_searches_user_id_users")),
        sa.ForeignKeyConstraint(["estate_id"], ["estates.id"], name=op.f("fk_knowledge_searches_estate_id_estates")),
        sa.ForeignKeyConstraint(["chosen_id"], ["knowledge_items.id"],
                                name=op.f("fk_knowledge_searches_chosen_id_knowledge_items")),
        sa.ForeignKeyConstraint(["settled_item_id"], ["knowledge_items.id"],
                                name=op.f("fk_knowledge_searches_settled_item_id_knowledge_items")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_searches")),
    )
    op.create_index(op.f("ix_knowledge_searches_at"), "knowledge_searches", ["at"])
    op.create_index(op.f("ix_knowledge_searches_call_id"), "knowledge_searches", ["call_id"])
    op.create_index(op.f("ix_knowledge_searches_day_outcome"), "knowledge_searches", ["day", "outcome"])
    unmet = sa.text("outcome = 'none_helped'")
    op.create_index("ix_knowledge_searches_unmet", "knowledge_searches", ["id"], sqlite_where=unmet, postgresql_where=unmet)


def downgrade() -> None:
    for table in ("searches", "categories", "stamp", "estates", "versions", "items"):
        op.drop_table(f"knowledge_{table}")
