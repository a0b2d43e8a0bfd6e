"""The one reader of the bus in this process: keeps the hub's board true, whatever happens to Redis."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import redis
import structlog
from pydantic import TypeAdapter, ValidationError

from callcenter.board import BOARD_KEY, replay
from callcenter.bus import STREAM, Bus, entries_of
from callcenter.events import AnyEvent, Board, ComponentHealth, Health, HealthChanged, event_from_json
from callcenter.heartbeat import beat, heard, key_of
from dashboard.live.frames import Cause
from dashboard.live.health import COMPONENTS, health_changes

if TYPE_CHECKING:
    from datetime import datetime

    from callcenter.clock import Clock
    from dashboard.live.hub import Hub

HEALTH_EVERY_S = 2.0
PING_EVERY_S = 10.0
RETRY_S = 1.0
READ_COUNT = 500


@dataclass(frozen=True)
class WrittenBoard:
    """What acd keeps beside the stream."""

    epoch: str
    cursor: str
    board: Board


_BOARD: TypeAdapter[WrittenBoard] = TypeAdapter(WrittenBoard)


class Reader:
    def __init__(self, bus: Bus, hub: Hub, clock: Clock, *, retry_s: float = RETRY_S) -> None:
        self._bus = bus
        self._hub = hub
        self._clock = clock
        self._retry_s = retry_s
        self._log = structlog.get_logger("dashboard.live")
        self._started = clock.now()
        self._seen: set[str] = set()

    async def run(self) -> None:
        """Endless. While Redis is away, or after a fault here, the hub is degraded; then every client gets the whole truth."""
        while True:
            try:
                cause = await self._follow()
            except (redis.RedisError, OSError) as error:
                self._log.warning("bus_lost", error=type(error).__name__)
                cause = Cause.REDIS
            except Exception as error:      # a fault of ours: a wall that stands still and believes itself live would be worse
                self._log.critical("reader_failed", error=repr(error), exc_info=error)
                cause = Cause.NO_BOARD
            self._hub.degrade(cause)
            await asyncio.sleep(self._retry_s)

    async def ping(self) -> None:
        while True:
            await asyncio.sleep(PING_EVERY_S)
            self._hub.ping()

    async def _follow(self) -> Cause:
        """Reads for as long as it goes well. Returns only when there is no board; raises redis.RedisError."""
        written = await self._written_board()
        if written is None:
            return Cause.NO_BOARD
        connected = self._clock.now()
        cursor, board = written.cursor, written.board
        since: list[tuple[str, AnyEvent]] = []
        while entries := await self._read(cursor, block_ms=1):
            since += [(place, event) for place, event in entries if event is not None]
            cursor = entries[-1][0]
        for health in await self._health(replay(board, [event for _, event in since]), connected):
            since.append((since[-1][0] if since else cursor, HealthChanged(at=connected, health=health)))
        self._hub.restore(written.epoch, written.cursor, board, since)
        looked = asyncio.get_running_loop().time()
        while True:
            entries = await self._read(cursor, block_ms=1000)
            for cursor, event in entries:
                if event is not None:
                    self._hub.publish(cursor, event)
            if asyncio.get_running_loop().time() - looked >= HEALTH_EVERY_S:
                looked = asyncio.get_running_loop().time()
                for health in await self._health(self._hub.board, connected):
                    self._hub.publish(self._hub.cursor, HealthChanged(at=self._clock.now(), health=health))

    async def _written_board(self) -> WrittenBoard | None:
        raw = await self._bus.redis.get(BOARD_KEY)
        if raw is None:
            return None
        try:
            return _BOARD.validate_json(raw)
        except ValidationError as error:
            self._log.error("board_unreadable", faults=error.error_count())
            return None

    async def _read(self, after: str, *, block_ms: int) -> list[tuple[str, AnyEvent | None]]:
        """Entries after the cursor; None for one that this version cannot read, which must not stop the feed."""
        answer = await self._bus.redis.xread({STREAM: after}, count=READ_COUNT, block=block_ms)
        return [(key.decode(), self._event(fields)) for key, fields in entries_of(answer)]

    def _event(self, fields: dict[bytes, bytes]) -> AnyEvent | None:
        kind = fields.get(b"type", b"").decode(errors="replace")
        try:
            return event_from_json(kind, fields.get(b"body", b""))
        except (KeyError, ValidationError):
            self._log.error("event_unreadable", kind=kind)
            return None

    async def _health(self, board: Board, connected: datetime) -> list[ComponentHealth]:
        """Writes this process's own key, reads everybody's, and says what has changed."""
        own = ComponentHealth("dashboard", Health.OK, self._started)
        await beat(self._bus.redis, [own])
        values = await self._bus.redis.mget([key_of(name) for name in COMPONENTS])
        written = {"redis": ComponentHealth("redis", Health.OK, connected)}  # it has just answered
        for name, raw in zip(COMPONENTS, values, strict=True):
            if raw is not None:
                try:
                    written[name] = heard(raw)
                except ValidationError:
                    self._log.error("health_unreadable", component=name)
        self._seen |= written.keys()
        return health_changes(board.health, written, self._seen, self._clock.now())
