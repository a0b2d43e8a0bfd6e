"""reconcile() as a pure function: floors of 1,000 agents in 100 queues, in the cases that happen, and twice as many.

Cases: nothing to do (the timer's), one membership in ten wrong (a hand that meddled), everything missing (an Asterisk that
lost its database), everything too much (everybody has left). Every string of the actual floor is a fresh object, as AMI gives
it. CPU time, medians. Bars: each case in under 50 ms at ten skills an agent; twice the agents take less than 2.6 times as long.
"""

from __future__ import annotations

import gc
import statistics
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from acd_result import Result

from acd.ami.members import Member, Place
from acd.desired.book import Book, SignedIn
from acd.plan import FloorPlan, QueuePlan, SeatPlan
from acd.reconcile.difference import reconcile
from acd.reconcile.wanted import Actual, Wanted, wanted_floor
from callcenter.roster import Agent, Roster

AGENTS: Final = 1_000
QUEUES: Final = 100
SKILLS: Final = (10, 100)
BAR_S: Final = 0.050
GROWTH: Final = 2.6
RUNS: Final = 9
NOW: Final = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def floor_of(agents: int, skills: int) -> tuple[FloorPlan, Book, Roster]:
    """Free seating, everybody signed in, each with this many skills of the hundred."""
    seats = [str(10_000 + place) for place in range(agents)]
    queues = {f"q{place}": QueuePlan(f"q{place}", 10) for place in range(QUEUES)}
    names = list(queues)
    plan = FloorPlan("node1", {seat: SeatPlan(seat, seat, "primary") for seat in seats}, queues, 30, free_seating=True)
    roster = {f"8{seat}": Agent(f"8{seat}", seat, skills={names[(place + step) % QUEUES]: 1 + step % 3 for step in range(skills)})
              for place, seat in enumerate(seats)}
    book = {f"8{seat}": SignedIn(f"8{seat}", seat, NOW) for seat in seats}
    return plan, Book(book), Roster(roster)


def as_read(wanted: Wanted) -> Actual:
    """The same floor as it comes from AMI: equal, and of other objects."""
    def fresh(text: str) -> str:
        return text.encode().decode()

    members = {Place(fresh(place.queue), fresh(place.interface)): Member(*member) for place, member in wanted.members.items()}
    return Actual(members, {fresh(key): fresh(value) for key, value in wanted.switches.items()},
                  frozenset(map(fresh, wanted.queues)))


def meddled(actual: Actual) -> Actual:
    """In turn: removed, paused, another penalty, of every ten memberships one."""
    members = dict(actual.members)
    for place in list(members)[::30]:
        del members[place]
    for number, place in enumerate(list(members)[::15]):
        wrong = {"paused": True, "reason": "lunch"} if number % 2 else {"penalty": 8}
        members[place] = members[place]._replace(**wrong)  # type: ignore[arg-type]
    return replace(actual, members=members)


def cases(wanted: Wanted) -> dict[str, tuple[Wanted, Actual]]:
    there = as_read(wanted)
    statics = {place: member for place, member in wanted.members.items() if not member.dynamic}
    return {
        "nothing to do": (wanted, there),
        "a tenth wrong": (wanted, meddled(there)),
        "all missing": (wanted, replace(there, members={place: there.members[place] for place in statics}, switches={})),
        "all too much": (replace(wanted, members=statics, switches={}), there),
    }


def timed(wanted: Wanted, actual: Actual) -> tuple[float, int]:
    began = time.process_time()
    actions = reconcile(wanted, actual)
    return time.process_time() - began, len(actions)


def measure() -> Result:
    result = Result(met=True, lines=["agents skills  members case            actions      ms × half"])
    for skills in SKILLS:
        one, two = (wanted_floor(*floor_of(agents, skills), NOW) for agents in (AGENTS, 2 * AGENTS))
        gc.collect()
        gc.freeze()      # the floors are the bench's, not work of a round
        for (case, once), twice in zip(cases(one).items(), cases(two).values(), strict=True):
            rounds = [(timed(*once), timed(*twice)) for _ in range(RUNS)]     # in turn: a machine is not equally fast all the time
            growth = statistics.median(double / single for (single, _), (double, _) in rounds)
            for place, (agents, wanted) in enumerate(((AGENTS, one), (2 * AGENTS, two))):
                took = statistics.median(pair[place][0] for pair in rounds)
                result.figures[f"{agents}_agents_{skills}_skills_{case.replace(' ', '_')}_ms"] = round(took * 1000, 2)
                result.lines.append(f"{agents:>6} {skills:>6} {len(wanted.members):>8} {case:<14} {rounds[0][place][1]:>8} "
                                    f"{took * 1000:>7.1f} {f'{growth:.2f}' if place else '':>6}")
                if skills == SKILLS[0] and (growth >= GROWTH if place else took >= BAR_S):
                    result.met = False
        gc.unfreeze()
    return result
