"""From any floor to any other in one round; the second round has nothing to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.agents.surge import at_tier
from acd.ami.members import Member, Place
from acd.desired.book import Book, SignedIn
from acd.plan import FloorPlan, QueuePlan, SeatPlan
from acd.reconcile.difference import (
    Action,
    Add,
    ChangePenalty,
    DeleteSwitch,
    PutSwitch,
    Remake,
    Remove,
    SetPause,
    contradicts,
    reconcile,
    unasked,
)
from acd.reconcile.wanted import Actual, Wanted, is_switch, wanted_floor
from callcenter.commands import PauseReason
from callcenter.roster import Agent, Roster

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ONE, TWO = "PJSIP/1001", "PJSIP/1002"
OURS = ("repair", "repair.backup", "enquiry", "seat.1001")
OTHERS = ("foreign", "lobby")


def carried_out(floor: Actual, actions: tuple[Action, ...]) -> Actual:
    """What app_queue and the database make of the actions, one after the other; an action that they refuse changes nothing."""
    members, switches = dict(floor.members), dict(floor.switches)
    for action in actions:
        match action:
            case Add(place, member):
                if place.queue in floor.queues and place not in members:
                    members[place] = member._replace(dynamic=True)
            case Remove(place):
                if place in members and members[place].dynamic:
                    del members[place]
            case Remake(place, member):
                if place in members and members[place].dynamic:
                    members[place] = member._replace(dynamic=True)
            case ChangePenalty(place, penalty):
                if place in members:
                    members[place] = members[place]._replace(penalty=penalty)
            case SetPause(interface, paused, reason, queue):
                members |= {place: member._replace(paused=paused, reason=reason if paused else "")
                            for place, member in members.items()
                            if place.interface == interface and queue in (None, place.queue)}
            case PutSwitch(key, value):
                switches[key] = value
            case DeleteSwitch(key):
                switches.pop(key, None)
    return replace(floor, members=members, switches=switches)


@st.composite
def member(draw: st.DrawFn, *, dynamic: bool | None = None) -> Member:
    reason = draw(st.sampled_from(["", "meal", "away", "fault"]))
    paused = bool(reason) or draw(st.booleans())
    kept = draw(st.booleans()) if dynamic is None else dynamic
    return Member(draw(st.integers(0, 3)), paused, reason, kept, draw(st.sampled_from([0, 5, 7])) if kept else 0)


def members(queues: tuple[str, ...]) -> st.SearchStrategy[dict[Place, Member]]:
    interfaces = st.sampled_from([ONE, TWO, "PJSIP/1101", "Local/9@elsewhere"])
    return st.dictionaries(st.builds(Place, st.sampled_from(queues), interfaces), member(), max_size=14)


OWN_KEYS = st.sampled_from(["agent-at/801", "at-seat/1001", "closed/repair", "tier", "notice/yunqi"])
ANY_KEYS = OWN_KEYS | st.sampled_from(["notice", "switched", "wait/repair", "emergency-sign-in/1001", "agent-attic/1"])
VALUES = st.sampled_from(["1", "1001", "801"])
FLOORS = st.builds(Wanted, members(OURS), st.dictionaries(OWN_KEYS, VALUES), st.just(frozenset(OURS)))
LOADED = st.frozensets(st.sampled_from(OURS)).map(lambda queues: queues | set(OTHERS))


@st.composite
def actual_floors(draw: st.DrawFn) -> Actual:
    """Whatever Asterisk may have, foreign queues and keys included; perhaps not all queues are loaded."""
    loaded = draw(LOADED)
    there = {place: one for place, one in draw(members(OURS + OTHERS)).items() if place.queue in loaded}
    return Actual(there, draw(st.dictionaries(ANY_KEYS, VALUES)), loaded)


def assert_is(wanted: Wanted, before: Actual, after: Actual) -> None:
    """`after` is as wanted, as far as static members and queues that are not loaded allow, and nothing else has changed."""
    for place, want in wanted.members.items():
        have = after.members.get(place)
        if have is None:
            assert place.queue not in after.queues or not want.dynamic
        else:
            both = have.dynamic and want.dynamic         # only who acd has added can have a wrap-up of its own
            assert have._replace(dynamic=want.dynamic, wrapup=have.wrapup if both else want.wrapup) == want
    for place, have in after.members.items():
        assert place in wanted.members or have == before.members[place]
        assert place in wanted.members or place.queue in OTHERS or not have.dynamic
    statics = {place for place, have in before.members.items() if not have.dynamic}
    assert statics <= after.members.keys()
    assert {key: value for key, value in after.switches.items() if is_switch(key)} == wanted.switches
    foreign = {key: value for key, value in before.switches.items() if not is_switch(key)}
    assert foreign == {key: value for key, value in after.switches.items() if not is_switch(key)}


@pytest.mark.rule("A2", part="the floor heals by itself")
@given(wanted=FLOORS, actual=actual_floors())
def test_any_floor_becomes_any_other_in_one_round_and_a_second_round_is_empty(wanted: Wanted, actual: Actual) -> None:
    actions = reconcile(wanted, actual)
    after = carried_out(actual, actions)
    assert_is(wanted, actual, after)
    assert reconcile(wanted, after) == ()


@given(wanted=FLOORS, actual=actual_floors())
def test_a_round_that_is_carried_out_twice_is_a_round_that_is_carried_out_once(wanted: Wanted, actual: Actual) -> None:
    actions = reconcile(wanted, actual)
    once = carried_out(actual, actions)
    assert carried_out(once, actions) == once


@given(wanted=FLOORS, actual=actual_floors(), data=st.data())
def test_whatever_part_of_a_round_was_lost_the_next_one_ends_it(wanted: Wanted, actual: Actual, data: st.DataObject) -> None:
    actions = reconcile(wanted, actual)
    arrived = tuple(action for action in actions if data.draw(st.booleans()))
    half = carried_out(actual, arrived)
    assert_is(wanted, actual, carried_out(half, reconcile(wanted, half)))


@given(wanted=FLOORS, actual=actual_floors())
def test_no_action_goes_to_a_queue_or_key_that_is_not_ours(wanted: Wanted, actual: Actual) -> None:
    for action in reconcile(wanted, actual):
        match action:
            case Add(place) | Remove(place) | Remake(place) | ChangePenalty(place):
                assert place.queue in OURS
            case SetPause(interface, _, _, None):
                assert not any(place.interface == interface and place.queue in OTHERS for place in actual.members)
            case SetPause(queue=queue):
                assert queue in OURS
            case PutSwitch(key) | DeleteSwitch(key):
                assert is_switch(key)


@given(wanted=FLOORS, actual=actual_floors())
def test_a_contradiction_is_told_exactly_where_a_round_would_act(wanted: Wanted, actual: Actual) -> None:
    touched = {place for place, have in actual.members.items() if contradicts(wanted, place, have)}
    touched |= {place for place in wanted.members
                if place.queue in actual.queues and place not in actual.members and contradicts(wanted, place, None)}
    acted: set[Place] = set()
    for action in reconcile(wanted, actual):
        match action:
            case Add(place) | Remove(place) | Remake(place) | ChangePenalty(place):
                acted.add(place)
            case SetPause(interface, _, _, queue):
                acted |= {place for place in touched if place.interface == interface and queue in (None, place.queue)}
            case _:
                pass
    assert touched == acted


SURGES = FloorPlan(
    "node1", {"1001": SeatPlan("1001", "1001", "primary"), "1002": SeatPlan("1002", "1002", "primary"),
              "1101": SeatPlan("1101", "1101", "backup")},
    {"repair": QueuePlan("repair", 20, ("1001",), ("1101",)), "enquiry": QueuePlan("enquiry", 5, ("1002",)),
     "press": QueuePlan("press", 5, ("1002",), press=True)}, 30, extra_seats=("1101",), surge_wrapup_s=3, surge_wrapup_from=2)


@pytest.mark.rule("B5", part="what acd takes and gives back")
@given(free=st.booleans(), paused=st.lists(st.none() | st.sampled_from(PauseReason), min_size=2, max_size=2),
       tiers=st.lists(st.integers(0, 3), min_size=1, max_size=4))
def test_every_tier_is_reached_in_one_round_and_at_the_end_the_floor_is_member_by_member_what_it_was(
        free: bool, paused: list[PauseReason | None], tiers: list[int]) -> None:
    plan = replace(SURGES, free_seating=free)
    people = [Agent("801", "a", skills={"repair": 1}), Agent("802", "b", skills={"enquiry": 4})] if free else [
        Agent("1001", "a"), Agent("1002", "b")]
    roster = Roster({agent.code: agent for agent in people})
    book = Book({agent.code: SignedIn(agent.code, seat, NOW, why)
                 for agent, seat, why in zip(people, ("1001", "1002"), paused, strict=True)})
    first = wanted_floor(plan, book, roster, NOW)
    there = Actual(first.members, first.switches, first.queues)
    for tier in (*tiers, 0):
        book = at_tier(book, tier)
        floor = wanted_floor(plan, book, roster, NOW)
        there = carried_out(there, reconcile(floor, there))
        assert reconcile(floor, there) == ()
        assert there.members == floor.members
        assert not [place for place, _ in there.members.items() if place.queue.startswith("press") and not first.members.get(place)]
    assert (there.members, there.switches) == (first.members, first.switches)


# --- single sentences

QUEUES = frozenset({"repair", "repair.backup"})
SIGNED_IN = {Place("repair", ONE): Member(1), Place("repair.backup", ONE): Member(0)}


def wanted(members: dict[Place, Member]) -> Wanted:
    return Wanted(members, {}, QUEUES)


def actual(members: dict[Place, Member]) -> Actual:
    return Actual(members, {}, QUEUES | {"foreign"})


PAUSED = {place: one._replace(paused=True, reason="meal") for place, one in SIGNED_IN.items()}


def test_a_pause_in_every_queue_is_one_action() -> None:
    assert reconcile(wanted(PAUSED), actual(SIGNED_IN)) == (SetPause(ONE, paused=True, reason="meal"),)
    assert reconcile(wanted(SIGNED_IN), actual(PAUSED)) == (SetPause(ONE, paused=False, reason=""),)


def test_a_member_of_somebody_elses_queue_is_paused_queue_by_queue() -> None:
    there = SIGNED_IN | {Place("foreign", ONE): Member()}
    assert reconcile(wanted(PAUSED), actual(there)) == (
        SetPause(ONE, True, "meal", "repair"), SetPause(ONE, True, "meal", "repair.backup"))


def test_a_single_membership_that_is_wrong_is_paused_by_itself() -> None:
    half = {**SIGNED_IN, Place("repair", ONE): Member(1, paused=True, reason="meal")}
    assert reconcile(wanted(PAUSED), actual(half)) == (SetPause(ONE, True, "meal", "repair.backup"),)


def test_an_agent_who_moves_seats_is_removed_there_and_added_here_in_that_order() -> None:
    moved = {Place(place.queue, TWO): one for place, one in SIGNED_IN.items()}
    actions = reconcile(wanted(moved), actual(SIGNED_IN))
    assert [type(action) for action in actions] == [Remove, Remove, Add, Add]


def test_a_queue_that_asterisk_has_not_loaded_gets_no_action_again_and_again() -> None:
    elsewhere = Wanted({Place("gone", ONE): Member()}, {}, frozenset({"gone"}))
    assert reconcile(elsewhere, actual({})) == ()


def test_drift_is_what_was_needed_before_anybody_asked_for_anything() -> None:
    reached = wanted(SIGNED_IN)
    by_hand = actual({Place("repair", ONE): Member(1)})                   # removed from the backup on the console
    asked = wanted({**SIGNED_IN, Place("repair", TWO): Member(0)})        # and meanwhile somebody signed in
    actions = reconcile(asked, by_hand)
    assert len(actions) == 2
    assert unasked(reached, by_hand, actions) == (Add(Place("repair.backup", ONE), Member(0)),)
    assert unasked(None, by_hand, actions) == ()
    assert unasked(reached, actual(SIGNED_IN), reconcile(asked, actual(SIGNED_IN))) == ()
