"""Households over HTTP, on both databases: who sees which, who changes what, and that nobody overwrites anybody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hotline.households import LI, WANG, ZHAO, load
from sqlalchemy import select
from wall.desk import NOW, Client, Desk, desk

from callcenter.roles import Role
from crm.callbacks.models import CallbackRow
from crm.calls.models import CallRow, ContactEntry
from crm.database import Database, open_database
from crm.households.people import may_be_called
from crm.households.service import lookup
from crm.outbox.models import OutboxEntry
from crm.staff.models import AuditEntry
from crm.tickets.models import Ticket


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    made = open_database(migrated_url)
    load(made, NOW, WANG, LI, ZHAO)
    yield made
    made.close()


@pytest.fixture
def here(database: Database, migrated_url: str, tmp_path: Path) -> Iterator[Desk]:
    with desk(database, migrated_url, tmp_path) as made:
        yield made


@pytest.fixture
def leader(here: Desk) -> Client:
    return here.user(Role.LEADER)


def home_of(client: Client, text: str) -> dict[str, Any]:
    [listed] = client("GET", "/households", params={"text": text}).json()["items"]
    shown: dict[str, Any] = client("GET", f"/households/{listed['household_id']}").json()["household"]
    return shown


def changed(client: Client, method: str, path: str, home: dict[str, Any], **given: object) -> dict[str, Any]:
    answer = client(method, path, headers={"If-Match": f'"{home["version"]}"'}, **given)
    assert answer.status_code in (200, 201), answer.text
    assert answer.headers["etag"] == f'"{home["version"] + 1}"'
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.rule("K1", part="households: numbers are masked, each look is logged")
def test_numbers_are_masked_and_one_is_shown_on_demand_and_logged(here: Desk) -> None:
    agent = here.user(Role.AGENT)
    [listed] = agent("GET", "/households", params={"text": "王"}).json()["items"]
    assert [(person["name"], person["number"]) for person in listed["people"]] == [("王芳", "138****8000"), ("李强", "139****9000")]
    home = home_of(agent, "3-1-502")
    number = home["people"][0]["numbers"][0]
    assert number["number"] == "138****8000"
    path = f"/households/{home['household_id']}/reveal"
    shown = agent("POST", path, json={"what": "number", "of": number["number_id"], "reason": "calls back"})
    assert shown.json() == {"value": "+8613800138000"}
    assert agent("POST", path, json={"what": "number", "of": 999, "reason": "calls back"}).status_code == 404
    assert agent("POST", path, json={"what": "number", "of": number["number_id"], "reason": " "}).status_code == 422
    with here.database.reading() as session:
        [look] = session.scalars(select(AuditEntry).where(AuditEntry.action == "privacy.revealed"))
        assert (look.who, look.subject) == ("agent", f"person:{home['people'][0]['person_id']}")
        assert "13800138000" not in (look.detail or "")


@pytest.mark.rule("K1", part="households: only those of one's own estates")
def test_a_user_of_one_estate_is_not_told_that_others_exist(here: Desk, leader: Client) -> None:
    other, own = home_of(leader, "王芳"), home_of(leader, "赵明")
    office = here.user(Role.SUPERVISOR, estates=[own["estate_id"]])
    assert [item["room"] for item in office("GET", "/households").json()["items"]] == ["1-3-101"]
    assert [item["name"] for item in office("GET", "/households/places").json()] == ["松涛苑"]
    assert office("GET", "/households", params={"text": "13800138000"}).json()["items"] == []
    hidden = f"/households/{other['household_id']}"
    assert {office(*asked).status_code for asked in (
        ("GET", hidden), ("GET", f"{hidden}/history"), ("GET", f"/households?estate_id={other['estate_id']}"))} == {404}
    assert office("PATCH", hidden, json={"language": "en"}, headers={"If-Match": '"1"'}).status_code == 404
    assert office("POST", f"{hidden}/reveal", json={"what": "name", "of": 1, "reason": "x"}).status_code == 404
    new = {"estate_id": other["estate_id"], "building": "9栋", "unit": "1", "door": "101"}
    assert office("POST", "/households", json=new).status_code == 404


def test_agents_read_leaders_change_and_supervisors_keep_the_list_of_tags(here: Desk, leader: Client) -> None:
    agent, supervisor = here.user(Role.AGENT), here.user(Role.SUPERVISOR)
    home = home_of(agent, "赵明")
    path = f"/households/{home['household_id']}"
    assert agent("PATCH", path, json={"language": "en"}, headers={"If-Match": '"1"'}).status_code == 403
    assert here.user(Role.WALLBOARD)("GET", "/households").status_code == 403
    assert leader("PUT", "/households/tags/guide-dog", json={"zh": "导盲犬", "en": "Guide dog"}).status_code == 403
    assert supervisor("PUT", "/households/tags/guide-dog", json={"zh": "导盲犬", "en": "Guide dog"}).status_code == 200
    needed = supervisor("PUT", "/households/tags/elderly", json={"zh": "长者", "en": "Senior", "retired": True})
    assert needed.json()["code"] == "tag_needed"        # the call path decides by it
    assert supervisor("PUT", "/households/tags/dog", json={"zh": "导盲犬", "en": "Dog"}).json()["code"] == "tag_word_taken"
    home = changed(leader, "PATCH", path, home, json={"tags": ["vip", "guide-dog"]})
    assert home["tags"] == ["guide-dog", "vip"]
    refused = leader("PATCH", path, json={"tags": ["nobody"]}, headers={"If-Match": '"2"'})
    assert (refused.status_code, refused.json()["code"]) == (422, "tag_unknown")
    [tagged] = agent("GET", "/households", params={"tag": "guide-dog"}).json()["items"]
    assert tagged["household_id"] == home["household_id"]
    assert agent("GET", "/households", params={"tag": "guide-dog", "text": "王"}).json()["items"] == []


def test_of_two_who_change_one_household_one_wins_and_the_other_is_told(here: Desk, leader: Client) -> None:
    path = f"/households/{home_of(leader, '赵明')['household_id']}"
    assert leader("PATCH", path, json={"language": "en"}).status_code == 428
    answers = leader.together(*(("PATCH", path, {"json": {"door": door}, "headers": {"If-Match": '"1"'}})
                                for door in ("102", "103")))
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    [won] = [answer.json() for answer in answers if answer.status_code == 200]
    assert (home_of(leader, "赵明")["room"], won["version"]) == (won["room"], 2)


def test_a_new_household_is_found_by_its_number_at_once(here: Desk, leader: Client) -> None:
    estate = home_of(leader, "赵明")["estate_id"]
    new = {"estate_id": estate, "building": "7栋", "unit": "2", "door": "301", "tags": ["elderly"], "language": "en"}
    made = leader("POST", "/households", json=new, headers={"Idempotency-Key": "k-1"})
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    assert leader("POST", "/households", json=new, headers={"Idempotency-Key": "k-1"}).json() == made.json()
    assert leader("POST", "/households", json=new).json()["code"] == "room_exists"
    assert leader("POST", "/households", json=new | {"building": "7号楼"}).json()["code"] == "room_exists"
    beside = leader("POST", "/households", json=new | {"building": "七号楼", "door": "302"}).json()
    assert (beside["building"], beside["room"]) == ("7栋", "7-2-302"), "what concerns a building concerns all of it"
    path = f"/households/{made.json()['household_id']}"
    person = {"name": "Emma Wilson", "role": "tenant", "began_on": "2026-11-01", "numbers": [
        {"number": "186 1234 5678"}, {"number": "0755-86543210", "label": "home"}]}
    home = changed(leader, "POST", f"{path}/people", made.json(), json=person)
    assert [(one["number"], one["label"], one["place"]) for one in home["people"][0]["numbers"]] == [
        ("186****5678", "mobile", 0), ("075*****3210", "home", 1)]
    with here.database.reading() as session:
        found = lookup(session, "+8613612345678"), lookup(session, "18612345678"), lookup(session, "075586543210")
    assert found[0] is None
    assert found[1] == found[2]
    assert found[1]
    assert (found[1].name, found[1].room, found[1].tags, found[1].language) == ("Emma Wilson", "7-2-301", ("elderly",), "en")


def test_who_moves_out_is_not_greeted_any_more_and_stays_in_the_history(here: Desk, leader: Client) -> None:
    home = home_of(leader, "赵明")
    path, person = f"/households/{home['household_id']}", home["people"][0]["person_id"]
    early = leader("POST", f"{path}/people/{person}/end", json={"on": "2026-11-23"}, headers={"If-Match": f'"{home["version"]}"'})
    assert (early.status_code, early.json()["code"]) == (422, "not_moved_out"), "until then he is known when he calls"
    home = changed(leader, "POST", f"{path}/people/{person}/end", home, json={"on": "2026-11-21"})
    assert home["people"][0]["ended_on"] == "2026-11-21"
    with here.database.reading() as session:
        assert lookup(session, "13700137000") is None
    again = leader("POST", f"{path}/people/{person}/numbers", json={"number": "13000000000"},
                   headers={"If-Match": f'"{home["version"]}"'})
    assert again.json()["code"] == "moved_out"
    home = changed(leader, "POST", f"{path}/people", home, json={"name": "赵明", "role": "owner"})
    assert [(one["name"], one["role"], one["ended_on"]) for one in home["people"]] == [
        ("赵明", "owner", None), ("赵明", "tenant", "2026-11-21")]


def test_numbers_have_labels_an_order_and_may_be_dead(here: Desk, leader: Client) -> None:
    home = home_of(leader, "赵明")
    path, person = f"/households/{home['household_id']}", home["people"][0]["person_id"]
    home = changed(leader, "POST", f"{path}/people/{person}/numbers", home, json={"number": "13611112222", "label": "work"})
    taken = leader("POST", f"{path}/people/{person}/numbers", json={"number": "+86 136 1111 2222".replace(" ", "")},
                   headers={"If-Match": f'"{home["version"]}"'})
    assert taken.json()["code"] == "number_exists"
    both = leader("POST", f"{path}/people/{person}/numbers", json={"number": "13611112222 13611113333"},
                  headers={"If-Match": f'"{home["version"]}"'})
    assert both.json()["code"] == "number_unusable", "two are not one that nobody has"
    old, new = (one["number_id"] for one in home["people"][0]["numbers"])
    home = changed(leader, "PATCH", f"{path}/numbers/{old}", home, json={"bounced": True, "place": 5})
    assert [(one["number_id"], bool(one["bounced_at"])) for one in home["people"][0]["numbers"]] == [(new, False), (old, True)]
    home = changed(leader, "DELETE", f"{path}/numbers/{old}", home)
    assert [one["number_id"] for one in home["people"][0]["numbers"]] == [new]
    other = home_of(leader, "王芳")["household_id"]
    assert leader("DELETE", f"/households/{other}/numbers/{new}", headers={"If-Match": '"1"'}).status_code == 404


def test_a_consent_is_given_and_withdrawn_and_both_stay_written(here: Desk, leader: Client) -> None:
    home = home_of(leader, "赵明")
    path, person = f"/households/{home['household_id']}", home["people"][0]["person_id"]
    home = changed(leader, "POST", f"{path}/people/{person}/consents", home, json={"what": "survey", "how": "phone"})
    here.clock.advance(3_600)
    home = changed(leader, "DELETE", f"{path}/people/{person}/consents/survey", home)
    [consent] = home["people"][0]["consents"]
    assert (consent["what"], consent["how"], consent["taken_by"], consent["withdrawn_by"]) == (
        "survey", "phone", "leader", "leader")
    assert consent["withdrawn_at"] > consent["given_at"]
    assert leader("DELETE", f"{path}/people/{person}/consents/survey",
                  headers={"If-Match": f'"{home["version"]}"'}).status_code == 404


def test_who_does_not_want_to_be_called_is_not_on_any_of_his_numbers(here: Desk, leader: Client) -> None:
    home = home_of(leader, "赵明")
    path, person = f"/households/{home['household_id']}", home["people"][0]["person_id"]
    home = changed(leader, "PUT", f"{path}/people/{person}/do-not-call", home, json={"reason": "asked on the phone"})
    assert home["people"][0]["no_call_since"] is not None
    with here.database.reading() as session:
        assert (may_be_called(session, "13700137000"), may_be_called(session, "13800138000")) == (False, True)
    home = changed(leader, "DELETE", f"{path}/people/{person}/do-not-call", home)
    with here.database.reading() as session:
        assert may_be_called(session, "13700137000")


def test_a_list_is_read_page_by_page_in_the_order_of_rooms(here: Desk, leader: Client) -> None:
    load(here.database, NOW, *(f"松涛苑,2栋,1,{floor}01,周{floor},owner,1350000{floor:04d},,zh" for floor in range(1, 8)))
    rooms, cursor = [], None
    while True:
        page = leader("GET", "/households", params={"limit": 3} | ({"cursor": cursor} if cursor else {})).json()
        rooms += [item["room"] for item in page["items"]]
        if (cursor := page["next"]) is None:
            break
    assert rooms == ["1-3-101", *(f"2-1-{floor}01" for floor in range(1, 8)), "3-1-502"]
    assert leader("GET", "/households", params={"cursor": "nonsense"}).json()["code"] == "bad_cursor"


def _past(database: Database, home: int) -> None:
    """Five things of five kinds at one hour after another, and two calls at once."""
    with database.writing.begin() as session:
        for place, at in enumerate((1, 5, 5)):
            session.add(CallRow(call_id=f"node1-1.{place}", node="node1", household_id=home, entered_at=NOW + timedelta(hours=at),
                                number="+8613700137000", outcome="answered", answered_by="1001", menu_keys=[], seats_rung=[],
                                stage=0, fold={}, voicemail="a.wav" if at == 1 else None))
        session.add(Ticket(number="C1", kind="repair", stage="open", state="open", household_id=home, title="水管", fields={},
                           created_at=NOW + timedelta(hours=2)))
        session.add(ContactEntry(source="visit", at=NOW + timedelta(hours=3), household_id=home, matter="邻居 13912345678 太吵"))
        session.add(ContactEntry(source="call", call_id="node1-1.1", at=NOW + timedelta(hours=5), household_id=home, matter="报修"))
        session.add(CallbackRow(callback_id="node1-9.1", queue="repair", number="+8613700137000", household_id=home,
                                state="waiting", attempts=0, asked_at=NOW + timedelta(hours=4), since=NOW))


@pytest.mark.rule("A7", part="the household's page: open tickets, last contacts")
def test_all_that_happened_is_on_one_page_newest_first(here: Desk, leader: Client) -> None:
    home = home_of(leader, "赵明")["household_id"]
    _past(here.database, home)
    page = leader("GET", f"/households/{home}").json()
    assert [(item["what"], item["title"]) for item in page["open_tickets"]] == [("ticket", "C1 水管")]
    assert [item["number"] for item in page["open_callbacks"]] == ["137****7000"]
    whole = page["history"]["items"]
    assert [item["what"] for item in whole] == ["call", "call", "callback", "visit", "ticket", "message"]
    assert [item["matter"] for item in whole[:4]] == [None, "报修", None, "邻居 13912345678 太吵"]
    parts: list[dict[str, Any]] = []
    answer: httpx.Response | None = None
    while answer is None or answer.json()["next"]:
        cursor = {"cursor": answer.json()["next"]} if answer else {}
        answer = leader("GET", f"/households/{home}/history", params={"limit": 1} | cursor)
        parts += answer.json()["items"]
    assert parts == whole


def test_every_change_is_audited_and_told_without_personal_data(here: Desk, leader: Client) -> None:
    home = home_of(leader, "赵明")
    changed(leader, "POST", f"/households/{home['household_id']}/people", home, json={"name": "孙悦", "role": "owner", "numbers": [
        {"number": "13611112222"}]})
    with here.database.reading() as session:
        [entry] = session.scalars(select(AuditEntry).where(AuditEntry.action == "household.changed"))
        [told] = session.scalars(select(OutboxEntry).where(OutboxEntry.what == "household.changed"))
    assert (entry.who, entry.subject, entry.detail) == ("leader", f"household:{home['household_id']}", "person.added")
    assert (told.subject, told.estate_id, told.data) == (entry.subject, home["estate_id"], {"version": 2})
