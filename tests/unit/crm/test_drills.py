"""What a drill plays and what came of it, without a line: callers, figures, the comparison (H12)."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from crm.drills.scenario import Scenario, callers
from crm.drills.summary import DrillCalled, compared, figures, summed
from crm.reports.figures import Limits, Rules

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
RULES = Rules(Limits(10, 20, 0))
pytestmark = pytest.mark.rule("H12", part="summary and comparison")


def call(outcome: str | None, wait: float | None = None, *, queue: str = "repair", answered: bool = False, stage: int = 0,
         over: str | None = None) -> DrillCalled:
    at = NOON + timedelta(seconds=wait or 0)
    return DrillCalled(queue, NOON, None if wait is None else NOON, NOON if answered else None, at if answered else None, outcome,
                       stage, wait, 40.0 if answered else None, over)


def test_the_same_scenario_has_the_same_callers_as_many_and_as_patient_as_it_says() -> None:
    scenario = Scenario(name="x", calls_a_minute=60, minutes=60, keys=("1", "1", "2"), patience=60, talk=100, picks_up=4)
    found = callers(scenario)
    assert found == callers(scenario) != callers(scenario.model_copy(update={"seed": 2}))
    assert [each.number for each in found] == list(range(1, len(found) + 1))
    assert all(one.at <= other.at for one, other in itertools.pairwise(found))
    assert found[-1].at < timedelta(hours=1)
    assert len(found) == pytest.approx(3600, rel=0.06)
    assert sum(each.keys == "1" for each in found) / len(found) == pytest.approx(2 / 3, abs=0.03)
    for mean, said in ((sum(each.patience_s for each in found), 60), (sum(each.talks_s for each in found), 100),
                       (sum(each.rings_s for each in found), 4)):
        assert mean / len(found) == pytest.approx(said, rel=0.06)


def test_figures_are_of_calls_whose_fate_was_their_own_and_are_told_by_queue() -> None:
    calls = [call("answered", 6, answered=True), call("answered", 30, answered=True, stage=1), call("abandoned", 40, stage=1),
             call("short_abandon", 2), call("gave_way", 12, over="gave_way"), call("answered", 4, answered=True, over="gave_way"),
             call("stopped", 9, over="stopped"), call("lost", 9), call("menu"), call(None, 3),
             call("answered", 8, queue="complaint", answered=True)]
    found = summed(calls, 20, {"cap": 2}, RULES)
    assert (found.planned, found.calls, found.menu, found.gave_way, found.stopped, found.lost, found.open, found.refused) == (
        20, 11, 1, 2, 1, 1, 1, {"cap": 2})
    of = found.all
    assert (of.offered, of.answered, of.abandoned, of.short_abandons, of.overflowed) == (6, 4, 1, 1, 2)
    assert (of.mean_wait_s, of.wait_90_s, of.longest_wait_s, of.mean_talk_s) == (12, 40, 40, 40)
    assert (of.service_level, of.answered_in_2_rings) == (0.6, 0.6)
    assert (found.queues["complaint"].offered, found.queues["repair"].offered) == (1, 5)


def test_the_comparison_says_each_difference_and_nothing_where_there_is_nothing_to_compare() -> None:
    before = figures([call("answered", 10, answered=True), call("abandoned", 20)], RULES)
    after = figures([call("answered", 4, answered=True), call("answered", 6, answered=True)], RULES)
    found = compared(after, before)
    assert (found["answered"], found["abandoned"], found["mean_wait_s"], found["service_level"]) == (1, -1, -5, 0.5)
    assert compared(figures([], RULES), before)["mean_wait_s"] is None
