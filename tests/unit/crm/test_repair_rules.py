"""Whom to send, when a step counts, what a line costs, which figure counts what: pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.bills.agreed import bill_of
from crm.bills.models import Charge, Settlement
from crm.bills.money import (
    CENT,
    DiscountTooLarge,
    DiscountWithoutReason,
    Line,
    Quantity,
    SumTooLarge,
    Yuan,
    amount_of,
    total,
)
from crm.repairs.figures import By, Counted, Figure, band_of, behind, rows
from crm.repairs.grading import urgency_for
from crm.repairs.proposing import Engineer, Wanted, propose, skill_for, weight
from crm.repairs.rework import same_item
from crm.repairs.steps import Flag, Rules, clean, counted
from crm.roster.duty import Away, Duty, on_duty

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
RULES = Rules(timedelta(minutes=2), timedelta(hours=24))


def shift(user: int, estate: int | None = None, begins: int = -1, ends: int = 8, duty: str = "engineer") -> Duty:
    return Duty(user, duty, estate, NOW + begins * HOUR, NOW + ends * HOUR)


def someone(user: int, **more: Any) -> Engineer:
    return Engineer(user, f"e{user}", **{"skills": frozenset({"plumbing"}), "shifts": (shift(user),)} | more)


@pytest.mark.rule("F1", part="who is proposed and why")
def test_trade_comes_before_duty_before_the_estates_own_before_load() -> None:
    people = [
        someone(1, skills=frozenset({"lift"})), someone(2, shifts=()), someone(3, load=3.0), someone(4, load=1.0),
        someone(5, load=9.0, shifts=(shift(5, estate=7),)), someone(6, estates=frozenset({8})),
        someone(7, away=(Away(7, NOW - HOUR, NOW + HOUR),)), someone(8), someone(9, shifts=(shift(9, duty="desk"),))]
    found = propose(Wanted("plumbing", 7, declined=frozenset({8})), people, NOW)
    assert [one.engineer.user_id for one in found] == [5, 4, 3, 2, 9, 1, 8]
    assert [one.engineer.user_id for one in found if one.fit] == [5, 4, 3]
    assert [str(reason) for reason in found[1].reasons] == [
        "skill:plumbing", "on_duty:2026-11-22T12:00:00+00:00", "all_estates", "load:1", "open:0"]
    assert [reason.code for reason in found[-1].reasons][-1] == "declined"


def test_of_an_appointment_duty_counts_as_it_will_be_then() -> None:
    tomorrow = NOW + 24 * HOUR
    people = [someone(1), someone(2, shifts=(shift(2, begins=23, ends=30),))]
    assert [one.engineer.user_id for one in propose(Wanted("plumbing", 7, at=tomorrow), people, NOW)] == [2, 1]


@given(st.lists(st.builds(someone, st.integers(1, 99), load=st.floats(0, 50), skills=st.sampled_from(
    [frozenset({"plumbing"}), frozenset()])), unique_by=lambda one: one.user_id), st.randoms())
def test_the_order_in_which_engineers_are_given_does_not_matter(people: list[Engineer], shuffle: Any) -> None:
    ranked = propose(Wanted("plumbing", 7), people, NOW)
    shuffle.shuffle(people)
    assert propose(Wanted("plumbing", 7), people, NOW) == ranked
    fits = [one.fit for one in ranked]
    assert fits == sorted(fits, reverse=True), "who fits comes before who does not"


def test_the_deepest_category_names_the_trade_and_load_is_urgency_by_grade() -> None:
    serves = {"plumbing": ["water"], "drains": ["water/blocked"], "general": ["other"]}
    assert [skill_for(category, serves) for category in ("water/leak", "water/blocked", "waterfall", None)] == [
        "plumbing", "drains", None, None]
    weights = {"urgent": 2.0, "c": 3.0}
    assert (weight("urgent", "c", weights), weight("ordinary", None, weights)) == (6.0, 1.0)
    assert [same_item(*pair) for pair in (("water", "water/leak"), ("water/leak", "water/tap"), (None, None))] == [
        True, False, False]


def test_who_has_leave_is_not_on_duty_and_a_shift_ends_before_its_end() -> None:
    shifts = [shift(1, estate=7), shift(2), shift(3, estate=8), shift(4, ends=0)]
    assert [one.user_id for one in on_duty(shifts, [Away(2, NOW, NOW + HOUR)], NOW)] == [1, 3]
    assert [one.user_id for one in on_duty(shifts, [], NOW, estate_id=7)] == [1, 2]


@pytest.mark.rule("F2", part="which moment counts")
@pytest.mark.parametrize(("done", "flags", "at"), [
    (-30, (), -30), (1, (), 0), (3, (Flag.IN_THE_FUTURE,), 0), (-61, (), -60),
    (-63, (Flag.BEFORE_DISPATCH, Flag.BEFORE_ITS_BASE), 0), (-51, (), -50), (-53, (Flag.BEFORE_ITS_BASE,), 0)])
def test_a_step_counts_when_the_phone_says_if_that_can_be(done: int, flags: tuple[Flag, ...], at: int) -> None:
    """Dispatched an hour ago; in the last two cases the step before was done ten minutes after that. In minutes."""
    minute = timedelta(minutes=1)
    base = NOW - 50 * minute if done in (-51, -53, -63) else None
    if done == -63:
        base = NOW - 55 * minute
    found = counted(NOW + done * minute, NOW, NOW - 60 * minute, base, RULES)
    assert (found.flags, found.at) == (flags, NOW + at * minute)


@given(st.integers(-5000, 5000), st.integers(-3000, 0), st.none() | st.integers(-3000, 0))
def test_no_step_counts_before_its_order_or_after_it_was_known(done: int, dispatched: int, base: int | None) -> None:
    minute = timedelta(minutes=1)
    found = counted(NOW + done * minute, NOW, NOW + dispatched * minute, None if base is None else NOW + base * minute, RULES)
    assert NOW + dispatched * minute <= found.at <= NOW
    assert base is None or NOW + base * minute <= found.at


def test_a_step_sent_a_day_late_counts_and_is_flagged() -> None:
    assert counted(NOW - 25 * HOUR, NOW, NOW - 30 * HOUR, None, RULES).flags == (Flag.SENT_LATE,)


def test_what_no_database_keeps_is_taken_out_of_a_step() -> None:
    assert clean({"a\x00": ["x\ud800y", float("nan"), {"b": "c\x07"}], "n": 1}) == {"a": ["xy", None, {"b": "c"}], "n": 1}


MONEY = st.decimals(0, 9_999, places=2)
QUANTITY = st.decimals("0.001", 500, places=3)


@pytest.mark.rule("F6", part="the arithmetic")
@given(QUANTITY, MONEY, MONEY)
def test_a_line_is_exact_to_the_cent_and_comes_back_from_the_database_as_it_was(
        quantity: Decimal, price: Decimal, discount: Decimal) -> None:
    line = Line(quantity, price, discount, "x")
    exact = quantity * price
    try:
        amount = amount_of(line)
    except DiscountTooLarge:
        assert discount > exact - CENT
        return
    assert amount >= 0
    assert amount == amount.quantize(CENT)
    assert abs(amount + discount - exact) <= CENT / 2
    for kind, value in ((Yuan(), amount), (Quantity(), quantity)):
        bound = kind.process_bind_param(value, None)  # type: ignore[arg-type]
        assert kind.process_result_value(bound, None) == value  # type: ignore[arg-type]
    assert amount_of(Line(quantity, price, free=True)) == 0


def test_half_a_cent_is_rounded_up_and_what_makes_no_sense_is_refused() -> None:
    assert amount_of(Line(Decimal("2.5"), Decimal("0.33"))) == Decimal("0.83")
    assert amount_of(Line(Decimal("0.5"), Decimal("0.01"))) == Decimal("0.01")
    with pytest.raises(DiscountWithoutReason):
        amount_of(Line(Decimal(1), Decimal(5), Decimal(1)))
    with pytest.raises(SumTooLarge):
        amount_of(Line(Decimal(100_000), Decimal(1_000_000)))


def a_charge(amount: Decimal, sort: str, *, off: bool, settled: bool) -> Charge:
    return Charge(amount=amount, sort=sort, off_at=NOW if off else None, settled_by=1 if settled else None)


@pytest.mark.rule("F6", part="the arithmetic")
@given(st.lists(st.builds(a_charge, MONEY, st.sampled_from(["labour", "part"]), off=st.booleans(), settled=st.booleans())),
       st.lists(MONEY))
def test_a_bill_adds_up(charges: list[Charge], paid: list[Decimal]) -> None:
    settlements = [Settlement(amount=amount) for amount in paid] + [Settlement(amount=-amount) for amount in paid[:1]]
    found = bill_of(charges, settlements, None)
    on = [one for one in charges if one.off_at is None]
    assert found.total == found.labour + found.parts == total(one.amount for one in on)
    assert found.total - found.owed == total(one.amount for one in on if one.settled_by)
    assert found.paid == total(paid[1:])


@pytest.mark.rule("F3")
def test_a_grade_changes_how_long_is_allowed_unless_it_is_urgent() -> None:
    assert [urgency_for(grade, urgency) for grade in "abc" for urgency in ("urgent", "ordinary", "complex", None)] == [
        "urgent", "ordinary", "ordinary", None] * 2 + ["urgent", "complex", "complex", "complex"]


COUNTED = st.builds(Counted, st.integers(1, 40), st.sampled_from([Figure.ON_TIME, Figure.LATE]), st.none() | st.integers(1, 3),
                    st.sampled_from(["wei", "bo", None]), st.integers(0, 60).map(lambda days: NOW - timedelta(days=days)))
OTHERS = st.builds(Counted, st.integers(41, 99), st.sampled_from([Figure.ARCHIVED, Figure.REWORKED]), st.none() | st.integers(1, 3),
                   st.sampled_from(["wei", "bo", None]), st.integers(0, 60).map(lambda days: NOW - timedelta(days=days)))
OPEN = st.builds(Counted, st.integers(100, 150), st.just(Figure.OPEN), st.none() | st.integers(1, 3),
                 st.sampled_from(["wei", "bo", None]), st.integers(0, 60).map(lambda days: NOW - timedelta(days=days)))


@pytest.mark.rule("F4", part="every number has as many rows as it says")
@given(st.sampled_from(By), st.lists(st.one_of(COUNTED, OTHERS, OPEN), unique_by=lambda one: one.ticket_id))
def test_every_figure_has_as_many_rows_as_it_says(by: By, all_of_them: list[Counted]) -> None:
    for row in rows(by, all_of_them, NOW, UTC):
        for figure in Figure:
            if figure is not Figure.LATE:
                assert len(behind(by, row.key, figure, None, all_of_them, NOW, UTC)) == getattr(row, figure.value)
        assert row.responded - row.on_time == len(behind(by, row.key, Figure.LATE, None, all_of_them, NOW, UTC))
        assert sum(row.open_by_age.values()) == row.open
        for band, count in row.open_by_age.items():
            assert len(behind(by, row.key, Figure.OPEN, band, all_of_them, NOW, UTC)) == count
        assert row.rework_rate is None or row.rework_rate == row.reworked / row.archived


def test_a_day_is_the_end_of_its_band() -> None:
    ages = [timedelta(0), timedelta(hours=23), timedelta(days=1), timedelta(days=30), timedelta(days=300)]
    assert [band_of(age) for age in ages] == ["below_1d", "below_1d", "1_to_3d", "above_30d", "above_30d"]
