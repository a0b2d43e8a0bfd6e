"""Emergencies through the API, on both databases: proposed by calls and by weather, households and chat groups told, drills (H)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from desk.counter import Counter
from desk.emergencies import Outside, changes, does, keeper, more_homes
from desk.stories import well
from sqlalchemy import delete, select

from callcenter.commands import DONE, SetNotice
from callcenter.events import Health, IncidentChanged
from callcenter.roles import Role
from callcenter.site.desk import Robot
from crm.dialling.log import DialLog
from crm.dialling.models import DialTask
from crm.dialling.schemas import Outcome, Result
from crm.households.models import PhoneNumber
from crm.incidents.declared import broadcast
from crm.incidents.declared.chat import CHAT_TEXTS
from crm.incidents.declared.models import Broadcast, Emergency
from crm.letters.deliverer import Deliverer
from crm.notices.words import Letter
from crm.purposes import purposes


@pytest.fixture
def counter(migrated_url: str, tmp_path: Path) -> Iterator[Counter]:
    made = Counter(migrated_url, tmp_path)
    yield made
    made.close()


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.mark.rule("H1")
@pytest.mark.rule("H5", part="asked for, counted, told in chat groups and by a notice")
@pytest.mark.rule("H11")
def test_five_calls_propose_a_power_cut_whose_households_are_rung_and_told(counter: Counter, outside: Outside) -> None:
    agent, lead, office = counter.person(Role.AGENT), counter.person(Role.LEADER), counter.person(Role.OFFICE)
    homes = more_homes(counter, 6)
    kept = keeper(counter, outside)
    for home in homes[:4]:
        agent.opens("emergency", {"place": "3栋", "what": "没电"}, category="power", household_id=home)
        agent.opens("emergency", {"place": "3栋", "what": "没电"}, category="power", household_id=home)
        counter.clock.advance(60)
    kept.step()
    assert lead.read("/emergencies/proposals")["items"] == [], "four callers, though each called twice"
    agent.opens("emergency", {"place": "3栋", "what": "没电"}, category="power", household_id=homes[4])
    kept.step()
    kept.step()
    [proposed] = lead.read("/emergencies/proposals")["items"]
    assert (proposed["type"], proposed["building"], proposed["callers"], proposed["level"]) == ("home-power-cut", "3", 5, 3)
    elsewhere = counter.person(Role.LEADER, "elsewhere", [counter.estates[1]])
    assert elsewhere.read("/emergencies/proposals")["items"] == []
    accept = f"/emergencies/proposals/{proposed['proposal_id']}/accept"
    assert agent.ask("POST", accept, json={}).status_code == 403
    assert elsewhere.ask("POST", accept, json={}).status_code == 404
    found = well(lead.ask("POST", accept, key="yes", json={}))
    assert well(lead.ask("POST", accept, key="yes", json={})) == found
    assert lead.ask("POST", accept, json={}).json()["code"] == "emergency_state"
    ident = found["emergency"]["emergency_id"]
    assert len([one for one in found["timeline"] if one["what"] == "called"]) == 8, "the other tickets' callers are tied to it"
    kept.step()
    assert lead.read("/emergencies/proposals")["items"] == [], "declared already"

    # --- a notice for callers from there, as long as it lasts
    site_estate = counter.site.estates[0].id
    assert outside.notices == [SetNotice(site_estate, "incident-known")]
    kept.step()
    assert len(outside.notices) == 1
    counter.clock.advance(31)
    kept.step()
    assert outside.notices == [SetNotice(site_estate, "incident-known")] * 2, "said again, for acd may have forgotten"

    # --- automatic calls
    assert changes(office, ident, "broadcasts").status_code == 403
    begun = well(changes(lead, ident, "broadcasts"))
    assert (begun["households"], begun["numbers"], begun["refused"]) == (7, 5, 2), "one has no number, one said: do not call"
    kept.step()
    subject = str(begun["broadcast_id"])
    assert [(one.subject, one.number, one.language, one.keys) for one in outside.rung][:2] == [
        (subject, "+8613800000000", "en", "1"), (subject, "+8613800000010", "zh", "1")]
    assert outside.rung[0].prompts == ("broadcast-hello", "broadcast-power", "broadcast-confirm")
    kept.step()
    assert len(outside.rung) == 5, "nobody is asked for twice"

    def comes_of(room: int, outcome: Outcome, key: str = "", *, is_last: bool = True) -> None:
        """As the journal's recorder tells it to the purpose."""
        with counter.database.writing.begin() as session:
            task = session.scalars(select(DialTask).where(DialTask.subject == subject, DialTask.number.endswith(f"0{room}0"))).one()
            purposes(counter.site)[task.purpose](session, task, Result(outcome, 1, key, is_last), counter.clock.now())
            task.state = "over" if is_last else task.state

    comes_of(0, Outcome.ANSWERED, "1")
    comes_of(1, Outcome.ANSWERED, is_last=False)
    comes_of(1, Outcome.NO_ANSWER)
    comes_of(2, Outcome.BUSY)
    comes_of(4, Outcome.NO_ANSWER, is_last=False)
    with counter.database.writing.begin() as session:      # of somebody who was forgotten while it rang: not of who has no number
        broadcast.heard(session, subject, "", "answered", "1", is_last=True, now=counter.clock.now())
    [now] = lead.read(f"/emergencies/{ident}/broadcasts")["items"]
    assert [now[one] for one in ("asked", "heard", "pressed", "missed", "households_heard", "households_pressed", "state")] == [
        2, 2, 1, 1, 2, 1, "running"]
    well(lead.ask("POST", f"/emergencies/{ident}/broadcasts/{subject}/again", json={}))
    kept.step()
    assert [one.number for one in outside.rung[5:]] == ["+8613800000021"], "the household's other number"
    well(lead.ask("POST", f"/emergencies/{ident}/broadcasts/{subject}/stop", json={}))
    kept.step()
    assert outside.stopped == [subject]
    comes_of(4, Outcome.ANSWERED, "1")
    [now] = lead.read(f"/emergencies/{ident}/broadcasts")["items"]
    assert (now["state"], now["pressed"]) == ("over", 2), "who hears it hears it to the end"

    # --- the chat groups
    text = lead.read(f"/emergencies/{ident}/chat")
    assert "江湾" in text["text"]["zh"]
    assert "power is off" in text["text"]["en"]
    assert lead.ask("POST", f"/emergencies/{ident}/chat", json={"robots": ["nobody"]}).status_code == 422

    # --- over: the notice is lifted, also by a process that was started since
    for one in found["steps"]:
        if one["needed"]:
            well(does(agent, ident, one["step"], "not_needed", "已恢复"))
    well(changes(lead, ident, "over", text="已送电"))
    outside.acd = "unavailable"
    counter.clock.advance(31)
    again = keeper(counter, outside)
    again.step()
    assert outside.health[-1] == ("incidents", Health.DEGRADED, "notices")
    outside.acd = DONE
    again.step()
    assert outside.notices[-1].prompt != "", "acd is left alone for some seconds"
    counter.clock.advance(5)
    again.step()
    assert outside.notices[-1] == SetNotice(site_estate, "")
    count = len(outside.notices)
    keeper(counter, outside).step()
    assert len(outside.notices) == count

    # --- weather
    assert elsewhere.ask("PUT", "/emergencies/weather", json={"level": 1}).status_code == 403, "for the whole house"
    weather = well(lead.ask("PUT", "/emergencies/weather", json={"level": 2, "note": "台风外围"}))
    assert (weather["level"], weather["agents"]) == (2, 2)
    assert "大雨" in weather["staffing"]["zh"]
    well(lead.ask("PUT", "/emergencies/weather", json={"level": 1}))
    [proposed] = lead.read("/emergencies/proposals")["items"]
    assert (proposed["because"], proposed["type"], proposed["level"]) == ("weather", "storm", 1)
    well(lead.ask("PUT", "/emergencies/weather", json={"level": 0}))
    assert [one["state"] for one in lead.read("/emergencies/proposals", state="dismissed")["items"]] == ["dismissed"]
    well(lead.ask("PUT", "/emergencies/weather", json={"level": 1}))
    [proposed] = lead.read("/emergencies/proposals")["items"]
    storm = well(lead.ask("POST", f"/emergencies/proposals/{proposed['proposal_id']}/accept", json={}))
    assert (storm["emergency"]["type"], storm["emergency"]["level"], storm["emergency"]["estate_id"]) == ("storm", 1, None)
    assert "scene_duty" not in {one["step"] for one in storm["steps"]}


