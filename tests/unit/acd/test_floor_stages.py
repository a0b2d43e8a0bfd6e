"""The live board knows where a call is in the chain, in stages that are no queue of ours too."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from acd.ami import events as ami
from acd.floor.facts import Floor
from acd.floor.fold import fold
from acd.floor.resync import Snapshot, floor_from
from acd.floor.telling import FloorEvent
from acd.plan import FloorPlan, QueuePlan, SeatPlan
from callcenter.events import Board, Call, CallChanged, CallEnded, CallState

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CALL, CHANNEL = "node1-1763800000.1", "PJSIP/trunk-00000001"
PLAN = FloorPlan("node1", {"1001": SeatPlan("1001", "陈静", "primary")}, {"repair": QueuePlan("repair", 0)}, 30)


def played(*events: ami.AmiEvent) -> tuple[Floor, list[FloorEvent]]:
    """A call that has come in, and then these."""
    floor = Floor(PLAN)
    told: list[FloorEvent] = []
    created = ami.ChannelCreated(CALL, CHANNEL, CALL, ami.ChannelState.RING, "13800138000", "from-trunk", "8000")
    for event in (created, *events):
        told += fold(floor, event, NOON)
    return floor, told


def said(what: str, *, stage: int = 0, rank: int = 0, emergency: bool = False) -> ami.DialplanSaid:
    return ami.DialplanSaid(CALL, what, CALL, "", "repair", stage=stage, rank=rank, emergency=emergency)


def joined(queue: str) -> ami.CallerJoined:
    return ami.CallerJoined(CALL, CHANNEL, "13800138000", queue)


def shown(floor: Floor) -> Call:
    return floor.calls_shown[CALL]


def test_a_call_that_waits_for_its_last_agent_waits_in_its_queue() -> None:
    floor, _ = played(said("routed", rank=20), joined("seat.1001"))
    assert (shown(floor).queue, shown(floor).stage, shown(floor).state) == ("repair", 0, CallState.QUEUED)
    assert floor.calls[CALL].rank == 20


@pytest.mark.rule("F5", part="shown on wall and desk")
def test_an_emergency_is_shown_as_one_and_waits_in_the_first_stage_of_its_queue() -> None:
    floor, _ = played(said("routed", rank=60, emergency=True), joined("repair.emergency"))
    assert (shown(floor).emergency, shown(floor).priority, shown(floor).queue, shown(floor).stage) == (True, 60, "repair", 0)


def test_each_stage_is_told_as_an_overflow_outside_numbers_too() -> None:
    left = ami.CallerLeft(CALL, "repair", abandoned=False)
    floor, told = played(said("routed"), joined("repair"), left, said("overflow", stage=1), joined("repair.backup"), left,
                         said("overflow", stage=2), joined("repair.teams"), left, said("overflow", stage=3))
    stages = [event.call.stage for event in told if isinstance(event, CallChanged) and event.what == "overflowed"]
    assert stages == [1, 2, 3]
    assert (shown(floor).stage, shown(floor).state) == (3, CallState.QUEUED)


def test_a_call_that_moves_to_another_queue_begins_there_anew() -> None:
    floor, _ = played(said("routed"), joined("repair"), said("overflow", stage=1), joined("repair.backup"), said("routed"),
                      joined("repair"))
    assert shown(floor).stage == 0


def test_between_two_stages_a_caller_still_waits_until_the_dialplan_says_that_nobody_can_answer() -> None:
    left = ami.CallerLeft(CALL, "repair", abandoned=False)
    floor, told = played(said("routed"), joined("repair"), left)
    assert (shown(floor).state, floor.calls[CALL].waiting) == (CallState.QUEUED, False)
    between = len(told)
    for event in (joined("repair.backup"), left, said("nobody")):
        told += fold(floor, event, NOON)
    assert [event.call.state for event in told[between:] if isinstance(event, CallChanged)] == [CallState.QUEUED, CallState.MENU]
    # Who stays on the line is a waiting caller again.
    fold(floor, joined("repair.backup"), NOON)
    assert shown(floor).state is CallState.QUEUED


def test_who_chose_a_callback_and_typed_no_number_is_back_at_the_choice() -> None:
    floor, _ = played(said("routed"), joined("repair"), ami.CallerLeft(CALL, "repair", abandoned=False), said("nobody"),
                      said("callback"))
    assert shown(floor).state is CallState.AFTER
    fold(floor, said("nobody"), NOON)
    assert shown(floor).state is CallState.MENU


@pytest.mark.parametrize(("context", "stays", "state"), [
    ("queue-repair", "", CallState.QUEUED), ("before-wait", "", CallState.QUEUED), ("transfer-failed", "", CallState.QUEUED),
    ("message", "queue-repair", CallState.QUEUED), ("message", "", CallState.MENU)])
def test_a_reading_of_asterisk_in_the_moment_between_two_stages_shows_what_the_events_show(
        context: str, stays: str, state: CallState) -> None:
    floor, _ = played(said("routed"), joined("repair"), ami.CallerLeft(CALL, "repair", abandoned=False),
                      *([said("nobody")] if state is CallState.MENU else []))
    channel = {"uniqueid": CALL, "linkedid": CALL, "channel": CHANNEL, "channelstate": "6", "context": context, "exten": "s",
               "variable": f"CALL_ID={CALL}\nSTAY={stays}"}
    read = floor_from(PLAN, Snapshot([channel], [], []), Board(calls={CALL: shown(floor)}), NOON)
    assert (shown(read).state, shown(floor).state) == (state, state)


@pytest.mark.parametrize("what", ["voicemail", "callback"])
def test_who_hangs_up_before_a_message_was_left_or_a_callback_noted_has_given_up(what: str) -> None:
    waited = said("routed"), joined("repair"), ami.CallerLeft(CALL, "repair", abandoned=False), said(what)
    gone = ami.HungUp(CALL, 16)
    for heard, outcome in (((), "abandoned"), ((said("message"),), "message")):
        _, told = played(*waited, *heard, gone)
        assert [event.outcome for event in told if isinstance(event, CallEnded)] == [outcome]
