"""Makes what is due to make itself, from a thread of its own: a month that begins with a thousand checks holds nobody up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import SQLAlchemyError

from callcenter.clock import Clock
from callcenter.errors import SixringError
from callcenter.events import Health
from callcenter.site import Site
from crm.database import Database
from crm.ledgers.service import Due, due, make_some
from crm.migrate import is_current
from crm.threads import Reports

EVERY_S: Final = 5.0
BETWEEN_S: Final = 0.02          # between two transactions, in which other writers have their turn

log = structlog.get_logger("ledgers")


class LedgerKeeper:
    def __init__(self, database: Database, site: Site, clock: Clock, report: Reports) -> None:
        self._database, self._clock, self._report = database, clock, report
        self._tz, self._day_ends = ZoneInfo(site.timezone), site.desk.day_ends
        self._begun = False

    def rounds(self, stop: threading.Event) -> Iterator[None]:
        while True:
            try:
                self.step(stop)
            except SQLAlchemyError as error:
                log.warning("ledgers_wait", error=type(error).__name__)    # the recorder reports the database
            else:
                yield
            if stop.wait(EVERY_S):
                return

    def step(self, stop: threading.Event | None = None) -> int:
        """Everything that is due by now; how many periods were made wholly. A kind that cannot be made holds up no other one.
        Raises SQLAlchemyError."""
        if not self._begun:
            if not is_current(self._database):
                return 0
            self._begun = True
        stop = stop or threading.Event()
        now = self._clock.now()
        with self._database.reading() as session:
            waiting = due(session, now, self._tz, self._day_ends)
        refused = []
        for one in waiting:
            try:
                self._make(one, now, stop)
            except SixringError as error:
                log.error("ledger_not_made", kind=one.kind.kind, period=one.period.name, code=error.code, why=str(error))
                refused.append(one.kind.kind)
        self._report("ledgers", Health.DEGRADED if refused else Health.OK, " ".join(refused))
        return len(waiting) - len(refused)

    def _make(self, one: Due, now: datetime, stop: threading.Event) -> None:
        whole = False
        while not whole and not stop.wait(BETWEEN_S):
            with self._database.writing.begin() as session:
                whole = make_some(session, one, now, self._tz)