class Group:
    """A group chat: it is told in both languages."""

    def __init__(self, said: list[tuple[str, str]]) -> None:
        self._said = said

    def send(self, letter: Letter, _address: str, _now: datetime) -> None:
        self._said.append((letter.subject("zh"), letter.subject("en")))


@pytest.mark.rule("H5", part="robots of the chat groups")
@pytest.mark.rule("H12", part="an emergency that is a drill rings nobody and tells no caller")
def test_a_drill_is_marked_rings_nobody_and_tells_no_caller(counter: Counter, outside: Outside) -> None:
    robots = (Robot(id="owners", kind="wecom", url="https://qyapi.weixin.qq.com/x", tell=(Role.LEADER,)),
              Robot(id="yunqi", kind="wecom", url="https://qyapi.weixin.qq.com/x", tell=(Role.LEADER,), estates=("yunqi",)))
    counter.app.state.services.site.__dict__["notices"] = counter.site.notices.model_copy(update={"robots": robots})
    lead = counter.person(Role.LEADER)
    ticket = lead.opens("emergency", {"place": "3栋", "what": "没电"}, category="power", household_id=counter.households[0])
    wanted = {"type": "home-power-cut", "ticket_id": ticket["ticket_id"], "drill": True}
    found = well(lead.ask("POST", "/emergencies", json=wanted))
    ident = found["emergency"]["emergency_id"]
    assert (found["emergency"]["drill"], found["emergency"]["ticket_id"]) == (True, ticket["ticket_id"])
    assert lead.ask("POST", "/emergencies", json=wanted).json()["code"] == "emergency_state", "its ticket carries one"
    assert changes(lead, ident, "broadcasts").json()["code"] == "emergency_state"
    assert well(lead.ask("GET", f"/emergencies/{ident}/chat"))["robots"] == ["owners"]
    well(lead.ask("POST", f"/emergencies/{ident}/chat", json={"robots": ["owners"]}))
    keeper(counter, outside).step()
    assert outside.notices == []
    said: list[tuple[str, str]] = []
    deliverer = Deliverer(counter.database, [CHAT_TEXTS], {"robot:owners": Group(said)}, counter.clock, lambda *_: None)
    assert (deliverer.step(), deliverer.step()) == (1, 0)
    [(chinese, english)] = said
    assert (chinese[:4], english[:7]) == ("【演练】", "[Drill]")
    assert well(lead.ask("GET", f"/emergencies/{ident}/chat"))["sent"][0]["sent_at"] is not None
    refused = lead.ask("POST", "/emergencies", json=wanted | {"ticket_id": None, "place": "x", "what": "y", "notice": "welcome"})
    assert refused.json()["code"] == "no_prompt"
    event = outside.told[-1]
    assert isinstance(event, IncidentChanged)
    assert event.incident.drill


