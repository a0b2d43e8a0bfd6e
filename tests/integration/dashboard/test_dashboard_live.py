"""`/api/v1/live` of a real process, with a real Redis, over the websockets client."""

from __future__ import annotations

import collections
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import redis
from hotline.own_redis import Redis
from sqlalchemy import select
from wall.rig import DashboardProcess, DashboardThread, Floor, signed_in, until
from wall.scene import COMPONENTS, busy_floor
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from callcenter.board import BOARD
from callcenter.events import CallEnded, ComponentHealth, DeskChanged, Health, HealthChanged, TicketOpened
from callcenter.roles import Role
from callcenter.settings import Settings
from crm.database import open_database
from crm.staff.models import User

Visitor = Callable[[str, Role], httpx.Client]
Rig = tuple[Redis, Settings, DashboardThread]
Killable = tuple[Redis, Settings, DashboardProcess]


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    """Signs a role in; all are closed at the end."""
    with ExitStack() as stack:
        yield lambda url, role: stack.enter_context(signed_in(url, role))


def listen(client: httpx.Client, query: str = "", **options: Any) -> ClientConnection:
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    url = str(client.base_url.join(f"/api/v1/live{query}")).replace("http", "ws")
    options = {"open_timeout": 60, **options}
    made: ClientConnection = connect(url, additional_headers={"Cookie": cookies} if cookies else {}, **options)
    return made


def message(line: ClientConnection, within_s: float = 60) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(line.recv(timeout=within_s))
    return found


def next_of(line: ClientConnection, kind: str, within_s: float = 60) -> dict[str, Any]:
    """The next message of this type; others are read over."""
    deadline = datetime.now(UTC) + timedelta(seconds=within_s)
    while (found := message(line, within_s))["type"] != kind:
        assert datetime.now(UTC) < deadline, f"no {kind} within {within_s} s"
    return found


def event_named(line: ClientConnection, kind: str) -> dict[str, Any]:
    while (found := next_of(line, "event"))["event"]["type"] != kind:
        pass
    return found


def closed_with(line: ClientConnection) -> int | None:
    with pytest.raises(ConnectionClosed) as caught:
        collections.deque(line, maxlen=0)
    return caught.value.rcvd.code if caught.value.rcvd else None


def fill(floor: Floor) -> None:
    floor.publish(*busy_floor(datetime.now(UTC)))
    floor.write_board()
    floor.write_health(*COMPONENTS)


def ready(client: httpx.Client) -> None:
    until(lambda: client.get("/api/v1/health").json()["live"]["cause"] is None, what="the feed has a board")


def test_a_listener_gets_the_board_and_then_each_change(own_rig: Rig, floor: Floor, visitor: Visitor) -> None:
    fill(floor)
    client = visitor(own_rig[2].url, Role.LEADER)
    with listen(client) as line:
        snapshot = next_of(line, "snapshot")
        shown = BOARD.validate_python(snapshot["board"])
        assert (shown.calls, shown.seats, shown.figures) == (floor.board.calls, floor.board.seats, floor.board.figures)
        cursor = floor.publish(CallEnded(datetime.now(UTC), "node1-1763800000.41", "answered", "repair"))
        event = event_named(line, "CallEnded")
        assert (event["cursor"], event["event"]["call_id"]) == (cursor, "node1-1763800000.41")


