"""What a surge takes it gives back, whatever happened meanwhile; where everybody rings, and for how long a wrap-up lasts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.agents.surge import LIFTED, at_tier
from acd.agents.transitions import AgentCommand, Refusal, Rules, Situation, decide
from acd.ami import events as ami
from acd.ami.members import Member, Place
from acd.desired.book import Book, SignedIn
from acd.desired.bookfile import BOOK
from acd.floor.facts import Floor
from acd.floor.fold import fold
from acd.plan import FloorPlan, QueuePlan, SeatPlan
from acd.reconcile.wanted import is_switch, wanted_floor
from callcenter.commands import DONE, AskHelp, MoveSeat, Pause, PauseReason, Resume, SignIn, SignOut
from callcenter.events import AgentState
from callcenter.line import LineState, line_state, line_value
from callcenter.roster import Agent, Roster

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SEATS = {"1001": "primary", "1002": "primary", "1003": "primary", "1101": "backup", "1201": "leader"}
QUEUES = {
    "repair": QueuePlan("repair", 20, seats=("1001", "1002"), backup=("1101",), estates=("yunqi",), teams=True),
    "enquiry": QueuePlan("enquiry", 4, seats=("1003",), backup=("1101",)),
    "press": QueuePlan("press", 20, seats=("1003",), press=True),
}
FREE = FloorPlan("node1", {seat: SeatPlan(seat, seat, kind) for seat, kind in SEATS.items()}, QUEUES, 30, free_seating=True,
                 extra_seats=("1201",), surge_wrapup_s=5, surge_wrapup_from=2)
FIXED = replace(FREE, free_seating=False)
ROSTER = Roster({"801": Agent("801", "陈静", skills={"repair": 3}, estates=("yunqi",)),
                 "802": Agent("802", "李晓梅", skills={"enquiry": 1}),
                 "803": Agent("803", "王", skills={"press": 1}, spokesperson=True)})
SEATED = Roster({seat: Agent(seat, seat) for seat in SEATS})
RULES = Rules(free_seating=True, seats=frozenset(SEATS))
TIERS, SURGES = st.integers(0, 3), st.integers(1, 3)
PAUSES = st.none() | st.sampled_from(PauseReason)


@st.composite
def books(draw: st.DrawFn) -> Book:
    """At tier 0, anybody anywhere, paused for whatever."""
    codes = draw(st.lists(st.sampled_from(["801", "802", "803"]), unique=True))
    seats = draw(st.permutations(list(SEATS)))[:len(codes)]
    return Book({code: SignedIn(code, seat, NOW, draw(PAUSES), away=draw(st.booleans()), missed=draw(st.integers(0, 2)))
                 for code, seat in zip(codes, seats, strict=True)})


AGENT, SEAT = st.sampled_from(["801", "802", "803"]), st.sampled_from(list(SEATS))
ORDERS: st.SearchStrategy[AgentCommand] = (
    st.builds(Pause, AGENT, st.sampled_from(PauseReason)) | st.builds(Resume, AGENT) | st.builds(SignOut, AGENT)
    | st.builds(SignIn, AGENT, SEAT) | st.builds(MoveSeat, AGENT, SEAT) | st.builds(AskHelp, AGENT))


def ordered(book: Book, command: AgentCommand) -> tuple[Book, str]:
    entry = book.agents.get(command.agent)
    state = AgentState.SIGNED_OUT if entry is None else (
        AgentState.AWAY if entry.away else AgentState.PAUSED if entry.pause else AgentState.READY)
    made = decide(book, command, RULES, ROSTER, Situation(NOW, state, NOW, reachable=frozenset(SEATS)))
    return made.book, made.code


@pytest.mark.rule("B5", part="what acd takes and gives back")
@given(book=books(), tier=SURGES, then=st.lists(ORDERS | SURGES, max_size=8))
def test_who_chose_nothing_has_back_what_was_taken_and_who_chose_keeps_that(
        book: Book, tier: int, then: list[AgentCommand | int]) -> None:
    now, chosen = at_tier(book, tier), dict[str, PauseReason | None]()
    assert not any(entry.pause in LIFTED for entry in now.agents.values())
    for what in then:
        if isinstance(what, int):
            now = at_tier(now, what)
            continue
        before = now
        now, code = ordered(now, what)
        if isinstance(what, Pause) and what.reason in LIFTED and what.agent in before.agents:
            assert (code, now) == (Refusal.SURGE, before), "no such pause is begun in a surge"
        elif code == DONE and isinstance(what, Pause | Resume):
            chosen[what.agent] = what.reason if isinstance(what, Pause) else None
        elif code == DONE and (isinstance(what, SignOut) or what.agent not in before.agents):
            chosen[what.agent] = None
        now = BOOK.validate_json(BOOK.dump_json(now))          # as a restart reads it
    over = at_tier(now, 0)
    assert over.agents.keys() == now.agents.keys(), "nobody is signed in or out by it"
    for code, entry in over.agents.items():
        assert entry.pause == (chosen[code] if code in chosen else book.agents[code].pause)
        assert entry.lifted is None


@given(book=books(), first=TIERS, second=TIERS)
def test_a_tier_said_again_changes_nothing_and_every_way_back_leads_to_the_same_book(book: Book, first: int, second: int) -> None:
    once = at_tier(book, first)
    assert at_tier(once, first) == once
    assert at_tier(at_tier(once, second), 0) == book


def rung(book: Book, roster: Roster, plan: FloorPlan, seat: str) -> dict[str, Member]:
    members = wanted_floor(plan, book, roster, NOW).members
    return {place.queue: member for place, member in members.items() if place.interface == f"PJSIP/{seat}" and member.dynamic}


@pytest.mark.rule("B2")
def test_from_tier_one_everybody_rings_everywhere_after_the_skilled_but_not_for_the_press() -> None:
    book = at_tier(Book({"801": SignedIn("801", "1001", NOW), "803": SignedIn("803", "1002", NOW)}), 1)
    assert rung(book, ROSTER, FREE, "1001") == {
        "repair": Member(2), "repair.backup": Member(0), "repair.at-yunqi": Member(2), "repair.teams": Member(0),
        "enquiry": Member(9), "enquiry.backup": Member(0)}
    assert rung(book, ROSTER, FREE, "1002") == {
        "repair": Member(9), "repair.backup": Member(0), "repair.teams": Member(0),
        "enquiry": Member(9), "enquiry.backup": Member(0), "press": Member(0), "press.backup": Member(0)}
    extra = {"repair": Member(10), "repair.backup": Member(0), "enquiry": Member(10), "enquiry.backup": Member(0)}
    assert rung(book, ROSTER, FREE, "1201") == extra, "an extra seat, with nobody signed in"
    assert rung(at_tier(book, 0), ROSTER, FREE, "1201") == {}
    assert rung(book, ROSTER, FREE, "1101") == {}, "a seat that the site does not name"


def test_in_fixed_seating_every_seat_keeps_its_own_queues_and_is_lent_to_the_others() -> None:
    book = at_tier(Book({seat: SignedIn(seat, seat, NOW) for seat in SEATS}), 1)
    assert rung(book, SEATED, FIXED, "1003") == {"repair": Member(9), "repair.backup": Member(0)}
    assert wanted_floor(FIXED, book, SEATED, NOW).members[Place("enquiry", "PJSIP/1003")] == Member(dynamic=False)


@pytest.mark.rule("B6")
def test_from_its_tier_on_each_added_member_has_the_shorter_wrap_up_of_its_own() -> None:
    book = Book({"801": SignedIn("801", "1001", NOW), "802": SignedIn("802", "1101", NOW)})
    for tier, wrapup in ((0, 0), (1, 0), (2, 5), (3, 5)):
        members = wanted_floor(FREE, at_tier(book, tier), ROSTER, NOW).members.values()
        assert {member.wrapup for member in members if member.dynamic} == {wrapup}
        assert {member.wrapup for member in members if not member.dynamic} == {0}, "queues.conf has it, and nobody changes that"
    short = replace(FREE, surge_wrapup_s=30)
    assert short.own_wrapup(3) == 0, "all of them are shorter already"


@pytest.mark.rule("B6")
def test_a_wrap_up_is_shown_as_short_as_it_is() -> None:
    floor = Floor(FREE, online=set(SEATS))
    for seat in ("1001", "1201"):
        fold(floor, ami.MemberChanged(Place("repair", f"PJSIP/{seat}"), Member(wrapup=5)), NOW)
        fold(floor, ami.SeatCompleted("node1-1.1", "repair", f"PJSIP/{seat}", ""), NOW)
    assert floor.wrapups["1001"].until == NOW + timedelta(seconds=5)
    assert floor.wrapups["1201"].until == NOW + timedelta(seconds=20), "always on: a static member too"
    fold(floor, ami.SeatCompleted("node1-1.2", "enquiry", "PJSIP/1001", ""), NOW)
    assert floor.wrapups["1001"].until == NOW + timedelta(seconds=4), "its own is shorter"
    fold(floor, ami.MemberChanged(Place("repair", "PJSIP/1001"), Member()), NOW)
    fold(floor, ami.SeatCompleted("node1-1.3", "repair", "PJSIP/1001", ""), NOW)
    assert floor.wrapups["1001"].until == NOW + timedelta(seconds=20)


@pytest.mark.rule("H5", part="the notice on the IVR for callers from there")
def test_estates_notices_are_switches_of_the_book_and_the_notice_for_all_is_not() -> None:
    given_ = replace(Book(), notices={"yunqi": "notice-water"}, tier=2)
    assert wanted_floor(FREE, given_, ROSTER, NOW).switches == {"notice/yunqi": "notice-water", "tier": "2"}
    assert [is_switch(key) for key in ("notice/yunqi", "notice", "switched", "switch-wrong/1001")] == [True, False, False, False]


@pytest.mark.rule("C7")
@given(value=st.text(max_size=40))
def test_whatever_stands_in_the_switch_is_read_and_what_we_write_is_read_as_written(value: str) -> None:
    line_state(value)
    assert line_state(line_value("announcement", NOW, "liufang|x")) == LineState("announcement", NOW, "liufangx")
