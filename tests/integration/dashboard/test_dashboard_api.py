"""The HTTP API of a running dashboard, on a real database."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hotline.own_redis import Redis
from wall.rig import PASSWORD, DashboardThread, signed_in

from callcenter.roles import Role
from callcenter.settings import Settings
from crm.calls.models import CallRow, ContactEntry
from crm.database import open_database
from crm.staff.actor import SYSTEM
from crm.staff.audit import audit_of
from crm.tickets.schemas import NewTicket
from crm.tickets.service import open_ticket

Rig = tuple[Redis, Settings, DashboardThread]
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
CALLS = {"node1-1.1": ("repair", "answered", "1001"), "node1-2.2": ("repair", "abandoned", None),
         "node1-3.3": ("enquiry", "answered", "1005")}


def row(call_id: str, entered_at: datetime, queue: str, outcome: str, seat: str | None, **more: Any) -> CallRow:
    answered = entered_at + timedelta(seconds=12) if seat else None
    return CallRow(
        call_id=call_id, node="node1", dialled="8000", number="+8613800138001", menu_keys=["1"], queue=queue, stage=0,
        entered_at=entered_at, queued_at=entered_at, rang_at=entered_at, answered_at=answered,
        ended_at=entered_at + timedelta(seconds=90), answered_by=seat, seats_rung=[], outcome=outcome, wait_s=12.0,
        talk_s=60.0 if seat else None, fold={}, **more)


@pytest.fixture(scope="module")
def filled(rig: Rig) -> Rig:
    _, settings, _ = rig
    folder = settings.recordings / "2026/11/22"
    folder.mkdir(parents=True)
    with wave.open(str(folder / "node1-1.1.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\1\2" * 8000)
    database = open_database(settings.database_url)
    with database.writing.begin() as session:
        for place, (call_id, (queue, outcome, seat)) in enumerate(CALLS.items()):
            kept = {"recording": "2026/11/22/node1-1.1.wav", "recording_state": "kept", "recording_sha256": "0" * 64,
                    "recording_bytes": 16044, "recording_s": 1.0} if call_id == "node1-1.1" else {}
            session.add(row(call_id, NOON + timedelta(minutes=place), queue, outcome, seat, **kept))
        session.add(row("node1-0.0", NOON - timedelta(days=1), "repair", "answered", "1001",
                        recording="../../secrets.json", recording_state="kept", recording_sha256="0" * 64))
        for seat in ("1001", "1005"):
            session.add(ContactEntry(source="call", seat=seat, at=NOON, contact="+8613800138001", declined_contact=False))
        for number in range(3):
            open_ticket(session, SYSTEM, NewTicket("repair", cause=f"test:{number}"), NOON, UTC)
    database.close()
    return rig


@pytest.fixture
def leader(filled: Rig) -> Iterator[httpx.Client]:
    with signed_in(filled[2].url, Role.LEADER) as client:
        yield client


@pytest.fixture
def agent(filled: Rig) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=filled[2].url, timeout=60) as client:
        credentials = {"name": "agent", "password": PASSWORD, "seat": "1001"}
        assert client.post("/api/v1/session", json=credentials).status_code == 201
        yield client


def problem_of(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["type"] == f"urn:sixring:problem:{body['code']}"
    return answer.status_code, body["code"]


def audited(rig: Rig, subject: str) -> list[tuple[str, str]]:
    database = open_database(rig[1].database_url)
    with database.reading() as session:
        found = [(entry.who, entry.action) for entry in audit_of(session, subject)]
    database.close()
    return found


def test_signing_in_gives_a_cookie_that_no_script_and_no_other_site_gets(filled: Rig) -> None:
    with httpx.Client(base_url=filled[2].url, timeout=60) as client:
        answer = client.post("/api/v1/session", json={"name": "manager", "password": PASSWORD})
        attributes = {part.strip().lower() for part in answer.headers["set-cookie"].split(";")[1:]}
        assert {"httponly", "samesite=strict", "path=/"} <= attributes
        shown = client.get("/api/v1/session").json()
        assert (shown["name"], shown["roles"], shown["sees_callers"]) == ("manager", ["manager"], True)
        assert shown["site"]["company"]["zh"] == "安和物业"
        assert client.delete("/api/v1/session").status_code == 204
        assert problem_of(client.get("/api/v1/session")) == (401, "unauthenticated")
    assert audited(filled, "user:manager") == [("manager", "session.closed"), ("manager", "session.opened")]


def test_an_ended_session_stays_ended_for_whoever_kept_the_cookie(filled: Rig) -> None:
    with signed_in(filled[2].url, Role.SUPERVISOR) as client:
        kept = dict(client.cookies)
        client.delete("/api/v1/session")
        assert httpx.get(f"{filled[2].url}/api/v1/session", cookies=kept, timeout=60).status_code == 401


def test_wrong_passwords_are_refused_logged_and_then_throttled(filled: Rig) -> None:
    with httpx.Client(base_url=filled[2].url, timeout=60) as client:
        wrong = {"name": "spokesperson", "password": "not this one"}
        tries = [problem_of(client.post("/api/v1/session", json=wrong)) for _ in range(6)]
        assert tries == [(401, "wrong_credentials")] * 5 + [(429, "too_many_requests")]
        right = client.post("/api/v1/session", json=wrong | {"password": PASSWORD})
        assert problem_of(right)[0] == 429
        assert int(right.headers["retry-after"]) > 60
    assert audited(filled, "user:spokesperson") == [("spokesperson", "session.refused")] * 5, "nobody fills it from outside"


def test_a_request_that_a_foreign_page_makes_a_browser_send_is_refused(leader: httpx.Client) -> None:
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
                    {"Sec-Fetch-Site": "same-site"}):
        assert problem_of(leader.delete("/api/v1/session", headers=headers)) == (403, "foreign_origin")
    assert leader.get("/api/v1/session").status_code == 200


def test_errors_are_problems_and_do_not_repeat_what_was_sent(leader: httpx.Client) -> None:
    assert problem_of(leader.get("/api/v1/nothing")) == (404, "not_found")
    assert problem_of(leader.put("/api/v1/session")) == (405, "method_not_allowed")
    unfit = leader.post("/api/v1/session", json={"name": "x" * 41, "password": "s3cret" * 50})
    assert problem_of(unfit) == (422, "invalid")
    assert "s3cret" not in unfit.text
    assert {tuple(fault["where"]) for fault in unfit.json()["faults"]} == {("body", "name"), ("body", "password")}


def test_every_answer_has_the_security_headers(leader: httpx.Client) -> None:
    for path in ("/", "/api/v1/session", "/api/v1/nothing", "/healthz"):
        headers = leader.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
    assert leader.get("/api/v1/session").headers["cache-control"] == "no-store"


def test_calls_are_listed_newest_first_by_day_queue_and_outcome(leader: httpx.Client) -> None:
    def ids(**query: str) -> list[str]:
        return [call["call_id"] for call in leader.get("/api/v1/calls", params=query).json()["calls"]]
    assert ids() == ["node1-3.3", "node1-2.2", "node1-1.1", "node1-0.0"]
    assert ids(day="2026-11-22") == ["node1-3.3", "node1-2.2", "node1-1.1"]
    assert ids(day="2026-11-22", queue="repair") == ["node1-2.2", "node1-1.1"]
    assert ids(day="2026-11-22", outcome="abandoned") == ["node1-2.2"]
    assert ids(day="2026-11-20") == []
    assert problem_of(leader.get("/api/v1/calls", params={"outcome": "vanished"})) == (422, "invalid")


def test_pages_of_calls_have_each_call_once(leader: httpx.Client) -> None:
    first = leader.get("/api/v1/calls", params={"limit": 3}).json()
    second = leader.get("/api/v1/calls", params={"limit": 3, "before": first["next_before"]}).json()
    assert [call["call_id"] for call in first["calls"] + second["calls"]] == [
        "node1-3.3", "node1-2.2", "node1-1.1", "node1-0.0"]
    assert second["next_before"] is None


@pytest.mark.rule("K1", part="the API's part only")
def test_an_agent_sees_the_calls_and_entries_of_their_own_seat(agent: httpx.Client) -> None:
    assert [call["answered_by"] for call in agent.get("/api/v1/calls").json()["calls"]] == ["1001", "1001"]
    assert problem_of(agent.get("/api/v1/calls/node1-3.3")) == (403, "forbidden")
    assert {entry["seat"] for entry in agent.get("/api/v1/contact-log").json()["entries"]} == {"1001"}


@pytest.mark.rule("A8", part="listening only")
def test_a_recording_is_sent_by_range_and_each_listening_is_logged(filled: Rig, leader: httpx.Client) -> None:
    path = "/api/v1/calls/node1-1.1/recording"
    whole = leader.get(path)
    assert (whole.status_code, whole.headers["content-type"], whole.content[:4]) == (200, "audio/wav", b"RIFF")
    part = leader.get(path, headers={"Range": "bytes=44-143"})
    assert (part.status_code, part.content) == (206, whole.content[44:144])
    assert audited(filled, "call:node1-1.1") == [("leader", "recording.listened")]


def test_a_recording_that_is_not_there_or_elsewhere_is_not_sent(leader: httpx.Client) -> None:
    assert problem_of(leader.get("/api/v1/calls/node1-2.2/recording")) == (404, "recording_missing")
    assert problem_of(leader.get("/api/v1/calls/node1-0.0/recording")) == (404, "recording_missing")
    assert problem_of(leader.get("/api/v1/calls/node1-9.9/recording")) == (404, "not_found")


@pytest.mark.rule("A5", part="completing an entry over the API")
def test_an_agent_completes_the_entry_of_a_call_also_for_a_caller_who_leaves_no_contact(agent: httpx.Client) -> None:
    entry = agent.get("/api/v1/contact-log", params={"completed": False}).json()["entries"][0]
    path = f"/api/v1/contact-log/{entry['entry_id']}"
    given = {"room": "云栖 3栋1201", "matter": "水管漏水", "kind": "repair", "result": "已派工"}
    assert problem_of(agent.patch(path, json=given)) == (422, "contact_missing")
    done = agent.patch(path, json=given | {"declined_contact": True}).json()
    assert (done["matter"], done["contact"], done["declined_contact"]) == ("水管漏水", None, True)
    assert done["completed_at"] is not None
    assert agent.get("/api/v1/contact-log", params={"completed": False}).json()["entries"] == []
    unknown = agent.patch(path, json=given | {"contact": "1", "household_id": 999_999})
    assert problem_of(unknown) == (409, "conflict")


def test_an_agent_does_not_write_into_the_entry_of_another_seat(agent: httpx.Client, leader: httpx.Client) -> None:
    other = next(entry for entry in leader.get("/api/v1/contact-log").json()["entries"] if entry["seat"] == "1005")
    given = {"contact": "1", "matter": "x", "kind": "other", "result": "y"}
    assert problem_of(agent.patch(f"/api/v1/contact-log/{other['entry_id']}", json=given)) == (403, "forbidden")
    assert problem_of(agent.patch("/api/v1/contact-log/9999", json=given)) == (404, "not_found")


def test_tickets_come_in_pages(leader: httpx.Client) -> None:
    first = leader.get("/api/v1/tickets", params={"limit": 2, "kind": "repair"}).json()
    second = leader.get("/api/v1/tickets", params={"limit": 2, "cursor": first["next"]}).json()
    numbers = [ticket["number"] for ticket in first["items"] + second["items"]]
    assert numbers == ["RE20261122-0003", "RE20261122-0002", "RE20261122-0001"]
    assert second["next"] is None


def test_figures_of_a_day_are_counted_for_each_queue(leader: httpx.Client) -> None:
    figures = leader.get("/api/v1/figures", params={"day": "2026-11-22"}).json()
    assert [(of["queue"], of["offered"], of["answered"]) for of in figures["queues"]] == [
        ("repair", 2, 1), ("complaint", 0, 0), ("enquiry", 1, 1)]


def test_health_is_for_staff_and_the_probe_says_nothing(leader: httpx.Client, filled: Rig) -> None:
    health = leader.get("/api/v1/health").json()
    assert (health["database"], health["live"]["cause"]) == ("ok", "no_board")
    probe = httpx.get(f"{filled[2].url}/healthz", timeout=60)
    assert (probe.status_code, probe.content) == (200, b"")
    with signed_in(filled[2].url, Role.WALLBOARD) as wall:
        for path in ("health", "calls", "calls/node1-1.1/recording", "contact-log", "tickets"):
            assert problem_of(wall.get(f"/api/v1/{path}")) == (403, "forbidden")


def test_the_api_describes_its_errors(leader: httpx.Client) -> None:
    document = leader.get("/openapi.json").json()
    assert {"Problem", "FieldFault"} <= document["components"]["schemas"].keys()
    for path, methods in document["paths"].items():
        for operation in methods.values():
            errors = [answer for status, answer in operation["responses"].items() if status.startswith(("4", "5"))]
            assert path == "/healthz" or errors
            for answer in errors:
                assert list(answer["content"]) == ["application/problem+json"], path
