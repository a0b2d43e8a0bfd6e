"""Whatever AMI sends, twice, late or from the middle, the floor holds together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acd import ami_events as ami
from acd.ami_events import parse
from acd.facts import Floor, parse_caller
from acd.floor import fold
from acd.plan import FloorPlan
from acd.resync import floor_from
from acd.service import same_picture
from callcenter.board import apply_event
from callcenter.events import Board, SeatState

NAMES = st.sampled_from(["answered", "overflowed", "transfer", "two_calls", "nobody"])
ANY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
T0 = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def events_of(trace: Any) -> list[tuple[ami.AmiEvent, datetime]]:
    return [(event, step.at) for step in trace.steps if step.headers and (event := parse(step.headers))]


@ANY
@given(name=NAMES, data=st.data())
def test_an_event_heard_twice_changes_nothing(trace: Callable[[str], Any], name: str, data: st.DataObject) -> None:
    whole = trace(name)
    events = events_of(whole)
    twice = data.draw(st.integers(0, len(events) - 1))
    once = floor_from(whole.plan, whole.steps[0].snapshot, Board(), whole.steps[0].at)
    for place, (event, at) in enumerate(events):
        once, _ = fold(once, event, at)
        if place == twice:
            again, _ = fold(once, event, at)
            assert same_picture(once, again) or isinstance(event, ami.ChannelCreated)


@ANY
@given(name=NAMES, data=st.data())
def test_a_trace_from_its_middle_leaves_nothing_behind(trace: Callable[[str], Any], name: str,
                                                       data: st.DataObject) -> None:
    whole = trace(name)
    events = events_of(whole)
    floor = Floor(whole.plan)
    for event, at in events[data.draw(st.integers(0, len(events) - 1)):]:
        floor, _ = fold(floor, event, at)
    ended = {event.uniqueid for event, _ in events if isinstance(event, ami.HungUp)}
    assert not ended & floor.channels.keys()
    assert not ended & floor.calls.keys()


@ANY
@given(name=NAMES)
def test_the_board_that_follows_the_events_is_the_floor(trace: Callable[[str], Any], name: str) -> None:
    whole = trace(name)
    floor = floor_from(whole.plan, whole.steps[0].snapshot, Board(), whole.steps[0].at)
    board = Board(calls=floor.calls_shown, seats=floor.seats_shown)
    for event, at in events_of(whole):
        floor, told = fold(floor, event, at)
        for fact in told:
            board = apply_event(board, fact)
        assert (board.calls, board.seats) == (floor.calls_shown, floor.seats_shown)


@given(st.text(max_size=60))
def test_whatever_the_look_up_says_never_breaks_the_floor(said: str) -> None:
    caller = parse_caller(said)
    assert caller is None or caller.language in {"zh", "en"}


@given(st.dictionaries(st.sampled_from(["uniqueid", "channel", "linkedid", "channelstate", "queue", "interface",
                                        "device", "state", "what", "callid", "caller", "bridgeuniqueid"]),
                       st.text(max_size=12)),
       st.sampled_from(sorted(ami.HANDLED)))
def test_any_headers_parse_and_fold(headers: dict[str, str], name: str) -> None:
    floor = Floor(FloorPlan("node1", {}, {}, 30))
    event = parse({**headers, "event": name})
    if event:
        fold(floor, event, T0)


def test_a_seat_is_ready_again_though_nothing_more_is_heard(plan: FloorPlan) -> None:
    from acd.floor import next_tick, tick

    floor = Floor(plan, online=frozenset({"1001"}))
    floor, told = fold(floor, ami.SeatCompleted("node1-1.1", "repair.backup", "PJSIP/1001", ""), T0)
    assert [item.seat.state for item in told if hasattr(item, "seat")] == [SeatState.WRAPUP]
    assert next_tick(floor) == T0 + timedelta(seconds=4)
    floor, told = tick(floor, T0 + timedelta(seconds=4))
    assert [item.seat.state for item in told if hasattr(item, "seat")] == [SeatState.READY]
    assert next_tick(floor) is None
