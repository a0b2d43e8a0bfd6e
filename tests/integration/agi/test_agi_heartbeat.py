"""agi's health is in Redis for as long as it beats, and says when callers cannot be looked up."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis

from agi.directory import Directory, Source
from agi.heartbeat import Heartbeat
from agi.server import Limits, Server, listen
from callcenter.clock import FakeClock
from callcenter.heartbeat import TTL_S, key_of
from crm.database import open_database
from crm.migrate import migrate

KEY = key_of("agi")

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(listen("127.0.0.1", 0, Limits()), {}, threads=1, limits=Limits())
    server.start()
    yield server
    server.stop()


def test_health_is_degraded_while_the_database_is_away_and_ok_when_it_is_back(
        server: Server, redis_url: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/agi.db"
    clock = FakeClock(NOON)
    directory = Directory(Source(url))
    heartbeat = Heartbeat(redis_url, directory, server, clock, threading.Event())
    with redis.Redis.from_url(redis_url) as client:
        clock.advance(60)
        heartbeat.beat()
        assert json.loads(client.get(KEY)) == {"component": "agi", "state": "degraded", "since": "2026-11-22T12:01:00Z",
                                               "detail": "database"}
        assert 0 < client.ttl(KEY) <= TTL_S
        database = open_database(url)
        migrate(database)
        database.close()
        assert directory.probe()
        clock.advance(60)
        heartbeat.beat()
        heartbeat.beat()
        assert json.loads(client.get(KEY)) == {"component": "agi", "state": "ok", "since": "2026-11-22T12:02:00Z", "detail": ""}
    directory.close()
    heartbeat.close()


def test_redis_away_is_no_reason_to_fail(server: Server, tmp_path: Path) -> None:
    heartbeat = Heartbeat(f"unix://{tmp_path}/none.sock", Directory(Source(f"sqlite:///{tmp_path}/x.db")),
                          server, FakeClock(NOON), threading.Event())
    heartbeat.beat()
    heartbeat.close()
