"""The desk of bench/crm.py: households, a year of their calls, open tickets with a clock each; the same ones every time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final

from agi_households import SEED, number_of
from crm_complaints_fill import COMPLAINT, complained, complaint_moves, ended, household_of
from crm_databases import Filler

from callcenter.site import Site
from crm.clocks.clock import next_at, start
from crm.clocks.office import calendars
from crm.clocks.terms import kept, terms_of
from crm.database import Database
from crm.kinds.service import kind_of, put_shipped

PER_BUILDING: Final = 400
PER_ESTATE: Final = 40
YEAR: Final = timedelta(days=365)
NOW: Final = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
KINDS: Final = ("repair", "complaint", "enquiry", "suggestion")
AGENTS: Final = 60
PEOPLE: Final = 40           # users who own and work on tickets


@dataclass(frozen=True)
class Desk:
    """A ticket for every second household, a call for each."""

    households: int
    site: Site

    @property
    def calls(self) -> int:
        return self.households

    @property
    def tickets(self) -> int:
        return self.households // 2

    @cached_property
    def estates(self) -> int:
        return estate_of(self.households)


def estate_of(household: int) -> int:
    return (household // PER_BUILDING + 1) // PER_ESTATE + 1


def fill(database: Database, desk: Desk) -> dict[str, int]:
    """How many rows each table has got."""
    with database.writing.begin() as session:
        put_shipped(session, NOW)
    filler = Filler(database)
    everyone = range(1, desk.households + 1)
    buildings = desk.households // PER_BUILDING + 1
    added = NOW - YEAR
    rows = {
        "estates": filler.table("estates", ("id", "name"), ((n, f"小区{n}") for n in range(1, desk.estates + 1))),
        "buildings": filler.table("buildings", ("id", "estate_id", "name"),
                                  ((n, n // PER_ESTATE + 1, str(n)) for n in range(1, buildings + 1))),
        "households": filler.table(
            "households", ("id", "building_id", "estate_id", "unit", "room", "label", "room_key", "tags", "language", "version"),
            ((n, n // PER_BUILDING + 1, estate_of(n), "1", str(n % PER_BUILDING), room, room, [], "zh", 1)
             for n in everyone for room in [f"{n // PER_BUILDING + 1}-1-{n % PER_BUILDING}"])),
        "people": filler.table("people", ("id", "household_id", "name", "role"), ((n, n, f"王{n}", "owner") for n in everyone)),
        "phone_numbers": filler.table("phone_numbers", ("id", "number", "person_id", "added_at", "label", "place"),
                                      ((n, f"+86{number_of(n)}", n, added, "mobile", 0) for n in everyone)),
        "users": filler.table("users", ("id", "name", "password_hash", "roles", "active", "created_at"),
                              ((n, f"user{n}", "", ["agent"], True, added) for n in range(1, PEOPLE + 1))),
        "calls": filler.table("calls", tuple(_CALL), _calls(desk)),
        "queue_visits": filler.table("queue_visits", ("call_id", "place", "queue", "queued_at", "stage", "answered_at", "seat",
                                                      "left_at", "gave_up"), _visits(desk)),
        "talk_segments": filler.table("talk_segments", ("call_id", "place", "seat", "agent", "kind", "began_at", "ended_at"),
                                      _talk(desk)),
        "agent_states": filler.table("agent_states", ("node", "agent", "seat", "state", "reason", "by", "call_id", "began_at",
                                                      "ended_at"), _states(desk)),
        "contact_log": filler.table("contact_log", ("source", "call_id", "seat", "at", "household_id", "declined_contact",
                                                    "matter"), _contacts(desk)),
        "tickets": filler.table("tickets", _TICKET, _tickets(desk)),
        "ticket_events": filler.table("ticket_events", ("ticket_id", "at", "who", "what", "data"),
                                      complaint_moves(_complaints(desk))),
        "ticket_clocks": filler.table("ticket_clocks", _CLOCK, _clocks(database, desk)),
        "ended clocks": filler.table("ticket_clocks", (*_CLOCK, "ended_at", "kept"), _ended_clocks(desk)),
    }
    filler.analyse()
    return rows


@dataclass(frozen=True)
class _Call:
    call_id: str
    place: int
    household: int
    at: datetime
    wait: float
    talk: float | None
    agent: str
    queue: str


def _each(desk: Desk) -> Iterator[_Call]:
    chance = random.Random(SEED)
    queues = [queue.id for queue in desk.site.queues]
    step = YEAR / desk.calls
    for n in range(desk.calls):
        at = NOW - YEAR + n * step
        at = at.replace(microsecond=0)
        wait = float(chance.randrange(1, 40))
        talk = float(chance.randrange(20, 300)) if chance.random() < 0.9 else None
        yield _Call(f"node1-{int(at.timestamp())}.{n}", n, chance.randrange(1, desk.households + 1), at, wait, talk,
                    f"8{n % AGENTS:02}", queues[n % len(queues)])


_CALL: Final = ("call_id", "node", "dialled", "number", "household_id", "menu_keys", "queue", "stage", "entered_at", "started_at",
                "queued_at", "rang_at", "answered_at", "ended_at", "answered_by", "answered_agent", "seats_rung", "outcome",
                "ring_s", "wait_s", "talk_s", "fold")


def _calls(desk: Desk) -> Iterator[tuple[Any, ...]]:
    for one in _each(desk):
        answered = one.at + timedelta(seconds=one.wait) if one.talk else None
        ended = one.at + timedelta(seconds=one.wait + (one.talk or 0))
        yield (one.call_id, "node1", "4008006666", f"+86{number_of(one.household)}", one.household, ["main:1"], one.queue,
               int(one.wait > 30), one.at, one.at, one.at, one.at + timedelta(seconds=1), answered, ended,
               "1001" if one.talk else None, one.agent if one.talk else None, ["1001"],
               "answered" if one.talk else "short_abandon" if one.wait <= 5 else "abandoned", one.wait - 1 if one.talk else None,
               one.wait, one.talk, {"call_id": one.call_id})


def _visits(desk: Desk) -> Iterator[tuple[Any, ...]]:
    for one in _each(desk):
        answered = one.at + timedelta(seconds=one.wait)
        yield (one.call_id, 0, one.queue, one.at, int(one.wait > 30), answered if one.talk else None,
               "1001" if one.talk else None, answered + timedelta(seconds=one.talk or 0), not one.talk)


def _talk(desk: Desk) -> Iterator[tuple[Any, ...]]:
    for one in _each(desk):
        if one.talk:
            answered = one.at + timedelta(seconds=one.wait)
            yield one.call_id, 0, "1001", one.agent, "talk", answered, answered + timedelta(seconds=one.talk)


def _states(desk: Desk) -> Iterator[tuple[Any, ...]]:
    for one in _each(desk):
        if one.talk:
            answered = one.at + timedelta(seconds=one.wait)
            ended = answered + timedelta(seconds=one.talk)
            for state, began_at, ended_at in (("talking", answered, ended), ("wrapup", ended, ended + timedelta(seconds=20))):
                yield "node1", one.agent, "1001", state, "", "acd", one.call_id, began_at, ended_at


def _contacts(desk: Desk) -> Iterator[tuple[Any, ...]]:
    return (("call", one.call_id, "1001", one.at, one.household, False, None) for one in _each(desk) if one.talk)


_TICKET: Final = ("id", "number", "kind", "kind_version", "stage", "state", "household_id", "estate_id", "contact_number", "notes",
                  "title", "category", "fields", "owner_id", "assignee_id", "version", "created_at")
_CLOCK: Final = ("ticket_id", "clock", "run", "calendar", "planned_by", "terms", "promised", "standing", "step", "round",
                 "allowed", "spent", "started_at", "since", "due_at", "next_at")


def _tickets(desk: Desk) -> Iterator[tuple[Any, ...]]:
    chance = random.Random(SEED + 1)
    for n in range(1, desk.tickets + 1):
        kind, at = KINDS[n % len(KINDS)], _opened_at(desk, n)
        household = household_of(n, chance.randrange(1, desk.households + 1))
        category, fields = complained(n) if kind == COMPLAINT else (None, {})
        yield (n, f"R{at:%Y%m%d}-{n:06}", kind, 1, "new", "open", household, estate_of(household),
               f"+86{number_of(household)}", "…", f"水管 {n}", category, fields, n % PEOPLE + 1, (n * 7) % PEOPLE + 1, 1, at)


def _opened_at(desk: Desk, ticket: int) -> datetime:
    return NOW - YEAR + ticket * (YEAR / desk.tickets)


def _complaints(desk: Desk) -> Iterator[tuple[int, datetime]]:
    return ((n, _opened_at(desk, n)) for n in range(1, desk.tickets + 1) if KINDS[n % len(KINDS)] == COMPLAINT)


def _clocks(database: Database, desk: Desk) -> Iterator[tuple[Any, ...]]:
    """One each, all of them open: next to happen is something far away."""
    with database.reading() as session:
        kind = kind_of(session, "callback").kind
        by = calendars(session)
    name, rule = next((name, rule) for name, rule in kind.clocks.items() if rule.allowed is not None)
    terms = terms_of(rule, {})
    assert terms is not None  # it is allowed the same time for every ticket
    later = NOW + YEAR
    clock = start(terms, later, by.of(terms.calendar))
    same = kept(terms)
    due_at, happens_at = clock.due_at, next_at(clock, by.of(terms.calendar))
    assert due_at is not None
    assert happens_at is not None
    for n in range(1, desk.tickets + 1):
        apart = timedelta(seconds=n)
        yield (n, name, 1, terms.calendar, by.version, same, False, "running", 0, 1, clock.allowed // timedelta(microseconds=1),
               0, later, later + apart, due_at + apart, happens_at + apart)


def _ended_clocks(desk: Desk) -> Iterator[tuple[Any, ...]]:
    """Promised replies that are over: the tick does not read them, the monthly report does."""
    for ticket, at, was_kept in ended(_complaints(desk)):
        yield (ticket, "reply", 1, "always", 0, {}, True, "stopped", 0, 1, 0, 0, at, None, None, None, at, was_kept)
