"""The guard itself (C2): a real Redis that stops, a real database file that cannot be read any more, a guard that is killed; real
messages to robots of this machine. When to the second is told by tests/unit/crm/test_outage_ladder.py, with its own clock."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Final

import pytest
import redis
import yaml
from hotline.own_redis import Redis
from hotline.receiver import served

from callcenter.board import apply_event
from callcenter.bus import STREAM
from callcenter.clock import SystemClock
from callcenter.events import Board, OutageChanged, event_from_json
from callcenter.heartbeat import heard, key_of
from callcenter.phones import PATIENCE_S
from callcenter.settings import CHECKOUT, Settings, new_settings
from callcenter.site import load_site
from callcenter.storm import Outage
from crm.database import open_database
from crm.outages import service
from crm.outages.guard import FOLDER, kept
from crm.outages.keeper import OutageKeeper
from crm.privacy.service import View
from crm.staff.actor import SYSTEM

TELL: Final = {"leader": ["leader"], "middle": ["supervisor"], "top": ["operations", "manager"]}
OUTAGES: Final = {
    "look_every": 1, "well_for": 1, "starting": 1, "components": {"redis": {"down": 1}, "database": {"down": 1}},
    "ladder": [{"after": 0, "tell": ["leader"]}, {"after": 2, "tell": ["supervisor"]}, {"after": 4, "tell": ["operations"]},
               {"after": 3600, "tell": ["manager"]}]}


class Robots(BaseHTTPRequestHandler):
    said: list[tuple[str, str]]      # key, text

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.said.append((self.path.partition("key=")[2], body["text"]["content"]))
        answer = b'{"errcode": 0}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


def until(true: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.05)


@pytest.fixture
def said() -> list[tuple[str, str]]:
    Robots.said = []
    return Robots.said


@pytest.fixture
def instance(tmp_path: Path, migrated_file: Path, said: list[tuple[str, str]]) -> Iterator[Settings]:
    with served(Robots) as url:
        site: Any = yaml.safe_load((CHECKOUT / "asterisk-config/site.yaml").read_text(encoding="utf-8"))
        site["outages"] = OUTAGES
        site["notices"] = {"robots": [{"id": name, "kind": "wecom", "url": url, "tell": roles, "language": "en"}
                                      for name, roles in TELL.items()]}
        file = tmp_path / "site.yaml"
        file.write_text(yaml.safe_dump(site, allow_unicode=True), encoding="utf-8")
        settings = new_settings(tmp_path, offset=4900, site_file=file, redis_url=f"unix://{tmp_path}/redis.sock")
        shutil.copy(migrated_file, tmp_path / "sixring.db")
        settings.secrets_file.write_text(json.dumps({f"robot-{name}": name for name in TELL}))
        settings.save()
        yield settings


@contextmanager
def guarded(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-m", "crm.outages"], cwd=CHECKOUT, stdout=subprocess.DEVNULL,
                               env=os.environ | {"SIXRING_STATE": str(settings.state)})
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def outage(*words: str, settings: Settings) -> str:
    return subprocess.run([sys.executable, "-m", "crm.outages", *words], cwd=CHECKOUT, capture_output=True, text=True, check=True,
                          env=os.environ | {"SIXRING_STATE": str(settings.state)}).stdout


@pytest.mark.rule("C2")
def test_database_and_redis_break_the_guard_dies_and_everybody_is_told_once_of_each(
        instance: Settings, said: list[tuple[str, str]]) -> None:
    bus, file = Redis(instance.state), instance.state / "sixring.db"
    bus.start()
    whole = file.read_bytes()
    folder = instance.state / FOLDER

    def hears(robot: str, what: str, times: int = 1) -> None:
        until(lambda: sum(key == robot and what in text for key, text in said) == times, f"{robot}: {what}")

    try:
        with guarded(instance), redis.Redis.from_url(bus.url) as client:
            until(lambda: client.get(key_of("guard")), "the guard beats")
            assert heard(client.get(key_of("guard"))).component == "guard"
            file.write_bytes(b"no database " * 1000)
            hears("leader", "[outage] database")
            bus.lose()
            hears("leader", "[outage] message bus")
            hears("middle", "[outage] database")
        # It is dead, and both go on.
        began = kept(folder).outages
        ident = next(one.outage_id for one in began.values() if one.component == "database")
        outage("acknowledge", ident, "--by", "anna", settings=instance)
        with guarded(instance) as process:
            hears("top", "[outage] database")
            hears("top", "[outage] message bus")
            hears("middle", "[outage] message bus")
            memory = next(line for line in Path(f"/proc/{process.pid}/status").read_text().splitlines() if "VmRSS" in line)
            assert int(memory.split()[1]) < 40 * 1024
            file.write_bytes(whole)
            bus.start()
            for robot in TELL:
                hears(robot, "[all clear] database")
                hears(robot, "[all clear] message bus")
            with redis.Redis.from_url(bus.url) as client:
                until(lambda: len(_ended(client)) == 2 and _board(client).outages == {}, "the bus has heard that both are over")
                assert _ended(client)[ident].acknowledged_by == "anna"
        assert "anna" in outage("list", settings=instance)
        with guarded(instance), redis.Redis.from_url(bus.url) as client:     # once more: nothing is told again
            until(lambda: client.get(key_of("guard")), "the guard beats")
    finally:
        bus.lose()

    wanted = {(key, f"[{what}] {name}") for key in TELL for what in ("outage", "all clear") for name in ("database", "message bus")}
    assert sorted((key, text.splitlines()[0]) for key, text in said) == sorted(wanted)      # each once
    story = kept(folder)
    for ident, rungs in story.rungs.items():
        assert [told.after_s for told in rungs] == [0, 2, 4]
        assert all((told.at - story.outages[ident].began_at).total_seconds() >= told.after_s for told in rungs)

    database = open_database(instance.database_url)
    clock = SystemClock()
    for _ in range(2):        # crm is killed in between
        keeper = OutageKeeper(database, load_site(instance.site_file), folder, clock, lambda _: None, clock.now)
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
def test_the_backup_that_the_guard_has_made_was_restored_on_trial(instance: Settings) -> None:
    made = json.loads(outage("backup", settings=instance).splitlines()[-1])
    assert (made["event"], made["error"]) == ("backup_made", "")
    assert made["rows"] >= 1
    [file] = (instance.state / "backups").iterdir()
    assert file.stat().st_mode & 0o077 == 0
    kept_lines = (instance.state / FOLDER / "backups.jsonl").read_text().splitlines()
    assert json.loads(kept_lines[-1])["backup"] == str(file)
    (instance.state / "sixring.db").write_bytes(b"no database " * 1000)
    failed = json.loads(outage("backup", settings=instance).splitlines()[-1])
    assert (failed["event"], failed["error"]) == ("backup_failed", "DatabaseError")
    assert list((instance.state / "backups").iterdir()) == [file]


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
