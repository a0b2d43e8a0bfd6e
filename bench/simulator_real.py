"""The simulator against the real Asterisk: one seeded trace of callers, played by both; call by call, and in all.

    taskset -c 1 uv run python bench/simulator_real.py [idle overload priorities full-length] [--minutes 10] [--seed 1]
        [--real 2] [--keep FOLDER] [--calls]

Both have the same seats, queues, patience, talk and rings: each ring of each call lasts as the trace says, so that chance is the
same. A call enters the simulator at the moment at which it entered Asterisk's queue. The bar: same outcome of all calls that were
not within a second of their patience on either side, mean wait within 5 %.

Where hundredths of a second decide, Asterisk does not do the same thing twice either: with `--real 2` the trace is played by two of
them at the same time, and how alike those are is told beside. Exit 1 when the simulator is neither within the bar nor as alike to
each of them as they are to each other.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

# Phones and hotline are the tests'; and bench/ has files of the names of packages, which come first.
sys.path.remove(str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from hotline.as_alike import Ended, Likeness, Totals, alike, keep, kept, lived, simulated, totals
from hotline.control import Control
from hotline.instance import Hotline, free_offset
from hotline.traced import Played, Traced, as_it_came, manners_of, shorter_sounds, site_of

from callcenter.render.dialplan import EMERGENCY_POINTS
from crm.simulator.app_queue import AGEING_LOOKS_S, AppQueue, simulate_app_queue
from crm.simulator.engine import simulate
from crm.simulator.result import Result
from crm.simulator.scenario import EMERGENCY, INFINITE, Agent, Caller, Level, Queue, Scenario, Step

BAR = 0.05
TOLD_FROM_S = 1.0                     # a call whose waits are so far apart is told
SHAKEN_S = 0.05                       # Asterisk and this machine are no more exact than that
SHAKEN_RUNS = 60
LATE_SHARE = 0.2                      # of rings that a stage's end cuts (docs/simulator.md)
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
                       13, 60, 0.05,
                       Scenario((queue("repair", 1, 5), queue("enquiry", 1)), seats(1001, 3, "repair") + seats(1011, 3, "enquiry")
                                + seats(1021, 3, "repair", "enquiry") + seats(1101, 1, backup=("repair", "enquiry"))),
                       (("repair", 0.5), ("enquiry", 0.5)), ((0, 0.6), (1, 0.15), (3, 0.17), (EMERGENCY_POINTS, 0.08)), acd=True),
    "full-length": Case("no length scaled but the talk's: the prompts as they are", 1, 20, 25, 90, 0.05,
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


async def played(case: Case, callers: Sequence[Caller], folder: Path, sounds: Path, times: int) -> list[list[Played]]:
    """By so many Asterisks at once, each with seats, callers and acd of its own: they share the machine, and nothing else."""
    async with AsyncExitStack() as stack:
        lines = []
        for number in range(times):
            offset = stack.enter_context(free_offset())
            hotline = await stack.enter_async_context(
                Hotline(folder / f"line-{number}", site_of(case.scenario, ring_s=5 // case.scale), offset, sounds=sounds))
            if case.acd:
                await stack.enter_async_context(Control(hotline))
            lines.append(Traced(hotline, case.scenario, callers, sounds))
        return await asyncio.gather(*(line.play() for line in lines))


class Life:
    """One real run, and what the simulator makes of the same callers; calls in the trace's order."""

    def __init__(self, case: Case, life: Sequence[Played], manners: AppQueue) -> None:
        self.case, self.manners = case, manners
        self.played = life
        self.lived = [lived(one) for one in life]
        self._order = sorted(range(len(life)), key=lambda place: life[place].joined or 0.0)
        self.callers = as_it_came(life)                   # in the order in which they came
        self.fine = self._in_trace_order(simulate_app_queue(case.scenario, self.callers, manners))
        self.coarse = self._in_trace_order(simulate(case.scenario, self.callers))

    def shaken(self) -> tuple[list[float], list[set[str]]]:
        """What hundredths of a second and acd's loops decide: the mean waits of all runs, in order, and each call's outcomes."""
        draw = random.Random(0)
        means, seen = [], [set[str]() for _ in self.lived]
        for seed in range(SHAKEN_RUNS):
            moved = sorted((caller.at + draw.uniform(-SHAKEN_S, SHAKEN_S), place) for place, caller in enumerate(self.callers))
            manners = replace(self.manners, late_share=LATE_SHARE, ageing_phase_s=draw.uniform(0, AGEING_LOOKS_S))
            result = simulate_app_queue(self.case.scenario, [replace(self.callers[place], at=max(at, 0.0)) for at, place in moved],
                                        manners, seed=seed)
            means.append(fmean(call.wait_s or 0.0 for call in result.offered))
            for (_, place), call in zip(moved, result.offered, strict=True):
                seen[self._order[place]].add(call.outcome)
        return sorted(means), seen

    def _in_trace_order(self, result: Result) -> list[Ended]:
        found = dict(zip(self._order, result.offered, strict=True))
        return [simulated(found[place]) for place in range(len(self._order))]


