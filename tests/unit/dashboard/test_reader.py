"""The one reader of the bus: what goes wrong in it is seen on the walls and begins anew, and never ends the feed in silence."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from pydantic import TypeAdapter

from callcenter.board import BOARD_KEY
from callcenter.bus import Bus
from callcenter.clock import FakeClock
from callcenter.events import AnyEvent, Board
from dashboard.live.frames import Audience, Listener
from dashboard.live.hub import Hub
from dashboard.live.reader import Reader, WrittenBoard

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


class Redis:
    """A board that was written, and nothing new in the stream."""

    async def get(self, key: str) -> bytes:
        assert key == BOARD_KEY
        return TypeAdapter(WrittenBoard).dump_json(WrittenBoard("e1", "100-0", Board()))

    def pipeline(self, *, transaction: bool) -> Redis:
        return self

    def set(self, *_: Any, **__: Any) -> None: ...

    async def execute(self) -> None: ...

    async def mget(self, keys: list[str]) -> list[None]:
        return [None] * len(keys)

    async def xread(self, *_: Any, **__: Any) -> list[Any]:
        await asyncio.sleep(0.001)
        return []


class FaultyHub(Hub):
    faults = 0

    def restore(self, epoch: str, cursor: str, board: Board, since: Sequence[tuple[str, AnyEvent]] = ()) -> None:
        if self.faults:
            self.faults -= 1
            raise AttributeError("a fault of ours")
        super().restore(epoch, cursor, board, since)


def test_a_fault_of_the_reader_is_told_to_every_wall_and_it_begins_anew() -> None:
    async def story() -> list[str]:
        clock = FakeClock(NOW)
        hub = FaultyHub(clock)
        hub.restore("e1", "100-0", Board())
        client = hub.join(Listener(Audience.WALL))
        hub.faults = 1
        bus = cast(Bus, SimpleNamespace(redis=Redis()))
        reading = asyncio.create_task(Reader(bus, hub, clock, retry_s=0.01).run())
        try:
            return [json.loads(await asyncio.wait_for(client.next(), 10))["type"] for _ in range(3)]
        finally:
            reading.cancel()

    assert asyncio.run(story()) == ["snapshot", "degraded", "snapshot"]
