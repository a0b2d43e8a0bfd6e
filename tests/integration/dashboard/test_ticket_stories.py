"""A ticket's life through the API: who opens, fills in, moves, hands on and sees it (E, F1, J)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk.counter import NOON, Counter, Person
from sqlalchemy import select

from callcenter.roles import Role
from crm.calls.models import ContactEntry
from crm.outbox.models import OutboxEntry
from crm.staff.audit import audit_of

LEAK = {"what": "厨房水管漏水", "place": "厨房", "urgency": "urgent"}


@pytest.fixture
def counter(migrated_url: str, tmp_path: Path) -> Iterator[Counter]:
    made = Counter(migrated_url, tmp_path)
    yield made
    made.close()


def codes(answer: Any) -> list[tuple[str, str]]:
    return [(fault["where"][-1], fault["code"]) for fault in answer.json()["faults"]]


def stage_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.text
    stage: str = answer.json()["ticket"]["stage"]
    return stage


PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


@pytest.mark.rule("F1", part="the stages, moved by hand")
def test_a_repair_goes_from_the_word_to_the_archive_and_only_who_may_moves_it(counter: Counter) -> None:
    agent, engineer, leader = (counter.person(role) for role in (Role.AGENT, Role.ENGINEER, Role.LEADER))
    ticket = agent.opens("repair", LEAK, category="water/leak", household_id=counter.households[0], contact_number="13900001234")
    assert (ticket["title"], ticket["room"], ticket["owner"]) == ("漏水 厨房", "3-1-502", "agent")
    assert (ticket["estate_id"], ticket["contact_number"]) == (counter.estates[0], "139****1234")
    assert engineer.ask("GET", f"/tickets/{ticket['ticket_id']}").status_code == 404, "not the engineer's yet"
    assert codes(agent.moves(ticket, "dispatched")) == [("assignee", "missing")]
    assert agent.changes(ticket, "PUT", "/assignee", user="engineer").status_code == 200
    assert stage_of(agent.moves(ticket, "dispatched")) == "dispatched"
    assert agent.moves(ticket, "accepted").status_code == 403, "only who is to do it signs for it"
    assert stage_of(engineer.moves(ticket, "accepted")) == "accepted"
    assert stage_of(engineer.moves(ticket, "on_site")) == "on_site"
    found = {"fault": "阀芯坏", "plan": "换阀芯", "chargeable": True}
    assert codes(engineer.moves(ticket, "working", found)) == [("chargeable", "other_value_needed")], "the price comes first"
    assert stage_of(engineer.moves(ticket, "pricing", {**found, "price": "80.00"})) == "pricing"
    assert codes(engineer.moves(ticket, "working")) == [("price_agreed", "other_value_needed")]
    assert stage_of(engineer.moves(ticket, "working", {"price_agreed": True})) == "working"
    assert stage_of(engineer.moves(ticket, "tested", {"result": "已更换"})) == "tested"
    assert codes(engineer.moves(ticket, "finished")) == [("signature", "missing")]
    signed = engineer.ask("POST", f"/tickets/{ticket['ticket_id']}/attachments", content=PNG, params={"name": "签字.png"}).json()
    assert stage_of(engineer.moves(ticket, "finished", {"signature": [signed["attachment_id"]]})) == "finished"
    assert stage_of(leader.moves(ticket, "archived")) == "archived"
    events = [event["what"] for event in leader.read(f"/tickets/{ticket['ticket_id']}/timeline")["items"]]
    assert [what for what in events if what != "clock"].count("moved") == 8
    with counter.database.reading() as session:
        told = list(session.scalars(select(OutboxEntry.what).where(OutboxEntry.subject == f"ticket:{ticket['ticket_id']}")
                                    .where(OutboxEntry.what.startswith("ticket.")).order_by(OutboxEntry.id)))
    assert (told[0], told[-1]) == ("ticket.opened", "ticket.closed")


@pytest.mark.rule("G1", part="after a repair and after a complaint")
def test_what_is_done_is_followed_up_once_by_who_owned_it(counter: Counter) -> None:
    agent, leader = counter.person(Role.AGENT), counter.person(Role.LEADER)
    ticket = agent.opens("repair", LEAK, household_id=counter.households[0])
    assert stage_of(agent.moves(ticket, "finished", {"result": "电话指导关阀"})) == "finished"
    [follow_up] = leader.read("/tickets", kind="followup")["items"]
    assert (follow_up["parent_id"], follow_up["parent_as"], follow_up["category"]) == (ticket["ticket_id"], "followup", "repair")
    assert (follow_up["owner"], follow_up["household_id"]) == ("agent", counter.households[0])
    for to in ("working", "tested", "finished"):
        counter.clock.advance(60)
        if to == "tested":
            leader.changes(ticket, "PUT", "/assignee", user="leader")
            sign = leader.ask("POST", f"/tickets/{ticket['ticket_id']}/attachments", content=PNG).json()["attachment_id"]
        moved = leader.moves(ticket, to, {"signature": [sign]} if to == "finished" else {"result": "已修"})
        assert stage_of(moved) == to
    assert len(leader.read("/tickets", kind="followup")["items"]) == 1
    assert agent.read(f"/tickets/{ticket['ticket_id']}")["children"][0]["ticket_id"] == follow_up["ticket_id"]


@pytest.mark.rule("E1")
def test_the_first_person_asked_owns_it_until_somebody_else_has_accepted(counter: Counter) -> None:
    anna, bert, cora = (counter.person(Role.AGENT, name) for name in ("anna", "bert", "cora"))
    ticket = anna.opens("complaint", {"what": "楼道噪音"})
    assert ticket["owner"] == "anna"
    assert anna.changes(ticket, "POST", "/owner/offer", user="bert", summary="已记录").json()["ticket"]["owner"] == "anna"
    assert cora.changes(ticket, "POST", "/owner/accept").status_code == 403
    assert bert.read("/tickets", mine=True)["items"][0]["offered_to"] == "bert"
    assert bert.changes(ticket, "POST", "/owner/decline", reason="不在班").json()["ticket"]["owner"] == "anna"
    assert anna.changes(ticket, "POST", "/owner/offer", user="bert", summary="再请").status_code == 200
    taken = bert.changes(ticket, "POST", "/owner/accept").json()["ticket"]
    assert (taken["owner"], taken["offered_to"]) == ("bert", None)


@pytest.mark.rule("E4")
def test_a_department_is_on_the_ticket_until_it_answers_and_the_next_level_gets_a_summary(counter: Counter) -> None:
    agent, leader = counter.person(Role.AGENT), counter.person(Role.LEADER)
    ticket = agent.opens("complaint", {"what": "维修迟到"})
    assert codes(agent.changes(ticket, "POST", "/department", department="nobody", question="?")) == [("department", "no_option")]
    asked = agent.changes(ticket, "POST", "/department", department="works", question="为何迟到？")
    assert asked.json()["ticket"]["department"] == "works"
    assert agent.read("/tickets", department="works")["items"][0]["ticket_id"] == ticket["ticket_id"]
    again = agent.changes(ticket, "POST", "/department", department="works", question="？")
    assert (again.status_code, again.json()["code"]) == (409, "department_asked")
    assert agent.changes(ticket, "POST", "/department/answer", answer="人手不足").json()["ticket"]["department"] is None
    later = {"reply_by": "2026-11-23T10:00:00+08:00"}
    assert stage_of(agent.moves(ticket, "handling", later, category="repair")) == "handling"
    assert codes(agent.moves(ticket, "raised")) == [("summary", "missing")]
    assert stage_of(agent.moves(ticket, "raised", {"summary": "业主要求书面道歉"})) == "raised"
    assert agent.moves(ticket, "handling").status_code == 403
    assert stage_of(leader.moves(ticket, "handling")) == "handling"


@pytest.mark.rule("E7")
def test_only_the_leader_or_who_is_in_charge_closes_a_complaint(counter: Counter) -> None:
    anna, bert = counter.person(Role.AGENT, "anna"), counter.person(Role.AGENT, "bert")
    ticket = anna.opens("complaint", {"what": "电梯停运"}, category="building")
    assert stage_of(anna.moves(ticket, "replied", {"measures": "已恢复", "validity": "valid"})) == "replied"
    assert bert.moves(ticket, "closed").status_code == 403
    assert stage_of(anna.moves(ticket, "closed")) == "closed"


@pytest.mark.rule("D3", part="never back to whom it is about")
def test_a_complaint_about_an_agent_never_comes_back_to_that_agent(counter: Counter) -> None:
    anna, leader = counter.person(Role.AGENT, "anna"), counter.person(Role.LEADER)
    ticket = anna.opens("complaint", {"what": "接线员态度差", "about": "anna"})
    assert ticket["owner"] is None
    note = anna.ask("POST", f"/tickets/{ticket['ticket_id']}/notes", json={"text": "不是我"})
    assert note.status_code == 404, "she does not even see it; see test_complaint_stories.py"
    assert anna.moves(ticket, "withdrawn", {"reason": "算了"}).status_code == 404
    assert leader.changes(ticket, "PUT", "/assignee", user="anna").json()["code"] == "barred"
    assert leader.changes(ticket, "POST", "/owner/accept").json()["ticket"]["owner"] == "leader"
    assert codes(leader.ask("POST", "/tickets", json={"kind": "complaint", "fields": {"what": "x", "about": "who"}})) == [
        ("about", "no_person")]


def test_every_field_that_does_not_fit_is_named_with_a_code(counter: Counter) -> None:
    agent = counter.person(Role.AGENT)
    refused = agent.ask("POST", "/tickets", json={"kind": "repair", "category": "fire", "fields": {
        "urgency": "soon", "price": "1.234", "appointment": "2026-11-22T10:00:00", "colour": "red", "place": "x" * 61}})
    assert (refused.status_code, refused.json()["code"]) == (422, "fields_unfit")
    assert sorted(codes(refused)) == [("appointment", "no_time"), ("category", "no_option"), ("colour", "unknown_field"),
                                      ("place", "too_long"), ("price", "no_money"), ("urgency", "no_option"), ("what", "missing")]
    ticket = agent.opens("repair", LEAK)
    assert codes(agent.changes(ticket, "PATCH", "", fields={"what": None})) == [("what", "missing")]
    assert codes(agent.changes(ticket, "PATCH", "", fields={"photos": [1]})) == [("photos", "no_file")]
    assert agent.ask("POST", "/tickets", json={"kind": "unicorn"}).status_code == 404


def test_two_writers_one_ticket_one_wins_the_other_is_told(counter: Counter) -> None:
    anna, bert = counter.person(Role.AGENT, "anna"), counter.person(Role.AGENT, "bert")
    ticket = anna.opens("enquiry", {"what": "车位费"})
    path, seen = f"/tickets/{ticket['ticket_id']}", ticket["version"]
    assert anna.ask("GET", path).headers["ETag"] == f'"{seen}"'
    first = anna.ask("POST", f"{path}/move", version=seen, json={"to": "answered", "fields": {"answer": "每月三百"}})
    second = bert.ask("PATCH", path, version=seen, json={"fields": {"answer": "每月四百"}})
    assert (first.status_code, second.status_code, second.json()["code"]) == (200, 412, "changed")
    assert anna.ask("PATCH", path, json={"fields": {}}).status_code == 428
    assert anna.read(path)["fields"]["answer"] == "每月三百"


def test_a_ticket_that_is_sent_twice_is_opened_once_and_a_move_that_is_sent_twice_is_made_once(counter: Counter) -> None:
    agent = counter.person(Role.AGENT)
    given = {"kind": "enquiry", "fields": {"what": "车位费"}}
    one, two = (agent.ask("POST", "/tickets", key="k1", json=given).json()["ticket"] for _ in range(2))
    assert one["number"] == two["number"]
    move = {"to": "answered", "fields": {"answer": "三百"}}
    answers = [agent.ask("POST", f"/tickets/{one['ticket_id']}/move", version=1, key="k2", json=move).status_code for _ in range(2)]
    assert answers == [200, 200]


@pytest.mark.rule("K1", part="private fields of tickets")
def test_private_values_are_masked_shown_with_a_reason_and_each_look_is_logged(counter: Counter) -> None:
    agent, engineer = counter.person(Role.AGENT), counter.person(Role.ENGINEER)
    ticket = agent.opens("key_loan", {"tag": "A-17", "door": "3-1-502", "pieces": 2})
    path = f"/tickets/{ticket['ticket_id']}"
    lent = {"borrower_is": "contractor", "borrower": "王小明", "borrower_phone": "13900001234", "purpose": "装修"}
    moved = agent.moves(ticket, "lent", lent).json()
    assert (moved["fields"]["borrower"], moved["fields"]["borrower_phone"]) == ("***", "139****1234")
    assert sorted(moved["private"]) == ["borrower", "borrower_phone"]
    timeline = agent.read(f"{path}/timeline")["items"]
    assert "王小明" not in str(timeline)
    assert "1390000" not in str(timeline)
    assert agent.changes(ticket, "PATCH", "", fields=moved["fields"]).status_code == 200, "a page may send back what it was shown"
    assert agent.ask("POST", f"{path}/reveal", json={"field": "borrower", "reason": "催还"}).json() == {"value": "王小明"}
    assert agent.ask("POST", f"{path}/reveal", json={"field": "tag", "reason": "x"}).status_code == 422
    assert engineer.ask("POST", f"{path}/reveal", json={"field": "borrower", "reason": "x"}).status_code == 404
    with counter.database.reading() as session:
        looks = [(entry.who, entry.action) for entry in audit_of(session, f"ticket:{ticket['ticket_id']}")]
    assert looks == [("agent", "privacy.revealed")]


@pytest.mark.rule("J1", part="lent, back, lost")
def test_a_key_is_lent_comes_back_is_lent_again_and_lost(counter: Counter) -> None:
    agent, office = counter.person(Role.AGENT), counter.person(Role.OFFICE)
    key = agent.opens("key_loan", {"tag": "A-17", "door": "3-1-502", "pieces": 2}, household_id=counter.households[0])
    assert key["title"] == "A-17 3-1-502"
    needed = ("borrower_is", "borrower", "borrower_phone", "purpose")
    assert codes(agent.moves(key, "lent")) == [(name, "missing") for name in needed]
    lent = {"borrower_is": "owner", "borrower": "王小明", "borrower_phone": "13900001234", "purpose": "取物"}
    assert stage_of(agent.moves(key, "lent", lent)) == "lent"
    assert stage_of(agent.moves(key, "held")) == "held"
    assert stage_of(agent.moves(key, "lent", lent | {"borrower_is": "contractor"})) == "lent"
    assert stage_of(office.moves(key, "lost", {"lost_how": "施工方遗失"})) == "lost"
    assert stage_of(office.moves(key, "settled", {"settled_how": "换锁，施工方赔偿"})) == "settled"


@pytest.mark.rule("J2", part="the check and the repair from it")
def test_what_is_found_in_a_vacant_flat_becomes_a_repair_that_belongs_to_the_check(counter: Counter) -> None:
    engineer, office = counter.person(Role.ENGINEER), counter.person(Role.OFFICE)
    check = office.opens("vacant_check", {}, category="monthly", household_id=counter.households[0])
    done = {"checked_on": "2026-11-22", "state": ["doors", "power"], "findings": "卫生间渗水"}
    assert stage_of(engineer.moves(check, "found", done)) == "found"
    [made] = office.read(f"/tickets/{check['ticket_id']}")["children"]
    assert (made["kind"], made["parent_as"], made["household_id"]) == ("repair", "part", counter.households[0])
    repair = engineer.opens("repair", LEAK, household_id=counter.households[0], parent_id=check["ticket_id"], parent_as="part")
    assert stage_of(office.moves(check, "passed_on")) == "passed_on"
    children = office.read(f"/tickets/{check['ticket_id']}")["children"]
    assert [child["ticket_id"] for child in children] == [made["ticket_id"], repair["ticket_id"]]


@pytest.mark.rule("J3")
def test_a_file_is_borrowed_with_approval_and_comes_back(counter: Counter) -> None:
    agent, office, supervisor = (counter.person(role) for role in (Role.AGENT, Role.OFFICE, Role.SUPERVISOR))
    loan = agent.opens("archive_loan", {"file": "3-1-502 竣工图", "purpose": "查管线", "copies": "original"})
    assert agent.moves(loan, "approved", {"decision": "同意"}).status_code == 403
    assert office.moves(loan, "lent").json()["code"] == "no_such_move", "not before it is approved"
    assert stage_of(supervisor.moves(loan, "approved", {"decision": "同意", "due_back": "2026-11-29T18:00:00+08:00"})) == "approved"
    assert stage_of(office.moves(loan, "lent")) == "lent"
    assert stage_of(office.moves(loan, "returned", {"condition": "完好"})) == "returned"


@pytest.mark.rule("D4", part="who sees and answers it")
def test_the_press_is_for_the_manager_and_the_spokesperson_alone(counter: Counter) -> None:
    agent, other, leader = counter.person(Role.AGENT), counter.person(Role.AGENT, "other"), counter.person(Role.LEADER)
    manager, spokes = counter.person(Role.MANAGER), counter.person(Role.SPOKESPERSON)
    asked = agent.opens("media", {"outlet": "晚报", "journalist": "李记者", "contact": "13911112222", "topic": "停水"})
    for person in (other, leader):
        assert person.ask("GET", f"/tickets/{asked['ticket_id']}").status_code == 404
        assert person.read("/tickets", kind="media")["items"] == []
    assert [one["number"] for one in agent.read("/tickets", kind="media")["items"]] == [asked["number"]], "who took it owns it"
    assert agent.moves(asked, "declined", {"said": "无可奉告"}).status_code == 403
    assert manager.changes(asked, "PUT", "/assignee", user="spokesperson").status_code == 200
    assert stage_of(manager.moves(asked, "speaking")) == "speaking"
    assert stage_of(spokes.moves(asked, "answered", {"said": "已恢复供水"})) == "answered"


@pytest.mark.rule("K1", part="tickets of other estates")
def test_tickets_of_another_estate_are_not_there(counter: Counter) -> None:
    everywhere, here = counter.person(Role.AGENT, "all"), counter.person(Role.AGENT, "here", [counter.estates[0]])
    mine = everywhere.opens("repair", LEAK, household_id=counter.households[0])
    theirs = everywhere.opens("repair", LEAK, household_id=counter.households[1])
    nobodys = everywhere.opens("repair", LEAK)
    assert [one["ticket_id"] for one in here.read("/tickets")["items"]] == [nobodys["ticket_id"], mine["ticket_id"]]
    path = f"/tickets/{theirs['ticket_id']}"
    for method, below, given in (("GET", "", None), ("PATCH", "", {}), ("POST", "/move", {"to": "withdrawn"}),
                                 ("POST", "/notes", {"text": "x"}), ("GET", "/timeline", None), ("GET", "/attachments", None)):
        assert here.ask(method, path + below, version=1, json=given).status_code == 404, below
    refused = here.ask("POST", "/tickets", json={"kind": "repair", "fields": LEAK, "household_id": counter.households[1]})
    assert refused.status_code == 404
    assert everywhere.changes(theirs, "PUT", "/assignee", user="here").json()["faults"][0]["code"] == "other_estate"


def test_the_list_is_filtered_and_read_page_by_page(counter: Counter) -> None:
    agent, leader = counter.person(Role.AGENT), counter.person(Role.LEADER)
    made = [agent.opens("repair", LEAK | {"place": f"房间{n}"}, category="water/leak") for n in range(3)]
    power = agent.opens("repair", LEAK | {"place": "客厅"}, category="power")
    leader.opens("enquiry", {"what": "费用"})
    agent.changes(power, "PUT", "/assignee", user="leader")
    ids = lambda **params: [one["ticket_id"] for one in leader.read("/tickets", **params)["items"]]  # noqa: E731
    assert ids(category="water") == [one["ticket_id"] for one in reversed(made)]
    assert ids(assignee="leader") == [power["ticket_id"]]
    assert ids(text="房间1") == [made[1]["ticket_id"]]
    assert ids(text=power["number"][:10]) == ids(kind="repair")
    assert ids(text=power["number"]) == [power["ticket_id"]]
    repairs = [one["ticket_id"] for one in [power, *reversed(made)]]
    assert ids(kind="repair", stage="reported", owner="agent", state="open") == repairs
    assert ids(state="closed") == []
    assert ids(owner="nobody") == []
    assert ids(since="2026-11-22T12:00:01+08:00") == []
    seen, cursor = [], None
    while True:
        page = leader.read("/tickets", kind="repair", limit=3, **({"cursor": cursor} if cursor else {}))
        seen += [one["ticket_id"] for one in page["items"]]
        if (cursor := page["next"]) is None:
            break
    assert seen == repairs
    assert leader.ask("GET", "/tickets", params={"cursor": "abc"}).json()["code"] == "bad_cursor"


@pytest.mark.rule("F4", part="a rework is tied to its first repair")
def test_a_rework_belongs_to_its_first_repair_and_links_make_no_circle(counter: Counter) -> None:
    agent = counter.person(Role.AGENT)
    first, again = agent.opens("repair", LEAK), agent.opens("repair", LEAK)
    linked = agent.changes(again, "PUT", "/parent", parent_id=first["ticket_id"], parent_as="rework")
    assert (linked.json()["ticket"]["parent_id"], linked.json()["ticket"]["parent_as"]) == (first["ticket_id"], "rework")
    circle = agent.changes(first, "PUT", "/parent", parent_id=again["ticket_id"], parent_as="duplicate")
    assert (circle.status_code, circle.json()["code"]) == (409, "links_in_a_circle")
    assert agent.read("/tickets", parent_id=first["ticket_id"])["items"][0]["ticket_id"] == again["ticket_id"]


def test_a_closed_ticket_is_not_altered_and_still_noted(counter: Counter) -> None:
    agent = counter.person(Role.AGENT)
    ticket = agent.opens("enquiry", {"what": "车位费"})
    agent.moves(ticket, "answered", {"answer": "三百"})
    for method, below, given in (("PATCH", "", {"fields": {"answer": "四百"}}), ("PUT", "/assignee", {"user": "agent"})):
        assert agent.changes(ticket, method, below, **given).json()["code"] == "ticket_closed"
    assert agent.ask("POST", f"/tickets/{ticket['ticket_id']}/notes", json={"text": "又来电"}).status_code == 201


@pytest.mark.rule("A5", part="tied to its ticket; walk-in visits")
def test_the_log_s_entry_names_the_ticket_of_its_call_and_a_visit_enters_the_same_log(counter: Counter) -> None:
    agent, leader = counter.person(Role.AGENT), counter.person(Role.LEADER)
    with counter.database.writing.begin() as session:
        session.add(ContactEntry(source="call", call_id="node1-1.1", seat="1001", at=NOON, contact="+8613900001234",
                                 declined_contact=False, household_id=counter.households[0]))
    ticket = agent.opens("repair", LEAK, call_id="node1-1.1")
    assert ticket["household_id"] == counter.households[0], "the household is known from the call"
    visit = {"name": "王先生", "matter": "报修", "kind": "repair", "result": "已登记", "declined_contact": True,
             "household_id": counter.households[0], "ticket_id": ticket["ticket_id"]}
    made = agent.ask("POST", "/contact-log/visits", key="v1", json=visit)
    assert (made.status_code, made.json()["source"], made.json()["ticket_id"]) == (201, "visit", ticket["ticket_id"])
    assert agent.ask("POST", "/contact-log/visits", json=visit | {"kind": "unicorn"}).status_code == 404
    assert agent.ask("POST", "/contact-log/visits", json=visit | {"ticket_id": 999}).status_code == 404
    assert agent.ask("POST", "/contact-log/visits", json=visit | {"declined_contact": False}).json()["code"] == "contact_missing"
    entries = leader.read("/contact-log")["entries"]
    assert [(entry["source"], entry["ticket_id"]) for entry in entries] == [
        ("visit", ticket["ticket_id"]), ("call", ticket["ticket_id"])]


@pytest.mark.parametrize(("content", "kind"), [
    (PNG, "image/png"), (b"\xff\xd8\xff\xe0" + b"\0" * 20, "image/jpeg"), (b"%PDF-1.7\n", "application/pdf"),
    (b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav")])
def test_a_file_is_kept_by_what_it_is_and_its_name_is_never_a_path(counter: Counter, content: bytes, kind: str) -> None:
    agent = counter.person(Role.AGENT)
    path = f"/tickets/{agent.opens('repair', LEAK)['ticket_id']}/attachments"
    made = agent.ask("POST", path, content=content, params={"name": "../../etc/pass\u202ewd.html"}).json()
    assert (made["type"], made["name"], made["bytes"]) == (kind, "etcpasswd.html", len(content))
    again = agent.ask("POST", path, content=content, params={"name": "again"}).json()
    assert again["attachment_id"] == made["attachment_id"], "sent twice by a phone that did not hear the answer"
    got = agent.ask("GET", f"{path}/{made['attachment_id']}")
    assert (got.content, got.headers["content-type"], got.headers["x-content-type-options"]) == (content, kind, "nosniff")
    assert got.headers["content-disposition"].startswith("attachment;")
    [file] = [found for found in counter.settings.attachments.rglob("*") if found.is_file()]
    assert (file.stat().st_mode & 0o777, "etc" in str(file.relative_to(counter.settings.attachments))) == (0o600, False)
    file.write_bytes(content + b"!")
    assert agent.ask("GET", f"{path}/{made['attachment_id']}").json()["code"] == "file_damaged"


def test_what_is_no_photo_pdf_or_sound_or_is_too_large_is_refused(counter: Counter) -> None:
    agent = counter.person(Role.AGENT)
    path = f"/tickets/{agent.opens('repair', LEAK)['ticket_id']}/attachments"
    assert agent.ask("POST", path, content=b"<html><script>").status_code == 415
    assert agent.ask("POST", path, content=b"").status_code == 415
    assert agent.ask("POST", path, content=PNG + b"\0" * (20 * 1024 * 1024)).status_code == 413
    assert not list(counter.settings.attachments.rglob("*"))


def test_a_file_of_one_ticket_is_not_had_through_another(counter: Counter) -> None:
    agent = counter.person(Role.AGENT)
    one, two = (agent.opens("repair", LEAK)["ticket_id"] for _ in range(2))
    file = agent.ask("POST", f"/tickets/{one}/attachments", content=PNG).json()["attachment_id"]
    assert agent.ask("GET", f"/tickets/{two}/attachments/{file}").status_code == 404


def test_the_moves_that_are_shown_are_those_that_may_be_made(counter: Counter) -> None:
    agent: Person = counter.person(Role.AGENT)
    ticket = agent.opens("repair", LEAK)
    shown = {move["to"]: (move["may"], move["missing"]) for move in agent.read(f"/tickets/{ticket['ticket_id']}")["moves"]}
    assert shown == {"dispatched": (True, ["assignee"]), "finished": (True, ["result"]), "withdrawn": (True, ["reason"])}
