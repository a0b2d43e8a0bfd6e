"""A seat whose phone is somebody's own mobile: only with a number that the site lets us dial, and nothing of it stays behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from acd.agents.transitions import Decision, Rules, Situation, adopt, decide
from acd.ami.members import Place
from acd.desired.book import Book
from acd.floor.facts import Floor
from acd.floor.fold import seated
from acd.floor.shown import seat_state
from acd.plan import FloorPlan, QueuePlan, SeatPlan
from acd.reconcile.difference import PutSwitch
from acd.reconcile.reconciler import describe
from acd.reconcile.wanted import is_switch, wanted_floor
from callcenter.commands import MoveSeat, SignIn, SignOut
from callcenter.events import AgentState, SeatState
from callcenter.roster import Agent, Roster

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
DESK, MOBILE, NUMBER = "1001", "1401", "13900000001"
RULES = Rules(free_seating=True, seats=frozenset({DESK, MOBILE}), mobiles=frozenset({MOBILE}), numbers=("1[3-9]XXXXXXXXX",))
ROSTER = Roster({"801": Agent("801", "陈静", skills={"repair": 1, "enquiry": 1})})
PLAN = FloorPlan("node1", {seat: SeatPlan(seat, seat, "primary", seat == MOBILE) for seat in (DESK, MOBILE)},
                 {"repair": QueuePlan("repair", 20, backed=True), "enquiry": QueuePlan("enquiry", 20)}, 30, free_seating=True)
# Its device is Asterisk itself: to be reached at all times, with nobody's number too.
AT = Situation(NOW, AgentState.SIGNED_OUT, NOW, reachable=frozenset({DESK, MOBILE}))
IN = replace(AT, state=AgentState.READY)
pytestmark = pytest.mark.rule("B3", part="on one's own mobile")


def taken() -> Decision:
    return decide(Book(), SignIn("801", MOBILE, NUMBER), RULES, ROSTER, AT)


def test_who_signs_in_there_does_so_with_a_number_that_may_be_dialled_and_is_rung_where_there_is_time() -> None:
    for number in ("", "0085212345678", "110", f"{NUMBER}&x"):
        assert decide(Book(), SignIn("801", MOBILE, number), RULES, ROSTER, AT) == Decision(Book(), "seat_unreachable"), number
    book = taken().book
    assert (taken().code, book.agents["801"].number) == ("done", NUMBER)
    wanted = wanted_floor(PLAN, book, ROSTER, NOW)
    assert wanted.switches[f"mobile/{MOBILE}"] == NUMBER
    rung = {place.queue for place in wanted.members if place.interface == f"PJSIP/{MOBILE}"}
    assert rung - {f"seat.{MOBILE}"} == {"repair.backup", "enquiry", "enquiry.backup"}, "not for two rings, where more come after"
    in_a_surge = wanted_floor(PLAN, replace(book, tier=2), ROSTER, NOW)
    assert Place("repair", f"PJSIP/{MOBILE}") not in in_a_surge.members
    assert is_switch(f"mobile/{MOBILE}"), "taken away with the member"
    assert NUMBER not in describe(PutSwitch(f"mobile/{MOBILE}", NUMBER)), "logs and the board are told of no number"


def test_a_seat_for_a_mobile_has_a_phone_only_while_somebody_sits_there() -> None:
    floor = Floor(PLAN, online={DESK, MOBILE})
    assert [seat_state(floor, seat, NOW)[0] for seat in (DESK, MOBILE)] == [SeatState.READY, SeatState.OFFLINE], "no page offers it"
    seated(floor, {MOBILE: "801"}, NOW)
    assert seat_state(floor, MOBILE, NOW)[0] is SeatState.READY


def test_nothing_of_it_stays_when_they_move_or_sign_out_and_it_is_known_again_from_astdb() -> None:
    book = taken().book
    moved = decide(book, MoveSeat("801", DESK), RULES, ROSTER, IN).book
    assert (moved.agents["801"].seat, moved.agents["801"].number) == (DESK, "")
    assert decide(moved, MoveSeat("801", MOBILE), RULES, ROSTER, IN).code == "seat_unreachable", "there is no phone"
    out = wanted_floor(PLAN, decide(book, SignOut("801"), RULES, ROSTER, IN).book, ROSTER, NOW)
    assert out == wanted_floor(PLAN, Book(), ROSTER, NOW)
    assert adopt(Book(), "801", MOBILE, NOW, NUMBER).agents["801"] == book.agents["801"]
