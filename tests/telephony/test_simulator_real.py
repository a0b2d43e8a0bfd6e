"""The simulator says beforehand what a real Asterisk does with a dozen callers: who is answered, in which order, how soon."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hotline.instance import Hotline, free_offset
from hotline.traced import Played, Traced, as_it_came, as_it_lived, manners_of, shorter_sounds, site_of

from crm.simulator.app_queue import AppQueue, simulate_app_queue
from crm.simulator.result import Passed
from crm.simulator.scenario import INFINITE, Agent, Caller, Level, Queue, Scenario, Step

ALWAYS = ((0.0, 1e9),)
# A ring is a second, six of them are six; nobody but the two seats is there until then.
SCENARIO = Scenario(
    (Queue("repair", wrapup_s=1, seat_ring_s=2, overflow_s=6, chain=(Step(Level.BACKUP, 10),), stay_s=10),),
    (Agent("1001", ALWAYS, {"repair": 1}), Agent("1002", ALWAYS, {"repair": 1}),
     Agent("1101", ALWAYS, backup=frozenset({"repair"}))))
ONE_SEAT = replace(SCENARIO, agents=SCENARIO.agents[:1])
SHORTER = 5.0                         # than the prompts are: so, about, is everything here
A_MOMENT_S, TRIES = 0.15, 300
AT_MOST = 3                           # callers of the dozen: one that chance decides moves those behind it
SEED = 1271                           # of those tried, one that tenths of a second change nothing about


def trace() -> list[Caller]:
    draw, at, found = Random(SEED), 0.2, []
    for _ in range(12):
        at += draw.uniform(0.1, 0.6)
        rings = tuple(INFINITE if draw.random() < 0.1 else draw.uniform(0.3, 0.9) for _ in range(20))
        found.append(Caller(at, "repair", draw.uniform(2, 8), draw.uniform(0.8, 2), picked_after=rings))
    return found


def simulated(callers: list[Caller], manners: AppQueue, scenario: Scenario = SCENARIO) -> list[Passed]:
    return list(simulate_app_queue(scenario, callers, manners).offered)


@pytest.mark.asyncio
@pytest.mark.rule("H12", part="the simulator foretells how the callers of a real Asterisk fare, but for three of a dozen at most")
async def test_the_simulator_foretells_whom_asterisk_answers_in_which_order_and_how_soon(tmp_path: Path) -> None:
    sounds = shorter_sounds(tmp_path / "sounds", SHORTER)
    manners = manners_of(sounds, acd=False)
    with free_offset() as offset:
        async with Hotline(tmp_path / "hotline", site_of(SCENARIO, ring_s=1), offset, sounds=sounds) as hotline:
            played = await Traced(hotline, SCENARIO, trace(), sounds).play()
    played.sort(key=lambda one: one.joined or 0.0)
    callers = as_it_came([replace(one, caller=as_it_lived(one)) for one in played])
    assert {"answered", "abandoned"} == {one.outcome for one in played}
    assert any(one.stage == 1 for one in played), "nobody came to the backup"
    worlds = [callers, *moved_by_a_moment(callers)]
    unlike = min((differing(played, simulated(moved, manners)) for moved in worlds), key=len)
    assert len(unlike) <= AT_MOST, unlike
    assert len(unlike) < min(len(differing(played, simulated(moved, manners, ONE_SEAT))) for moved in worlds), "any floor would do"


def moved_by_a_moment(callers: list[Caller]) -> Iterator[list[Caller]]:
    """Where two things fall together, a machine under load decides which of them was first."""
    draw = Random(0)
    for _ in range(TRIES):
        moved = [replace(one, at=max(one.at + draw.uniform(-A_MOMENT_S, A_MOMENT_S), 0.0)) for one in callers]
        if moved == sorted(moved, key=lambda one: one.at):      # nobody has overtaken anybody
            yield moved


def differing(played: list[Played], calls: list[Passed]) -> list[str]:
    """The callers who fared otherwise, and how. Who comes in the same order and waits as long is answered in the same order."""
    return [f"{place}: {one.outcome} after {one.wait_s:.2f}, foretold {call.outcome} after {call.wait_s}"
            for place, (one, call) in enumerate(zip(played, calls, strict=True))
            if one.outcome != call.outcome or call.wait_s is None or abs(one.wait_s - call.wait_s) >= 1]
