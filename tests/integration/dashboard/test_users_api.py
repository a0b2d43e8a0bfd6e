"""Users and their estates over the API; the audit, read and checked; private values, masked and shown with a reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from hotline.own_redis import Redis
from sqlalchemy import text
from typer.testing import CliRunner, Result
from wall.rig import PASSWORD, DashboardThread, signed_in

from callcenter.roles import Role
from callcenter.runtime.credentials import keep_secrets
from callcenter.settings import Settings
from crm.__main__ import app
from crm.calls.models import CallRow
from crm.database import open_database
from crm.households.models import Estate

Rig = tuple[Redis, Settings, DashboardThread]
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def filled(rig: Rig) -> Rig:
    database = open_database(rig[1].database_url)
    with database.writing.begin() as session:
        session.add_all([Estate(id=1, name="云栖"), Estate(id=2, name="江湾", name_en="River Bay")])
        session.add(CallRow(call_id="node1-1.1", node="node1", number="+8613812346666", menu_keys=[], queue="repair", stage=0,
                            entered_at=NOON, seats_rung=[], outcome="answered", answered_by="1001", fold={}))
    database.close()
    return rig


@pytest.fixture
def admin(filled: Rig) -> Iterator[httpx.Client]:
    with signed_in(filled[2].url, Role.ADMIN) as client:
        yield client


def crm(rig: Rig, *words: str) -> Result:
    """As `python -m crm …`, without the start of a process each time."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SIXRING_STATE", str(rig[1].state))
        return CliRunner().invoke(app, list(words), input=f"{PASSWORD}\n")


@pytest.mark.rule("C9", part="a user who is disabled is out at once")
@pytest.mark.rule("K1", part="roles and estates of a user")
def test_an_administrator_makes_a_user_and_changes_roles_and_estates(admin: httpx.Client, filled: Rig) -> None:
    made = admin.post("/api/v1/users", json={"name": "fang", "roles": ["office"], "password": PASSWORD, "estates": [1]})
    assert (made.status_code, made.json()) == (201, {"name": "fang", "roles": ["office"], "estates": [1], "active": True,
                                                     "superior": None})
    sign_in = {"name": "fang", "password": PASSWORD}
    opened = httpx.post(f"{filled[2].url}/api/v1/session", json=sign_in, timeout=60)
    assert opened.status_code == 201
    assert admin.patch("/api/v1/users/fang", json={"estates": [1, 2]}).json()["estates"] == [1, 2]
    assert admin.patch("/api/v1/users/fang", json={"roles": ["engineer"]}).json()["estates"] == [1, 2]
    assert admin.patch("/api/v1/users/fang", json={"estates": None}).json()["estates"] is None
    assert admin.patch("/api/v1/users/fang", json={"active": False}).json()["active"] is False
    assert httpx.get(f"{filled[2].url}/api/v1/session", cookies=opened.cookies, timeout=60).status_code == 401, "at once"
    assert httpx.post(f"{filled[2].url}/api/v1/session", json=sign_in, timeout=60).status_code == 401
    [listed] = [user for user in admin.get("/api/v1/users").json()["users"] if user["name"] == "fang"]
    assert listed == {"name": "fang", "roles": ["engineer"], "estates": None, "active": False, "superior": None}
    written = admin.get("/api/v1/audit", params={"subject": "user:fang"}).json()["items"]
    assert [row["action"] for row in reversed(written)] == [
        "user.created", "session.opened", "user.changed", "user.changed", "user.changed", "user.changed", "session.refused"]
    assert PASSWORD not in json.dumps(written)


@pytest.mark.parametrize(("given", "expected"), [
    ({"name": "wu", "roles": ["office"], "password": PASSWORD, "estates": [99]}, (422, "unknown_estate")),
    ({"name": "wu", "roles": ["office"], "password": "short"}, (422, "weak_password")),
    ({"name": "wu", "roles": [], "password": PASSWORD}, (422, "invalid")),
    ({"name": "admin", "roles": ["office"], "password": PASSWORD}, (409, "conflict")),
])
def test_a_user_that_cannot_be_is_refused(admin: httpx.Client, given: dict[str, object], expected: tuple[int, str]) -> None:
    answer = admin.post("/api/v1/users", json=given)
    assert (answer.status_code, answer.json()["code"]) == expected


