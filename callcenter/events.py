"""Everything that happens, as typed, past-tense facts.

Each event says all that a reader needs and sets values absolutely: applying one twice changes nothing, so that delivery
at least once is enough. `at` is when it happened, in UTC. They travel as JSON with their class name in `type`.

A call's id is the caller channel's Asterisk unique id (`<node>-<epoch>.<n>`), the same in AMI, queue_log, CEL, the
recording's file name and the database. A seat is its extension as text ("1001"). `queue` is the site file's queue id.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter


class CallState(StrEnum):
    MENU = "menu"            # hears announcements or the IVR
    QUEUED = "queued"        # waits; no seat rings
    RINGING = "ringing"      # waits; at least one seat rings
    TALKING = "talking"
    AFTER = "after"          # survey, voicemail or callback request


class SeatState(StrEnum):
    OFFLINE = "offline"      # no phone is registered
    READY = "ready"
    RINGING = "ringing"
    TALKING = "talking"
    WRAPUP = "wrapup"
    PAUSED = "paused"


class Health(StrEnum):
    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True)
class Call:
    """A call that is on the line now, as the board and the desk show it."""

    call_id: str
    state: CallState
    entered_at: datetime
    since: datetime                      # when it came into `state`
    number: str = ""                     # normalised; "" when withheld
    did: str = ""                        # the hotline number that was dialled
    name: str = ""
    room: str = ""
    household_id: int | None = None
    language: str = "zh"
    queue: str | None = None
    queued_at: datetime | None = None    # first entry into a queue
    rang_at: datetime | None = None      # first ring of any seat
    answered_at: datetime | None = None
    stage: int = 0                       # 0 primary seats, 1 backup seats
    ringing: tuple[str, ...] = ()        # seats that ring now
    seat: str | None = None              # who talks


@dataclass(frozen=True)
class Seat:
    seat: str
    name: str
    kind: str                            # primary, backup or leader
    state: SeatState
    since: datetime
    call_id: str | None = None


@dataclass(frozen=True)
class ComponentHealth:
    component: str                       # asterisk, ami, trunk, agi, acd, crm, redis, database, disk
    state: Health
    since: datetime
    detail: str = ""                     # a code or a figure, never a sentence


@dataclass(frozen=True)
class Figures:
    """A queue's figures since local midnight, counted as architecture.md's words say; None while nothing was offered."""

    queue: str
    offered: int = 0
    short_abandons: int = 0
    answered: int = 0
    abandoned: int = 0                   # after the short-abandon limit
    overflowed: int = 0
    messages: int = 0                    # voicemail or callback request
    answered_in_2_rings: float | None = None
    service_level: float | None = None
    abandonment: float | None = None
    asa_s: float | None = None
    aht_s: float | None = None


@dataclass(frozen=True)
class Event:
    at: datetime


# --- live, from acd -------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class CallChanged(Event):
    """A call entered, was queued, rang, was answered, overflowed …: its whole state after `what` happened."""

    # entered identified queued rang missed answered released overflowed requeued survey voicemail callback;
    # released: a seat stopped ringing or talking and nobody took its place yet
    what: str
    call: Call


@dataclass(frozen=True)
class CallEnded(Event):
    call_id: str
    outcome: str     # answered abandoned message menu lost — live view; the journal decides what is counted
    queue: str | None = None


@dataclass(frozen=True)
class SeatChanged(Event):
    seat: Seat


@dataclass(frozen=True)
class FloorReset(Event):
    """acd has read the whole floor anew (start, AMI reconnect, Asterisk restart); replaces all calls and seats."""

    calls: tuple[Call, ...]
    seats: tuple[Seat, ...]
    queues: tuple[str, ...]


@dataclass(frozen=True)
class HealthChanged(Event):
    health: ComponentHealth


# --- from the journal, by crm ---------------------------------------------------------------------------------------

@dataclass(frozen=True)
class FiguresUpdated(Event):
    figures: Figures


@dataclass(frozen=True)
class CallRecordWritten(Event):
    call_id: str
    outcome: str


@dataclass(frozen=True)
class TicketOpened(Event):
    ticket_id: int
    number: str      # "C20261122-0001", as it is spoken and searched
    kind: str
    call_id: str | None = None
    household_id: int | None = None


AnyEvent = (CallChanged | CallEnded | SeatChanged | FloorReset | HealthChanged | FiguresUpdated | CallRecordWritten
            | TicketOpened)

_TYPES: dict[str, TypeAdapter[Any]] = {
    kind.__name__: TypeAdapter(kind)
    for kind in (CallChanged, CallEnded, SeatChanged, FloorReset, HealthChanged, FiguresUpdated, CallRecordWritten,
                 TicketOpened)
}


def event_to_json(event: AnyEvent) -> tuple[str, bytes]:
    """(type, body): the two fields of an entry on the bus."""
    kind = type(event).__name__
    return kind, _TYPES[kind].dump_json(event)


def event_from_json(kind: str, body: bytes | str) -> AnyEvent:
    """Raises KeyError for an unknown type, pydantic.ValidationError for a body that does not fit."""
    event: AnyEvent = _TYPES[kind].validate_json(body)
    return event


@dataclass(frozen=True)
class Board:
    """The live state as one value: what a page is given before deltas. Pure fold of the events above (callcenter/board.py)."""

    calls: dict[str, Call] = field(default_factory=dict)
    seats: dict[str, Seat] = field(default_factory=dict)
    queues: tuple[str, ...] = ()
    figures: dict[str, Figures] = field(default_factory=dict)
    health: dict[str, ComponentHealth] = field(default_factory=dict)
