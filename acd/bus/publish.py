"""Events onto the bus and the board beside it. Neither ever holds up the reading of AMI.

Redis down: events are dropped, the floor goes on. Redis back: the whole truth (FloorReset, health) and a new epoch, so
that every page takes a new snapshot.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from pydantic import TypeAdapter, ValidationError
from redis.exceptions import RedisError, ResponseError

from callcenter.board import BOARD_KEY, apply_event
from callcenter.bus import START, STREAM, Bus, entries_of
from callcenter.events import AnyEvent, Board, event_from_json

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Pacing:
    """Seconds, and how many events may wait for Redis before they are dropped for the whole truth."""

    retry: float = 0.5
    board_every: float = 0.25
    board_at_least: float = 5.0
    waiting: int = 10_000


@dataclass(frozen=True)
class StoredBoard:
    epoch: str
    cursor: str
    board: Board


STORED: Final[TypeAdapter[StoredBoard]] = TypeAdapter(StoredBoard)


class Outbox:
    """Takes events at once and publishes them in order. `truth` gives what replaces everything that was dropped."""

    def __init__(self, bus: Bus, truth: Callable[[], Sequence[AnyEvent]], pacing: Pacing) -> None:
        self._bus, self._truth, self._pacing = bus, truth, pacing
        self._waiting: deque[AnyEvent] = deque()
        self._wake = asyncio.Event()
        self._announce = False

    def put(self, event: AnyEvent) -> None:
        self._waiting.append(event)
        if len(self._waiting) > self._pacing.waiting:
            self.announce()
        self._wake.set()

    def announce(self) -> None:
        """Drops what waits and publishes the whole truth instead."""
        self._waiting.clear()
        self._announce = True
        self._wake.set()

    async def run(self) -> None:
        self._wake.set()      # begun again after an error, with what waits still waiting
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._drain()
            except (RedisError, OSError) as error:
                log.warning("bus_lost", error=type(error).__name__, dropped=len(self._waiting))
                await asyncio.sleep(self._pacing.retry)
                self.announce()

    async def _drain(self) -> None:
        while self._announce:       # asked for again while it is told: told again
            self._announce = False
            self._waiting.clear()
            try:
                for event in self._truth():
                    await self._bus.publish(event)
            except BaseException:
                self._announce = True
                raise
        while self._waiting and not self._announce:
            await self._bus.publish(self._waiting.popleft())


class BoardKeeper:
    """Follows the stream, everybody's events, and keeps `sixring:board` up to date with it."""

    def __init__(self, bus: Bus, pacing: Pacing) -> None:
        self._redis: Any = bus.redis
        self._pacing = pacing
        self.board = Board()
        self.epoch = ""
        self.cursor = START
        self._known = False      # whether Redis holds our board
        self._once_known = asyncio.Event()
        self._written_at = 0.0

    async def run(self, on_return: Callable[[], None]) -> None:
        """Endless. `on_return` is called when Redis came back, or was found empty: others must say everything anew."""
        while True:
            try:
                if not self._known:
                    await self.resume()
                    on_return()
                await self._follow(on_return)
            except (RedisError, OSError) as error:
                log.warning("board_lost", error=type(error).__name__)
                self._known, self.epoch = False, ""
                await asyncio.sleep(self._pacing.retry)

    async def wait_known(self, at_most_s: float) -> None:
        """Until the stored board has been read; a Redis that is down is not waited for any longer."""
        try:
            async with asyncio.timeout(at_most_s):
                await self._once_known.wait()
        except TimeoutError:
            log.warning("started_without_a_board")

    async def resume(self) -> None:
        """Goes on from the stored board if the stream still goes on from its cursor, else begins a new epoch.

        After an outage (`epoch` is empty then) always a new epoch; what the board knew of figures and health stays.
        """
        raw = await self._redis.get(BOARD_KEY)
        stored = _stored(raw) if raw and self.cursor == START and not self.epoch else None
        if stored and await self._goes_on_from(stored.cursor):
            self.epoch, self.cursor, self.board = stored.epoch, stored.cursor, stored.board
        else:
            self.epoch = uuid.uuid4().hex
            if not await self._goes_on_from(self.cursor):
                self.cursor = START
        await self._write(create=True)
        self._known = True
        self._once_known.set()
        log.info("board_resumed", epoch=self.epoch)

    async def _goes_on_from(self, cursor: str) -> bool:
        """Whether nothing after the cursor has fallen out of the stream, and the stream is the one it came from."""
        try:
            info = await self._redis.xinfo_stream(STREAM)
        except ResponseError:
            return False
        first = info["first-entry"]
        return bool(first) and _order(first[0].decode()) <= _order(cursor) <= _order(info["last-generated-id"].decode())

    async def _follow(self, on_return: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        changed = False
        while True:
            # With nothing to write it sleeps until something comes, or until the board is due anyhow.
            rest = (self._pacing.board_every if changed else self._pacing.board_at_least) - (loop.time() - self._written_at)
            answer = await self._redis.xread({STREAM: self.cursor}, count=500, block=max(1, int(rest * 1000)))
            for key, fields in entries_of(answer):
                self.cursor, changed = key.decode(), True
                self._fold(fields)
            age = loop.time() - self._written_at
            if (changed and age >= self._pacing.board_every) or age >= self._pacing.board_at_least:
                if not await self._write(create=False):
                    log.warning("redis_was_emptied")
                    self.epoch, self.cursor = "", START
                    await self.resume()
                    on_return()
                changed = False

    def _fold(self, fields: dict[bytes, bytes]) -> None:
        try:
            self.board = apply_event(self.board, event_from_json(fields[b"type"].decode(), fields[b"body"]))
        except (KeyError, ValidationError):
            log.exception("event_not_understood", type=fields.get(b"type"))

    async def _write(self, *, create: bool) -> bool:
        """False when the key was not there although it should be: Redis was emptied."""
        body = STORED.dump_json(StoredBoard(self.epoch, self.cursor, self.board))
        self._written_at = asyncio.get_running_loop().time()
        return bool(await self._redis.set(BOARD_KEY, body, xx=not create))


def _stored(raw: bytes) -> StoredBoard | None:
    try:
        return STORED.validate_json(raw)
    except ValidationError:
        log.exception("stored_board_not_understood")
        return None


def _order(cursor: str) -> tuple[int, int]:
    first, _, second = cursor.partition("-")
    return int(first), int(second or 0)
