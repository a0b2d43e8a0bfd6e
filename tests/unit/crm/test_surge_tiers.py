"""The tiers of a surge, with a fake clock: what raises them, what takes them back, and what nothing may make them do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from callcenter.site.surge import SurgePolicy
from crm.surge.tiers import (
    NoSurge,
    NotHeld,
    Signals,
    State,
    TopTier,
    Why,
    down_at,
    held,
    let_go,
    lowered,
    next_at,
    raised,
    shown,
    step,
)

START = datetime(2026, 7, 21, 6, 0, tzinfo=UTC)
POLICY = SurgePolicy()
EVERY = 10


def storm(at: datetime) -> Signals:
    return Signals(at, waiting=20, longest_wait_s=240, agents=4)


def calm(at: datetime) -> Signals:
    return Signals(at, waiting=0, longest_wait_s=0, arrivals_ratio=1.0, service_level=0.95, agents=4)


def after(state: State, seconds: float, kind: object = storm, policy: SurgePolicy = POLICY, every: int = EVERY) -> State:
    """The state when readings of one kind have come for so long."""
    begin = state.seen_at or START - timedelta(seconds=every)
    assert callable(kind)
    for passed in range(every, int(seconds) + 1, every):
        state = step(policy, state, kind(begin + timedelta(seconds=passed)))
    return state


def in_tier(tier: int) -> State:
    """A surge that raised itself so far."""
    state = after(State(), 70)
    while state.tier < tier:
        state = after(state, 10)
    return state


@pytest.mark.rule("B1")
@pytest.mark.parametrize(("figures", "sustained", "why"), [
    ({"arrivals_ratio": 1.6}, 300, Why.ARRIVALS),
    ({"waiting": 9}, 120, Why.WAITING),
    ({"longest_wait_s": 181.0}, 60, Why.LONGEST_WAIT),
    ({"service_level": 0.4}, 300, Why.SERVICE_LEVEL),
])
def test_each_threshold_declares_a_surge_once_it_was_crossed_for_its_time_and_not_while_switched_off(
        figures: dict[str, float], sustained: int, why: Why) -> None:
    def crossed(at: datetime) -> Signals:
        return replace(calm(at), **figures)

    first = step(POLICY, State(), crossed(START))
    almost = after(first, sustained - EVERY, crossed)
    assert almost.tier == 0
    surge = after(almost, EVERY, crossed)
    assert (surge.tier, surge.why, surge.by) == (1, (why,), "")
    assert surge.declared_at == surge.tier_since == START + timedelta(seconds=sustained)

    interrupted = after(after(almost, EVERY, calm), sustained - EVERY, crossed)
    assert interrupted.tier == 0, "it is to be crossed without a break"
    off = POLICY.model_copy(update={str(why): getattr(POLICY, why).model_copy(update={"enabled": False})})
    assert after(first, 2 * sustained, crossed, off).tier == 0
    by_hand_only = POLICY.model_copy(update={"declares_itself": False})
    assert after(first, 2 * sustained, crossed, by_hand_only).tier == 0


def test_figures_that_nobody_can_tell_cross_nothing_and_count_as_no_fault() -> None:
    def unknown(at: datetime) -> Signals:
        return Signals(at, waiting=0, longest_wait_s=0)

    assert after(State(), 3600, unknown).tier == 0
    assert after(in_tier(1), 3600, unknown).tier == 0


@pytest.mark.rule("B3")
@pytest.mark.rule("B4")
@pytest.mark.rule("B8")
def test_tier_2_and_3_come_half_an_hour_each_after_not_being_under_control_and_say_so_before() -> None:
    state = in_tier(1)
    begun = state.tier_since
    assert begun
    due = begun + timedelta(seconds=1800)
    assert shown(POLICY, state, 7).next_at == due
    assert after(state, 1790).tier == 1
    second = after(state, 1800)
    assert (second.tier, second.tier_since, second.declared_at) == (2, due, begun)
    third = after(second, 1800)
    assert (third.tier, third.tier_since) == (3, due + timedelta(seconds=1800))
    assert next_at(POLICY, third) is None
    assert after(third, 7200).tier == 3
    assert after(state, 7200, policy=POLICY.model_copy(update={"highest_by_itself": 1})).tier == 1


def test_the_half_hour_begins_anew_when_it_was_under_control_in_between_and_not_for_one_better_reading() -> None:
    state = after(in_tier(1), 1200)
    blinked = after(after(state, 60, calm), 60)
    assert blinked.controlled_since is None
    assert after(blinked, 1800 - 1320).tier == 2

    controlled = after(state, 120 + EVERY, calm)
    assert controlled.controlled_since
    assert next_at(POLICY, controlled) is None
    spiked = after(controlled, 20)
    assert spiked.controlled_since, "one call more for twenty seconds is no loss of control"
    lost = after(spiked, 20)
    assert lost.uncontrolled_since
    assert lost.controlled_since is None
    assert after(lost, 1700).tier == 1
    assert after(lost, 1800).tier == 2


@pytest.mark.rule("B5")
def test_it_goes_down_tier_by_tier_each_after_its_time_of_calm() -> None:
    state = after(after(in_tier(1), 3600), 120, calm)
    assert (state.tier, state.controlled_since) == (3, None)
    state = after(state, EVERY, calm)
    assert state.controlled_since is not None
    due = down_at(POLICY, state)
    assert due == state.controlled_since + timedelta(seconds=600)
    changes: list[tuple[int, datetime]] = []
    for _ in range(0, 3600, EVERY):
        before, state = state, after(state, EVERY, calm)
        if state.tier != before.tier and state.seen_at:
            changes.append((state.tier, state.seen_at))
    assert changes == [(2, due), (1, due + timedelta(seconds=600)), (0, due + timedelta(seconds=1200))]
    assert state.declared_at is None
    assert state.why == ()
    assert shown(POLICY, state, 7).tier == 0


def test_all_calls_answered_at_once_is_under_control_but_twice_the_calls_keep_tier_1() -> None:
    def busy_but_answered(at: datetime) -> Signals:
        return replace(calm(at), arrivals_ratio=2.0)

    state = after(State(), 310, busy_but_answered)
    assert (state.tier, state.why) == (1, (Why.ARRIVALS,))
    state = after(state, 7200, busy_but_answered)
    assert state.tier == 1
    assert state.controlled_since
    assert down_at(POLICY, state) is None
    assert after(state, 610, calm).tier == 0


@pytest.mark.rule("B1", part="by hand")
def test_a_person_raises_holds_and_lowers_one_tier_at_a_time() -> None:
    quiet = step(POLICY, State(), calm(START))
    with pytest.raises(NoSurge):
        held(POLICY, quiet, START, "lead")
    with pytest.raises(NoSurge):
        lowered(POLICY, quiet, START)
    surge = raised(POLICY, quiet, START, "lead", "typhoon, red")
    assert (surge.tier, surge.why, surge.by, surge.reason) == (1, (Why.BY_HAND,), "lead", "typhoon, red")
    assert after(surge, 890, calm).tier == 1, "what a person raised stays for a while"
    assert after(surge, 900, calm).tier == 0
    third = raised(POLICY, raised(POLICY, surge, START, "lead", "worse"), START, "boss", "worst")
    assert (third.tier, third.by) == (3, "boss")
    with pytest.raises(TopTier):
        raised(POLICY, third, START, "lead", "more")
    with pytest.raises(NotHeld):
        let_go(POLICY, third, START)

    kept = held(POLICY, surge, START, "lead")
    assert after(kept, 14_390).tier == 1
    assert shown(POLICY, kept, 7).held
    forgotten = after(kept, 14_400)
    assert (forgotten.tier, forgotten.held) == (1, False)
    assert after(forgotten, EVERY).tier == 2, "a hold that was forgotten ends, and what was due comes"
    assert after(let_go(POLICY, kept, START), 1800).tier == 2
    assert raised(POLICY, kept, START, "lead", "still").held is False

    over = lowered(POLICY, surge, START)
    assert over.tier == 0
    assert after(over, 590).tier == 0, "what a person ended does not declare itself again at once"
    assert after(over, 660).tier == 1
    assert lowered(POLICY, third, START).tier == 2


def test_time_that_nobody_saw_counts_for_nothing() -> None:
    state = after(in_tier(1), 1790)
    assert state.seen_at
    later = step(POLICY, state, storm(state.seen_at + timedelta(hours=5)))
    assert later.tier == 1
    assert later.tier_since == state.tier_since
    assert after(later, EVERY).tier == 2
    put_back = step(POLICY, state, storm(state.seen_at - timedelta(hours=5)))
    assert (put_back.tier, put_back.declared_at) == (1, state.declared_at - timedelta(hours=5) if state.declared_at else None)
    assert after(put_back, EVERY).tier == 2, "a wall clock that is put back neither hurries nor holds it"
    almost = after(State(), 50)
    assert almost.seen_at
    assert step(POLICY, almost, storm(almost.seen_at + timedelta(minutes=10))).tier == 0


# ---- whatever the figures are ------------------------------------------------------------------------------------------

SMALL = SurgePolicy.model_validate({
    "arrivals": {"sustained": 6}, "waiting": {"sustained": 4}, "longest_wait": {"sustained": 3}, "service_level": {"sustained": 6},
    "under_control": {"gained_after": 3, "lost_after": 2}, "tier_2_after": 12, "tier_3_after": 9, "down_after": 7,
    "raised_stays": 8, "rests": 10, "held_at_most": 20, "blind_after": 5})

READING = st.tuples(
    st.integers(1, 8),                                  # seconds since the one before: now and then too many
    st.sampled_from([0, 0, 3, 4, 9, 30]), st.sampled_from([0.0, 20.0, 61.0, 200.0]),
    st.sampled_from([None, 1.0, 1.4, 3.0]), st.sampled_from([None, 0.2, 0.6, 0.9]), st.integers(1, 12))
READINGS = st.lists(READING, min_size=1, max_size=40)


def readings_of(drawn: list[tuple[int, int, float, float | None, float | None, int]], begin: datetime = START) -> list[Signals]:
    """Each drawn reading is repeated some times, so that thresholds are sustained now and then."""
    at, found = begin, []
    for gap, waiting, longest, ratio, level, times in drawn:
        for _ in range(times):
            at += timedelta(seconds=gap)
            found.append(Signals(at, waiting, longest, ratio, level))
    return found


def told(states: list[State]) -> list[tuple[int, int, datetime]]:
    """Changes of tier: from, to, when."""
    return [(before.tier, now.tier, now.seen_at) for before, now in pairwise(states)
            if before.tier != now.tier and now.seen_at]


def run(readings: list[Signals], state: State = State()) -> list[State]:  # noqa: B008 - frozen
    states = [state]
    for signals in readings:
        states.append(step(SMALL, states[-1], signals))
    return states


@pytest.mark.rule("B1")
@pytest.mark.rule("B5")
@given(READINGS)
def test_it_never_skips_a_tier_never_turns_within_its_hysteresis_and_always_gives_back(
        drawn: list[tuple[int, int, float, float | None, float | None, int]]) -> None:
    states = run(readings_of(drawn))
    changes = told(states)
    assert all(abs(to - before) == 1 for before, to, _ in changes)
    for (_, was, at), (before, to, then) in pairwise(changes):
        passed = (then - at).total_seconds()
        if to < before:
            assert passed >= SMALL.down_after
        elif was == 0:
            assert passed >= min(SMALL.longest_wait.sustained, SMALL.waiting.sustained)
        else:
            assert passed >= (SMALL.tier_2_after if before == 1 else SMALL.tier_3_after)
    for state in states:
        assert 0 <= state.tier <= 3
        assert (state.tier == 0) == (state.declared_at is None) == (state.in_tier_since is None)
        assert state.tier == 0 or (state.controlled_since is None) != (state.uncontrolled_since is None)
        assert next_at(SMALL, state) is None or down_at(SMALL, state) is None

    last = states[-1].seen_at
    assert last
    calm_again = [calm(last + timedelta(seconds=each)) for each in range(1, 3 + 3 * 7 + 2)]
    assert run(calm_again, states[-1])[-1].tier == 0, "every tier is given back once it is calm"


@given(READINGS, st.integers(0, 400), st.integers(1, 100_000))
def test_a_wall_clock_that_is_put_back_changes_nothing_but_the_times(
        drawn: list[tuple[int, int, float, float | None, float | None, int]], place: int, back: int) -> None:
    readings = readings_of(drawn)
    place %= len(readings)
    put_back = timedelta(seconds=back) + (readings[place].at - START)
    # The reading at which the clock is put back has no length; the one that is compared has none either.
    held_still = readings[place].at - (readings[place - 1].at if place else START)
    straight = readings[:place] + [replace(each, at=each.at - held_still) for each in readings[place:]] if place else readings
    jumped = readings[:place] + [replace(each, at=each.at - put_back) for each in readings[place:]]
    tiers = [state.tier for state in run(jumped)]
    assert tiers == [state.tier for state in run(straight)]


STATE: TypeAdapter[State] = TypeAdapter(State)


@given(READINGS, st.integers(0, 400))
def test_a_state_that_was_stored_goes_on_as_if_nothing_had_been(
        drawn: list[tuple[int, int, float, float | None, float | None, int]], place: int) -> None:
    readings = readings_of(drawn)
    before, later = readings[:place % len(readings)], readings[place % len(readings):]
    stopped = run(before)[-1]
    assert run(later, STATE.validate_json(STATE.dump_json(stopped)))[-1] == run(later, stopped)[-1]


ACTS = st.lists(st.one_of(READING, st.sampled_from(["raise", "hold", "let_go", "lower"])), max_size=60)


@given(ACTS)
def test_whatever_people_do_in_between_no_tier_is_skipped_and_calm_ends_it(acts: list[object]) -> None:
    at, state = START, State()
    for act in acts:
        before = state
        at += timedelta(seconds=1)
        try:
            match act:
                case "raise":
                    state = raised(SMALL, state, at, "lead", "so")
                case "hold":
                    state = held(SMALL, state, at, "lead")
                case "let_go":
                    state = let_go(SMALL, state, at)
                case "lower":
                    state = lowered(SMALL, state, at)
                case (int() as gap, int() as waiting, float() as longest, ratio, level, int() as times):
                    for _ in range(times):
                        at += timedelta(seconds=gap)
                        before, state = state, step(SMALL, state, Signals(at, waiting, longest, ratio, level))
                        assert abs(state.tier - before.tier) <= 1
                        assert not (before.held and state.held) or state.tier == before.tier
        except (NoSurge, TopTier, NotHeld):
            assert state == before
        assert abs(state.tier - before.tier) <= 1
    end = reduce(lambda now, each: step(SMALL, now, calm(at + timedelta(seconds=each))), range(1, 60), state)
    assert end.tier == 0
    assert not end.held
