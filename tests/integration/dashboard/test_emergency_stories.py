"""An emergency through the API, on both databases: declared, commanded, worked through, over, reported, learnt from (H)."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from desk.counter import Counter
from desk.emergencies import Outside, acts, changes, does, keeper, step, told
from desk.stories import until, well
from hotline.pdf import sheets
from sqlalchemy import select

from callcenter.events import IncidentChanged
from callcenter.roles import Role
from crm.clocks.models import TicketClock
from crm.outbox.models import OutboxEntry
from crm.staff.audit import audit_of
from crm.tickets.models import Ticket


@pytest.fixture
def counter(migrated_url: str, tmp_path: Path) -> Iterator[Counter]:
    made = Counter(migrated_url, tmp_path)
    yield made
    made.close()


@pytest.fixture
def outside() -> Outside:
    return Outside()


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
    assert (board.level, board.steps_late, board.commander) == (1, 4, "agent")
    assert (board.estate, board.estate_id) == ("江湾", counter.estates[0])
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
