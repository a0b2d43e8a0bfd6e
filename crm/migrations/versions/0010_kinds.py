"""Kinds of tickets in versions; who was asked to take a ticket over, what it is of its parent, its files."""

import sqlalchemy as sa
from alembic import op

revision = "0010_kinds"
down_revision = "0009_households"
branch_labels = None
depends_on = None

# Tickets from before there were kinds go on by the first version of theirs: (stage when open, stage when closed).
STAGES = {
    "callback": ("waiting", "done"), "followup": ("due", "done"), "repair": ("reported", "archived"),
    "complaint": ("received", "closed"), "suggestion": ("received", "closed"), "enquiry": ("asked", "answered"),
    "praise": ("received", "closed"), "emergency": ("reported", "closed"), "other": ("received", "closed"),
}
Columns = tuple[tuple[str, ...], ...]
INDEXES: Columns = (("kind", "stage", "id"), ("owner_id", "state", "id"), ("assignee_id", "state", "id"), ("household_id", "id"),
                    ("offered_to_id", "state", "id"), ("contact_number", "id"), ("state", "id"))
OLD_INDEXES: Columns = (("owner_id",), ("assignee_id",), ("household_id",), ("state", "created_at"))


def upgrade() -> None:
    op.create_table(
        "ticket_kinds",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("kind", "version", name=op.f("pk_ticket_kinds")),
    )
    op.create_table(
        "attachments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("path", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_attachments_ticket_id_tickets")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_attachments_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
        sa.UniqueConstraint("path", name=op.f("uq_attachments_path")),
    )
    op.create_index(op.f("ix_attachments_ticket_id"), "attachments", ["ticket_id"])
    with op.batch_alter_table("tickets") as table:
        table.add_column(sa.Column("offered_to_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("parent_as", sa.String(length=12), nullable=True))
        table.create_foreign_key(op.f("fk_tickets_offered_to_id_users"), "users", ["offered_to_id"], ["id"])
    for kind, (opened, closed) in STAGES.items():
        op.execute(f"UPDATE tickets SET stage = '{opened}' WHERE kind = '{kind}' AND state = 'open'")  # noqa: S608 - our own words
        op.execute(f"UPDATE tickets SET stage = '{closed}' WHERE kind = '{kind}' AND state = 'closed'")  # noqa: S608
    for columns in OLD_INDEXES:
        op.drop_index(op.f(f"ix_tickets_{'_'.join(columns)}"), "tickets")
    for columns in INDEXES:
        op.create_index(op.f(f"ix_tickets_{'_'.join(columns)}"), "tickets", list(columns))
    asked = sa.text("department IS NOT NULL")
    op.create_index("ix_tickets_asked", "tickets", ["department", "id"], sqlite_where=asked, postgresql_where=asked)


def downgrade() -> None:
    op.drop_index("ix_tickets_asked", "tickets")
    for columns in INDEXES:
        op.drop_index(op.f(f"ix_tickets_{'_'.join(columns)}"), "tickets")
    for columns in OLD_INDEXES:
        op.create_index(op.f(f"ix_tickets_{'_'.join(columns)}"), "tickets", list(columns))
    op.execute("UPDATE tickets SET stage = state")
    with op.batch_alter_table("tickets") as table:
        table.drop_constraint(op.f("fk_tickets_offered_to_id_users"), type_="foreignkey")
        table.drop_column("parent_as")
        table.drop_column("offered_to_id")
    op.drop_table("attachments")
    op.drop_table("ticket_kinds")
