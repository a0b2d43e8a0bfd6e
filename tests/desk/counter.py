"""The API on a database and a clock of the test's, two estates with a household each, and whoever is needed at the counter."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import select

from callcenter.clock import FakeClock
from callcenter.roles import Role
from callcenter.settings import new_settings
from callcenter.site.parts import Words
from callcenter.site.schema import Department
from crm.database import Database, open_database
from crm.households.models import Building, Estate, Household
from crm.staff.models import User
from crm.staff.service import sign_in
from dashboard.access import COOKIE
from desk.resting import SITE, application, demo_site, rest

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)      # of Shanghai
YEARS = timedelta(days=1000)
Answer = httpx.Response


class Person:
    """Somebody who is signed in."""

    def __init__(self, app: FastAPI, token: str, name: str) -> None:
        self._app, self._token, self.name = app, token, name

    def ask(self, method: str, path: str, *, version: int | None = None, key: str | None = None, **given: Any) -> Answer:
        headers = dict(given.pop("headers", {}))
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        if key is not None:
            headers["Idempotency-Key"] = key

        async def asked() -> Answer:
            transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://here", cookies={COOKIE: self._token}) as client:
                return await client.request(method, f"/api/v1{path}", headers=headers, **given)

        return asyncio.run(asked())

    def read(self, path: str, **params: Any) -> Any:
        answer = self.ask("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def opens(self, kind: str, fields: Mapping[str, object], **more: object) -> Any:
        answer = self.ask("POST", "/tickets", json={"kind": kind, "fields": dict(fields), **more})
        assert answer.status_code == 201, answer.text
        return answer.json()["ticket"]

    def moves(self, ticket: Any, to: str, fields: Mapping[str, object] | None = None, **more: object) -> Answer:
        """At the version that the ticket has now."""
        return self.changes(ticket, "POST", "/move", to=to, fields=dict(fields or {}), **more)

    def changes(self, ticket: Any, method: str, below: str, **given: object) -> Answer:
        ident = ticket["ticket_id"]
        seen = self.ask("GET", f"/tickets/{ident}")
        version = seen.json()["ticket"]["version"] if seen.status_code == 200 else ticket["version"]
        return self.ask(method, f"/tickets/{ident}{below}", version=version, json=given)


class Counter:
    """Of a database that is migrated."""

    def __init__(self, url: str, folder: Path) -> None:
        self.clock = FakeClock(NOON)
        self.database: Database = open_database(url, busy_ms=60_000)      # a busy machine keeps SQLite's one writer long
        self.settings = new_settings(folder, offset=0, site_file=SITE, database_url=url)
        site = demo_site()
        works = Department(id="works", name=Words(zh="工程部", en="Works"), number="13900000001")
        self.site = site.model_copy(update={"departments": (works,)})
        self._apps: list[FastAPI] = []
        self.app = self.another_process()
        with self.database.writing.begin() as session:
            self.estates, self.households = [], []
            for name in ("江湾", "云栖"):
                estate = Estate(name=name)
                session.add(estate)
                session.flush()
                building = Building(estate_id=estate.id, name="3")
                session.add(building)
                session.flush()
                home = Household(building_id=building.id, estate_id=estate.id, unit="1", room="502", label="3-1-502",
                                 room_key="3-1-502", tags=[])
                session.add(home)
                session.flush()
                self.estates.append(estate.id)
                self.households.append(home.id)

    def person(self, role: Role | str, name: str | None = None, estates: list[int] | None = None) -> Person:
        """A user of the role, named like it unless said otherwise, and signed in."""
        return Person(self.app, self.token(role, name, estates), name or str(role))

    def token(self, role: Role | str, name: str | None = None, estates: list[int] | None = None) -> str:
        with self.database.writing.begin() as session:
            user = session.scalar(select(User).where(User.name == (name or str(role))))
            if user is None:
                user = User(name=name or str(role), roles=[Role(role).value], estates=copy.copy(estates), password_hash="-",
                            active=True, created_at=NOON)
                session.add(user)
                session.flush()
            return sign_in(session, user.id, self.clock.now(), lasts=YEARS)

    def another_process(self) -> FastAPI:
        """The same API once more, with nothing shared but the database."""
        app = application(self.settings, self.site, self.clock, self.settings.state)
        self._apps.append(app)
        return app

    def close(self) -> None:
        for app in self._apps:
            rest(app)
        self._apps = []
        self.database.close()
