"""Distributions of times, each by its quantiles: a caller's random number says where in them it stands. Pure, in seconds."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Protocol

_NORMAL = NormalDist()


class Times(Protocol):
    def at(self, share: float) -> float:
        """The time that a share of all, between 0 and 1, does not exceed."""
        ...

    @property
    def mean(self) -> float: ...


@dataclass(frozen=True)
class Exponential:
    mean: float

    def at(self, share: float) -> float:
        return -self.mean * math.log1p(-share)


@dataclass(frozen=True)
class Lognormal:
    """Of talk: Brown et al., "Statistical Analysis of a Telephone Call Center", JASA 100 (2005), §4."""

    mu: float
    sigma: float

    def at(self, share: float) -> float:
        return math.exp(self.mu + self.sigma * _NORMAL.inv_cdf(min(max(share, 1e-12), 1 - 1e-12)))

    @property
    def mean(self) -> float:
        return math.exp(self.mu + self.sigma ** 2 / 2)


@dataclass(frozen=True)
class Empirical:
    """What was seen, each value as likely as the others. `values` in order, at least one."""

    values: tuple[float, ...]

    def at(self, share: float) -> float:
        return self.values[min(int(share * len(self.values)), len(self.values) - 1)]

    @property
    def mean(self) -> float:
        return math.fsum(self.values) / len(self.values)


@dataclass(frozen=True)
class Survival:
    """What is not over yet after a time: Kaplan–Meier's steps, and after the last one as an exponential. `times` in order;
    `left[i]` is the share that goes on after `times[i]`; `tail_s` the mean of what is left then."""

    times: tuple[float, ...]
    left: tuple[float, ...]
    tail_s: float

    def at(self, share: float) -> float:
        going = 1 - share
        place = bisect_left(self.left, -going, key=lambda each: -each)      # the first with left ≤ going
        if place < len(self.times):
            return self.times[place]
        last, begin = (self.left[-1], self.times[-1]) if self.times else (1.0, 0.0)
        return begin + self.tail_s * math.log(last / max(going, 1e-12))

    @property
    def mean(self) -> float:
        """∫ of what is left."""
        area, before, left = 0.0, 0.0, 1.0
        for time, after in zip(self.times, self.left, strict=True):
            area += left * (time - before)
            before, left = time, after
        return area + left * self.tail_s


def lognormal(values: Sequence[float]) -> Lognormal:
    """By the mean and deviation of the logarithms; `values` above 0, at least one."""
    logs = [math.log(value) for value in values]
    mean = math.fsum(logs) / len(logs)
    spread = math.fsum((each - mean) ** 2 for each in logs) / max(len(logs) - 1, 1)
    return Lognormal(mean, math.sqrt(spread))


def lognormal_of(mean: float, median: float) -> Lognormal:
    """`mean` not below `median`: mean ÷ median = e^(σ² ÷ 2)."""
    return Lognormal(math.log(median), math.sqrt(2 * math.log(mean / median)))


def kaplan_meier(seen: Sequence[tuple[float, bool]], tail_from: float = 0.9) -> Survival:
    """`seen`: (time, whether it ended then; else it went on for longer than that). Kaplan & Meier, JASA 53 (1958): at each time at
    which some ended, what is left shrinks by those ÷ all who had come so far. The tail has the ending rate of the last tenth
    of the times looked at, or of all where none ended there."""
    ordered = sorted(seen)
    at_risk = len(ordered)
    times: list[float] = []
    lefts: list[float] = []
    left, place = 1.0, 0
    while place < len(ordered):
        time, ended, gone = ordered[place][0], 0, 0
        while place < len(ordered) and ordered[place][0] == time:
            ended += ordered[place][1]
            gone += 1
            place += 1
        if ended:
            left *= 1 - ended / at_risk
            if left <= 0:       # the last of all ended: nothing is known beyond
                break
            times.append(time)
            lefts.append(left)
        at_risk -= gone
    return Survival(tuple(times), tuple(lefts), _tail(ordered, tail_from))


def _tail(ordered: Sequence[tuple[float, bool]], tail_from: float) -> float:
    if not ordered:
        return math.inf
    begin = ordered[int(tail_from * (len(ordered) - 1))][0]
    for since in (begin, 0.0):
        ended = sum(over for time, over in ordered if time > since)
        if ended:
            return math.fsum(time - since for time, _ in ordered if time > since) / ended
    return math.inf
