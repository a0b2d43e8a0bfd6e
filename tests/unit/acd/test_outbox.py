"""What is dropped is always replaced by the whole truth, whoever asks for it, and whenever."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import cast

from acd.bus.publish import Outbox, Pacing
from callcenter.bus import Bus
from callcenter.events import AnyEvent, CallEnded

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
PATIENCE_S = 60


def over(call_id: str) -> CallEnded:
    return CallEnded(NOW, call_id, "answered")


class Stream:
    """Stands in for Redis. `meanwhile`: what happens as the first event of the truth is written."""

    def __init__(self) -> None:
        self.said: list[AnyEvent] = []
        self.meanwhile: Callable[[], None] = lambda: None

    async def publish(self, event: AnyEvent) -> str:
        self.said.append(event)
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        return "1-0"


def test_a_truth_that_is_asked_for_while_one_is_being_told_is_told_again() -> None:
    truth = [over("first"), over("second")]
    stream = Stream()
    outbox = Outbox(cast(Bus, stream), lambda: list(truth), Pacing())

    def lost() -> None:
        """Redis came back, and both who write to it have noticed: a call has ended, and the board begins anew."""
        outbox.put(over("third"))
        truth.append(over("third"))
        outbox.announce()

    stream.meanwhile = lost

    async def scene() -> None:
        outbox.announce()
        running = asyncio.create_task(outbox.run())
        while over("third") not in stream.said:
            await asyncio.sleep(0)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    asyncio.run(asyncio.wait_for(scene(), PATIENCE_S))
    assert stream.said[-3:] == truth


def test_a_truth_that_broke_off_is_told_by_the_loop_that_begins_again() -> None:
    stream = Stream()
    outbox = Outbox(cast(Bus, stream), lambda: [over("first")], Pacing())

    def breaks() -> None:
        raise ValueError

    stream.meanwhile = breaks

    async def scene() -> None:
        outbox.announce()
        with suppress(ValueError):
            await outbox.run()
        running = asyncio.create_task(outbox.run())
        while len(stream.said) < 2:
            await asyncio.sleep(0)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    asyncio.run(asyncio.wait_for(scene(), PATIENCE_S))
