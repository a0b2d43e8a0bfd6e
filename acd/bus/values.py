"""What crm keeps under a key, whenever it is something new: the key and not an event, for an acd that was dead meanwhile, too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from redis.exceptions import RedisError

from acd.bus.publish import end_if_cancelled
from callcenter.bus import Bus


class Kept:
    """A value that somebody stumbled over is not given again when their loop begins again."""

    def __init__(self, bus: Bus, key: str, *, every_s: float) -> None:
        self._redis: Any = bus.redis
        self._key, self._every_s = key, every_s
        self._last = b""

    async def new_values(self) -> AsyncIterator[bytes]:
        """For ever. While Redis is away, or the key, the last value holds; others report it."""
        while True:
            end_if_cancelled()
            try:
                raw = await self._redis.get(self._key)
            except (RedisError, OSError):
                raw = None
            if raw and raw != self._last:
                self._last = raw
                yield raw
            await asyncio.sleep(self._every_s)
