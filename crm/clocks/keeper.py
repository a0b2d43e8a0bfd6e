"""Lets clocks do what is due, from a thread of its own: the journal must not wait for a thousand clocks that come due at nine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from callcenter.clock import Clock
from callcenter.events import Health
from callcenter.site import Site
from crm.clocks import service
from crm.clocks.models import TicketClock
from crm.clocks.office import set_office_hours
from crm.database import Database
from crm.migrate import is_current
from crm.notices import deliveries
from crm.notices import service as notices
from crm.threads import Reports

EVERY_S: Final = 1.0
AT_ONCE: Final = 50            # of a transaction: on SQLite nobody else writes meanwhile, and the recorder wants to
BETWEEN_S: Final = 0.02        # … in which it does
LATE: Final = timedelta(seconds=60)
AGAIN: Final = timedelta(minutes=5)     # one that failed is tried
MOST_ASIDE: Final = 50         # more of them at once are no fault of theirs

log = structlog.get_logger("clocks")


class ClockKeeper:
    def __init__(self, database: Database, site: Site, clock: Clock, report: Reports) -> None:
        self._database, self._site, self._clock, self._report = database, site, clock, report
        self._within = timedelta(seconds=site.notices.acknowledge_within)
        self._stop = threading.Event()
        self._begun = False
        self._plans = True
        self._aside: dict[int, datetime] = {}       # clocks that failed, and when

    def rounds(self, stop: threading.Event) -> Iterator[None]:
        self._stop = stop
        while not stop.wait(EVERY_S):
            try:
                self.step()
            except SQLAlchemyError as error:
                log.warning("clocks_wait", error=type(error).__name__)     # the recorder reports the database
                continue
            yield

    def step(self) -> int:
        """Everything that is due by now; how many clocks and notices that were. Raises SQLAlchemyError."""
        if not self._begun:
            if not is_current(self._database):
                return 0
            with self._database.writing.begin() as session:
                set_office_hours(session, self._site.schedule, self._site.timezone)
            self._begun = True
        now = self._clock.now()
        done = 0
        self._aside = {ident: at for ident, at in self._aside.items() if timedelta(0) <= now - at < AGAIN}
        if self._plans:
            self._each(now, lambda session, but: service.plan_anew(session, now, AT_ONCE, but))
            self._plans = False
        if self._is_due():
            done += self._each(now, lambda session, but: service.tick(session, now, AT_ONCE, but))
        with self._database.reading() as session:
            unheard = session.execute(notices.unheard(now - self._within, 1)).first() is not None
            is_any_new = deliveries.is_any_new(session)
        if unheard:
            done += self._all(lambda session: notices.climb(session, now, self._within, AT_ONCE))
        if is_any_new or unheard:
            self._all(lambda session: deliveries.fan_out(session, self._site, now, AT_ONCE))
        self._tell_lag()
        return done

    def _each(self, now: datetime, work: Callable[[Session, Collection[int]], int]) -> int:
        """One clock that cannot be followed is put aside, seen, and tried again: no other household waits for it."""
        while True:
            try:
                return self._all(lambda session: work(session, self._aside))
            except service.ClockFailed as error:
                if len(self._aside) >= MOST_ASIDE:
                    raise
                log.critical("clock_failed", clock=error.clock_id, ticket=error.ticket, error=repr(error.__cause__), exc_info=error)
                self._aside[error.clock_id] = now

    def _all(self, work: Callable[[Session], int]) -> int:
        """A transaction after the other, until one had less than it could take."""
        done, count = 0, AT_ONCE
        while count == AT_ONCE and not self._stop.wait(BETWEEN_S if done else 0):
            with self._database.writing.begin() as session:
                count = work(session)
            done += count
        return done

    def _is_due(self) -> bool:
        """Looked at without the right to write, which on SQLite keeps others from writing."""
        with self._database.reading() as session:
            query = select(TicketClock.id).where(TicketClock.next_at <= self._clock.now())
            if self._aside:
                query = query.where(TicketClock.id.not_in(sorted(self._aside)))
            return session.scalar(query.limit(1)) is not None

    def _tell_lag(self) -> None:
        with self._database.reading() as session:
            waits = service.waits_for_hours(session, self._clock.now())
            late = session.scalar(select(TicketClock.id).where(TicketClock.next_at <= self._clock.now() - LATE).limit(1))
        detail = "clock_failed" if self._aside else "late" if late is not None else "never_open" if waits else ""
        self._report("clocks", Health.DEGRADED if detail else Health.OK, detail)