@pytest.mark.rule("H5", part="who is rung no more")
@pytest.mark.rule("H10", part="households are not rung about what is over")
def test_nobody_is_rung_any_more_about_what_is_over_and_a_broadcast_is_stopped_in_every_phase(
        counter: Counter, outside: Outside) -> None:
    lead = counter.person(Role.LEADER)
    more_homes(counter, 3)
    kept = keeper(counter, outside)
    ticket = lead.opens("emergency", {"place": "3栋", "what": "没电"}, category="power", household_id=counter.households[0])
    found = well(lead.ask("POST", "/emergencies", json={"type": "home-power-cut", "ticket_id": ticket["ticket_id"]}))
    ident = found["emergency"]["emergency_id"]
    rung = well(changes(lead, ident, "broadcasts"))["broadcast_id"]
    kept.step()
    asked = len(outside.rung)
    wanted = well(changes(lead, ident, "broadcasts"))["broadcast_id"]
    for one in found["steps"]:
        if one["needed"]:
            well(does(lead, ident, one["step"], "not_needed", "已恢复"))
    well(changes(lead, ident, "over", text="已送电"))
    states = {one["broadcast_id"]: one["state"] for one in lead.read(f"/emergencies/{ident}/broadcasts")["items"]}
    assert states == {rung: "stopping", wanted: "stopping"}
    kept.step()
    assert (outside.stopped, len(outside.rung)) == ([str(rung), str(wanted)], asked)
    with counter.database.writing.begin() as session:
        assert {(one.state, one.outcome) for one in session.scalars(select(DialTask))} == {("over", "stopped")}
    assert [one["state"] for one in lead.read(f"/emergencies/{ident}/broadcasts")["items"]] == ["over", "over"]
    assert lead.ask("POST", f"/emergencies/{ident}/broadcasts/{rung}/stop", json={}).json()["code"] == "emergency_state"
    again = lead.ask("POST", f"/emergencies/{ident}/broadcasts/{rung}/again", json={})
    assert again.json()["code"] == "emergency_state", "its words are those of the danger"

    # --- that it was over is told to them: that one is stopped as well, even once nothing is left to do
    after = well(changes(lead, ident, "broadcasts"))["broadcast_id"]
    kept.step()
    assert outside.rung[-1].prompts == ("broadcast-hello", "broadcast-over", "broadcast-confirm")
    well(changes(lead, ident, "learnt", causes="外线", lessons="无", insurance="无损失"))
    well(changes(lead, ident, "follow-ups", households=[], why_none="无"))
    draft = well(changes(lead, ident, "report"))
    worded = well(lead.ask("PATCH", f"/emergencies/{ident}/report", version=draft["version"], json={"conclusion": "外线停电"}))
    well(changes(lead, ident, "report/sign", worded["version"]))
    well(changes(counter.person(Role.MANAGER), ident, "report/approve"))
    well(changes(lead, ident, "close"))
    assert changes(lead, ident, "broadcasts").json()["code"] == "emergency_state", "none is begun any more"
    assert well(lead.ask("POST", f"/emergencies/{ident}/broadcasts/{after}/stop", json={}))["state"] == "stopping"
    kept.step()
    assert outside.stopped[2:] == [str(after)]


