"""Audits orders of which nothing else tells: those dialled at a phone that were not carried out, and the line switched by hand.

What a page asked for, its route has audited, whatever came of it; what was done is in the journal (AGENTSTATE with a `by`).
Heard on the bus from a day back at each start, and written once: a row's order id is unique.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, Final

import redis
import structlog
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from callcenter.bus import BLOCK_MS, STREAM, entries_of
from callcenter.clock import Clock
from callcenter.commands import DONE, SwitchLine
from callcenter.events import AnyEvent, OrderCarriedOut, event_from_json
from crm.database import Database
from crm.staff.audit import record_audit
from crm.staff.models import AuditEntry
from crm.threads import Reports, started

PHONE: Final = "phone"       # OrderCarriedOut.by of a code that was dialled
BY_HAND: Final = (PHONE, "console")     # who switches the line with nobody to ask (C7)
BACK: Final = timedelta(days=1)
RETRY_S: Final = 2.0
AT_ONCE: Final = 500
START: Final = "0-0"

log = structlog.get_logger("orders")


def wants_row(event: AnyEvent) -> bool:
    if not isinstance(event, OrderCarriedOut):
        return False
    return (event.by == PHONE and event.code != DONE) or (event.by in BY_HAND and event.command == SwitchLine.__name__)


def audit_orders(database: Database, events: Iterable[AnyEvent]) -> int:
    """How many rows were written. Raises SQLAlchemyError: then none was."""
    wanted = {event.order_id: event for event in events if isinstance(event, OrderCarriedOut) and wants_row(event)}
    if not wanted:
        return 0
    with database.writing.begin() as session:
        known = set(session.scalars(select(AuditEntry.order_id).where(AuditEntry.order_id.in_(sorted(wanted)))))
        fresh = [event for order_id, event in wanted.items() if order_id not in known]
        for event in fresh:
            said = {"result": event.code} | ({"detail": event.detail} if event.detail else {})
            record_audit(session, at=event.at, who=event.by, action=f"order.{_words(event.command)}", subject=event.subject[:80],
                         detail=json.dumps(said, ensure_ascii=False), order_id=event.order_id)
    return len(fresh)


class OrdersAudited:
    """A thread of crm's own, so that neither Redis nor the database, when they hang, hold up the recorder."""

    def __init__(self, url: str, database: Database, clock: Clock, report: Reports) -> None:
        self._redis: Any = redis.Redis.from_url(url, socket_timeout=BLOCK_MS / 1000 + 5, socket_connect_timeout=1)
        self._database, self._clock, self._report = database, clock, report
        self._stop = threading.Event()

    def start(self) -> None:
        started("orders", self._rounds, self._stop, self._report)

    def stop(self) -> None:
        """Does not wait: what is under way is one transaction, and is heard again."""
        self._stop.set()

    def _rounds(self, stop: threading.Event) -> Iterator[None]:
        cursor = f"{int((self._clock.now() - BACK).timestamp() * 1000)}-0"
        while not stop.is_set():
            try:
                cursor = self._read(self._still_there(cursor))
            except (redis.RedisError, OSError, SQLAlchemyError) as error:
                log.warning("orders_not_audited", error=type(error).__name__)
                stop.wait(RETRY_S)
            else:
                yield

    def _still_there(self, cursor: str) -> str:
        """A Redis that was emptied may number its entries from an earlier time than the cursor's."""
        try:
            last = self._redis.xinfo_stream(STREAM)["last-generated-id"].decode()
        except redis.ResponseError:
            return cursor
        return START if _place(last) < _place(cursor) else cursor

    def _read(self, cursor: str) -> str:
        entries = entries_of(self._redis.xread({STREAM: cursor}, count=AT_ONCE, block=BLOCK_MS))
        audit_orders(self._database, [event for _, fields in entries if (event := _event(fields)) is not None])
        return entries[-1][0].decode() if entries else cursor


def _place(cursor: str) -> tuple[int, int]:
    at, _, number = cursor.partition("-")
    return int(at), int(number or 0)


def _event(fields: dict[bytes, bytes]) -> AnyEvent | None:
    if fields.get(b"type", b"").decode() != OrderCarriedOut.__name__:
        return None
    try:
        return event_from_json(OrderCarriedOut.__name__, fields[b"body"])
    except (KeyError, ValidationError):
        return None      # of another version


def _words(command: str) -> str:
    """`SignIn` → `sign_in`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", command).lower()
