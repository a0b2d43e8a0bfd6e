"""Figures by queue, agent, team and estate: a small day counted by hand, and rules that hold for any day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.events import AgentState
from crm.calls.record import Outcome
from crm.reports import figures as f
from crm.reports.service import day_bounds
from crm.reports.slices import By, FigureRow, HandledBy, Happened, Interval, Ring, Sources, Stay, calls_behind, edges, rows

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
DAY = [NOON - timedelta(hours=12), NOON + timedelta(hours=12)]
TEAMS = {"801": "day", "802": "day", "803": "night"}
RULES = f.Rules(f.Limits(10, 20, 15), {"repair": f.Limits(10, 20, 15), "complaint": f.Limits(10, 60, 30)}, one_ring_s=5)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def answered(call_id: str, agent: str, *, queue: str = "repair", at: float = 0, wait: float = 8, ring: float = 4,
             talk: float = 60, hold: float | None = None, wrapup: float | None = None, estate: str | None = None) -> f.Counted:
    return f.Counted(queue, after(at), Outcome.ANSWERED, after(at + wait - ring), after(at + wait), wait, talk, 0, call_id,
                     agent, ring, hold, wrapup, estate)


def gone(call_id: str, outcome: Outcome = Outcome.ABANDONED, *, queue: str = "repair", at: float = 0) -> f.Counted:
    return f.Counted(queue, after(at), outcome, after(at + 1), None, 30, call_id=call_id)


CALLS = [
    answered("c1", "801", wait=8, ring=4, talk=60, wrapup=20, estate="yunqi"),
    answered("c2", "801", wait=40, ring=12, talk=100, wrapup=0),
    answered("c3", "802", wait=15, ring=8, talk=30),                       # the agent log says nothing of it
    answered("c4", "803", queue="complaint", wait=50, ring=6, talk=200, wrapup=40, estate="yunqi"),
    gone("c5"), gone("c6", Outcome.SHORT_ABANDON), gone("c7", Outcome.MESSAGE),
    f.Counted("repair", NOON, None, call_id="c8"),                         # waits still
]


def by_key(by: By, sources: Sources) -> dict[str, FigureRow]:
    return {row.key: row for row in rows(by, sources, DAY, RULES, TEAMS)}


def test_a_queues_figures_are_what_one_counts_by_hand() -> None:
    found = by_key(By.QUEUE, Sources(CALLS))
    repair = found["repair"]
    assert (repair.offered, repair.answered, repair.abandoned, repair.short_abandons, repair.messages) == (6, 3, 1, 1, 1)
    assert repair.answered_in_2_rings == pytest.approx(2 / 5)      # c1, c3; c2 rang for 12 s
    assert repair.service_level == pytest.approx(2 / 5)            # waits of 8 and 15 s
    assert repair.abandonment == pytest.approx(1 / 5)
    assert repair.asa_s == pytest.approx((8 + 40 + 15) / 3)
    assert repair.aht_s == pytest.approx((80 + 100 + 45) / 3)      # c3: the queue's own 15 s of wrap-up
    assert repair.mean_ring_s == pytest.approx((4 + 12 + 8) / 3)
    assert repair.occupancy is None
    assert found["complaint"].service_level == 1.0                 # its own limit is 60 s


def test_an_agents_figures_count_what_rang_at_its_seat_and_no_callers_who_gave_up() -> None:
    rings = [Ring(after(1), "repair", "801", None, f.Missed(10)), Ring(after(2), "repair", "801", None, f.Missed(2)),
             Ring(after(3), "repair", "801", None, f.Missed(0)), Ring(after(3), "repair", None, None, f.Missed(10))]
    found = by_key(By.AGENT, Sources(CALLS, rings))
    mine = found["801"]
    assert set(found) == {"801", "802", "803"}
    assert (mine.answered, mine.misses, mine.offered) == (2, 2, 4)     # two seconds are no miss, a refusal is one
    assert mine.answered_in_2_rings == pytest.approx(1 / 4)
    assert (mine.service_level, mine.abandonment) == (None, None)


def test_a_teams_figures_are_those_of_its_agents_together() -> None:
    found = by_key(By.TEAM, Sources(CALLS))
    assert (found["day"].answered, found["night"].answered) == (3, 1)


def test_an_estates_figures_are_those_of_its_callers() -> None:
    found = by_key(By.ESTATE, Sources(CALLS))
    assert (found["yunqi"].answered, found[""].offered) == (2, 5)


STAYS = [
    Stay("801", AgentState.READY, "", after(0), after(1000)),
    Stay("801", AgentState.TALKING, "", after(1000), after(1300)),
    Stay("801", AgentState.HELD, "", after(1300), after(1360)),
    Stay("801", AgentState.WRAPUP, "", after(1360), after(1400)),
    Stay("801", AgentState.PAUSED, "meal", after(1400), after(3400)),
    Stay("801", AgentState.PAUSED, "training", after(3400), after(3600)),
    Stay("801", AgentState.SIGNED_OUT, "", after(3600), after(7200)),
]


def test_occupancy_is_work_over_signed_in_time_without_breaks() -> None:
    mine = by_key(By.AGENT, Sources(stays=STAYS))["801"]
    assert (mine.talking_s, mine.held_s, mine.wrapup_s, mine.signed_in_s) == (300, 60, 40, 1600)
    assert mine.occupancy == pytest.approx(400 / 1600)


def test_time_that_reaches_over_an_intervals_end_counts_in_each_for_its_part() -> None:
    at = [after(0), after(1200), after(2400), after(3600)]
    found = rows(By.AGENT, Sources(stays=STAYS), at, RULES, TEAMS)
    assert [(row.begin, row.talking_s, row.signed_in_s) for row in found] == [
        (after(0), 200, 1200), (after(1200), 100, 200), (after(2400), 0, 200)]


def test_an_agents_handling_time_is_its_own_part_of_a_call_that_was_passed_on() -> None:
    handled = [HandledBy(after(1), "801", f.Handled(60, 10, 20)), HandledBy(after(90), "802", f.Handled(200, 0, 30))]
    found = by_key(By.AGENT, Sources([answered("c1", "801", talk=60)], handled=handled))
    assert (found["801"].aht_s, found["802"].aht_s) == (90, 230)


def test_transfers_and_holds_are_counted_where_they_happened() -> None:
    sources = Sources(CALLS, transfers=[Happened(after(5), "repair", "801", None)],
                      holds=[Happened(after(5), "complaint", "803", "yunqi")] * 2)
    assert {key: (row.transfers, row.holds) for key, row in by_key(By.QUEUE, sources).items()} == {
        "repair": (1, 0), "complaint": (0, 2)}
    assert by_key(By.ESTATE, sources)["yunqi"].holds == 2


def test_the_calls_behind_a_figure_are_as_many_as_it_says() -> None:
    for figure, number in {"offered": 6, "answered": 3, "answered_in_2_rings": 2, "service_level": 2, "abandoned": 1}.items():
        assert len(calls_behind(By.QUEUE, "repair", figure, CALLS, RULES, TEAMS)) == number, figure
    assert [call.call_id for call in calls_behind(By.TEAM, "night", "answered", CALLS, RULES, TEAMS)] == ["c4"]


def test_intervals_tile_local_days_also_where_the_clock_changes() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    at = edges(date(2026, 10, 24), date(2026, 10, 26), Interval.HOUR, lambda day: day_bounds(day, berlin)[0])
    assert len(at) - 1 == 24 + 25 + 24
    assert len(edges(date(2026, 10, 24), date(2026, 10, 26), Interval.DAY, lambda day: day_bounds(day, berlin)[0])) == 4
    quarter = edges(date(2026, 11, 22), date(2026, 11, 22), Interval.QUARTER,
                    lambda day: day_bounds(day, ZoneInfo("Asia/Shanghai"))[0])
    assert len(quarter) - 1 == 96


calls = st.lists(st.builds(
    lambda number, agent, outcome, at, queue: (
        answered(f"c{number}", agent, at=at, queue=queue) if outcome is Outcome.ANSWERED
        else gone(f"c{number}", outcome, at=at, queue=queue)),
    st.integers(0, 999), st.sampled_from(sorted(TEAMS)), st.sampled_from(Outcome), st.integers(0, 40_000),
    st.sampled_from(["repair", "complaint", "gone-from-the-site"])), max_size=40)


@given(calls, st.sampled_from(By), st.sampled_from([60, 900, 43_200]))
def test_however_a_day_is_cut_every_call_counts_once(day: list[f.Counted], by: By, step: int) -> None:
    at = [NOON + timedelta(seconds=place) for place in range(0, 43_201, step)]
    found = rows(by, Sources(day), at, RULES, TEAMS)
    talked = [call for call in day if call.agent]
    assert sum(row.answered for row in found) == len(talked)
    if by in (By.QUEUE, By.ESTATE):
        assert sum(row.offered for row in found) == len(day)
        for row in found:
            assert row.offered >= row.answered + row.abandoned + row.short_abandons + row.messages


@given(st.lists(st.tuples(st.integers(-5000, 50_000), st.integers(0, 20_000), st.sampled_from(AgentState)), max_size=20))
def test_no_second_of_an_agent_is_lost_or_counted_twice(spans: list[tuple[int, int, AgentState]]) -> None:
    stays = [Stay("801", state, "", after(begin), after(begin + length)) for begin, length, state in spans]
    at = [NOON + timedelta(seconds=place) for place in range(0, 43_201, 900)]
    found = rows(By.AGENT, Sources(stays=stays), at, RULES, TEAMS)
    inside = sum(max(min(begin + length, 43_200) - max(begin, 0), 0)
                 for begin, length, state in spans if state is not AgentState.SIGNED_OUT)
    assert sum(row.signed_in_s for row in found) == pytest.approx(inside)


def test_a_hundred_thousand_calls_are_counted_in_one_pass() -> None:
    """Each call is looked at as often whatever their number: the rule that counts them is asked once for each."""
    asked = 0

    class Watched(f.Rules):
        def of(self, queue: str) -> f.Limits:
            nonlocal asked
            asked += 1
            return super().of(queue)

    many = [answered(f"c{number}", str(801 + number % 3), at=number % 40_000) for number in range(100_000)]
    at = [NOON + timedelta(seconds=place) for place in range(0, 43_201, 900)]
    found = rows(By.AGENT, Sources(many), at, Watched(RULES.otherwise, RULES.queues), TEAMS)
    assert sum(row.answered for row in found) == 100_000
    assert asked <= 3 * 100_000
