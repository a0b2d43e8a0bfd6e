"""Repairs as engineers work them: roster, work orders, what was done, the price list, charges, what was paid (F)."""

import sqlalchemy as sa
from alembic import op

revision = "0019_repairs"
down_revision = "0018_complaints"
branch_labels = None
depends_on = None

# Trades to begin with, and the categories of the shipped repair that ask for them.
SKILLS = (
    ("plumbing", "水工", "Plumbing", ["water"]),
    ("electricity", "电工", "Electricity", ["power"]),
    ("gas", "燃气", "Gas", ["gas"]),
    ("lift", "电梯", "Lifts", ["lift"]),
    ("doors", "门窗门禁", "Doors and access", ["doors"]),
    ("walls", "泥瓦防水", "Walls and roofs", ["walls"]),
    ("heating", "暖通空调", "Heating and cooling", ["heating"]),
    ("general", "综合维修", "General", ["common", "other"]),
)
# What was paid was paid: a mistake is put right by another row.
SQLITE = tuple(f"""CREATE TRIGGER settlements_no_{event.lower()} BEFORE {event} ON settlements
    BEGIN SELECT RAISE(ABORT, 'settlements are only added'); END""" for event in ("UPDATE", "DELETE"))
POSTGRESQL = (
    """CREATE FUNCTION settlements_only_added() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'settlements are only added'; END $$""",
    """CREATE TRIGGER settlements_only_added BEFORE UPDATE OR DELETE ON settlements
    FOR EACH ROW EXECUTE FUNCTION settlements_only_added()""",
)


