"""Tells the others how agi is, and asks the database whether it is back. Redis may be away: calls do not need it."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime
from typing import Any, Final

import redis
import structlog

from agi.directory import Directory
from agi.server import Server
from callcenter.clock import Clock
from callcenter.events import ComponentHealth, Health
from callcenter.heartbeat import EVERY_S, beat

log = structlog.get_logger()

PROBE_EVERY_S: Final = 1.0


def health_of(*, database_down: bool, since: datetime) -> ComponentHealth:
    if database_down:
        return ComponentHealth("agi", Health.DEGRADED, since, "database")
    return ComponentHealth("agi", Health.OK, since)


class Probe(threading.Thread):
    """Asks the database every second, so that no caller has to find out."""

    def __init__(self, directory: Directory, stopping: threading.Event) -> None:
        super().__init__(name="probe", daemon=True)
        self._directory = directory
        self._stopping = stopping

    def run(self) -> None:
        self._directory.probe()
        while not self._stopping.wait(PROBE_EVERY_S):
            self._directory.probe()


class Heartbeat(threading.Thread):
    """Writes health every 5 s, and says once per beat how many sessions went wrong and why."""

    def __init__(self, url: str, directory: Directory, server: Server, clock: Clock, stopping: threading.Event) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._redis: Any = redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)
        self._directory = directory
        self._server = server
        self._clock = clock
        self._stopping = stopping
        self._since = clock.now()
        self._was_down = False
        self._reached = True
        self._told: Counter[str] = Counter()

    def run(self) -> None:
        self.beat()
        while not self._stopping.wait(EVERY_S):
            self.beat()
        self.close()

    def close(self) -> None:
        self._redis.close()

    def beat(self) -> None:
        down = self._directory.is_down
        if down != self._was_down:
            self._was_down, self._since = down, self._clock.now()
        self._tell_faults()
        try:
            beat(self._redis, [health_of(database_down=down, since=self._since)])
        except redis.RedisError as error:
            if self._reached:
                log.warning("redis_away", error=type(error).__name__)
            self._reached = False
        else:
            if not self._reached:
                log.info("redis_back")
            self._reached = True

    def _tell_faults(self) -> None:
        counted = self._server.faults()
        if new := counted - self._told:
            log.warning("sessions_failed", **new)
        self._told = counted
