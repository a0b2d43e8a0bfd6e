"""Everything that happens, as typed, past-tense facts.

Each event says all that a reader needs and sets values absolutely: applying one twice changes nothing, so that delivery at
least once is enough. `at` is when it happened, in UTC. They travel as JSON with their class name in `type`. A call's id is the
caller channel's Asterisk unique id (`<node>-<epoch>.<n>`), the same in AMI, queue_log, CEL, the recording's file name and the
database. A seat is its extension as text ("1001"). `queue` is the site file's queue id.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, get_args

from pydantic import TypeAdapter

from callcenter.line import LineSwitch
from callcenter.roster import Roster
from callcenter.storm import Drill, Incident, Outage, Surge


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


class AgentState(StrEnum):
    SIGNED_OUT = "signed_out"    # the table of transitions: acd/agents/transitions.py
    READY = "ready"
    RINGING = "ringing"
    TALKING = "talking"
    HELD = "held"            # talks, and the caller is on hold
    WRAPUP = "wrapup"
    PAUSED = "paused"        # with a reason
    AWAY = "away"            # did not answer several calls: rung no more, and the leader knows
    FAULT = "fault"          # signed in where no phone can be reached (C1)


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
    stage: int = 0                       # 0 primary, 1 backup, 2 other teams, 3 outside numbers
    ringing: tuple[str, ...] = ()        # seats that ring now
    seat: str | None = None              # who talks
    agent: str | None = None             # … and the code of who sits there
    priority: int = 0                    # points, as it came into the queue
    expected_wait_s: float | None = None # what it was told when it joined the queue
    callback_id: str | None = None       # set: nobody on the line yet, a place in the queue kept for this callback
    parked: str = ""                     # the slot where an agent has parked it
    emergency: bool = False              # the key for people in danger was pressed (F5)


@dataclass(frozen=True)
class Seat:
    seat: str
    name: str
    kind: str                            # primary, backup or leader
    state: SeatState
    since: datetime
    call_id: str | None = None
    agent: str | None = None             # the code of who is signed in there


@dataclass(frozen=True)
class AgentShown:
    """An agent as the board shows one. In fixed seating a seat is its own agent, with the seat's number as code."""

    code: str
    name: str
    team: str
    state: AgentState
    since: datetime
    seat: str | None = None
    reason: str = ""                     # of a pause; the cause of a fault
    call_id: str | None = None
    until: datetime | None = None        # when the wrap-up ends by itself
    missed: int = 0                      # calls not answered, one after the other
    help_since: datetime | None = None   # asks the leader for help (D2)
    help_reason: str = ""
    recording_paused: bool = False
    consulting: bool = False             # an attended transfer has begun and is neither completed nor cancelled


class CallbackState(StrEnum):
    WAITING = "waiting"      # its place in the queue is kept
    RINGING = "ringing"      # an agent has taken it, the caller is being rung
    TALKING = "talking"
    RETRY = "retry"          # did not answer; due again at `next_at`
    DONE = "done"
    FAILED = "failed"        # tried as often as the rule says
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Callback:
    callback_id: str
    queue: str
    number: str
    state: CallbackState
    asked_at: datetime
    since: datetime
    attempts: int = 0
    next_at: datetime | None = None
    call_id: str | None = None           # the call that asked for it


@dataclass(frozen=True)
class QueueWait:
    """What a caller who comes now is told, and how right the last estimates were."""

    queue: str
    waiting: int
    expected_s: float | None             # None: nobody is there to answer
    error_s: float | None = None         # mean absolute error of the last answered calls' estimates
    agents: int = 0                      # signed in and not paused
    closed: bool = False                 # by a person: no new caller enters it


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

    # entered identified queued rang missed answered overflowed requeued survey voicemail callback; rescued: the phone of whoever
    # talked has died, the caller goes back to the queue; released: a seat rings or talks no more, and nobody in its place yet
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
    agents: tuple[AgentShown, ...] = ()


@dataclass(frozen=True)
class AgentChanged(Event):
    agent: AgentShown