@pytest.mark.rule("K1", part="kinds on the live feed")
@pytest.mark.rule("D4", part="the live feed")
def test_a_listener_hears_of_tickets_of_the_kinds_that_the_role_sees(own_rig: Rig, floor: Floor, visitor: Visitor) -> None:
    fill(floor)
    database = open_database(own_rig[1].database_url)
    with database.writing.begin() as session:
        session.scalars(select(User).where(User.name == Role.OFFICE.value)).one().estates = [1]
    database.close()
    with (listen(visitor(own_rig[2].url, Role.AGENT)) as agent, listen(visitor(own_rig[2].url, Role.MANAGER)) as manager,
          listen(visitor(own_rig[2].url, Role.OFFICE)) as office):
        for line in (agent, manager, office):
            next_of(line, "snapshot")
        now = datetime.now(UTC)
        for place, kind in enumerate(("media", "repair"), 1):
            floor.publish(TicketOpened(now, place, f"X20261122-000{place}", kind),
                          DeskChanged(now, place, "ticket.opened", f"ticket:{place}", None, {"kind": kind}))
        floor.publish(CallEnded(now, "node1-1763800000.41", "answered"))

        def tickets(line: ClientConnection) -> list[tuple[str, str]]:
            found = []
            while (event := next_of(line, "event")["event"])["type"] != "CallEnded":
                if event["type"] in ("TicketOpened", "DeskChanged"):
                    found.append((event["type"], event["kind"] if event["type"] == "TicketOpened" else event["data"]["kind"]))
            return found

        assert tickets(agent) == [("TicketOpened", "repair"), ("DeskChanged", "repair")]
        assert tickets(office) == [("DeskChanged", "repair")], "its board is without callers, but the desk's pages are there"
        assert tickets(manager) == [(what, kind) for kind in ("media", "repair") for what in ("TicketOpened", "DeskChanged")]


def test_events_after_the_written_board_are_in_the_first_snapshot(own_rig: Rig, floor: Floor, visitor: Visitor) -> None:
    floor.publish(*busy_floor(datetime.now(UTC)))
    floor.write_board()
    floor.publish(CallEnded(datetime.now(UTC), "node1-1763800000.41", "answered"))
    client = visitor(own_rig[2].url, Role.LEADER)
    ready(client)
    with listen(client) as line:
        snapshot = next_of(line, "snapshot")
        assert (snapshot["cursor"], "node1-1763800000.41" in snapshot["board"]["calls"]) == (floor.cursor, False)


def test_a_listener_who_comes_back_gets_what_it_missed_and_no_more(own_rig: Rig, floor: Floor, visitor: Visitor) -> None:
    fill(floor)
    client = visitor(own_rig[2].url, Role.LEADER)
    with listen(client) as line:
        seen = next_of(line, "snapshot")
    missed = [floor.publish(CallEnded(datetime.now(UTC), f"node1-1763800000.{number}", "answered")) for number in (41, 42)]
    until(lambda: client.get("/api/v1/health").json()["live"]["cursor"] == missed[-1], what="the feed has read them")
    with listen(client, f"?cursor={seen['cursor']}&epoch={seen['epoch']}") as line:
        assert message(line)["type"] == "ping"
        assert [message(line)["cursor"] for _ in missed] == missed


def test_a_feed_that_a_new_process_serves_goes_on_with_nothing_missing(killable_rig: Killable, visitor: Visitor) -> None:
    store, _, dashboard = killable_rig
    floor = Floor(store.url)
    fill(floor)
    client = visitor(dashboard.url, Role.LEADER)
    with listen(client) as line:
        seen = next_of(line, "snapshot")
        dashboard.kill()
    floor.publish(CallEnded(datetime.now(UTC), "node1-1763800000.41", "answered"))
    dashboard.start()
    ready(client)
    with listen(client, f"?cursor={seen['cursor']}&epoch={seen['epoch']}") as line:
        assert event_named(line, "CallEnded")["event"]["call_id"] == "node1-1763800000.41"
    floor.close()


def test_listeners_are_told_that_redis_is_gone_and_get_a_fresh_snapshot_when_it_is_back(
        own_rig: Rig, floor: Floor, visitor: Visitor) -> None:
    store, _, dashboard = own_rig
    fill(floor)
    client = visitor(dashboard.url, Role.LEADER)
    with listen(client) as line:
        assert next_of(line, "snapshot")["epoch"] == "e1"
        store.lose()
        assert next_of(line, "degraded")["cause"] == "redis"
        store.start()
        again = Floor(store.url, epoch="e2")
        fill(again)
        snapshot = next_of(line, "snapshot")
        assert (snapshot["epoch"], snapshot["cursor"]) == ("e2", again.cursor)
        again.close()


