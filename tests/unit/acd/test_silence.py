"""A caller is taken from a phone that is dead, and never from one that still sends sound. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from acd.calls.silence import Heard, is_dead, listen, suspects
from acd.calls.stranded import Stranded, since, stranded
from acd.floor.channels import Channel, Channels
from acd.floor.facts import CallFacts, Floor
from acd.plan import FloorPlan, SeatPlan

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
UP, RING = 6, 5
SEATS = ("1001", "1002")
pytestmark = pytest.mark.rule("C1")


def leg(name: str, bridge: str | None, uniqueid: str = "", state: int = UP) -> Channel:
    return Channel(uniqueid or name, f"PJSIP/{name}-0001", "call", state, NOW, bridge, seat=name if name in SEATS else None)


CALLER = leg("trunk", "b1", "call")


def floor(*legs: Channel) -> Floor:
    plan = FloorPlan("node1", {seat: SeatPlan(seat, seat, "primary") for seat in SEATS}, {}, 30)
    return Floor(plan, Channels(legs), {"call": CallFacts("call", NOW, answered_at=NOW)})


def dead_after(seconds: float, counts: list[int], *, on_hold: bool = False) -> bool:
    """Looked at `counts` packets, one after the other, evenly over so many seconds."""
    heard, now = None, NOW
    for place, packets in enumerate(counts):
        now = NOW + timedelta(seconds=seconds * place / (len(counts) - 1))
        heard = listen(heard, packets, now)
    assert heard is not None
    return is_dead(heard, now, on_hold=on_hold)


def test_a_phone_from_which_nothing_comes_for_two_seconds_is_dead() -> None:
    assert dead_after(2, [500, 500, 500])
    assert not dead_after(1, [500, 500])


@pytest.mark.parametrize("counts", [[500, 550, 600], [500, 500, 501], [500, 20, 40], [0, 0, 1]])
def test_a_phone_that_sends_anything_talks_on(counts: list[int]) -> None:
    assert not dead_after(3, counts)


def test_one_look_is_never_enough() -> None:
    assert not is_dead(listen(None, 0, NOW), NOW, on_hold=False)
    assert listen(Heard(7, NOW), 7, NOW + timedelta(seconds=1)) == Heard(7, NOW)


def test_a_phone_on_hold_is_silent_by_right_and_is_given_longer() -> None:
    assert not dead_after(10, [500, 500], on_hold=True)
    assert dead_after(30, [500, 500], on_hold=True)


def test_only_phones_that_cannot_be_reached_are_suspected() -> None:
    talking = floor(CALLER, leg("1001", "b1"))
    assert suspects(talking, []) == suspects(talking, ["1002"]) == []
    [suspect] = suspects(talking, ["1001"])
    assert (suspect.seat, suspect.caller, suspect.alone) == ("1001", CALLER, True)


def test_a_phone_that_only_rings_is_app_queues_business() -> None:
    assert suspects(floor(replace(CALLER, bridge=None), leg("1001", None, state=RING)), ["1001"]) == []


def test_in_a_conference_only_the_dead_phone_leaves() -> None:
    three = floor(CALLER, leg("1001", "b1"), leg("1002", "b1"))
    [suspect] = suspects(three, ["1001"])
    assert not suspect.alone


def test_a_phone_that_died_while_its_agent_asked_somebody_else_is_found_too() -> None:
    consulting = floor(CALLER, leg("1001", "b2"), leg("1002", "b2", "later"))
    assert "1001" in {suspect.seat for suspect in suspects(consulting, ["1001"])}


def near_end(bridge: str | None) -> Channel:
    return Channel("near", "Local/1002@transfers-00000000;1", "call", UP, NOW, bridge)


def test_who_is_left_alone_by_a_consultation_in_which_nobody_asks_is_seen_and_nobody_else() -> None:
    near, asked = near_end("b2"), leg("1002", "b3")
    assert stranded(floor(CALLER, near, asked)) == [Stranded(CALLER, near)]
    assert stranded(floor(CALLER, near, asked, leg("1001", "b2"))) == [], "the agent asks"
    assert stranded(floor(CALLER, near, asked, leg("1001", "b1"))) == [], "the agent is with the caller"
    assert stranded(floor(CALLER, near_end(None), asked)) == [], "it only begins"
    parked = floor(CALLER, near)
    parked.calls["call"].parked = "701"
    assert stranded(parked) == []


def test_who_is_stranded_is_so_since_the_first_look_and_anew_when_it_was_not_so_meanwhile() -> None:
    there, later = [Stranded(CALLER, near_end("b2"))], NOW + timedelta(seconds=1)
    assert since(since({}, there, NOW), there, later) == {"call": NOW}
    assert since(since({"call": NOW}, [], later), there, later) == {"call": later}
