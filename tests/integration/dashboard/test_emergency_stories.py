"""Emergencies through the API, on both databases: declared, commanded, worked through, told of, over, reported, learnt from (H)."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from desk.counter import Counter, Person
from desk.stories import until, well
from hotline.pdf import sheets
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.commands import DONE, Answer, SetNotice
from callcenter.events import AnyEvent, Health, IncidentChanged
from callcenter.roles import Role
from callcenter.site.desk import Robot
from callcenter.site.dialling import Dialling
from crm.clocks.models import TicketClock
from crm.dialling.models import DialTask
from crm.dialling.schemas import Outcome, Result
from crm.households.models import Household, PhoneNumber
from crm.households.models import Person as Resident
from crm.incidents.declared.broadcast import Ringing
from crm.incidents.declared.chat import ChatTexts
from crm.incidents.declared.dialled import Dialled
from crm.incidents.declared.keeper import IncidentKeeper
from crm.incidents.declared.load import types_of
from crm.outbox.models import OutboxEntry
from crm.purposes import purposes
from crm.staff.audit import audit_of
from crm.tickets.models import Ticket


class Outside:
    """What the keeper needs of the others: boards, acd, and whoever rings."""

    def __init__(self) -> None:
        self.told: list[AnyEvent] = []
        self.notices: list[SetNotice] = []
        self.rung: list[Ringing] = []
        self.stopped: list[str] = []
        self.health: list[tuple[str, Health, str]] = []
        self.acd = DONE
        self._dialled = Dialled(Dialling())

    def tell(self, event: AnyEvent) -> None:
        self.told.append(event)

    def ask_acd(self, command: SetNotice) -> Answer:
        if self.acd == DONE:
            self.notices.append(command)
        return Answer("1", self.acd)

    def report(self, component: str, state: Health, detail: str = "") -> None:
        self.health.append((component, state, detail))

    def ask(self, session: Session, wanted: Ringing, now: datetime) -> bool:
        """As crm does it: what is asked for is a task of crm/dialling."""
        self.rung.append(wanted)
        return self._dialled.ask(session, wanted, now)

    def stop(self, session: Session, subject: str, now: datetime) -> None:
        self.stopped.append(subject)
        self._dialled.stop(session, subject, now)


@pytest.fixture
def counter(migrated_url: str, tmp_path: Path) -> Iterator[Counter]:
    made = Counter(migrated_url, tmp_path)
    yield made
    made.close()


@pytest.fixture
def outside() -> Outside:
    return Outside()


def keeper(counter: Counter, outside: Outside) -> IncidentKeeper:
    """As a process that has just been started."""
    estate = counter.site.estates[0]
    named = estate.model_copy(update={"name": estate.name.model_copy(update={"zh": "江湾"})})
    site = counter.site.model_copy(update={"estates": (named,)})
    types = types_of(counter.settings.site_file)
    return IncidentKeeper(counter.database, site, types, counter.clock, outside.report, outside, outside.ask_acd, outside)


def more_homes(counter: Counter, count: int) -> list[int]:
    """In the first building, each with two numbers."""
    with counter.database.writing.begin() as session:
        building = session.get_one(Household, counter.households[0]).building_id
        made = []
        for room in range(count):
            home = Household(building_id=building, estate_id=counter.estates[0], unit="2", room=f"{room}", label=f"3-2-{room}",
                             room_key=f"3-2-{room}", tags=[], language="en" if room == 0 else "zh")
            session.add(home)
            session.flush()
            person = Resident(household_id=home.id, name=f"业主{room}", role="owner",
                              no_call_since=counter.clock.now() if room == 3 else None)
            session.add(person)
            session.flush()
            session.add_all(PhoneNumber(number=f"+86138000000{room}{place}", person_id=person.id, added_at=counter.clock.now(),
                                        place=place) for place in range(2))
            made.append(home.id)
    return made


def acts(found: Any) -> list[tuple[str, Any]]:
    return [(one["what"], one["step"] or one["to"] or one["level"] or "/".join(one["said"])) for one in found["timeline"]]


def step(found: Any, name: str) -> Any:
    return next(one for one in found["steps"] if one["step"] == name)


def does(person: Person, ident: int, name: str, what: str = "done", text: str = "") -> Any:
    return person.ask("POST", f"/emergencies/{ident}/steps/{name}", json={"what": what, "text": text})


def changes(person: Person, ident: int, below: str, version: int | None = None, **given: Any) -> Any:
    if version is None:
        version = person.read(f"/emergencies/{ident}")["emergency"]["version"]
    return person.ask("POST", f"/emergencies/{ident}/{below}", version=version, json=given)


def told(person: Person) -> set[tuple[str, str, str]]:
    return {(one["clock"], one["what"], one["whom"]) for one in person.read("/notices", all=True)["items"]}


def photo() -> bytes:
    """A red dot, as PNG."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = (1).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\xff\0\0")) + chunk(b"IEND", b"")


