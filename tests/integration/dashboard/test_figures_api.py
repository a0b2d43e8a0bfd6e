"""`/figures`: who sees whose, and that the calls behind a figure are those that it counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hotline.own_redis import Redis
from wall.rig import PASSWORD, DashboardThread, signed_in

from callcenter.roles import SEES_BOARD, Role
from callcenter.settings import Settings
from callcenter.site import load_site
from crm.calls.models import CallRow
from crm.database import open_database
from crm.staff.agents_models import AgentRow
from crm.staff.service import users
from dashboard.access import LEADS

Rig = tuple[Redis, Settings, DashboardThread]
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
DAY = {"from": "2026-11-22"}
FIGURES = "/api/v1/figures"


@pytest.fixture(scope="module")
def own(rig: Rig) -> str:
    """User `agent`'s code, with two calls of its own, one of somebody else's and one given up."""
    code = "951" if load_site(rig[1].site_file).free_seating else "1001"
    database = open_database(rig[1].database_url)
    with database.writing.begin() as session:
        user_id = next(user.user_id for user in users(session) if user.name == "agent")
        session.add(AgentRow(code="951", name="x", user_id=user_id, languages=["zh"], estates=[], spokesperson=False,
                             leader=False, active=True, created_at=NOON))
        for number, agent in enumerate([code, code, "952", None]):
            at = NOON + timedelta(minutes=20 * number)
            session.add(CallRow(
                call_id=f"node1-{number}.{number}", node="node1", menu_keys=[], queue="repair", stage=0, entered_at=at,
                queued_at=at, rang_at=at, answered_at=at + timedelta(seconds=5) if agent else None, ended_at=at,
                answered_agent=agent, seats_rung=[], outcome="answered" if agent else "abandoned",
                wait_s=5.0 if agent else 30.0, ring_s=5.0, talk_s=60.0 if agent else None, fold={}))
    database.close()
    return code


@pytest.fixture
def agent(rig: Rig, own: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=rig[2].url, timeout=60) as client:
        client.post("/api/v1/session", json={"name": "agent", "password": PASSWORD, "seat": "1001"}).raise_for_status()
        yield client


@pytest.mark.rule("K1", part="figures of agents")
def test_an_agent_sees_its_own_figures_and_no_others(agent: httpx.Client, own: str) -> None:
    rows = agent.get(FIGURES, params=DAY | {"by": "agent"}).json()["rows"]
    assert [(row["key"], row["answered"]) for row in rows] == [(own, 2)]
    for params in ({"by": "agent", "key": "952"}, {"by": "team"}, {"by": "estate"}):
        assert agent.get(FIGURES, params=DAY | params).json()["code"] == "forbidden"
    behind = agent.get(f"{FIGURES}/rows", params=DAY | {"by": "agent", "figure": "answered"}).json()["calls"]
    assert [call["call_id"] for call in behind] == ["node1-0.0", "node1-1.1"]
    others = agent.get(f"{FIGURES}/rows", params=DAY | {"by": "queue", "key": "repair", "figure": "answered"})
    assert others.json()["code"] == "forbidden"


@pytest.mark.rule("K1", part="figures of agents")
def test_who_sees_the_board_sees_queues_and_who_leads_sees_agents(rig: Rig, own: str) -> None:
    for role in Role:
        if role in (Role.SPOKESPERSON, Role.AGENT):
            continue
        with signed_in(rig[2].url, role) as client:
            queues = client.get(FIGURES, params=DAY | {"by": "queue"}).status_code
            agents = client.get(FIGURES, params=DAY | {"by": "agent"}).status_code
            rows = client.get(f"{FIGURES}/rows", params=DAY | {"by": "queue", "key": "repair", "figure": "offered"}).status_code
        assert (queues, agents, rows) == (200 if role in SEES_BOARD else 403, *(2 * [200 if role in LEADS else 403])), role


def test_a_figure_is_as_many_as_the_calls_behind_it(rig: Rig, own: str) -> None:
    with signed_in(rig[2].url, Role.LEADER) as client:
        [repair] = client.get(FIGURES, params=DAY | {"by": "queue"}).json()["rows"]
        hours = client.get(FIGURES, params=DAY | {"by": "queue", "interval": "60m"}).json()["rows"]
        assert [(row["begin"], row["offered"]) for row in hours] == [("2026-11-22T04:00:00Z", 3), ("2026-11-22T05:00:00Z", 1)]
        for figure in ("offered", "answered", "abandoned", "messages", "short_abandons", "overflowed"):
            params = DAY | {"by": "queue", "key": "repair", "figure": figure}
            assert len(client.get(f"{FIGURES}/rows", params=params).json()["calls"]) == repair[figure], figure
        far = client.get(FIGURES, params={"from": "2026-01-01", "to": "2026-12-31", "by": "queue", "interval": "15m"})
        assert (far.status_code, far.json()["code"]) == (422, "range_too_long")
        years, of = {"from": "2018-11-22", "to": "2026-11-22"}, {"figure": "offered"}
        assert client.get(FIGURES, params=years | {"by": "queue"}).status_code == 200, "they are sums"
        for path, wanted in (("", {"by": "agent"}), ("", {"by": "estate"}), ("/rows", of), ("/rows", of | {"by": "agent"})):
            far = client.get(FIGURES + path, params=years | wanted)
            assert (far.status_code, far.json()["code"]) == (422, "range_too_long"), (path, wanted)