def test_a_feed_without_a_board_says_so(own_rig: Rig, visitor: Visitor) -> None:
    with listen(visitor(own_rig[2].url, Role.LEADER)) as line:
        assert message(line) == {"type": "degraded", "cause": "no_board"}


def test_an_entry_that_nobody_understands_does_not_stop_the_feed(own_rig: Rig, floor: Floor, visitor: Visitor) -> None:
    fill(floor)
    client = visitor(own_rig[2].url, Role.LEADER)
    with listen(client) as line:
        next_of(line, "snapshot")
        with redis.Redis.from_url(own_rig[0].url) as bus:
            bus.xadd("sixring:events", {"type": "FromTheFuture", "body": "{}"})
            bus.xadd("sixring:events", {"type": "CallEnded", "body": '{"at": "never"}'})
        floor.publish(CallEnded(datetime.now(UTC), "node1-1763800000.41", "answered"))
        assert event_named(line, "CallEnded")["event"]["call_id"] == "node1-1763800000.41"


@pytest.mark.rule("C2", part="what is detected, on the wallboard")
def test_a_process_that_falls_silent_is_shown_as_down(own_rig: Rig, floor: Floor, visitor: Visitor) -> None:
    fill(floor)
    with listen(visitor(own_rig[2].url, Role.LEADER)) as line:
        assert next_of(line, "snapshot")["board"]["health"]["acd"]["state"] == "ok"
        floor.fall_silent("acd")
        health = event_named(line, "HealthChanged")["event"]["health"]
        assert (health["component"], health["state"], health["detail"]) == ("acd", "down", "silent")


@pytest.mark.rule("K1", part="the wallboard's part only")
def test_a_wall_gets_no_names_numbers_or_rooms(own_rig: Rig, floor: Floor, visitor: Visitor) -> None:
    fill(floor)
    with listen(visitor(own_rig[2].url, Role.WALLBOARD)) as line:
        calls = next_of(line, "snapshot")["board"]["calls"].values()
        assert len(calls) == 8
        assert {(call["name"], call["room"], call["number"], call["household_id"]) for call in calls} == {("", "", "", None)}


def test_nobody_listens_without_a_sign_in(own_rig: Rig, floor: Floor, visitor: Visitor) -> None:
    fill(floor)
    with httpx.Client(base_url=own_rig[2].url, timeout=60) as stranger, listen(stranger) as line:
        assert closed_with(line) == 4401
    with listen(visitor(own_rig[2].url, Role.ENGINEER)) as line:
        assert closed_with(line) == 4403


def test_a_foreign_page_does_not_get_a_socket(own_rig: Rig, floor: Floor, visitor: Visitor) -> None:
    fill(floor)
    with pytest.raises(InvalidStatus) as refused:
        listen(visitor(own_rig[2].url, Role.LEADER), origin="http://evil.example")
    assert refused.value.response.status_code == 403


def test_a_client_that_does_not_read_is_dropped(own_rig: Rig, floor: Floor, visitor: Visitor) -> None:
    fill(floor)
    client = visitor(own_rig[2].url, Role.LEADER)
    ready(client)
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.connect(("127.0.0.1", own_rig[1].ports.web))
    with listen(client, sock=narrow, max_queue=1, compression=None, ping_interval=None) as line:
        until(lambda: client.get("/api/v1/health").json()["live"]["clients"] == 1, what="it listens")
        long = "x" * 4000
        health = ComponentHealth("asterisk", Health.OK, datetime.now(UTC), long)
        for _ in range(4000):
            floor.publish(HealthChanged(datetime.now(UTC), health))
        until(lambda: client.get("/api/v1/health").json()["live"]["clients"] == 0, what="it was dropped")
        assert closed_with(line) == 4408
