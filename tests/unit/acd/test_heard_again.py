"""What could not be taken over is not taken for heard: the loop that begins again takes it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, Protocol, cast

import pytest

from acd.agents.roster_keeper import RosterKeeper
from acd.agents.treated import TreatedKeeper
from acd.bus.values import TRIES
from acd.loops import TRIES as LOOPS_TRIES
from callcenter.bus import Bus
from callcenter.roster import ROSTER, Agent, Roster
from callcenter.treated import TREATED


class Keeper(Protocol):
    async def run(self) -> None: ...


class Redis:
    def __init__(self, value: bytes) -> None:
        self.value = value

    async def get(self, key: str) -> bytes:
        assert key
        return self.value


ROSTERS = ROSTER.dump_json(Roster({"801": Agent("801", "陈静")})), lambda bus, take: RosterKeeper(bus, None, take, every_s=0.001)
TREATMENTS = TREATED.dump_json({"13900000001": "block"}), lambda bus, take: TreatedKeeper(bus, take, every_s=0.001)


@pytest.mark.parametrize(("value", "made"), [ROSTERS, TREATMENTS], ids=["roster", "treated"])
def test_what_could_not_be_taken_is_taken_by_the_loop_that_begins_again(
        value: bytes, made: Callable[[Bus, Callable[[Any], None]], Keeper]) -> None:
    taken: list[object] = []

    def take(found: object) -> None:
        taken.append(found)
        if len(taken) == 1:
            raise KeyError("the floor is not there yet")

    keeper = made(cast(Bus, SimpleNamespace(redis=Redis(value))), take)

    async def scene() -> None:
        with pytest.raises(KeyError):
            await keeper.run()
        again = asyncio.create_task(keeper.run())
        while len(taken) < 2:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.01)
        again.cancel()
        with suppress(asyncio.CancelledError):
            await again

    asyncio.run(asyncio.wait_for(scene(), 60))
    assert taken == [taken[0]] * 2, "and then no more"


def test_what_nothing_can_take_is_given_up_and_does_not_end_acd() -> None:
    tries: list[object] = []

    def take(found: object) -> None:
        tries.append(found)
        raise KeyError("never")

    keeper = TREATMENTS[1](cast(Bus, SimpleNamespace(redis=Redis(TREATMENTS[0]))), take)

    async def scene() -> None:
        for _ in range(TRIES):
            with pytest.raises(KeyError):
                await keeper.run()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(keeper.run(), 0.05)

    asyncio.run(asyncio.wait_for(scene(), 60))
    assert len(tries) == TRIES < LOOPS_TRIES
