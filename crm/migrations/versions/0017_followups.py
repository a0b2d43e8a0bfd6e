"""Follow-ups: ratings, the call list, the yearly plan (G); known incidents and the calls tied to them (H6)."""

import sqlalchemy as sa
from alembic import op

revision = "0017_followups"
down_revision = "0016_knowledge"
branch_labels = None
depends_on = None

# Follow-ups that are open already stand in the call list from now on.
OPEN_ONES = """
INSERT INTO followup_tasks (ticket_id, household_id, estate_id, owner_id, why, dissatisfied, rank, due_at, next_at, state, tries,
                            created_at, version)
SELECT id, household_id, estate_id, owner_id, COALESCE(category, 'other'), COALESCE(reason, '') = 'not_satisfied',
       CASE WHEN category IN ('complaint', 'incident') THEN 1 WHEN reason = 'not_satisfied' THEN 2 ELSE 3 END,
       COALESCE((SELECT MIN(due_at) FROM ticket_clocks WHERE ticket_id = tickets.id AND standing != 'stopped'), created_at),
       created_at, 'open', 0, created_at, 1
FROM tickets WHERE kind = 'followup' AND state = 'open'
"""


def upgrade() -> None:
    op.create_table(
        "followup_plans",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("estate_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("weights", sa.JSON(), nullable=False),
        sa.Column("again", sa.JSON(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=40), nullable=False),
        sa.CheckConstraint("share > 0 AND share <= 1", name=op.f("ck_followup_plans_share")),
        sa.ForeignKeyConstraint(["estate_id"], ["estates.id"], name=op.f("fk_followup_plans_estate_id_estates")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_followup_plans")),
        sa.UniqueConstraint("estate_id", "year", name=op.f("uq_followup_plans_estate_id_year")),
    )
    op.create_table(
        "followup_draws",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.Integer(), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("eligible", sa.Integer(), nullable=False),
        sa.Column("already", sa.Integer(), nullable=False),
        sa.Column("excluded", sa.JSON(), nullable=False),
        sa.Column("weights", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["followup_plans.id"], name=op.f("fk_followup_draws_plan_id_followup_plans")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_followup_draws")),
        sa.UniqueConstraint("plan_id", "month", name=op.f("uq_followup_draws_plan_id_month")),
    )
    op.create_table(
        "followup_picks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("traits", sa.JSON(), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name=op.f("fk_followup_picks_household_id_households")),
        sa.ForeignKeyConstraint(["plan_id"], ["followup_plans.id"], name=op.f("fk_followup_picks_plan_id_followup_plans")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_followup_picks_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_followup_picks")),
        sa.UniqueConstraint("ticket_id", name=op.f("uq_followup_picks_ticket_id")),
    )
    op.create_index(op.f("ix_followup_picks_household_id"), "followup_picks", ["household_id"])
    op.create_index(op.f("ix_followup_picks_plan_id_month_id"), "followup_picks", ["plan_id", "month", "id"])
    op.create_index(
        "ix_followup_picks_waiting",
        "followup_picks",
        ["opens_on", "id"],
        sqlite_where=sa.text("ticket_id IS NULL"),
        postgresql_where=sa.text("ticket_id IS NULL"),
    )
    op.create_table(
        "followup_tasks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=True),
        sa.Column("estate_id", sa.Integer(), nullable=True),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("why", sa.String(length=20), nullable=False),
        sa.Column("dissatisfied", sa.Boolean(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("promised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("blocked", sa.String(length=12), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claim_id", sa.Integer(), nullable=True),
        sa.Column("claimed_by", sa.Integer(), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'blocked', 'closed')", name=op.f("ck_followup_tasks_state")),
        sa.ForeignKeyConstraint(["claimed_by"], ["users.id"], name=op.f("fk_followup_tasks_claimed_by_users")),
        sa.ForeignKeyConstraint(["estate_id"], ["estates.id"], name=op.f("fk_followup_tasks_estate_id_estates")),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name=op.f("fk_followup_tasks_household_id_households")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_followup_tasks_owner_id_users")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_followup_tasks_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_followup_tasks")),
        sa.UniqueConstraint("ticket_id", name=op.f("uq_followup_tasks_ticket_id")),
    )
    op.create_index(op.f("ix_followup_tasks_closed_at"), "followup_tasks", ["closed_at"])
    op.create_index(op.f("ix_followup_tasks_created_at"), "followup_tasks", ["created_at"])
    op.create_index(op.f("ix_followup_tasks_household_id"), "followup_tasks", ["household_id"])
    op.create_index(
        "ix_followup_tasks_open",
        "followup_tasks",
        ["rank", "due_at", "id"],
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(op.f("ix_followup_tasks_state_id"), "followup_tasks", ["state", "id"])
    op.create_index(
        "uq_followup_tasks_claimed_by",
        "followup_tasks",
        ["claimed_by"],
        unique=True,
        sqlite_where=sa.text("claimed_by IS NOT NULL"),
        postgresql_where=sa.text("claimed_by IS NOT NULL"),
    )
    op.create_table(
        "incident_calls",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("call_id", sa.String(length=80), nullable=True),
        sa.Column("household_id", sa.Integer(), nullable=True),
        sa.Column("contact_number", sa.String(length=32), nullable=True),
        sa.Column("followup_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["followup_id"], ["tickets.id"], name=op.f("fk_incident_calls_followup_id_tickets")),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name=op.f("fk_incident_calls_household_id_households")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_incident_calls_ticket_id_tickets")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_incident_calls_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_calls")),
        sa.UniqueConstraint("ticket_id", "call_id", name=op.f("uq_incident_calls_ticket_id_call_id")),
    )
    op.create_index(op.f("ix_incident_calls_call_id"), "incident_calls", ["call_id"])
    op.create_index(op.f("ix_incident_calls_contact_number"), "incident_calls", ["contact_number"])
    op.create_index(op.f("ix_incident_calls_followup_id"), "incident_calls", ["followup_id"])
    op.create_index(op.f("ix_incident_calls_household_id"), "incident_calls", ["household_id"])
    op.create_index(op.f("ix_incident_calls_ticket_id_id"), "incident_calls", ["ticket_id", "id"])
    op.create_table(
        "known_incidents",
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("estate_id", sa.Integer(), nullable=False),
        sa.Column("building_id", sa.Integer(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.Column("over_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["building_id"], ["buildings.id"], name=op.f("fk_known_incidents_building_id_buildings")),
        sa.ForeignKeyConstraint(["estate_id"], ["estates.id"], name=op.f("fk_known_incidents_estate_id_estates")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_known_incidents_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_known_incidents")),
    )
    op.create_index(op.f("ix_known_incidents_estate_id_until"), "known_incidents", ["estate_id", "until"])
    op.create_index(op.f("ix_known_incidents_over_at"), "known_incidents", ["over_at"])
    op.create_table(
        "ratings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("household_id", sa.Integer(), nullable=True),
        sa.Column("estate_id", sa.Integer(), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.Column("answer_id", sa.Integer(), nullable=True),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("thanked", sa.String(length=10), nullable=True),
        sa.CheckConstraint("source IN ('ticket', 'followup', 'survey')", name=op.f("ck_ratings_source")),
        sa.CheckConstraint("score BETWEEN 1 AND 3", name=op.f("ck_ratings_score")),
        sa.ForeignKeyConstraint(["answer_id"], ["tickets.id"], name=op.f("fk_ratings_answer_id_tickets")),
        sa.ForeignKeyConstraint(["estate_id"], ["estates.id"], name=op.f("fk_ratings_estate_id_estates")),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name=op.f("fk_ratings_household_id_households")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ratings_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ratings")),
        sa.UniqueConstraint("reference", name=op.f("uq_ratings_reference")),
    )
    op.create_index(op.f("ix_ratings_answer_id"), "ratings", ["answer_id"])
    op.create_index(op.f("ix_ratings_at"), "ratings", ["at"])
    op.create_index(op.f("ix_ratings_estate_id_at"), "ratings", ["estate_id", "at"])
    op.create_index(op.f("ix_ratings_household_id"), "ratings", ["household_id"])
    op.create_index(op.f("ix_ratings_score_at"), "ratings", ["score", "at"])
    op.create_index(op.f("ix_ratings_ticket_id"), "ratings", ["ticket_id"])
    wanted = sa.text("wanted")
    op.create_index("ix_ratings_wanted", "ratings", ["id"], sqlite_where=wanted, postgresql_where=wanted)
    op.create_table(
        "followup_tries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=True),
        sa.Column("number_id", sa.Integer(), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("call_id", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["task_id"], ["followup_tasks.id"], name=op.f("fk_followup_tries_task_id_followup_tasks")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_followup_tries_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_followup_tries")),
    )
    op.create_index(op.f("ix_followup_tries_task_id_id"), "followup_tries", ["task_id", "id"])
    op.execute(OPEN_ONES)


def downgrade() -> None:
    op.drop_table("followup_tries")
    op.drop_table("ratings")
    op.drop_table("known_incidents")
    op.drop_table("incident_calls")
    op.drop_table("followup_tasks")
    op.drop_table("followup_picks")
    op.drop_table("followup_draws")
    op.drop_table("followup_plans")
