"""`/agents`: who sees them, who changes them, and what a change leaves behind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hotline.own_redis import Redis
from wall.rig import PASSWORD, DashboardThread, signed_in

from callcenter.roles import Role
from callcenter.settings import Settings
from callcenter.site import load_site
from crm.agentlog.models import AgentStateRow, SeatFault
from crm.database import open_database
from crm.staff.agents import check_pin, compare_pin, roster
from crm.staff.audit import audit_of
from dashboard.access import DESK, FAULTS, STAFFING

Rig = tuple[Redis, Settings, DashboardThread]
NEW = {"code": "901", "name": "周航", "skills": {"repair": 2}, "languages": ["zh", "en"], "user": "agent"}


@pytest.fixture(scope="module")
def made(rig: Rig) -> dict[str, str]:
    """Agent 901, made by a supervisor over the API; the answer's PIN."""
    with signed_in(rig[2].url, Role.SUPERVISOR) as client:
        answer = client.post("/api/v1/agents", json=NEW)
        assert answer.status_code == 201, answer.text
        body = answer.json()
        assert body["agent"] | {"user": "agent", "has_pin": True, "active": True} == body["agent"]
        return {"pin": body["pin"]}


@pytest.fixture
def supervisor(rig: Rig, made: dict[str, str]) -> Iterator[httpx.Client]:
    with signed_in(rig[2].url, Role.SUPERVISOR) as client:
        yield client


@pytest.mark.rule("K1", part="agents and their skills: who sees, who changes")
def test_the_desk_sees_agents_and_only_those_who_staff_it_change_them(rig: Rig, made: dict[str, str]) -> None:
    sees, changes = set(), set()
    for role in Role:
        if role is Role.SPOKESPERSON:
            continue    # another test of this module's rig may have locked it out
        with signed_in(rig[2].url, role) as client:
            if client.get("/api/v1/agents").status_code == 200:
                sees.add(role)
            answers = {client.patch("/api/v1/agents/901", json={"name": "周航"}).status_code,
                       client.post("/api/v1/agents", json=NEW).status_code}
            if answers == {200, 409}:
                changes.add(role)
            else:
                assert answers == {403}, role
    assert sees == DESK
    assert changes == STAFFING


def test_a_changed_agent_is_what_acd_will_be_told_and_the_change_is_audited(rig: Rig, supervisor: httpx.Client) -> None:
    answer = supervisor.patch("/api/v1/agents/901", json={"skills": {"complaint": 1}, "leader": True, "user": ""})
    assert (answer.status_code, answer.json()["user"]) == (200, None)
    database = open_database(rig[1].database_url)
    with database.reading() as session:
        agent = roster(session).agents["901"]
        assert (agent.skills, agent.leader, agent.languages) == ({"complaint": 1}, True, ("zh", "en"))
        last = audit_of(session, "agent:901")[0]
        assert (last.who, last.action) == ("supervisor", "agent.changed")
    database.close()


def test_a_pin_is_shown_once_and_a_new_one_voids_it(rig: Rig, made: dict[str, str], supervisor: httpx.Client) -> None:
    answer = supervisor.post("/api/v1/agents/901/pin")
    assert answer.status_code == 200
    assert "pin" not in supervisor.get("/api/v1/agents").json()["agents"][0]
    database = open_database(rig[1].database_url)
    with database.writing.begin() as session:
        now = audit_of(session, "agent:901")[0].at
        assert check_pin(session, "901", compare_pin(session, "901", answer.json()["pin"], now), now)
        assert compare_pin(session, "901", made["pin"], now) is None
    database.close()


@pytest.mark.parametrize(("change", "status", "code"), [
    ({"skills": {"nothing": 1}}, 422, "unknown_in_site"),
    ({"skills": {"repair": 10}}, 422, "invalid"),
    ({"user": "nobody"}, 404, "not_found"),
    ({"nmae": "x"}, 422, "invalid"),
])
def test_what_does_not_fit_is_refused_with_a_code(
        supervisor: httpx.Client, change: dict[str, object], status: int, code: str) -> None:
    answer = supervisor.patch("/api/v1/agents/901", json=change)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert supervisor.patch("/api/v1/agents/999", json={"name": "x"}).json()["code"] == "not_found"


NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
DAY = {"day": "2026-11-22"}


@pytest.fixture
def own(rig: Rig, supervisor: httpx.Client) -> str:
    """The code of the agent whom user `agent` is, at seat 1001; two minutes of its log and a fault are there."""
    code = "901" if load_site(rig[1].site_file).free_seating else "1001"
    supervisor.patch("/api/v1/agents/901", json={"user": "agent"}).raise_for_status()
    database = open_database(rig[1].database_url)
    with database.writing.begin() as session:
        session.add(AgentStateRow(node="node1", agent=code, seat="1001", state="paused", reason="meal", by="agent",
                                  began_at=NOON, ended_at=NOON + timedelta(minutes=2)))
        session.add(SeatFault(node="node1", seat="1001", agent=code, began_at=NOON, ended_at=NOON + timedelta(minutes=1)))
    database.close()
    return code


@pytest.mark.rule("K2", part="the agent log: an agent sees its own")
def test_an_agent_sees_its_own_log_and_a_leader_everybodys(rig: Rig, own: str) -> None:
    with httpx.Client(base_url=rig[2].url, timeout=60) as agent, signed_in(rig[2].url, Role.LEADER) as leader:
        agent.post("/api/v1/session", json={"name": "agent", "password": PASSWORD, "seat": "1001"}).raise_for_status()
        seen = agent.get(f"/api/v1/agents/{own}/log", params=DAY).json()
        assert [(one["state"], one["reason"], one["by"]) for one in seen["states"]] == [("paused", "meal", "agent")]
        assert [fault["seat"] for fault in seen["faults"]] == ["1001"]
        assert agent.get("/api/v1/agents/1002/log", params=DAY).json()["code"] == "forbidden"
        assert leader.get(f"/api/v1/agents/{own}/log", params=DAY).json() == seen
        assert leader.get(f"/api/v1/agents/{own}/log", params={"day": "2026-11-20"}).json()["states"] == []
        assert leader.get("/api/v1/agents/12/log").json()["states"] == [], "a seat may have two digits"


@pytest.mark.rule("C1", part="who sees the fault log")
def test_leaders_and_those_who_mend_seats_see_the_fault_log(rig: Rig, own: str) -> None:
    for role in (Role.LEADER, Role.OPERATIONS, Role.AGENT, Role.OFFICE):
        with signed_in(rig[2].url, role) as client:
            answer = client.get("/api/v1/seat-faults", params=DAY)
            assert answer.status_code == (200 if role in FAULTS else 403)
            if role in FAULTS:
                assert {(fault["seat"], fault["agent"]) for fault in answer.json()["faults"]} == {("1001", own)}
