"""The simulator against the real Asterisk: one seeded trace of callers, played by both; call by call, and in all.

    taskset -c 1 uv run python bench/simulator_real.py [idle overload priorities full-length] [--minutes 10] [--seed 1] [--calls]

Both have the same seats, queues, patience, talk and rings: each ring of each call lasts as the trace says, so that chance is the
same. A call enters the simulator at the moment at which it entered Asterisk's queue. Exit 1 when a bar is missed: same outcome of
all calls that were not within a second of their patience on either side, mean wait within 5 %.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

# Phones and hotline are the tests'; and bench/ has files of the names of packages, which come first.
sys.path.remove(str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from hotline.control import Control
from hotline.instance import Hotline, free_offset
from hotline.traced import EMERGENCY, Played, Traced, as_it_came, manners_of, shorter_sounds, site_of

from callcenter.render.dialplan import EMERGENCY_POINTS
from crm.simulator.app_queue import AppQueue, simulate_app_queue
from crm.simulator.engine import simulate
from crm.simulator.result import Passed, Result
from crm.simulator.scenario import INFINITE, Agent, Caller, Level, Queue, Scenario, Step

BAR = 0.05
EDGE_S = 1.0
TOLD_FROM_S = 1.0                     # a call whose waits are so far apart is told
SHAKEN_S = 0.05                       # Asterisk and this machine are no more exact than that
SHAKEN_RUNS = 60
ALWAYS = ((0.0, 1e9),)
MEAN_OF_LOGNORMAL = 1.197             # e^(0.6² ÷ 2)
RINGS = 60                            # that a trace knows of each call


@dataclass(frozen=True)
class Case:
    """`scale`: of real lengths of rings, wrap-up and prompts; a ring of 5 s lasts 5 ÷ scale, whole seconds."""

    what: str
    scale: int
    rate: float                       # calls a minute
    talk_s: float
    patience_s: float
    missed: float
    scenario: Scenario
    queues: tuple[tuple[str, float], ...]             # share of callers
    points: tuple[tuple[int, float], ...] = ((0, 1.0),)
    acd: bool = False                 # lets points age, and tells callers what they have to expect


def queue(name: str, scale: int, priority: int = 0, chain: Sequence[tuple[Level, int]] = ((Level.BACKUP, 60),)) -> Queue:
    return Queue(name, priority, wrapup_s=10 / scale, seat_ring_s=10 / scale, overflow_s=30 / scale,
                 chain=tuple(Step(level, seconds / scale) for level, seconds in chain), stay_s=60 / scale)


def seats(first: int, count: int, *skills: str, backup: tuple[str, ...] = ()) -> tuple[Agent, ...]:
    return tuple(Agent(str(first + place), ALWAYS, dict.fromkeys(skills, 1), frozenset(backup)) for place in range(count))


CASES = {
    "idle": Case("seats are idle: who calls rings somebody at once, but for one ring in ten that is missed", 5, 22, 14, 40, 0.1,
                 Scenario((queue("repair", 5),), seats(1001, 9, "repair") + seats(1101, 1, backup=("repair",))),
                 (("repair", 1.0),)),
    "overload": Case("half as many calls again as six seats can take; backup after six rings, then the offer", 5, 26, 18, 25, 0.05,
                     Scenario((queue("repair", 5),), seats(1001, 6, "repair") + seats(1101, 2, backup=("repair",))),
                     (("repair", 1.0),)),
    "priorities": Case("two queues on common seats, one before the other; emergencies, points by who calls, points that age", 1, 24,
                       13, 60, 0.0,
                       Scenario((queue("repair", 1, 5), queue("enquiry", 1)), seats(1001, 3, "repair") + seats(1011, 3, "enquiry")
                                + seats(1021, 3, "repair", "enquiry") + seats(1101, 1, backup=("repair", "enquiry"))),
                       (("repair", 0.5), ("enquiry", 0.5)), ((0, 0.6), (1, 0.15), (3, 0.17), (EMERGENCY_POINTS, 0.08)), acd=True),
    "full-length": Case("no length scaled but the talk's: the prompts as they are", 1, 20, 25, 90, 0.0,
                        Scenario((queue("repair", 1, chain=((Level.BACKUP, 60), (Level.TEAMS, 30))),),
                                 seats(1001, 8, "repair") + seats(1101, 1, backup=("repair",))), (("repair", 1.0),), acd=True),
}


def trace(case: Case, minutes: float, seed: int) -> list[Caller]:
    """Drawn before anything is played."""
    chance = random.Random(seed)
    at, found = 2.0, []
    while (at := at + chance.expovariate(case.rate / 60)) < 60 * minutes:
        points = chance.choices(*zip(*case.points, strict=True))[0]
        rings = tuple(INFINITE if chance.random() < case.missed else round(chance.uniform(2, 8) / case.scale, 2)
                      for _ in range(RINGS))
        name = chance.choices(*zip(*case.queues, strict=True))[0]
        patience = 0.5 + chance.expovariate(1 / case.patience_s)
        talk = 1 + chance.lognormvariate(0, 0.6) * (case.talk_s - 1) / MEAN_OF_LOGNORMAL
        found.append(Caller(round(at, 2), name, round(patience, 2), round(talk, 2), points,
                            kind=EMERGENCY if points == EMERGENCY_POINTS else "", picked_after=rings))
    return found


async def played(case: Case, callers: Sequence[Caller], folder: Path, sounds: Path) -> list[Played]:
    with free_offset() as offset:
        async with Hotline(folder / "line", site_of(case.scenario, ring_s=5 // case.scale), offset, sounds=sounds) as hotline, \
                Control(hotline) if case.acd else nullcontext():
            return await Traced(hotline, case.scenario, callers, sounds).play()


@dataclass(frozen=True)
class Totals:
    answered: float
    mean_s: float                     # of all callers, and of those who were answered
    answered_mean_s: float
    ninth_s: float                    # 90 % waited less
    later: float                      # share that reached backup or beyond


def totals(rows: Sequence[tuple[str, float, int]]) -> Totals:
    waits = sorted(wait for _, wait, _ in rows)
    answered = [wait for outcome, wait, _ in rows if outcome == "answered"]
    return Totals(len(answered) / len(rows), fmean(waits), fmean(answered), waits[int(0.9 * (len(waits) - 1))],
                  fmean(stage > 0 for _, _, stage in rows))


def at_the_edge(one: Played, other: Passed) -> bool:
    """An answer on either side came within a second of the caller's patience: then chance decides, in life too."""
    patience = one.caller.patience_s
    return any(abs(wait - patience) <= EDGE_S for wait, outcome in ((one.wait_s, one.outcome), (other.wait_s or 0.0, other.outcome))
               if outcome == "answered")


