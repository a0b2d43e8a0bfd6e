"""The floor on real traces: what the bus is told, in order, and that a resynchronised floor is the folded one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from acd.ami.events import parse
from acd.floor.facts import Floor
from acd.floor.fold import fold, next_tick, tick
from acd.floor.resync import floor_from
from callcenter.events import Board, Call, CallChanged, CallEnded, CallState, SeatChanged, SeatState

ALL = ("abandoned", "answered", "hold", "internal", "missed", "nobody", "offline", "overflowed", "paused", "transfer",
       "two_calls")
SECOND = timedelta(seconds=1.1)

# conftest's Trace; tests import by file here, so its name cannot be imported
Trace = Any
Told = list[CallChanged | CallEnded | SeatChanged]


def advance(floor: Floor, now: datetime) -> Told:
    told: Told = []
    while (due := next_tick(floor)) and due <= now:
        told += tick(floor, due)
    return told


def start(trace: Trace) -> Floor:
    first = trace.steps[0]
    return floor_from(trace.plan, first.snapshot, Board(), first.at)


def play(floor: Floor, steps: Any) -> tuple[Floor, Told]:
    told: Told = []
    for step in steps:
        told += advance(floor, step.at)
        event = parse(step.headers) if step.headers else None
        if event:
            told += fold(floor, event, step.at)
    return floor, told


def story(told: Told) -> list[str]:
    """What happened to calls, without what only says who rings less."""
    return [item.what if isinstance(item, CallChanged) else item.outcome
            for item in told if isinstance(item, CallChanged | CallEnded)]


def states_of(told: Told, seat: str) -> list[SeatState]:
    return [item.seat.state for item in told if isinstance(item, SeatChanged) and item.seat.seat == seat]


def calls_of(told: Told) -> list[Call]:
    return [item.call for item in told if isinstance(item, CallChanged)]


@pytest.mark.rule("A7")
def test_an_answered_call_is_told_from_the_first_ring_to_the_end(trace: Callable[[str], Trace]) -> None:
    answered = trace("answered")
    floor, told = play(start(answered), answered.steps)
    assert story(told) == ["entered", "identified", "queued", "rang", "answered", "released", "answered"]
    rang = next(item.call for item in told if isinstance(item, CallChanged) and item.what == "rang")
    assert (rang.name, rang.room, rang.household_id) == ("张三丰", "3-2-1201", 17)
    assert (rang.number, rang.did, rang.state) == ("+8613800138000", "4001", CallState.RINGING)
    assert states_of(told, "1001") == [SeatState.RINGING, SeatState.TALKING, SeatState.WRAPUP, SeatState.READY]
    assert floor.calls_shown == {}


def test_wrap_up_lasts_as_long_as_the_queue_says_and_ends_by_itself(trace: Callable[[str], Trace]) -> None:
    answered = trace("answered")
    _, told = play(start(answered), answered.steps)
    wrapup, ready = [item for item in told if isinstance(item, SeatChanged) and item.seat.seat == "1001"][-2:]
    assert wrapup.seat.call_id == calls_of(told)[0].call_id
    assert abs(ready.at - wrapup.at - timedelta(seconds=4)) < timedelta(milliseconds=10)
    assert ready.seat.since == ready.at


def test_a_caller_who_gives_up_while_a_seat_rings_is_abandoned(trace: Callable[[str], Trace]) -> None:
    abandoned = trace("abandoned")
    _, told = play(start(abandoned), abandoned.steps)
    assert story(told)[-1] == "abandoned"
    assert "missed" not in story(told)


def test_a_seat_that_does_not_answer_missed_the_call(trace: Callable[[str], Trace]) -> None:
    missed = trace("missed")
    _, told = play(start(missed), missed.steps)
    assert story(told) == ["entered", "identified", "queued", "rang", "missed", "abandoned"]
    assert SeatState.TALKING not in states_of(told, "1001")


@pytest.mark.rule("A2")
def test_an_unanswered_call_is_shown_at_the_backup_seats(trace: Callable[[str], Trace]) -> None:
    overflowed = trace("overflowed")
    _, told = play(start(overflowed), overflowed.steps)
    assert "overflowed" in story(told)
    moved = next(item.call for item in told if isinstance(item, CallChanged) and item.what == "overflowed")
    assert (moved.queue, moved.stage) == ("repair", 1)
    answered = next(item.call for item in told if isinstance(item, CallChanged) and item.what == "answered")
    assert (answered.seat, answered.stage, answered.queued_at) == ("1003", 1, moved.queued_at)


def test_a_call_that_nobody_answers_ends_with_a_message(trace: Callable[[str], Trace]) -> None:
    nobody = trace("nobody")
    _, told = play(start(nobody), nobody.steps)
    assert story(told)[-2:] == ["voicemail", "message"]
    assert ("1001", "1002", "1003") in [call.ringing for call in calls_of(told)]


def test_a_blind_transfer_keeps_the_call_and_its_first_answer(trace: Callable[[str], Trace]) -> None:
    transfer = trace("transfer")
    _, told = play(start(transfer), transfer.steps)
    talks = [item.call for item in told if isinstance(item, CallChanged) and item.what == "answered"]
    assert [call.seat for call in talks] == ["1001", "1003"]
    assert talks[0].answered_at == talks[1].answered_at
    assert len({call.call_id for call in calls_of(told)}) == 1


def test_a_call_on_hold_is_still_talking(trace: Callable[[str], Trace]) -> None:
    hold = trace("hold")
    _, told = play(start(hold), hold.steps)
    assert story(told) == ["entered", "identified", "queued", "rang", "answered", "released", "survey", "answered"]


def test_a_paused_seat_is_paused_only_when_every_queue_says_so(trace: Callable[[str], Trace]) -> None:
    paused = trace("paused")
    _, told = play(start(paused), paused.steps)
    assert states_of(told, "1001") == [SeatState.PAUSED, SeatState.READY]


@pytest.mark.rule("C1")
def test_a_seat_without_a_phone_is_offline(trace: Callable[[str], Trace]) -> None:
    offline = trace("offline")
    _, told = play(start(offline), offline.steps)
    assert states_of(told, "1003") == [SeatState.OFFLINE, SeatState.READY]


def test_seats_that_call_each_other_are_busy_without_a_call(trace: Callable[[str], Trace]) -> None:
    internal = trace("internal")
    _, told = play(start(internal), internal.steps)
    assert story(told) == []
    assert states_of(told, "1002") == [SeatState.RINGING, SeatState.TALKING, SeatState.READY]


def test_two_calls_at_once_keep_apart(trace: Callable[[str], Trace]) -> None:
    two = trace("two_calls")
    _, told = play(start(two), two.steps)
    first, second = dict.fromkeys(call.call_id for call in calls_of(told))
    assert {item.call_id: item.outcome for item in told if isinstance(item, CallEnded)} == {
        first: "abandoned", second: "answered"}


def picture(floor: Floor) -> object:
    """All that both ways of knowing can tell; a wrap-up's call, and the stage after a talk, only who heard it knows."""
    calls = {key: (c.state, c.queue, 0 if c.state is CallState.AFTER else c.stage, c.ringing, c.seat,
                   c.name, c.room, c.household_id, c.number, c.did)
             for key, c in floor.calls_shown.items()}
    seats = {key: (s.state, None if s.state is SeatState.WRAPUP else s.call_id)
             for key, s in floor.seats_shown.items()}
    return calls, seats


