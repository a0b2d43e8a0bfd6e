"""The leaders' shifts over HTTP on both databases: begun, logged, handed over with what is open, taken from one who left (K2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from desk.counter import Counter, Person
from desk.stories import well
from sqlalchemy import select

from callcenter.roles import Role
from crm.calls.models import ContactEntry
from crm.clocks.service import tick
from crm.staff.models import AuditEntry, User
from crm.tickets.models import Ticket


@pytest.fixture
def counter(migrated_url: str, tmp_path: Path) -> Iterator[Counter]:
    made = Counter(migrated_url, tmp_path)
    yield made
    made.close()


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def overdue(counter: Counter) -> list[int]:
    """A repair in each of the two estates whose time is over."""
    agent = counter.person(Role.AGENT)
    found = [agent.opens("repair", {"what": "漏水", "urgency": "urgent"}, category="water", household_id=home)["ticket_id"]
             for home in counter.households]
    counter.clock.advance(timedelta(days=3).total_seconds())
    with counter.database.writing.begin() as session:
        tick(session, counter.clock.now())
    return found


def tickets(person: Person, shift_id: int) -> list[int]:
    return [one["ticket_id"] for one in person.read(f"/shifts/{shift_id}")["matters"]["tickets"]]


@pytest.mark.rule("K2", part="the leader's log and the hand-over in two acts, with what is open")
def test_a_shift_is_logged_and_handed_over_in_two_acts_with_what_is_open(counter: Counter) -> None:
    lin, su, wu = (counter.person(Role.LEADER, name) for name in ("lin", "su", "wu"))
    bound = counter.person(Role.LEADER, "bound", [counter.estates[1]])
    here, there = overdue(counter)
    assert counter.person(Role.AGENT).ask("GET", "/shifts/now").status_code == 403
    assert lin.read("/shifts/now") == {"now": None}
    line = {"sort": "equipment", "text": "3 号电梯停运，已报维保", "subject": f"ticket:{here}"}
    assert refused(lin.ask("POST", "/shifts/entries", json=line)) == (409, "no_shift")

    first = well(lin.ask("POST", "/shifts", json={}, key="s1"))["shift"]
    assert well(lin.ask("POST", "/shifts", json={}, key="s1"))["shift"] == first, "sent twice, begun once"
    assert (first["who"], first["how"]) == ("lin", "begun")
    assert [refused(one.ask("POST", "/shifts", json={})) for one in (lin, su)] == [(409, "shift_on")] * 2
    assert well(su.ask("POST", "/shifts/entries", json=line))["who"] == "su"
    assert su.ask("POST", "/shifts/entries", json=line | {"subject": "anything"}).status_code == 422

    path = f"/shifts/{first['shift_id']}"
    handed = {"words": "电梯维保 20:00 到场，跟进", "to": "su"}
    assert refused(su.ask("POST", f"{path}/hand-over", version=1, json=handed)) == (403, "forbidden")
    assert refused(lin.ask("POST", f"{path}/hand-over", version=7, json=handed)) == (412, "changed")
    for nobody in ("nobody", "agent", "lin"):
        assert refused(lin.ask("POST", f"{path}/hand-over", version=1, json=handed | {"to": nobody})) == (404, "nobody_to_lead")
    assert refused(su.ask("POST", f"{path}/accept", version=1)) == (409, "not_offered")
    offered = well(lin.ask("POST", f"{path}/hand-over", version=1, json=handed))["shift"]
    assert (offered["to"], offered["words"], offered["ended_at"]) == ("su", handed["words"], None), "it is still lin's"
    assert [refused(one.ask("POST", f"{path}/accept", version=2)) for one in (lin, wu)] == [(409, "not_offered")] * 2
    assert refused(su.ask("POST", f"{path}/accept", version=1)) == (412, "changed")
    second = well(su.ask("POST", f"{path}/accept", version=2, key="a1"))["shift"]
    assert (second["who"], second["how"], second["after_id"]) == ("su", "handed", first["shift_id"])
    assert refused(lin.ask("POST", f"{path}/accept", version=3)) == (409, "no_shift")

    over = lin.read(path)
    assert [(one["who"], one["sort"], one["subject"]) for one in over["entries"]] == [("su", "equipment", f"ticket:{here}")]
    assert (tickets(lin, first["shift_id"]), tickets(bound, first["shift_id"])) == ([here, there], [there])
    with counter.database.writing.begin() as session:
        one = session.get(Ticket, there)
        assert one is not None
        one.about_id = session.scalars(select(User.id).where(User.name == "su")).one()
    assert (tickets(lin, first["shift_id"]), tickets(su, first["shift_id"])) == ([here, there], [here]), "none of what is about su"


@pytest.mark.rule("D3", part="lines of the leaders' log")
def test_whom_a_complaint_is_about_does_not_read_the_lines_on_it_in_the_log(counter: Counter) -> None:
    lin, su, agent = counter.person(Role.LEADER, "lin"), counter.person(Role.LEADER, "su"), counter.person(Role.AGENT)
    about = agent.opens("complaint", {"what": "苏组长态度差", "about": "su"}, category="service/desk")
    other = agent.opens("complaint", {"what": "噪音"}, category="service/desk")
    shift_id = well(lin.ask("POST", "/shifts", json={}))["shift"]["shift_id"]
    with counter.database.writing.begin() as session:
        session.add(ContactEntry(source="call", call_id="node1-7.7", seat="1001", at=counter.clock.now(),
                                 ticket_id=about["ticket_id"], declined_contact=False))
    for subject in (f"ticket:{about['ticket_id']}", f"ticket:{about['number']}", "call:node1-7.7",
                    f"ticket:{other['ticket_id']}", "call:node1-8.8", None):
        well(lin.ask("POST", "/shifts/entries", json={"sort": "complaint", "text": "业主再次来电", "subject": subject}))

    def subjects(person: Person) -> list[str | None]:
        return [one["subject"] for one in person.read(f"/shifts/{shift_id}")["entries"]]

    assert len(subjects(lin)) == 6
    assert subjects(su) == [f"ticket:{other['ticket_id']}", "call:node1-8.8", None]


@pytest.mark.rule("K2", part="a shift is taken from one who left without a word, with a reason, and who did what is in the audit")
def test_a_shift_is_taken_with_a_reason_and_those_above_may_act_for_one_who_is_gone(counter: Counter) -> None:
    lin, su = (counter.person(Role.LEADER, name) for name in ("lin", "su"))
    supervisor = counter.person(Role.SUPERVISOR)
    first = well(lin.ask("POST", "/shifts", json={}))["shift"]
    taken = well(su.ask("POST", "/shifts", json={"reason": "林组长突发疾病"}))["shift"]
    assert (taken["how"], taken["after_id"], taken["reason"]) == ("taken", first["shift_id"], "林组长突发疾病")
    ended = lin.read(f"/shifts/{first['shift_id']}")
    assert (ended["shift"]["ended_at"] is not None, ended["matters"]["tier"], ended["matters"]["tickets"]) == (True, 0, [])
    path = f"/shifts/{taken['shift_id']}"
    well(supervisor.ask("POST", f"{path}/hand-over", version=1, json={"words": "苏组长提前离岗"}))
    assert supervisor.ask("DELETE", f"{path}/hand-over", version=2).status_code == 204
    assert refused(lin.ask("POST", f"{path}/accept", version=3)) == (409, "not_offered")
    well(su.ask("POST", f"{path}/hand-over", version=3, json={"words": "一切正常"}))
    assert well(lin.ask("POST", f"{path}/accept", version=4))["shift"]["who"] == "lin", "whichever leader comes"
    listed = lin.read("/shifts")["items"]
    assert [(one["who"], one["how"]) for one in listed] == [("lin", "handed"), ("su", "taken"), ("lin", "begun")]
    assert lin.ask("GET", "/shifts/now").headers["etag"] == '"1"'
    with counter.database.reading() as session:
        audited = list(session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("shift.%")).order_by(AuditEntry.id)))
    assert audited == [f"shift.{what}" for what in ("begun", "taken", "offered", "withdrawn", "offered", "handed")]
