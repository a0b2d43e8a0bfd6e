"""The floor's routes: what is asked of acd, for whom, and what becomes of its answers. acd is played by a reader of orders."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
import redis
from hotline.own_redis import Redis
from wall.orders import OrdersReader
from wall.rig import PASSWORD, DashboardThread, Floor, signed_in, until
from wall.scene import busy_floor
from wall.team import agent as shown

from callcenter.commands import (
    AskHelp,
    CancelTransfer,
    CloseQueue,
    Command,
    CompleteTransfer,
    Conference,
    EndHelp,
    ExtendWrapUp,
    JoinOffice,
    Monitor,
    Monitoring,
    MoveCall,
    MoveSeat,
    Park,
    Pause,
    PauseReason,
    PauseRecording,
    Resume,
    ResumeRecording,
    Retrieve,
    SignIn,
    SignOut,
    SwitchLine,
    TakeOver,
    Target,
    Transfer,
)
from callcenter.events import AgentChanged, AgentState, FloorReset
from callcenter.line import LINE_KEY
from callcenter.roles import SEES_BOARD, Role
from callcenter.settings import Settings
from callcenter.site.posture import Evacuation, Posture
from crm.database import open_database
from crm.staff.models import AuditEntry
from dashboard.access import DESK, LEADS, SUPERVISES
from dashboard.api import line

Rig = tuple[Redis, Settings, DashboardThread]
CALL = "node1-1763800000.44"
OWN: list[tuple[str, Any, Command]] = [
    ("sign-in", {"seat": "1001"}, SignIn("801", "1001")),
    ("move", {"seat": "1002"}, MoveSeat("801", "1002")),
    ("pause", {"reason": "meal"}, Pause("801", PauseReason.MEAL)),
    ("resume", None, Resume("801")),
    ("wrap-up", {"seconds": 60}, ExtendWrapUp("801", 60)),
    ("help", {"reason": "情绪激动"}, AskHelp("801", "情绪激动")),
    ("help/end", None, EndHelp("801")),
    ("transfer", {"to": {"kind": "agent", "value": "802"}}, Transfer("801", Target("agent", "802"))),
    ("transfer", {"to": {"kind": "outside", "value": "+8613900000001"}, "attended": True},
     Transfer("801", Target("outside", "+8613900000001"), attended=True)),
    ("transfer/complete", None, CompleteTransfer("801")),
    ("transfer/cancel", None, CancelTransfer("801")),
    ("conference", {}, Conference("801")),
    ("office", None, JoinOffice("801")),
    ("conference", {"to": {"kind": "department", "value": "works"}}, Conference("801", Target("department", "works"))),
    ("park", None, Park("801")),
    ("retrieve", {"slot": "71"}, Retrieve("801", "71")),
    ("recording/pause", {"reason": "private_field"}, PauseRecording("801", "private_field")),
    ("recording/resume", None, ResumeRecording("801")),
    ("sign-out", None, SignOut("801")),
]
LEADING: list[tuple[str, Any, Command]] = [
    ("agents/802/sign-out", None, SignOut("802")),
    ("agents/802/pause", {"reason": "training"}, Pause("802", PauseReason.TRAINING)),
    ("agents/802/resume", None, Resume("802")),
    ("agents/802/move", {"seat": "1003"}, MoveSeat("802", "1003")),
    ("agents/802/monitor", {"mode": "whisper"}, Monitor("1201", "802", Monitoring.WHISPER)),
    ("agents/802/take-over", None, TakeOver("1201", "802")),
    (f"calls/{CALL}/move", {"queue": "enquiry"}, MoveCall(CALL, "enquiry")),
]
SUPERVISING: list[tuple[str, Any, Command]] = [
    ("queues/repair/close", None, CloseQueue("repair", closed=True)),
    ("queues/repair/open", None, CloseQueue("repair", closed=False)),
]


@pytest.fixture(scope="module")
def acd(free_rig: Rig) -> Iterator[OrdersReader]:
    with OrdersReader(free_rig[0].url) as reader:
        yield reader


@pytest.fixture(autouse=True)
def _willing(acd: OrdersReader) -> None:
    acd.orders.clear()
    acd.says = lambda command: ("done", "71" if isinstance(command, Park) else "")


@pytest.fixture
def agent(free_rig: Rig) -> Iterator[httpx.Client]:
    with signed_in(free_rig[2].url, Role.AGENT) as client:
        yield client


@pytest.fixture
def leader(free_rig: Rig) -> Iterator[httpx.Client]:
    """Sits at 1201."""
    with httpx.Client(base_url=free_rig[2].url, timeout=60) as client:
        answer = client.post("/api/v1/session", json={"name": "leader", "password": PASSWORD, "seat": "1201"})
        assert answer.status_code == 201
        yield client


@pytest.fixture
def supervisor(free_rig: Rig) -> Iterator[httpx.Client]:
    with signed_in(free_rig[2].url, Role.SUPERVISOR) as client:
        yield client


def post(client: httpx.Client, path: str, body: Any = None) -> httpx.Response:
    return client.post(f"/api/v1/floor/{path}", json=body)


def code_of(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def last_audit(rig: Rig) -> tuple[str, str, str, dict[str, Any]]:
    database = open_database(rig[1].database_url)
    with database.reading() as session:
        entry = session.query(AuditEntry).order_by(AuditEntry.id.desc()).first()
        assert entry is not None
        found = (entry.who, entry.action, entry.subject, json.loads(entry.detail or "{}"))
    database.close()
    return found


@pytest.mark.rule("A9", part="an agent's orders over the API")
@pytest.mark.parametrize(("path", "body", "command"), OWN)
def test_an_agent_orders_for_nobody_but_themselves(
        free_rig: Rig, acd: OrdersReader, agent: httpx.Client, path: str, body: Any, command: Command) -> None:
    answer = post(agent, path, body)
    assert answer.status_code == 200, answer.text
    assert acd.asked == [command]
    assert acd.orders[0].by == "agent"
    who, _, subject, detail = last_audit(free_rig)
    assert (who, subject, detail["result"]) == ("agent", "agent:801", "done")


@pytest.mark.rule("D2", part="a leader's orders over the API, each audited")
@pytest.mark.parametrize(("path", "body", "command"), LEADING)
def test_a_leader_orders_for_an_agent_or_a_waiting_call(
        free_rig: Rig, acd: OrdersReader, leader: httpx.Client, path: str, body: Any, command: Command) -> None:
    assert post(leader, path, body).status_code == 200
    assert acd.asked == [command]
    who, action, subject, detail = last_audit(free_rig)
    assert (who, detail["result"]) == ("leader", "done")
    assert subject == (f"call:{CALL}" if isinstance(command, MoveCall) else "agent:802")
    assert action.startswith("floor.")


@pytest.mark.parametrize(("path", "body", "command"), SUPERVISING)
def test_a_supervisor_closes_and_opens_a_queue(
        free_rig: Rig, acd: OrdersReader, supervisor: httpx.Client, path: str, body: Any, command: Command) -> None:
    assert post(supervisor, path, body).status_code == 200
    assert acd.asked == [command]
    assert last_audit(free_rig)[2] == "queue:repair"


@pytest.mark.rule("K1", part="who may order what on the floor")
def test_each_route_is_for_its_roles_and_nobody_else_reaches_acd(free_rig: Rig, acd: OrdersReader) -> None:
    for role in Role:
        with signed_in(free_rig[2].url, role) as client:
            for allowed, routes in ((DESK, OWN), (LEADS, LEADING), (SUPERVISES, SUPERVISING)):
                for path, body, _ in routes:
                    refused = post(client, path, body).status_code == 403
                    assert refused == (role not in allowed), f"{role} {path}"
            if role not in DESK:
                assert code_of(client.get("/api/v1/floor/me")) == (403, "forbidden")
                assert [order.by for order in acd.orders if order.by == role.value] == []
    with httpx.Client(base_url=free_rig[2].url, timeout=60) as stranger:
        assert code_of(post(stranger, "resume")) == (401, "unauthenticated")


@pytest.mark.parametrize(("code", "status"), [
    ("unknown_agent", 404), ("unknown_seat", 404), ("unknown_queue", 404), ("seat_taken", 409), ("seat_unreachable", 409),
    ("not_signed_in", 409), ("no_call", 409), ("not_now", 409), ("too_late", 409), ("refused", 409), ("something_new", 409)])
def test_what_acd_refuses_is_a_problem_with_its_code_and_is_audited_too(
        free_rig: Rig, acd: OrdersReader, agent: httpx.Client, code: str, status: int) -> None:
    acd.says = lambda _: (code, "")
    assert code_of(post(agent, "sign-in", {"seat": "1001"})) == (status, code)
    assert last_audit(free_rig) == ("agent", "floor.sign_in", "agent:801", {"result": code, "seat": "1001"})
    assert agent.get("/api/v1/session").json()["seat"] is None


def test_an_acd_that_does_not_answer_is_told_and_audited(own_rig: Rig) -> None:
    with httpx.Client(base_url=own_rig[2].url, timeout=60) as client:
        client.post("/api/v1/session", json={"name": "agent", "password": PASSWORD, "seat": "1001"})
        answer = post(client, "pause", {"reason": "break"})
        assert code_of(answer) == (503, "acd_silent")
        assert "retry-after" in answer.headers
        assert last_audit(own_rig) == ("agent", "floor.pause", "agent:1001", {"result": "acd_silent", "reason": "break"})
        own_rig[0].lose()
        assert code_of(post(client, "resume"))[0] == 503


@pytest.mark.rule("C1", part="the session follows its agent to another seat")
def test_the_session_sits_where_its_agent_does(free_rig: Rig, acd: OrdersReader, agent: httpx.Client) -> None:
    def seat() -> Any:
        return agent.get("/api/v1/session").json()["seat"]
    post(agent, "sign-in", {"seat": "1001"})
    assert seat() == "1001"
    post(agent, "move", {"seat": "1002"})
    assert seat() == "1002"
    post(agent, "sign-out")
    assert seat() is None


def test_me_is_what_the_board_says_and_moves_the_session_after_a_sign_in_at_the_phone(
        free_rig: Rig, agent: httpx.Client) -> None:
    now = datetime.now(UTC)
    floor = Floor(free_rig[0].url)
    reset, *rest = busy_floor(now)
    assert isinstance(reset, FloorReset)
    floor.publish(reset, *rest, AgentChanged(now, shown("801", AgentState.TALKING, now, 184, "1001",
                                                        call_id="node1-1763800000.41")))
    floor.write_board()
    me = until(lambda: (found := agent.get("/api/v1/floor/me").json())["agent"] and found, what="the board is there")
    assert (me["code"], me["seat"], me["agent"]["state"], me["call"]["name"]) == ("801", "1001", "talking", "王秀兰")
    assert agent.get("/api/v1/session").json()["seat"] == "1001"
    floor.publish(AgentChanged(now, shown("801", AgentState.RINGING, now, 1, "1006")))
    me = until(lambda: (found := agent.get("/api/v1/floor/me").json())["seat"] == "1006" and found, what="the agent moved")
    assert me["call"]["call_id"] == "node1-1763800000.47"
    floor.publish(AgentChanged(now, shown("801", AgentState.SIGNED_OUT, now, 1)))
    until(lambda: agent.get("/api/v1/floor/me").json()["seat"] is None, what="the agent signed out")
    assert agent.get("/api/v1/session").json()["seat"] is None
    floor.close()


def test_a_leader_without_a_seat_is_told_so_before_any_phone_rings(acd: OrdersReader, supervisor: httpx.Client) -> None:
    assert code_of(post(supervisor, "agents/802/monitor", {"mode": "listen"})) == (409, "no_seat")
    assert code_of(post(supervisor, "pause", {"reason": "meal"})) == (409, "no_agent")
    assert acd.orders == []


def test_a_leader_who_is_no_agent_takes_a_free_seat_for_the_session(
        free_rig: Rig, acd: OrdersReader, supervisor: httpx.Client) -> None:
    floor = Floor(free_rig[0].url)
    now = datetime.now(UTC)
    floor.publish(AgentChanged(now, shown("802", AgentState.READY, now, 1, "1002")))
    floor.write_board()
    until(lambda: code_of_or_none(post(supervisor, "sign-in", {"seat": "1002"})) == (409, "seat_taken"), what="802 sits there")
    assert code_of(post(supervisor, "sign-in", {"seat": "9999"})) == (404, "unknown_seat")
    assert post(supervisor, "sign-in", {"seat": "1201"}).status_code == 200
    assert supervisor.get("/api/v1/floor/me").json()["seat"] == "1201"
    assert post(supervisor, "agents/802/monitor", {"mode": "join"}).status_code == 200
    assert acd.asked == [Monitor("1201", "802", Monitoring.JOIN)]
    assert post(supervisor, "sign-out").status_code == 200
    assert supervisor.get("/api/v1/floor/me").json()["seat"] is None
    floor.close()


def code_of_or_none(answer: httpx.Response) -> tuple[int, str] | None:
    return code_of(answer) if answer.is_error else None


def test_in_fixed_seating_whoever_sits_at_a_seat_is_its_agent(rig: Rig) -> None:
    with OrdersReader(rig[0].url) as acd, signed_in(rig[2].url, Role.AGENT) as client:
        assert code_of(post(client, "pause", {"reason": "meal"})) == (409, "no_agent")
        assert post(client, "sign-in", {"seat": "1004"}).status_code == 200
        assert post(client, "pause", {"reason": "meal"}).status_code == 200
        assert code_of(post(client, "move", {"seat": "1005"})) == (409, "refused")
        assert acd.asked == [Pause("1004", PauseReason.MEAL)]
        assert client.get("/api/v1/floor/me").json() == {"code": "1004", "seat": "1004", "agent": None, "call": None}
        assert post(client, "sign-out").status_code == 200
        assert client.get("/api/v1/floor/me").json()["seat"] is None


@pytest.mark.parametrize(("path", "body"), [
    ("transfer", {"to": {"kind": "seat", "value": "repair"}}), ("transfer", {"to": {"kind": "outside", "value": "12;rm"}}),
    ("transfer", {"to": {"kind": "moon", "value": "1"}}), ("help", {"reason": "a|b"}), ("help", {"reason": "a\nb"}),
    ("wrap-up", {"seconds": 0}), ("pause", {"reason": "bored"}), ("sign-in", {"seat": "10 01"}), ("retrieve", {"slot": "x"})])
def test_what_cannot_be_meant_never_reaches_acd(acd: OrdersReader, agent: httpx.Client, path: str, body: Any) -> None:
    assert code_of(post(agent, path, body)) == (422, "invalid")
    assert acd.orders == []


def test_the_slot_of_a_parked_call_is_told(agent: httpx.Client) -> None:
    assert post(agent, "park").json() == {"detail": "71"}


@pytest.mark.rule("C7")
def test_the_line_is_switched_by_who_supervises_and_everybody_at_the_board_sees_where_it_goes(
        free_rig: Rig, acd: OrdersReader, supervisor: httpx.Client, agent: httpx.Client) -> None:
    store = redis.Redis.from_url(free_rig[0].url)
    assert agent.get("/api/v1/line").json() == {"to": "", "since": None, "by": "", "known": False, "numbers": []}
    assert code_of(agent.put("/api/v1/line", json={"to": "announcement"})) == (403, "forbidden")
    shown = supervisor.put("/api/v1/line", json={"to": "announcement"})
    assert (shown.status_code, shown.json()["to"], shown.json()["by"]) == (200, "announcement", "supervisor")
    assert acd.asked == [SwitchLine("announcement")]
    assert last_audit(free_rig) == ("supervisor", "line.switch", "line", {"result": "done", "to": "announcement"})
    store.set(LINE_KEY, "announcement|1795420800|phone-1001")
    assert agent.get("/api/v1/line").json() == {
        "to": "announcement", "since": "2026-11-23T08:00:00Z", "by": "phone-1001", "known": True, "numbers": []}
    acd.says = lambda _: ("unknown_number", "")
    assert code_of(supervisor.put("/api/v1/line", json={"to": "110"})) == (404, "unknown_number")
    assert supervisor.put("/api/v1/line", json={"to": "8000&PJSIP/1"}).status_code == 422
    store.delete(LINE_KEY)
    store.close()


@pytest.mark.rule("K1", part="numbers of staff")
def test_numbers_to_which_the_line_goes_are_shown_to_nobody_but_who_may_switch_it(
        free_rig: Rig, supervisor: httpx.Client, agent: httpx.Client, leader: httpx.Client) -> None:
    store = redis.Redis.from_url(free_rig[0].url)
    with signed_in(free_rig[2].url, Role.WALLBOARD) as wall:
        for value, kind in (("+8613900000001", "number"), ("110", "number"), ("announcement", "announcement"),
                            ("nonsense", "announcement"), ("", "")):
            store.set(LINE_KEY, f"{value}|1795420800|console")
            assert [client.get("/api/v1/line").json()["to"] for client in (supervisor, leader, agent, wall)] \
                == [value, kind, kind, kind]
    store.delete(LINE_KEY)
    store.close()


def test_numbers_of_the_site_file_are_left_out_with_them() -> None:
    evacuation = Evacuation(numbers=("13900000001",))
    services = SimpleNamespace(asker=SimpleNamespace(told=lambda _: "13900000001|1795420800|console"),
                               site=SimpleNamespace(posture=Posture(evacuation=evacuation)))

    def shown(role: Role) -> tuple[str, tuple[str, ...]]:
        who = SimpleNamespace(user=SimpleNamespace(roles=frozenset({role})))
        given = line.line(cast("Any", who), cast("Any", services))
        return given.to, given.numbers

    for role in SEES_BOARD:
        assert shown(role) == (("13900000001", ("13900000001",)) if role in SUPERVISES else ("number", ()))
