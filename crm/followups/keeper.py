"""Draws the month, opens what is due, and calls back who called about an incident that is over: a thread of crm's.

Each step asks the database what is missing and does it in small transactions, so whoever kills it in the middle loses nothing
and nothing is done twice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from callcenter.clock import Clock
from callcenter.errors import SixringError
from callcenter.events import Health
from callcenter.site import Site
from crm.database import Database
from crm.followups.models import FollowUpPlan
from crm.followups.plans import carry_over, draw, drawn_now, last_year_s, open_due, undrawn
from crm.followups.survey import open_wanted
from crm.followups.tasks import close_blocked
from crm.followups.thanking import is_any_waiting, thank_waiting
from crm.incidents.service import follow_up_ended
from crm.migrate import is_current
from crm.staff.actor import SYSTEM
from crm.threads import Reports

EVERY_S: Final = 10.0
AT_ONCE: Final = 20              # tickets a transaction: on SQLite nobody else writes meanwhile
BETWEEN_S: Final = 0.02

log = structlog.get_logger("followups")


class FollowUpKeeper:
    def __init__(self, database: Database, site: Site, clock: Clock, report: Reports) -> None:
        self._database, self._site, self._rule, self._clock, self._report = database, site, site.followups, clock, report
        self._tz = ZoneInfo(site.timezone)
        self._stop = threading.Event()
        self._current = False

    def rounds(self, stop: threading.Event) -> Iterator[None]:
        self._stop = stop
        while not stop.wait(EVERY_S):
            try:
                self.step()
            except SQLAlchemyError as error:
                log.warning("followups_wait", error=type(error).__name__)      # the recorder reports the database
                continue
            yield

    def step(self) -> int:
        """All that is to be done by now; how many tickets were opened or closed. What is refused holds up nothing else, and is
        tried again in the next round. Raises SQLAlchemyError."""
        self._current = self._current or is_current(self._database)
        if not self._current:
            return 0
        now = self._clock.now()
        works: dict[str, Callable[[], int]] = {
            "draw": self._draw,
            "open_due": lambda: self._all(lambda session: open_due(session, now, self._tz, AT_ONCE)),
            "open_wanted": lambda: self._all(lambda session: open_wanted(session, now, self._tz, AT_ONCE)),
            "close_blocked": lambda: self._all(lambda session: close_blocked(session, SYSTEM, now, AT_ONCE)),
            "follow_up_ended": lambda: self._all(lambda session: follow_up_ended(session, now, self._tz, AT_ONCE)),
            "thank": lambda: self._thank(now)}
        done, refused = 0, []
        for name, work in works.items():
            try:
                done += work()
            except SixringError as error:
                log.error("followups_refused", work=name, code=error.code, why=str(error))
                refused.append(name)
        self._report("followups", Health.DEGRADED if refused else Health.OK, " ".join(refused))
        return done

    def _thank(self, now: datetime) -> int:
        gateway = self._site.texts
        if gateway is None:
            return 0
        with self._database.reading() as session:
            if not is_any_waiting(session, now):
                return 0
        self._all(lambda session: thank_waiting(session, self._site, gateway, now, AT_ONCE))
        return 0     # no ticket

    def _draw(self) -> int:
        """No tickets yet. Read without the right to write, for a large estate takes seconds; whoever was quicker has drawn the
        same."""
        now = self._clock.now()
        today = now.astimezone(self._tz).date()
        with self._database.reading() as session:
            carries = bool(last_year_s(session, today.year))
        if carries:
            with self._database.writing.begin() as session:
                carry_over(session, today.year, now)
        with self._database.reading() as session:
            waiting = undrawn(session, today.year, today.month)
        for plan_id in waiting:
            with self._database.reading() as session:
                found, wanted = drawn_now(session, session.get_one(FollowUpPlan, plan_id), today.month, self._rule, self._tz)
            with self._database.writing.begin() as session:
                if draw(session, plan_id, today.month, found, wanted, now, self._rule):
                    log.info("drawn", plan=plan_id, month=today.month, wanted=wanted, drawn=len(found.chosen))
        return 0

    def _all(self, work: Callable[[Session], int]) -> int:
        """A transaction after the other, until one had less than it could take."""
        done, count = 0, AT_ONCE
        while count == AT_ONCE and not self._stop.wait(BETWEEN_S if done else 0):
            with self._database.writing.begin() as session:
                count = work(session)
            done += count
        return done
