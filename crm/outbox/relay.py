"""Tells the bus and the webhooks what the desk has written, from a thread of its own.

The rows of the outbox are the only memory: while Redis is away they wait, and whoever dies between telling and marking
leaves them to be told again, with the same id. A relay holds the rows that it tells (on SQLite, the writer's place), so
two at once tell nothing twice; and it asks whether Redis answers before that, so that a dead one holds nobody up.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import redis
import structlog
from sqlalchemy import CursorResult, delete, event, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from callcenter.clock import Clock
from callcenter.events import HIDDEN_FROM, AnyEvent, DeskChanged
from crm.database import Database
from crm.outbox.models import OutboxEntry
from crm.outbox.service import has_noted
from crm.tickets.models import Ticket

POLL_S: Final = 0.5          # what another process has written is told this much later at most
BATCH: Final = 200
FIRST_RETRY_S: Final = 0.5
LONGEST_RETRY_S: Final = 5.0
KEPT_FOR: Final = timedelta(days=30)

log = structlog.get_logger("relay")


class Tells(Protocol):
    """What the relay needs of the bus: `callcenter.bus.Publisher(url, tries_once=True)`. Both raise redis.RedisError."""

    def ping(self) -> None: ...
    def publish_all(self, events: Sequence[AnyEvent]) -> None: ...


class Subscribers(Protocol):
    """Whoever else is told in the same transaction: crm/webhooks."""

    def __call__(self, session: Session, entries: Sequence[OutboxEntry], now: datetime) -> object: ...


class Relay:
    def __init__(self, database: Database, bus: Tells, clock: Clock, subscribers: Subscribers | None = None) -> None:
        self._database = database
        self._bus = bus
        self._clock = clock
        self._subscribers = subscribers
        self._noted = threading.Event()
        event.listen(database.writing, "after_commit", self._committed)

    def _committed(self, session: Session) -> None:
        if has_noted(session):
            self._noted.set()

    def rounds(self, stop: threading.Event) -> Iterator[None]:
        retry = FIRST_RETRY_S
        while not stop.is_set():
            self._noted.clear()
            try:
                told = self.tell_waiting()
            except (redis.RedisError, SQLAlchemyError) as error:
                log.warning("outbox_waits", error=type(error).__name__, retry_s=retry)
                stop.wait(retry)
                retry = min(retry * 2, LONGEST_RETRY_S)
                continue
            retry = FIRST_RETRY_S
            yield
            if told < BATCH:
                self._noted.wait(POLL_S)

    def tell_waiting(self) -> int:
        """How many rows were told. Raises redis.RedisError and SQLAlchemyError: then they wait."""
        with self._database.reading() as session:
            if session.scalar(_waiting().limit(1)) is None:
                return 0
        self._bus.ping()
        with self._database.writing.begin() as session:
            entries = session.scalars(_waiting().limit(BATCH).with_for_update(skip_locked=True)).all()
            if not entries:
                return 0     # another relay has them
            now = self._clock.now()
            for entry in entries:
                entry.relayed_at = now
            if self._subscribers:
                self._subscribers(session, entries, now)
            session.flush()
            kinds = _kinds(session, entries)
            self._bus.publish_all([told_of(entry, kinds) for entry in entries])    # last: what the database refuses is not told
        return len(entries)


def told_of(entry: OutboxEntry, kinds: Mapping[int, tuple[str, int | None]]) -> DeskChanged:
    """With the kind of the ticket that it is about, and `hidden_from`, the user whom that is about (D3): the live feed leaves out
    what a role, or this user, must not know of."""
    kind, about_id = kinds.get(_ticket(entry) or 0, (None, None))
    data = entry.data | ({} if kind is None else {"kind": kind}) | ({} if about_id is None else {HIDDEN_FROM: about_id})
    return DeskChanged(entry.at, entry.id, entry.what, entry.subject, entry.estate_id, data)


def drop_told(session: Session, now: datetime) -> int:
    """Rows that were told long ago; those that wait stay, however old."""
    gone: CursorResult[Any] = session.execute(  # type: ignore[assignment]
        delete(OutboxEntry).where(OutboxEntry.relayed_at < now - KEPT_FOR))
    return gone.rowcount


def _kinds(session: Session, entries: Sequence[OutboxEntry]) -> dict[int, tuple[str, int | None]]:
    wanted = {ticket for entry in entries if (ticket := _ticket(entry)) is not None}
    if not wanted:
        return {}
    rows = session.execute(select(Ticket.id, Ticket.kind, Ticket.about_id).where(Ticket.id.in_(wanted)))
    return {ident: (kind, about_id) for ident, kind, about_id in rows}


def _ticket(entry: OutboxEntry) -> int | None:
    """A notice names its ticket in what it tells."""
    thing, _, ident = entry.subject.partition(":")
    found = ident if thing == "ticket" else entry.data.get("ticket")
    return int(found) if found is not None and str(found).isdecimal() else None


def _waiting() -> Any:
    return select(OutboxEntry).where(OutboxEntry.relayed_at.is_(None)).order_by(OutboxEntry.id)