def compared(name: str, case: Case, played: Sequence[Played], sounds: Path, *, every_call: bool = False) -> list[str]:
    """What is not as it should be."""
    real = sorted((one for one in played if one.joined is not None), key=lambda one: one.joined or 0.0)
    callers, manners = as_it_came(real), manners_of(sounds, acd=case.acd)
    fine, coarse = simulate_app_queue(case.scenario, callers, manners), simulate(case.scenario, callers)
    pairs = list(zip(real, fine.offered, strict=True))
    apart = [place for place, (one, other) in enumerate(pairs) if one.outcome != other.outcome and not at_the_edge(one, other)]
    for place, (one, other) in enumerate(pairs):
        if every_call or one.outcome != other.outcome or abs(one.wait_s - (other.wait_s or 0.0)) > TOLD_FROM_S:
            print(call_line(place, callers[place].at, one, other, "UNLIKE" if place in apart else ""))
    came, said = totals([(one.outcome, one.wait_s, one.stage) for one in real]), _of(fine)
    print(f"\n{name}: {case.what}\n{len(real)} calls, lengths ÷ {case.scale}")
    table(came, {"app_queue": said, "engine": _of(coarse)})
    same = [sum(one.outcome == other.outcome for one, other in zip(real, run.offered, strict=True)) for run in (fine, coarse)]
    off = sorted(abs(one.wait_s - (other.wait_s or 0.0)) for one, other in pairs)
    means, seen = shaken(case, callers, manners)
    never = [place for place in apart if real[place].outcome not in seen[place]]
    print(f"  same outcome: app_queue {same[0] / len(real):.1%}, engine {same[1] / len(real):.1%}\n"
          f"  another outcome, and not within a second of the patience: {len(apart)} {apart}\n"
          f"  a call's wait is off by {off[len(off) // 2]:.2f} s (median), {off[int(0.9 * (len(off) - 1))]:.2f} s (90 %), "
          f"{off[-1]:.2f} s (most)\n"
          f"  every entry moved by up to {1000 * SHAKEN_S:.0f} ms, {SHAKEN_RUNS} runs: mean wait {means[0]:.2f}–{means[-1]:.2f} s; "
          f"in none of them went as in life: {len(never)} {never}\n")
    faults = [f"{name}: {len(apart)} calls of another outcome, {len(never)} of them whatever is moved"] if apart else []
    if abs(said.mean_s / came.mean_s - 1) > BAR:
        faults.append(f"{name}: mean wait {said.mean_s / came.mean_s:.3f} times the real one")
    return faults


