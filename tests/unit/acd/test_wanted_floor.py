"""The table "Members wanted" of docs/contracts.md, row by row."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from acd.ami.members import Member, Place
from acd.desired.book import Book, SignedIn
from acd.desired.state import first_book, first_roster
from acd.plan import FloorPlan, QueuePlan, SeatPlan
from acd.reconcile.wanted import next_change, wanted_floor
from callcenter.commands import PauseReason
from callcenter.roster import Agent, Roster
from callcenter.site.schema import Site

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SEATS = {"1001": "primary", "1002": "primary", "1101": "backup", "1201": "leader"}
QUEUES = {
    "repair": QueuePlan("repair", 10, seats=("1001",), backup=("1101",), estates=("yunqi", "hupan"), languages=("en",), teams=True),
    "enquiry": QueuePlan("enquiry", 10, seats=("1002",), backup=("1101",)),
    "press": QueuePlan("press", 10, seats=("1002",), backup=("1101",), press=True, teams=True),
}
FREE = FloorPlan("node1", {seat: SeatPlan(seat, seat, kind) for seat, kind in SEATS.items()}, QUEUES, 30, free_seating=True)
SKILLED = Agent("801", "陈静", skills={"repair": 3, "gone": 1}, languages=("zh", "en"), estates=("yunqi",))
SPOKES = Agent("802", "李晓梅", skills={"press": 1, "enquiry": 2}, spokesperson=True)
NOVICE = Agent("803", "王芳", skills={"press": 1})
ROSTER = Roster({agent.code: agent for agent in (SKILLED, SPOKES, NOVICE)})


def book(*entries: SignedIn, **more: Any) -> Book:
    return Book({entry.agent: entry for entry in entries}, **more)


def at(agent: str, seat: str, **more: Any) -> SignedIn:
    return SignedIn(agent, seat, NOW, **more)


def rung(given: Book, seat: str, plan: FloorPlan = FREE) -> dict[str, Member]:
    """The dynamic members of one seat."""
    members = wanted_floor(plan, given, ROSTER, NOW).members
    return {place.queue: member for place, member in members.items()
            if place.interface == f"PJSIP/{seat}" and member.dynamic}


@pytest.mark.rule("A8", part="skill levels are penalties")
def test_a_skill_is_a_membership_in_every_pool_of_its_queue_and_its_level_the_penalty() -> None:
    assert rung(book(at("801", "1001")), "1001") == {
        "repair": Member(2), "repair.at-yunqi": Member(2), "repair.in-en": Member(2),
        "repair.backup": Member(0), "repair.teams": Member(0),
    }


def test_who_has_not_the_skill_is_in_the_teams_stage_only() -> None:
    assert rung(book(at("803", "1001")), "1001") == {"repair.teams": Member(0)}


@pytest.mark.rule("F5", part="everybody with the skill and the backup seats ring at once")
def test_where_a_key_for_people_in_danger_leads_the_skilled_the_pulled_in_and_the_backup_seats_ring_for_them() -> None:
    plan = replace(FREE, queues={**QUEUES, "repair": replace(QUEUES["repair"], emergency=True)})
    assert rung(book(at("801", "1001")), "1001", plan)["repair.emergency"] == Member(0)
    assert "repair.emergency" not in rung(book(at("803", "1001")), "1001", plan)
    assert rung(book(at("803", "1001"), tier=1), "1001", plan)["repair.emergency"] == Member(0)
    assert wanted_floor(plan, book(), ROSTER, NOW).members[Place("repair.emergency", "PJSIP/1101")] == Member(0, dynamic=False)
    assert "repair.emergency" not in rung(book(at("801", "1001")), "1001")


@pytest.mark.rule("D4", part="the spokesperson, and nobody else")
def test_only_a_spokesperson_is_rung_for_the_press_at_any_stage() -> None:
    assert rung(book(at("802", "1001")), "1001") == {
        "press": Member(0), "press.backup": Member(0), "press.teams": Member(0), "repair.teams": Member(0),
        "enquiry": Member(1), "enquiry.backup": Member(0)}
    assert not [queue for queue in rung(book(at("803", "1001")), "1001") if queue.startswith("press")]


@pytest.mark.rule("D4", part="the spokesperson, and nobody else")
def test_a_spokesperson_at_a_backup_seat_is_added_there_for_the_press_by_acd() -> None:
    assert rung(book(at("802", "1101")), "1101")["press.backup"] == Member(0)
    assert "press.backup" not in rung(book(at("803", "1101")), "1101")


def test_an_agent_at_a_backup_seat_keeps_the_seats_own_place_and_brings_the_skills() -> None:
    members = wanted_floor(FREE, book(at("801", "1101", away=True)), ROSTER, NOW).members
    assert members[Place("repair.backup", "PJSIP/1101")] == Member(0, paused=True, reason="away", dynamic=False)
    assert members[Place("enquiry.backup", "PJSIP/1101")] == Member(0, paused=True, reason="away", dynamic=False)
    assert members[Place("repair", "PJSIP/1101")] == Member(2, paused=True, reason="away")


@pytest.mark.rule("A2")
def test_a_seat_that_is_always_on_rings_with_nobody_there_and_another_does_not() -> None:
    members = wanted_floor(FREE, Book(), ROSTER, NOW).members
    assert members == {
        Place("repair.backup", "PJSIP/1101"): Member(dynamic=False), Place("enquiry.backup", "PJSIP/1101"): Member(dynamic=False),
        Place("seat.1101", "PJSIP/1101"): Member(dynamic=False), Place("seat.1201", "PJSIP/1201"): Member(dynamic=False),
        Place("seat.1001", "PJSIP/1001"): Member(0, paused=True, reason="signed_out", dynamic=False),
        Place("seat.1002", "PJSIP/1002"): Member(0, paused=True, reason="signed_out", dynamic=False),
    }


@pytest.mark.parametrize(("entry", "reason"), [
    (at("801", "1001"), ""),
    (at("801", "1001", pause=PauseReason.BACK_OFFICE), "back_office"),
    (at("801", "1001", away=True), "away"),
    (at("801", "1001", pause=PauseReason.MEAL, away=True), "meal"),
    (at("801", "1001", wrapup_until=NOW + timedelta(seconds=1)), "wrapup"),
    (at("801", "1001", wrapup_until=NOW), ""),
    (at("801", "1001", help_since=NOW), ""),
], ids=lambda value: value or "ready" if isinstance(value, str) else "")
@pytest.mark.rule("A8", part="pauses with reasons")
def test_a_pause_has_one_reason_in_every_queue_alike(entry: SignedIn, reason: str) -> None:
    members = wanted_floor(FREE, book(entry), ROSTER, NOW).members
    states = {(member.paused, member.reason) for place, member in members.items() if place.interface == "PJSIP/1001"}
    assert states == {(bool(reason), reason)}


def test_the_next_change_that_nobody_asks_for_is_the_first_wrap_up_to_end() -> None:
    soon, late = NOW + timedelta(seconds=20), NOW + timedelta(seconds=60)
    assert next_change(book(at("801", "1001", wrapup_until=late), at("802", "1002", wrapup_until=soon)), NOW) == soon
    assert next_change(book(at("801", "1001", wrapup_until=NOW), at("802", "1002")), NOW) is None


def test_the_switches_say_who_sits_where_what_is_closed_and_the_tier() -> None:
    given = book(at("801", "1001"), closed=frozenset({"enquiry", "gone"}), tier=2)
    assert wanted_floor(FREE, given, ROSTER, NOW).switches == {
        "agent-at/801": "1001", "at-seat/1001": "801", "closed/enquiry": "1", "tier": "2"}
    assert wanted_floor(FREE, Book(), ROSTER, NOW).switches == {}


def test_who_is_at_another_nodes_seat_or_in_no_roster_is_nobody_here() -> None:
    empty = wanted_floor(FREE, Book(), ROSTER, NOW)
    assert wanted_floor(FREE, book(at("801", "2001"), at("899", "1001")), ROSTER, NOW) == empty


def test_the_queues_that_are_ours_are_all_pools_of_all_queues_and_every_seat() -> None:
    assert wanted_floor(FREE, Book(), ROSTER, NOW).queues >= {
        "repair", "repair.at-yunqi", "repair.at-hupan", "repair.in-en", "repair.backup", "repair.teams", "press", "seat.1201"}
    members = wanted_floor(FREE, book(at("801", "1001"), at("802", "1101")), ROSTER, NOW)
    assert {place.queue for place in members.members} <= members.queues


SITE: dict[str, Any] = {
    "version": "1", "company": {"name": {"zh": "安和", "en": "Anhe"}}, "numbers": [{"number": "8000", "menu": "main"}],
    "schedule": {"hours": []},
    "seats": [{"seat": "1001", "name": "甲"}, {"seat": "1002", "name": "乙"}, {"seat": "1101", "name": "丙", "kind": "backup"}],
    "estates": [{"id": "yunqi", "name": {"zh": "云栖", "en": "Yunqi"}}],
    "queues": [{"id": "repair", "name": {"zh": "报修", "en": "Repair"}, "seats": ["1001", "1002"], "backup": ["1101"],
                "estate_first": 5, "language_first": 5, "chain": [{"to": "backup"}, {"to": "teams"}]}],
    "menus": [{"id": "main", "prompts": ["welcome"], "keys": {}, "silent": {"queue": "repair"}}],
}
AGENTS = [{"code": "801", "name": "陈静", "skills": {"repair": 2}, "estates": ["yunqi"], "leader": True}]


def test_the_plan_knows_of_each_queue_which_pools_the_site_gives_it() -> None:
    plan = FloorPlan.of(Site.model_validate(SITE), "node1")
    assert plan.queues["repair"] == QueuePlan("repair", 10, ("1001", "1002"), ("1101",), ("yunqi",), ("en",), teams=True,
                                              backed=True)
    assert not plan.free_seating
    plain = Site.model_validate(SITE | {"queues": [{"id": "repair", "name": {"zh": "报修", "en": "Repair"}, "seats": ["1001"]}]})
    assert FloorPlan.of(plain, "node1").queues["repair"] == QueuePlan("repair", 10, ("1001",), backed=True)


def test_in_fixed_seating_every_seat_is_its_own_agent_and_a_static_member() -> None:
    site = Site.model_validate(SITE)
    plan = FloorPlan.of(site, "node1")
    floor = wanted_floor(plan, first_book(site, NOW), first_roster(site), NOW)
    ringing = {place.queue: {p.interface for p in floor.members if p.queue == place.queue} for place in floor.members}
    one, two, backup = "PJSIP/1001", "PJSIP/1002", "PJSIP/1101"
    assert ringing == {
        "repair": {one, two}, "repair.backup": {one, two, backup}, "repair.teams": {one, two, backup},
        "seat.1001": {one}, "seat.1002": {two}, "seat.1101": {backup}}
    assert set(floor.members.values()) == {Member(dynamic=False)}
    assert floor.switches["at-seat/1001"] == "1001"


def test_in_free_seating_the_first_floor_has_nobody_and_the_roster_everybody() -> None:
    site = Site.model_validate(SITE | {"agents": AGENTS})
    assert FloorPlan.of(site, "node1").free_seating
    assert first_book(site, NOW) == Book()
    assert first_roster(site).agents["801"] == Agent("801", "陈静", skills={"repair": 2}, estates=("yunqi",), leader=True)
