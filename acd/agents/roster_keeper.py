"""Who works here, as crm publishes it: read from Redis, kept on disk, so that acd starts with the last one even when both
crm and Redis are dead. Only in free seating; in fixed seating the site file says it all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog
from pydantic import ValidationError

from acd.bus.values import Kept
from acd.desired.bookfile import write_whole
from callcenter.bus import Bus
from callcenter.roster import ROSTER, ROSTER_KEY, Roster

log = structlog.get_logger(__name__)

LOOK_EVERY_S: Final = 0.5


def read_roster(path: Path) -> Roster | None:
    """None when there is none, or none that can be read."""
    try:
        return ROSTER.validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        log.error("roster_not_read", error=type(error).__name__)
        return None


class RosterKeeper:
    def __init__(self, bus: Bus, path: Path | None, take: Callable[[Roster], None], *, every_s: float = LOOK_EVERY_S) -> None:
        self._kept, self._path, self._take = Kept(bus, ROSTER_KEY, every_s=every_s), path, take

    async def run(self) -> None:
        async for raw in self._kept.new_values():
            await self._heard(raw)

    async def _heard(self, raw: bytes) -> None:
        try:
            roster = ROSTER.validate_json(raw)
        except ValidationError as error:
            log.error("roster_not_understood", faults=error.error_count())
            return
        if not roster.agents:
            log.error("roster_empty")     # rather a mistake than a hotline without anybody: nobody is put out of the queues for it
            return
        self._take(roster)
        log.info("roster", agents=len(roster.agents))
        if self._path is not None:
            try:
                await asyncio.to_thread(write_whole, self._path, raw)
            except OSError as error:
                log.error("roster_not_written", error=type(error).__name__)
