"""Ratings, the call list with its claims and tries, and the yearly plan with what it drew."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Base


class Rating(Base):
    """What somebody said of us: 1 satisfied, 2 fair, 3 not satisfied. Those that callers press stand in `calls`.

    `answer_id`: the ticket by which a "not satisfied" is followed up (G2). `reference` makes the same one twice impossible."""

    __tablename__ = "ratings"
    __table_args__ = (Index(None, "score", "at"), Index(None, "estate_id", "at"), Index(None, "ticket_id"),
                      Index("ix_ratings_wanted", "id", sqlite_where=text("wanted"), postgresql_where=text("wanted")),
                      Index("ix_ratings_queued", "at", sqlite_where=text("thanked = 'queued'"),
                            postgresql_where=text("thanked = 'queued'")),
                      CheckConstraint("score BETWEEN 1 AND 3", name="score"),
                      CheckConstraint("source IN ('ticket', 'followup', 'survey')", name="source"))

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    source: Mapped[str] = mapped_column(String(10))
    score: Mapped[int]
    reference: Mapped[str] = mapped_column(String(100), unique=True)
    kind: Mapped[str | None] = mapped_column(String(20))             # of the ticket; of a survey, nothing
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"))
    household_id: Mapped[int | None] = mapped_column(ForeignKey("households.id"), index=True)
    estate_id: Mapped[int | None] = mapped_column(ForeignKey("estates.id"))
    said: Mapped[str | None] = mapped_column(Text)                   # of a survey; a ticket keeps its own words
    answer_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"), index=True)
    wanted: Mapped[bool] = mapped_column(default=False)              # a follow-up that is still to be opened, of a long file
    thanked: Mapped[str | None] = mapped_column(String(10))          # spoken (in the call), queued, text, unreached


class FollowUpTask(Base):
    """A follow-up ticket's place in the call list. Follows its ticket; who calls holds it for some minutes."""

    __tablename__ = "followup_tasks"
    __table_args__ = (
        Index("ix_followup_tasks_open", "rank", "due_at", "id", sqlite_where=text("state = 'open'"),
              postgresql_where=text("state = 'open'")),
        # An agent calls one household at a time.
        Index("uq_followup_tasks_claimed_by", "claimed_by", unique=True, sqlite_where=text("claimed_by IS NOT NULL"),
              postgresql_where=text("claimed_by IS NOT NULL")),
        Index(None, "state", "id"), Index(None, "created_at"), Index(None, "closed_at"),
        CheckConstraint("state IN ('open', 'blocked', 'closed')", name="state"))

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), unique=True)
    household_id: Mapped[int | None] = mapped_column(ForeignKey("households.id"), index=True)
    estate_id: Mapped[int | None] = mapped_column(ForeignKey("estates.id"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))       # who handled what is followed up (E5)
    why: Mapped[str] = mapped_column(String(20))                    # complaint, repair, survey, periodic, incident, …
    dissatisfied: Mapped[bool] = mapped_column(default=False)
    rank: Mapped[int]                                               # `rules.Rank`
    due_at: Mapped[datetime]
    next_at: Mapped[datetime]                                       # not before
    promised_at: Mapped[datetime | None]                            # the household's own word
    state: Mapped[str] = mapped_column(String(10), default="open")
    blocked: Mapped[str | None] = mapped_column(String(12))         # why nobody may or can be called
    tries: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str | None] = mapped_column(String(12))         # of a closed one
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    claim_id: Mapped[int | None]                                    # the newest row of `followup_tries`
    claimed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    claimed_until: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class FollowUpTry(Base):
    """A claim and what came of it. `outcome` NULL: nothing was told of it, and somebody else may have the task since."""

    __tablename__ = "followup_tries"
    __table_args__ = (Index(None, "task_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("followup_tasks.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    claimed_at: Mapped[datetime]
    until: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(12))
    number_id: Mapped[int | None]                                   # which number was dialled; the number itself may go
    score: Mapped[int | None]
    next_at: Mapped[datetime | None]
    call_id: Mapped[str | None] = mapped_column(String(80))


class FollowUpPlan(Base):
    """How many of an estate's households are asked in a year (G3), and whom rather than others."""

    __tablename__ = "followup_plans"
    __table_args__ = (UniqueConstraint("estate_id", "year"), CheckConstraint("share > 0 AND share <= 1", name="share"))

    id: Mapped[int] = mapped_column(primary_key=True)
    estate_id: Mapped[int] = mapped_column(ForeignKey("estates.id"))
    year: Mapped[int]
    share: Mapped[float]
    weights: Mapped[dict[str, Any]] = mapped_column(JSON)           # trait: how many times as likely
    again: Mapped[list[str]]                                        # traits that may be drawn twice a year
    seed: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(default=1)
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(40))


class FollowUpDraw(Base):
    """That a month was drawn, and from what: the same again gives the same households."""

    __tablename__ = "followup_draws"
    __table_args__ = (UniqueConstraint("plan_id", "month"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("followup_plans.id"))
    month: Mapped[int]
    at: Mapped[datetime]
    wanted: Mapped[int]
    drawn: Mapped[int]
    households: Mapped[int]
    eligible: Mapped[int]
    already: Mapped[int]                                            # were asked this year
    excluded: Mapped[dict[str, Any]] = mapped_column(JSON)          # by reason: no_call, no_consent, no_number
    weights: Mapped[dict[str, Any]] = mapped_column(JSON)           # as they were then


class FollowUpPick(Base):
    """A household that was drawn, why it rather than others, and the day on which its ticket is opened."""

    __tablename__ = "followup_picks"
    __table_args__ = (
        Index("ix_followup_picks_waiting", "opens_on", "id", sqlite_where=text("ticket_id IS NULL"),
              postgresql_where=text("ticket_id IS NULL")),
        Index(None, "plan_id", "month", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("followup_plans.id"))
    month: Mapped[int]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"), index=True)
    weight: Mapped[float]
    traits: Mapped[list[str]]
    opens_on: Mapped[date]
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"), unique=True)
