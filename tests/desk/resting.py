"""Applications that are used again. FastAPI makes each of the three hundred routes when it is first asked for, which was half of a
story's time: an application that another story has used has them, and all that is a story's own is in its services."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fastapi import FastAPI

from callcenter.clock import Clock
from callcenter.settings import CHECKOUT, Settings
from callcenter.site import load_site
from callcenter.site.schema import Site
from dashboard.app import create_app

SITE = CHECKOUT / "asterisk-config/site.yaml"
_RESTING: list[FastAPI] = []
_SERVED: list[FastAPI] = []
_LIVE = "/api/v1/live"


@cache
def demo_site() -> Site:
    return load_site(SITE)


def application(settings: Settings, site: Site, clock: Clock, pages: Path) -> FastAPI:
    """Nothing in it is of the story before but its routes; for requests without a lifespan."""
    app = create_app(settings, site=site, clock=clock, pages=pages)
    if _RESTING:
        used = _RESTING.pop()
        used.state.services = app.state.services
        return used
    return app


def rest(app: FastAPI) -> None:
    """Closes its database."""
    app.state.services.database.close()
    _RESTING.append(app)


def served(made: FastAPI) -> FastAPI:
    """`made`, to be served with its lifespan, on the routes of one that was served before. What is its own besides its services:
    lifespan, headers, live feed; the pages are the same ones."""
    if not _SERVED:
        return made
    used = _SERVED.pop()
    used.state.services = made.state.services
    used.router.lifespan_context = made.router.lifespan_context
    used.user_middleware, used.middleware_stack = made.user_middleware, None
    used.router.routes[_live_of(used)] = made.router.routes[_live_of(made)]
    return used


def rest_served(app: FastAPI) -> None:
    """Its lifespan has closed all that was its own."""
    _SERVED.append(app)


def _live_of(app: FastAPI) -> int:
    [place] = [place for place, route in enumerate(app.router.routes) if getattr(route, "path", "") == _LIVE]
    return place