@dataclass(frozen=True)
class QueueWaitChanged(Event):
    wait: QueueWait


@dataclass(frozen=True)
class CallRanLong(Event):
    """A4: told before the limit and at it; the call goes on."""

    call_id: str
    agent: str | None
    seat: str | None
    minutes: int
    at_limit: bool


@dataclass(frozen=True)
class SeatFaultChanged(Event):
    """C1. `ended_at` None: it goes on."""

    seat: str
    agent: str
    began_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True)
class DriftMended(Event):
    """Asterisk was not as it should be and nobody had asked for that; `mended` says what was sent, for a log."""

    node: str
    mended: tuple[str, ...]


@dataclass(frozen=True)
class OrderCarriedOut(Event):
    """Who asked acd for what, and how it ended: the audit trail is made from it."""

    order_id: str
    by: str
    command: str                         # the command's class name
    subject: str                         # "agent:801", "call:node1-…"
    code: str
    detail: str = ""


@dataclass(frozen=True)
class CallbackChanged(Event):
    callback: Callback


@dataclass(frozen=True)
class RosterChanged(Event):
    roster: Roster                       # from crm: agents, skills, teams


@dataclass(frozen=True)
class AsteriskCounted(Event):
    """What app_queue itself has counted in one of its queues since Asterisk was started; said once a minute. `name` is Asterisk's
    name of the queue (callcenter/stages.py), `queue` the site's, "" for a seat's own."""
    node: str
    name: str
    queue: str
    stage: int | None
    calls: int                           # wait now
    completed: int
    abandoned: int                       # app_queue's word for all who left without having talked
    since: datetime


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
    estate_id: int | None = None         # None: of no estate


HIDDEN_FROM: Final = "hidden_from"     # of a DeskChanged's data: the user whom it is about, who is not to know of it (D3)


@dataclass(frozen=True)
class DeskChanged(Event):
    """A row of the desk's outbox: told at least once, with the same `entry_id` each time. No personal data in it."""

    entry_id: int
    what: str                            # "ticket.opened"
    subject: str                         # "ticket:17"
    estate_id: int | None = None         # None: of no estate
    data: dict[str, Any] = field(default_factory=dict)


# --- the storm, told by crm; each is said again every few seconds while it lasts, so that a board made anew has it -----

@dataclass(frozen=True)
class SurgeChanged(Event):
    surge: Surge


@dataclass(frozen=True)
class OutageChanged(Event):
    outage: Outage


@dataclass(frozen=True)
class IncidentChanged(Event):
    incident: Incident


@dataclass(frozen=True)
class DrillChanged(Event):
    drill: Drill


@dataclass(frozen=True)
class LineSwitched(Event):
    """From acd, at each start too: where new callers go from now on, or that they come here again (C7)."""

    line: LineSwitch


AnyEvent = (CallChanged | CallEnded | SeatChanged | FloorReset | AgentChanged | QueueWaitChanged | CallRanLong
            | SeatFaultChanged | DriftMended | OrderCarriedOut | CallbackChanged | RosterChanged | AsteriskCounted | HealthChanged
            | FiguresUpdated | CallRecordWritten | TicketOpened | DeskChanged | SurgeChanged | OutageChanged | IncidentChanged
            | DrillChanged | LineSwitched)

_TYPES: dict[str, TypeAdapter[Any]] = {kind.__name__: TypeAdapter(kind) for kind in get_args(AnyEvent)}


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
    agents: dict[str, AgentShown] = field(default_factory=dict)
    waits: dict[str, QueueWait] = field(default_factory=dict)
    callbacks: dict[str, Callback] = field(default_factory=dict)     # those that are not over
    surge: Surge = field(default_factory=Surge)
    outages: dict[str, Outage] = field(default_factory=dict)         # those that are not over
    incidents: dict[str, Incident] = field(default_factory=dict)     # … not over
    drill: Drill | None = None                                       # one at a time
    line: LineSwitch = field(default_factory=LineSwitch)
