"""Call records, the contact log, and how far the journal has been read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Base


class CallRow(Base):
    """A call as the journal tells it. `crm.calls.record.CallRecord` is the same without a database.

    A row without `entered_at` is a channel that CEL told of and queue_log has not yet: not shown, not counted.
    `household_id` is no foreign key: the journal is history, and stays when a household goes.
    """

    __tablename__ = "calls"
    __table_args__ = (Index(None, "queue", "queued_at"), Index(None, "node", "ended_at"),
                      Index(None, "recording_state", "ended_at"), Index(None, "answered_agent", "queued_at"))

    call_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    node: Mapped[str] = mapped_column(String(40))
    dialled: Mapped[str | None] = mapped_column(String(32))
    number: Mapped[str | None] = mapped_column(String(32), index=True)
    household_id: Mapped[int | None] = mapped_column(index=True)
    estate_id: Mapped[int | None]     # the household's, written when the household is forgotten: figures by estate stay true
    lookup: Mapped[str | None] = mapped_column(String(10))
    language: Mapped[str | None] = mapped_column(String(2))
    menu_keys: Mapped[list[str]]
    queue: Mapped[str | None] = mapped_column(String(40))
    stage: Mapped[int]
    entered_at: Mapped[datetime | None] = mapped_column(index=True)
    started_at: Mapped[datetime | None]
    queued_at: Mapped[datetime | None] = mapped_column(index=True)
    rang_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    answered_by: Mapped[str | None] = mapped_column(String(10), index=True)
    answered_agent: Mapped[str | None] = mapped_column(String(6))   # who sat there then
    seats_rung: Mapped[list[str]]
    outcome: Mapped[str | None] = mapped_column(String(20), index=True)
    ring_s: Mapped[float | None]      # how long the seat that answered was rung
    wait_s: Mapped[float | None]
    talk_s: Mapped[float | None]
    cause: Mapped[int | None]
    rating: Mapped[int | None]
    voicemail: Mapped[str | None] = mapped_column(String(200))
    voicemail_s: Mapped[int | None]
    callback_number: Mapped[str | None] = mapped_column(String(32))
    expected_wait_s: Mapped[int | None]
    callback_id: Mapped[str | None] = mapped_column(String(80), index=True)
    recording: Mapped[str | None] = mapped_column(String(200))
    # What the fold needs to go on after a restart and no page shows.
    fold: Mapped[dict[str, Any]] = mapped_column(JSON)
    # Written by crm.calls.recordings and crm.recordings alone: kept, sealed, missing, none (nobody talked), expired or
    # erased.
    recording_state: Mapped[str | None] = mapped_column(String(10))
    recording_sha256: Mapped[str | None] = mapped_column(String(64))
    recording_bytes: Mapped[int | None] = mapped_column(BigInteger)
    recording_s: Mapped[float | None]


class TalkSegment(Base):
    """Who talked when (`crm.calls.talk.Segment`), of calls that have ended. Written with the call's record, as a whole."""

    __tablename__ = "talk_segments"
    __table_args__ = (Index(None, "seat", "began_at"),)

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.call_id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    seat: Mapped[str | None] = mapped_column(String(10))
    agent: Mapped[str | None] = mapped_column(String(20))
    number: Mapped[str | None] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(10))
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime]


class QueueVisit(Base):
    """One stay of a call in a queue (`crm.calls.record.Visit`); a call that is transferred into another has two."""

    __tablename__ = "queue_visits"
    # The second index has the few calls that went on: figures ask for them.
    __table_args__ = (Index(None, "queue", "queued_at"),
                      Index("ix_queue_visits_further", "call_id", sqlite_where=text("place = 1"),
                            postgresql_where=text("place = 1")))

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.call_id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    queue: Mapped[str] = mapped_column(String(40))
    queued_at: Mapped[datetime]
    stage: Mapped[int]
    answered_at: Mapped[datetime | None]
    seat: Mapped[str | None] = mapped_column(String(10))
    left_at: Mapped[datetime | None]
    gave_up: Mapped[bool]


class ContactEntry(Base):
    """A line of the contact log (来电来访记录, A5): one for each answered call, and one for each visit."""

    __tablename__ = "contact_log"
    __table_args__ = (CheckConstraint("source IN ('call', 'visit')", name="source"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(10))
    call_id: Mapped[str | None] = mapped_column(String(80), unique=True)
    seat: Mapped[str | None] = mapped_column(String(10), index=True)
    at: Mapped[datetime] = mapped_column(index=True)
    household_id: Mapped[int | None] = mapped_column(ForeignKey("households.id"), index=True)
    name: Mapped[str | None] = mapped_column(String(60))
    contact: Mapped[str | None] = mapped_column(String(60))
    declined_contact: Mapped[bool] = mapped_column(default=False)
    room: Mapped[str | None] = mapped_column(String(60))
    matter: Mapped[str | None] = mapped_column(Text)
    kind: Mapped[str | None] = mapped_column(String(20))
    result: Mapped[str | None] = mapped_column(Text)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"))
    completed_at: Mapped[datetime | None] = mapped_column(index=True)
    completed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class JournalPosition(Base):
    """How far a file of the journal has been read. Moves in the transaction that writes what was read."""

    __tablename__ = "journal_positions"

    source: Mapped[str] = mapped_column(String(80), primary_key=True)
    inode: Mapped[int] = mapped_column(BigInteger)
    fingerprint: Mapped[str | None] = mapped_column(String(64))
    offset: Mapped[int] = mapped_column(BigInteger)


class JournalReject(Base):
    """A line that could not be read, kept to be looked at; it stopped nothing."""

    __tablename__ = "journal_rejects"

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(80), index=True)
    offset: Mapped[int] = mapped_column(BigInteger)
    line: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
