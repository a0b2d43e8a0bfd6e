"""What a ticket must not let through (K1), on the household's page and by its call; and tickets from before there were kinds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk.counter import NOON, Counter
from sqlalchemy import select

from callcenter.roles import Role
from crm.calls.models import CallRow, ContactEntry
from crm.kinds.service import newest
from crm.tickets.models import Ticket
from crm.tickets.service import close_by_machine

MEDIA = {"outlet": "晚报", "journalist": "周某", "contact": "13900009999", "topic": "电梯为何停运"}
LEAK = {"what": "厨房水管漏水", "place": "厨房", "urgency": "urgent"}


@pytest.fixture
def counter(migrated_url: str, tmp_path: Path) -> Iterator[Counter]:
    made = Counter(migrated_url, tmp_path)
    yield made
    made.close()


def tickets_on_page(page: Any) -> list[tuple[str, str]]:
    return [(item["kind"], item["title"].split()[0]) for item in [*page["open_tickets"], *page["history"]["items"]]
            if item["what"] == "ticket"]


@pytest.mark.rule("D4", part="the household's page")
@pytest.mark.rule("K1", part="kinds on the household's page")
def test_the_household_s_page_tells_nothing_of_a_kind_that_the_role_does_not_see(counter: Counter) -> None:
    agent, manager = counter.person(Role.AGENT), counter.person(Role.MANAGER)
    home = counter.households[0]
    asked = manager.opens("media", MEDIA, household_id=home)
    repair = agent.opens("repair", LEAK, household_id=home)
    seen = [("repair", repair["number"])]
    assert tickets_on_page(agent.read(f"/households/{home}")) == seen * 2, "open, and in the history"
    assert [item["ref"] for item in agent.read(f"/households/{home}/history")["items"]] == [str(repair["ticket_id"])]
    assert sorted(tickets_on_page(manager.read(f"/households/{home}"))) == sorted([*seen, ("media", asked["number"])] * 2)


@pytest.mark.rule("K1", part="titles on the household's page")
def test_a_number_in_a_title_is_masked_on_the_household_s_page_and_the_ticket_s_own_is_not(counter: Counter) -> None:
    agent, admin, home = counter.person(Role.AGENT), counter.person(Role.ADMIN), counter.households[0]
    ticket = agent.opens("repair", {**LEAK, "place": "打 13900001234"}, household_id=home)
    for who, place in ((agent, "13900001234"), (admin, "139****1234")):
        page = who.read(f"/households/{home}")
        [opened], [past] = page["open_tickets"], page["history"]["items"]
        assert opened["title"] == past["title"] == f"{ticket['number']} 报修 打 {place}"


@pytest.mark.rule("K1", part="a ticket by its call")
def test_a_ticket_by_its_call_is_of_the_household_and_of_its_estate(counter: Counter) -> None:
    with counter.database.writing.begin() as session:
        session.add_all(ContactEntry(source="call", call_id=f"node1-1.{n}", seat="1001", at=NOON, declined_contact=False,
                                     household_id=home) for n, home in enumerate(counter.households))
    whole = counter.person(Role.AGENT)
    here, there = (counter.person(Role.LEADER, f"leader{n}", [estate]) for n, estate in enumerate(counter.estates))
    ticket = whole.opens("repair", LEAK, call_id="node1-1.0")
    assert (ticket["household_id"], ticket["estate_id"]) == (counter.households[0], counter.estates[0])
    assert here.ask("GET", f"/tickets/{ticket['ticket_id']}").status_code == 200
    assert there.ask("GET", f"/tickets/{ticket['ticket_id']}").status_code == 404
    assert there.read("/tickets")["items"] == []


@pytest.mark.rule("K1", part="calls of another estate")
def test_a_call_of_an_estate_that_is_not_one_s_own_gets_no_ticket(counter: Counter) -> None:
    with counter.database.writing.begin() as session:
        session.add(ContactEntry(source="call", call_id="node1-1.entry", seat="1001", at=NOON, declined_contact=False,
                                 household_id=counter.households[1]))
        session.add(CallRow(call_id="node1-1.call", node="node1", number="+8613900001234", entered_at=NOON, stage=0,
                            menu_keys=[], seats_rung=[], fold={}, household_id=counter.households[1]))
    agent = counter.person(Role.AGENT, "here", [counter.estates[0]])
    for call in ("node1-1.entry", "node1-1.call"):
        for home in (None, counter.households[0]):
            given = {"kind": "repair", "fields": LEAK, "call_id": call, "household_id": home}
            assert agent.ask("POST", "/tickets", json=given).status_code == 404, (call, home)
    with counter.database.reading() as session:
        assert session.scalar(select(ContactEntry.ticket_id)) is None
        assert session.scalar(select(Ticket.id)) is None


def as_before_kinds(counter: Counter, kind: str, state: str) -> dict[str, int]:
    """As a program from before the kinds adds one, which knows nothing of stages."""
    with counter.database.writing.begin() as session:
        row = Ticket(number=f"T20261122-{kind}"[:20], kind=kind, stage="open", state=state, created_at=NOON,
                     estate_id=counter.estates[0], closed_at=NOON if state == "closed" else None)
        session.add(row)
        session.flush()
        return {"ticket_id": row.id, "version": 1}


def test_an_open_ticket_from_before_there_were_kinds_goes_on_whatever_its_kind(counter: Counter) -> None:
    manager = counter.person(Role.MANAGER)
    with counter.database.reading() as session:
        kinds = [one.kind for one in newest(session)]
    assert len(kinds) > 10
    for kind in kinds:
        ticket = as_before_kinds(counter, kind.kind, "open")
        ident = ticket["ticket_id"]
        [listed] = [one for one in manager.read("/tickets", kind=kind.kind)["items"] if one["ticket_id"] == ident]
        assert (listed["stage"], listed["state"]) == (kind.opens_in, "open")
        if Role.MANAGER in kind.seen_by:
            read = manager.read(f"/tickets/{ident}")
            assert [move["to"] for move in read["moves"]] == list(kind.stages[kind.opens_in].moves)
            assert manager.changes(ticket, "POST", "/move", to="no_such", fields={}).json()["code"] == "no_such_move"
            assert manager.ask("POST", f"/tickets/{ident}/notes", json={"text": "旧单"}).status_code == 201
        with counter.database.writing.begin() as session:
            closed = close_by_machine(session, ident, NOON, NOON.tzinfo)
            assert closed is not None
            assert (closed.state, closed.stage) == ("closed", kind.first_final)


@pytest.mark.parametrize(("kind", "to", "fields"), [
    ("callback", "done", {"result": "已回电"}), ("followup", "done", {"how": "phone", "satisfied": 3, "said": "满意"}),
    ("enquiry", "answered", {"answer": "每月五日"}), ("complaint", "withdrawn", {"reason": "误会"})])
def test_an_open_ticket_from_before_there_were_kinds_is_moved_by_who_may(counter: Counter, kind: str, to: str,
                                                                         fields: dict[str, object]) -> None:
    leader = counter.person(Role.LEADER)
    ticket = as_before_kinds(counter, kind, "open")
    moved = leader.moves(ticket, to, fields)
    assert moved.status_code == 200, moved.text
    assert (moved.json()["ticket"]["stage"], moved.json()["ticket"]["state"]) == (to, "closed")


def test_a_closed_ticket_from_before_there_were_kinds_stays_closed(counter: Counter) -> None:
    leader = counter.person(Role.LEADER)
    ticket = as_before_kinds(counter, "repair", "closed")
    read = leader.read(f"/tickets/{ticket['ticket_id']}")
    assert (read["ticket"]["state"], read["ticket"]["stage"]) == ("closed", "archived")
    assert leader.moves(ticket, "dispatched").json()["code"] == "no_such_move"
