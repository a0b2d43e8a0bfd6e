"""Calls and contact-log entries as the desk and the pages get them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crm.calls.record import Outcome
from crm.calls.talk import TalkKind


@dataclass(frozen=True)
class Recording:
    path: str                # below the recordings folder
    sha256: str
    bytes: int
    seconds: float


@dataclass(frozen=True)
class TalkShown:
    """Who talked when: of a seat, or of somebody outside, whose number may be unknown. The caller's own is left out."""

    seat: str | None
    agent: str | None
    number: str | None
    kind: TalkKind
    began_at: datetime
    ended_at: datetime


@dataclass(frozen=True)
class VisitShown:
    """A stay in a queue; one that is transferred into another has two."""

    queue: str
    queued_at: datetime
    stage: int
    answered_at: datetime | None
    seat: str | None
    gave_up: bool


@dataclass(frozen=True)
class CallShown:
    call_id: str
    node: str
    dialled: str | None
    number: str | None
    household_id: int | None
    language: str | None
    queue: str | None
    stage: int
    entered_at: datetime
    queued_at: datetime | None
    rang_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    seats_rung: tuple[str, ...]
    answered_by: str | None  # a seat
    answered_agent: str | None  # the code of who sat there then
    outcome: Outcome | None  # None while the call is open
    wait_s: float | None
    talk_s: float | None
    rating: int | None
    voicemail: str | None    # as the journal names it; its sound is the recording's
    voicemail_s: int | None
    callback_number: str | None
    expected_wait_s: int | None  # as the caller was told
    callback_id: str | None  # set: we rang back; the call that asked for it
    recording: Recording | None
    talk: tuple[TalkShown, ...] = ()     # once the call is over
    visits: tuple[VisitShown, ...] = ()


@dataclass(frozen=True)
class Completion:
    """What the agent writes. With `declined_contact` the entry says so instead of a contact (A5)."""

    name: str | None
    contact: str | None
    room: str | None
    matter: str
    kind: str
    result: str
    declined_contact: bool = False
    household_id: int | None = None
    ticket_id: int | None = None


@dataclass(frozen=True)
class EntryShown:
    entry_id: int
    source: str              # call or visit
    call_id: str | None
    seat: str | None
    at: datetime
    household_id: int | None
    name: str | None
    contact: str | None
    declined_contact: bool
    room: str | None
    matter: str | None
    kind: str | None
    result: str | None
    ticket_id: int | None
    completed_at: datetime | None
    completed_by: int | None
    answered_from: tuple[int, ...] = ()     # entries of the question bank that answered the caller


@dataclass(frozen=True)
class EntryPage:
    entries: tuple[EntryShown, ...]
    next_before: int | None  # give it as `before_id` for the next page; None on the last one
