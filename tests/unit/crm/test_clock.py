"""A ticket's clock, played with times that jump, pauses, other terms: warned, broken and climbed in turn, and each once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.site.parts import Words
from callcenter.site.schema import Schedule
from crm.clocks.calendars import Always, Calendar, Days, Office
from crm.clocks.clock import NEXT, Act, Clock, Did, Standing, Step, WrongActError, act, at, next_at, start
from crm.clocks.terms import Terms, kept, read, terms_of
from crm.kinds.schema import ClockRule, Rung, Span

SHANGHAI = ZoneInfo("Asia/Shanghai")
SCHEDULE = Schedule.model_validate({"hours": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "18:00"}]})
DAYS = Days(SCHEDULE)
CALENDARS: tuple[Calendar, ...] = (Always(DAYS, SHANGHAI), Office(SCHEDULE, DAYS, SHANGHAI))
ALWAYS = CALENDARS[0]
NOW = datetime(2026, 12, 31, 9, 0, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
WORDS = Words(zh="响应", en="Response")


def ladder(*after: str) -> tuple[Rung, ...]:
    return tuple(Rung.model_validate({"after": each, "tell": "leader"}) for each in after)


LADDERS = st.sampled_from([ladder(), ladder("0m"), ladder("0m", "30m", "2h", "1d"), ladder("1h", "0m", "1wd"), ladder("0m", "0m")])
SPANS = st.one_of(st.timedeltas(MINUTE, timedelta(days=9)).map(lambda length: Span(length=length)),
                  st.integers(1, 5).map(lambda days: Span(working_days=days)))
TIMES = st.timedeltas(-timedelta(days=2), timedelta(days=12)).map(lambda after: NOW + after)
TERMS = st.one_of(
    st.builds(Terms, name=st.just(WORDS), span=SPANS, until=st.none(), warn=st.floats(0.1, 0.9), ladder=LADDERS),
    st.builds(Terms, name=st.just(WORDS), span=st.none(), until=TIMES, warn=st.floats(0.1, 0.9), ladder=LADDERS))


def terms(span: timedelta = HOUR, rungs: tuple[Rung, ...] = (), **more: Any) -> Terms:
    return Terms(WORDS, Span(length=span), None, ladder=rungs, **more)


def did(steps: tuple[Step, ...]) -> list[str]:
    return [step.did if step.rung is None else f"{step.did}{step.rung}" for step in steps]


@settings(max_examples=200, deadline=None)
@given(TERMS, st.sampled_from(CALENDARS), st.lists(st.timedeltas(-timedelta(days=1), timedelta(days=3)), max_size=30))
def test_whatever_the_machines_clock_does_each_step_is_taken_once_in_its_order_and_none_is_left_behind(
        given_terms: Terms, calendar: Calendar, jumps: list[timedelta]) -> None:
    clock, now = start(given_terms, NOW, calendar), NOW
    taken: list[Step] = []
    for jump in [*jumps, timedelta(days=60)]:
        now += jump      # backwards too, as a corrected clock goes
        clock, steps = at(clock, now, calendar)
        taken += steps
        following = next_at(clock, calendar)
        assert following is None or following > now
        assert all(step.at <= now for step in steps)
    assert did(tuple(taken)) == ["warned", "broken", *(f"climbed{n}" for n in range(len(given_terms.ladder)))]
    assert [step.at for step in taken] == sorted(step.at for step in taken)


@settings(max_examples=100, deadline=None)
@given(SPANS, st.sampled_from(CALENDARS), st.lists(st.tuples(st.timedeltas(MINUTE, HOUR), st.timedeltas(MINUTE, 90 * HOUR)),
                                                   min_size=1, max_size=12))
def test_pausing_often_costs_nothing(span: Span, calendar: Calendar, pauses: list[tuple[timedelta, timedelta]]) -> None:
    given_terms = Terms(WORDS, span, None)
    clock, now = start(given_terms, NOW, calendar), NOW
    allowed, spent = clock.allowed, timedelta(0)
    for runs, rests in pauses:
        spent += calendar.worked(now, now + runs)
        if spent >= allowed:
            break
        now += runs
        clock, _ = act(clock, Act.PAUSE, now, calendar)
        assert next_at(clock, calendar) is None
        now += rests
        clock, steps = act(clock, Act.RESUME, now, calendar)
        assert Did.BROKEN not in [step.did for step in steps]
        assert clock.spent == spent
        assert clock.due_at is not None
        assert calendar.worked(now, clock.due_at) == allowed - spent


ACTS = st.lists(st.tuples(st.sampled_from(Act), st.timedeltas(-HOUR, 20 * HOUR), TERMS), max_size=15)


@settings(max_examples=200, deadline=None)
@given(TERMS, st.sampled_from(CALENDARS), ACTS)
def test_any_row_of_acts_takes_the_steps_of_a_round_in_order_and_once_and_what_was_broken_stays_so(
        given_terms: Terms, calendar: Calendar, acts: list[tuple[Act, timedelta, Terms]]) -> None:
    clock, now = start(given_terms, NOW, calendar), NOW
    taken: list[Step] = []
    broken = False
    for what, after, others in acts:
        now += after
        if (clock.standing, what) not in NEXT:
            with pytest.raises(WrongActError):
                act(clock, what, now, calendar, others if what is Act.RULE else None)
            continue
        # A kind's rule may say another time or length, never the one for the other.
        others = replace(others, span=None, until=others.until or NOW) if given_terms.until else (
            replace(others, span=others.span or Span(length=HOUR), until=None))
        clock, steps = act(clock, what, now, calendar, others if what is Act.RULE else None)
        taken += steps
        broken |= Did.BROKEN in [step.did for step in steps]
        assert (clock.broken_at is not None) == broken
        following = next_at(clock, calendar)
        assert following is None or following > now
        assert (clock.standing is Standing.RUNNING) or following is None
    keys = [(step.round, step.did, step.rung) for step in taken]
    assert len(keys) == len(set(keys))
    order = [(step.round, {Did.WARNED: 0, Did.BROKEN: 1}.get(step.did, 2), step.rung or 0) for step in taken]
    assert order == sorted(order)


def test_it_warns_at_its_share_and_climbs_so_long_after_it_was_due() -> None:
    clock, steps = at(start(terms(10 * HOUR, ladder("0m", "30m")), NOW, ALWAYS), NOW + 100 * HOUR, ALWAYS)
    assert [(step.did, step.at - NOW) for step in steps] == [
        (Did.WARNED, 8 * HOUR), (Did.BROKEN, 10 * HOUR), (Did.CLIMBED, 10 * HOUR), (Did.CLIMBED, 10 * HOUR + 30 * MINUTE)]
    assert clock.broken_at == NOW + 10 * HOUR


def test_a_ladder_does_not_climb_while_the_household_is_waited_for() -> None:
    clock, _ = at(start(terms(HOUR, ladder("30m")), NOW, ALWAYS), NOW + HOUR, ALWAYS)
    clock, _ = act(clock, Act.PAUSE, NOW + HOUR + 10 * MINUTE, ALWAYS)
    assert at(clock, NOW + 50 * HOUR, ALWAYS)[1] == ()
    clock, _ = act(clock, Act.RESUME, NOW + 50 * HOUR, ALWAYS)
    assert clock.due_at == NOW + HOUR     # when it was broken, it was due
    assert next_at(clock, ALWAYS) == NOW + 50 * HOUR + 20 * MINUTE


def test_a_promised_time_is_not_moved_by_waiting_for_the_household() -> None:
    promised = Terms(WORDS, None, NOW + 4 * HOUR)
    clock, _ = act(start(promised, NOW, ALWAYS), Act.PAUSE, NOW + HOUR, ALWAYS)
    clock, _ = act(clock, Act.RESUME, NOW + 3 * HOUR, ALWAYS)
    assert clock.due_at == NOW + 4 * HOUR


def test_other_terms_change_what_is_allowed_and_keep_what_is_spent() -> None:
    clock, _ = act(start(terms(24 * HOUR), NOW, ALWAYS), Act.PAUSE, NOW + 2 * HOUR, ALWAYS)
    clock, steps = act(clock, Act.RULE, NOW + 9 * HOUR, ALWAYS, terms(4 * HOUR))
    assert (clock.standing, clock.spent, steps) == (Standing.PAUSED, 2 * HOUR, ())
    clock, _ = act(clock, Act.RESUME, NOW + 10 * HOUR, ALWAYS)
    assert clock.due_at == NOW + 12 * HOUR


def test_more_urgent_than_the_time_that_is_left_is_broken_now_and_its_ladder_begins_now() -> None:
    clock, steps = act(start(terms(24 * HOUR), NOW, ALWAYS), Act.RULE, NOW + 3 * HOUR, ALWAYS, terms(HOUR, ladder("0m", "1h")))
    assert did(steps) == ["warned", "broken", "climbed0"]
    assert clock.broken_at == NOW + 3 * HOUR
    assert next_at(clock, ALWAYS) == NOW + 4 * HOUR


def test_another_time_agreed_after_a_missed_promise_is_watched_anew_and_the_first_stays_missed() -> None:
    first, second = (Terms(WORDS, None, NOW + after, ladder=ladder("0m")) for after in (HOUR, 5 * HOUR))
    clock, steps = act(start(first, NOW, ALWAYS), Act.RULE, NOW + 2 * HOUR, ALWAYS, second)
    assert did(steps) == ["warned", "broken", "climbed0"]
    clock, steps = at(clock, NOW + 5 * HOUR, ALWAYS)
    assert did(steps) == ["warned", "broken", "climbed0"]
    assert {step.round for step in steps} == {2}
    clock, _ = act(clock, Act.STOP, NOW + 5 * HOUR, ALWAYS)
    assert clock.broken_at == NOW + HOUR


def test_what_a_row_keeps_of_the_terms_is_read_back_as_it_was() -> None:
    for span in (Span(length=timedelta(days=7)), Span(length=90 * MINUTE), Span(working_days=3)):
        made = Terms(WORDS, span, None, "office", 0.5, ladder("0m", "1wd", "36h"))
        assert read(kept(made)) == made
    promised = Terms(WORDS, None, NOW)
    assert read(kept(promised)) == promised


def rule(**more: Any) -> ClockRule:
    return ClockRule.model_validate({"name": {"zh": "承诺", "en": "Promise"}, "runs_in": ["open"], **more})


@pytest.mark.rule("A6", part="the alert")
@pytest.mark.rule("E3", part="whom a missed promise tells")
def test_a_missed_promise_tells_owner_and_leader_at_once_whatever_its_ladder_says() -> None:
    agreed = {"by_when": "2027-01-04T10:00:00+08:00"}
    bare = terms_of(rule(until="by_when"), agreed)
    assert bare is not None
    assert bare.until == datetime(2027, 1, 4, 2, 0, tzinfo=UTC)
    assert [(rung.tell, rung.after.length) for rung in bare.ladder] == [("owner", timedelta(0)), ("leader", timedelta(0))]
    own = terms_of(rule(until="by_when", ladder=[{"tell": "leader"}, {"tell": "owner"}, {"after": "1h", "tell": "manager"}]),
                   agreed)
    assert own is not None
    assert [rung.tell for rung in own.ladder] == ["leader", "owner", "manager"]


def test_no_clock_runs_while_the_field_that_says_how_long_is_empty() -> None:
    by_urgency = rule(by_field="urgency", allowed_by={"urgent": "1h"})
    assert terms_of(by_urgency, {}) is None
    assert terms_of(rule(until="by_when"), {"by_when": None}) is None
    found = terms_of(by_urgency, {"urgency": "urgent"})
    assert found is not None
    assert found.span == Span(length=HOUR)


def test_the_table_of_acts_is_what_it_says() -> None:
    stopped, _ = act(start(terms(), NOW, ALWAYS), Act.STOP, NOW, ALWAYS)
    assert isinstance(stopped, Clock)
    for what in Act:
        with pytest.raises(WrongActError):
            act(stopped, what, NOW, ALWAYS, terms() if what is Act.RULE else None)
