"""What a page must know to be a phone: who is told, when, and what the answer and the headers say. No acd: the board is played."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import yaml
from hotline.own_redis import Redis
from wall.rig import DashboardThread, Floor, running_here, signed_in, until
from wall.scene import busy_floor
from wall.team import TEAM, agent

from callcenter.events import AgentChanged, AgentState
from callcenter.roles import Role
from callcenter.settings import Settings
from callcenter.site import load_site
from dashboard.access import DESK
from dashboard.headers import security_headers

Rig = tuple[Redis, Settings, DashboardThread]
SEAT, TELEPHONE = "1002", "1001"
SECRET = "only-for-the-page-at-1002"


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with running_here(tmp_path_factory.mktemp("phone"), TEAM, browser_seats=(SEAT,)) as made:
        made[1].secrets_file.write_text(json.dumps({f"seat-{SEAT}": SECRET, f"seat-{TELEPHONE}": "a telephone's"}))
        yield made


@pytest.fixture
def floor(rig: Rig) -> Iterator[Floor]:
    made = Floor(rig[0].url)
    yield made
    made.close()


def sits_at(floor: Floor, client: httpx.Client, seat: str | None) -> None:
    now = datetime.now(UTC)
    state = AgentState.READY if seat else AgentState.SIGNED_OUT
    floor.publish(*busy_floor(now), AgentChanged(now, agent("801", state, now, 1, seat)))
    floor.write_board()
    until(lambda: client.get("/api/v1/floor/me").json()["seat"] == seat, what=f"the dashboard knows that 801 is at {seat}")


def test_only_who_sits_at_a_browser_seat_is_told_its_password_and_only_that_one(rig: Rig, floor: Floor) -> None:
    with signed_in(rig[2].url, Role.AGENT) as client:
        sits_at(floor, client, SEAT)
        answer = client.get("/api/v1/floor/phone")
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.json() == {"seat": SEAT, "uri": f"sip:{SEAT}@sixring", "password": SECRET, "silent_s": 30,
                                 "websocket": f"ws://127.0.0.1:{rig[1].ports.webrtc}/ws"}
        for seat, code in ((TELEPHONE, "not_a_browser_seat"), (None, "no_seat")):
            sits_at(floor, client, seat)
            refused = client.get("/api/v1/floor/phone")
            assert (refused.status_code, refused.json()["code"]) == (409, code)
            assert SECRET not in refused.text


def test_who_does_not_work_at_the_desk_is_told_nothing(rig: Rig, floor: Floor) -> None:
    assert httpx.get(f"{rig[2].url}/api/v1/floor/phone", timeout=60).status_code == 401
    for role in set(Role) - DESK:
        with signed_in(rig[2].url, role) as client:
            assert client.get("/api/v1/floor/phone").status_code == 403


def test_the_page_may_reach_asterisk_and_the_microphone_and_nothing_else_new(rig: Rig) -> None:
    headers = httpx.get(f"{rig[2].url}/healthz", timeout=60).headers
    assert f"connect-src 'self' ws://127.0.0.1:{rig[1].ports.webrtc}/ws;" in headers["Content-Security-Policy"]
    assert "microphone=(self)" in headers["Permissions-Policy"]
    without = security_headers("")
    assert "connect-src 'self';" in without["Content-Security-Policy"]
    assert "microphone=()" in without["Permissions-Policy"]


def test_behind_a_proxy_the_site_file_says_where_asterisk_is(rig: Rig, tmp_path: Path) -> None:
    site = yaml.safe_load(rig[1].site_file.read_text(encoding="utf-8"))
    site["network"] = {"websocket": "wss://hotline.example.net/ws"}
    file = tmp_path / "site.yaml"
    file.write_text(yaml.safe_dump(site), encoding="utf-8")
    assert rig[1].websocket(load_site(file).network.websocket) == "wss://hotline.example.net/ws"
