"""Hours as Asterisk's time conditions take them."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from callcenter.render.dialplan import WEEK, closed_days, spans
from callcenter.site.schema import Opening, Schedule


def minutes_open(opening: Opening) -> set[tuple[str, int]]:
    """Every (day, minute) that the spans cover, read as Asterisk reads them: both ends inclusive."""
    covered = set()
    for times, days in spans(opening):
        first, last = ("00:00", "23:59") if times == "*" else times.split("-")
        begin, end = (int(text[:2]) * 60 + int(text[3:]) for text in (first, last))
        covered |= {(day, minute) for day in days.split("&") for minute in range(begin, end + 1)}
    return covered


@given(st.times(), st.times(), st.sets(st.sampled_from(WEEK), min_size=1))
def test_spans_cover_exactly_the_minutes_from_start_to_end(start, end, days) -> None:  # type: ignore[no-untyped-def]
    begin, stop = start.hour * 60 + start.minute, end.hour * 60 + end.minute
    opening = Opening.model_validate({"days": tuple(sorted(days)), "from": f"{start:%H:%M}", "to": f"{end:%H:%M}"})
    length = (stop - begin) % 1440 or 1440
    expected = set()
    for day in days:
        for minute in range(begin, begin + length):
            expected.add((WEEK[(WEEK.index(day) + minute // 1440) % 7], minute % 1440) if begin != stop
                         else (day, minute % 1440))
    assert minutes_open(opening) == expected


def test_national_day_is_closed_unless_the_site_keeps_it_open() -> None:
    hours = {"hours": [{"from": "08:00", "to": "20:00"}]}
    closed = closed_days(Schedule.model_validate(hours), date(2026, 11, 22))
    assert date(2026, 10, 1) in closed
    open_anyway = Schedule.model_validate(hours | {"open_days": ["2026-10-01"]})
    assert date(2026, 10, 1) not in closed_days(open_anyway, date(2026, 11, 22))


def test_a_site_without_a_calendar_closes_only_its_own_days() -> None:
    own = Schedule.model_validate({"hours": [], "calendar": "none", "closed_days": ["2026-12-24"]})
    assert closed_days(own, date(2026, 11, 22)) == [date(2026, 12, 24)]
