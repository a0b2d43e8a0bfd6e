"""When scheduled reports are due, and of which days they are: over years, month ends and the hour that summer time takes away."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.reports.schedules.calendar import Calendar, Every, newest_until, next_after
from crm.reports.shelf.periods import Days, DaysUnfit, Relative, days_of, said

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")


def local(calendar: Calendar, begin: datetime, count: int, tz: ZoneInfo) -> list[str]:
    found = []
    for _ in range(count):
        begin = next_after(calendar, begin, tz)
        found.append(begin.astimezone(tz).strftime("%m-%d %H:%M"))
    return found


def test_the_last_day_stands_for_one_that_a_month_has_not() -> None:
    monthly = Calendar(Every.MONTHLY, time(8), day=31)
    assert local(monthly, datetime(2027, 1, 5, tzinfo=UTC), 4, SHANGHAI) == [
        "01-31 08:00", "02-28 08:00", "03-31 08:00", "04-30 08:00"]
    assert local(Calendar(Every.WEEKLY, time(8), weekday=0), datetime(2026, 11, 22, tzinfo=UTC), 2, SHANGHAI) == [
        "11-23 08:00", "11-30 08:00"]


def test_when_clocks_change_a_report_comes_once_a_day() -> None:
    at_two_thirty = Calendar(Every.DAILY, time(2, 30))
    assert local(at_two_thirty, datetime(2027, 3, 27, 12, tzinfo=UTC), 2, BERLIN) == ["03-28 03:30", "03-29 02:30"], "no 2:30 there"
    assert local(at_two_thirty, datetime(2027, 10, 30, 12, tzinfo=UTC), 2, BERLIN) == ["10-31 02:30", "11-01 02:30"], "two of them"


@given(st.sampled_from(Every), st.times().map(lambda at: at.replace(second=0, microsecond=0)), st.integers(0, 6),
       st.integers(1, 31), st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)), st.sampled_from([SHANGHAI, BERLIN]))
@settings(max_examples=200, deadline=None)
def test_the_next_moment_follows_the_newest_one_and_nothing_lies_between(
        every: Every, at: time, weekday: int, day: int, moment: datetime, tz: ZoneInfo) -> None:
    calendar, now = Calendar(every, at, weekday, day), moment.replace(tzinfo=UTC)
    newest, following = newest_until(calendar, now, tz), next_after(calendar, now, tz)
    assert newest <= now < following
    assert next_after(calendar, newest, tz) == following
    assert following - newest <= {Every.DAILY: timedelta(hours=25), Every.WEEKLY: timedelta(days=7, hours=1),
                                  Every.MONTHLY: timedelta(days=31, hours=1)}[every]


def test_last_week_is_monday_to_sunday_and_last_month_whole() -> None:
    sunday = date(2026, 11, 22)
    assert days_of(Relative.LAST_WEEK, sunday) == Days(date(2026, 11, 9), date(2026, 11, 15))
    assert days_of(Relative.LAST_WEEK, date(2026, 11, 23)) == Days(date(2026, 11, 16), sunday)
    assert days_of(Relative.LAST_MONTH, date(2027, 3, 31)) == Days(date(2027, 2, 1), date(2027, 2, 28))
    assert days_of(Relative.YESTERDAY, date(2027, 1, 1)) == Days(date(2026, 12, 31), date(2026, 12, 31))
    assert said(None, None, None, sunday) == Days(sunday, sunday)
    with pytest.raises(DaysUnfit):
        said(Relative.TODAY, sunday, None, sunday)
    summer = Days(date(2027, 3, 28), date(2027, 3, 28))
    assert summer.end(BERLIN) - summer.begin(BERLIN) == timedelta(hours=23)
