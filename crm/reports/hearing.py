"""Hears the bus in a thread of crm's, so that a Redis that hangs holds up nothing, and keeps the live day."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final, Protocol

import redis
import structlog
from pydantic import ValidationError

from callcenter.bus import BLOCK_MS, STREAM, entries_of
from callcenter.clock import Clock
from callcenter.events import AnyEvent, AsteriskCounted, event_from_json
from crm.reports.figures import Counted
from crm.reports.live import Gap, LiveDay
from crm.reports.service import day_bounds
from crm.threads import Reports, started

RETRY_S: Final = 2.0
AT_ONCE: Final = 1_000
KEPT: Final = timedelta(days=1, hours=1)         # yesterday is compared once more, at midnight
KEPT_UNQUEUED: Final = timedelta(minutes=10)

log = structlog.get_logger("hearing")


class Heard(Protocol):
    """What the comparison needs of the live source."""

    @property
    def began_at(self) -> datetime | None: ...
    @property
    def heard_at(self) -> datetime | None: ...
    def counted(self, begin: datetime, end: datetime) -> list[Counted]: ...
    def ended(self) -> dict[str, datetime]: ...
    def gaps(self) -> Sequence[Gap]: ...
    def counters(self) -> list[AsteriskCounted]: ...
    def forget(self, settled: Collection[str]) -> None: ...


class Hearing:
    """Begins at local midnight, as far back as the stream goes."""

    def __init__(self, url: str, clock: Clock, tz: tzinfo, short_abandon_s: float, report: Reports) -> None:
        self._redis: Any = redis.Redis.from_url(url, socket_timeout=BLOCK_MS / 1000 + 5, socket_connect_timeout=1)
        self._clock, self._tz, self._report = clock, tz, report
        self._short_abandon_s = short_abandon_s
        self._day = LiveDay(short_abandon_s)
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def start(self) -> None:
        started("hearing", self._rounds, self._stop, self._report)

    def stop(self) -> None:
        """Does not wait for a read that is under way: it writes nothing."""
        self._stop.set()

    @property
    def began_at(self) -> datetime | None:
        with self._lock:
            return self._day.began_at

    @property
    def heard_at(self) -> datetime | None:
        with self._lock:
            return self._day.heard_at

    def counted(self, begin: datetime, end: datetime) -> list[Counted]:
        with self._lock:
            return self._day.counted(begin, end)

    def ended(self) -> dict[str, datetime]:
        with self._lock:
            return {key: live.ended_at for key, live in self._day.calls.items() if live.ended_at}

    def gaps(self) -> Sequence[Gap]:
        with self._lock:
            return tuple(self._day.gaps)

    def counters(self) -> list[AsteriskCounted]:
        with self._lock:
            return list(self._day.counters.values())

    def forget(self, settled: Collection[str]) -> None:
        """Those, and what is too old to be asked for."""
        now = self._clock.now()
        with self._lock:
            self._day.forget(now - KEPT, now - KEPT_UNQUEUED, settled)

    def _rounds(self, stop: threading.Event) -> Iterator[None]:
        with self._lock:
            self._day = LiveDay(self._short_abandon_s)    # begun again after a fault, nothing is heard twice
        cursor = self._midnight()
        while not stop.is_set():
            try:
                cursor = self._still_there(cursor)
                while not stop.is_set():
                    cursor = self._read(cursor)
                    yield
            except (redis.RedisError, OSError) as error:
                log.warning("bus_lost", error=type(error).__name__)
                stop.wait(RETRY_S)

    def _midnight(self) -> str:
        begin, _ = day_bounds(self._clock.now().astimezone(self._tz).date(), self._tz)
        return f"{int(begin.timestamp() * 1000)}-0"

    def _still_there(self, cursor: str) -> str:
        """A Redis that was emptied numbers its entries by the clock: the cursor stays right unless the clock went back."""
        try:
            last = self._redis.xinfo_stream(STREAM)["last-generated-id"].decode()
        except redis.ResponseError:
            return cursor
        return "0-0" if int(last.partition("-")[0]) < int(cursor.partition("-")[0]) and self._day.heard_at else cursor

    def _read(self, cursor: str) -> str:
        entries = entries_of(self._redis.xread({STREAM: cursor}, count=AT_ONCE, block=BLOCK_MS))
        events = [event for _, fields in entries if (event := _event(fields)) is not None]
        with self._lock:
            for event in events:
                self._day.hear(event)
        return entries[-1][0].decode() if entries else cursor


def _event(fields: dict[bytes, bytes]) -> AnyEvent | None:
    try:
        return event_from_json(fields[b"type"].decode(), fields[b"body"])
    except (KeyError, ValidationError):
        return None      # of another version; the journal decides what is counted
