"""The spine of the desk: what a ticket is by its kind, its timeline, the outbox, whose estates a user sees."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("estate_id", sa.Integer(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("relayed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["estate_id"], ["estates.id"], name=op.f("fk_outbox_estate_id_estates")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    waiting = sa.text("relayed_at IS NULL")
    op.create_index("ix_outbox_waiting", "outbox", ["id"], sqlite_where=waiting, postgresql_where=waiting)
    op.create_table(
        "ticket_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_events_ticket_id_tickets")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_ticket_events_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_events")),
    )
    op.create_index(op.f("ix_ticket_events_ticket_id"), "ticket_events", ["ticket_id"])
    op.add_column("users", sa.Column("estates", sa.JSON(), nullable=True))
    with op.batch_alter_table("tickets") as table:
        table.add_column(sa.Column("kind_version", sa.Integer(), nullable=False, server_default="1"))
        table.add_column(sa.Column("stage", sa.String(length=20), nullable=False, server_default="open"))
        table.add_column(sa.Column("title", sa.String(length=200), nullable=True))
        table.add_column(sa.Column("category", sa.String(length=80), nullable=True))
        table.add_column(sa.Column("fields", sa.JSON(), nullable=False, server_default="{}"))
        table.add_column(sa.Column("estate_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("owner_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("assignee_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("department", sa.String(length=40), nullable=True))
        table.add_column(sa.Column("parent_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        table.add_column(sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True))
        for column, other in (("estate_id", "estates"), ("owner_id", "users"), ("assignee_id", "users"), ("parent_id", "tickets")):
            table.create_foreign_key(op.f(f"fk_tickets_{column}_{other}"), other, [column], ["id"])
    op.execute("UPDATE tickets SET stage = state")
    op.execute("UPDATE tickets SET estate_id = (SELECT buildings.estate_id FROM households JOIN buildings "
               "ON buildings.id = households.building_id WHERE households.id = tickets.household_id)")
    for columns in (["owner_id"], ["assignee_id"], ["parent_id"], ["kind", "state", "id"], ["estate_id", "state", "id"]):
        op.create_index(op.f(f"ix_tickets_{'_'.join(columns)}"), "tickets", columns)


def downgrade() -> None:
    for name in ("estate_id_state_id", "kind_state_id", "parent_id", "assignee_id", "owner_id"):
        op.drop_index(op.f(f"ix_tickets_{name}"), "tickets")
    with op.batch_alter_table("tickets") as table:
        for column, other in (("estate_id", "estates"), ("owner_id", "users"), ("assignee_id", "users"), ("parent_id", "tickets")):
            table.drop_constraint(op.f(f"fk_tickets_{column}_{other}"), type_="foreignkey")
        for column in ("updated_at", "version", "parent_id", "department", "assignee_id", "owner_id", "estate_id", "fields",
                       "category", "title", "stage", "kind_version"):
            table.drop_column(column)
    op.drop_column("users", "estates")
    op.drop_table("ticket_events")
    op.drop_table("outbox")
