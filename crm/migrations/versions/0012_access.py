"""The audit's chain and its triggers; sealed recordings, notes, listenings; what is forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "0012_access"
down_revision = "0014_webhooks"
branch_labels = None
depends_on = None

# A first fence: whoever goes round it is found by the chain.
SQLITE = (
    """CREATE TRIGGER audit_not_edited BEFORE UPDATE ON audit WHEN OLD.hash IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'rows of the audit are only added'); END""",
    """CREATE TRIGGER audit_not_deleted BEFORE DELETE ON audit
    WHEN OLD.place IS NULL OR OLD.place > (SELECT pruned FROM audit_head)
    BEGIN SELECT RAISE(ABORT, 'rows of the audit are only added'); END""",
)
POSTGRESQL = (
    """CREATE FUNCTION audit_only_added() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' AND OLD.hash IS NULL THEN RETURN NEW; END IF;
        IF TG_OP = 'DELETE' AND OLD.place <= (SELECT pruned FROM audit_head) THEN RETURN OLD; END IF;
        RAISE EXCEPTION 'rows of the audit are only added';
    END $$""",
    "CREATE TRIGGER audit_only_added BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_only_added()",
)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    with op.batch_alter_table("audit") as table:
        table.add_column(sa.Column("place", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("previous", sa.String(length=64), nullable=True))
        table.add_column(sa.Column("hash", sa.String(length=64), nullable=True))
        table.create_unique_constraint(op.f("uq_audit_place"), ["place"])
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("pruned", sa.BigInteger(), nullable=False),
        sa.Column("old_through", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.execute("INSERT INTO audit_head (id, place, hash, pruned, old_through) "
               "SELECT 1, 0, '', 0, COALESCE(MAX(id), 0) FROM audit")
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)
    # A call's estate, kept when its household is forgotten, so that figures of the past stay true.
    op.add_column("calls", sa.Column("estate_id", sa.Integer(), nullable=True))
    op.create_table(
        "recordings",
        sa.Column("call_id", sa.String(length=80), nullable=False),
        sa.Column("path", sa.String(length=210), nullable=False),
        sa.Column("key_id", sa.String(length=20), nullable=False),
        _moment("sealed_at"),
        sa.Column("sealed_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sealed_sha256", sa.String(length=64), nullable=False),
        sa.Column("peaks", sa.LargeBinary(), nullable=False),
        _moment("verified_at", nullable=True),
        sa.Column("fault", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name=op.f("fk_recordings_call_id_calls"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_recordings")),
    )
    op.create_index(op.f("ix_recordings_key_id_call_id"), "recordings", ["key_id", "call_id"])
    op.create_index(op.f("ix_recordings_verified_at"), "recordings", ["verified_at"])
    op.create_table(
        "recording_notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.String(length=80), nullable=False),
        sa.Column("at_s", sa.Double(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("who", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        _moment("created_at"),
        sa.CheckConstraint("at_s >= 0", name=op.f("ck_recording_notes_at_s")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name=op.f("fk_recording_notes_call_id_calls"),
                                ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_recording_notes_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_notes")),
    )
    op.create_index(op.f("ix_recording_notes_call_id"), "recording_notes", ["call_id"])
    op.create_table(
        "listenings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sign_in_id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.String(length=80), nullable=False),
        _moment("last_at"),
        _moment("before_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listenings")),
        sa.UniqueConstraint("sign_in_id", "call_id", name=op.f("uq_listenings_sign_in_id_call_id")),
    )
    op.create_index(op.f("ix_listenings_last_at"), "listenings", ["last_at"])
    op.create_table(
        "erasures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        _moment("at"),
        sa.Column("who", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("waits_for", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
    )
    op.create_index(op.f("ix_erasures_person_id"), "erasures", ["person_id"])
    op.create_table(
        "retention_progress",
        sa.Column("rule", sa.String(length=20), nullable=False),
        _moment("through"),
        sa.PrimaryKeyConstraint("rule", name=op.f("pk_retention_progress")),
    )
    op.create_table(
        "doomed_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("folder", sa.String(length=20), nullable=False),
        sa.Column("path", sa.String(length=210), nullable=False),
        _moment("at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_doomed_files")),
        sa.UniqueConstraint("folder", "path", name=op.f("uq_doomed_files_folder_path")),
    )


def downgrade() -> None:
    for name in ("doomed_files", "retention_progress", "erasures", "listenings", "recording_notes", "recordings"):
        op.drop_table(name)
    op.drop_column("calls", "estate_id")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_not_edited")
        op.execute("DROP TRIGGER audit_not_deleted")
    else:
        op.execute("DROP TRIGGER audit_only_added ON audit")
        op.execute("DROP FUNCTION audit_only_added()")
    op.drop_table("audit_head")
    with op.batch_alter_table("audit") as table:
        table.drop_constraint(op.f("uq_audit_place"), type_="unique")
        for column in ("hash", "previous", "place"):
            table.drop_column(column)
