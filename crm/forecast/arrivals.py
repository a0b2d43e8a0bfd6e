"""Arrivals by half hour from the days before: weekday, kind of day, trend, and how wrong it may be. Pure.

Every day of the past counts with a weight: the likelier it is to be as the day asked for, and the more recent, the more. The
spread beyond chance (a Poisson count has its mean as variance) is learned from how the past days missed each other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum, StrEnum
from typing import Final

from crm.clocks.calendars import Days

A_DAY: Final = 48                       # intervals
STEP_S: Final = 1_800
HALF_LIFE_DAYS: Final = 28.0            # a day so long ago counts half
OTHER_KIND: Final = 0.01                # so that there is something to say on the first holiday
TREND_FROM: Final = 14                  # days of history
STEEPEST: Final = 0.02                  # of a trend, a day
TREND_REACHES: Final = 14.0             # days
BAND: Final = (0.1, 0.9)


class DayKind(StrEnum):
    WORKING = "working"                 # make-up days too
    WEEKEND = "weekend"
    HOLIDAY = "holiday"


def kind_of(day: date, days: Days) -> DayKind:
    if days.is_holiday(day):
        return DayKind.HOLIDAY
    return DayKind.WORKING if days.is_worked(day) else DayKind.WEEKEND


# What other days of the kind say, as so many days of the same weekday: the two of a weekend may be quite unlike.
BORROWED: Final = {DayKind.WORKING: 1.0, DayKind.WEEKEND: 0.1, DayKind.HOLIDAY: 1.0}


class Like(Enum):
    ALIKE = "alike"                     # the same weekday of the same kind; holidays are all alike
    KIND = "kind"
    OTHER = "other"


@dataclass(frozen=True)
class PastDay:
    """`counts`: arrivals by interval of the local day."""

    day: date
    kind: DayKind
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Expected:
    """Of one interval; `low` and `high` are what nine of ten days exceed, and one."""

    mean: float
    low: int
    high: int


@dataclass(frozen=True)
class DayForecast:
    """`spread`: variance of the factor by which an interval is busier than expected; `trend` by which the day is, for the trend."""

    day: date
    intervals: tuple[Expected, ...]
    spread: float
    trend: float


def forecast(history: Sequence[PastDay], day: date, kind: DayKind) -> DayForecast | None:
    """None without any past day. A day that is not over must not be among them."""
    known = [past for past in history if past.day < day]
    if not known:
        return None
    factor = trend(known, day)
    means = [mean * factor for mean in profile(known, day, kind)]
    wide = spread(known)
    return DayForecast(day, tuple(Expected(mean, *band(mean, wide)) for mean in means), wide, factor)


def weights(history: Sequence[PastDay], day: date, kind: DayKind) -> list[float]:
    """Of each past day. Days like it count by how recent they are; the others of its kind together as `BORROWED` such days, and all
    the rest as hardly any: they matter while there is little to go by, and less with each week."""
    recent = [float(0.5 ** (abs((day - past.day).days) / HALF_LIFE_DAYS)) for past in history]
    groups = [likeness(past, day, kind) for past in history]
    worth = {Like.ALIKE: None, Like.KIND: BORROWED[kind], Like.OTHER: OTHER_KIND}
    whole = {group: math.fsum(each for each, mine in zip(recent, groups, strict=True) if mine is group) for group in worth}
    scale = {group: 1.0 if wanted is None else wanted / whole[group] for group, wanted in worth.items() if whole[group]}
    return [each * scale[group] for each, group in zip(recent, groups, strict=True)]


def likeness(past: PastDay, day: date, kind: DayKind) -> Like:
    if past.kind is not kind:
        return Like.OTHER
    return Like.ALIKE if past.day.weekday() == day.weekday() or kind is DayKind.HOLIDAY else Like.KIND


def profile(history: Sequence[PastDay], day: date, kind: DayKind) -> list[float]:
    """Mean count by interval, by weight."""
    by_day = weights(history, day, kind)
    whole = math.fsum(by_day)
    return [math.fsum(each * past.counts[place] for each, past in zip(by_day, history, strict=True)) / whole
            for place in range(A_DAY)]


def trend(history: Sequence[PastDay], day: date) -> float:
    """How much more the day brings than the days it is made from: the slope of the logarithm of each day's count against what
    days like it bring, as far as it stands out of its error (b · max(0, 1 − (s ÷ b)²)), and no further than two weeks on."""
    points = []
    for past in history:
        like = weights(history, past.day, past.kind)
        usual = math.fsum(each * sum(other.counts) for each, other in zip(like, history, strict=True)) / math.fsum(like)
        if usual > 0 and sum(past.counts) > 0:
            points.append((float((past.day - day).days), math.log(sum(past.counts) / usual)))
    if len(points) < TREND_FROM:
        return 1.0
    middle = math.fsum(x for x, _ in points) / len(points)
    level = math.fsum(y for _, y in points) / len(points)
    wide = math.fsum((x - middle) ** 2 for x, _ in points)
    slope = math.fsum((x - middle) * (y - level) for x, y in points) / wide
    error = math.fsum((y - level - slope * (x - middle)) ** 2 for x, y in points) / (len(points) - 2) / wide
    if slope == 0 or error >= slope ** 2:
        return 1.0
    believed = max(-STEEPEST, min(STEEPEST, slope * (1 - error / slope ** 2)))
    ages = [(0.5 ** ((day - past.day).days / HALF_LIFE_DAYS), (day - past.day).days) for past in history]
    back = math.fsum(each * age for each, age in ages) / math.fsum(each for each, _ in ages)     # how old the profile is
    return math.exp(believed * min(back, TREND_REACHES))


def spread(history: Sequence[PastDay]) -> float:
    """Variance, beyond chance, of count ÷ mean: Σ((count − mean)² − mean·(1 + 1 ÷ days like it)) ÷ Σ mean², each day's mean
    from the other days like it; 0 where the past shows none. What weekdays differ by is in it while there is one of each."""
    more = whole = 0.0
    for past in history:
        others = [other for other in history if other is not past and _comparable(other, past)]
        if not others:
            continue
        by_day = weights(others, past.day, past.kind)
        alike = math.fsum(by_day) ** 2 / math.fsum(each ** 2 for each in by_day)
        for count, mean in zip(past.counts, profile(others, past.day, past.kind), strict=True):
            more += (count - mean) ** 2 - mean * (1 + 1 / alike)
            whole += mean ** 2
    return max(more / whole, 0.0) if whole else 0.0


def _comparable(other: PastDay, past: PastDay) -> bool:
    like = likeness(other, past.day, past.kind)
    return like is Like.ALIKE or (like is Like.KIND and past.kind is DayKind.WORKING)


def band(mean: float, wide: float) -> tuple[int, int]:
    """Quantiles `BAND` of a count whose mean varies by a gamma factor of variance `wide`: negative binomial, else Poisson."""
    if mean <= 0:
        return 0, 0
    size = 1 / wide if wide > 1e-9 else math.inf
    share = math.exp(-mean) if math.isinf(size) else (size / (size + mean)) ** size
    if share < 1e-300:          # too far from 0 to be summed from there
        deviation = math.sqrt(mean + wide * mean ** 2)
        return max(int(mean - 1.2816 * deviation), 0), math.ceil(mean + 1.2816 * deviation)
    found: list[int] = []
    count, upto = 0, share
    for wanted in BAND:
        while upto < wanted and count < 10 * mean + 1000:
            count += 1
            share *= mean / count if math.isinf(size) else (size + count - 1) / count * mean / (size + mean)
            upto += share
        found.append(count)
    return found[0], found[1]


@dataclass(frozen=True)
class Missed:
    """How a forecast compares with what came. `share`: Σ|came − expected| ÷ Σ came; `bias`: Σ(expected − came) ÷ Σ came;
    `chance` is the share that even a forecast without any fault would have missed; `inside` of intervals, within the band."""

    intervals: int
    came: int
    mean_error: float
    share: float | None
    bias: float | None
    chance: float | None
    inside: float | None


def missed(pairs: Sequence[tuple[Expected, int]]) -> Missed:
    came = sum(count for _, count in pairs)
    off = math.fsum(abs(expected.mean - count) for expected, count in pairs)
    more = math.fsum(expected.mean - count for expected, count in pairs)
    by_chance = math.fsum(_mean_deviation(expected.mean) for expected, _ in pairs)
    inside = sum(expected.low <= count <= expected.high for expected, count in pairs)
    return Missed(len(pairs), came, off / len(pairs) if pairs else 0.0, off / came if came else None, more / came if came else None,
                  by_chance / came if came else None, inside / len(pairs) if pairs else None)


def _mean_deviation(mean: float) -> float:
    """E|N − mean| of a Poisson count: 2·e^(−m)·m^(⌊m⌋+1) ÷ ⌊m⌋! (Johnson, Kotz & Kemp, "Univariate Discrete Distributions")."""
    if mean <= 0:
        return 0.0
    whole = math.floor(mean)
    return 2 * math.exp(-mean + (whole + 1) * math.log(mean) - math.lgamma(whole + 1))


def counted(moments: Mapping[date, Iterable[float]], days: Days) -> list[PastDay]:
    """From seconds since each local day's beginning."""
    found = []
    for day, seconds in sorted(moments.items()):
        counts = [0] * A_DAY
        for moment in seconds:
            counts[min(int(moment // STEP_S), A_DAY - 1)] += 1
        found.append(PastDay(day, kind_of(day, days), tuple(counts)))
    return found