@pytest.mark.rule("H5", part="stopped and begun again while a phone still rings")
def test_who_is_rung_again_before_the_stopped_call_has_ended_is_rung_once_it_has(counter: Counter, outside: Outside) -> None:
    lead = counter.person(Role.LEADER)
    more_homes(counter, 1)
    with counter.database.writing.begin() as session:
        session.execute(delete(PhoneNumber).where(PhoneNumber.number == "+8613800000001"))     # there is no other to ring
    kept = keeper(counter, outside)
    ticket = lead.opens("emergency", {"place": "3栋", "what": "没电"}, category="power", household_id=counter.households[0])
    found = well(lead.ask("POST", "/emergencies", json={"type": "home-power-cut", "ticket_id": ticket["ticket_id"]}))
    ident = found["emergency"]["emergency_id"]
    one = f"/emergencies/{ident}/broadcasts/{well(changes(lead, ident, 'broadcasts'))['broadcast_id']}"
    kept.step()
    with counter.database.writing.begin() as session:
        task = session.scalars(select(DialTask)).one()
        task.state, task.attempts = "dialled", 1

    well(lead.ask("POST", f"{one}/stop", json={}))
    kept.step()
    well(lead.ask("POST", f"{one}/again", json={}))
    kept.step()
    [now] = lead.read(f"/emergencies/{ident}/broadcasts")["items"]
    assert (len(outside.rung), now["state"], now["asked"]) == (1, "running", 0), "its phone rings from the round before"
    with counter.database.writing.begin() as session:
        task = session.scalars(select(DialTask)).one()
        assert task.state == "stopping"
        recorder = DialLog(session, purposes(counter.site), timedelta(minutes=1), [])
        recorder.tried(task, 1, Outcome.NO_ANSWER, "", counter.clock.now())
    kept.step()
    [now] = lead.read(f"/emergencies/{ident}/broadcasts")["items"]
    assert (len(outside.rung), now["state"], now["asked"]) == (2, "running", 1)
    with counter.database.writing.begin() as session:
        assert [task.state for task in session.scalars(select(DialTask).order_by(DialTask.id))] == ["over", "waiting"]


