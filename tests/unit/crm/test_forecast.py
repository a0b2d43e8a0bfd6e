"""Arrivals from the days before, who is needed for them, and what is proposed when agents have fallen out."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.erlang import Stationary, erlang_a
from callcenter.site.schema import Schedule
from crm.clocks.calendars import Days
from crm.forecast import staffing
from crm.forecast.arrivals import A_DAY, DayKind, Expected, PastDay, band, counted, forecast, kind_of, missed, spread, trend
from crm.forecast.staffing import Candidate, Here, How, Load, needed, propose, shares, staffed

CHINA = Days(Schedule(hours=()))
FIRST = date(2026, 8, 31)      # a Monday
AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def past(days: int, mean: float, *, grows: float = 0.0, busy: float = 0.0, seed: int = 1) -> list[PastDay]:
    """Poisson by half hour of the office's day: on Mondays twice as many, at weekends a fifth, on holidays a twentieth."""
    chance = random.Random(seed)
    found = []
    for place in range(days):
        day = FIRST + timedelta(days=place)
        kind = kind_of(day, CHINA)
        factor = {DayKind.WORKING: 1.0, DayKind.WEEKEND: 0.2, DayKind.HOLIDAY: 0.05}[kind] * (1 + grows) ** place
        factor *= 2 if day.weekday() == 0 and kind is DayKind.WORKING else 1
        factor *= chance.gammavariate(1 / busy, busy) if busy else 1
        counts = [_poisson(mean * factor if 16 <= half < 36 else 0.0, chance) for half in range(A_DAY)]
        found.append(PastDay(day, kind, tuple(counts)))
    return found


def _poisson(mean: float, chance: random.Random) -> int:
    count, at = 0, chance.expovariate(1.0)
    while at < mean:
        count, at = count + 1, at + chance.expovariate(1.0)
    return count


def test_a_day_is_expected_as_days_like_it_were_also_a_holiday_and_a_make_up_day() -> None:
    history = past(28, 30)
    for day, kind, total in ((date(2026, 9, 28), DayKind.WORKING, 1200), (date(2026, 9, 29), DayKind.WORKING, 600),
                             (date(2026, 10, 11), DayKind.WEEKEND, 120)):
        assert kind_of(day, CHINA) is kind
        made = forecast(history, day, kind)
        assert made is not None
        assert sum(each.mean for each in made.intervals) == pytest.approx(total, rel=0.3)
        assert sum(each.mean for each in made.intervals[:16]) == 0
    assert kind_of(date(2026, 10, 1), CHINA) is DayKind.HOLIDAY
    made_up = next(day for day in (date(2026, 9, 1) + timedelta(days=place) for place in range(60)) if CHINA.is_made_up(day))
    assert kind_of(made_up, CHINA) is DayKind.WORKING
    weekend, worked = (forecast(history, made_up, kind) for kind in (DayKind.WEEKEND, DayKind.WORKING))
    assert weekend is not None
    assert worked is not None
    assert sum(each.mean for each in worked.intervals) > 3 * sum(each.mean for each in weekend.intervals)
    assert forecast([], date(2026, 10, 1), DayKind.HOLIDAY) is None
    assert forecast(history, FIRST, DayKind.WORKING) is None, "only days before count"


def test_growth_is_followed_and_noise_is_not_taken_for_growth() -> None:
    day = FIRST + timedelta(days=28)
    assert trend(past(28, 30, grows=0.01), day) == pytest.approx(1.01 ** 10, rel=0.06)
    assert trend(past(28, 30), day) == pytest.approx(1, abs=0.04)
    assert trend(past(7, 30, grows=0.05), day) == 1, "a week shows no trend"


def test_the_band_holds_eight_of_ten_half_hours_whether_days_differ_by_chance_or_by_more() -> None:
    for busy in (0.0, 0.15):
        history, came = past(56, 20, busy=busy), past(84, 20, busy=busy, seed=2)[56:]
        pairs = []
        for day in came:
            made = forecast(history, day.day, day.kind)
            assert made is not None
            pairs += [(each, count) for each, count in zip(made.intervals, day.counts, strict=True) if each.mean > 5]
        found = missed(pairs)
        assert found.inside == pytest.approx(0.83, abs=0.09)
        assert found.bias == pytest.approx(0, abs=0.2)
        assert (spread(history) > 0.05) == bool(busy)
    assert found.share is not None
    assert found.chance is not None
    assert found.share > found.chance, "what days do beyond chance is missed too"


@given(st.floats(0, 2000), st.sampled_from([0.0, 0.01, 0.3]))
def test_a_band_is_around_its_mean(mean: float, wide: float) -> None:
    low, high = band(mean, wide)
    assert 0 <= low <= high
    assert low <= mean + 1
    assert mean <= 0 or high >= mean * 0.8 - 1 or wide > 0


