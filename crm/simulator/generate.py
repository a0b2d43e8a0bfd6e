"""Callers from rates, or again as they came: everything random about them is drawn here, before anything runs. Pure; the same seed
gives the same callers.

Arrivals are a Poisson process whose rate is constant within an interval. A rate that nobody knows exactly is drawn too: each
day is busier or quieter as a whole, and each interval besides, by factors of mean 1 (gamma), or surges would come too seldom.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from crm.simulator.chance import Times
from crm.simulator.fit import Fitted, Kind
from crm.simulator.past import Past
from crm.simulator.scenario import Caller


@dataclass(frozen=True)
class Rates:
    """Expected arrivals in each interval, by kind; `day_spread` and `spread` are the variances of the two factors."""

    step_s: float
    by_kind: Mapping[str, Sequence[float]]
    intervals_a_day: int = 48
    day_spread: float = 0.0
    spread: float = 0.0


def generated(rates: Rates, fitted: Fitted, seed: int, *, patience: Callable[[float], float] | None = None) -> list[Caller]:
    """In order. `patience` changes what was fitted: "what if callers were half as patient"."""
    count = max((len(each) for each in rates.by_kind.values()), default=0)
    chance = _chance(seed, "busy")
    days = [_factor(chance, rates.day_spread) for _ in range(count // rates.intervals_a_day + 1)]
    busy = [days[place // rates.intervals_a_day] * _factor(chance, rates.spread) for place in range(count)]
    callers: list[Caller] = []
    for name, expected in sorted(rates.by_kind.items()):
        kind, chance = fitted.kinds[name], _chance(seed, name)
        moments = arrivals([rate * factor for rate, factor in zip(expected, busy, strict=False)], rates.step_s, chance)
        callers += [_caller(moment, kind, None, chance, fitted.wrapup, patience) for moment in moments]
    return sorted(callers, key=lambda caller: caller.at)


def again(calls: Sequence[Past], fitted: Fitted, seed: int, *, patience: Callable[[float], float] | None = None) -> list[Caller]:
    """The calls at the times at which they came, and of their kinds; how patient they are and how long they talk is drawn. The
    points of who waited are kept; of others, nobody had looked (`fit.py`)."""
    chance = _chance(seed, "again")
    of_kind = {name: _chance(seed, name) for name in fitted.kinds}
    some = next(iter(fitted.kinds))
    return [_caller(call.at, fitted.kinds.get(call.kind, fitted.kinds[some]), call.points if call.wait_s > 0 else None,
                    of_kind.get(call.kind, chance), fitted.wrapup, patience)
            for call in sorted(calls, key=lambda call: call.at)]


def arrivals(expected: Sequence[float], step_s: float, chance: random.Random) -> list[float]:
    """Moments of a Poisson process: unit exponentials, laid along the expected count so far."""
    found: list[float] = []
    gone, due = 0.0, chance.expovariate(1.0)
    for place, count in enumerate(expected):
        while due < gone + count:
            found.append((place + (due - gone) / count) * step_s)
            due += chance.expovariate(1.0)
        gone += count
    return found


def _caller(at: float, kind: Kind, points: int | None, chance: random.Random, wrapup: Times | None,
            patience: Callable[[float], float] | None) -> Caller:
    shares = [chance.random() for _ in range(5)]     # as many for each, so that one more number changes nothing of the next
    chosen = points if points in kind.patience else kind.points_at(shares[0])
    assert chosen is not None
    patient = kind.patience[chosen].at(shares[1])
    return Caller(at, kind.queue, patience(patient) if patience else patient, kind.talk.at(shares[2]), chosen,
                  wrapup.at(shares[3]) if wrapup else None, shares[4], kind.name)


def _factor(chance: random.Random, variance: float) -> float:
    return chance.gammavariate(1 / variance, variance) if variance > 1e-9 else 1.0


def _chance(seed: int, what: str) -> random.Random:
    return random.Random(f"{seed}:{what}")  # noqa: S311 — a simulation