def test_the_last_administrator_stays(admin: httpx.Client) -> None:
    for change in ({"roles": ["agent"]}, {"active": False}):
        answer = admin.patch("/api/v1/users/admin", json=change)
        assert (answer.status_code, answer.json()["code"]) == (409, "last_admin")
    assert admin.get("/api/v1/users").status_code == 200


def test_the_console_does_the_same_by_names(filled: Rig) -> None:
    made = crm(filled, "user", "add", "lin", "--role", "office", "--password-stdin", "--estate", "River Bay", "--estate", "云栖")
    assert made.exit_code == 0, made.stderr
    assert "lin\toffice\tactive\t1,2" in crm(filled, "user", "list").stdout.splitlines()
    assert crm(filled, "user", "change", "lin", "--all-estates", "--role", "agent").exit_code == 0
    assert "lin\tagent\tactive\tall" in crm(filled, "user", "list").stdout.splitlines()
    unknown = crm(filled, "user", "change", "lin", "--estate", "nowhere")
    assert (unknown.exit_code, unknown.stderr.strip()) == (1, "nowhere")


@pytest.mark.rule("K1", part="private values are masked, and shown with a reason")
def test_a_number_is_masked_and_shown_for_a_reason_which_is_logged(filled: Rig, admin: httpx.Client) -> None:
    with signed_in(filled[2].url, Role.LEADER) as leader:
        assert leader.get("/api/v1/calls/node1-1.1").json()["number"] == "138****6666"
        path = "/api/v1/calls/node1-1.1/reveal"
        assert leader.post(path, json={"field": "number", "reason": " "}).status_code == 422
        shown = leader.post(path, json={"field": "number", "reason": "约上门"})
        assert (shown.status_code, shown.json()) == (200, {"value": "+8613812346666"})
        nothing = leader.post(path, json={"field": "callback_number", "reason": "x"})
        assert (nothing.status_code, nothing.json()["code"]) == (404, "not_found")
    [row] = admin.get("/api/v1/audit", params={"subject": "call:node1-1.1", "action": "privacy.revealed"}).json()["items"]
    assert (row["who"], json.loads(row["detail"])) == ("leader", {"field": "number", "reason": "约上门"})


def test_the_audit_comes_in_pages_by_who_and_time(admin: httpx.Client) -> None:
    first = admin.get("/api/v1/audit", params={"who": "admin", "limit": 2}).json()
    second = admin.get("/api/v1/audit", params={"who": "admin", "limit": 2, "cursor": first["next"]}).json()
    ids = [row["id"] for row in first["items"] + second["items"]]
    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == 4
    assert {row["who"] for row in first["items"] + second["items"]} == {"admin"}
    assert admin.get("/api/v1/audit", params={"to": NOON.isoformat()}).json() == {"items": [], "next": None}


def test_the_console_says_whether_the_audit_is_whole(own_rig: Rig) -> None:
    own_rig[2].stop()
    keep_secrets(own_rig[1].secrets_file, ["audit"])
    crm(own_rig, "migrate")
    assert crm(own_rig, "user", "change", "office", "--role", "engineer").exit_code == 0
    whole = crm(own_rig, "audit", "verify")
    assert (whole.exit_code, whole.stdout.strip()) == (0, "1 rows, newest 1: whole")
    database = open_database(own_rig[1].database_url)
    with database.writing.begin() as session:
        session.execute(text("DROP TRIGGER audit_not_edited"))
        session.execute(text("UPDATE audit SET detail = '{}'"))
    database.close()
    broken = crm(own_rig, "audit", "verify")
    assert (broken.exit_code, broken.stdout.strip()) == (1, "1 rows, newest 1: BROKEN")
    assert broken.stderr.strip().splitlines()[-1] == "edited at 1 (id 1)"
