"""What a queue's pace is learned from, and the estimate that follows."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from acd.floor.facts import CallFacts, Floor
from acd.plan import FloorPlan
from acd.waiting.waits import Learned, learn, noticeably, queue_wait, staffed
from callcenter.events import Call, CallChanged, CallEnded, CallState, QueueWait, Seat, SeatState
from callcenter.expected import PRIOR_HANDLING_S, Pace, Staffed, estimate_s

T = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
pytestmark = pytest.mark.rule("A11")


def later(seconds: float) -> datetime:
    return T + timedelta(seconds=seconds)


def told(known: Learned, call: Call, state: CallState, at: float) -> Learned:
    return learn(known, CallChanged(later(at), "x", replace(call, state=state, since=later(at))))


WAITS = Call("node1-1.1", CallState.QUEUED, T, T, queue="repair", queued_at=T, expected_wait_s=50)


def test_an_answered_call_teaches_its_wait_its_length_with_wrapup_and_the_estimate_s_error() -> None:
    known = told(Learned({"repair": 10}), WAITS, CallState.QUEUED, 0)
    known = told(known, WAITS, CallState.RINGING, 35)
    known = told(known, WAITS, CallState.TALKING, 40)
    known = learn(known, CallEnded(later(100), WAITS.call_id, "answered", "repair"))
    pace = known.pace("repair")
    assert pace.error_s == pytest.approx(10)
    assert pace == Pace().after_wait(40, gave_up=False).after_told(50, 40).after_call(70)
    assert known.calls == {}


def test_patience_shrinks_when_callers_give_up_and_grows_when_they_wait_on() -> None:
    gave_up = learn(told(Learned({}), WAITS, CallState.QUEUED, 0), CallEnded(later(20), WAITS.call_id, "abandoned", "repair"))
    assert gave_up.pace("repair").patience_s < Pace().patience_s
    message = told(told(Learned({}), WAITS, CallState.QUEUED, 0), WAITS, CallState.AFTER, 90)
    assert message.pace("repair").patience_s > Pace().patience_s


def test_on_a_line_where_nobody_ever_gives_up_the_estimate_goes_on() -> None:
    pace = replace(Pace(), gave_up=5e-324)       # what is left of the prior after 36,000 answered calls
    people = Staffed(waiting=2, heads=3, share=3.0, backup_share=1.0, backup_free=9)
    assert estimate_s(people, pace, 30.0) == pytest.approx(29.9, abs=0.1)


def test_a_kept_place_has_no_patience_to_learn_from() -> None:
    place = replace(WAITS, callback_id="node1-0.1")
    known = told(told(Learned({}), place, CallState.QUEUED, 0), place, CallState.TALKING, 900)
    assert known.paces == {}


def test_many_calls_outweigh_the_prior() -> None:
    pace = Pace()
    assert pace.handling_s == PRIOR_HANDLING_S
    for _ in range(200):
        pace = pace.after_call(60)
    assert pace.handling_s == pytest.approx(60, rel=0.02)


@pytest.mark.parametrize(("people", "expected"), [
    (Staffed(waiting=0, heads=2, share=2, free=1), 0.0),
    (Staffed(waiting=0, heads=2, share=2, free=0), 90.0),
    (Staffed(waiting=0, heads=2, share=2, backup_free=1), 90 * (1 - math.exp(-30 / 90))),   # cut at the overflow
    (Staffed(waiting=1, heads=2, share=2, backup_free=1), 90 + 1 / (1 / 90 + 1 / 180)),     # the backup is for who waits already
    (Staffed(waiting=1, rung=1, heads=2, share=2, free=1), 0.0),                            # who is rung takes nobody else
    (Staffed(waiting=1, heads=2, share=2, free=1), 90 + 1 / (1 / 90 + 1 / 180)),
    (Staffed(waiting=0), None),
    (Staffed(waiting=0, heads=1, backup_share=1, backup_free=1), 0.0),
])
def test_the_estimate(people: Staffed, expected: float | None) -> None:
    assert estimate_s(people, Pace(), 30) == (None if expected is None else pytest.approx(expected, rel=1e-5))


def test_when_everybody_talks_and_backups_are_free_the_estimate_follows_the_queue_and_never_passes_the_overflow() -> None:
    busy = [estimate_s(Staffed(waiting=waiting, heads=2, share=2, backup_free=9), Pace(), 30) or 0 for waiting in range(8)]
    assert busy == sorted(set(busy))
    assert 20 < busy[0] < busy[-1] < 30
    quick = Pace()
    for _ in range(200):
        quick = quick.after_call(40)
    assert (estimate_s(Staffed(heads=2, share=2, backup_free=1), quick, 30) or 0) < 17


def test_an_agent_of_two_queues_counts_half_in_each_and_a_paused_or_absent_one_not_at_all(plan: FloorPlan) -> None:
    floor = Floor(plan, calls={"c": CallFacts("c", T, queue="repair", waiting=True)},
                  online={"1001", "1002"},
                  paused={"1001": {"repair": False, "enquiry": False}, "1002": {"repair": True, "repair.backup": False},
                          "1003": {"repair": False}},
                  seats_shown={"1001": Seat("1001", "", "primary", SeatState.READY, T)})
    found = staffed([floor], ("repair", "enquiry"))
    assert found["repair"] == Staffed(waiting=1, heads=1, share=0.5, free=1, backup_share=1, backup_free=0)
    assert found["enquiry"] == Staffed(heads=1, share=0.5, free=1)


def test_the_board_is_told_of_what_matters_only() -> None:
    before = queue_wait("repair", Staffed(waiting=1, heads=1, share=1), Pace(), 30)
    assert noticeably(None, before)
    assert not noticeably(before, before)
    assert noticeably(before, replace(before, waiting=2))
    assert noticeably(before, replace(before, closed=True))
    assert not noticeably(QueueWait("q", 1, 100), QueueWait("q", 1, 104))
    assert noticeably(QueueWait("q", 1, 100), QueueWait("q", 1, None))
    assert noticeably(QueueWait("q", 1, 3), QueueWait("q", 1, 0))
