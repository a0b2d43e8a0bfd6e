"""Counts what came and forecasts what comes, from a thread of crm's: a look a minute, and hardly ever something to do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import SQLAlchemyError

from callcenter.clock import Clock
from callcenter.site import Site
from crm.database import Database
from crm.forecast.service import STEP, count, make
from crm.migrate import is_current
from crm.threads import Reports, started

EVERY_S: Final = 60.0

log = structlog.get_logger("forecast")


class ForecastKeeper:
    def __init__(self, database: Database, site: Site, clock: Clock) -> None:
        self._database, self._site, self._clock = database, site, clock
        self._tz = ZoneInfo(site.timezone)
        self._counted: datetime | None = None       # the half hour that was counted last
        self._made: date | None = None              # the day whose forecasts were made last
        self._current = False

    def rounds(self, stop: threading.Event) -> Iterator[None]:
        while True:
            try:
                self.step(stop)
            except SQLAlchemyError as error:
                log.warning("forecast_waits", error=type(error).__name__)      # the recorder reports the database
            else:
                yield
            if stop.wait(EVERY_S):
                return

    def step(self, stop: threading.Event | None = None) -> bool:
        """What is due by now; whether anything was. Raises SQLAlchemyError."""
        self._current = self._current or is_current(self._database)
        if not self._current:
            return False
        now = self._clock.now()
        interval = _interval(now)
        today = interval.astimezone(self._tz).date()        # a day is forecast when all of the one before has been counted
        if self._made == today and self._counted == interval:
            return False
        while not (stop is not None and stop.is_set()):     # after a long time away, a week's days at a time
            with self._database.writing.begin() as session:
                counted = count(session, self._site, now)
            if counted == 0:
                break
        if self._made != today:
            with self._database.writing.begin() as session:
                queues = make(session, self._site, now)
            log.info("forecast_made", day=today.isoformat(), queues=queues)
            self._made = today if queues else None
        self._counted = interval
        return True


def _interval(now: datetime) -> datetime:
    """The half hour in which the last one is counted: it begins two minutes late, when the journal is read."""
    return datetime.fromtimestamp((now.timestamp() - 120) // STEP.total_seconds() * STEP.total_seconds(), now.tzinfo)


def forecast_thread(database: Database, site: Site, clock: Clock, report: Reports, stop: threading.Event) -> threading.Thread:
    return started("forecast", ForecastKeeper(database, site, clock).rounds, stop, report)
