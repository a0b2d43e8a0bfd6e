"""Dispatch by itself, where the site wants it: what was reported goes to the best engineer on duty at once, by a thread of crm.

What nobody fits waits for a leader, whose clock runs; it is looked at again when it was changed, and each minute: somebody may have
come on duty.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from callcenter.clock import Clock
from callcenter.errors import SixringError
from callcenter.site import Site
from crm.database import Database
from crm.migrate import is_current
from crm.repairs import orders
from crm.repairs.engineers import REPAIR, all_proposals
from crm.staff.actor import SYSTEM
from crm.tickets.models import Ticket

EVERY_S: Final = 2.0
AT_ONCE: Final = 50
MOST: Final = 5000       # that wait
AGAIN: Final = timedelta(seconds=60)

log = structlog.get_logger("dispatch")


class Dispatcher:
    def __init__(self, database: Database, site: Site, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._rules, self._tz = site.repairs, ZoneInfo(site.timezone)
        self._begun = False
        self._in_vain: dict[int, tuple[int, datetime]] = {}     # by id: at which version, when

    def rounds(self, stop: threading.Event) -> Iterator[None]:
        while not stop.wait(EVERY_S):
            try:
                self.step()
            except SQLAlchemyError as error:
                log.warning("dispatch_waits", error=type(error).__name__)      # the recorder reports the database
                continue
            yield

    def step(self) -> int:
        """How many were given out. Looked for without the right to write, which on SQLite keeps others from writing."""
        if self._rules.dispatch != "automatic":
            return 0
        if not self._begun and not is_current(self._database):
            return 0
        self._begun = True
        given = 0
        now = self._clock.now()
        with self._database.reading() as session:
            found = session.execute(select(Ticket.id, Ticket.version).where(
                Ticket.kind == REPAIR, Ticket.stage == orders.REPORTED, Ticket.assignee_id.is_(None))
                .order_by(Ticket.id).limit(MOST)).all()
            waiting: dict[int, int] = {ident: version for ident, version in found}  # noqa: C416 - rows are no pairs to mypy
            self._in_vain = {ident: told for ident, told in self._in_vain.items()
                             if waiting.get(ident) == told[0] and now - told[1] < AGAIN}
            due = [ident for ident in waiting if ident not in self._in_vain][:AT_ONCE]
            if not due:
                return 0
            rows = session.scalars(select(Ticket).where(Ticket.id.in_(due)).order_by(Ticket.id)).all()
            ranked = all_proposals(session, rows, self._rules.weights, now)
        for ticket_id in due:
            if any(one.fit for one in ranked.get(ticket_id, ())) and self._give(ticket_id):
                given += 1
            else:
                self._in_vain[ticket_id] = (waiting[ticket_id], now)
        return given

    def _give(self, ticket_id: int) -> bool:
        """One a transaction: whom to send goes by what the one before has got."""
        try:
            with self._database.writing.begin() as session:
                orders.dispatch(session, SYSTEM, ticket_id, None, self._clock.now(), self._tz, self._rules.weights)
        except SixringError as error:      # somebody was quicker, or it is not to be: a leader sees it in the list
            log.info("not_dispatched", ticket=ticket_id, code=error.code)
            return False
        return True
