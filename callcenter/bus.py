"""The bus: Redis Streams. One stream of events with a resume cursor, and the last known board beside it.

A cursor is a stream id (`<ms>-<n>`). The stream is capped; a reader whose cursor has fallen out, or whose `epoch` is not
the present one (Redis started empty), takes the snapshot instead. Publishing never blocks a call: whoever cannot publish
drops the event, and publishes the whole truth (FloorReset, figures, health) when Redis is back.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import redis
import redis.asyncio
from redis.backoff import NoBackoff
from redis.retry import Retry

from callcenter.events import AnyEvent, event_from_json, event_to_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

STREAM = "sixring:events"
KEPT_EVENTS = 100_000
START = "0-0"
BLOCK_MS = 5_000


class Publisher:
    """For threads: crm and agi publish through it."""

    def __init__(self, url: str, *, tries_once: bool = False) -> None:
        """`tries_once`: fails within a second, for who holds something meanwhile."""
        quick: dict[str, Any] = {"retry": Retry(NoBackoff(), 0)} if tries_once else {}
        self._redis: Any = redis.Redis.from_url(url, socket_timeout=1 if tries_once else 2, socket_connect_timeout=1, **quick)

    def ping(self) -> None:
        """Raises redis.RedisError."""
        self._redis.ping()

    def publish_all(self, events: Sequence[AnyEvent]) -> None:
        """All or none, in one round trip. Raises redis.RedisError; then it is not known which."""
        with self._redis.pipeline(transaction=True) as pipe:
            for event in events:
                kind, body = event_to_json(event)
                pipe.xadd(STREAM, {"type": kind, "body": body}, maxlen=KEPT_EVENTS, approximate=True)
            pipe.execute()

    def publish(self, event: AnyEvent) -> str:
        """The event's cursor. Raises redis.RedisError; the caller decides whether that matters."""
        kind, body = event_to_json(event)
        cursor: bytes = self._redis.xadd(STREAM, {"type": kind, "body": body}, maxlen=KEPT_EVENTS, approximate=True)
        return cursor.decode()


class Client(redis.asyncio.Redis):
    """Ends with its task. Redis' own client can swallow a cancellation (`asyncio.wait_for` before Python 3.12, when it
    has just sent); a loop around it would then never end."""

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        try:
            return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        finally:
            task = asyncio.current_task()
            if task and task.cancelling():
                raise asyncio.CancelledError


class Bus:
    """For asyncio: acd and the live feed."""

    def __init__(self, url: str) -> None:
        self.redis: Any = Client.from_url(
            url, socket_timeout=BLOCK_MS / 1000 + 5, socket_connect_timeout=1)

    async def publish(self, event: AnyEvent) -> str:
        kind, body = event_to_json(event)
        cursor: bytes = await self.redis.xadd(
            STREAM, {"type": kind, "body": body}, maxlen=KEPT_EVENTS, approximate=True)
        return cursor.decode()

    async def read(self, after: str, *, block_ms: int = BLOCK_MS, count: int = 500) -> list[tuple[str, AnyEvent]]:
        """Events after the cursor, oldest first; waits up to `block_ms` for the first. Raises redis.RedisError."""
        answer = await self.redis.xread({STREAM: after}, count=count, block=block_ms)
        entries = entries_of(answer)
        return [(key.decode(), event_from_json(fields[b"type"].decode(), fields[b"body"])) for key, fields in entries]

    async def follow(self, after: str) -> AsyncIterator[tuple[str, AnyEvent]]:
        """Endless; raises redis.RedisError when the connection is lost, so that the reader decides how to resume."""
        cursor = after
        while True:
            for key, event in await self.read(cursor):
                cursor = key
                yield key, event

    async def close(self) -> None:
        await self.redis.aclose()


def entries_of(answer: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """The entries of an XREAD answer for one stream, in RESP2 (list) or RESP3 (dict) form."""
    if not answer:
        return []
    if isinstance(answer, dict):
        value = next(iter(answer.values()))
        return value[0] if value and isinstance(value[0], list) else value
    entries: list[tuple[bytes, dict[bytes, bytes]]] = answer[0][1]
    return entries
