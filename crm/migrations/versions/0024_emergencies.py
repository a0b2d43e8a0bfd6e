"""Emergencies that are declared (H): timeline, report, proposals, weather, who was told."""

import sqlalchemy as sa
from alembic import op

revision = "0024_emergencies"
down_revision = "0023_dialling"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("weather_levels",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("who", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.CheckConstraint("level BETWEEN 0 AND 3", name=op.f("ck_weather_levels_level")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_weather_levels_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weather_levels"))
    )
    op.create_table("emergencies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=31), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("phase", sa.String(length=8), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("estate_id", sa.Integer(), nullable=True),
        sa.Column("building_id", sa.Integer(), nullable=True),
        sa.Column("place", sa.String(length=80), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("declared_by", sa.String(length=40), nullable=False),
        sa.Column("commander_id", sa.Integer(), nullable=False),
        sa.Column("commander", sa.String(length=40), nullable=False),
        sa.Column("over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("report_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("notice", sa.String(length=31), nullable=False),
        sa.Column("notice_set", sa.Boolean(), nullable=False),
        sa.Column("steps_open", sa.Integer(), nullable=False),
        sa.Column("steps_late", sa.Integer(), nullable=False),
        sa.Column("late_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("phase IN ('active', 'over', 'closed')", name=op.f("ck_emergencies_phase")),
        sa.CheckConstraint("level BETWEEN 1 AND 3", name=op.f("ck_emergencies_level")),
        sa.ForeignKeyConstraint(["building_id"], ["buildings.id"], name=op.f("fk_emergencies_building_id_buildings")),
        sa.ForeignKeyConstraint(["commander_id"], ["users.id"], name=op.f("fk_emergencies_commander_id_users")),
        sa.ForeignKeyConstraint(["estate_id"], ["estates.id"], name=op.f("fk_emergencies_estate_id_estates")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_emergencies_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergencies"))
    )
    op.create_index(op.f("ix_emergencies_estate_id_phase_id"), "emergencies", ["estate_id", "phase", "id"])
    op.create_index("ix_emergencies_late_at", "emergencies", ["late_at"], sqlite_where=sa.text("late_at IS NOT NULL"),
                    postgresql_where=sa.text("late_at IS NOT NULL"))
    op.create_index(op.f("ix_emergencies_phase_id"), "emergencies", ["phase", "id"])
    op.create_index(op.f("ix_emergencies_ticket_id"), "emergencies", ["ticket_id"])
    op.create_table("emergency_acts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("emergency_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("what", sa.String(length=12), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("to_id", sa.Integer(), nullable=True),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["emergency_id"], ["emergencies.id"], name=op.f("fk_emergency_acts_emergency_id_emergencies")),
        sa.ForeignKeyConstraint(["to_id"], ["users.id"], name=op.f("fk_emergency_acts_to_id_users")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_emergency_acts_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_acts")),
        sa.UniqueConstraint("emergency_id", "place", name=op.f("uq_emergency_acts_emergency_id_place"))
    )
    op.create_table("emergency_broadcasts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("emergency_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=40), nullable=False),
        sa.Column("building_id", sa.Integer(), nullable=True),
        sa.Column("prompts", sa.JSON(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.CheckConstraint("state IN ('running', 'stopping', 'over')", name=op.f("ck_emergency_broadcasts_state")),
        sa.ForeignKeyConstraint(["building_id"], ["buildings.id"], name=op.f("fk_emergency_broadcasts_building_id_buildings")),
        sa.ForeignKeyConstraint(["emergency_id"], ["emergencies.id"],
                    name=op.f("fk_emergency_broadcasts_emergency_id_emergencies")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_broadcasts"))
    )
    op.create_index(op.f("ix_emergency_broadcasts_emergency_id_id"), "emergency_broadcasts", ["emergency_id", "id"])
    op.create_index(op.f("ix_emergency_broadcasts_state"), "emergency_broadcasts", ["state"])
    op.create_table("emergency_proposals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("because", sa.String(length=8), nullable=False),
        sa.Column("topic", sa.String(length=120), nullable=False),
        sa.Column("type", sa.String(length=31), nullable=True),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("estate_id", sa.Integer(), nullable=True),
        sa.Column("building_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("category", sa.String(length=20), nullable=True),
        sa.Column("callers", sa.Integer(), nullable=False),
        sa.Column("tickets", sa.JSON(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(length=40), nullable=True),
        sa.Column("emergency_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("because IN ('calls', 'weather')", name=op.f("ck_emergency_proposals_because")),
        sa.CheckConstraint("state IN ('proposed', 'accepted', 'dismissed')", name=op.f("ck_emergency_proposals_state")),
        sa.ForeignKeyConstraint(["building_id"], ["buildings.id"], name=op.f("fk_emergency_proposals_building_id_buildings")),
        sa.ForeignKeyConstraint(["emergency_id"], ["emergencies.id"], name=op.f("fk_emergency_proposals_emergency_id_emergencies")),
        sa.ForeignKeyConstraint(["estate_id"], ["estates.id"], name=op.f("fk_emergency_proposals_estate_id_estates")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_proposals"))
    )
    op.create_index(op.f("ix_emergency_proposals_state_id"), "emergency_proposals", ["state", "id"])
    op.create_index(op.f("ix_emergency_proposals_topic_settled_at"), "emergency_proposals", ["topic", "settled_at"])
    op.create_index("uq_emergency_proposals_topic", "emergency_proposals", ["topic"], unique=True,
                    sqlite_where=sa.text("state = 'proposed'"), postgresql_where=sa.text("state = 'proposed'"))
    op.create_table("emergency_reports",
        sa.Column("emergency_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("occurred", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("course", sa.Text(), nullable=False),
        sa.Column("conclusion", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_id", sa.Integer(), nullable=True),
        sa.Column("signed_by", sa.String(length=40), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.String(length=40), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attachment_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("state IN ('draft', 'signed', 'approved')", name=op.f("ck_emergency_reports_state")),
        sa.ForeignKeyConstraint(["emergency_id"], ["emergencies.id"], name=op.f("fk_emergency_reports_emergency_id_emergencies")),
        sa.ForeignKeyConstraint(["signed_id"], ["users.id"], name=op.f("fk_emergency_reports_signed_id_users")),
        sa.PrimaryKeyConstraint("emergency_id", name=op.f("pk_emergency_reports"))
    )
    op.create_table("emergency_texts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("emergency_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["emergency_id"], ["emergencies.id"], name=op.f("fk_emergency_texts_emergency_id_emergencies")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_texts"))
    )
    op.create_index(op.f("ix_emergency_texts_emergency_id"), "emergency_texts", ["emergency_id"])
    op.create_index(op.f("ix_emergency_texts_failed_at"), "emergency_texts", ["failed_at"])
    op.create_index("ix_emergency_texts_next_at", "emergency_texts", ["next_at"], sqlite_where=sa.text("next_at IS NOT NULL"),
                    postgresql_where=sa.text("next_at IS NOT NULL"))
    op.create_table("emergency_calls",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("broadcast_id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('wanted', 'asked', 'heard', 'pressed', 'missed', 'refused', 'stopped')",
                    name=op.f("ck_emergency_calls_state")),
        sa.ForeignKeyConstraint(["broadcast_id"], ["emergency_broadcasts.id"],
                    name=op.f("fk_emergency_calls_broadcast_id_emergency_broadcasts")),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name=op.f("fk_emergency_calls_household_id_households")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_calls"))
    )
    op.create_index(op.f("ix_emergency_calls_broadcast_id_number"), "emergency_calls", ["broadcast_id", "number"])
    op.create_index(op.f("ix_emergency_calls_broadcast_id_state"), "emergency_calls", ["broadcast_id", "state"])
    op.create_index(op.f("ix_emergency_calls_household_id"), "emergency_calls", ["household_id"])
    op.create_index(op.f("ix_emergency_calls_number"), "emergency_calls", ["number"])
    op.create_index("ix_emergency_calls_wanted", "emergency_calls", ["id"], sqlite_where=sa.text("state = 'wanted'"),
                    postgresql_where=sa.text("state = 'wanted'"))
    op.create_index(op.f("ix_incident_calls_at"), "incident_calls", ["at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_incident_calls_at"), table_name="incident_calls")
    op.drop_table("emergency_calls")
    op.drop_table("emergency_texts")
    op.drop_table("emergency_reports")
    op.drop_table("emergency_proposals")
    op.drop_table("emergency_broadcasts")
    op.drop_table("emergency_acts")
    op.drop_table("emergencies")
    op.drop_table("weather_levels")
