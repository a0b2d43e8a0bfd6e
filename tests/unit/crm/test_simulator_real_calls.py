"""Real calls, a fortnight of a bank's: learned from the first week, the second is predicted (docs/simulator.md: the table).

The file is not ours to give: SIXRING_CALL_DATA names it, and without it there is nothing to show.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from crm.forecast.arrivals import DayKind
from crm.simulator.prediction import predict
from crm.simulator.traces import Trace, read_trace

FILE = os.environ.get("SIXRING_CALL_DATA", "")
pytestmark = [pytest.mark.skipif(not FILE, reason="SIXRING_CALL_DATA names no file of calls"),
              pytest.mark.rule("H12", part="the simulator against real calls")]


@pytest.fixture(scope="module")
def fortnight() -> Trace:
    with Path(FILE).open(encoding="utf-8", newline="") as lines:
        return read_trace(lines)


def friday_and_saturday(day: date) -> DayKind:
    return DayKind.WEEKEND if day.weekday() in (4, 5) else DayKind.WORKING


def test_the_file_is_read_as_its_description_says(fortnight: Trace) -> None:
    assert (fortnight.first, fortnight.days) == (date(1999, 2, 1), 14)
    assert (len(fortnight.calls), fortnight.left_out) == (16_290, 1_166)
    assert {call.points for call in fortnight.calls} == {0, 9}


def test_the_second_week_s_abandonment_is_predicted_within_two_points_where_as_last_week_is_not(fortnight: Trace) -> None:
    found = predict(fortnight, friday_and_saturday, runs=6)
    assert abs(found.before.abandonment - found.came.abandonment) > 0.02
    errors = {reading.name: reading.mean.abandonment - found.came.abandonment for reading in found.readings}
    assert set(errors) == {"as_they_came", "roster_known", "forecast"}
    assert all(abs(error) < 0.02 for error in errors.values()), errors
    waits = {reading.name: reading.mean.asa_s / found.came.asa_s - 1 for reading in found.readings}
    assert all(abs(error) < 0.25 for error in waits.values()), waits
    assert found.arrivals.share is not None
    assert found.arrivals.chance is not None
    assert found.arrivals.chance < found.arrivals.share < found.arrivals_as_before
    assert found.arrivals.inside == pytest.approx(0.8, abs=0.06)
