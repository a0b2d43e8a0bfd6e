"""Doubles over HTTP, on both databases: found, merged in one act, by one of two people, and undone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hotline.households import csv_of, load, report
from sqlalchemy import select, update
from wall.desk import NOW, Client, Desk, desk

from callcenter.roles import Role
from crm.callbacks.models import CallbackRow
from crm.calls.models import CallRow, ContactEntry
from crm.database import Database, open_database
from crm.households.models import Building, Household
from crm.households.people import may_be_called
from crm.households.service import lookup, remember_language
from crm.outbox.models import OutboxEntry
from crm.staff.models import AuditEntry
from crm.tickets.models import Ticket

KEEP, LOSE = 1, 2


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    """Two spellings of one room, as they came before spellings were compared, and a landlord with a second flat."""
    made = open_database(migrated_url)
    load(made, NOW, "松涛苑,3栋,1,502,王芳,owner,13800138000,,zh")
    load(made, NOW, "松涛苑,4栋,1,502,王芳,owner,13800138000,elderly,zh", "松涛苑,4栋,1,502,王芳,owner,13611112222,elderly,zh",
         "松涛苑,4栋,1,502,李强,tenant,13900139000,elderly,zh", "松涛苑,5栋,1,101,赵明,owner,13700137000,,zh",
         "松涛苑,6栋,1,101,赵明,owner,13700137000,,zh")
    with made.writing.begin() as session:
        session.execute(update(Building).where(Building.name == "4栋").values(name="三号楼"))
        session.execute(update(Household).where(Household.id == LOSE).values(room_key="3-1-502", label="三-1-502"))
    yield made
    made.close()


@pytest.fixture
def here(database: Database, migrated_url: str, tmp_path: Path) -> Iterator[Desk]:
    with desk(database, migrated_url, tmp_path) as made:
        yield made


@pytest.fixture
def supervisor(here: Desk) -> Client:
    return here.user(Role.SUPERVISOR)


def page(client: Client, household_id: int) -> dict[str, Any]:
    found: dict[str, Any] = client("GET", f"/households/{household_id}").json()
    return found


def ask(client: Client, keep: int = KEEP, lose: int = LOSE) -> dict[str, Any]:
    found = client("GET", "/households/merge", params={"keep": keep, "lose": lose}).json()
    return {"keep": keep, "lose": lose, "keep_version": found["kept"]["version"], "lose_version": found["lost"]["version"]}


def change(client: Client, method: str, path: str, household_id: int, **given: object) -> None:
    answer = client(method, f"/households/{household_id}{path}", **given,
                    headers={"If-Match": f'"{page(client, household_id)["household"]["version"]}"'})
    assert answer.status_code in (200, 201), answer.text


def history_of(database: Database, household_id: int) -> None:
    with database.writing.begin() as session:
        session.add(CallRow(call_id="node1-1.1", node="node1", household_id=household_id, entered_at=NOW, menu_keys=[],
                            seats_rung=[], stage=0, fold={}))
        session.add(Ticket(number="C1", kind="repair", stage="open", state="open", household_id=household_id, fields={},
                           created_at=NOW + timedelta(hours=1)))
        session.add(ContactEntry(source="visit", at=NOW + timedelta(hours=2), household_id=household_id))
        session.add(CallbackRow(callback_id="node1-1.1", queue="repair", number="+8613800138000", household_id=household_id,
                                state="waiting", attempts=0, asked_at=NOW + timedelta(hours=3), since=NOW))


def test_doubles_are_found_and_two_flats_of_one_landlord_are_put_aside(here: Desk, supervisor: Client) -> None:
    found = supervisor("GET", "/households/doubles").json()["items"]
    assert [(pair["first"]["household_id"], pair["second"]["household_id"], pair["why"]) for pair in found] == [
        (KEEP, LOSE, "same_room"), (3, 4, "same_person")]
    assert supervisor("POST", "/households/doubles/apart", json={"first": 4, "second": 3}).status_code == 204
    assert len(supervisor("GET", "/households/doubles").json()["items"]) == 1
    paged = supervisor("GET", "/households/doubles", params={"limit": 1}).json()
    assert paged["next"] is None
    assert here.user(Role.LEADER)("GET", "/households/doubles").status_code == 403
    elsewhere = here.user(Role.SUPERVISOR, estates=[99], name="other")
    assert elsewhere("GET", "/households/doubles").json()["items"] == []
    assert elsewhere("POST", "/households/merge", json=ask(supervisor)).status_code == 404


def test_a_merge_takes_all_of_the_history_along_and_the_old_id_leads_on(here: Desk, supervisor: Client) -> None:
    history_of(here.database, LOSE)
    preview = supervisor("GET", "/households/merge", params={"keep": KEEP, "lose": LOSE}).json()
    assert (len(preview["same_people"]), len(preview["moving_people"]), preview["tags"]) == (1, 1, ["elderly"])
    assert preview["rows"] == {"calls": 1, "tickets": 1, "contact_log": 1, "callbacks": 1}
    wanted = ask(supervisor)
    done = supervisor("POST", "/households/merge", json=wanted, headers={"Idempotency-Key": "k-1"})
    assert done.status_code == 201
    assert supervisor("POST", "/households/merge", json=wanted, headers={"Idempotency-Key": "k-1"}).json() == done.json()
    kept = page(supervisor, LOSE)
    assert kept == page(supervisor, KEEP)
    assert kept["household"]["household_id"] == KEEP
    assert [(person["name"], [one["number"] for one in person["numbers"]]) for person in kept["household"]["people"]] == [
        ("王芳", ["138****8000", "136****2222"]), ("李强", ["139****9000"])]
    assert kept["household"]["tags"] == ["elderly"]
    assert [item["what"] for item in kept["history"]["items"]] == ["callback", "visit", "ticket", "call"]
    for path, name in (("/calls", "calls"), ("/contact-log", "entries"), ("/tickets", "items")):
        old, new = (supervisor("GET", path, params={"household_id": ident}).json()[name] for ident in (LOSE, KEEP))
        assert len(new) == 1, path
        assert old == new, path
    refused = supervisor("PATCH", f"/households/{LOSE}", json={"language": "en"}, headers={"If-Match": '"2"'})
    assert (refused.status_code, refused.json()["code"]) == (409, "merged")
    assert [item["household_id"] for item in supervisor("GET", "/households", params={"text": "王"}).json()["items"]] == [KEEP]
    with here.database.writing.begin() as session:
        for number in ("13800138000", "13611112222", "13900139000"):
            found = lookup(session, number)
            assert found
            assert found.household_id == KEEP
        remember_language(session, LOSE, "en")      # a call that began before the merge
        session.add(CallRow(call_id="node1-2.1", node="node1", household_id=LOSE, entered_at=NOW + timedelta(days=1), menu_keys=[],
                            seats_rung=[], stage=0, fold={}))
        [told] = session.scalars(select(OutboxEntry).where(OutboxEntry.what == "household.merged"))
        assert told.data == {"other": LOSE, "version": 2}
    late = page(supervisor, KEEP)
    assert (late["household"]["language"], late["history"]["items"][0]["ref"]) == ("en", "node1-2.1")


def test_of_two_who_merge_the_same_pair_at_once_one_wins_and_the_other_is_told(here: Desk, supervisor: Client) -> None:
    one, other = ask(supervisor), ask(supervisor, LOSE, KEEP)
    answers = supervisor.together(*(("POST", "/households/merge", {"json": wanted}) for wanted in (one, other, one)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"merged"}
    stale = ask(supervisor, 3, 4)
    change(supervisor, "PATCH", "", 4, json={"language": "en"})
    refused = supervisor("POST", "/households/merge", json=stale)
    assert (refused.status_code, refused.json()["code"]) == (412, "changed")
    assert supervisor("POST", "/households/merge", json=stale | {"lose": 3}).json()["code"] == "same_household"


def test_the_stricter_word_survives_a_merge(here: Desk, supervisor: Client) -> None:
    wang_kept, wang_lost = (page(supervisor, ident)["household"]["people"][0]["person_id"] for ident in (KEEP, LOSE))
    for ident, person in ((KEEP, wang_kept), (LOSE, wang_lost)):
        for what in ("survey", "recording"):
            change(supervisor, "POST", f"/people/{person}/consents", ident, json={"what": what, "how": "paper"})
    change(supervisor, "DELETE", f"/people/{wang_lost}/consents/survey", LOSE)
    change(supervisor, "PUT", f"/people/{wang_lost}/do-not-call", LOSE, json={"reason": "said so at the door"})
    merge = supervisor("POST", "/households/merge", json=ask(supervisor)).json()
    wang = page(supervisor, KEEP)["household"]["people"][0]
    assert (wang["person_id"], wang["no_call_reason"]) == (wang_kept, "said so at the door")
    held = {one["what"] for one in wang["consents"] if one["withdrawn_at"] is None}
    assert held == {"recording"}
    with here.database.reading() as session:
        assert not may_be_called(session, "13800138000")
    assert supervisor("POST", f"/households/merges/{merge['merge_id']}/undo").status_code == 200
    kept, lost = (page(supervisor, ident)["household"]["people"][0] for ident in (KEEP, LOSE))
    assert (kept["no_call_since"], lost["no_call_reason"]) == (None, "said so at the door")
    assert {one["what"] for one in kept["consents"] if one["withdrawn_at"] is None} == {"recording", "survey"}
    assert {one["what"] for one in lost["consents"] if one["withdrawn_at"] is None} == {"recording"}


def test_who_may_be_called_again_after_a_merge_may_be_called_at_the_number_that_both_had(here: Desk, supervisor: Client) -> None:
    wang_kept, wang_lost = (page(supervisor, ident)["household"]["people"][0]["person_id"] for ident in (KEEP, LOSE))
    change(supervisor, "PUT", f"/people/{wang_lost}/do-not-call", LOSE, json={"reason": "said so at the door"})
    supervisor("POST", "/households/merge", json=ask(supervisor))
    change(supervisor, "DELETE", f"/people/{wang_kept}/do-not-call", KEEP)
    with here.database.reading() as session:
        assert may_be_called(session, "13800138000")
        assert may_be_called(session, "13611112222")


def test_a_merge_can_be_undone_once_and_what_came_since_stays(here: Desk, supervisor: Client) -> None:
    history_of(here.database, LOSE)
    before = page(supervisor, KEEP), page(supervisor, LOSE)
    merge = supervisor("POST", "/households/merge", json=ask(supervisor)).json()
    change(supervisor, "POST", "/people", KEEP, json={"name": "孙悦", "role": "tenant"})
    undone = supervisor("POST", f"/households/merges/{merge['merge_id']}/undo")
    assert (undone.status_code, undone.json()["undone_by"]) == (200, "supervisor")
    after = page(supervisor, KEEP), page(supervisor, LOSE)
    assert [person["name"] for person in after[0]["household"]["people"]] == ["王芳", "孙悦"]
    for then, now in zip(before, after, strict=True):
        assert now["history"] == then["history"]
        assert now["household"]["tags"] == then["household"]["tags"]
    assert after[1]["household"]["people"] == before[1]["household"]["people"]
    assert after[0]["household"]["people"][0] == before[0]["household"]["people"][0]
    again = supervisor("POST", f"/households/merges/{merge['merge_id']}/undo")
    assert (again.status_code, again.json()["code"]) == (409, "merge_undone")
    assert [item["merge_id"] for item in supervisor("GET", f"/households/{LOSE}/merges").json()] == [merge["merge_id"]]
    with here.database.reading() as session:
        acts = [entry.action for entry in session.scalars(select(AuditEntry).where(
            AuditEntry.subject == f"household:{KEEP}").order_by(AuditEntry.id))]
    assert acts == ["household.merged", "household.changed", "household.unmerged"]


def test_merges_in_a_row_lead_to_the_last_and_are_undone_from_the_end(here: Desk, supervisor: Client) -> None:
    first = supervisor("POST", "/households/merge", json=ask(supervisor, LOSE, KEEP)).json()
    second = supervisor("POST", "/households/merge", json=ask(supervisor, 3, LOSE)).json()
    assert page(supervisor, KEEP)["household"]["household_id"] == 3
    overtaken = supervisor("POST", f"/households/merges/{first['merge_id']}/undo")
    assert overtaken.json()["code"] == "merge_overtaken"
    for merge in (second, first):
        assert supervisor("POST", f"/households/merges/{merge['merge_id']}/undo").status_code == 200
    assert [page(supervisor, ident)["household"]["household_id"] for ident in (KEEP, LOSE, 3)] == [KEEP, LOSE, 3]


def test_a_file_with_the_old_spelling_goes_to_the_household_that_was_kept(here: Desk, supervisor: Client) -> None:
    supervisor("POST", "/households/merge", json=ask(supervisor))
    done = report(here.database, csv_of("松涛苑,三号楼,1,502,周航,tenant,13511112222,elderly,zh"), NOW)
    assert (done.faults, done.done.households, done.done.people) == ((), 0, 1)
    assert "周航" in [person["name"] for person in page(supervisor, KEEP)["household"]["people"]]
