"""Figures of repairs (F4): which there are and what each counts. Pure.

| figure | formula |
|---|---|
| on_time (及时率) | repairs whose response clock was kept ÷ repairs whose response clock ended in the period |
| rework (返修率) | repairs archived in the period to which a rework was tied ÷ repairs archived in the period |
| open | repairs that are open now, by how long ago they were reported |

Of an engineer: those whose ticket is (or was at last) theirs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final


class By(StrEnum):
    ALL = "all"
    ESTATE = "estate"
    ENGINEER = "engineer"
    DAY = "day"              # the site's; of what is open: the day on which it was reported
    MONTH = "month"


class Figure(StrEnum):
    """What has rows: numerators and denominators."""

    RESPONDED = "responded"          # response clock ended
    ON_TIME = "on_time"              # … and was kept
    LATE = "late"                    # … and was not
    ARCHIVED = "archived"
    REWORKED = "reworked"            # … and came back
    OPEN = "open"


BANDS: Final[Mapping[str, tuple[timedelta, timedelta]]] = {
    "below_1d": (timedelta(0), timedelta(days=1)), "1_to_3d": (timedelta(days=1), timedelta(days=3)),
    "3_to_7d": (timedelta(days=3), timedelta(days=7)), "7_to_30d": (timedelta(days=7), timedelta(days=30)),
    "above_30d": (timedelta(days=30), timedelta(days=36500)),
}
NOBODY: Final = ""


@dataclass(frozen=True)
class Counted:
    """A ticket in one of the figures: `at` is the moment by which its period goes."""

    ticket_id: int
    figure: Figure
    estate_id: int | None
    engineer: str | None
    at: datetime


@dataclass(frozen=True)
class FigureRow:
    key: str
    responded: int
    on_time: int
    on_time_rate: float | None
    archived: int
    reworked: int
    rework_rate: float | None
    open: int
    open_by_age: dict[str, int]


def key_of(by: By, one: Counted, tz: tzinfo) -> str:
    match by:
        case By.ALL:
            return "all"
        case By.ESTATE:
            return NOBODY if one.estate_id is None else str(one.estate_id)
        case By.ENGINEER:
            return one.engineer or NOBODY
        case By.DAY:
            return one.at.astimezone(tz).date().isoformat()
        case By.MONTH:
            return f"{one.at.astimezone(tz):%Y-%m}"


def band_of(age: timedelta) -> str:
    return next((name for name, (least, most) in BANDS.items() if least <= age < most), "below_1d")


def rate(part: int, whole: int) -> float | None:
    """None of nothing."""
    if not 0 <= part <= whole:
        raise ValueError(f"{part} of {whole}")
    return part / whole if whole else None


def rows(by: By, counted: Iterable[Counted], now: datetime, tz: tzinfo) -> list[FigureRow]:
    """A row for each key of which there is anything, by key."""
    found: dict[str, list[Counted]] = defaultdict(list)
    for one in counted:
        found[key_of(by, one, tz)].append(one)
    return [_row(key, of, now) for key, of in sorted(found.items())]


def behind(by: By, key: str, figure: Figure, band: str | None, counted: Iterable[Counted], now: datetime, tz: tzinfo) -> list[int]:
    """The tickets that a figure of a row counts, in order: the row's number is how many there are."""
    return sorted({one.ticket_id for one in counted if is_in(figure, one) and key_of(by, one, tz) == key
                   and (band is None or band_of(now - one.at) == band)})


def is_in(figure: Figure, one: Counted) -> bool:
    """What is on time or late has responded, what was reworked is archived."""
    return one.figure in _PARTS.get(figure, (figure,))


_PARTS: Final[Mapping[Figure, Sequence[Figure]]] = {
    Figure.RESPONDED: (Figure.ON_TIME, Figure.LATE), Figure.ARCHIVED: (Figure.ARCHIVED, Figure.REWORKED)}


def _row(key: str, of: Sequence[Counted], now: datetime) -> FigureRow:
    def count(figure: Figure, fits: Callable[[Counted], bool] = lambda one: True) -> int:
        return len({one.ticket_id for one in of if is_in(figure, one) and fits(one)})

    responded, archived = count(Figure.RESPONDED), count(Figure.ARCHIVED)
    # A ticket that came back to be dispatched has had two clocks: it was on time if none of them was late.
    late = count(Figure.LATE)
    reworked = count(Figure.REWORKED)
    return FigureRow(
        key, responded, responded - late, rate(responded - late, responded), archived, reworked, rate(reworked, archived),
        count(Figure.OPEN),
        {band: sum(one.figure is Figure.OPEN and band_of(now - one.at) == band for one in of) for band in BANDS})
