"""Puts the dashboard together: API, live feed, pages. The only place here where things are constructed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import structlog
from fastapi import APIRouter, Depends, FastAPI, WebSocket
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from sqlalchemy.exc import SQLAlchemyError

from callcenter.bus import Bus
from callcenter.clock import Clock, SystemClock
from callcenter.errors import NotFound, Unavailable
from callcenter.orders import Asker
from callcenter.roles import Role
from callcenter.settings import Settings
from callcenter.site import Site, load_site
from crm.database import Database
from crm.incidents.declared.load import types_of
from crm.instance import open_instance
from crm.kinds.service import kinds_seen
from crm.knowledge.search.bank import Bank
from crm.staff.actor import Actor
from crm.staff.service import signed_in
from dashboard.access import COOKIE, live_roles, public
from dashboard.api import health
from dashboard.api.routes import ROUTERS
from dashboard.bodies import BodyLimit
from dashboard.description import describe, operation_id
from dashboard.headers import SameOriginOnly, SecurityHeaders
from dashboard.live.hub import Hub
from dashboard.live.reader import Reader
from dashboard.live.socket import LiveFeed, Watcher
from dashboard.problems import install_problems
from dashboard.services import Services

API = "/api/v1"
PAGES = Path(__file__).parent / "web/dist"


@dataclass(frozen=True)
class Watching:
    """Who is behind a session token, for the live feed, which has no request and so no request's transaction."""

    database: Database
    clock: Clock

    def __call__(self, token: str) -> Watcher | None:
        try:
            with self.database.reading() as session:
                who = signed_in(session, token, self.clock.now())
                if who is None:
                    return None
                kinds = kinds_seen(session, Actor(who.user.name, who.user.user_id, who.user.roles, who.user.estates))
        except SQLAlchemyError as error:
            raise Unavailable from error
        return Watcher(replace(who.user, roles=live_roles(who)), kinds, desk=bool(who.user.roles - {Role.WALLBOARD}))


def create_app(settings: Settings, *, site: Site | None = None, clock: Clock | None = None,
               pages: Path = PAGES) -> FastAPI:
    clock = clock or SystemClock()
    database = open_instance(settings)
    hub = Hub(clock)
    site = site or load_site(settings.site_file)
    services = Services(site=site, database=database, hub=hub, clock=clock, recordings=settings.recordings,
                        attachments=settings.attachments,
                        asker=Asker(settings.redis_url, clock), secrets=settings.secrets, bank=Bank(),
                        incident_types=types_of(settings.site_file).types,
                        websocket=settings.websocket(site.network.websocket) if site.browser_seats else "")

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        bus = Bus(settings.redis_url)
        reader = Reader(bus, hub, clock)
        tasks = [asyncio.create_task(reader.run()), asyncio.create_task(reader.ping())]
        for task in tasks:
            task.add_done_callback(_must_not_end)
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await bus.close()
        await asyncio.to_thread(services.bank.close)
        database.close()

    app = FastAPI(title="Sixring", version="0.1.0", lifespan=lifespan, docs_url=None, redoc_url=None,
                  generate_unique_id_function=operation_id)
    app.state.services = services
    app.add_middleware(BodyLimit)
    app.add_middleware(SameOriginOnly)
    app.add_middleware(SecurityHeaders, websocket=services.websocket)
    install_problems(app)
    describe(app)
    for router in ROUTERS:
        app.include_router(router, prefix=API)
    app.include_router(health.probe)
    feed = LiveFeed(hub, Watching(database, clock), COOKIE)

    @app.websocket(f"{API}/live")
    async def live(websocket: WebSocket) -> None:
        await feed.serve(websocket)

    app.include_router(page_router(pages))
    app.mount("/assets", StaticFiles(directory=pages / "assets", check_dir=False), name="assets")
    return app


def page_router(pages: Path) -> APIRouter:
    """The page is one file for everybody; what it shows comes from the API, to those who are signed in."""
    router = APIRouter(include_in_schema=False, dependencies=[Depends(public)])

    def file(name: str, cache: str) -> FileResponse:
        path = pages / name
        if not path.is_file():
            raise NotFound(name)
        return FileResponse(path, headers={"Cache-Control": cache})

    @router.get("/")
    @router.get("/desk")
    @router.get("/lead")
    @router.get("/outages")
    @router.get("/outages/{place}")
    @router.get("/surge")
    @router.get("/drills")
    @router.get("/tickets")
    @router.get("/tickets/{place}")
    @router.get("/emergencies")
    @router.get("/emergencies/{place}")
    @router.get("/households")
    @router.get("/households/{place}")
    def index() -> FileResponse:
        return file("index.html", "no-cache")

    @router.get("/mark.svg")
    def mark() -> FileResponse:
        return file("mark.svg", "max-age=86400")

    return router


def _must_not_end(task: asyncio.Task[None]) -> None:
    """A reader that ends by a fault of ours must be seen; the supervisor restarts nothing that still answers."""
    if not task.cancelled() and (error := task.exception()):
        structlog.get_logger("dashboard").critical("feed_ended", error=repr(error), exc_info=error)
