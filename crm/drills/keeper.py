"""Plays a drill: has acd call each simulated caller when it is due, ends it when it is over, stopped, or in somebody's way.

All that must not be forgotten is in the database before acd is asked: whoever dies here goes on with the next caller, and
callers whose time went by meanwhile are not made up for.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from callcenter.clock import Clock
from callcenter.commands import Answer, BeginDrill, Command, DrillCall, StopDrill
from callcenter.drills import STOPPED, is_drill
from callcenter.errors import SixringError, Unavailable
from callcenter.events import AnyEvent, Board, CallState, DrillChanged, Health
from callcenter.site import Site
from callcenter.storm import Drill
from crm.database import Database
from crm.drills.due import overdue, remind
from crm.drills.models import DrillRow
from crm.drills.scenario import Caller, Scenario, callers, longest
from crm.drills.service import call_off, end, held, on_board, on_the_line, running
from crm.migrate import is_current
from crm.reports.service import rules_of
from crm.surge.board import NoBoard
from crm.threads import Reports

EVERY_S: Final = 0.5
IDLE_S: Final = 1.0
LATE: Final = timedelta(seconds=5)           # a caller who is due for longer is not begun any more
TELL_EVERY: Final = timedelta(seconds=2)
REMIND_EVERY: Final = timedelta(hours=1)
LOOK_EVERY: Final = timedelta(seconds=5)     # at the board, when no drill is on: it may still say that one is
ACD_AWAY: Final = timedelta(seconds=60)      # for so long, and the drill is over
SETTLES: Final = timedelta(seconds=30)       # so long, after its calls were ended, the journal is waited for

GONE: Final = "too_late"

log = structlog.get_logger("drills")


class Looks(Protocol):
    def read(self) -> Board:
        """Raises NoBoard."""
        ...


class DrillKeeper:
    def __init__(self, database: Database, site: Site, clock: Clock, report: Reports, *, board: Looks,
                 ask: Callable[[Command], Answer], tell: Callable[[AnyEvent], None],
                 read_until: Callable[[], datetime | None]) -> None:
        """`read_until`: all that was journalled by then is in the database."""
        self._database, self._site, self._clock, self._report = database, site, clock, report
        self._board, self._ask, self._tell, self._read_until = board, ask, tell, read_until
        self._plan: tuple[int, Scenario, tuple[Caller, ...]] | None = None
        self._begun: int | None = None           # the drill of which acd knows, from this process
        self._gone_at: datetime | None = None    # … and whose calls it has ended
        self._silent_since: datetime | None = None
        self._told: tuple[Drill, datetime] | None = None
        self._looked_at: datetime | None = None
        self._reminded_at: datetime | None = None
        self._current = self._is_on = False
        self._fault = self._not_reminded = ""

    def rounds(self, stop: threading.Event) -> Iterator[None]:
        while not stop.wait(EVERY_S if self._is_on else IDLE_S):
            try:
                self.step()
            except SQLAlchemyError as error:
                log.warning("drill_waits", error=type(error).__name__)      # the recorder reports the database
                continue
            fault = self._fault or self._not_reminded
            self._report("drills", Health.DEGRADED if fault else Health.OK, fault)
            yield

    def step(self) -> None:
        self._fault = ""
        self._current = self._current or is_current(self._database)
        if not self._current:
            return
        now, until = self._clock.now(), self._read_until()      # before the calls are counted: one that came by then is among them
        with self._database.reading() as session:
            row = running(session)
            self._is_on = row is not None
            lasting = on_the_line(session, row.id) if row is not None else 0
        if row is None:
            self._nothing_on(now)
            return
        if self._plan is None or self._plan[0] != row.id:
            scenario = Scenario.model_validate(row.scenario)
            self._plan, self._gone_at = (row.id, scenario, callers(scenario)), None
        self._say(on_board(row), now)
        if row.state == "running":
            self._play(row, now, lasting, until)
        else:
            self._finish(row.id, row.stopped_at or now, now, lasting, until)

    def _play(self, row: DrillRow, now: datetime, lasting: int, until: datetime | None) -> None:
        assert self._plan is not None  # step has made it
        _, scenario, planned = self._plan
        why = self._in_the_way(scenario, row.began_at, now)
        if why:
            self._call_off(row.id, why, now)
        elif self._is_begun(row.id, scenario):
            self._call(row, [caller for caller in planned[row.asked:] if row.began_at + caller.at <= now], scenario, now)
            asked_for_all = row.asked >= len(planned)
            last = row.began_at + planned[-1].at if planned else row.began_at
            if asked_for_all and not lasting and until is not None and until > last + LATE:
                self._call_off(row.id, "done", now)

    def _in_the_way(self, scenario: Scenario, began_at: datetime, now: datetime) -> str:
        """Why it cannot go on; "" when it can."""
        if now - began_at > longest(self._site.drills):
            return "too_long"
        if self._silent_since is not None and now - self._silent_since > ACD_AWAY:
            return "acd_silent"
        try:
            return harmed(self._board.read(), scenario, timedelta(seconds=self._site.drills.real_waits), now)
        except NoBoard as error:
            self._fault = error.code
            return ""

    def _is_begun(self, drill_id: int, scenario: Scenario) -> bool:
        if self._begun != drill_id:
            answer = self._asked(BeginDrill(drill_id, scenario.agents if scenario.seats == "simulated" else 0))
            if answer is None:
                return False
            if not answer.is_done:
                self._call_off(drill_id, "by_hand" if answer.code == GONE else "refused", self._clock.now())
                return False
            self._begun = drill_id
        return True

    def _call(self, row: DrillRow, due: list[Caller], scenario: Scenario, now: datetime) -> None:
        refused: Counter[str] = Counter()
        for caller in due:
            with self._database.writing.begin() as session:      # before acd is asked: a caller is asked for once, or never
                row = held(session, row.id)
                if row.state != "running" or row.asked >= caller.number:
                    break
                row.asked = caller.number
            if now - (row.began_at + caller.at) > LATE:
                refused["late"] += 1
                continue
            answer = self._asked(DrillCall(
                row.id, caller.number, scenario.number, caller.keys, caller.thinks_s, caller.patience_s, caller.talks_s,
                caller.rings_s, simulated=scenario.seats == "simulated"))
            if answer is not None and answer.code == GONE and answer.detail == STOPPED:
                self._call_off(row.id, "by_hand", now)       # at the console, with the database away
                break
            if answer is None or not answer.is_done:
                refused["acd_silent" if answer is None else answer.detail or answer.code] += 1
            if answer is None:
                break
        if refused:
            with self._database.writing.begin() as session:
                row = held(session, row.id)
                row.refused = dict(Counter(row.refused) + refused)

    def _finish(self, drill_id: int, stopped_at: datetime, now: datetime, lasting: int, until: datetime | None) -> None:
        if not self._are_gone(drill_id) and now - stopped_at <= ACD_AWAY:
            return
        gone_at = self._gone_at or stopped_at + ACD_AWAY
        if now - gone_at <= SETTLES and (lasting or until is None or until <= gone_at):
            return
        with self._database.writing.begin() as session:
            row = held(session, drill_id)
            end(session, row, rules_of(self._site), now)
            ended = on_board(row)
        self._is_on = False
        self._say(ended, now)
        log.info("drill_over", drill=drill_id, why=row.why)

    def _call_off(self, drill_id: int, why: str, now: datetime) -> None:
        with self._database.writing.begin() as session:
            row = held(session, drill_id)
            if row.state == "running":
                call_off(row, why, now)
        self._are_gone(drill_id)

    def _are_gone(self, drill_id: int) -> bool:
        """Its calls; and none is begun any more."""
        if self._gone_at is None and (answer := self._asked(StopDrill(drill_id))) is not None and answer.is_done:
            self._gone_at = self._clock.now()
        return self._gone_at is not None

    def _asked(self, command: Command) -> Answer | None:
        """None: acd does not answer."""
        try:
            answer = self._ask(command)
        except Unavailable as error:
            self._fault, self._silent_since = error.code, self._silent_since or self._clock.now()
            return None
        if answer.code in ("ami_lost", "ami_timed_out", "unavailable"):
            self._fault, self._silent_since = answer.code, self._silent_since or self._clock.now()
            return None
        self._silent_since = None
        return answer

    def _nothing_on(self, now: datetime) -> None:
        """The board must not go on saying that a drill is on: then nobody would believe the real thing."""
        self._plan = self._begun = self._silent_since = None
        self._remind(now)
        if self._looked_at is not None and now - self._looked_at < LOOK_EVERY:
            return
        self._looked_at = now
        try:
            shown = self._board.read().drill
        except NoBoard:
            return
        if shown is not None:
            self._tell(DrillChanged(now, Drill(shown.drill_id, shown.name, shown.since, shown.by, shown.calls, now)))

    def _remind(self, now: datetime) -> None:
        if self._reminded_at is not None and now - self._reminded_at < REMIND_EVERY:
            return
        with self._database.reading() as session:
            is_due = overdue(session, self._site, now) is not None
        self._not_reminded = ""
        if is_due:
            try:
                with self._database.writing.begin() as session:
                    if (last := overdue(session, self._site, now)) is not None:
                        remind(session, self._site, last, now)
            except SixringError as error:        # the site's own kind is another by now: drills themselves go on
                log.error("drill_not_reminded", code=error.code, why=str(error))
                self._not_reminded = f"no_ticket:{error.code}"
        self._reminded_at = now

    def _say(self, drill: Drill, now: datetime) -> None:
        if self._told is None or self._told[0] != drill or now - self._told[1] >= TELL_EVERY:
            self._tell(DrillChanged(now, drill))
            self._told = drill, now


def harmed(board: Board, scenario: Scenario, real_waits: timedelta, now: datetime) -> str:
    """Why a drill must not go on by what the board shows: a real surge; with real seats, a real caller who waits for too long
    although the drill's calls give way."""
    if board.surge.tier and not board.surge.drill:
        return "surge"
    waits = [now - (call.queued_at or call.since) for call in board.calls.values()
             if call.state is CallState.QUEUED and not call.parked and call.callback_id is None
             and not is_drill(call.call_id)]
    return "callers" if scenario.seats == "real" and max(waits, default=timedelta()) > real_waits else ""
