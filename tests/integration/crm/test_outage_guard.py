"""The guard itself (C2): a real Redis that stops, a real database file that cannot be read any more, a guard that is killed; real
messages to robots of this machine. When to the second is told by tests/unit/crm/test_outage_ladder.py, with its own clock."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from hotline.guarded import Watched, until, watched
from hotline.own_redis import Redis

from callcenter.board import apply_event
from callcenter.bus import STREAM
from callcenter.clock import SystemClock
from callcenter.events import Board, OutageChanged, event_from_json
from callcenter.heartbeat import heard, key_of
from callcenter.site import load_site
from callcenter.storm import Outage
from crm.database import open_database
from crm.outages import service
from crm.outages.guard import FOLDER
from crm.outages.keeper import OutageKeeper
from crm.privacy.service import View
from crm.staff.actor import SYSTEM


@pytest.fixture
def instance(tmp_path: Path, migrated_file: Path) -> Iterator[Watched]:
    with watched(tmp_path, migrated_file, {"redis": {"down": 1}, "database": {"down": 1}}, offset=4900) as made:
        yield made


@pytest.mark.rule("C2")
def test_database_and_redis_break_the_guard_dies_and_everybody_is_told_once_of_each(instance: Watched) -> None:
    state = instance.settings.state
    bus, file = Redis(state), state / "sixring.db"
    bus.start()
    whole = file.read_bytes()
    try:
        with instance.guard(), redis.Redis.from_url(bus.url) as client:
            until(lambda: client.get(key_of("guard")), "the guard beats")
            assert heard(client.get(key_of("guard"))).component == "guard"
            file.write_bytes(b"no database " * 1000)
            instance.hears("leader", "[outage] database")
            bus.lose()
            instance.hears("leader", "[outage] message bus")
            instance.hears("middle", "[outage] database")
        # It is dead, and both go on.
        ident = next(one.outage_id for one in instance.story.outages.values() if one.component == "database")
        instance.outage("acknowledge", ident, "--by", "anna")
        with instance.guard() as process:
            instance.all_hear("database", "message bus")
            memory = next(line for line in Path(f"/proc/{process.pid}/status").read_text().splitlines() if "VmRSS" in line)
            assert int(memory.split()[1]) < 40 * 1024
            file.write_bytes(whole)
            bus.start()
            instance.all_hear("database", "message bus", what="all clear")
            with redis.Redis.from_url(bus.url) as client:
                until(lambda: len(_ended(client)) == 2 and _board(client).outages == {}, "the bus has heard that both are over")
                assert _ended(client)[ident].acknowledged_by == "anna"
        assert "anna" in instance.outage("list")
        with instance.guard(), redis.Redis.from_url(bus.url) as client:     # once more: nothing is told again
            until(lambda: client.get(key_of("guard")), "the guard beats")
    finally:
        bus.lose()
    instance.heard_once_each("database", "message bus")

    database = open_database(instance.settings.database_url)
    clock = SystemClock()
    for _ in range(2):        # crm is killed in between
        keeper = OutageKeeper(database, load_site(instance.settings.site_file), state / FOLDER, clock, lambda _: None, clock.now)
        keeper.step()
    with database.reading() as session:
        shown = {one.component: one for one in service.outages(session).items}
        lines = [line.what for line in service.outage(session, View(SYSTEM), ident).lines]
    database.close()
    assert set(shown) == {"database", "redis"}
    assert shown["database"].acknowledged_by == "anna"
    assert all(one.ended_at and one.ended_at > one.began_at for one in shown.values())
    assert (lines.count("Told"), lines.count("sent"), lines.count("Ended")) == (3, 6, 1)


@pytest.mark.rule("C8")
def test_the_backup_that_the_guard_has_made_was_restored_on_trial(instance: Watched) -> None:
    made = json.loads(instance.outage("backup").splitlines()[-1])
    assert (made["event"], made["error"]) == ("backup_made", "")
    assert made["rows"] >= 1
    [file] = (instance.settings.state / "backups").iterdir()
    assert file.stat().st_mode & 0o077 == 0
    kept_lines = (instance.settings.state / FOLDER / "backups.jsonl").read_text().splitlines()
    assert json.loads(kept_lines[-1])["backup"] == str(file)
    (instance.settings.state / "sixring.db").write_bytes(b"no database " * 1000)
    failed = json.loads(instance.outage("backup").splitlines()[-1])
    assert (failed["event"], failed["error"]) == ("backup_failed", "DatabaseError")
    assert list((instance.settings.state / "backups").iterdir()) == [file]


def _ended(client: Any) -> dict[str, Outage]:
    return {event.outage.outage_id: event.outage for event in _events(client) if event.outage.ended_at}


def _events(client: Any) -> list[OutageChanged]:
    found = [event_from_json(entry[b"type"].decode(), entry[b"body"]) for _, entry in client.xrange(STREAM)]
    return [event for event in found if isinstance(event, OutageChanged)]


def _board(client: Any) -> Board:
    board = Board()
    for event in _events(client):
        board = apply_event(board, event)
    return board