def compared(name: str, case: Case, lives: Sequence[Sequence[Played]], sounds: Path, *, every_call: bool = False) -> list[str]:
    """What is not as it should be."""
    runs = [Life(case, life, manners_of(sounds, acd=case.acd)) for life in lives]
    first, likes = runs[0], [alike(run.lived, run.fine) for run in runs]
    for place, one in enumerate(first.played):
        real, said = first.lived[place], first.fine[place]
        if every_call or real.outcome != said.outcome or abs(real.wait_s - said.wait_s) > TOLD_FROM_S:
            print(call_line(place, one, [run.lived[place] for run in runs], said, "UNLIKE" if place in likes[0].unlike else ""))
    print(f"\n{name}: {case.what}\n{len(first.lived)} calls, lengths ÷ {case.scale}")
    table(totals(first.lived), {f"real {number}": totals(run.lived) for number, run in enumerate(runs[1:], 2)}
          | {"app_queue": totals(first.fine), "engine": totals(first.coarse)})
    for number, (run, like) in enumerate(zip(runs, likes, strict=True), 1):
        means, seen = run.shaken()
        never = [place for place in like.unlike if run.lived[place].outcome not in seen[place]]
        tell(f"real {number} and app_queue", like)
        print(f"    every entry moved by up to {1000 * SHAKEN_S:.0f} ms, {SHAKEN_RUNS} runs: mean wait "
              f"{means[0]:.2f}–{means[-1]:.2f} s, the middle one {means[len(means) // 2]:.2f} s; "
              f"in none of them went as in life: {len(never)} {never}")
    tell("real 1 and engine", alike(first.lived, first.coarse))
    floor = alike(first.lived, runs[1].lived) if len(runs) > 1 else None
    if floor:
        tell("real 1 and real 2", floor)
    return [f"{name}: real {number} and app_queue: {len(like.unlike)} calls of another outcome, mean wait {like.mean:.3f} times "
            "the real one" for number, like in enumerate(likes, 1) if not (within_bar(like) or (floor and no_further(like, floor)))]


def within_bar(like: Likeness) -> bool:
    return not like.unlike and abs(like.mean - 1) <= BAR


def no_further(like: Likeness, floor: Likeness) -> bool:
    """Than two real runs are from each other."""
    return len(like.unlike) <= len(floor.unlike) and abs(like.mean - 1) <= max(abs(floor.mean - 1), BAR)


def tell(who: str, like: Likeness) -> None:
    print(f"  {who}: same outcome {like.same:.1%}; another one, not within a second of the patience: {len(like.unlike)} "
          f"{list(like.unlike)}; mean wait {like.mean:.3f}; a call's wait off by {like.off_s[0]:.2f} s (median), "
          f"{like.off_s[1]:.2f} s (90 %), {like.off_s[2]:.2f} s (most)")


def call_line(place: int, one: Played, lives: Sequence[Ended], said: Ended, mark: str) -> str:
    return (f"{place:4} {one.caller.at:7.2f} {one.caller.queue:8} {one.caller.points:3} patience {one.caller.patience_s:6.2f}  "
            + "  ".join(f"{what} {call.outcome:9} {call.wait_s:6.2f} s stage {call.stage} {call.seat:5}" for what, call in
                        [*((f"real {number}", life) for number, life in enumerate(lives, 1)), ("simulated", said)]) + f" {mark}")


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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", choices=[*CASES, []], default=[])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--real", type=int, default=1, choices=[1, 2], help="how many Asterisks play it")
    parser.add_argument("--keep", type=Path, help="a folder for what was played")
    parser.add_argument("--kept", action="store_true", help="nothing is played: what that folder has is compared again")
    parser.add_argument("--calls", action="store_true", help="every call, not only those that differ")
    given = parser.parse_args()
    faults = []
    for name in given.cases or CASES:
        case = CASES[name]
        with tempfile.TemporaryDirectory(prefix="sixring-real-") as folder:
            sounds = shorter_sounds(Path(folder) / "sounds", case.scale)
            if given.kept:
                lives = kept(given.keep / f"{name}.json")
            else:
                lives = asyncio.run(played(case, trace(case, given.minutes, given.seed), Path(folder), sounds, given.real))
            if given.keep and not given.kept:
                keep(given.keep / f"{name}.json", lives)
            faults += compared(name, case, lives, sounds, every_call=given.calls)
    print(*faults, sep="\n")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
