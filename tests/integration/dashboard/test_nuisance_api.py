"""`/nuisance`: agents report, leaders decide, everything can be undone and stays written down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hotline.own_redis import Redis
from wall.rig import DashboardThread, signed_in

from callcenter.roles import Role
from callcenter.settings import Settings
from crm.database import open_database
from crm.staff.audit import audit_of, record_audit
from dashboard.access import DESK, LEADS

Rig = tuple[Redis, Settings, DashboardThread]


def report(client: httpx.Client, number: str) -> httpx.Response:
    return client.post("/api/v1/nuisance/reports", json={"number": number, "reason": "silent calls"})


def treat(client: httpx.Client, number: str, level: str, **more: str) -> httpx.Response:
    return client.post("/api/v1/nuisance", json={"number": number, "level": level, "reason": "five calls a day", **more})


def listed(client: httpx.Client, number: str) -> list[tuple[str, str]]:
    found = client.get("/api/v1/nuisance", params={"number": number}).json()["treatments"]
    return [(row["level"], row["state"]) for row in found]


@pytest.mark.rule("D1", part="treated by rule")
def test_an_agent_reports_a_leader_decides_and_lifts_and_each_act_is_audited(rig: Rig) -> None:
    number = "13811110001"
    with signed_in(rig[2].url, Role.AGENT) as agent, signed_in(rig[2].url, Role.LEADER) as leader:
        reported = report(agent, number)
        assert reported.status_code == 201
        assert treat(agent, number, "block").status_code == 403
        given = {"number": number, "level": "block", "reason": "five calls a day"}
        made = leader.post("/api/v1/nuisance", json=given, headers={"Idempotency-Key": "block-1"})
        assert made.status_code == 201, made.text
        twice = leader.post("/api/v1/nuisance", json=given, headers={"Idempotency-Key": "block-1"})
        assert twice.json() == made.json(), "what is sent again is done once"
        assert listed(agent, number) == [("block", "active"), ("warn", "lifted")], "the report is settled with it"
        treatment = made.json()["treatment_id"]
        assert agent.post(f"/api/v1/nuisance/{treatment}/lift", json={"reason": "please"}).status_code == 403
        lifted = leader.post(f"/api/v1/nuisance/{treatment}/lift", json={"reason": "a wrong number"})
        assert (lifted.json()["state"], lifted.json()["lifted_by"]) == ("lifted", "leader")
        again = leader.post(f"/api/v1/nuisance/{treatment}/lift", json={"reason": "a wrong number"})
        assert again.status_code == 409
    database = open_database(rig[1].database_url)
    with database.reading() as session:
        acts = [(entry.action, entry.who) for entry in audit_of(session, f"treatment:{treatment}")]
        reports = [(entry.action, entry.who) for entry in audit_of(session, f"treatment:{reported.json()['treatment_id']}")]
    database.close()
    assert acts == [("caller.lifted", "leader"), ("caller.treated", "leader")]
    assert reports == [("caller.reported", "agent")]


@pytest.mark.rule("K1", part="numbers in treatments and in the audit")
def test_a_number_that_is_lifted_is_masked_and_the_audit_tells_none(rig: Rig) -> None:
    number = "13811110006"
    with signed_in(rig[2].url, Role.LEADER) as leader, signed_in(rig[2].url, Role.MANAGER) as manager:
        assert report(leader, number).status_code == 201
        treatment = treat(leader, number, "warn").json()["treatment_id"]
        lifted = leader.post(f"/api/v1/nuisance/{treatment}/lift", json={"reason": "a wrong number"})
        assert (lifted.status_code, lifted.json()["number"]) == (200, "138****0006")
        database = open_database(rig[1].database_url)
        with database.writing.begin() as session:       # as an older version wrote it
            record_audit(session, at=datetime.now(UTC), who="leader", action="caller.lifted", subject=f"caller:+86{number}")
        database.close()
        audit = manager.get("/api/v1/audit", params={"limit": 500})
        subjects = {row["subject"] for row in audit.json()["items"]}
        assert {f"treatment:{treatment}", "caller:138****0006"} <= subjects
        assert number not in audit.text
        old = manager.get("/api/v1/audit", params={"subject": f"caller:+86{number}"}).json()["items"]
        assert [row["action"] for row in old] == ["caller.lifted"], "who knows the number finds what was done about it"


def test_a_new_level_takes_the_place_of_the_one_before(rig: Rig) -> None:
    number = "13811110002"
    with signed_in(rig[2].url, Role.SUPERVISOR) as supervisor:
        for level in ("warn", "queue", "press"):
            assert treat(supervisor, number, level).status_code == 201
        assert listed(supervisor, number) == [("press", "active"), ("queue", "lifted"), ("warn", "lifted")]


def test_an_end_that_is_over_and_a_number_that_is_none_are_refused(rig: Rig) -> None:
    with signed_in(rig[2].url, Role.LEADER) as leader:
        past = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
        refused = treat(leader, "13811110003", "warn", until=past)
        assert (refused.status_code, refused.json()["code"]) == (422, "until_is_past")
        assert treat(leader, "anonymous", "warn").status_code == 422
        assert leader.post("/api/v1/nuisance/999999/lift", json={"reason": "x"}).status_code == 404


@pytest.mark.parametrize("role", sorted(Role))
def test_each_role_may_do_what_it_may(rig: Rig, role: Role) -> None:
    with signed_in(rig[2].url, role) as client:
        assert (client.get("/api/v1/nuisance").status_code == 200) is (role in DESK)
        assert (report(client, "13811110004").status_code == 201) is (role in DESK)
        assert (treat(client, "13811110005", "warn").status_code == 201) is (role in LEADS)
