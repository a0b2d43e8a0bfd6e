"""What a repair promises: an engineer who is there at the appointment, no charge that nobody agreed to, nobody's number in a note.
On both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from desk.counter import NOON, Counter
from desk.repairs import LEAK, Phone, change, done, outcomes, price, two_engineers

from callcenter.roles import Role

MINUTE = timedelta(minutes=1)


@pytest.fixture
def counter(migrated_url: str, tmp_path: Path) -> Iterator[Counter]:
    made = Counter(migrated_url, tmp_path)
    yield made
    made.close()


@pytest.mark.rule("F1", part="whom to send to an appointment that is made as it is dispatched")
def test_the_best_one_for_an_appointment_is_on_duty_then_also_when_it_is_made_with_the_dispatch(counter: Counter) -> None:
    agent, boss = counter.person(Role.AGENT), counter.person(Role.MANAGER)
    two_engineers(counter)
    counter.person(Role.ENGINEER, "yan")
    done(boss.ask("PUT", "/roster/people/yan/skills", json={"skills": ["plumbing"]}))
    done(boss.ask("POST", "/roster/shifts", json={
        "user": "yan", "duty": "engineer", "begins_at": "2026-11-23T08:00:00+08:00", "ends_at": "2026-11-23T20:00:00+08:00"}))
    ticket = agent.opens("repair", LEAK, category="water/leak", household_id=counter.households[0])
    [order] = done(change(agent, ticket, "POST", "/dispatch", planned_at="2026-11-23T09:00:00+08:00"))["orders"]
    assert (order["engineer"], order["planned_at"]) == ("yan", "2026-11-23T01:00:00Z")
    assert "on_duty:2026-11-23T12:00:00+00:00" in order["reasons"]


def test_a_trade_that_is_retired_since_an_engineer_asked_for_it_is_asked_for_no_more(counter: Counter) -> None:
    agent, boss = counter.person(Role.AGENT), counter.person(Role.MANAGER)
    _, bo = two_engineers(counter)
    ticket = agent.opens("repair", LEAK, category="water/leak", household_id=counter.households[0])
    phone = Phone(bo, ticket, done(change(agent, ticket, "POST", "/dispatch", engineer="bo"))["orders"][0]["number"])
    assert outcomes(phone.sends(phone.does("handed_back", NOON, reason="要开墙", skill="walls"))) == [("done", None)]
    [walls] = [one for one in boss.read("/roster/skills")["items"] if one["code"] == "walls"]
    done(boss.ask("PUT", "/roster/skills/walls", json={"zh": walls["zh"], "en": walls["en"], "retired": True}))
    assert agent.read(f"/repairs/{ticket['ticket_id']}/proposal")["skill"] == "plumbing"
    assert done(change(agent, ticket, "POST", "/dispatch"))["orders"][1]["engineer"] == "wei"


@pytest.mark.rule("F1", part="nothing is signed for that was charged after it was tried and nobody agreed to")
def test_what_is_charged_after_it_was_tried_is_agreed_to_before_it_is_signed(counter: Counter) -> None:
    agent, leader, boss = counter.person(Role.AGENT), counter.person(Role.LEADER), counter.person(Role.MANAGER)
    wei, _ = two_engineers(counter)
    price(boss, "tap", "100.00")
    price(boss, "pipe", "50.00")
    ticket = agent.opens("repair", LEAK, category="water/leak", household_id=counter.households[0])
    phone = Phone(wei, ticket, done(change(leader, ticket, "POST", "/dispatch", engineer="wei"))["orders"][0]["number"])
    for what, data in (("accepted", {}), ("on_site", {}), ("found", {"fault": "x", "plan": "y", "chargeable": True}),
                       ("charged", {"code": "tap"}), ("priced", {}), ("agreed", {}), ("tried", {"result": "好了"})):
        phone.does(what, NOON, **data)
    assert phone.sends()["stage"] == "tested"
    done(change(leader, ticket, "POST", "/charges", code="pipe"))
    assert outcomes(phone.sends(phone.does("signed", NOON + MINUTE, name="王小明"))) == [("kept", "above_agreed")]
    anew = phone.sends(phone.does("agreed", NOON + 2 * MINUTE), phone.does("signed", NOON + 3 * MINUTE, name="王小明"))
    assert (outcomes(anew), anew["stage"]) == ([("done", None)] * 2, "finished")
    assert leader.read(f"/repairs/{ticket['ticket_id']}")["bill"]["agreed"] == "150.00"


@pytest.mark.rule("F4", part="what was under way when another was told of is not what came back")
def test_a_repair_that_ended_after_another_began_is_not_proposed_as_what_came_back(counter: Counter) -> None:
    agent, leader = counter.person(Role.AGENT), counter.person(Role.LEADER)
    first = agent.opens("repair", LEAK, category="water/leak", household_id=counter.households[0])
    counter.clock.advance(60)
    second = agent.opens("repair", LEAK, category="water/leak", household_id=counter.households[0])
    counter.clock.advance(60)
    assert agent.moves(first, "finished", {"result": "关阀"}).status_code == 200
    assert leader.moves(first, "archived").status_code == 200
    third = agent.opens("repair", LEAK, category="water/leak", household_id=counter.households[0])
    assert agent.moves(third, "finished", {"result": "关阀"}).status_code == 200
    counter.clock.advance(60)
    fourth = agent.opens("repair", LEAK, category="water/leak", household_id=counter.households[0])
    counter.clock.advance(60)
    assert leader.moves(third, "archived").status_code == 200, "it was done before the fourth, and put away after"

    def proposed(ticket: Any) -> list[str]:
        return [one["number"] for one in agent.read(f"/repairs/{ticket['ticket_id']}")["may_be_rework_of"]]

    assert (proposed(second), proposed(third)) == ([], [first["number"]]), "one that ended as another began may be"
    assert proposed(fourth) == [third["number"], first["number"]]


def test_what_a_leader_notes_of_a_step_is_shown_without_numbers(counter: Counter) -> None:
    agent, leader = counter.person(Role.AGENT), counter.person(Role.LEADER)
    wei, _ = two_engineers(counter)
    ticket = agent.opens("repair", LEAK, category="water/leak", household_id=counter.households[0])
    phone = Phone(wei, ticket, done(change(leader, ticket, "POST", "/dispatch", engineer="wei"))["orders"][0]["number"])
    phone.sends(phone.does("dances", NOON))
    [kept] = leader.read("/repairs/steps")["items"]
    done(leader.ask("POST", f"/repairs/steps/{kept['step_id']}/dealt", json={"note": "已电 13900001234"}))
    admin = counter.person(Role.ADMIN)
    assert admin.read(f"/repairs/{ticket['ticket_id']}")["steps"][0]["dealt_note"] == "已电 139****1234"


@pytest.mark.rule("F6", part="what was refused is not owed for ever")
def test_what_a_household_refused_to_pay_for_a_leader_takes_off_its_bill(counter: Counter) -> None:
    agent, leader, office, boss = (counter.person(role) for role in (Role.AGENT, Role.LEADER, Role.OFFICE, Role.MANAGER))
    wei, _ = two_engineers(counter)
    price(boss, "tap", "100.00")
    ticket = agent.opens("repair", LEAK, category="water/leak", household_id=counter.households[0])
    phone = Phone(wei, ticket, done(change(leader, ticket, "POST", "/dispatch", engineer="wei"))["orders"][0]["number"])
    for what, data in (("accepted", {}), ("on_site", {}), ("found", {"fault": "x", "plan": "y", "chargeable": True}),
                       ("charged", {"code": "tap"}), ("priced", {}), ("refused", {"reason": "太贵"})):
        phone.does(what, NOON, **data)
    taken = phone.sends()
    assert (outcomes(taken)[-1], taken["stage"], taken["state"]) == (("done", None), "withdrawn", "closed")
    read = leader.read(f"/repairs/{ticket['ticket_id']}")
    [charge] = read["charges"]
    assert (read["bill"]["owed"], read["orders"][0]["state"]) == ("100.00", "ended")
    below = f"/charges/{charge['charge_id']}"
    assert change(office, ticket, "DELETE", below).json()["code"] == "ticket_closed"
    assert done(change(leader, ticket, "DELETE", below))["bill"]["owed"] == "0.00"