@pytest.mark.rule("H1")
@pytest.mark.rule("H2")
@pytest.mark.rule("H3")
@pytest.mark.rule("H4")
@pytest.mark.rule("H7")
@pytest.mark.rule("H9")
@pytest.mark.rule("H10")
def test_a_lift_entrapment_from_the_first_call_to_its_lessons(counter: Counter, outside: Outside) -> None:
    agent, lead, boss = (counter.person(role) for role in (Role.AGENT, Role.DUTY_LEAD, Role.MANAGER))
    office = counter.person(Role.OFFICE)
    home = counter.households[0]
    began = counter.clock.now()      # 12:00
    types = agent.read("/emergencies/types")["items"]
    levels = {one["definition"]["type"]: one["levels"] for one in types}
    assert levels["lift-entrapment"] == [2, 3], "worse is not for an agent to say"
    wanted = {"type": "lift-entrapment", "place": "3栋1单元电梯", "what": "两人被困", "household_id": home,
              "contact_number": "13800000001", "happened_at": (began - timedelta(minutes=5)).isoformat()}
    refused = agent.ask("POST", "/emergencies", json=wanted | {"level": 1})
    assert refused.status_code == 403
    assert agent.ask("POST", "/emergencies", json=wanted | {"place": ""}).json()["faults"][0]["where"] == ["fields", "place"]
    first = well(agent.ask("POST", "/emergencies", key="one", json=wanted))
    assert well(agent.ask("POST", "/emergencies", key="one", json=wanted)) == first, "declared once"
    of = first["emergency"]
    ident = of["emergency_id"]
    assert [of[one] for one in ("level", "commander", "phase", "estate", "notice")] == [
        2, "agent", "active", "江湾", "incident-known"]
    ticket = agent.read(f"/tickets/{of['ticket_id']}")
    ticket = ticket["ticket"]
    assert (ticket["kind"], ticket["category"], ticket["number"]) == ("emergency", "lift", of["number"])
    known = agent.read("/tickets/known", household_id=home)["candidates"]
    assert [(one["ticket_id"], one["marked"]) for one in known] == [(of["ticket_id"], True)], "further calls are recognised (H6)"
    assert first["script"] == "lift"
    seconds = {one["step"]: (datetime.fromisoformat(one["due_at"]) - began).total_seconds()
               for one in first["steps"] if one["due_at"]}
    assert {name: seconds[name] for name in ("scene_duty", "scene_lead", "scene_others", "talk")} == {
        "scene_duty": 180, "scene_lead": 300, "scene_others": 600, "talk": 60}
    assert step(first, "release")["standing"] == "waiting"
    assert "fire_brigade" not in {one["step"] for one in first["steps"]}
    assert ("h:scene_lead", "told", "duty_lead") in told(lead)

    found = well(agent.ask("POST", f"/emergencies/{ident}/conditions", json={"conditions": ["children"]}))
    assert (found["emergency"]["level"], step(found, "fire_brigade")["standing"]) == (1, "open"), "raised at once (H9)"
    well(does(agent, ident, "talk"))
    kept = keeper(counter, outside)
    kept.step()
    until(counter, began + timedelta(seconds=200))
    kept.step()
    found = agent.read(f"/emergencies/{ident}")
    late = {one["step"] for one in found["steps"] if one["is_late"]}
    assert late == {"scene_duty", "lift_company", "fire_brigade", "ambulance"}
    assert found["emergency"]["steps_late"] == 4
    assert ("late", "scene_duty") in acts(found)
    assert {("h:fire_brigade", "broken", "manager")} <= told(boss), "of the worst, the centre manager hears at once"
    shown = outside.told[-1]
    assert isinstance(shown, IncidentChanged)
    board = shown.incident
    assert (board.level, board.steps_late, board.estate, board.commander) == (1, 4, "江湾", "agent")
    kept.step()
    assert len(outside.told) == 2, "told again after some seconds"

    version = found["emergency"]["version"]
    assert changes(office, ident, "hand-over", version, to="duty_lead").status_code == 403
    handed = well(changes(agent, ident, "hand-over", version, to="duty_lead", why="到场"))
    assert handed["emergency"]["commander"] == "duty_lead"
    assert changes(agent, ident, "hand-over", version, to="manager").status_code == 412
    assert changes(agent, ident, "level", level=2).status_code == 403, "one commander at a time (H4)"
    assert changes(lead, ident, "hand-over", to="nobody").status_code == 422
    elsewhere = counter.person(Role.LEADER, "elsewhere", [counter.estates[1]])
    assert changes(lead, ident, "hand-over", to="elsewhere").status_code == 422
    assert elsewhere.ask("GET", f"/emergencies/{ident}").status_code == 404
    assert elsewhere.read("/emergencies")["items"] == []

    tied = {"household_id": home, "contact_number": "13800000001"}
    well(agent.ask("POST", f"/tickets/{of['ticket_id']}/calls", json=tied))
    well(does(office, ident, "scene_duty"))
    assert does(office, ident, "scene_duty").json()["code"] == "emergency_state"
    assert agent.read(f"/tickets/{of['ticket_id']}")["ticket"]["stage"] == "on_scene"
    assert does(agent, ident, "release").status_code == 409, "it waits for another step"
    for name in ("scene_lead", "scene_others", "lift_company", "fire_brigade", "ambulance", "locate", "release", "care",
                 "stop_lift"):
        counter.clock.advance(10)
        well(does(agent, ident, name, "begun"))
        found = well(does(agent, ident, name))
    assert found["hindering"] == ["record:rescued", "record:started"]
    refused = changes(lead, ident, "over", text="全部救出")
    assert (refused.status_code, refused.json()["code"]) == (409, "emergency_open")
    for name, value in (("started", "2026-11-22T12:04:00+08:00"), ("rescued", "2026-11-22T12:07:00+08:00"),
                        ("hospital", "市一院")):
        well(agent.ask("POST", f"/emergencies/{ident}/records", json={"record": name, "value": value}))
    assert agent.ask("POST", f"/emergencies/{ident}/records", json={"record": "rescued", "value": "noon"}).status_code == 422
    over = well(changes(lead, ident, "over", text="两人平安救出"))
    assert over["left"] == ["causes", "lessons", "insurance", "followed_up", "report"]
    assert agent.read(f"/tickets/{of['ticket_id']}")["ticket"]["stage"] == "over"
    with counter.database.reading() as session:
        assert session.scalars(select(Ticket.kind).where(Ticket.cause.startswith("over:ticket"))).all() == ["callback"]
        running = select(TicketClock.clock).where(TicketClock.clock.like("h:%"), TicketClock.ended_at.is_(None))
        assert session.scalars(running).all() == ["h:report"]
    kept.step()
    assert any(isinstance(one, IncidentChanged) and one.incident.over_at for one in outside.told), "the boards hear that it is over"

    # --- the report (H7): happened 11:55, due 18:00
    assert over["emergency"]["report_due_at"] == "2026-11-22T10:00:00Z"
    name = {"name": "现场.png"}
    assert agent.ask("POST", f"/tickets/{of['ticket_id']}/attachments", params=name, content=photo()).status_code == 201
    draft = well(changes(agent, ident, "report"))
    assert "宣布，2 级" in draft["course"]
    assert "超时未完成：值班人员到达现场" in draft["course"]
    assert "指挥移交给 duty_lead – 到场" in draft["course"]
    assert (draft["photos"], draft["state"], draft["is_late"]) == (1, "draft", False)
    assert changes(lead, ident, "report/sign", draft["version"]).json()["faults"][0]["where"] == ["fields", "conclusion"]
    conclusion = {"conclusion": "门机故障，已修复。"}
    worded = well(agent.ask("PATCH", f"/emergencies/{ident}/report", version=draft["version"], json=conclusion))
    until(counter, datetime.fromisoformat(over["emergency"]["report_due_at"]) + timedelta(minutes=1))
    assert ("h:report", "broken", "duty_lead") in told(lead), "late, it is told of"
    signed = well(changes(lead, ident, "report/sign", worded["version"]))
    assert (signed["signed_by"], signed["is_late"]) == ("duty_lead", True)
    assert changes(lead, ident, "report/approve").json()["code"] == "own_report"
    assert changes(agent, ident, "report/approve").status_code == 403
    approved = well(changes(boss, ident, "report/approve"))
    assert changes(agent, ident, "report").json()["code"] == "emergency_state"
    paper = agent.ask("GET", f"/emergencies/{ident}/report.pdf")
    assert paper.headers["content-type"] == "application/pdf"
    words = "".join(sheets(paper.content))
    for part in ("突发事件报告", "门机故障，已修复。", "现场.png", "duty_lead", "manager", "超过规定时间提交"):
        assert part in words.replace("\n", ""), part
    kept_file = agent.ask("GET", f"/tickets/{of['ticket_id']}/attachments/{approved['attachment_id']}")
    assert kept_file.content[:5] == b"%PDF-"

    # --- afterwards (H10)
    well(changes(lead, ident, "learnt", causes="门锁磨损", lessons="每月检查门锁", insurance="无损失"))
    assert changes(lead, ident, "close").json()["code"] == "emergency_open"
    after = well(changes(lead, ident, "follow-ups"))
    assert after["left"] == []
    followed = [one for one in lead.read("/tickets", kind="followup")["items"] if one["household_id"] == home]
    assert [one["category"] for one in followed] == ["incident"]
    closed = well(changes(lead, ident, "close"))
    assert closed["emergency"]["phase"] == "closed"
    assert [what for what, _ in acts(closed)][:3] == ["declared", "conditions", "done"]
    assert ("called", "1") in acts(closed), "calls that were tied are in the timeline"
    assert ("handed_over", "duty_lead") in acts(closed)
    page = lead.read(f"/emergencies/{ident}/timeline", limit=2)
    assert [one["place"] for one in page["items"]] == [1, 2]
    assert lead.read(f"/emergencies/{ident}/timeline", limit=2, cursor=page["next"])["items"][0]["place"] == 3
    with counter.database.reading() as session:
        assert {one.action for one in audit_of(session, f"emergency:{ident}")} == {
            "emergency.declared", "emergency.handed_over", "emergency.over", "emergency.report_signed", "emergency.report_approved",
            "emergency.closed"}
        assert {"emergency.declared", "emergency.handed_over", "emergency.over", "emergency.closed", "emergency.changed"} <= set(
            session.scalars(select(OutboxEntry.what)))


@pytest.mark.rule("H1")
@pytest.mark.rule("H5", part="asked for, counted, told in chat groups and by a notice; the ringing itself is crm/dialling's")
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
    assert outside.rung[0].prompts == ("broadcast-hello", "incident-known", "broadcast-confirm")
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
    with counter.database.writing.begin() as session:
        [letter] = ChatTexts().take(session, counter.clock.now())
        assert (letter.channel, letter.message.subject("zh")[:4]) == ("robot:owners", "【演练】")
        assert letter.message.subject("en").startswith("[Drill]")
        ChatTexts().sent(session, letter, counter.clock.now())
        assert ChatTexts().take(session, counter.clock.now() + timedelta(minutes=5)) == []
    assert well(lead.ask("GET", f"/emergencies/{ident}/chat"))["sent"][0]["sent_at"] is not None
    refused = lead.ask("POST", "/emergencies", json=wanted | {"ticket_id": None, "place": "x", "what": "y", "notice": "welcome"})
    assert refused.json()["code"] == "no_prompt"
    event = outside.told[-1]
    assert isinstance(event, IncidentChanged)
    assert event.incident.drill
