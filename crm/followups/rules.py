"""When a household is called, in which order, and when again (G4). Pure: the time is passed in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import IntEnum, StrEnum
from typing import Final

DAY: Final = timedelta(days=1)
LONGEST_SEARCH: Final = 60       # days without one on which anybody may be called
_PARTS: Final = (time(12), time(17))      # morning, afternoon, evening


class Outcome(StrEnum):
    REACHED = "reached"
    NOT_REACHED = "not_reached"
    BUSY = "busy"
    WRONG_NUMBER = "wrong_number"
    REFUSED = "refused"
    LATER = "later"              # the household said when


class Rank(IntEnum):
    """The order of the call list; within one, what is due first."""

    PROMISED = 0                 # a time that the household was told
    SOON = 1                     # after a complaint within 48 h (E5), after an incident at once
    DISSATISFIED = 2             # G2
    OTHER = 3                    # after a repair, after a survey
    PERIODIC = 4                 # G3


_SOON: Final = frozenset({"complaint", "incident"})


def rank_of(why: str, *, dissatisfied: bool, promised: bool) -> Rank:
    if promised:
        return Rank.PROMISED
    if why in _SOON:
        return Rank.SOON
    if dissatisfied or why == "unsatisfied":
        return Rank.DISSATISFIED
    return Rank.PERIODIC if why == "periodic" else Rank.OTHER


@dataclass(frozen=True)
class Hours:
    """When people may be called of our own accord."""

    opens: time
    closes: time
    tz: tzinfo
    is_holiday: Callable[[date], bool]
    on_holidays: bool = False

    def open_at(self, moment: datetime) -> bool:
        local = moment.astimezone(self.tz)
        return self.day_is_open(local.date()) and self.opens <= local.time() < self.closes

    def day_is_open(self, day: date) -> bool:
        return self.on_holidays or not self.is_holiday(day)

    def next_open(self, moment: datetime) -> datetime:
        """The moment itself when it is one, else when it begins again."""
        day = moment.astimezone(self.tz).date()
        for _ in range(LONGEST_SEARCH):
            if self.day_is_open(day):
                begins, ends = (datetime.combine(day, at, self.tz).astimezone(UTC) for at in (self.opens, self.closes))
                if moment < ends:
                    return max(moment, begins)
            day += DAY
        return moment

    def part_of(self, moment: datetime) -> int:
        """0 morning, 1 afternoon, 2 evening."""
        at = moment.astimezone(self.tz).time()
        return sum(at >= border for border in _PARTS)


@dataclass(frozen=True)
class Retry:
    tries: int
    busy: timedelta              # who talks is soon free
    between: timedelta


def next_try(tried: Sequence[datetime], last: Outcome, now: datetime, rule: Retry, hours: Hours) -> datetime | None:
    """When to call again after the tries in vain at `tried`, the last one with them; None: that was the last one.

    Who is at work every morning is not asked for every morning: a part of the day that was not tried yet comes first."""
    if len(tried) >= rule.tries:
        return None
    if last is Outcome.BUSY:
        return hours.next_open(now + rule.busy)
    before = {hours.part_of(moment) for moment in tried}
    first = hours.next_open(now + rule.between)
    moment = first
    for _ in range(3 * LONGEST_SEARCH):
        if hours.part_of(moment) not in before:
            return moment
        following = hours.next_open(_next_part(moment, hours))
        if following - first > 2 * DAY:
            break       # every part that there is was tried
        moment = following
    return max(first, hours.next_open(now + DAY))


def _next_part(moment: datetime, hours: Hours) -> datetime:
    local = moment.astimezone(hours.tz)
    border = next((at for at in _PARTS if local.time() < at), None)
    day = local.date() if border is not None else local.date() + DAY
    return datetime.combine(day, border or time(0), hours.tz).astimezone(UTC)
