"""The desk's API in this process, on either database: users of any role and estates, no bus and no port."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
from desk.resting import SITE, application, demo_site, rest
from fastapi import FastAPI

from callcenter.clock import FakeClock
from callcenter.roles import Role
from callcenter.settings import new_settings
from crm.database import Database
from crm.staff.models import User
from crm.staff.service import sign_in
from dashboard.access import COOKIE

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


class Client:
    """Asks as one user; several requests at once when several are given. Paths are below /api/v1."""

    def __init__(self, app: FastAPI, token: str) -> None:
        self._app, self._token = app, token

    def __call__(self, method: str, path: str, **given: object) -> httpx.Response:
        return self.together((method, path, given))[0]

    def together(self, *requests: tuple[str, str, dict[str, object]]) -> list[httpx.Response]:
        async def ask() -> list[httpx.Response]:
            transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://here/api/v1",
                                         cookies={COOKIE: self._token}) as client:
                return list(await asyncio.gather(*(client.request(method, path, **given)  # type: ignore[arg-type]
                                                   for method, path, given in requests)))

        return asyncio.run(ask())


@dataclass
class Desk:
    app: FastAPI
    database: Database
    clock: FakeClock

    def user(self, role: Role, *, estates: Iterable[int] | None = None, name: str | None = None) -> Client:
        """`estates` None: of all."""
        with self.database.writing.begin() as session:
            row = User(name=name or role.value, roles=[role.value], password_hash="-", created_at=NOW,
                       estates=None if estates is None else list(estates))
            session.add(row)
            session.flush()
            return Client(self.app, sign_in(session, row.id, NOW))


@contextmanager
def desk(database: Database, url: str, folder: Path) -> Iterator[Desk]:
    clock = FakeClock(NOW)
    app = application(new_settings(folder, offset=0, site_file=SITE, database_url=url), demo_site(), clock, folder)
    yield Desk(app, database, clock)
    rest(app)