def call_line(place: int, at: float, one: Played, other: Passed, mark: str) -> str:
    return (f"{place:4} {at:7.2f} {one.caller.queue:8} {one.caller.points:3} patience {one.caller.patience_s:6.2f}  "
            f"real {one.outcome:9} {one.wait_s:6.2f} s stage {one.stage} {one.seat:5}  "
            f"simulated {other.outcome:9} {other.wait_s or 0.0:6.2f} s stage {min(other.stage, 2)} {other.agent or '':5} {mark}")


def table(came: Totals, told: Mapping[str, Totals]) -> None:
    print(f"{'':<34}{'real':>9}" + "".join(f"{what:>12}{'÷ real':>9}" for what in told))
    rows: list[tuple[str, Callable[[Totals], float], str]] = [
        ("answered", lambda one: one.answered, "{:.1%}"), ("reached backup or further", lambda one: one.later, "{:.1%}"),
        ("mean wait of all", lambda one: one.mean_s, "{:.2f} s"),
        ("mean wait of the answered", lambda one: one.answered_mean_s, "{:.2f} s"),
        ("90 % waited less than", lambda one: one.ninth_s, "{:.2f} s")]
    for what, of, form in rows:
        line = "".join(f"{form.format(of(one)):>12}{of(one) / of(came) if of(came) else 1:>9.3f}" for one in told.values())
        print(f"  {what:<32}{form.format(of(came)):>9}{line}")


def shaken(case: Case, callers: Sequence[Caller], manners: AppQueue) -> tuple[list[float], list[set[str]]]:
    """What hundredths of a second decide: the mean waits of all runs, in order, and each call's outcomes."""
    draw = random.Random(0)
    means, seen = [], [set[str]() for _ in callers]
    for _ in range(SHAKEN_RUNS):
        moved = sorted((caller.at + draw.uniform(-SHAKEN_S, SHAKEN_S), place) for place, caller in enumerate(callers))
        result = simulate_app_queue(case.scenario, [replace(callers[place], at=max(at, 0.0)) for at, place in moved], manners)
        means.append(fmean(call.wait_s or 0.0 for call in result.offered))
        for (_, place), call in zip(moved, result.offered, strict=True):
            seen[place].add(call.outcome)
    return sorted(means), seen


def _of(result: Result) -> Totals:
    return totals([(call.outcome, call.wait_s or 0.0, min(call.stage, 2)) for call in result.offered])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", choices=[*CASES, []], default=[])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--calls", action="store_true", help="every call, not only those that differ")
    given = parser.parse_args()
    faults = []
    for name in given.cases or CASES:
        case = CASES[name]
        callers = trace(case, given.minutes, given.seed)
        with tempfile.TemporaryDirectory(prefix="sixring-real-") as folder:
            sounds = shorter_sounds(Path(folder) / "sounds", case.scale)
            real = asyncio.run(played(case, callers, Path(folder), sounds))
            faults += compared(name, case, real, sounds, every_call=given.calls)
    print(*faults, sep="\n")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
