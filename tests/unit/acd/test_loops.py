"""A loop of acd's that fails begins again by itself; the others and the callers do not notice; everybody sees it."""

from __future__ import annotations

import asyncio

import pytest

from acd.loops import FIRST_RETRY_S, STEADY_S, TRIES, LoopEnded, Loops
from callcenter.events import Health


class Time:
    """Sleeping moves it; `lasts` is how long each run of the loop goes well."""

    def __init__(self, *lasts: float) -> None:
        self.now, self.slept, self.lasts = 0.0, list[float](), list(lasts)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    async def run(self) -> None:
        if not self.lasts:
            raise asyncio.CancelledError
        self.now += self.lasts.pop(0)
        raise ExceptionGroup("of a loop's own tasks", [KeyError("1001")])


def kept(time: Time) -> tuple[Loops, BaseException]:
    loops = Loops(lambda: time.now, time.sleep)
    with pytest.raises((asyncio.CancelledError, ExceptionGroup)) as end:
        asyncio.run(loops.keep("reconcile", time.run))
    return loops, end.value


@pytest.mark.rule("C2", "C3")
def test_a_loop_that_fails_is_begun_again_later_and_later_and_acd_is_degraded_meanwhile() -> None:
    time = Time(0.1, 0.1, STEADY_S, 0.1)
    loops, end = kept(time)
    assert isinstance(end, asyncio.CancelledError), "told to end, it ends"
    assert time.slept == [FIRST_RETRY_S, 2 * FIRST_RETRY_S, FIRST_RETRY_S, 2 * FIRST_RETRY_S], "from the start after a steady while"
    assert loops.verdict() == (Health.DEGRADED, "reconcile:KeyError")
    time.now += STEADY_S
    assert loops.verdict() == (Health.OK, "")


def test_one_that_does_not_mend_ends_acd_so_that_it_begins_with_an_empty_memory() -> None:
    time = Time(*[0.1] * 20)
    _, end = kept(time)
    assert isinstance(end, ExceptionGroup)
    assert time.slept == [FIRST_RETRY_S * 2 ** each for each in range(TRIES - 1)]


def test_a_loop_that_returns_has_failed_too_and_the_others_go_on() -> None:
    loops, turns = Loops(sleep=lambda _: asyncio.sleep(0)), list[int]()

    async def returns() -> None:
        return

    async def goes_on() -> None:
        while len(turns) < 50:
            turns.append(1)
            await asyncio.sleep(0)
        raise asyncio.CancelledError

    async def both() -> list[object]:
        return await asyncio.gather(loops.keep("short", returns), loops.keep("long", goes_on), return_exceptions=True)

    short, long = asyncio.run(both())
    assert isinstance(short, LoopEnded)
    assert isinstance(long, asyncio.CancelledError)
    assert len(turns) == 50
