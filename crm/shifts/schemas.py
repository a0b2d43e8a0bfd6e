"""Shifts, their logs and what is open, as pages get them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Sort(StrEnum):
    """What a line of the log is about."""

    EVENT = "event"
    STAFFING = "staffing"
    COMPLAINT = "complaint"
    EQUIPMENT = "equipment"
    INSTRUCTION = "instruction"
    OTHER = "other"


class How(StrEnum):
    """How a leader came to lead: nobody did, by hand-over, or from one who had not handed over."""

    BEGUN = "begun"
    HANDED = "handed"
    TAKEN = "taken"


@dataclass(frozen=True)
class NewEntry:
    sort: Sort
    text: str
    subject: str | None = None


@dataclass(frozen=True)
class EntryShown:
    entry_id: int
    at: datetime
    who: str
    sort: Sort
    text: str
    subject: str | None


@dataclass(frozen=True)
class TicketOpen:
    """Of one whose clock was broken: as it is now, whenever it was handed over."""

    ticket_id: int
    number: str
    kind: str
    stage: str
    is_open: bool
    estate_id: int | None


@dataclass(frozen=True)
class EmergencyOpen:
    emergency_id: int
    type: str
    place: str
    level: int
    commander: str
    is_active: bool
    steps_late: int


@dataclass(frozen=True)
class MattersShown:
    """What was, or is, open at that moment."""

    at: datetime
    tier: int                                            # of the surge; 0: none
    callbacks: dict[str, int] = field(default_factory=dict)         # that wait, by queue
    outages: tuple[str, ...] = ()                        # components that were broken
    seats: tuple[str, ...] = ()                          # whose phone could not be reached
    away: tuple[str, ...] = ()                           # agents whom the system set away
    tickets: tuple[TicketOpen, ...] = ()
    emergencies: tuple[EmergencyOpen, ...] = ()


@dataclass(frozen=True)
class ShiftShown:
    shift_id: int
    who: str
    began_at: datetime
    how: How
    after_id: int | None
    reason: str | None
    words: str | None
    to: str | None
    offered_at: datetime | None
    ended_at: datetime | None
    version: int


@dataclass(frozen=True)
class ShiftRead:
    shift: ShiftShown
    entries: tuple[EntryShown, ...]
    matters: MattersShown                                # at its end; of the one that lasts, now
