"""Tells the bus what was written, from a thread of its own: Redis, dead or hanging, must never hold the recorder up.

While Redis is away events are dropped and not saved up: readers who come back take the truth anew, and the process
publishes the figures again when `came_back` says so.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import redis
import structlog

from callcenter.bus import Publisher
from callcenter.clock import Clock
from callcenter.events import AnyEvent, ComponentHealth, Health, HealthChanged
from callcenter.heartbeat import EVERY_S, beat
from crm.threads import keep_going

RETRY_S = 2.0
WAITING_EVENTS = 1_000

log = structlog.get_logger("herald")


@dataclass(frozen=True)
class Kept:
    """A value that readers find whole, without having heard the events before it."""

    key: str
    value: str


class Herald:
    def __init__(self, url: str, clock: Clock) -> None:
        self._publisher = Publisher(url)
        self._redis: Any = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=1)
        self._clock = clock
        self._events: queue.Queue[AnyEvent | Kept | None] = queue.Queue(WAITING_EVENTS)
        self._health: dict[str, ComponentHealth] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._came_back = threading.Event()
        self._thread = threading.Thread(target=keep_going, args=("herald", self._rounds, self._stop, self.report),
                                        name="herald", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Sends what is waiting, if Redis takes it, and ends."""
        self._stop.set()
        with contextlib.suppress(queue.Full):   # a full queue wakes the thread by itself
            self._events.put_nowait(None)
        self._thread.join(timeout=5)

    def keep(self, key: str, value: str) -> None:
        """Sets a key of Redis, in turn with the events. Never blocks, never raises."""
        self._pass(Kept(key, value))

    def tell(self, event: AnyEvent) -> None:
        """Never blocks, never raises."""
        self._pass(event)

    def _pass(self, event: AnyEvent | Kept) -> None:
        try:
            self._events.put_nowait(event)
        except queue.Full:
            self._came_back.set()    # as good as lost: the figures go out anew

    def report(self, component: str, state: Health, detail: str = "") -> None:
        """A component's state; told at once when it changes, and as a heartbeat."""
        with self._lock:
            known = self._health.get(component)
            if known and (known.state, known.detail) == (state, detail):
                return
            now = self._clock.now()
            since = known.since if known and known.state is state else now
            health = ComponentHealth(component, state, since, detail)
            self._health[component] = health
        self.tell(HealthChanged(now, health))

    def came_back(self) -> bool:
        """True once after Redis was away (and once at the start)."""
        if not self._came_back.is_set():
            return False
        self._came_back.clear()      # only what was seen: one that is set meanwhile is the next one's
        return True

    def _rounds(self, stop: threading.Event) -> Iterator[None]:
        away = True
        while not stop.is_set():
            try:
                self._beat()
                if away:
                    away = False
                    self._retell(self._clock.now())
                    self._came_back.set()
                    log.info("bus_found")
                self._pass_on(EVERY_S)
                yield
            except redis.RedisError as error:
                if not away:
                    log.warning("bus_lost", error=type(error).__name__)
                away = True
                self._drop()
                stop.wait(RETRY_S)
        if not away:
            try:
                while not self._events.empty():
                    self._send(self._events.get_nowait())
            except redis.RedisError as error:
                log.warning("bus_lost", error=type(error).__name__)

    def _pass_on(self, seconds: float) -> None:
        """Publishes what comes until the next heartbeat is due."""
        due = time.monotonic() + seconds
        while not self._stop.is_set() and (left := due - time.monotonic()) > 0:
            try:
                event = self._events.get(timeout=left)
            except queue.Empty:
                return
            self._send(event)

    def _send(self, event: AnyEvent | Kept | None) -> None:
        if isinstance(event, Kept):
            self._redis.set(event.key, event.value)
        elif event:    # None: it is time to end
            self._publisher.publish(event)

    def _beat(self) -> None:
        with self._lock:
            known = list(self._health.values())
        beat(self._redis, known)
        self._redis.ping()

    def _retell(self, now: datetime) -> None:
        with self._lock:
            known = list(self._health.values())
        for health in known:
            self._publisher.publish(HealthChanged(now, health))

    def _drop(self) -> None:
        while not self._events.empty():
            self._events.get_nowait()



