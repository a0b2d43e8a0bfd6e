"""What crm keeps under a key, whenever it is something new: the key and not an event, for an acd that was dead meanwhile, too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import structlog
from redis.exceptions import RedisError

from callcenter.bus import Bus

TRIES: Final = 3             # fewer than end acd: a value that nothing can take must not (acd/loops.py)

log = structlog.get_logger(__name__)


class Kept:
    """What could not be taken is given again when the loop begins again, three times in all: then the value before holds."""

    def __init__(self, bus: Bus, key: str, *, every_s: float) -> None:
        self._redis: Any = bus.redis
        self._key, self._every_s = key, every_s
        self._last = self._tried = b""
        self._tries = 0

    async def new_values(self) -> AsyncIterator[bytes]:
        """For ever. While Redis is away, or the key, the last value holds; others report it."""
        while True:
            try:
                raw = await self._redis.get(self._key)
            except (RedisError, OSError):
                raw = None
            if raw and raw != self._last:
                self._tries = self._tries + 1 if raw == self._tried else 1
                self._tried = raw
                if self._tries > TRIES:
                    log.error("value_given_up", key=self._key)
                else:
                    yield raw
                self._last = raw
            await asyncio.sleep(self._every_s)