def test_errors_are_said_in_calls_and_shares() -> None:
    found = missed([(Expected(10, 6, 14), 12), (Expected(4, 2, 6), 8)])
    assert (found.intervals, found.came, found.mean_error, found.share, found.bias, found.inside) == (2, 20, 3.0, 0.3, -0.3, 0.5)
    assert missed([]).share is None
    [day] = counted({date(2026, 10, 1): [0.0, 1799.0, 1800.0, 90_000.0]}, CHINA)
    assert (day.kind, day.counts[0], day.counts[1], day.counts[-1]) == (DayKind.HOLIDAY, 2, 1, 1)


@given(st.floats(0.5, 400), st.floats(30, 600), st.floats(20, 900), st.sampled_from([0.8, 0.95, 0.99]))
@pytest.mark.rule("C6", part="how many agents it takes")
def test_as_many_agents_as_needed_answer_the_share_and_one_fewer_do_not(calls: float, handling: float, patience: float,
                                                                        answered: float) -> None:
    load = Load("q", calls, 1800, handling, patience)
    count = needed(load, answered)
    assert 1 - erlang_a(count, calls / 1800, 1 / handling, 1 / patience).abandoned >= answered
    assert count == 0 or 1 - erlang_a(count - 1, calls / 1800, 1 / handling, 1 / patience).abandoned < answered


def test_an_agent_of_two_queues_counts_for_each_by_its_load() -> None:
    loads = [Load("a", 30, 1800, 180, 120), Load("b", 10, 1800, 180, 120)]
    both, one = Here("1", ("a", "b")), Here("2", ("b", "elsewhere"))
    assert shares([both, one], loads) == pytest.approx({"a": 0.75, "b": 1.25})
    now = staffed(AT, loads, [both, one], 0.9)
    assert [queue.agents for queue in now.queues] == pytest.approx([0.75, 1.25])
    assert 0 < now.answered < 0.9
    assert staffed(AT, [Load("a", 0, 1800, 180, 120)], [], 0.9).answered == 1, "nobody calls"
    assert staffed(AT, loads, [], 0.9).answered == pytest.approx(0, abs=1e-9)


@pytest.mark.rule("C6", part="a staffing is proposed: who, the quickest to come first, and how many are short of it")
def test_three_fall_out_and_those_are_proposed_who_bring_the_share_back_soonest() -> None:
    intervals = {AT + timedelta(minutes=30 * place): [Load("a", calls, 1800, 200, 90), Load("b", 5, 1800, 200, 90)]
                 for place, calls in enumerate([40, 60, 20])}
    here = [Here(str(number), ("a",)) for number in range(1, 10)]
    here += [Here(code, ("b",)) for code in ("20", "21")]
    bench = [Candidate("30", "off", ("a",), How.OFF_DUTY), Candidate("31", "paused", ("a",), How.PAUSED),
             Candidate("32", "other", ("b",), How.PAUSED), Candidate("33", "duty", ("a",), How.ON_DUTY),
             Candidate("1", "out", ("a",), How.OFF_DUTY)]
    found = propose(intervals, here, {"1", "2", "3"}, bench, 0.9)
    worst = min(found.intervals, key=lambda one: one.left.answered)
    assert worst.begins_at == AT + timedelta(minutes=30)
    assert worst.left.answered < 0.9 <= worst.before.answered
    assert worst.left.answered < worst.proposed.answered
    assert [one.agent for one in found.bring][:2] == ["31", "33"], "one in a pause, one on duty, then who must come in"
    assert "1" not in {one.agent for one in found.bring}
    assert "32" not in {one.agent for one in found.bring}, "has not the skill that is short"
    assert found.short == 0
    nobody = propose(intervals, here, {str(number) for number in range(1, 10)}, bench[2:3], 0.9)
    assert nobody.bring == ()
    assert nobody.short >= 7
    assert propose(intervals, here, set(), bench, 0.9).bring == ()


@pytest.mark.rule("C6", part="at once, however many could come")
def test_a_proposal_costs_no_more_because_hundreds_could_come_who_answer_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    reckoned = 0

    def counts(agents: int, arrivals: float, service: float, abandons: float) -> Stationary:
        nonlocal reckoned
        reckoned += 1
        return erlang_a(agents, arrivals, service, abandons)

    monkeypatch.setattr(staffing, "erlang_a", counts)
    loads = {AT: [Load("a", 60, 1800, 200, 90), Load("b", 5, 1800, 200, 90)]}
    costs, brought = [], []
    for many in (20, 400):
        bench = [Candidate(str(code), "", ("a",), How.OFF_DUTY) for code in range(100, 100 + many)]
        reckoned = 0
        brought.append([one.agent for one in propose(loads, [Here("20", ("b",))], (), bench, 0.9).bring])
        costs.append(reckoned)
    assert brought[0] == brought[1]
    assert len(brought[0]) > 5
    assert costs[0] == costs[1]
