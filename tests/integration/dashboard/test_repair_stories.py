"""A repair from the call to the archive through the API, as its engineer's phone works it: dispatch, steps sent later, the bill,
rework, figures (F). On both databases; the phone's odd days are in tests/integration/crm/test_repair_steps.py."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from desk.counter import NOON, Counter
from desk.repairs import LEAK, PNG, Phone, change, done, outcomes, price, two_engineers
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError

from callcenter.roles import Role
from crm.calls.models import ContactEntry
from crm.clocks.service import tick
from crm.outbox.models import OutboxEntry
from crm.repairs.dispatcher import Dispatcher

HOUR = timedelta(hours=1)


@pytest.fixture
def counter(migrated_url: str, tmp_path: Path) -> Iterator[Counter]:
    made = Counter(migrated_url, tmp_path)
    yield made
    made.close()


@pytest.mark.rule("F1")
@pytest.mark.rule("F2")
@pytest.mark.rule("F3")
@pytest.mark.rule("F6")
def test_a_repair_from_the_call_to_the_archive_worked_by_a_phone_without_a_network(counter: Counter) -> None:
    agent, leader, boss = (counter.person(role) for role in (Role.AGENT, Role.LEADER, Role.MANAGER))
    wei, _ = two_engineers(counter)
    price(boss, "valve", "35.50")
    price(boss, "visit", "60.00", "labour")
    with counter.database.writing.begin() as session:
        session.add(ContactEntry(source="call", call_id="node1-1.1", seat="1001", at=NOON, contact="+8613900001234",
                                 declined_contact=False, household_id=counter.households[0]))
    ticket = agent.opens("repair", LEAK, category="water/leak", call_id="node1-1.1", contact_number="13900001234")
    # Whom to send: the plumber who is on duty in that estate, and why.
    proposal = done(agent.ask("GET", f"/repairs/{ticket['ticket_id']}/proposal"))
    assert (proposal["skill"], [(one["engineer"], one["fit"]) for one in proposal["items"]]) == (
        "plumbing", [("wei", True), ("bo", False)])
    reasons = [reason["code"] for reason in proposal["items"][0]["reasons"]]
    assert reasons == ["skill", "on_duty", "estates_own_shift", "load", "open"]
    [order] = done(change(agent, ticket, "POST", "/dispatch"))["orders"]
    assert (order["number"], order["engineer"], order["item"], order["content"], order["dispatched_by"]) == (
        f"{ticket['number']}-1", "wei", "water/leak", LEAK["what"], "agent")
    assert "skill:plumbing" in order["reasons"]
    [mine] = wei.read("/repairs/orders", mine=True, open=True)["items"]
    assert (mine["number"], mine["stage"]) == (order["number"], "dispatched")
    # In the cellar, without a network, two hours long. The leader's clock does not know.
    phone, at = Phone(wei, ticket, order["number"]), NOON
    photo, signature = PNG + b"1", PNG + b"2"
    phone.does("accepted", at + timedelta(minutes=5))
    phone.does("on_site", at + timedelta(minutes=40))
    phone.does("found", at + timedelta(minutes=45), fault="阀芯坏", plan="换阀芯", chargeable=True, grade="a")
    phone.does("photo", at + timedelta(minutes=46), files=[hashlib.sha256(photo).hexdigest()])
    phone.does("charged", at + timedelta(minutes=47), code="visit")
    phone.does("charged", at + timedelta(minutes=48), code="valve", quantity="2", discount="1.00", discount_reason="老客户")
    phone.does("priced", at + timedelta(minutes=49))
    phone.does("agreed", at + timedelta(minutes=50))
    phone.does("tried", at + timedelta(minutes=80), result="已更换")
    phone.does("signed", at + timedelta(minutes=85), file=hashlib.sha256(signature).hexdigest())
    phone.does("paid", at + timedelta(minutes=86), method="wechat", amount="130.00", receipt="SJ-1")
    counter.clock.advance(2 * 3600)
    with counter.database.writing.begin() as session:
        tick(session, counter.clock.now())
    [clock] = [one for one in leader.read(f"/tickets/{ticket['ticket_id']}/clocks")["clocks"] if one["clock"] == "response"]
    assert clock["broken_at"] is not None, "an hour is over and nobody has said that he is there"
    # Back upstairs: the steps come before the pictures do, and the last first.
    first = phone.sends(*reversed(phone.made))
    assert {one["id"]: (one["outcome"], one["code"]) for one in first["steps"] if one["outcome"] != "done"} == {
        phone.made[3]["id"]: ("waiting", "file_missing"), phone.made[9]["id"]: ("waiting", "file_missing")}
    assert (first["stage"], first["yours"]) == ("tested", True)
    for content in (photo, signature):
        phone.sends_file(content)
    again = phone.sends()
    assert outcomes(again) == [("done", None)] * 11
    assert (again["stage"], again["state"]) == ("finished", "open")
    # The response clock stopped when he was there, not when the desk heard of it (F2); both times are kept.
    [clock] = [one for one in leader.read(f"/tickets/{ticket['ticket_id']}/clocks")["clocks"] if one["clock"] == "response"]
    assert (clock["kept"], clock["broken_at"], clock["ended_at"]) == (True, None, "2026-11-22T04:40:00Z")
    whole = done(leader.ask("GET", f"/repairs/{ticket['ticket_id']}"))
    there = whole["steps"][[step["what"] for step in whole["steps"]].index("on_site")]
    assert (there["done_at"], there["counted_at"], there["arrived_at"]) == (
        "2026-11-22T04:40:00Z", "2026-11-22T04:40:00Z", "2026-11-22T06:00:00Z")
    assert whole["orders"][0]["on_site_at"] == "2026-11-22T04:40:00Z"
    assert {key: whole["bill"][key] for key in ("total", "labour", "parts", "agreed", "owed", "paid")} == {
        "total": "130.00", "labour": "60.00", "parts": "70.00", "agreed": "130.00", "owed": "0.00", "paid": "130.00"}
    fields = leader.read(f"/tickets/{ticket['ticket_id']}")["fields"]
    assert (fields["grade"], fields["labour"], fields["parts_cost"], len(fields["photos"]), len(fields["signature"])) == (
        "a", "60.00", "70.00", 1, 1)
    # Followed up by who took the call, and put away.
    [follow_up] = agent.read("/tickets", kind="followup")["items"]
    said = {"how": "phone", "satisfied": 1, "said": "很好"}
    assert agent.moves(follow_up, "done", said).status_code == 200
    assert leader.moves(ticket, "archived").json()["ticket"]["state"] == "closed"
    late = phone.sends(phone.does("noted", at + 2 * HOUR, text="余料已带回"), phone.does("begun", at + 2 * HOUR))
    assert outcomes(late) == [("done", None), ("kept", "ticket_closed")], "a word is added, the course is not altered"
    [flagged] = leader.read("/repairs/steps")["items"]
    assert (flagged["what"], flagged["code"], flagged["who"]) == ("begun", "ticket_closed", "wei")
    assert done(leader.ask("POST", f"/repairs/steps/{flagged['step_id']}/dealt", json={"note": "已问"}))["dealt_by"] == "leader"
    assert leader.read("/repairs/steps")["items"] == []
    # Every figure opens its rows (F4).
    [row] = leader.read("/repairs/figures", by="engineer")["rows"]
    assert (row["key"], row["responded"], row["on_time_rate"], row["archived"], row["rework_rate"]) == ("wei", 1, 1.0, 1, 0.0)
    behind = leader.read("/repairs/figures/rows", by="engineer", key="wei", figure="on_time")["items"]
    assert [one["number"] for one in behind] == [ticket["number"]]


@pytest.mark.rule("F1", part="dispatched again while its engineer has no network")
def test_the_steps_of_who_had_it_are_kept_for_the_leader_and_those_of_who_has_it_are_done(counter: Counter) -> None:
    agent, leader = counter.person(Role.AGENT), counter.person(Role.LEADER)
    wei, bo = two_engineers(counter)
    ticket = agent.opens("repair", LEAK, category="water/leak", household_id=counter.households[0])
    [order] = done(change(agent, ticket, "POST", "/dispatch", engineer="wei"))["orders"]
    old = Phone(wei, ticket, order["number"])
    assert outcomes(old.sends(old.does("accepted", NOON))) == [("done", None)]
    assert bo.ask("POST", f"/repairs/{ticket['ticket_id']}/steps", json={"steps": []}).status_code == 404, "nothing of his"
    counter.clock.advance(600)
    assert change(leader, ticket, "POST", "/dispatch", engineer="wei").json()["code"] == "already_dispatched"
    assert change(leader, ticket, "POST", "/dispatch", engineer="agent").json()["code"] == "no_engineer"
    after = done(change(leader, ticket, "POST", "/dispatch", engineer="bo"))
    assert [(one["engineer"], one["state"]) for one in after["orders"]] == [("wei", "taken_back"), ("bo", "open")]
    new = Phone(bo, ticket, after["orders"][1]["number"])
    counter.clock.advance(600)
    new.sends(new.does("accepted", NOON + timedelta(minutes=15)))
    # Wei was there all the same: what he did is known, and alters nothing.
    photo = old.sends_file(PNG)
    told = old.sends(old.does("on_site", NOON + timedelta(minutes=8)),
                     old.does("found", NOON + timedelta(minutes=9), fault="x", plan="y", chargeable=False),
                     old.does("photo", NOON + timedelta(minutes=9), files=[photo]))
    assert outcomes(told) == [("kept", "re_dispatched"), ("kept", "re_dispatched"), ("done", None)]
    assert (told["stage"], told["order"], told["yours"]) == ("accepted", new.order, False)
    assert outcomes(new.sends(new.does("on_site", NOON + timedelta(minutes=19)))) == [("done", None)]
    assert [step["code"] for step in leader.read("/repairs/steps")["items"]] == ["re_dispatched", "re_dispatched"]
    # The other trade: sent back with what it needs, and the next proposal goes by that.
    back = new.sends(new.does("handed_back", NOON + timedelta(minutes=19), reason="要开墙", skill="walls"))
    assert (outcomes(back), back["stage"], back["order"]) == ([("done", None)], "reported", None)
    proposal = done(leader.ask("GET", f"/repairs/{ticket['ticket_id']}/proposal"))
    assert (proposal["skill"], [one["engineer"] for one in proposal["items"]]) == ("walls", ["wei", "bo"])
    assert "declined" in [reason["code"] for reason in proposal["items"][1]["reasons"]]
    nobody = change(leader, ticket, "POST", "/dispatch")
    assert (nobody.status_code, nobody.json()["code"]) == (409, "nobody_fits")
    with counter.database.reading() as session:
        told_outside = session.scalars(select(OutboxEntry.what).where(OutboxEntry.what.startswith("repair."))
                                       .order_by(OutboxEntry.id)).all()
    assert told_outside == ["repair.dispatched", "repair.dispatched", "repair.step_kept", "repair.step_kept", "repair.handed_back"]


@pytest.mark.rule("F6")
def test_what_is_charged_was_agreed_to_what_is_paid_stays_and_a_slip_is_put_right_by_another_entry(counter: Counter) -> None:
    agent, office, boss = counter.person(Role.AGENT), counter.person(Role.OFFICE), counter.person(Role.MANAGER)
    wei, _ = two_engineers(counter)
    price(boss, "pipe", "12.35", valid_from="2026-11-01T00:00:00+08:00")
    price(boss, "pipe", "15.00", valid_from="2026-11-22T13:00:00+08:00")
    price(boss, "pipe", "9.99", estate_id=counter.estates[1])
    price(boss, "seal", "8.00", free_in_warranty=True)
    ticket = agent.opens("repair", LEAK, category="water/leak", household_id=counter.households[0])
    [order] = done(change(agent, ticket, "POST", "/dispatch", engineer="wei"))["orders"]
    phone, minute = Phone(wei, ticket, order["number"]), timedelta(minutes=1)
    phone.does("accepted", NOON)
    phone.does("on_site", NOON + minute)
    phone.does("found", NOON + 2 * minute, fault="x", plan="y", chargeable=True)
    phone.does("charged", NOON + 3 * minute, code="pipe", quantity="2.5")
    phone.does("charged", NOON + 3 * minute, code="seal", in_warranty=True)
    phone.does("charged", NOON + 3 * minute, code="pipe", in_warranty=True)
    phone.does("charged", NOON + 3 * minute, code="gold")
    phone.does("charged", NOON + 3 * minute, code="pipe", discount="1.00")
    phone.does("charged", NOON + 3 * minute, code="pipe", quantity="-1")
    phone.does("priced", NOON + 4 * minute)
    phone.does("agreed", NOON + 5 * minute)
    phone.does("charged", NOON + 61 * minute, code="pipe")
    phone.does("tried", NOON + 62 * minute, result="好了")
    counter.clock.advance(3 * 3600)
    assert [code for _, code in outcomes(phone.sends())] == [
        None, None, None, None, None, "not_free_in_warranty", "unknown_item", "discount_without_reason", "unfit", None, None, None,
        "not_agreed"], "2.5 m at the price of then, not of now; dearer than agreed is not done"
    read = done(office.ask("GET", f"/repairs/{ticket['ticket_id']}"))
    assert (read["stage"], read["bill"]["total"], read["bill"]["agreed"]) == ("pricing", "45.88", None)
    assert read["orders"][0]["agreed"] == "30.88", "what it was"
    assert wei.moves(ticket, "tested", {"result": "x"}).json()["code"] == "not_agreed", "nor by any other way"
    assert outcomes(phone.sends(phone.does("agreed", NOON + 63 * minute), phone.does("tried", NOON + 64 * minute, result="好了"),
                                phone.does("signed", NOON + 65 * minute, name="王小明"))) == [("done", None)] * 3
    assert "王小明" not in office.ask("GET", f"/tickets/{ticket['ticket_id']}").text, "who signed is private"
    # Settled at the desk.
    for amount, receipt, code in (("45.00", "SJ-7", "other_sum"), ("45.88", None, "receipt_missing")):
        assert change(office, ticket, "POST", "/settlements", method="cash", amount=amount, receipt=receipt).json()["code"] == code
    paid = done(change(office, ticket, "POST", "/settlements", method="cash", amount="45.88", receipt="SJ-7"))
    assert (paid["bill"]["owed"], paid["bill"]["paid"], paid["settlements"][0]["who"]) == ("0.00", "45.88", "office")
    more = change(office, ticket, "POST", "/settlements", method="cash", amount="1.00", receipt="SJ-8")
    assert more.json()["code"] == "nothing_owed"
    taken_off = change(office, ticket, "DELETE", f"/charges/{paid['charges'][0]['charge_id']}")
    assert (taken_off.status_code, taken_off.json()["code"]) == (409, "charge_settled")
    for statement in ("UPDATE settlements SET amount = 1", "DELETE FROM settlements"):
        with pytest.raises(DBAPIError, match="only added"), counter.database.writing.begin() as session:
            session.execute(text(statement))
    below = f"/settlements/{paid['settlements'][0]['settlement_id']}/reverse"
    back = done(change(office, ticket, "POST", below, reason="多收了，已电 13900001234"))
    admin = counter.person(Role.ADMIN)
    assert admin.read(f"/repairs/{ticket['ticket_id']}")["settlements"][1]["reason"] == "多收了，已电 139****1234"
    assert (back["bill"]["owed"], back["bill"]["paid"], back["settlements"][1]["amount"]) == ("45.88", "0.00", "-45.88")
    assert change(office, ticket, "POST", below, reason="再来").json()["code"] == "reversed"
    less = done(change(office, ticket, "DELETE", f"/charges/{back['charges'][2]['charge_id']}"))
    assert less["bill"]["owed"] == "30.88"
    same = change(office, ticket, "POST", "/settlements", method="cash", amount="30.88", receipt="SJ-7")
    assert same.json()["code"] == "receipt_used"
    last = done(change(office, ticket, "POST", "/settlements", method="on_account", amount="30.88"))
    assert [one["amount"] for one in last["settlements"]] == ["45.88", "-45.88", "30.88"]
    assert last["bill"]["paid"] == "30.88"
    # Put away; the household complains and has its money back: it does not owe it for ever.
    leader = counter.person(Role.LEADER)
    [follow_up] = agent.read("/tickets", kind="followup")["items"]
    assert agent.moves(follow_up, "done", {"how": "phone", "satisfied": 1, "said": "好"}).status_code == 200
    assert leader.moves(ticket, "archived").status_code == 200
    below = f"/settlements/{last['settlements'][2]['settlement_id']}/reverse"
    owed = done(change(office, ticket, "POST", below, reason="不该收"))
    [left] = [one for one in owed["charges"] if one["taken_off_at"] is None and one["amount"] == "30.88"]
    assert change(office, ticket, "DELETE", f"/charges/{left['charge_id']}").json()["code"] == "ticket_closed"
    assert done(change(leader, ticket, "DELETE", f"/charges/{left['charge_id']}"))["bill"]["owed"] == "0.00"


@pytest.mark.rule("F6", part="agreed to on the page or by the phone, the latest counts")
def test_what_was_agreed_to_last_counts_whether_it_was_told_by_the_phone_or_on_the_page(counter: Counter) -> None:
    agent, leader, boss = counter.person(Role.AGENT), counter.person(Role.LEADER), counter.person(Role.MANAGER)
    wei, bo = two_engineers(counter)
    price(boss, "tap", "100.00")
    price(boss, "pipe", "50.00")

    def agreed() -> tuple[str, str, str | None]:
        found = done(leader.ask("GET", f"/repairs/{ticket['ticket_id']}"))
        return found["stage"], found["bill"]["total"], found["bill"]["agreed"]

    ticket = agent.opens("repair", LEAK, category="water/leak", household_id=counter.households[0])
    phone = Phone(wei, ticket, done(change(leader, ticket, "POST", "/dispatch", engineer="wei"))["orders"][0]["number"])
    for what, data in (("accepted", {}), ("on_site", {}), ("found", {"fault": "x", "plan": "y", "chargeable": True}),
                       ("charged", {"code": "tap"}), ("priced", {}), ("agreed", {})):
        phone.does(what, NOON, **data)
    phone.sends()
    assert agreed() == ("working", "100.00", "100.00")
    done(change(leader, ticket, "POST", "/charges", code="pipe"))
    assert agreed() == ("pricing", "150.00", None)
    assert wei.moves(ticket, "working", {"price": "150.00", "price_agreed": True}).status_code == 200
    assert agreed() == ("working", "150.00", "150.00")
    # Another engineer, and the household wants it no more: what the first one was told does not count.
    order = done(change(leader, ticket, "POST", "/dispatch", engineer="bo"))["orders"][1]["number"]
    assert leader.changes(ticket, "PATCH", "", fields={"price_agreed": False}).status_code == 200
    other = Phone(bo, ticket, order)
    for what, data in (("accepted", {}), ("on_site", {}), ("found", {"fault": "x", "plan": "y", "chargeable": True}),
                       ("tried", {"result": "好了"})):
        other.does(what, NOON, **data)
    assert outcomes(other.sends())[-1] == ("kept", "not_agreed")
    anew = (other.does("priced", NOON), other.does("agreed", NOON), other.does("tried", NOON, result="好了"))
    assert outcomes(other.sends(*anew)) == [("done", None)] * 3
    assert agreed() == ("tested", "150.00", "150.00")


@pytest.mark.rule("F4")
def test_what_comes_back_is_tied_to_its_first_repair_and_counts_against_it(counter: Counter) -> None:
    agent, leader = counter.person(Role.AGENT), counter.person(Role.LEADER)
    first = agent.opens("repair", LEAK, category="water/leak", household_id=counter.households[0])
    assert agent.moves(first, "finished", {"result": "关阀"}).status_code == 200
    assert leader.moves(first, "archived").status_code == 200
    agent.opens("repair", LEAK, category="water/leak", household_id=counter.households[1])
    counter.clock.advance(20 * 86400)
    second = agent.opens("repair", LEAK, category="water", household_id=counter.households[0])
    other = agent.opens("repair", LEAK, category="lift", household_id=counter.households[0])
    assert done(agent.ask("GET", f"/repairs/{other['ticket_id']}"))["may_be_rework_of"] == []
    [proposed] = done(agent.ask("GET", f"/repairs/{second['ticket_id']}"))["may_be_rework_of"]
    assert (proposed["number"], proposed["first_id"]) == (first["number"], first["ticket_id"])
    assert done(change(agent, second, "POST", "/rework", of=first["ticket_id"]))["rework_of"] == first["ticket_id"]
    agent.moves(second, "finished", {"result": "再关"})
    leader.moves(second, "archived")
    counter.clock.advance(20 * 86400)
    third = agent.opens("repair", LEAK, category="water/leak", household_id=counter.households[0])
    [proposed] = done(agent.ask("GET", f"/repairs/{third['ticket_id']}"))["may_be_rework_of"]
    assert (proposed["number"], proposed["first_id"]) == (second["number"], first["ticket_id"]), "the first is 40 days old"
    assert change(agent, third, "POST", "/rework", of=other["ticket_id"]).status_code == 200
    assert done(change(agent, third, "POST", "/rework", of=second["ticket_id"]))["rework_of"] == first["ticket_id"]
    assert change(agent, first, "POST", "/rework", of=first["ticket_id"]).json()["code"] == "not_the_same"
    figures = leader.read("/repairs/figures", by="estate", **{"from": "2026-11-01", "to": "2027-01-01"})["rows"]
    own, there = figures
    assert (own["archived"], own["reworked"], own["rework_rate"]) == (2, 1, 0.5)
    assert own["open_by_age"] == {"below_1d": 1, "1_to_3d": 0, "3_to_7d": 0, "7_to_30d": 1, "above_30d": 0}
    assert there["open_by_age"]["above_30d"] == 1
    for row in figures:
        asked = {"by": "estate", "key": row["key"], "from": "2026-11-01", "to": "2027-01-01"}
        for figure in ("responded", "on_time", "archived", "reworked", "open"):
            behind = leader.read("/repairs/figures/rows", figure=figure, **asked)["items"]
            assert len(behind) == row[figure], figure
        for band, count in row["open_by_age"].items():
            assert len(leader.read("/repairs/figures/rows", figure="open", band=band, **asked)["items"]) == count


@pytest.mark.rule("F2")
@pytest.mark.rule("F3")
def test_a_complex_repair_has_seven_days_and_an_urgent_one_stays_urgent(counter: Counter) -> None:
    agent, leader = counter.person(Role.AGENT), counter.person(Role.DUTY_LEAD)

    def due(ticket: Any) -> str:
        [clock] = [one for one in leader.read(f"/tickets/{ticket['ticket_id']}/clocks")["clocks"] if one["clock"] == "response"]
        found: str = clock["due_at"]
        return found

    ordinary, urgent = (agent.opens("repair", LEAK | {"urgency": urgency}, household_id=counter.households[0])
                        for urgency in ("ordinary", "urgent"))
    assert (due(ordinary), due(urgent)) == ("2026-11-23T04:00:00Z", "2026-11-22T05:00:00Z")
    for ticket in (ordinary, urgent):
        done(change(leader, ticket, "POST", "/grade", grade="c"))
    assert (due(ordinary), due(urgent)) == ("2026-11-29T04:00:00Z", "2026-11-22T05:00:00Z")
    done(change(leader, ordinary, "POST", "/grade", grade="b"))
    assert due(ordinary) == "2026-11-23T04:00:00Z"
    refused = agent.ask("POST", f"/repairs/{ordinary['ticket_id']}/grade", version=1, json={"grade": "c"})
    assert refused.status_code == 403


@pytest.mark.rule("F1", part="dispatch by itself, where the site wants it")
def test_where_the_site_wants_it_a_repair_is_dispatched_by_itself_and_what_nobody_fits_waits(counter: Counter) -> None:
    agent = counter.person(Role.AGENT)
    two_engineers(counter)
    leak = agent.opens("repair", LEAK, category="water/leak", household_id=counter.households[0])
    gas = agent.opens("repair", LEAK, category="gas", household_id=counter.households[0])
    by_hand = Dispatcher(counter.database, counter.site, counter.clock)
    assert by_hand.step() == 0
    automatic = counter.site.model_copy(update={"repairs": counter.site.repairs.model_copy(update={"dispatch": "automatic"})})
    dispatcher = Dispatcher(counter.database, automatic, counter.clock)
    assert (dispatcher.step(), dispatcher.step()) == (1, 0)
    [order] = agent.read("/repairs/orders")["items"]
    assert (order["ticket"], order["engineer"], order["dispatched_by"]) == (leak["number"], "wei", None)
    assert agent.read(f"/tickets/{gas['ticket_id']}")["ticket"]["stage"] == "reported"
    engineers = {one["name"]: one for one in agent.read("/repairs/engineers")["items"]}
    assert (engineers["wei"]["open_orders"], engineers["wei"]["load"], engineers["bo"]["load"]) == (1, 2.0, 0.0)


@pytest.mark.rule("F1", part="dispatch by itself, where the site wants it")
def test_what_nobody_fits_is_looked_at_rarely_and_all_at_once(counter: Counter) -> None:
    agent = counter.person(Role.AGENT)
    _, bo = two_engineers(counter)
    gas = [agent.opens("repair", LEAK, category="gas", household_id=counter.households[0]) for _ in range(8)]
    automatic = counter.site.model_copy(update={"repairs": counter.site.repairs.model_copy(update={"dispatch": "automatic"})})
    dispatcher = Dispatcher(counter.database, automatic, counter.clock)
    asked: list[str] = []
    event.listen(counter.database.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))

    def questions() -> int:
        asked.clear()
        assert dispatcher.step() == 0
        return len([one for one in asked if "SELECT" in one])

    first, again = questions(), questions()
    assert (first < 12, again) == (True, 1), "not each by itself; then nothing but whether there is something new"
    counter.clock.advance(61)
    assert questions() > 1
    # One that was changed is looked at at once, the others when the minute is over.
    assert agent.changes(gas[0], "PATCH", "", category="water/leak").status_code == 200
    assert dispatcher.step() == 1
    done(counter.person(Role.MANAGER).ask("PUT", "/roster/people/bo/skills", json={"skills": ["electricity", "gas"]}))
    assert dispatcher.step() == 0
    counter.clock.advance(61)
    done_by = [dispatcher.step(), len(bo.read("/repairs/orders", mine=True)["items"])]
    assert done_by == [7, 7]


@pytest.mark.rule("F5", part="the caller is told at once when it is over")
def test_when_an_emergency_is_over_its_caller_is_on_the_list_to_be_rung_at_once(counter: Counter) -> None:
    agent, leader = counter.person(Role.AGENT), counter.person(Role.DUTY_LEAD)
    stuck = agent.opens("emergency", {"place": "3栋电梯", "what": "困人"}, category="lift", household_id=counter.households[0],
                        contact_number="13900001234")
    for to, fields in (("on_scene", {}), ("over", {"course": "救出"})):
        assert leader.moves(stuck, to, fields).status_code == 200
    [callback] = agent.read("/tickets", kind="callback")["items"]
    assert (callback["parent_id"], callback["category"], callback["contact_number"], callback["owner"], callback["state"]) == (
        stuck["ticket_id"], "over", "139****1234", "agent", "open")
    assert leader.moves(stuck, "on_scene").status_code == 200
    assert agent.read("/tickets", kind="callback", state="open")["items"] == [], "it was not over"
    assert leader.moves(stuck, "over").status_code == 200
    assert len(agent.read("/tickets", kind="callback", state="open")["items"]) == 1
    assert agent.moves(stuck, "closed", {"told": True}).status_code == 200
    assert agent.read("/tickets", kind="callback", state="open")["items"] == [], "the caller has been told"
