"""A dashboard that runs: a real Redis that can be lost and come back, a real SQLite file, users, a free port."""

from __future__ import annotations

import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import httpx
import redis
import uvicorn
import yaml
from desk.resting import rest_served, served
from fastapi import FastAPI
from hotline.instance import free_offset
from hotline.own_redis import Redis

from callcenter.board import BOARD, replay
from callcenter.bus import Publisher
from callcenter.events import AnyEvent, Board
from callcenter.phones import PATIENCE_S
from callcenter.roles import Role
from callcenter.settings import Settings, new_settings
from callcenter.site import load_site
from callcenter.site.schema import AgentConfig
from crm.database import open_database
from crm.migrate import migrate
from crm.staff.agents import seed_agents
from crm.staff.service import add_user
from dashboard.__main__ import uvicorn_config

CHECKOUT = Path(__file__).resolve().parents[2]
SITE = CHECKOUT / "asterisk-config/site.yaml"
T = TypeVar("T")
PASSWORD = "six rings and no more"
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)      # a client that makes its own reads all the world's certificates first


def until(found: Callable[[], T], *, within_s: float = PATIENCE_S, what: str) -> T:
    """The first true answer; fails, saying what was awaited."""
    deadline = time.monotonic() + within_s
    while True:
        if answer := found():
            return answer
        assert time.monotonic() < deadline, f"not within {within_s} s: {what}"
        time.sleep(0.02)


class Floor:
    """Stands in for acd and crm on the bus: publishes events and keeps the board beside them, as the contract says."""

    def __init__(self, url: str, epoch: str = "e1") -> None:
        self._publisher = Publisher(url)
        self._redis = redis.Redis.from_url(url)
        self._epoch = epoch
        self.board = Board()
        self.cursor = "0-0"

    def publish(self, *events: AnyEvent) -> str:
        for event in events:
            self.cursor = self._publisher.publish(event)
        self.board = replay(self.board, list(events))
        return self.cursor

    def write_board(self) -> None:
        body = BOARD.dump_json(self.board).decode()
        self._redis.set("sixring:board", f'{{"epoch":"{self._epoch}","cursor":"{self.cursor}","board":{body}}}')

    def write_health(self, *components: str) -> None:
        """Fresh keys of these components, for an hour: a busy machine makes the silence of none."""
        since = datetime.now(UTC).isoformat()
        for name in components:
            self._redis.set(f"sixring:health:{name}",
                            f'{{"component":"{name}","state":"ok","since":"{since}","detail":""}}', ex=3600)

    def fall_silent(self, component: str) -> None:
        self._redis.delete(f"sixring:health:{component}")

    def close(self) -> None:
        self._redis.close()


def prepared(state: Path, offset: int, redis_url: str, agents: Sequence[AgentConfig], browser_seats: Sequence[str],
             more: Mapping[str, object] = MappingProxyType({})) -> Settings:
    """Settings written, tables made, and a user of each role named like it. With agents the seats are free."""
    settings = new_settings(state, offset=offset, site_file=_site_with(agents, browser_seats, more, state), redis_url=redis_url)
    settings.save()
    shutil.copy(_database_with_users(), state / "sixring.db")
    database = open_database(settings.database_url)
    with database.writing.begin() as session:
        seed_agents(session, load_site(settings.site_file), {}, datetime.now(UTC))
    database.close()
    return settings


def _site_with(agents: Sequence[AgentConfig], browser_seats: Sequence[str], more: Mapping[str, object], folder: Path) -> Path:
    """The demo's site with these agents instead of its own, and a department to which calls are passed on, which is the office."""
    site = yaml.safe_load(SITE.read_text(encoding="utf-8"))
    site["agents"] = [agent.model_dump(mode="json", exclude_none=True) for agent in agents]
    for seat in site["seats"]:
        seat["phone"] = "browser" if seat["seat"] in browser_seats else "sip"
    site["teams"] = [{"id": "day", "name": {"zh": "白班", "en": "Day"}}]
    site["departments"] = [{"id": "works", "name": {"zh": "工程部", "en": "Works"}, "number": "13900000001"}]
    site |= {"office": "works", **more}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "site.yaml"
    path.write_text(yaml.safe_dump(site, allow_unicode=True), encoding="utf-8")
    return path


@cache
def _database_with_users() -> Path:
    """Made once a test run: hashing eleven passwords is slow on purpose."""
    made = Path(tempfile.mkdtemp(prefix="sixring-users-")) / "sixring.db"
    database = open_database(f"sqlite:///{made}")
    migrate(database)
    with database.writing.begin() as session:
        for role in Role:
            add_user(session, role.value, [role], PASSWORD, datetime.now(UTC))
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return made


class DashboardThread:
    """The same application in this process: quick to start, cannot be killed."""

    def __init__(self, settings: Settings) -> None:
        self.url = f"http://127.0.0.1:{settings.ports.web}"
        config = uvicorn_config(settings)
        self._app: FastAPI | None = served(config.app)
        config.app = self._app
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)

    def start(self) -> None:
        self._thread.start()
        until(lambda: self._server.started, what="the dashboard answers")

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()
        if self._app is not None:
            rest_served(self._app)
            self._app = None


class DashboardProcess:
    """`python -m dashboard`, that can be killed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{settings.ports.web}"

    def start(self) -> None:
        with (self._settings.state / "dashboard.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "dashboard"], cwd=CHECKOUT, stdout=log, stderr=log,
                env=os.environ | {"SIXRING_STATE": str(self._settings.state)})
        until(self._answers, what="the dashboard answers")

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._settings.state / "dashboard.log").read_text()
        try:
            return httpx.get(f"{self.url}/healthz", verify=NO_TLS).status_code == 200
        except httpx.TransportError:
            return False


def signed_in(url: str, role: Role) -> httpx.Client:
    """A client that has the session's cookie; `with` closes it."""
    answer = httpx.post(f"{url}/api/v1/session", json={"name": role.value, "password": PASSWORD}, timeout=PATIENCE_S, verify=NO_TLS)
    assert answer.status_code == 201, answer.text
    return httpx.Client(base_url=url, cookies=dict(answer.cookies), timeout=PATIENCE_S, verify=NO_TLS)


@contextmanager
def running_here(folder: Path, agents: Sequence[AgentConfig] = (), *,
                 browser_seats: Sequence[str] = (), more: Mapping[str, object] = MappingProxyType({}),
                 ) -> Iterator[tuple[Redis, Settings, DashboardThread]]:
    with _prepared(folder, agents, browser_seats, more) as (store, settings):
        dashboard = DashboardThread(settings)
        dashboard.start()
        try:
            yield store, settings, dashboard
        finally:
            dashboard.stop()


@contextmanager
def running(folder: Path, agents: Sequence[AgentConfig] = ()) -> Iterator[tuple[Redis, Settings, DashboardProcess]]:
    with _prepared(folder, agents, (), {}) as (store, settings):
        dashboard = DashboardProcess(settings)
        try:
            dashboard.start()
            yield store, settings, dashboard
        finally:
            dashboard.kill()


@contextmanager
def _prepared(folder: Path, agents: Sequence[AgentConfig], browser_seats: Sequence[str],
              more: Mapping[str, object]) -> Iterator[tuple[Redis, Settings]]:
    """The ports are held to the end: files that run at the same time do not take each other's."""
    store = Redis(folder / "redis")
    with free_offset() as offset:
        store.start()
        try:
            yield store, prepared(folder / "state", offset, store.url, agents, browser_seats, more)
        finally:
            store.lose()
