"""Gives acd what is due, so many at once. A thread of its own: acd may take seconds, and the journal must not wait for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from callcenter.clock import Clock
from callcenter.commands import Answer, Command, Dial, StopDialling
from callcenter.errors import Unavailable
from callcenter.site import Site
from crm.database import Database
from crm.dialling.log import DialLog, held
from crm.dialling.models import DialTask
from crm.dialling.rules import Quiet
from crm.dialling.schemas import Outcome, Purposes
from crm.dialling.service import why_not

EVERY_S: Final = 0.5
FEW: Final = 50                                # tasks that are looked at a round
BEGUN: Final = "begun"                         # acd's word: this attempt was begun before
CALL_LASTS: Final = timedelta(seconds=300)     # the dialplan ends every call by then
SPARE: Final = timedelta(seconds=30)
SILENT: Final = timedelta(seconds=10)          # acd or Asterisk did not answer
SOON: Final = timedelta(seconds=2)             # no line is free
HELD_BACK: Final = timedelta(seconds=30)       # acd says: only what is urgent now
FOR_URGENT: Final = frozenset({"surge", "quiet"})
_RUNG: Final = DialTask.state.in_(("dialled", "stopping"))

log = structlog.get_logger("dialling")


class Dialler:
    def __init__(self, database: Database, site: Site, purposes: Purposes, clock: Clock, *, ask: Callable[[Command], Answer],
                 read_until: Callable[[], datetime | None]) -> None:
        """`read_until`: up to when the journal is in the database. What is due later may be over by the journal."""
        self._database, self._rule, self._purposes, self._clock = database, site.dialling, purposes, clock
        self._quiet = Quiet(site.dialling, ZoneInfo(site.timezone))
        self._ask, self._read_until = ask, read_until
        self._urgent_only_until = clock.now()

    def rounds(self, stop: threading.Event) -> Iterator[None]:
        while not stop.wait(EVERY_S):
            try:
                self.step()
            except SQLAlchemyError as error:
                log.warning("dialling_waits", error=type(error).__name__)     # the recorder reports the database
                continue
            yield

    def step(self) -> None:
        """Raises SQLAlchemyError."""
        now, known = self._clock.now(), self._read_until()
        if known is None:
            return
        if not self._let_go(now, min(now, known)):
            return
        with self._database.reading() as session:
            leaving = _ids(session, DialTask.state == "stopping")
            busy = session.scalar(select(func.count()).select_from(DialTask).where(_RUNG)) or 0
            due = _ids(session, DialTask.state == "waiting", DialTask.next_at <= min(now, known),
                       DialTask.urgent | (now >= self._urgent_only_until))
        try:
            for task_id in leaving:
                self._ask(StopDialling(task_id))
            for task_id in due:
                if busy >= self._rule.at_once:
                    return
                match self._dial(task_id):
                    case "rings":
                        busy += 1
                    case "full":
                        return
        except Unavailable as error:
            log.info("acd_not_reached", reason=error.code)

    def _let_go(self, now: datetime, known: datetime) -> bool:
        """Whose time is over; and tries of which the journal will tell no more: Asterisk died with the call, or a line was cut.
        Whether there is anything at all."""
        with self._database.reading() as session:
            if session.scalar(select(DialTask.id).where(DialTask.state != "over").limit(1)) is None:
                return False         # mostly
            expired = _ids(session, DialTask.state == "waiting", DialTask.until <= known)
            lost = _ids(session, _RUNG, DialTask.next_at <= known)
        for task_id in expired:
            self._with(task_id, ("waiting",), lambda log_, task: log_.ended(task, Outcome.EXPIRED, now))
        for task_id in lost:
            self._with(task_id, ("dialled", "stopping"),
                       lambda log_, task: log_.tried(task, task.attempts, Outcome.FAILED, "", now))
        return True

    def _dial(self, task_id: str) -> Literal["rings", "not", "full"]:
        """`full`: acd has no line for anybody now. Raises Unavailable."""
        order = self._order(task_id)
        if order is None:
            return "not"
        try:
            answer = self._ask(order)
        except Unavailable:
            self._later(task_id, order.attempt, SILENT)
            raise
        if answer.is_done:
            self._begun(task_id, order.attempt, "" if answer.detail == BEGUN else answer.detail)
            return "rings"
        if answer.code == "refused":
            now = self._clock.now()
            self._with(task_id, ("waiting",), lambda log_, task: log_.ended(task, Outcome.REFUSED, now, answer.detail))
            return "not"
        if answer.code == "not_now" and answer.detail in FOR_URGENT:
            self._urgent_only_until = self._clock.now() + HELD_BACK
        self._later(task_id, order.attempt, SOON if answer.code == "not_now" else SILENT)
        return "full" if answer.code == "not_now" else "not"

    def _order(self, task_id: str) -> Dial | None:
        """None when it is not to be rung now, whatever was read before."""
        now = self._clock.now()
        with self._database.writing.begin() as session:
            task = held(session, task_id)
            if task is None or task.state != "waiting":
                return None
            if why := why_not(session, task, self._rule):
                self._log(session).ended(task, Outcome.REFUSED, now, why)
                return None
            if not task.urgent and self._quiet.holds(now):
                task.next_at = self._quiet.not_before(now)
                return None
            return Dial(task.task_id, task.attempts + 1, task.number, tuple(task.prompts), task.keys, dict(task.thanks) or None,
                        task.language, task.until, task.urgent)

    def _begun(self, task_id: str, attempt: int, node: str) -> None:
        """Unless the journal has told already how it ended."""
        now = self._clock.now()
        with self._database.writing.begin() as session:
            task = held(session, task_id)
            if task is None or task.attempts >= attempt:
                return
            stopped = task.state == "over"      # called off while acd was being asked
            task.state, task.since, task.attempts, task.node = "stopping" if stopped else "dialled", now, attempt, node or None
            task.outcome = None
            task.next_at = now + timedelta(seconds=self._rule.ring) + CALL_LASTS + SPARE

    def _later(self, task_id: str, attempt: int, span: timedelta) -> None:
        with self._database.writing.begin() as session:
            task = held(session, task_id)
            if task is not None and task.state == "waiting" and task.attempts < attempt:
                task.next_at = self._clock.now() + span

    def _with(self, task_id: str, states: tuple[str, ...], act: Callable[[DialLog, DialTask], None]) -> None:
        with self._database.writing.begin() as session:
            task = held(session, task_id)
            if task is not None and task.state in states:
                act(self._log(session), task)

    def _log(self, session: Session) -> DialLog:
        # What a purpose could not do is in the log, loudly; there is no line of the journal to blame.
        return DialLog(session, self._purposes, timedelta(seconds=self._rule.busy), [])


def _ids(session: Session, *wanted: ColumnElement[bool]) -> list[str]:
    return list(session.scalars(select(DialTask.task_id).where(*wanted)
                                .order_by(DialTask.staff.desc(), DialTask.urgent.desc(), DialTask.next_at, DialTask.id).limit(FEW)))
