"""Calendars: what is due and what was worked undo each other, through changes of summer time, holidays and make-up days."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.site.schema import Schedule
from crm.clocks.calendars import Always, Days, NeverOpenError, Office
from crm.kinds.schema import Span

SHANGHAI = ZoneInfo("Asia/Shanghai")
ZONES = [ZoneInfo(name) for name in ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana")]
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri"]


def schedule(*hours: tuple[list[str], str, str], **more: Any) -> Schedule:
    return Schedule.model_validate({"hours": [{"days": days, "from": start, "to": end} for days, start, end in hours], **more})


def office(made: Schedule, tz: ZoneInfo = SHANGHAI) -> Office:
    return Office(made, Days(made), tz)


NINE_TO_SIX = schedule((WEEKDAYS, "09:00", "12:00"), (WEEKDAYS, "13:00", "18:00"))
HOURS = [
    NINE_TO_SIX,
    schedule((["mon", "wed", "sat"], "22:00", "06:00")),                                  # over midnight
    schedule((["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "00:00", "00:00"), calendar="none"),
    schedule((["sun"], "01:30", "03:30"), (["sun"], "02:15", "02:45"), calendar="none"),   # in the hour that changes
    schedule((WEEKDAYS, "08:00", "20:00"), closed_days=["2027-01-04"], open_days=["2027-01-02"]),
]
moments = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31)).map(lambda moment: moment.replace(tzinfo=UTC))
lengths = st.timedeltas(timedelta(microseconds=1), timedelta(days=40))
calendars = st.builds(office, st.sampled_from(HOURS), st.sampled_from(ZONES))


@settings(max_examples=150, deadline=None)
@given(calendars, moments, lengths)
def test_what_is_due_after_a_length_has_worked_that_length_and_not_a_moment_earlier(
        calendar: Office, start: datetime, length: timedelta) -> None:
    due = calendar.due(start, length)
    assert calendar.worked(start, due) == length
    assert calendar.worked(start, due - timedelta(microseconds=1)) < length
    assert calendar.due(start, calendar.worked(start, due)) == due


@settings(max_examples=150, deadline=None)
@given(calendars, moments, lengths, lengths)
def test_work_adds_up_however_it_is_divided_and_never_shrinks(
        calendar: Office, start: datetime, first: timedelta, second: timedelta) -> None:
    middle, end = start + first, start + first + second
    parts = calendar.worked(start, middle), calendar.worked(middle, end)
    assert sum(parts, timedelta(0)) == calendar.worked(start, end)
    assert timedelta(0) <= parts[0] <= first
    assert calendar.due(start, first) <= calendar.due(start, first + second)
    assert calendar.due(start, first) <= calendar.due(middle, first)
    assert calendar.worked(end, start) == timedelta(0)


def test_the_office_counts_the_hours_that_a_change_to_summer_time_left() -> None:
    nights = office(schedule((["sat"], "22:00", "06:00"), calendar="none"), ZoneInfo("Europe/Berlin"))
    for saturday, hours in ((date(2026, 3, 21), 8), (date(2026, 3, 28), 7), (date(2026, 10, 24), 9)):
        noon = datetime.combine(saturday, time(12), UTC)
        assert nights.worked(noon, noon + timedelta(days=1)) == timedelta(hours=hours)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def test_an_hour_before_closing_on_new_years_eve_goes_on_after_the_holiday() -> None:
    """1 January 2027 is a Friday and a holiday; the office opens again on Monday."""
    calendar = office(NINE_TO_SIX)
    assert calendar.due(at("2026-12-31T17:00"), timedelta(hours=2)) == at("2027-01-04T10:00")
    assert calendar.worked(at("2026-12-31T17:00"), at("2027-01-04T09:00")) == timedelta(hours=1)


def test_a_made_up_saturday_is_worked_at_the_hours_of_a_weekday() -> None:
    """10 October 2026 is a Saturday that is worked for the National Day; the Sunday after it is not."""
    calendar = office(NINE_TO_SIX)
    assert calendar.worked(at("2026-10-10T00:00"), at("2026-10-12T00:00")) == timedelta(hours=8)
    assert calendar.worked(at("2026-10-01T00:00"), at("2026-10-08T00:00")) == timedelta(0)
    assert calendar.due(at("2026-10-09T17:00"), timedelta(hours=2)) == at("2026-10-10T10:00")


def test_the_sites_own_days_win_over_the_calendar_both_ways() -> None:
    changed = schedule((WEEKDAYS, "09:00", "18:00"), open_days=["2027-01-01", "2026-12-26"],
                       closed_days=["2026-10-10", "2027-01-05"])
    calendar, days = office(changed), Days(changed)
    assert calendar.worked(at("2027-01-01T00:00"), at("2027-01-02T00:00")) == timedelta(hours=9)
    assert calendar.worked(at("2026-12-26T00:00"), at("2026-12-27T00:00")) == timedelta(hours=9)   # a Saturday
    assert calendar.worked(at("2026-10-10T00:00"), at("2026-10-11T00:00")) == timedelta(0)
    assert [days.is_worked(date(2027, 1, day)) for day in (1, 2, 3, 4, 5, 6)] == [True, False, False, True, False, True]


@pytest.mark.parametrize(("start", "working_days", "due"), [
    ("2026-12-30T10:00", 1, "2026-12-31T18:00"),
    ("2026-12-30T23:59", 3, "2027-01-05T18:00"),      # the holiday and the weekend do not count
    ("2026-10-08T10:00", 2, "2026-10-10T18:00"),      # a Saturday that is worked does
    ("2026-09-30T10:00", 1, "2026-10-08T18:00"),      # over the whole National Day
])
def test_working_days_end_with_the_office_and_the_first_day_does_not_count(start: str, working_days: int, due: str) -> None:
    calendar = office(NINE_TO_SIX)
    assert calendar.due(at(start), Span(working_days=working_days)) == at(due)
    always = Always(Days(NINE_TO_SIX), SHANGHAI)
    assert always.due(at(start), Span(working_days=working_days)) == at(due).replace(hour=0) + timedelta(days=1)


def test_around_the_clock_time_is_time_and_a_span_knows_its_units() -> None:
    calendar = Always(Days(NINE_TO_SIX), SHANGHAI)
    start = at("2026-12-31T22:00")
    assert calendar.due(start, Span(length=timedelta(hours=24))) == start + timedelta(days=1)
    assert calendar.due(start, timedelta(minutes=3)) - start == timedelta(minutes=3)
    assert calendar.worked(start, start - timedelta(seconds=1)) == timedelta(0)


def test_an_office_that_never_opens_is_told_and_not_waited_for() -> None:
    with pytest.raises(NeverOpenError):
        office(schedule()).due(at("2026-12-31T22:00"), timedelta(hours=1))
