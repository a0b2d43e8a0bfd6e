"""Keeps the surge: reads the figures, moves the tiers, keeps them in the database, tells the board, asks acd for what holds.

Without a board nothing is concluded and the tier stays. Without the database the tiers go on in memory and are written once
it is back; what somebody did by hand meanwhile, in another process, wins.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from callcenter.clock import Clock
from callcenter.commands import Answer, Command, SetSurge
from callcenter.errors import Unavailable
from callcenter.events import AnyEvent, Board, Health, SurgeChanged
from callcenter.site import Site
from callcenter.storm import CalledIn, Surge
from crm.database import Database
from crm.migrate import is_current
from crm.reports.service import rules_of
from crm.surge import telling
from crm.surge.board import NoBoard
from crm.surge.following import CallsIn, follow, is_anything
from crm.surge.lately import Expected, lately
from crm.surge.readings import Lately, signals_of
from crm.surge.stored import Step, holding, keep, locked
from crm.surge.tiers import Signals, State, shown, step
from crm.threads import Reports

EVERY_S: Final = 1.0
TELL_EVERY: Final = timedelta(seconds=3)         # in a surge
ASK_EVERY: Final = timedelta(seconds=5)          # acd, in a surge
ASK_AT_LEAST: Final = timedelta(seconds=30)      # … and in none
WRITE_EVERY: Final = timedelta(seconds=5)        # while something goes on
WRITE_AT_LEAST: Final = timedelta(seconds=30)
NOBODY_LISTENS: Final = frozenset({"redis", "no_board", "acd_silent"})     # then an order would only be waited for
T = TypeVar("T")

log = structlog.get_logger("surge")


class Looks(Protocol):
    def read(self) -> Board:
        """Raises NoBoard."""
        ...


class SurgeKeeper:
    def __init__(self, database: Database, site: Site, clock: Clock, report: Reports, *, board: Looks,
                 ask: Callable[[Command], Answer], tell: Callable[[AnyEvent], None], calls_in: CallsIn | None = None,
                 expected: Expected | None = None) -> None:
        """`calls_in` None: nobody is called in; `expected` None: there is no forecast."""
        self._database, self._site, self._clock, self._report = database, site, clock, report
        self._board, self._ask, self._tell, self._calls_in, self._expected = board, ask, tell, calls_in, expected
        self._policy, self._rules = site.surge, rules_of(site)
        self._writes = 0                             # 0: nothing is known of the database's state yet
        self._state = self._stored = State()
        self._pending: list[Step] = []
        self._surge_id: int | None = None
        self._drill = False
        self._coming: tuple[CalledIn, ...] = ()
        self._told: tuple[Surge, datetime] | None = None
        self._asked: tuple[SetSurge, datetime] | None = None
        self._signals: Signals | None = None
        self._blind = ""                             # why there is no board
        self._faults: list[str] = []

    def rounds(self, stop: threading.Event) -> Iterator[None]:
        while not stop.wait(EVERY_S):
            self.step()
            yield

    def step(self) -> None:
        """One round. What is away is named in the component's state, and the round goes on without it."""
        self._faults = []
        now = self._clock.now()
        self._safely(self._take_over)
        if self._writes == 0:
            self._report("surge", Health.DEGRADED, "database")
            return
        board = self._look()
        if board is not None:
            self._move(board, now)
            self._safely(lambda: self._write(now))
        self._safely(lambda: self._followed(now))
        self._say(board, now)
        self._order(now)
        self._report("surge", Health.DEGRADED if self._faults else Health.OK, self._faults[0] if self._faults else "")

    def _take_over(self) -> None:
        """What the database says, where another process has written since, or this one has not read yet."""
        if self._writes == 0 and not is_current(self._database):
            return
        with self._database.reading() as session:
            held = holding(session)
        if held.writes != self._writes:
            self._state = self._stored = held.state
            self._pending = []
        self._writes, self._surge_id, self._drill = held.writes, held.surge_id, held.drill
        surge_id, calls_in = held.surge_id, self._calls_in
        if surge_id is None or calls_in is None:
            self._coming = ()
        else:
            self._coming = self._guarded("callin_failed", self._coming, lambda session: calls_in.coming(session, surge_id))

    def _look(self) -> Board | None:
        self._blind = ""
        try:
            return self._board.read()
        except NoBoard as error:
            self._blind = error.code
            self._faults.append(error.code)
            return None

    def _move(self, board: Board, now: datetime) -> None:
        if self._surge_id is None:
            self._drill = board.drill is not None and board.drill.surge
        self._signals = signals_of(board, self._lately(now), self._policy, self._rules, now)
        after = step(self._policy, self._state, self._signals)
        if (after.tier, after.held) != (self._state.tier, self._state.held):
            log.warning("surge_tier", before=self._state.tier, tier=after.tier, why=list(after.why))
            self._pending.append(Step(self._state, after, now, None))
        self._state = after

    def _lately(self, now: datetime) -> Lately | None:
        found: Lately | None = self._guarded("database", None, lambda session: lately(session, self._policy, None, now))
        expected = self._expected
        if found is None or expected is None or not self._policy.arrivals.enabled:
            return found
        begin = now - timedelta(seconds=self._policy.arrivals.window)
        return replace(found, expected=self._guarded("forecast_failed", None, lambda session: expected(session, begin, now)))

    def _write(self, now: datetime) -> None:
        """What somebody else has written since holds."""
        if not self._is_to_be_written(now):
            return
        with self._database.writing.begin() as session:
            line = locked(session)
            is_ours = line.writes == self._writes
            if is_ours:
                keep(session, line, self._pending, self._state, self._signals, drill=self._drill)
            writes, surge_id = line.writes, line.surge_id
        if is_ours:
            self._writes, self._surge_id, self._stored, self._pending = writes, surge_id, self._state, []
        else:
            self._take_over()

    def _is_to_be_written(self, now: datetime) -> bool:
        """Whatever changed, at once; that it was looked at, now and then: a restart that finds it longer ago than `blind_after`
        would not count the time."""
        if self._pending or replace(self._state, seen_at=None) != replace(self._stored, seen_at=None):
            return True
        goes_on = self._state.tier > 0 or self._state.over
        every = min(WRITE_EVERY if goes_on else WRITE_AT_LEAST, timedelta(seconds=self._policy.blind_after) / 2)
        return self._stored.seen_at is None or not timedelta(0) <= now - self._stored.seen_at < every

    def _followed(self, now: datetime) -> None:
        """Another part's fault must keep neither the board nor acd from the tier."""
        try:
            self._follow(now)
        except SQLAlchemyError:
            raise
        except Exception as error:
            log.critical("surge_follow_failed", error=repr(error), exc_info=error)
            self._faults.append("follow_failed")

    def _follow(self, now: datetime) -> None:
        with self._database.reading() as session:
            unheard = telling.is_unheard(session, now - timedelta(seconds=self._site.notices.acknowledge_within))
            changed = is_anything(session)
        if unheard:
            with self._database.writing.begin() as session:
                telling.climb(session, self._site, now)
        if not changed:
            return
        above: int | None = 0
        faults: set[str] = set()
        while above is not None:      # past those that fail each time: there may be more of them than one transaction takes
            with self._database.writing.begin() as session:
                done = follow(session, self._site, self._rules, self._calls_in, now, above)
            above = done.last
            faults |= {"callin_failed"} if done.callin_failed else set()
            faults |= {"report_failed"} if done.report_failed else set()
        self._faults += sorted(faults)
        self._take_over()     # who is coming has changed

    def _say(self, board: Board | None, now: datetime) -> None:
        """Whenever the board does not have it; and every few seconds while it lasts."""
        surge = shown(self._policy, self._state, self._surge_id, self._coming, drill=self._drill)
        last = None if self._told is None else self._told[0]
        known = last if board is None else board.surge
        is_due = surge.tier > 0 and (self._told is None or not timedelta(0) <= now - self._told[1] < TELL_EVERY)
        if known != surge or is_due:
            self._tell(SurgeChanged(now, surge))
            self._told = surge, now

    def _order(self, now: datetime) -> None:
        wanted = SetSurge(self._state.tier, self._surge_id)
        every = ASK_EVERY if wanted.tier else ASK_AT_LEAST
        if self._asked is not None and self._asked[0] == wanted and timedelta(0) <= now - self._asked[1] < every:
            return
        if self._blind in NOBODY_LISTENS:
            self._asked = None
            return
        try:
            answer = self._ask(wanted)
        except Unavailable as error:
            self._faults.append(error.code)
            self._asked = None
            return
        if answer.is_done:
            self._asked = wanted, now
        else:
            log.warning("surge_not_set", tier=wanted.tier, code=answer.code)
            self._faults.append(f"refused_{answer.code}")
            self._asked = None

    def _safely(self, work: Callable[[], object]) -> None:
        """Without it while the database is away."""
        try:
            work()
        except SQLAlchemyError as error:
            log.warning("surge_without_database", error=type(error).__name__)
            if "database" not in self._faults:
                self._faults.append("database")

    def _guarded(self, fault: str, otherwise: T, read: Callable[[Session], T]) -> T:
        """In a transaction of its own: another part's fault must not stop the tiers."""
        try:
            with self._database.reading() as session:
                return read(session)
        except Exception as error:
            log.warning("surge_reads_without", part=fault, error=repr(error))
            self._faults.append(fault)
            return otherwise
