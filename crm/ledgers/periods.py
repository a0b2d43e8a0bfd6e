"""Which period of a kind that recurs is the latest one that has begun. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal

from crm.kinds.schema import DAY_ENDS, Recurs

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    name: str                # 2026-11-22, 2026-W47, 2026-11
    begins_at: datetime      # when its tickets are made, UTC


def latest(recurs: Recurs, now: datetime, tz: tzinfo, day_ends: time) -> Period:
    """The one that began last; it stays that until the next begins, so whoever was down makes it up, and no older one."""
    at = day_ends if recurs.at == DAY_ENDS else time.fromisoformat(recurs.at)
    today = now.astimezone(tz).date()
    return next(found for day in _days(recurs.every, recurs.day, today)
                if (found := Period(name_of(recurs.every, day), datetime.combine(day, at, tz).astimezone(UTC))).begins_at <= now)


def name_of(every: Literal["day", "week", "month"], day: date) -> str:
    if every == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}"
    return f"{day:%Y-%m}" if every == "month" else day.isoformat()


def _days(every: Literal["day", "week", "month"], wanted: int, today: date) -> Iterator[date]:
    """Days on which a period begins, from today backwards. Of a week: the wanted weekday is in the ISO week that names it."""
    day = today
    while True:
        if every == "day" or (every == "week" and day.isoweekday() == wanted) or (every == "month" and day.day == wanted):
            yield day
        day -= DAY
