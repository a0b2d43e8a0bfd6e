"""Whom the yearly plan asks: the same again from the same, never who may not be asked, and who is targeted sooner (G3)."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.followups.rules import Hours, Outcome, Retry, next_try, rank_of
from crm.followups.sampling import WEIGHTS, Candidate, Terms, forecast, quota, sample, spread, target

TRAITS = st.frozensets(st.sampled_from(sorted(WEIGHTS)), max_size=3)
HOUSEHOLDS = st.lists(
    st.builds(Candidate, st.integers(1, 10_000), TRAITS, st.sampled_from([None, None, None, "no_call", "no_consent", "no_number"]),
              st.sampled_from([None, None, *range(1, 13)])), max_size=60, unique_by=lambda one: one.household_id)


@pytest.mark.rule("G3", part="the sample: reproducible, nobody who may not be asked, nobody twice unless targeted")
@given(HOUSEHOLDS, st.integers(0, 70), st.integers(1, 12), st.integers(0, 2**40), st.randoms())
def test_the_same_households_are_drawn_whatever_their_order_and_never_who_may_not_be_asked(
        homes: list[Candidate], wanted: int, month: int, seed: int, random: object) -> None:
    terms = Terms(2027, wanted)
    drawn = sample(homes, terms, month, seed)
    shuffled = list(homes)
    random.shuffle(shuffled)        # type: ignore[attr-defined]
    assert sample(iter(shuffled), terms, month, seed) == drawn
    by_id = {one.household_id: one for one in homes}
    chosen = [by_id[one.household_id] for one in drawn.chosen]
    assert all(one.excluded is None for one in chosen)
    assert all(one.last_month is None or ("unreached" in one.traits and month - one.last_month >= 2) for one in chosen)
    assert len({one.household_id for one in chosen}) == len(chosen) == min(wanted, drawn.eligible)
    assert drawn.households == len(homes) == drawn.eligible + drawn.already + sum(drawn.excluded.values())
    assert all(one.weight == pytest.approx(math.prod(WEIGHTS[trait] for trait in one.traits)) for one in drawn.chosen)


@given(HOUSEHOLDS, st.integers(1, 30), st.integers(1, 12), st.integers(0, 2**40))
def test_another_household_more_changes_nobody_s_place_but_pushes_out_at_most_one(
        homes: list[Candidate], wanted: int, month: int, seed: int) -> None:
    before = {one.household_id: one for one in sample(homes, Terms(2027, wanted), month, seed).chosen}
    after = {one.household_id: one for one in sample([*homes, Candidate(20_000)], Terms(2027, wanted), month, seed).chosen}
    assert len(before.keys() - after.keys()) <= 1
    assert all(after[ident] == before[ident] for ident in before.keys() & after.keys())


def test_who_is_targeted_is_drawn_more_often_as_its_weight_says_and_all_others_are_drawn_too() -> None:
    homes = [Candidate(ident, frozenset({"elderly"}) if ident % 10 == 0 else frozenset()) for ident in range(5000)]
    drawn = sample(homes, Terms(2027, 500), 3, seed=7).chosen
    elderly = sum("elderly" in one.traits for one in drawn)
    assert 80 < elderly < 180, "a tenth of the households, three times as likely: about a quarter"
    floors = [sum(one.household_id // 1000 == part for one in drawn) for part in range(5)]
    assert min(floors) > 60, "spread over the register, not from its beginning"
    assert {one.household_id for one in drawn} != {one.household_id for one in sample(homes, Terms(2027, 500), 4, seed=7).chosen}


@given(st.integers(1, 3000), st.floats(0.05, 1.0), st.lists(st.floats(0.4, 1.0), min_size=12, max_size=12))
def test_over_a_year_the_share_is_reached_however_people_answer(homes: int, share: float, answers: list[float]) -> None:
    """Each month's calls are over before the next is drawn, enough people are left to be asked, and December, which nothing can
    make up for, is no worse than the year before it."""
    reached = over = 0
    for month, answer in enumerate(answers, start=1):
        rate = (reached + 8) / (over + 10)
        wanted = quota(homes, share, reached=reached, waiting=0, rate=rate, month=month)
        reached += math.ceil(wanted * (max(answer, rate) if month == 12 else answer) - 1e-9)
        over += wanted
    assert reached >= target(homes, share)


def test_a_quota_is_what_is_missing_spread_over_the_months_left_and_the_forecast_says_when_it_will_not_do() -> None:
    assert quota(1200, 0.5, reached=0, waiting=0, rate=1.0, month=1) == 50
    assert quota(1200, 0.5, reached=550, waiting=0, rate=0.5, month=12) == 100
    assert quota(1200, 0.5, reached=600, waiting=3, rate=1.0, month=7) == 0
    assert forecast(1200, 0.5, reached=300, waiting=0, left=900, rate=1.0, month=7) == 0.5
    assert forecast(1200, 0.5, reached=300, waiting=0, left=100, rate=1.0, month=7) == pytest.approx(1 / 3)
    assert forecast(1200, 0.5, reached=500, waiting=40, left=900, rate=0.5, month=13) == pytest.approx(520 / 1200)
    days = [date(2027, 3, day) for day in (1, 2, 3)]
    assert spread(6, days) == [day for day in days for _ in range(2)]
    assert spread(0, days) == []


SHANGHAI = ZoneInfo("Asia/Shanghai")
HOLIDAY = date(2026, 11, 24)
HOURS = Hours(time(9), time(20), SHANGHAI, lambda day: day == HOLIDAY)
RULE = Retry(3, timedelta(minutes=30), timedelta(hours=4))


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),
       st.lists(st.sampled_from([Outcome.NOT_REACHED, Outcome.BUSY]), min_size=1, max_size=5), st.integers(1, 5))
def test_every_next_try_is_later_and_in_hours_in_which_people_are_called_and_there_are_no_more_than_so_many(
        start: datetime, outcomes: list[Outcome], most: int) -> None:
    rule = Retry(most, RULE.busy, RULE.between)
    tried, now = [], HOURS.next_open(start)
    for outcome in outcomes:
        tried.append(now)
        following = next_try(tried, outcome, now, rule, HOURS)
        assert (following is None) == (len(tried) >= most)
        if following is None:
            return
        assert following > now
        assert HOURS.open_at(following)
        assert following.astimezone(SHANGHAI).date() != HOLIDAY
        now = following


def test_who_was_out_in_the_morning_is_tried_in_the_evening_and_holidays_are_left_out() -> None:
    ten = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)      # Monday, ten in the morning there
    second = next_try([ten], Outcome.NOT_REACHED, ten, RULE, HOURS)
    assert second == datetime(2026, 11, 23, 6, 0, tzinfo=UTC), "four hours later, in the afternoon"
    third = next_try([ten, second], Outcome.NOT_REACHED, second, RULE, HOURS)
    assert third == datetime(2026, 11, 23, 10, 0, tzinfo=UTC), "and at six in the evening"
    assert next_try([ten, second, third], Outcome.NOT_REACHED, third, RULE, HOURS) is None
    late = datetime(2026, 11, 23, 11, 50, tzinfo=UTC)
    assert next_try([late], Outcome.BUSY, late, RULE, HOURS) == datetime(2026, 11, 25, 1, 0, tzinfo=UTC), "Tuesday is a holiday"


def test_the_order_is_promised_times_then_complaints_then_the_dissatisfied_then_the_others() -> None:
    order = [rank_of("periodic", dissatisfied=False, promised=True), rank_of("complaint", dissatisfied=True, promised=False),
             rank_of("unsatisfied", dissatisfied=True, promised=False), rank_of("repair", dissatisfied=False, promised=False),
             rank_of("periodic", dissatisfied=False, promised=False)]
    assert order == sorted(set(order))