def places(trace: Trace) -> list[int]:
    return [place for place, step in enumerate(trace.steps) if step.snapshot]


@pytest.mark.parametrize("name", ALL)
def test_any_prefix_and_a_resynchronisation_give_the_floor_of_the_whole_trace(
        name: str, trace: Callable[[str], Trace]) -> None:
    whole = trace(name)
    end, _ = play(start(whole), whole.steps)
    assert len(places(whole)) >= 2
    for place in places(whole):
        step = whole.steps[place]
        folded, _ = play(start(whole), whole.steps[:place + 1])
        known = Board(calls=folded.calls_shown, seats=folded.seats_shown)
        for remembered in (Board(), known):
            resynced = floor_from(whole.plan, step.snapshot, remembered, step.at)
            assert picture(resynced) == picture(folded), (name, place)
            assert picture(play(resynced, whole.steps[place:])[0]) == picture(end), (name, place)
        with_memory = floor_from(whole.plan, step.snapshot, known, step.at)
        assert with_memory.calls_shown == folded.calls_shown


@pytest.mark.parametrize("name", ALL)
def test_times_of_a_floor_that_remembers_nothing_err_by_a_ring_at_most(
        name: str, trace: Callable[[str], Trace]) -> None:
    whole = trace(name)
    ring = timedelta(seconds=3) + SECOND
    for place in places(whole):
        step = whole.steps[place]
        folded, _ = play(start(whole), whole.steps[:place + 1])
        resynced = floor_from(whole.plan, step.snapshot, Board(), step.at)
        for call_id, call in folded.calls_shown.items():
            again = resynced.calls_shown[call_id]
            assert abs(again.entered_at - call.entered_at) < SECOND
            if call.state in {CallState.QUEUED, CallState.RINGING} and call.queued_at and again.queued_at:
                    # Asterisk says whole seconds, and of stage 0 only how long it is meant to last.
                    assert abs(again.queued_at - call.queued_at) < SECOND * (1 + call.stage)
            if call.state is CallState.TALKING and call.answered_at and again.answered_at:
                assert abs(again.since - call.since) < ring
