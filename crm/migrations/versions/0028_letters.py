"""Letters are one piece: every kind has an address. Who was told of a surge's report and took note of it; texts to households."""

import sqlalchemy as sa
from alembic import op

revision = "0028_letters"
down_revision = "0027_drills"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
WAITS = sa.text("next_at IS NOT NULL")
UNHEARD = sa.text("waits_since IS NOT NULL")
QUEUED = sa.text("thanked = 'queued'")


def upgrade() -> None:
    op.add_column("emergency_texts", sa.Column("address", sa.String(length=200), nullable=False, server_default=""))
    op.add_column("surge_letters", sa.Column("climbed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "surge_tellings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("whom", sa.String(length=20), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("waits_since", TIME, nullable=True),
        sa.Column("acknowledged_at", TIME, nullable=True),
        sa.Column("acknowledged_by", sa.Integer(), nullable=True),
        sa.Column("climbed_at", TIME, nullable=True),
        sa.Column("settled_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["report_id"], ["surge_reports.id"], name=op.f("fk_surge_tellings_report_id_surge_reports")),
        sa.ForeignKeyConstraint(["acknowledged_by"], ["users.id"], name=op.f("fk_surge_tellings_acknowledged_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surge_tellings")),
        sa.UniqueConstraint("report_id", "whom", name=op.f("uq_surge_tellings_report_id_whom")),
    )
    op.create_index("ix_surge_tellings_waits", "surge_tellings", ["waits_since"], sqlite_where=UNHEARD, postgresql_where=UNHEARD)
    op.create_table(
        "texts",
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=True),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", TIME, nullable=True),
        sa.Column("sent_at", TIME, nullable=True),
        sa.Column("failed_at", TIME, nullable=True),
        sa.Column("error", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_texts")),
        sa.UniqueConstraint("purpose", "subject", name=op.f("uq_texts_purpose_subject")),
    )
    op.create_index("ix_texts_next_at", "texts", ["next_at"], sqlite_where=WAITS, postgresql_where=WAITS)
    op.create_index(op.f("ix_texts_failed_at"), "texts", ["failed_at"])
    op.create_index(op.f("ix_texts_made_at"), "texts", ["made_at"])
    op.create_index(op.f("ix_texts_address"), "texts", ["address"])
    op.create_index("ix_ratings_queued", "ratings", ["at"], sqlite_where=QUEUED, postgresql_where=QUEUED)


def downgrade() -> None:
    op.drop_index("ix_ratings_queued", table_name="ratings")
    op.drop_table("texts")
    op.drop_table("surge_tellings")
    op.drop_column("surge_letters", "climbed")
    op.drop_column("emergency_texts", "address")
