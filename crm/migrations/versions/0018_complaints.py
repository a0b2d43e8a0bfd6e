"""Whom a ticket is about, superiors, letters, periods of what makes itself; and that a notice may tell of a beginning."""

import sqlalchemy as sa
from alembic import op

revision = "0018_complaints"
down_revision = "0017_followups"
branch_labels = None
depends_on = None

ABOUT = sa.text("about_id IS NOT NULL")
# The notices' partial indexes: SQLite makes the table anew.
NOTICES = (("uq_notices_step", ["clock_id", "round", "what", "rung"], True, "parent_id IS NULL"),
           ("ix_notices_waits", ["waits_since"], False, "waits_since IS NOT NULL"),
           ("ix_notices_new", ["id"], False, "fanned_out_at IS NULL"))


def upgrade() -> None:
    with op.batch_alter_table("tickets") as table:
        table.add_column(sa.Column("about_id", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f("fk_tickets_about_id_users"), "users", ["about_id"], ["id"])
    op.create_index("ix_tickets_about", "tickets", ["about_id", "id"], sqlite_where=ABOUT, postgresql_where=ABOUT)
    op.create_index(op.f("ix_tickets_kind_created_at"), "tickets", ["kind", "created_at"])
    with op.batch_alter_table("users") as table:
        table.add_column(sa.Column("superior_id", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f("fk_users_superior_id_users"), "users", ["superior_id"], ["id"])
    _name_whom_they_are_about()
    op.execute("INSERT INTO tag_words (code, zh, en, retired) SELECT 'vacant', '空置', 'Vacant', false WHERE NOT EXISTS "
               "(SELECT 1 FROM tag_words WHERE code = 'vacant' OR zh = '空置')")
    _notices("'told', 'warned', 'broken', 'climbed'")
    op.create_table(
        "ledger_periods",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("period", sa.String(length=12), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "period", name=op.f("pk_ledger_periods")),
    )
    op.create_table(
        "letter_counters",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_letter_counters")),
    )
    op.create_table(
        "letter_templates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("written_by", sa.Integer(), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Integer(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("language IN ('zh', 'en')", name=op.f("ck_letter_templates_language")),
        sa.ForeignKeyConstraint(["approved_by"], ["users.id"], name=op.f("fk_letter_templates_approved_by_users")),
        sa.ForeignKeyConstraint(["written_by"], ["users.id"], name=op.f("fk_letter_templates_written_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_templates")),
        sa.UniqueConstraint("kind", "code", "language", "version", name=op.f("uq_letter_templates_kind_code_language_version")),
    )
    op.create_table(
        "letters",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("template_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("drafted_by", sa.Integer(), nullable=True),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Integer(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attachment_id", sa.Integer(), nullable=True),
        sa.Column("sent_how", sa.String(length=4), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("state IN ('draft', 'approved', 'sent', 'withdrawn')", name=op.f("ck_letters_state")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_letters_ticket_id_tickets")),
        sa.ForeignKeyConstraint(["template_id"], ["letter_templates.id"], name=op.f("fk_letters_template_id_letter_templates")),
        sa.ForeignKeyConstraint(["attachment_id"], ["attachments.id"], name=op.f("fk_letters_attachment_id_attachments")),
        *(sa.ForeignKeyConstraint([column], ["users.id"], name=op.f(f"fk_letters_{column}_users"))
          for column in ("drafted_by", "approved_by", "sent_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letters")),
        sa.UniqueConstraint("number", name=op.f("uq_letters_number")),
    )
    op.create_index(op.f("ix_letters_ticket_id"), "letters", ["ticket_id"])
    draft = sa.text("state = 'draft'")
    op.create_index("ix_letters_waiting", "letters", ["id"], sqlite_where=draft, postgresql_where=draft)


def downgrade() -> None:
    for table in ("letters", "letter_templates", "letter_counters", "ledger_periods"):
        op.drop_table(table)
    op.execute("DELETE FROM notice_deliveries WHERE notice_id IN (SELECT id FROM notices WHERE what = 'told')")
    op.execute("DELETE FROM notice_people WHERE notice_id IN (SELECT id FROM notices WHERE what = 'told')")
    op.execute("DELETE FROM notices WHERE what = 'told'")
    _notices("'warned', 'broken', 'climbed'")
    with op.batch_alter_table("users") as users:
        users.drop_constraint(op.f("fk_users_superior_id_users"), type_="foreignkey")
        users.drop_column("superior_id")
    op.drop_index(op.f("ix_tickets_kind_created_at"), "tickets")
    op.drop_index("ix_tickets_about", "tickets")
    with op.batch_alter_table("tickets") as tickets:
        tickets.drop_constraint(op.f("fk_tickets_about_id_users"), type_="foreignkey")
        tickets.drop_column("about_id")


def _name_whom_they_are_about() -> None:
    """Of the shipped kinds the field is `about`; and what was made of such a ticket is about the same person."""
    connection = op.get_bind()
    tickets = sa.table("tickets", sa.column("id", sa.Integer), sa.column("kind", sa.String), sa.column("fields", sa.JSON),
                       sa.column("parent_id", sa.Integer), sa.column("parent_as", sa.String), sa.column("about_id", sa.Integer))
    users = sa.table("users", sa.column("id", sa.Integer), sa.column("name", sa.String))
    people = dict(connection.execute(sa.select(users.c.name, users.c.id)).all())
    rows = connection.execute(sa.select(tickets.c.id, tickets.c.fields)
                              .where(tickets.c.kind.in_(("complaint", "written_complaint")))).all()
    for ident, fields in rows:
        if (about := people.get(str((fields or {}).get("about")))) is not None:
            of_it = sa.and_(tickets.c.parent_id == ident, tickets.c.parent_as == "followup")
            connection.execute(sa.update(tickets).where(sa.or_(tickets.c.id == ident, of_it)).values(about_id=about))


def _notices(what: str) -> None:
    for name, _, _, _ in NOTICES:
        op.drop_index(name, "notices")
    with op.batch_alter_table("notices") as table:
        table.drop_constraint(op.f("ck_notices_what"), type_="check")
        table.create_check_constraint(op.f("ck_notices_what"), f"what IN ({what})")
    for name, columns, unique, where in NOTICES:
        op.create_index(name, "notices", columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
