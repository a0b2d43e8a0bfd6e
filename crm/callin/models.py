"""Who can be called in, call-ins, who was called, and what was said of it outside the pages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Base
from crm.letters.models import OnItsWay, due

HOLDS = text("released_at IS NULL")


class CallInPerson(Base):
    """Tier 2: agents. Tier 3: other staff. Never deleted, for lists of the past name them: who goes loses the number."""

    __tablename__ = "call_in_people"
    __table_args__ = (Index(None, "tier", "place", "id"), CheckConstraint("tier IN (2, 3)", name="tier"))

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    tier: Mapped[int]
    number: Mapped[str] = mapped_column(String(32))                         # "": reached by a message alone
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), unique=True)
    agent: Mapped[str | None] = mapped_column(String(6), unique=True)       # agent's code
    skills: Mapped[list[str]]                                               # ids of queues
    language: Mapped[str] = mapped_column(String(2))
    place: Mapped[int]                                                      # who is called first
    active: Mapped[bool]
    version: Mapped[int] = mapped_column(default=1)


class CallInRow(Base):
    """`surge_id` NULL: by hand, without a surge. No foreign key: crm/surge calls, and is not known here."""

    __tablename__ = "call_ins"
    __table_args__ = (
        Index("uq_call_ins_open", "surge_id", "tier", unique=True, sqlite_where=HOLDS, postgresql_where=HOLDS),
        Index(None, "begun_at", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    surge_id: Mapped[int | None] = mapped_column(index=True)
    tier: Mapped[int]
    reason: Mapped[str] = mapped_column(String(200))
    skills: Mapped[list[str]]                                               # who has one of them comes first
    wanted: Mapped[int | None]                                              # NULL: everybody on the list
    begun_at: Mapped[datetime]
    begun_by: Mapped[str] = mapped_column(String(40))
    released_at: Mapped[datetime | None]
    released_by: Mapped[str | None] = mapped_column(String(40))


class CalledRow(Base):
    """One person of a call-in. `rounds.Person` is the same without a database."""

    __tablename__ = "called_in"
    __table_args__ = (UniqueConstraint("call_in_id", "person_id"), Index(None, "person_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    call_in_id: Mapped[int] = mapped_column(ForeignKey("call_ins.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("call_in_people.id"))
    place: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))                          # callcenter.storm.Coming
    since: Mapped[datetime]
    tries: Mapped[int]
    tried_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    arrived_at: Mapped[datetime | None]                                     # stays when they are released
    how: Mapped[str | None] = mapped_column(String(6))                      # the answer came by phone, page or leader
    seat: Mapped[str | None] = mapped_column(String(6))                     # that is kept for them


class CallInLetter(OnItsWay, Base):
    __tablename__ = "call_in_letters"
    __table_args__ = (
        UniqueConstraint("call_in_id", "what", "channel", "address"), due("call_in_letters"),
        CheckConstraint("what IN ('called', 'released')", name="what"))

    call_in_id: Mapped[int] = mapped_column(ForeignKey("call_ins.id"))
    what: Mapped[str] = mapped_column(String(8))
