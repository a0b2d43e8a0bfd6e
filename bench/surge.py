"""The simulator's speed on one core: simulated calls a second, and its growth with agents, calls and a queue that grows.

    taskset -c 1 .venv/bin/python bench/surge.py

Beside each case a floor, measured in the same run: as many pushes and pops of a heap as the case had events, with as many in it
as were on the line. Bars: a day of 10,000 calls with surge tiers in under a second; ten times the agents, and ten times the
calls, cost at most twice as much a call, thousands who wait three times; a call costs at most `BAR` times its floor. CPU time,
the best of `RUNS`.
"""

from __future__ import annotations

import heapq
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

# bench/ has files of the names of packages, which come first.
sys.path.remove(str(Path(__file__).parent))

from callcenter.site.surge import SurgePolicy
from crm.simulator.engine import simulate
from crm.simulator.result import Result
from crm.simulator.scenario import Agent, Caller, Queue, Ringing, Scenario
from crm.simulator.surge import TierWatch

RUNS = 3
BAR = 40.0
TALK_S = 180.0
DAY_S = 86_400.0


@dataclass(frozen=True)
class Case:
    name: str
    agents: int
    calls: int
    load: float                 # of the agents: above 1 a queue grows
    queues: int = 1
    rings: bool = False
    surge: bool = False
    patience_s: float = 120.0


CASES = (
    Case("10 agents", 10, 20_000, 0.95),
    Case("100 agents", 100, 20_000, 0.95),
    Case("1,000 agents", 1_000, 20_000, 0.95),
    Case("100 agents, 10 × calls", 100, 200_000, 0.95),
    Case("100 agents, 5 queues each", 100, 20_000, 0.95, queues=5),
    Case("100 agents, phones ring", 100, 20_000, 0.95, rings=True),
    Case("100 agents, twice the load", 100, 20_000, 2.0),
    Case("100 agents, 5,000 wait", 100, 20_000, 2.0, patience_s=9_000.0),
    Case("a day of 10,000 calls, tiers", 22, 10_000, 0.0, surge=True),
)


def scene(case: Case) -> tuple[Scenario, list[Caller]]:
    chance = random.Random(5)
    names = [f"q{place}" for place in range(case.queues)]
    rate = case.agents * case.load / (TALK_S + 10) if case.load else case.calls / DAY_S
    at, callers = 0.0, []
    for _ in range(case.calls):
        at += chance.expovariate(rate)
        callers.append(Caller(at, chance.choice(names), chance.expovariate(1 / case.patience_s), chance.expovariate(1 / TALK_S),
                              chance.choice((0, 0, 0, 9))))
    floor = tuple(Agent(str(place), ((0.0, 1e9),), {name: 1 + (place + number) % 3 for number, name in enumerate(names)})
                  for place in range(case.agents))
    ringing = Ringing(2, 12, 0.02) if case.rings else Ringing()
    return Scenario(tuple(Queue(name) for name in names), floor, ringing=ringing), callers


def measured(work: Callable[[], Result | None]) -> tuple[float, Result | None]:
    best, found = float("inf"), None
    for _ in range(RUNS):
        begun = time.process_time()
        found = work()
        best = min(best, time.process_time() - begun)
    return best, found


def floor_s(events: int, on_the_line: int) -> float:
    """So many pushes and pops of tuples, as the engine's are, in a heap that holds so many."""
    def work() -> None:
        heap: list[tuple[float, int, object, object, int]] = []
        chance = random.Random(1).random
        for serial in range(on_the_line):
            heapq.heappush(heap, (chance(), serial, None, None, 0))
        for serial in range(events):
            heapq.heappush(heap, (heap[0][0] + chance(), serial, None, None, 0))
            heapq.heappop(heap)

    return measured(work)[0]


def main() -> int:
    print(f"{'':<32}{'calls/s':>10}{'µs a call':>11}{'events/s':>11}{'× floor':>9}{'seconds':>9}")
    cost: dict[str, float] = {}
    faults = []
    for case in CASES:
        scenario, callers = scene(case)
        def work(scenario: Scenario = scenario, callers: list[Caller] = callers, case: Case = case) -> Result:
            watch = TierWatch(SurgePolicy(), datetime(2026, 11, 22, tzinfo=UTC), [case.calls / 48] * 48) if case.surge else None
            return simulate(scenario, callers, watch=watch, seed=1)

        seconds, result = measured(work)
        assert result is not None
        there = sum((call.left_at or call.queued_at) - call.queued_at for call in result.calls)
        floor = floor_s(result.events, int(there / (callers[-1].at - callers[0].at)))
        cost[case.name] = seconds / case.calls
        print(f"{case.name:<32}{case.calls / seconds:>10,.0f}{1e6 * cost[case.name]:>11.1f}{result.events / seconds:>11,.0f}"
              f"{seconds / floor:>9.1f}{seconds:>9.2f}")
        if seconds / floor > BAR:
            faults.append(f"{case.name}: {seconds / floor:.1f} times its floor, above {BAR:g}")
        if case.surge and seconds >= 1:
            faults.append(f"{case.name}: {seconds:.2f} s, not under one")
    for few, many, most in (("10 agents", "100 agents", 2), ("100 agents", "1,000 agents", 2),
                            ("100 agents", "100 agents, 10 × calls", 2),
                            ("100 agents, twice the load", "100 agents, 5,000 wait", 3)):
        growth = cost[many] / cost[few]
        print(f"a call of `{many}` costs {growth:.2f} × one of `{few}`")
        if growth > most:
            faults.append(f"{many}: {growth:.2f} times {few}, above {most}")
    print(*faults, sep="\n")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
