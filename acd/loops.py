"""Keeps acd's loops going, each by itself: an unexpected error in one takes neither the others nor the whole floor with it.

It begins again after 1, 2, 4 … seconds, and `acd` is degraded meanwhile, which doctor, the wall and the guard show. One that fails
again and again is not mended by that: then acd ends, and is started with an empty memory. Calls need none of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final

import structlog

from acd.health.checks import Verdict
from callcenter.errors import SixringError
from callcenter.events import Health

FIRST_RETRY_S: Final = 1.0
TRIES: Final = 6             # in a row: 1 + 2 + 4 + 8 + 16 s, then the whole process
STEADY_S: Final = 60.0       # a loop that has run for so long is well

log = structlog.get_logger(__name__)

Run = Callable[[], Awaitable[None]]


class LoopEnded(SixringError):
    """One that was to go on for ever returned."""

    code = "loop_ended"


class Loops:
    def __init__(self, now: Callable[[], float] = monotonic, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._now, self._sleep = now, sleep
        self._failed: dict[str, tuple[float, str]] = {}      # when, and with what

    def verdict(self) -> Verdict:
        """acd's own health."""
        bad = [f"{name}:{error}" for name, (at, error) in self._failed.items() if self._now() - at < STEADY_S]
        return (Health.DEGRADED, ",".join(bad)) if bad else (Health.OK, "")

    async def keep(self, name: str, run: Run) -> None:
        """Until cancelled. Raises what the loop raises at last."""
        tries = 0
        while True:
            began = self._now()
            try:
                await run()
                raise LoopEnded(name)
            except Exception as error:
                tries = 1 if self._now() - began >= STEADY_S else tries + 1
                self._failed[name] = self._now(), _name_of(error)
                log.critical("loop_failed", loop=name, error=repr(error), tries=tries, exc_info=error)
                if tries >= TRIES:
                    raise
            await self._sleep(FIRST_RETRY_S * 2 ** (tries - 1))


def _name_of(error: Exception) -> str:
    """A task group says what it is a group of only inside."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return type(error).__name__
