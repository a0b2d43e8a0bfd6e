"""What people read at the desk, each beside SQL written by hand for the same answer, in turn, in the same run.

Both give back the same values. Two things are measured: the whole way of an answer, with the ORM, the rights and the masks, and
what the database has to do for it: the statements that were said, said once more to the bare driver. The bar is on the second: an
index that is missing or a query too many shows there, and grows with the data, whereas Python's part is a page's, however many
households there are.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from acd_result import Result
from agi_households import SEED, number_of
from crm_by_hand import Hand
from crm_complaints import Complaints
from crm_fill import KINDS, NOW, PEOPLE, Desk, estate_of
from sqlalchemy import event
from sqlalchemy.orm import Session

from callcenter.private import Private
from callcenter.roles import Role
from callcenter.site.schema import Privacy
from crm.database import Database
from crm.households.history import history
from crm.households.service import lookup
from crm.privacy.service import View
from crm.reports.service import Asked, day_bounds, figure_rows
from crm.reports.slices import By
from crm.staff.actor import Actor
from crm.tickets.listing import Wanted, tickets

BAR: Final = 1.5
ROUNDS: Final = 150
AGAIN: Final = 3
BOSS: Final = Actor("user1", 1, frozenset({Role.MANAGER}))
SEES_ALL: Final = View(BOSS, Privacy(unmasked=dict.fromkeys(Private, (Role.MANAGER,))))


@dataclass(frozen=True)
class Read:
    """Two ways to one answer; each gives a key, of which both get the same."""

    name: str
    keys: Callable[[random.Random], Any]
    ours: Callable[[Session, Any], Any]
    by_hand: Callable[[Session, Any], Any]


def reads(desk: Desk, hand: Hand) -> Iterator[Read]:
    def household(chance: random.Random) -> int:
        return chance.randrange(1, desk.households + 1)

    def listed(wanted: Callable[[Any], Wanted]) -> Callable[[Session, Any], Any]:
        return lambda session, key: tickets(session, SEES_ALL, wanted(key)).items

    yield Read("lookup", lambda chance: f"0{number_of(household(chance))}", lookup, hand.lookup)
    yield Read("list_kind", lambda chance: KINDS[chance.randrange(len(KINDS))],
               listed(lambda kind: Wanted(kind=kind, state="open")),
               lambda session, kind: hand.tickets(session, "kind = :key AND state = 'open'", kind))
    yield Read("list_estate", lambda chance: estate_of(household(chance)),
               listed(lambda estate: Wanted(estate_id=estate, state="open")),
               lambda session, estate: hand.tickets(session, "estate_id = :key AND state = 'open'", estate))
    yield Read("list_assignee", lambda chance: chance.randrange(1, PEOPLE + 1),
               listed(lambda person: Wanted(assignee=f"user{person}", state="open")),
               lambda session, person: hand.tickets(session, "assignee_id = :key AND state = 'open'", person))
    yield Read("list_number", lambda chance: f"+86{number_of(household(chance))}",
               listed(lambda number: Wanted(contact_number=number)),
               lambda session, number: hand.tickets(session, "contact_number = :key", number))
    yield Read("history", household, lambda session, key: history(session, BOSS, key).items, hand.history)


def month(desk: Desk, hand: Hand) -> Read:
    """The figures of every queue and day of a month: half a year back, so that all of it is over."""
    tz = ZoneInfo(desk.site.timezone)
    asked = Asked(By.QUEUE, date(2026, 5, 1), date(2026, 5, 31))
    begin, end = day_bounds(asked.first, tz)[0], day_bounds(asked.last, tz)[1]

    def ours(session: Session, _: Any) -> list[tuple[str, str, list[float | None]]]:
        return [(row.key, f"{row.begin.astimezone(tz):%Y-%m-%d}",
                 [None if value is None else round(float(value), 3) for value in (
                     row.offered, row.short_abandons, row.answered, row.abandoned, row.overflowed, row.asa_s, row.mean_ring_s,
                     row.aht_s)]) for row in figure_rows(session, asked, tz, desk.site, NOW)]

    return Read("month", lambda _: None, ours, lambda session, _: hand.month(session, begin, end, end + timedelta(hours=2)))


def complaints(database: Database, desk: Desk, hand: Hand) -> Read:
    both = Complaints(hand, database.engine.dialect.name, BOSS, ZoneInfo(desk.site.timezone))
    return Read("complaints", lambda _: None, lambda session, _: both.ours(session), lambda session, _: both.by_hand(session))


def measure(database: Database, desk: Desk, rounds: int = ROUNDS) -> Result:
    result = Result(met=True, lines=["read            SQL ms  by hand  ratio   whole ms  by hand  ratio"])
    hand = Hand(database.engine.dialect.name)
    for read in reads(desk, hand):
        add(result, read.name, timed(database, read, rounds))
    for read in (month(desk, hand), complaints(database, desk, hand)):
        add(result, read.name, timed(database, read, 3))
    return result


@dataclass(frozen=True)
class Took:
    """Medians in ms."""

    whole: float
    sql: float
    whole_by_hand: float
    sql_by_hand: float


def timed(database: Database, read: Read, rounds: int) -> Took:
    """Raises AssertionError when the answers differ."""
    chance = random.Random(SEED)
    pairs = []
    for turn in range(rounds + 3):      # the first ones compile and fill caches
        key = read.keys(chance)
        both = [_once(database, way, key) for way in ((read.ours, read.by_hand) if turn % 2 else (read.by_hand, read.ours))]
        (whole, sql, answer), (whole_by_hand, sql_by_hand, same) = both if turn % 2 else both[::-1]
        assert answer == same, f"{read.name} of {key}: {answer} is not {same}"
        pairs.append((whole, sql, whole_by_hand, sql_by_hand))
    pairs = pairs[min(3, len(pairs) - 1):]
    return Took(*(statistics.median(value) for value in zip(*pairs, strict=True)))


def add(result: Result, name: str, took: Took) -> None:
    ratio = took.sql / took.sql_by_hand
    result.lines.append(f"{name:<15}{took.sql:>9.2f}{took.sql_by_hand:>9.2f}{ratio:>7.2f}{took.whole:>11.2f}{took.whole_by_hand:>9.2f}"
                        f"{took.whole / took.whole_by_hand:>7.2f}{'' if ratio <= BAR else '  MISSED'}")
    result.figures |= {f"{name}_{key}_ms": round(value, 3) for key, value in asdict(took).items()}
    result.figures[f"{name}_ratio"] = round(ratio, 2)
    result.met &= ratio <= BAR


@dataclass
class Said:
    """What a way says to the database."""

    statements: list[tuple[str, Any]] = field(default_factory=list)

    def hear(self, _connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement != "BEGIN":
            self.statements.append((statement, parameters))


def _once(database: Database, way: Callable[[Session, Any], Any], key: Any) -> tuple[float, float, Any]:
    """Milliseconds of the whole way, and of its statements alone, said again to the driver, the quickest of three times; and the
    answer."""
    said = Said()
    with database.reading() as session:
        clock = _clock(session)
        event.listen(database.engine, "before_cursor_execute", said.hear)
        began = clock()
        answer = way(session, key)
        whole = clock() - began
        event.remove(database.engine, "before_cursor_execute", said.hear)
    with database.reading() as session:
        clock = _clock(session)
        cursor: Any = session.connection().connection.cursor()
        alone = float("inf")
        for _ in range(AGAIN):
            began = clock()
            for statement, parameters in said.statements:
                cursor.execute(statement, parameters)
                if cursor.description is not None:      # else it gives no rows
                    cursor.fetchall()
            alone = min(alone, clock() - began)
        cursor.close()
    return whole * 1000, alone * 1000, answer


def _clock(session: Session) -> Callable[[], float]:
    """Seconds of work, whoever else is on the machine: SQLite works in this thread, PostgreSQL in a process of its own too, which
    has no helpers here (crm_databases.py). Where the system does not tell a process' time: those of the clock on the wall."""
    driver: Any = session.connection().connection.driver_connection
    if session.get_bind().dialect.name == "sqlite":
        return time.thread_time
    its = Path(f"/proc/{driver.info.backend_pid}/schedstat")
    if not its.exists():
        return time.perf_counter
    return lambda: time.thread_time() + int(its.read_text().split()[0]) / 1e9
