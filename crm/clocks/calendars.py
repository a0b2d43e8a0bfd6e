"""Which time counts: always, or an office's hours without holidays and with make-up days (补班).

Pure. Every sum is made between moments in UTC, and local hours are turned into such moments day by day: an hour that a change
to summer time takes away or gives twice is counted as often as it was there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, Protocol

import holidays

from callcenter.site.schema import Schedule
from crm.kinds.schema import Span

DAY: Final = timedelta(days=1)
WEEK: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NEVER_OPEN_FOR: Final = 400          # days without an opening after which there will be none

Piece = tuple[datetime, datetime]    # from, until; UTC


class NeverOpenError(ValueError):
    """The office does not open for more than a year: nothing can become due. A schedule without hours is a legal one."""


class Calendar(Protocol):
    def due(self, start: datetime, span: Span | timedelta) -> datetime:
        """The first moment at which so much of this calendar's time has passed since `start`. Raises NeverOpenError."""
        ...

    def worked(self, start: datetime, end: datetime) -> timedelta:
        """How much of this calendar's time lies between; nothing when `end` is not after `start`."""
        ...


class Days:
    """Which days are worked and which are holidays.

    The site's own lists win over the calendar. A working day is Monday to Friday and a make-up day, without holidays,
    whatever the hotline's opening hours are.
    """

    def __init__(self, schedule: Schedule) -> None:
        self._opened = frozenset(schedule.open_days)
        self._closed = frozenset(schedule.closed_days)
        self._china = holidays.country_holidays("CN") if schedule.calendar == "CN" else None

    def is_holiday(self, day: date) -> bool:
        if day in self._opened:
            return False
        return day in self._closed or (self._china is not None and day in self._china)

    def is_made_up(self, day: date) -> bool:
        """A Saturday or Sunday that is worked, because of a holiday or because the site says so."""
        if day.weekday() < 5 or day in self._closed:
            return False
        return day in self._opened or (self._china is not None and self._china.is_working_day(day))

    def is_worked(self, day: date) -> bool:
        return self.is_made_up(day) or (day.weekday() < 5 and not self.is_holiday(day))

    def nth_worked(self, day: date, number: int) -> date:
        """The `number`-th working day after `day`, which itself does not count (as periods in days are counted by law)."""
        for _ in range(number):
            day += DAY
            for _ in range(NEVER_OPEN_FOR):
                if self.is_worked(day):
                    break
                day += DAY
            else:
                raise NeverOpenError(f"no working day before {day}")
        return day


class Always:
    """24×7. Working days end at local midnight."""

    def __init__(self, days: Days, tz: tzinfo) -> None:
        self._days = days
        self._tz = tz

    def due(self, start: datetime, span: Span | timedelta) -> datetime:
        if isinstance(span, timedelta):
            return start + span
        if span.working_days:
            last = self._days.nth_worked(start.astimezone(self._tz).date(), span.working_days)
            return moment(last + DAY, time(0), self._tz)
        return start + span.length

    def worked(self, start: datetime, end: datetime) -> timedelta:
        return max(end - start, timedelta(0))


class Office:
    """The site's opening hours. A made-up day on which the office has no hours has those of the week's first open day."""

    def __init__(self, schedule: Schedule, days: Days, tz: tzinfo) -> None:
        self._hours = schedule.hours
        self._days = days
        self._tz = tz
        self._pieces: dict[date, tuple[Piece, ...]] = {}
        self._workday = next((day for day in WEEK if any(day in opening.days for opening in schedule.hours)), WEEK[0])

    def due(self, start: datetime, span: Span | timedelta) -> datetime:
        if isinstance(span, timedelta):
            return self._passed(start, span)
        if span.working_days:
            last = self._days.nth_worked(start.astimezone(self._tz).date(), span.working_days)
            pieces = self.open_on(last)
            return pieces[-1][1] if pieces else moment(last + DAY, time(0), self._tz)
        return self._passed(start, span.length)

    def worked(self, start: datetime, end: datetime) -> timedelta:
        total = timedelta(0)
        if end <= start:
            return total
        with suppress(NeverOpenError):     # then no more was worked
            for opens, closes in self._from(start):
                if opens >= end:
                    break
                total += min(closes, end) - max(opens, start)
        return total

    def opens_after(self, moment: datetime) -> bool:
        try:
            next(self._from(moment))
        except NeverOpenError:
            return False
        return True

    def open_on(self, day: date) -> tuple[Piece, ...]:
        """When the office is open on a local day: in order, without overlaps."""
        if day not in self._pieces:
            self._pieces[day] = _joined(self._parts(day))
        return self._pieces[day]

    def _passed(self, start: datetime, length: timedelta) -> datetime:
        if length <= timedelta(0):
            return start
        left = length
        for opens, closes in self._from(start):
            begins = max(opens, start)
            if closes - begins >= left:
                return begins + left
            left -= closes - begins
        raise AssertionError("the office's pieces never end")

    def _from(self, start: datetime) -> Iterator[Piece]:
        """Every piece that ends after `start`, in order, without end."""
        day, closed = start.astimezone(self._tz).date() - DAY, 0
        while True:
            pieces = [piece for piece in self.open_on(day) if piece[1] > start]
            closed = 0 if pieces else closed + 1
            if closed > NEVER_OPEN_FOR:
                raise NeverOpenError(f"not open from {start} to {day}")
            yield from pieces
            day += DAY

    def _parts(self, day: date) -> Iterator[Piece]:
        """Hours over midnight belong to two days, as in the dialplan; each has its own holiday. Equal times: the whole day."""
        if self._days.is_holiday(day):
            return
        name = WEEK[day.weekday()]
        if self._days.is_made_up(day) and not any(name in opening.days for opening in self._hours):
            name = self._workday
        before = WEEK[WEEK.index(name) - 1]
        for opening in self._hours:
            whole, over = opening.start == opening.end, opening.start > opening.end
            if name in opening.days:
                until = moment(day + DAY, time(0), self._tz) if whole or over else moment(day, opening.end, self._tz)
                yield moment(day, time(0) if whole else opening.start, self._tz), until
            if over and before in opening.days:
                yield moment(day, time(0), self._tz), moment(day, opening.end, self._tz)


def moment(day: date, at: time, tz: tzinfo) -> datetime:
    """A local time as a moment: the first of two, and one that a change to summer time left out is an hour later."""
    return datetime.combine(day, at, tz).astimezone(UTC)


def _joined(parts: Iterator[Piece]) -> tuple[Piece, ...]:
    joined: list[Piece] = []
    for opens, closes in sorted(parts):
        if closes <= opens:
            continue
        if joined and opens <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(closes, joined[-1][1]))
        else:
            joined.append((opens, closes))
    return tuple(joined)