@pytest.mark.rule("H5", part="who may ring all the estate, and in quiet hours")
def test_an_emergency_that_cannot_be_read_holds_up_no_other_and_no_board(counter: Counter, outside: Outside) -> None:
    agent = counter.person(Role.AGENT)
    wanted = {"type": "lift-entrapment", "place": "1号梯", "what": "被困", "contact_number": "13800000001"}
    broken, other = (well(agent.ask("POST", "/emergencies", json=wanted | {"household_id": home}))["emergency"]["emergency_id"]
                     for home in counter.households)
    with counter.database.writing.begin() as session:
        session.get_one(Emergency, broken).definition = {"by": "an older version"}
    counter.clock.advance(200)
    keeper(counter, outside).step()
    assert agent.read(f"/emergencies/{other}")["emergency"]["steps_late"] > 0
    assert {one.incident.incident_id for one in outside.told if isinstance(one, IncidentChanged)} == {str(broken), str(other)}
    assert outside.notices == [SetNotice(counter.site.estates[0].id, "incident-known")]
    assert outside.health[-1] == ("incidents", Health.DEGRADED, "late")


def test_a_whole_estate_and_quiet_hours_below_level_1_are_for_who_leads(counter: Counter) -> None:
    agent, lead = counter.person(Role.AGENT), counter.person(Role.LEADER)
    ticket = agent.opens("emergency", {"place": "3栋", "what": "没电"}, category="power", household_id=counter.households[0])
    found = well(agent.ask("POST", "/emergencies", json={"type": "home-power-cut", "ticket_id": ticket["ticket_id"]}))
    ident = found["emergency"]["emergency_id"]
    assert (found["emergency"]["commander"], found["emergency"]["level"]) == ("agent", 3)
    for given in ({"urgent": True}, {"whole_estate": True}, {"whole_estate": True, "urgent": False}):
        assert changes(agent, ident, "broadcasts", **given).status_code == 403, given
        assert well(changes(lead, ident, "broadcasts", **given))["state"] == "running"
    for given in ({}, {"urgent": False}):
        assert well(changes(agent, ident, "broadcasts", **given))["building_id"] is not None
    well(changes(lead, ident, "level", level=1, why="电梯有人"))
    assert well(changes(agent, ident, "broadcasts", urgent=True))["building_id"] is not None, "of level 1 it is urgent anyhow"
    with counter.database.writing.begin() as session:
        assert [(one.urgent, one.building_id is None) for one in session.scalars(select(Broadcast).order_by(Broadcast.id))] == [
            (True, False), (False, True), (False, True), (False, False), (False, False), (True, False)]

    # --- where no building is told, all the estate would be rung
    wanted = {"type": "flooding", "estate_id": counter.estates[0], "place": "北门", "what": "积水"}
    outdoors = well(agent.ask("POST", "/emergencies", json=wanted))["emergency"]
    assert outdoors["building"] is None
    assert changes(agent, outdoors["emergency_id"], "broadcasts").status_code == 403
    assert well(changes(lead, outdoors["emergency_id"], "broadcasts"))["building_id"] is None