def upgrade() -> None:
    op.create_table(
        "skills",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("zh", sa.String(length=20), nullable=False),
        sa.Column("en", sa.String(length=40), nullable=False),
        sa.Column("serves", sa.JSON(), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_skills")),
    )
    op.create_table(
        "leaves",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(length=20), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=40), nullable=False),
        sa.CheckConstraint("ends_at > begins_at", name=op.f("ck_leaves_length")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_leaves_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leaves")),
    )
    op.create_index(op.f("ix_leaves_begins_at_id"), "leaves", ["begins_at", "id"])
    op.create_index(op.f("ix_leaves_ends_at"), "leaves", ["ends_at"])
    op.create_index(op.f("ix_leaves_user_id"), "leaves", ["user_id"])
    op.create_table(
        "prices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("estate_id", sa.Integer(), nullable=True),
        sa.Column("zh", sa.String(length=60), nullable=False),
        sa.Column("en", sa.String(length=80), nullable=False),
        sa.Column("sort", sa.String(length=6), nullable=False),
        sa.Column("unit", sa.String(length=10), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("free_in_warranty", sa.Boolean(), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=40), nullable=False),
        sa.CheckConstraint("sort IN ('labour', 'part')", name=op.f("ck_prices_sort")),
        sa.ForeignKeyConstraint(["estate_id"], ["estates.id"], name=op.f("fk_prices_estate_id_estates")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prices")),
    )
    where = sa.text("estate_id IS NOT NULL")
    op.create_index("uq_prices_estate", "prices", ["code", "estate_id", "valid_from"], unique=True, sqlite_where=where,
                    postgresql_where=where)
    where = sa.text("estate_id IS NULL")
    op.create_index("uq_prices_general", "prices", ["code", "valid_from"], unique=True, sqlite_where=where, postgresql_where=where)
    op.create_table(
        "shifts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("duty", sa.String(length=20), nullable=False),
        sa.Column("estate_id", sa.Integer(), nullable=True),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("ends_at > begins_at", name=op.f("ck_shifts_length")),
        sa.ForeignKeyConstraint(["estate_id"], ["estates.id"], name=op.f("fk_shifts_estate_id_estates")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_shifts_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shifts")),
    )
    op.create_index(op.f("ix_shifts_begins_at_id"), "shifts", ["begins_at", "id"])
    op.create_index(op.f("ix_shifts_ends_at"), "shifts", ["ends_at"])
    op.create_index(op.f("ix_shifts_user_id_begins_at"), "shifts", ["user_id", "begins_at"])
    op.create_table(
        "user_skills",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("skill", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["skill"], ["skills.code"], name=op.f("fk_user_skills_skill_skills")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_skills_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", "skill", name=op.f("pk_user_skills")),
    )
    op.create_table(
        "work_orders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=26), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("engineer_id", sa.Integer(), nullable=False),
        sa.Column("item", sa.String(length=80), nullable=True),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("dispatched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dispatched_by_id", sa.Integer(), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("needs_skill", sa.String(length=20), nullable=True),
        sa.Column("agreed", sa.BigInteger(), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("on_site_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('open', 'declined', 'handed_back', 'taken_back', 'done', 'ended')",
                           name=op.f("ck_work_orders_state")),
        sa.ForeignKeyConstraint(["dispatched_by_id"], ["users.id"], name=op.f("fk_work_orders_dispatched_by_id_users")),
        sa.ForeignKeyConstraint(["engineer_id"], ["users.id"], name=op.f("fk_work_orders_engineer_id_users")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_work_orders_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_orders")),
        sa.UniqueConstraint("number", name=op.f("uq_work_orders_number")),
        sa.UniqueConstraint("ticket_id", "run", name=op.f("uq_work_orders_ticket_id_run")),
    )
    op.create_index(op.f("ix_work_orders_engineer_id_id"), "work_orders", ["engineer_id", "id"])
    where = sa.text("ended_at IS NULL")
    op.create_index("uq_work_orders_current", "work_orders", ["ticket_id"], unique=True, sqlite_where=where, postgresql_where=where)
    op.create_table(
        "repair_steps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(length=36), nullable=False),
        sa.Column("after", sa.String(length=36), nullable=True),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("faults", sa.JSON(), nullable=False),
        sa.Column("to_see", sa.Boolean(), nullable=False),
        sa.Column("dealt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dealt_by", sa.String(length=40), nullable=True),
        sa.Column("dealt_note", sa.String(length=500), nullable=True),
        sa.CheckConstraint("outcome IN ('done', 'waiting', 'kept')", name=op.f("ck_repair_steps_outcome")),
        sa.ForeignKeyConstraint(["order_id"], ["work_orders.id"], name=op.f("fk_repair_steps_order_id_work_orders")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_repair_steps_ticket_id_tickets")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_repair_steps_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repair_steps")),
        sa.UniqueConstraint("ticket_id", "client_id", name=op.f("uq_repair_steps_ticket_id_client_id")),
    )
    where = sa.text("to_see AND dealt_at IS NULL")
    op.create_index("ix_repair_steps_to_see", "repair_steps", ["id"], sqlite_where=where, postgresql_where=where)
    where = sa.text("outcome = 'waiting'")
    op.create_index("ix_repair_steps_waiting", "repair_steps", ["id"], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "settlements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=40), nullable=False),
        sa.Column("method", sa.String(length=10), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("receipt", sa.String(length=40), nullable=True),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("reverses_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.CheckConstraint("method IN ('cash', 'transfer', 'wechat', 'alipay', 'on_account')",
                           name=op.f("ck_settlements_method")),
        sa.ForeignKeyConstraint(["order_id"], ["work_orders.id"], name=op.f("fk_settlements_order_id_work_orders")),
        sa.ForeignKeyConstraint(["reverses_id"], ["settlements.id"], name=op.f("fk_settlements_reverses_id_settlements")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_settlements_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlements")),
        sa.UniqueConstraint("receipt", name=op.f("uq_settlements_receipt")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_settlements_reverses_id")),
    )
    op.create_index(op.f("ix_settlements_ticket_id"), "settlements", ["ticket_id"])
    op.create_table(
        "charges",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.Column("client_id", sa.String(length=36), nullable=True),
        sa.Column("price_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("sort", sa.String(length=6), nullable=False),
        sa.Column("unit", sa.String(length=10), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("discount", sa.BigInteger(), nullable=False),
        sa.Column("discount_reason", sa.String(length=200), nullable=True),
        sa.Column("free", sa.Boolean(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=40), nullable=False),
        sa.Column("off_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("off_by", sa.String(length=40), nullable=True),
        sa.Column("settled_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["work_orders.id"], name=op.f("fk_charges_order_id_work_orders")),
        sa.ForeignKeyConstraint(["price_id"], ["prices.id"], name=op.f("fk_charges_price_id_prices")),
        sa.ForeignKeyConstraint(["settled_by"], ["settlements.id"], name=op.f("fk_charges_settled_by_settlements")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_charges_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charges")),
    )
    op.create_index(op.f("ix_charges_ticket_id"), "charges", ["ticket_id"])

    skills = sa.table("skills", sa.column("code"), sa.column("zh"), sa.column("en"), sa.column("serves", sa.JSON()),
                      sa.column("retired", sa.Boolean()))
    op.bulk_insert(skills, [{"code": code, "zh": zh, "en": en, "serves": serves, "retired": False}
                            for code, zh, en, serves in SKILLS])
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    for name in ("charges", "settlements", "repair_steps", "work_orders", "user_skills", "shifts", "prices", "leaves", "skills"):
        op.drop_table(name)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION settlements_only_added()")
