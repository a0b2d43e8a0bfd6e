"""Emergencies, their timelines and reports, what was proposed, who was told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Base
from crm.letters.models import OnItsWay, due


class Emergency(Base):
    """One that was declared. What stands is folded from its timeline; the columns say it again for lists and for the keeper."""

    __tablename__ = "emergencies"
    __table_args__ = (
        Index(None, "phase", "id"), Index(None, "estate_id", "phase", "id"),
        Index("ix_emergencies_late_at", "late_at", sqlite_where=text("late_at IS NOT NULL"),
              postgresql_where=text("late_at IS NOT NULL")),
        CheckConstraint("phase IN ('active', 'over', 'closed')", name="phase"),
        CheckConstraint("level BETWEEN 1 AND 3", name="level"))

    id: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(31))
    definition: Mapped[dict[str, Any]] = mapped_column(JSON)         # its type as it was then, with the steps of H3
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), index=True)     # carries photos, calls, clocks
    drill: Mapped[bool]
    phase: Mapped[str] = mapped_column(String(8))
    level: Mapped[int]
    estate_id: Mapped[int | None] = mapped_column(ForeignKey("estates.id"))
    building_id: Mapped[int | None] = mapped_column(ForeignKey("buildings.id"))
    place: Mapped[str] = mapped_column(String(80))
    summary: Mapped[str] = mapped_column(Text)
    happened_at: Mapped[datetime]
    declared_at: Mapped[datetime]
    declared_by: Mapped[str] = mapped_column(String(40))
    commander_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    commander: Mapped[str] = mapped_column(String(40))
    over_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    report_due_at: Mapped[datetime | None]                           # NULL: none is to be written
    notice: Mapped[str] = mapped_column(String(31))                  # prompt for callers from there; "" none
    notice_set: Mapped[bool] = mapped_column(default=False)          # acd was asked for one for its estate
    steps_open: Mapped[int]
    steps_late: Mapped[int]
    late_at: Mapped[datetime | None]                                 # when the next step will be late
    version: Mapped[int] = mapped_column(default=1)


class EmergencyAct(Base):
    """A line of a timeline. Rows are only ever added."""

    __tablename__ = "emergency_acts"
    __table_args__ = (UniqueConstraint("emergency_id", "place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    emergency_id: Mapped[int] = mapped_column(ForeignKey("emergencies.id"))
    place: Mapped[int]                                               # 1, 2, …: two who write at once do not both succeed
    at: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    what: Mapped[str] = mapped_column(String(12))
    step: Mapped[str] = mapped_column(String(20))
    level: Mapped[int | None]
    to_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    said: Mapped[list[str]]
    text: Mapped[str] = mapped_column(Text)


class EmergencyReport(Base):
    """H7: drafted from the timeline, signed by who wrote it, approved by somebody who leads."""

    __tablename__ = "emergency_reports"
    __table_args__ = (CheckConstraint("state IN ('draft', 'signed', 'approved')", name="state"),)

    emergency_id: Mapped[int] = mapped_column(ForeignKey("emergencies.id"), primary_key=True)
    language: Mapped[str] = mapped_column(String(2))
    what: Mapped[str] = mapped_column(Text)
    occurred: Mapped[str] = mapped_column(Text)
    place: Mapped[str] = mapped_column(Text)
    course: Mapped[str] = mapped_column(Text)
    conclusion: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(8))
    drafted_at: Mapped[datetime]
    signed_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    signed_by: Mapped[str | None] = mapped_column(String(40))
    signed_at: Mapped[datetime | None]
    approved_by: Mapped[str | None] = mapped_column(String(40))
    approved_at: Mapped[datetime | None]
    attachment_id: Mapped[int | None]                                # the PDF, with the ticket


class EmergencyProposal(Base):
    """What thresholds or the weather propose (H1, H11); people accept or dismiss it."""

    __tablename__ = "emergency_proposals"
    __table_args__ = (
        Index("uq_emergency_proposals_topic", "topic", unique=True, sqlite_where=text("state = 'proposed'"),
              postgresql_where=text("state = 'proposed'")),
        Index(None, "state", "id"), Index(None, "topic", "settled_at"),
        CheckConstraint("state IN ('proposed', 'accepted', 'dismissed')", name="state"),
        CheckConstraint("because IN ('calls', 'weather')", name="because"))

    id: Mapped[int] = mapped_column(primary_key=True)
    because: Mapped[str] = mapped_column(String(8))
    topic: Mapped[str] = mapped_column(String(120))                  # of one thing there is one proposal at a time
    type: Mapped[str | None] = mapped_column(String(31))             # NULL: whoever accepts says it
    level: Mapped[int | None]
    estate_id: Mapped[int | None] = mapped_column(ForeignKey("estates.id"))
    building_id: Mapped[int | None] = mapped_column(ForeignKey("buildings.id"))
    kind: Mapped[str | None] = mapped_column(String(20))
    category: Mapped[str | None] = mapped_column(String(20))
    callers: Mapped[int]
    tickets: Mapped[list[Any]] = mapped_column(JSON)
    first_at: Mapped[datetime]
    at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10))
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None] = mapped_column(String(40))
    emergency_id: Mapped[int | None] = mapped_column(ForeignKey("emergencies.id"))


class WeatherLevel(Base):
    """H11. Rows are only added: the newest holds. Level 0: nothing out of the ordinary."""

    __tablename__ = "weather_levels"
    __table_args__ = (CheckConstraint("level BETWEEN 0 AND 3", name="level"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    level: Mapped[int]
    who: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    note: Mapped[str | None] = mapped_column(String(500))


class Broadcast(Base):
    """H5: the households of a building or an estate are rung and told."""

    __tablename__ = "emergency_broadcasts"
    __table_args__ = (Index(None, "emergency_id", "id"),
                      CheckConstraint("state IN ('running', 'stopping', 'over')", name="state"))

    id: Mapped[int] = mapped_column(primary_key=True)
    emergency_id: Mapped[int] = mapped_column(ForeignKey("emergencies.id"))
    at: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(40))
    building_id: Mapped[int | None] = mapped_column(ForeignKey("buildings.id"))     # NULL: the whole estate
    prompts: Mapped[list[str]]
    until: Mapped[datetime]
    urgent: Mapped[bool]                                             # quiet hours do not hold it back
    state: Mapped[str] = mapped_column(String(8), index=True)


class BroadcastCall(Base):
    """One number that is rung. `number` is empty once its person was forgotten."""

    __tablename__ = "emergency_calls"
    __table_args__ = (
        Index(None, "broadcast_id", "state"), Index(None, "broadcast_id", "number"),
        Index("ix_emergency_calls_wanted", "id", sqlite_where=text("state = 'wanted'"), postgresql_where=text("state = 'wanted'")),
        CheckConstraint("state IN ('wanted', 'asked', 'heard', 'pressed', 'missed', 'refused', 'stopped')", name="state"))

    id: Mapped[int] = mapped_column(primary_key=True)
    broadcast_id: Mapped[int] = mapped_column(ForeignKey("emergency_broadcasts.id"))
    household_id: Mapped[int | None] = mapped_column(ForeignKey("households.id"), index=True)
    number: Mapped[str] = mapped_column(String(32), index=True)
    language: Mapped[str] = mapped_column(String(2))
    state: Mapped[str] = mapped_column(String(8))
    round: Mapped[int] = mapped_column(default=1)                    # counts retries by hand
    tries: Mapped[int] = mapped_column(default=0)
    at: Mapped[datetime]


class ChatText(OnItsWay, Base):
    """What a group chat is told (H5): a robot's letter."""

    __tablename__ = "emergency_texts"
    __table_args__ = (due("emergency_texts"),)

    emergency_id: Mapped[int] = mapped_column(ForeignKey("emergencies.id"), index=True)
    zh: Mapped[str] = mapped_column(Text)
    en: Mapped[str] = mapped_column(Text)
