"""When a schedule is due: at a local time of every day, of a day of the week or of the month. Pure; right when clocks change."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from crm.clocks.calendars import moment


class Every(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


@dataclass(frozen=True)
class Calendar:
    """`weekday`: 0 is Monday, of weekly ones. `day`: of monthly ones; in a month that has no such day its last one."""

    every: Every
    at: time
    weekday: int = 0
    day: int = 1

    def falls_on(self, day: date) -> bool:
        match self.every:
            case Every.DAILY:
                return True
            case Every.WEEKLY:
                return day.weekday() == self.weekday
            case Every.MONTHLY:
                return day.day == min(self.day, monthrange(day.year, day.month)[1])


def next_after(calendar: Calendar, now: datetime, tz: tzinfo) -> datetime:
    """The first moment later than `now`."""
    return next(at for at in _moments(calendar, now.astimezone(tz).date() - timedelta(days=1), 1, tz) if at > now)


def newest_until(calendar: Calendar, now: datetime, tz: tzinfo) -> datetime:
    """The last moment not later than `now`: after a time of standstill the one that is sent, not all that were missed."""
    return next(at for at in _moments(calendar, now.astimezone(tz).date() + timedelta(days=1), -1, tz) if at <= now)


def _moments(calendar: Calendar, day: date, step: int, tz: tzinfo) -> Iterator[datetime]:
    while True:
        if calendar.falls_on(day):
            yield moment(day, calendar.at, tz)
        day += timedelta(days=step)
