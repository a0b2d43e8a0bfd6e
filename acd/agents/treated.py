"""Callers with a treatment, as crm publishes them: part of the book, and so reconciled into Asterisk's own database."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any, Final

import structlog
from pydantic import ValidationError
from redis.exceptions import RedisError

from acd.bus.publish import end_if_cancelled
from callcenter.bus import Bus
from callcenter.treated import MOST, TREATED, TREATED_KEY

log = structlog.get_logger(__name__)

LOOK_EVERY_S: Final = 5.0
KEY: Final = re.compile(r"[0-9]{1,20}")      # what the dialplan can ask for
LEVEL: Final = re.compile(r"[a-z]{1,10}")


class TreatedKeeper:
    """The key and not an event: it is there for an acd that was dead when somebody was blocked, too."""

    def __init__(self, bus: Bus, take: Callable[[dict[str, str]], None], *, every_s: float = LOOK_EVERY_S) -> None:
        self._redis: Any = bus.redis
        self._take, self._every_s = take, every_s
        self._last = b""

    async def run(self) -> None:
        while True:
            end_if_cancelled()
            try:
                raw = await self._redis.get(TREATED_KEY)
            except (RedisError, OSError):
                raw = None          # others report it; the last list holds
            if raw and raw != self._last:
                if (found := treated_in(raw)) is not None:
                    self._take(found)
                self._last = raw        # not before: what could not be taken is tried again by the loop that begins again
            await asyncio.sleep(self._every_s)


def treated_in(raw: bytes) -> dict[str, str] | None:
    """What cannot be asked for in astdb is left out. None for what cannot be read at all: the last list holds."""
    try:
        said = TREATED.validate_json(raw)
    except ValidationError as error:
        log.error("treated_not_understood", faults=error.error_count())
        return None
    fit = {key: level for key, level in said.items() if KEY.fullmatch(key) and LEVEL.fullmatch(level)}
    return dict(list(fit.items())[:MOST])
