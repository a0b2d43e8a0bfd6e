"""What an agent may do in which state, and what becomes of it: one table, and the book's changes that follow from it.

Rows are what an agent is shown as (acd/agents/shown.py), columns what happens. REST is where the book leaves an agent whose
phone is idle: away, paused, in wrap-up or ready, the first that holds. STAYS changes no state, perhaps the book: a pause
asked for in a talk is noted and begins after it. A text is the code with which the order is refused.

The columns of orders are consulted here; those of the phone say what acd/agents/shown.py derives from the facts, and
tests/unit/acd/test_agents_table.py tries every cell. No cell leads nowhere: RESUME, PHONE_BACK and HUNG_UP together lead
from every state but SIGNED_OUT to READY.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Self

from acd.agents.surge import LIFTED
from acd.desired.book import Book, SeatFault, SignedIn
from callcenter.commands import (
    DONE,
    AskHelp,
    CloseQueue,
    EndHelp,
    ExtendWrapUp,
    MoveSeat,
    Pause,
    Resume,
    SignIn,
    SignOut,
)
from callcenter.events import AgentState
from callcenter.numbers import fits
from callcenter.roster import Roster
from callcenter.site import Site


class Column(StrEnum):
    SIGN_IN = "sign in"              # at the seat where one sits, or anew
    MOVE = "move"                    # or sign in elsewhere; to a free seat that can be reached
    SIGN_OUT = "sign out"
    PAUSE = "pause"
    RESUME = "resume"
    EXTEND = "extend wrap-up"
    HELP = "ask or end help"
    RANG = "rang"
    ANSWERED = "answered"
    HELD = "held"
    UNHELD = "unheld"
    HUNG_UP = "hung up"              # whoever it was, talking or still ringing
    MISSED = "missed"
    MISSED_OUT = "missed too often"
    WRAPUP_OVER = "wrap-up over"
    PHONE_GONE = "phone gone"        # for longer than a new registration takes
    PHONE_BACK = "phone back"


class Step(StrEnum):
    REST = "rest"
    STAYS = "stays"


class Refusal(StrEnum):
    NOT_SIGNED_IN = "not_signed_in"
    NOT_NOW = "not_now"
    UNKNOWN_AGENT = "unknown_agent"
    UNKNOWN_SEAT = "unknown_seat"
    UNKNOWN_QUEUE = "unknown_queue"
    SEAT_TAKEN = "seat_taken"
    SEAT_UNREACHABLE = "seat_unreachable"
    SURGE = "surge"                  # no pause but a break or a meal is begun in a surge (B2)
    REFUSED = "refused"              # fixed seating: nobody signs in, out or elsewhere


Cell = AgentState | Step | Refusal
S = AgentState
_, R = Step.STAYS, Step.REST
OUT, NO, NOT = S.SIGNED_OUT, Refusal.NOT_SIGNED_IN, Refusal.NOT_NOW

# fmt: off
ORDERS: Final[dict[AgentState, tuple[Cell, ...]]] = {
    #              SIGN_IN  MOVE      SIGN_OUT PAUSE     RESUME EXTEND    HELP
    S.SIGNED_OUT: (R,       NO,       NO,      NO,       NO,    NO,       NO),
    S.READY:      (_,       _,        OUT,     S.PAUSED, _,     NOT,      _),
    S.RINGING:    (_,       R,        OUT,     _,        _,     NOT,      _),
    S.TALKING:    (_,       R,        OUT,     _,        _,     NOT,      _),
    S.HELD:       (_,       R,        OUT,     _,        _,     NOT,      _),
    S.WRAPUP:     (_,       _,        OUT,     S.PAUSED, S.READY, _,      _),
    S.PAUSED:     (_,       _,        OUT,     _,        S.READY, NOT,    _),
    S.AWAY:       (_,       _,        OUT,     S.PAUSED, S.READY, NOT,    _),
    S.FAULT:      (_,       R,        OUT,     _,        _,     NOT,      _),
}
PHONE: Final[dict[AgentState, tuple[Cell, ...]]] = {
    #              RANG       ANSWERED   HELD    UNHELD     HUNG_UP MISSED MISSED_OUT WRAPUP_OVER PHONE_GONE PHONE_BACK
    S.SIGNED_OUT: (_,         _,         _,      _,         _,      _,     _,         _,          _,         _),
    S.READY:      (S.RINGING, _,         _,      _,         _,      _,     S.AWAY,    _,          S.FAULT,   _),
    S.RINGING:    (_,         S.TALKING, _,      _,         R,      R,     S.AWAY,    _,          S.FAULT,   _),
    S.TALKING:    (_,         _,         S.HELD, _,         R,      _,     _,         _,          S.FAULT,   _),
    S.HELD:       (_,         _,         _,      S.TALKING, R,      _,     _,         _,          S.FAULT,   _),
    S.WRAPUP:     (S.RINGING, _,         _,      _,         _,      _,     S.AWAY,    S.READY,    S.FAULT,   _),
    S.PAUSED:     (S.RINGING, _,         _,      _,         _,      _,     S.AWAY,    _,          S.FAULT,   _),
    S.AWAY:       (S.RINGING, _,         _,      _,         _,      _,     _,         _,          S.FAULT,   _),
    S.FAULT:      (_,         _,         _,      _,         _,      _,     _,         _,          _,         R),
}
# fmt: on
TABLE: Final[dict[tuple[AgentState, Column], Cell]] = {
    (state, column): cell
    for state in AgentState for column, cell in zip(Column, (*ORDERS[state], *PHONE[state]), strict=True)
}

_COLUMNS: Final[dict[type[Any], Column]] = {
    SignIn: Column.SIGN_IN, MoveSeat: Column.MOVE, SignOut: Column.SIGN_OUT, Pause: Column.PAUSE, Resume: Column.RESUME,
    ExtendWrapUp: Column.EXTEND, AskHelp: Column.HELP, EndHelp: Column.HELP,
}
AgentCommand = SignIn | SignOut | MoveSeat | Pause | Resume | ExtendWrapUp | AskHelp | EndHelp
AGENT_COMMANDS: Final[tuple[type[Any], ...]] = tuple(_COLUMNS)


@dataclass(frozen=True)
class Rules:
    """What the site file says about agents."""

    free_seating: bool = False
    seats: frozenset[str] = frozenset()
    browsers: frozenset[str] = frozenset()       # seats whose phone is the page, which gets there by signing in
    mobiles: frozenset[str] = frozenset()        # seats whose phone is a mobile, with these numbers and no others
    numbers: tuple[str, ...] = ()
    queues: frozenset[str] = frozenset()
    misses: int = 3
    fault_after: timedelta = timedelta(seconds=6)
    wrapup_extension: timedelta = timedelta(seconds=300)
    ring_ms: int = 5000          # a ring that its stage's end cut shorter than one ring is no miss

    @classmethod
    def of(cls, site: Site) -> Self:
        return cls(
            free_seating=site.free_seating, seats=frozenset(seat.seat for seat in site.seats),
            browsers=frozenset(site.browser_seats), mobiles=frozenset(site.mobile_seats), numbers=site.dialling.numbers,
            queues=frozenset(queue.id for queue in site.queues), misses=site.desk.misses,
            fault_after=timedelta(seconds=site.desk.fault_after),
            wrapup_extension=timedelta(seconds=site.desk.wrapup_extension), ring_ms=site.ring.seconds * 1000)


@dataclass(frozen=True)
class Situation:
    """An agent at the moment of an order. `since`: of the state; `wrapup_until` None while no wrap-up runs."""

    now: datetime
    state: AgentState
    since: datetime
    wrapup_until: datetime | None = None
    reachable: frozenset[str] = frozenset()      # seats with a phone


@dataclass(frozen=True)
class Decision:
    """`ends_wrapup`: what app_queue still keeps of a wrap-up is over too."""

    book: Book
    code: str = DONE
    detail: str = ""
    ends_wrapup: bool = False


def decide(book: Book, command: AgentCommand, rules: Rules, roster: Roster, at: Situation) -> Decision:
    """The book after the order, or the same book and why not."""
    if command.agent not in roster.agents and command.agent not in book.agents:
        return Decision(book, Refusal.UNKNOWN_AGENT)
    if not rules.free_seating and isinstance(command, SignIn | SignOut | MoveSeat):
        return Decision(book, Refusal.REFUSED)
    column = _COLUMNS[type(command)]
    if isinstance(command, SignIn) and command.agent in book.agents and book.agents[command.agent].seat != command.seat:
        column = Column.MOVE
    cell = TABLE[at.state, column]
    if isinstance(cell, Refusal):
        return Decision(book, cell)
    if isinstance(command, SignIn | MoveSeat):
        return _seat(book, command, rules, at)
    entry = book.agents[command.agent]
    if isinstance(command, Pause) and book.tier and command.reason in LIFTED:
        return Decision(book, Refusal.SURGE)
    match command:
        case SignOut():
            return Decision(_without(book, command.agent), detail=entry.seat)
        case Pause(reason=reason):
            return Decision(_with(book, replace(entry, pause=reason, away=False, missed=0, lifted=None)))
        case Resume():
            return Decision(_with(book, replace(entry, pause=None, away=False, missed=0, wrapup_until=None, lifted=None)),
                            ends_wrapup=at.wrapup_until is not None)
        case ExtendWrapUp(seconds=seconds):
            until = min((at.wrapup_until or at.now) + timedelta(seconds=max(seconds, 0)), at.since + rules.wrapup_extension)
            if until <= (at.wrapup_until or at.now):
                return Decision(book, Refusal.NOT_NOW)
            return Decision(_with(book, replace(entry, wrapup_until=until)), detail=until.isoformat())
        case AskHelp(reason=reason):
            since = entry.help_since or at.now
            return Decision(_with(book, replace(entry, help_since=since, help_reason=reason or entry.help_reason)))
        case EndHelp():
            return Decision(_with(book, replace(entry, help_since=None, help_reason="")))


def decide_queue(book: Book, command: CloseQueue, rules: Rules) -> Decision:
    if command.queue not in rules.queues:
        return Decision(book, Refusal.UNKNOWN_QUEUE)
    closed = book.closed | {command.queue} if command.closed else book.closed - {command.queue}
    return Decision(replace(book, closed=closed))


def _seat(book: Book, command: SignIn | MoveSeat, rules: Rules, at: Situation) -> Decision:
    """At a seat, or elsewhere: all that was asked for moves along. What only app_queue knew of a wrap-up stays behind with
    the old seat, so the book keeps the rest of it."""
    if command.seat not in rules.seats:
        return Decision(book, Refusal.UNKNOWN_SEAT)
    there, entry = book.at(command.seat), book.agents.get(command.agent)
    if there is not None and there.agent != command.agent:
        return Decision(book, Refusal.SEAT_TAKEN, there.agent)
    if there is not None:
        return Decision(book, detail=command.seat)
    number = command.number if isinstance(command, SignIn) and command.seat in rules.mobiles else ""
    if command.seat in rules.mobiles:
        if not fits(rules.numbers, number):
            return Decision(book, Refusal.SEAT_UNREACHABLE)
    elif command.seat not in at.reachable | rules.browsers:
        return Decision(book, Refusal.SEAT_UNREACHABLE)
    if entry is None:
        return Decision(adopt(book, command.agent, command.seat, at.now, number), detail=command.seat)
    moved = replace(entry, seat=command.seat, number=number, wrapup_until=at.wrapup_until or entry.wrapup_until)
    return Decision(_with(book, moved), detail=command.seat)


# --- what happens at the phone

def adopt(book: Book, agent: str, seat: str, now: datetime, number: str = "") -> Book:
    """Asterisk says that this agent sits there and is ready: signed in or back from a pause while acd was dead, or the book
    was lost. Who sat there before no longer does; who sat elsewhere has moved. `number`: of a mobile."""
    there, entry = book.at(seat), book.agents.get(agent)
    if there is not None and there.agent != agent:
        book = _without(book, there.agent)
    ready = SignedIn(agent, seat, now, number=number)
    if entry is not None:
        ready = replace(ready, since=entry.since, help_since=entry.help_since, help_reason=entry.help_reason)
    return _with(book, ready)


def answered(book: Book, seat: str) -> Book:
    """The count of missed calls begins anew."""
    entry = book.at(seat)
    return _with(book, replace(entry, missed=0)) if entry and entry.missed and not entry.away else book


def missed(book: Book, seat: str, rules: Rules, ring_ms: int) -> Book:
    """One call more not answered; away after the last that the site allows. 0 ms: refused at the phone, a miss as well."""
    entry = book.at(seat)
    if entry is None or entry.away or 0 < ring_ms < rules.ring_ms:
        return book
    return _with(book, replace(entry, missed=entry.missed + 1, away=entry.missed + 1 >= rules.misses))


def end_wrapups(book: Book, now: datetime) -> Book:
    for entry in book.agents.values():
        if entry.wrapup_until is not None and entry.wrapup_until <= now:
            book = _with(book, replace(entry, wrapup_until=None))
    return book


def fault_began(book: Book, seat: str, since: datetime) -> Book:
    """Calls that rang at a dead phone are nobody's misses."""
    entry = book.at(seat)
    if entry is None or seat in book.faults:
        return book
    return replace(_with(book, replace(entry, missed=0)), faults={**book.faults, seat: SeatFault(entry.agent, since)})


def fault_ended(book: Book, seat: str) -> Book:
    """Whoever sits there now, or nobody: a fault lasts as long as the phone is gone."""
    return replace(book, faults={key: fault for key, fault in book.faults.items() if key != seat}) if seat in book.faults else book


def _with(book: Book, entry: SignedIn) -> Book:
    return replace(book, agents={**book.agents, entry.agent: entry})


def _without(book: Book, agent: str) -> Book:
    return replace(book, agents={code: entry for code, entry in book.agents.items() if code != agent})
