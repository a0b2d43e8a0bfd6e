"""Whom the yearly plan asks this month (G3): a weighted sample that anybody can draw again and explain. Pure.

A household's place in the draw is its own: a number made of seed, year, month and its id, to the power of one by its weight
(Efraimidis and Spirakis 2006: the greatest such numbers are a weighted sample without replacement). So the order in which
households come, and which others there are, changes nobody's number, and a hundred thousand are read one by one with no more
kept than are wanted.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b
from typing import Final

# How many times as likely; a household's weight is the product of those that fit.
WEIGHTS: Final[Mapping[str, float]] = {"elderly": 3.0, "alone": 3.0, "vip": 2.0, "complained": 2.0, "never_contacted": 2.0,
                                       "unreached": 1.5}
TRAITS: Final = tuple(WEIGHTS)
AGAIN_AFTER: Final = 2           # months before who may be drawn again is
PRIOR: Final = (8, 10)           # reached of called, before anybody was


@dataclass(frozen=True)
class Candidate:
    """A household as the draw sees it. `excluded`: no_call, no_consent, no_number; `last_month`: of this year's last draw of it."""

    household_id: int
    traits: frozenset[str] = frozenset()
    excluded: str | None = None
    last_month: int | None = None


@dataclass(frozen=True)
class Terms:
    """A month's draw of a plan. `again`: traits with which a household may be asked twice a year."""

    year: int
    wanted: int
    weights: Mapping[str, float] = field(default_factory=lambda: dict(WEIGHTS))
    again: frozenset[str] = frozenset({"unreached"})


@dataclass(frozen=True)
class Chosen:
    household_id: int
    weight: float
    traits: tuple[str, ...]      # what made it more likely
    place: float                 # its number in the draw


@dataclass(frozen=True)
class Sample:
    chosen: tuple[Chosen, ...]   # the surest first
    households: int
    eligible: int
    already: int                 # were asked this year
    excluded: Mapping[str, int]


def sample(households: Iterable[Candidate], plan: Terms, month: int, seed: int) -> Sample:
    """Reads each candidate once, keeps `plan.wanted`."""
    excluded: Counter[str] = Counter()
    total = eligible = already = 0
    best: list[tuple[float, int, Chosen]] = []
    for one in households:
        total += 1
        if one.excluded is not None:
            excluded[one.excluded] += 1
            continue
        if one.last_month is not None and not (one.traits & plan.again and month - one.last_month >= AGAIN_AFTER):
            already += 1
            continue
        eligible += 1
        why = tuple(trait for trait in sorted(one.traits) if plan.weights.get(trait, 1.0) != 1.0)
        weight = math.prod(plan.weights[trait] for trait in why)
        if weight <= 0 or plan.wanted <= 0:
            continue
        place = math.log(_number(seed, plan.year, month, one.household_id)) / weight
        entry = (place, -one.household_id, Chosen(one.household_id, weight, why, place))
        if len(best) < plan.wanted:
            heapq.heappush(best, entry)
        elif entry[:2] > best[0][:2]:
            heapq.heapreplace(best, entry)
    best.sort(key=lambda entry: entry[:2], reverse=True)
    return Sample(tuple(chosen for _, _, chosen in best), total, eligible, already, dict(excluded))


def _number(seed: int, year: int, month: int, household_id: int) -> float:
    """Between 0 and 1, neither of them."""
    digest = blake2b(f"{seed}:{year}:{month}:{household_id}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest) + 0.5) / 2**64


def reach_rate(reached: int, over: int) -> float:
    """Of those who are called, how many are reached; careful while few were."""
    return (reached + PRIOR[0]) / (over + PRIOR[1])


def target(households: int, share: float) -> int:
    return math.ceil(households * share - 1e-9)


def quota(households: int, share: float, *, reached: int, waiting: int, rate: float, month: int) -> int:
    """How many to draw in a month so that the share is reached by December: what is missing, spread over the months left. `waiting`
    were drawn and are not over; who is not reached is made up for by others."""
    missing = target(households, share) - reached - waiting * rate
    months = 13 - month
    return max(0, math.ceil(missing / (rate * months) - 1e-9))


def forecast(households: int, share: float, *, reached: int, waiting: int, left: int, rate: float, month: int) -> float:
    """The share of households by the end of the year, if people are reached as they were so far. `left`: may still be drawn."""
    coming = 0
    for each in range(month, 13):
        drawn = min(left - coming, quota(households, share, reached=reached, waiting=waiting + coming, rate=rate, month=each))
        coming += drawn
    return min(1.0, (reached + (waiting + coming) * rate) / households) if households else 0.0


def spread(count: int, days: Sequence[date]) -> list[date]:
    """A day for each, evenly: nobody is handed a month's calls on its first morning."""
    return [days[index * len(days) // count] for index in range(count)]
