"""The figures, on days small enough to count by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from crm.calls.record import Outcome
from crm.reports.figures import Counted, Limits, figures_of
from crm.reports.service import day_bounds

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
LIMITS = Limits(two_rings_s=10, service_level_s=20, wrapup_s=15)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def answered(rang: float, answer: float, wait: float, talk: float, stage: int = 0) -> Counted:
    return Counted("repairs", NOON, Outcome.ANSWERED, after(rang), after(answer), wait, talk, stage)


def gone(outcome: Outcome, wait: float) -> Counted:
    return Counted("repairs", NOON, outcome, after(1), None, wait)


DAY = [
    answered(1, 11, 11, 100),  # exactly two rings
    answered(1, 11.001, 11, 200),  # a millisecond more
    answered(1, 40, 40, 300, stage=1),  # by a backup seat
    gone(Outcome.ABANDONED, 30),
    gone(Outcome.SHORT_ABANDON, 3),
    gone(Outcome.MESSAGE, 90),
    Counted("repairs", NOON, None),  # waits still
    Counted("billing", NOON, Outcome.ABANDONED, None, None, 60),
]


@pytest.mark.rule("A1", part="the figure")
def test_the_figures_of_a_day_are_what_one_counts_by_hand() -> None:
    figures = figures_of("repairs", DAY, LIMITS)
    assert (figures.offered, figures.answered, figures.abandoned) == (6, 3, 1)
    assert (figures.short_abandons, figures.overflowed, figures.messages) == (1, 1, 1)
    assert figures.answered_in_2_rings == pytest.approx(1 / 5)
    assert figures.service_level == pytest.approx(2 / 5)
    assert figures.abandonment == pytest.approx(1 / 5)
    assert figures.asa_s == pytest.approx((11 + 11 + 40) / 3)
    assert figures.aht_s == pytest.approx(200 + 15)


def test_a_day_without_calls_has_no_rates() -> None:
    figures = figures_of("repairs", [], LIMITS)
    assert figures.offered == 0
    assert (figures.answered_in_2_rings, figures.service_level, figures.abandonment, figures.asa_s, figures.aht_s) == (
        None,
        None,
        None,
        None,
        None,
    )


def test_a_day_of_short_abandons_only_has_no_rates_either() -> None:
    assert figures_of("repairs", [gone(Outcome.SHORT_ABANDON, 2)], LIMITS).service_level is None


def test_a_day_begins_at_local_midnight() -> None:
    assert day_bounds(date(2026, 11, 22), ZoneInfo("Asia/Shanghai")) == (
        datetime(2026, 11, 21, 16, tzinfo=UTC),
        datetime(2026, 11, 22, 16, tzinfo=UTC),
    )
