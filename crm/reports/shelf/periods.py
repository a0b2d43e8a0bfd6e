"""The days of a report, as local days; yesterday, last week and last month by the site's calendar. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from callcenter.errors import Conflict


class Relative(StrEnum):
    TODAY = "today"
    YESTERDAY = "yesterday"
    LAST_WEEK = "last_week"      # Monday to Sunday
    LAST_MONTH = "last_month"
    THIS_MONTH = "this_month"    # to today


class DaysUnfit(Conflict):
    """The end lies before the beginning, or too far behind it."""

    code = "range_too_long"
    status = 422


@dataclass(frozen=True)
class Days:
    """Whole local days, the last one included."""

    first: date
    last: date

    def begin(self, tz: tzinfo) -> datetime:
        return datetime.combine(self.first, time(), tz).astimezone(UTC)

    def end(self, tz: tzinfo) -> datetime:
        """The midnight after the last day."""
        return datetime.combine(self.last + timedelta(days=1), time(), tz).astimezone(UTC)

    @property
    def count(self) -> int:
        return (self.last - self.first).days + 1

    def words(self) -> str:
        return self.first.isoformat() if self.first == self.last else f"{self.first.isoformat()} – {self.last.isoformat()}"


def days_of(word: Relative, today: date) -> Days:
    match word:
        case Relative.TODAY:
            return Days(today, today)
        case Relative.YESTERDAY:
            return Days(today - timedelta(days=1), today - timedelta(days=1))
        case Relative.LAST_WEEK:
            monday = today - timedelta(days=today.weekday() + 7)
            return Days(monday, monday + timedelta(days=6))
        case Relative.LAST_MONTH:
            last = today.replace(day=1) - timedelta(days=1)
            return Days(last.replace(day=1), last)
        case Relative.THIS_MONTH:
            return Days(today.replace(day=1), today)


def said(word: Relative | None, first: date | None, last: date | None, today: date) -> Days:
    """What was asked for: a word, or days; today when neither is said. Raises DaysUnfit for both at once."""
    if word is not None:
        if first is not None or last is not None:
            raise DaysUnfit
        return days_of(word, today)
    begin = first or last or today
    return Days(begin, last or begin)
