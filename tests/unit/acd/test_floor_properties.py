"""Whatever AMI sends, twice, late or from the middle, the floor holds together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acd.ami import events as ami
from acd.ami.events import parse
from acd.ami.members import Member, Place
from acd.floor.facts import Floor, parse_caller
from acd.floor.fold import fold, next_tick, tick
from acd.floor.resync import floor_from
from acd.floor.service import same_picture
from acd.plan import FloorPlan
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
        fold(once, event, at)
        if place == twice:
            again = once.copy()
            fold(again, event, at)
            assert same_picture(once, again) or isinstance(event, ami.ChannelCreated)


@ANY
@given(name=NAMES, data=st.data())
def test_a_trace_from_its_middle_leaves_nothing_behind(trace: Callable[[str], Any], name: str,
                                                       data: st.DataObject) -> None:
    whole = trace(name)
    events = events_of(whole)
    floor = Floor(whole.plan)
    for event, at in events[data.draw(st.integers(0, len(events) - 1)):]:
        fold(floor, event, at)
    ended = {event.uniqueid for event, _ in events if isinstance(event, ami.HungUp)}
    assert not ended & set(floor.channels)
    assert not ended & floor.calls.keys()


@ANY
@given(name=NAMES)
def test_the_board_that_follows_the_events_is_the_floor(trace: Callable[[str], Any], name: str) -> None:
    whole = trace(name)
    floor = floor_from(whole.plan, whole.steps[0].snapshot, Board(), whole.steps[0].at)
    board = Board(calls=dict(floor.calls_shown), seats=dict(floor.seats_shown))
    for event, at in events_of(whole):
        for fact in fold(floor, event, at):
            board = apply_event(board, fact)
        assert (board.calls, board.seats) == (floor.calls_shown, floor.seats_shown)


def same_after(floor: Floor, event: ami.AmiEvent, at: datetime) -> None:
    """Folds the event, and also into a floor made anew of the same facts: both must tell the same and be the same."""
    anew = floor.copy()
    assert list(fold(floor, event, at)) == list(fold(anew, event, at))
    assert floor == anew
    assert_found_by_call_bridge_and_seat(floor)


def assert_found_by_call_bridge_and_seat(floor: Floor) -> None:
    channels = list(floor.channels.values())
    for one in channels:
        assert {each.uniqueid for each in floor.channels.of_call(one.linkedid)} == {
            each.uniqueid for each in channels if each.linkedid == one.linkedid}
        assert {each.uniqueid for each in floor.channels.in_bridge(one.bridge)} == {
            each.uniqueid for each in channels if one.bridge is not None and each.bridge == one.bridge}
    for seat in floor.plan.seats:
        assert [each.uniqueid for each in floor.channels.at_seat(seat)] == [
            each.uniqueid for each in channels if floor.plan.seat_of(each.name) == seat]


@ANY
@given(name=NAMES)
def test_a_floor_that_has_lived_tells_what_one_made_anew_of_its_facts_tells(trace: Callable[[str], Any], name: str) -> None:
    whole = trace(name)
    floor = floor_from(whole.plan, whole.steps[0].snapshot, Board(), whole.steps[0].at)
    for event, at in events_of(whole):
        same_after(floor, event, at)


IDS = st.sampled_from(["node1-1.1", "node1-1.2", "node1-1.3", "node1-1.4"])
NAMED = st.sampled_from(["PJSIP/trunk-1", "PJSIP/1001-2", "PJSIP/1002-3", "PJSIP/1003-4", "Local/x-5"])
MEMBERS = st.sampled_from(["PJSIP/1001", "PJSIP/1002", "PJSIP/9"])
QUEUES = st.sampled_from(["repair", "repair.backup", "seat.1001"])
PLACES = st.builds(Place, QUEUES, MEMBERS)
BRIDGES = st.sampled_from(["b1", "b2"])
STATES = st.sampled_from([0, 4, 5, 6])
SAID = st.sampled_from(["entered", "identified", "language", "place", "estimate", "routed", "overflow", "rescued", "survey",
                        "voicemail", "menu"])
EVENTS: st.SearchStrategy[ami.AmiEvent] = st.one_of(
    st.builds(ami.ChannelCreated, IDS, NAMED, IDS, STATES, st.just("13800138000"), st.just("from-trunk"), st.just("8000")),
    st.builds(ami.ChannelStateChanged, IDS, STATES), st.builds(ami.CallerIdChanged, IDS, st.sampled_from(["", "13900139000"])),
    st.builds(ami.VariableSet, IDS, st.just("SIXRING_CALLER"), st.sampled_from(["17|zh|0|张三丰 3-2-1201", "x"])),
    st.builds(ami.CallerJoined, IDS, NAMED, st.just(""), QUEUES), st.builds(ami.CallerLeft, IDS, QUEUES, st.booleans()),
    st.builds(ami.SeatMissed, IDS, QUEUES, MEMBERS, IDS), st.builds(ami.SeatCompleted, IDS, QUEUES, MEMBERS, IDS),
    st.builds(ami.HeldOrNot, IDS, st.booleans()), st.builds(ami.RecordingMuted, IDS, st.booleans()),
    st.builds(ami.SpyStarted, IDS, IDS), st.builds(ami.SpyStopped, IDS), st.builds(ami.Parked, IDS, st.sampled_from(["", "701"])),
    st.builds(ami.MemberChanged, PLACES, st.builds(Member, paused=st.booleans())), st.builds(ami.MemberRemoved, PLACES),
    st.builds(ami.BridgeEntered, BRIDGES, IDS, IDS),
    st.builds(ami.BridgeLeft, BRIDGES, IDS), st.builds(ami.HungUp, IDS, st.just(16)),
    st.builds(ami.DeviceChanged, MEMBERS, st.sampled_from(["UNAVAILABLE", "NOT_INUSE", "INUSE"])),
    st.builds(ami.DialplanSaid, IDS, SAID, IDS, st.just("8000"), QUEUES, st.just("1380"), st.just("17|en|0|李 1-1"),
              st.sampled_from(["zh", "en", ""]), seconds=st.sampled_from(["", "30"]), stage=st.integers(0, 3)))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=st.lists(st.tuples(EVENTS, st.integers(0, 3)), max_size=30))
def test_whatever_comes_in_whatever_order_is_told_as_if_the_floor_were_made_anew(
        plan: FloorPlan, events: list[tuple[ami.AmiEvent, int]]) -> None:
    floor, now = Floor(plan), T0
    for event, passed in events:
        now += timedelta(seconds=passed)
        same_after(floor, event, now)
        assert list(tick(floor.copy(), now)) == list(tick(floor, now))


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
    floor = Floor(plan, online={"1001"})
    told = fold(floor, ami.SeatCompleted("node1-1.1", "repair.backup", "PJSIP/1001", ""), T0)
    assert [item.seat.state for item in told if hasattr(item, "seat")] == [SeatState.WRAPUP]
    assert next_tick(floor) == T0 + timedelta(seconds=4)
    told = tick(floor, T0 + timedelta(seconds=4))
    assert [item.seat.state for item in told if hasattr(item, "seat")] == [SeatState.READY]
    assert next_tick(floor) is None
