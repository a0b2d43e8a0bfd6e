"""Listens to the bus all the while: its stream is capped, and hours do not fit into it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from hotline.whole import Whole

from callcenter.bus import START, Bus
from callcenter.events import DriftMended


@dataclass
class Drift:
    """Nothing was disturbed, so Asterisk has to be mended nowhere. The start itself is not drift."""

    whole: Whole
    wrong: list[str] = field(default_factory=list)
    events: int = 0

    async def listen(self) -> None:
        """Until cancelled."""
        bus = Bus(self.whole.settings.redis_url)
        try:
            cursor = START
            while True:
                for key, event in await bus.read(cursor, count=2_000):
                    cursor = key
                    self.events += 1
                    if isinstance(event, DriftMended):
                        self.wrong.append(f"drift mended at {event.at}: {event.mended}")
                await asyncio.sleep(1)
        finally:
            await bus.close()
