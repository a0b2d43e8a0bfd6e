"""Emergencies at their edges, on both databases: of the contact log alone, masked on paper, called about from next door (H, K1)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk.counter import Counter
from desk.emergencies import Outside, changes, does, keeper, more_homes
from desk.stories import well
from hotline.pdf import sheets
from sqlalchemy import delete, select, update

from callcenter.roles import Role
from crm.calls.models import ContactEntry
from crm.households.models import Household, PhoneNumber
from crm.households.models import Person as Resident
from crm.incidents.declared import following
from crm.incidents.declared import keeper as incident_keeper
from crm.incidents.declared.following import open_for as opens
from crm.incidents.declared.models import Emergency, EmergencyProposal
from crm.incidents.models import IncidentCall
from crm.outbox.models import OutboxEntry
from crm.tickets.models import Ticket


@pytest.fixture
def counter(migrated_url: str, tmp_path: Path) -> Iterator[Counter]:
    made = Counter(migrated_url, tmp_path)
    yield made
    made.close()


def entry(counter: Counter, home: int, ticket: int | None = None) -> None:
    with counter.database.writing.begin() as session:
        session.add(ContactEntry(source="visit", at=counter.clock.now(), household_id=home, kind="repair", ticket_id=ticket))


def proposed(counter: Counter) -> list[int]:
    """Callers, each time that one was told of."""
    with counter.database.reading() as session:
        return [row.data["callers"] for row in session.scalars(
            select(OutboxEntry).where(OutboxEntry.what == "emergency.proposed").order_by(OutboxEntry.id))]


@pytest.mark.rule("H1", part="of the contact log alone, told of once")
def test_what_the_contact_log_proposes_is_told_of_once_and_again_when_more_call(counter: Counter) -> None:
    kept = keeper(counter, Outside())
    homes = more_homes(counter, 6)
    for home in homes[:5]:
        entry(counter, home)
    counter.clock.advance(1)
    for _ in range(3):
        kept.step()
    assert proposed(counter) == [5]
    entry(counter, homes[5])
    counter.clock.advance(1)
    for _ in range(3):
        kept.step()
    assert proposed(counter) == [5, 6]


@pytest.mark.rule("H1", part="all tickets about it, also when the first ones are long ago")
def test_a_ticket_that_comes_when_others_are_too_long_ago_is_one_of_the_proposal_s(counter: Counter) -> None:
    agent, kept = counter.person(Role.AGENT), keeper(counter, Outside())
    opened = []
    for home in more_homes(counter, 6):
        opened.append(agent.opens("emergency", {"place": "3栋", "what": "没电"}, category="power", household_id=home)["ticket_id"])
        counter.clock.advance(counter.site.incidents.within / 5.5)
        kept.step()
    with counter.database.reading() as session:
        [row] = session.scalars(select(EmergencyProposal))
        assert (row.callers, row.tickets) == (5, opened)


@pytest.mark.rule("H11", part="who dismisses what is proposed for the whole house")
def test_what_the_weather_proposes_is_dismissed_by_who_sees_the_whole_house(counter: Counter) -> None:
    lead, elsewhere = counter.person(Role.LEADER), counter.person(Role.LEADER, "elsewhere", [counter.estates[1]])
    well(lead.ask("PUT", "/emergencies/weather", json={"level": 2}))
    [one] = elsewhere.read("/emergencies/proposals")["items"]
    path = f"/emergencies/proposals/{one['proposal_id']}/dismiss"
    assert elsewhere.ask("PUT", "/emergencies/weather", json={"level": 0}).status_code == 403
    assert elsewhere.ask("POST", path, json={}).status_code == 403
    assert well(lead.ask("POST", path, json={}))["state"] == "dismissed"


@pytest.mark.rule("K1", part="a report of an emergency on paper is masked as on the page")
def test_who_sees_the_report_masked_has_it_masked_on_paper_too(counter: Counter) -> None:
    lead, watch = counter.person(Role.LEADER), counter.person(Role.OPERATIONS)
    found = well(lead.ask("POST", "/emergencies", json={
        "type": "home-power-cut", "place": "3栋", "what": "业主电话 13812345678", "estate_id": counter.estates[0]}))
    ident = found["emergency"]["emergency_id"]
    well(changes(lead, ident, "report"))
    for who, shown, hidden in ((watch, "138****5678", "13812345678"), (lead, "13812345678", "138****5678")):
        assert shown in who.read(f"/emergencies/{ident}/report")["what"]
        words = "".join(sheets(who.ask("GET", f"/emergencies/{ident}/report.pdf").content)).replace("\n", "")
        assert shown in words
        assert hidden not in words


@pytest.mark.rule("H10", part="who called from another estate")
def test_who_called_from_next_door_is_followed_up_as_well(counter: Counter) -> None:
    lead = counter.person(Role.LEADER)
    here, next_door = counter.households
    ticket = lead.opens("emergency", {"place": "3栋", "what": "没电"}, category="power", household_id=here)
    found = well(lead.ask("POST", "/emergencies", json={"type": "home-power-cut", "ticket_id": ticket["ticket_id"]}))
    ident = found["emergency"]["emergency_id"]
    for home in (here, next_door):
        well(lead.ask("POST", f"/tickets/{ticket['ticket_id']}/calls", json={"household_id": home}))
    with counter.database.writing.begin() as session:
        there = session.get_one(Household, next_door)
        session.add(Household(id=999, building_id=there.building_id, estate_id=there.estate_id, unit="1", room="9", label="3-1-9",
                              room_key="3-1-9", tags=[]))
    for one in found["steps"]:
        if one["needed"]:
            well(does(lead, ident, one["step"], "not_needed", "已恢复"))
    well(changes(lead, ident, "over", text="已送电"))
    assert changes(lead, ident, "follow-ups", households=[here, 999]).json()["code"] == "fields_unfit", "nor is it theirs"
    well(changes(lead, ident, "follow-ups"))
    assert {one["household_id"] for one in lead.read("/tickets", kind="followup")["items"]} == {here, next_door}


@pytest.mark.rule("H10", part="of many callers all, in portions")
def test_of_many_callers_all_are_followed_up_in_portions(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    lead = counter.person(Role.LEADER)
    called, later = more_homes(counter, 503), counter.households[0]
    ticket = lead.opens("emergency", {"place": "3栋", "what": "没电"}, category="power", household_id=called[0])
    found = well(lead.ask("POST", "/emergencies", json={"type": "home-power-cut", "ticket_id": ticket["ticket_id"]}))
    ident = found["emergency"]["emergency_id"]
    ties(counter, ticket, called)
    for one in found["steps"]:
        if one["needed"]:
            well(does(lead, ident, one["step"], "not_needed", "已恢复"))
    well(changes(lead, ident, "over", text="已送电"))
    after = well(changes(lead, ident, "follow-ups"))
    assert ("followed_up" in after["left"], after["timeline"][-1]["said"]) == (False, ["503"])
    assert followed(counter, ticket) == called[:500]
    counter.clock.advance(1)
    ties(counter, ticket, [later])       # not of those whom the order was about
    monkeypatch.setattr(incident_keeper, "AT_ONCE", 2)
    kept, seen = keeper(counter, Outside()), []
    monkeypatch.setattr(following, "open_for", lambda here, homes, *more: (seen.append(len(homes)), opens(here, homes, *more)))
    with counter.database.writing.begin() as session:        # who closes it waits for nobody
        session.execute(update(Emergency).where(Emergency.id == ident).values(phase="closed", closed_at=counter.clock.now()))
    kept.step()
    kept.step()
    assert (followed(counter, ticket), seen) == (called, [2, 1])


def ties(counter: Counter, ticket: Any, homes: list[int]) -> None:
    with counter.database.writing.begin() as session:
        session.add_all(IncidentCall(ticket_id=ticket["ticket_id"], at=counter.clock.now(), who="leader", household_id=home)
                        for home in homes)


def followed(counter: Counter, ticket: Any) -> list[int | None]:
    with counter.database.reading() as session:
        return list(session.scalars(select(Ticket.household_id).where(
            Ticket.parent_id == ticket["ticket_id"], Ticket.kind == "followup").order_by(Ticket.household_id)))


@pytest.mark.rule("H5", part="a number that is theirs no more is not rung again")
def test_who_is_rung_again_is_rung_at_a_number_that_is_theirs_now(counter: Counter) -> None:
    lead, outside = counter.person(Role.LEADER), Outside()
    moved, gone = more_homes(counter, 2)
    kept = keeper(counter, outside)
    ticket = lead.opens("emergency", {"place": "3栋", "what": "没电"}, category="power", household_id=moved)
    found = well(lead.ask("POST", "/emergencies", json={"type": "home-power-cut", "ticket_id": ticket["ticket_id"]}))
    ident = found["emergency"]["emergency_id"]
    one = f"/emergencies/{ident}/broadcasts/{well(changes(lead, ident, 'broadcasts'))['broadcast_id']}"
    kept.step()
    assert [call.number for call in outside.rung] == ["+8613800000000", "+8613800000010"]
    well(lead.ask("POST", f"{one}/stop", json={}))
    kept.step()
    with counter.database.writing.begin() as session:
        session.execute(delete(PhoneNumber).where(PhoneNumber.number == "+8613800000000"))
        session.execute(update(Resident).where(Resident.household_id == gone).values(ended_at=counter.clock.now()))
    again = well(lead.ask("POST", f"{one}/again", json={}))
    kept.step()
    assert [call.number for call in outside.rung[2:]] == ["+8613800000001"], "of who moved out nobody is rung"
    assert again["state"] == "running"


@pytest.mark.rule("H12", part="a drill's call is tied to no incident")
def test_a_drill_s_call_is_tied_to_no_incident(counter: Counter) -> None:
    agent = counter.person(Role.AGENT)
    ticket = agent.opens("emergency", {"place": "3栋", "what": "没电"}, category="power", household_id=counter.households[0])
    path = f"/tickets/{ticket['ticket_id']}/calls"
    refused = agent.ask("POST", path, json={"call_id": "drill-3-node1-1795320000.7"})
    assert (refused.status_code, refused.json()["code"]) == (409, "drill_call")
    assert agent.read(path)["calls"] == 0
