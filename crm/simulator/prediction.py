"""Fit on the days before, predict the days after, and say how wrong it was: nothing of what is predicted is fitted to.

Each reading says what it takes from the days that it predicts:

| reading        | arrivals             | agents at work          |
|----------------|----------------------|-------------------------|
| `as_they_came` | of the days predicted | of the days predicted  |
| `roster_known` | forecast             | of the days predicted   |
| `forecast`     | forecast             | of the same weekdays before |

Kinds, patience, talk and wrap-up are always those of the days before.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean, pstdev
from typing import Final

from crm.forecast.arrivals import A_DAY, STEP_S, DayKind, Expected, Missed, PastDay, forecast, missed
from crm.simulator.engine import simulate
from crm.simulator.fit import fit
from crm.simulator.generate import Rates, again, generated
from crm.simulator.past import DAY_S, Past, stints
from crm.simulator.scenario import INFINITE, Agent, Caller, Queue, Scenario, Span
from crm.simulator.traces import Trace

SHORT_ABANDON_S: Final = 5.0
RUNS: Final = 20
AGENTS_ALIKE: Final = "calls"          # one queue for all kinds: who can answer what, a file of calls does not say

KindOf = Callable[[date], DayKind]


@dataclass(frozen=True)
class Figures:
    """`abandonment`: gave up after 5 s ÷ (offered − short abandons); `asa_s`: mean wait of the answered; `wait_s`: of all."""

    offered: float
    abandonment: float
    asa_s: float
    wait_s: float


@dataclass(frozen=True)
class Reading:
    """`spread`: standard deviation of the abandonment from run to run, i.e. what chance alone does to such a week. `by_day`: the
    abandonment of each day, mean of the runs."""

    name: str
    mean: Figures
    spread: float
    by_day: tuple[float, ...]


@dataclass(frozen=True)
class Prediction:
    before: Figures                     # "as last week", the simplest guess
    came: Figures
    came_by_day: tuple[float, ...]      # abandonment
    readings: tuple[Reading, ...]
    arrivals: Missed
    arrivals_as_before: float           # Σ|came − as many as a week before| ÷ Σ came


def figures(waits: Sequence[tuple[float, bool]]) -> Figures:
    """Of (wait, whether answered)."""
    short = sum(not answered and wait <= SHORT_ABANDON_S for wait, answered in waits)
    gave_up = sum(not answered and wait > SHORT_ABANDON_S for wait, answered in waits)
    answered_after = [wait for wait, answered in waits if answered]
    return Figures(len(waits), gave_up / max(len(waits) - short, 1), fmean(answered_after) if answered_after else 0.0,
                   fmean(wait for wait, _ in waits) if waits else 0.0)


def predict(trace: Trace, kind_of: KindOf, *, runs: int = RUNS, as_lognormal: bool = False,
            readings: Sequence[str] = ("as_they_came", "roster_known", "forecast")) -> Prediction:
    """The second half of the days, a whole number of weeks, from the first. Raises ValueError when there are not two weeks."""
    half = trace.days // 14 * 7
    if half == 0:
        raise ValueError("needs two weeks of calls: one to learn from, one to predict")
    before, after = trace.part(0, half), trace.part(half, 2 * half)
    fitted = fit(before.calls, as_lognormal=as_lognormal)
    history = past_days(before, half, kind_of)
    came = past_days(after, half, kind_of)
    pairs, as_before = _pairs(history, came, kind_of)
    rates = rates_of(before, after.first, half, kind_of)
    at_work: Mapping[str, tuple[Mapping[str, tuple[Span, ...]], Callable[[int], list[Caller]]]] = {
        "as_they_came": (stints(after.calls), lambda seed: again(after.calls, fitted, seed)),
        "roster_known": (stints(after.calls), lambda seed: generated(rates, fitted, seed)),
        "forecast": (stints(before.calls), lambda seed: generated(rates, fitted, seed))}
    came_by_day = _by_day([(call.at, call.wait_s, call.answered) for call in after.calls], half)
    return Prediction(_of(before.calls), _of(after.calls), came_by_day,
                      tuple(_reading(name, *at_work[name], half, runs) for name in readings), missed(pairs), as_before)


def rates_of(before: Trace, first: date, days: int, kind_of: KindOf) -> Rates:
    """Of each kind of callers, a forecast of its own; the spread is that of all together."""
    half = before.days
    together = past_days(before, half, kind_of)
    by_kind: dict[str, list[float]] = {}
    for kind in sorted({call.kind for call in before.calls}):
        mine = past_days(Trace(before.first, tuple(call for call in before.calls if call.kind == kind), 0), half, kind_of)
        by_kind[kind] = []
        for place in range(days):
            day = first + timedelta(days=place)
            made = forecast(mine, day, kind_of(day))
            by_kind[kind] += [each.mean for each in made.intervals] if made else [0.0] * A_DAY
    whole = forecast(together, first, kind_of(first))
    return Rates(STEP_S, by_kind, A_DAY, spread=whole.spread if whole else 0.0)


def past_days(trace: Trace, days: int, kind_of: KindOf) -> list[PastDay]:
    counts = [[0] * A_DAY for _ in range(days)]
    for call in trace.calls:
        place = int(call.at // DAY_S)
        if place < days:
            counts[place][int(call.at % DAY_S // STEP_S)] += 1
    return [PastDay(day := trace.first + timedelta(days=place), kind_of(day), tuple(mine)) for place, mine in enumerate(counts)]


def floor_of(at_work: Mapping[str, Sequence[Span]], until: float) -> Scenario:
    """One queue in which everybody answers everything, with no chain: nobody is rung but those at work."""
    return Scenario((Queue(AGENTS_ALIKE, chain=(), overflow_s=INFINITE),),
                    tuple(Agent(code, tuple(spans), {AGENTS_ALIKE: 1}) for code, spans in at_work.items()), until=until)


def _reading(name: str, at_work: Mapping[str, tuple[Span, ...]], callers: Callable[[int], list[Caller]], days: int,
             runs: int) -> Reading:
    scenario = floor_of(at_work, math.inf)
    found, by_day = [], []
    for seed in range(runs):
        done = simulate(scenario, callers(seed), seed=seed)
        waits = [(call.queued_at, call.wait_s, call.outcome == "answered") for call in done.calls if call.wait_s is not None]
        found.append(figures([(wait, answered) for _, wait, answered in waits]))
        by_day.append(_by_day(waits, days))
    mean = Figures(*(fmean(getattr(one, field) for one in found) for field in ("offered", "abandonment", "asa_s", "wait_s")))
    return Reading(name, mean, pstdev(one.abandonment for one in found),
                   tuple(fmean(day) for day in zip(*by_day, strict=True)))


def _pairs(history: Sequence[PastDay], came: Sequence[PastDay], kind_of: KindOf) -> tuple[list[tuple[Expected, int]], float]:
    pairs: list[tuple[Expected, int]] = []
    off = 0
    for day in came:
        made = forecast(history, day.day, kind_of(day.day))
        pairs += zip(made.intervals, day.counts, strict=True) if made else []
        same = next(past for past in reversed(history) if past.day.weekday() == day.day.weekday())
        off += sum(abs(one - other) for one, other in zip(same.counts, day.counts, strict=True))
    total = sum(sum(day.counts) for day in came)
    return pairs, off / total if total else 0.0


def _by_day(waits: Sequence[tuple[float, float, bool]], days: int) -> tuple[float, ...]:
    parts: list[list[tuple[float, bool]]] = [[] for _ in range(days)]
    for at, wait, answered in waits:
        if at < days * DAY_S:
            parts[int(at // DAY_S)].append((wait, answered))
    return tuple(figures(part).abandonment for part in parts)


def _of(calls: Sequence[Past]) -> Figures:
    return figures([(call.wait_s, call.answered) for call in calls])
