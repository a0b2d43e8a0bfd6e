"""Every route says whom it serves (K1). A new one that does not fails here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from callcenter.settings import new_settings
from callcenter.site import load_site
from dashboard.access import Guard, public
from dashboard.app import create_app
from dashboard.manners import once_only

CHECKOUT = Path(__file__).resolve().parents[3]
SITE = CHECKOUT / "asterisk-config/site.yaml"
OPEN_TO_ALL = {("/", "GET"), ("/desk", "GET"), ("/lead", "GET"), ("/tickets", "GET"), ("/tickets/{place}", "GET"),
               ("/households", "GET"), ("/households/{place}", "GET"), ("/surge", "GET"), ("/drills", "GET"),
               ("/emergencies", "GET"),
               ("/emergencies/{place}", "GET"), ("/outages", "GET"), ("/outages/{place}", "GET"),
               ("/mark.svg", "GET"), ("/healthz", "GET"),
               ("/session", "POST")}  # below /api/v1
# Not routes of ours: the description of the API, the page's files, and the live feed, which checks by itself (4401, 4403).
ELSEWHERE = {"/openapi.json", "/assets", "/api/v1/live"}

# POSTs that take no Idempotency-Key, and why. A path that ends in * stands for all that begin so.
WITHOUT_KEY = {
    "/session": "signing in: nobody's keys are known yet",
    "/drills/{drill_id}/stop": "stopped twice is stopped; and nothing may keep it waiting",
    "/floor/*": "an order to acd: the last one holds, and a key would keep a database writer waiting for acd's answer",
    "/agents": "the answer has a PIN, which is nowhere kept; asked again: 409, the code is taken",
    "/agents/{code}/pin": "the answer has a PIN, which is nowhere kept; asked again: another PIN",
    "/users": "the request has a password, of which no quick hash may be kept; asked again: 409, the name is taken",
    "/households/export": "makes a file with people in it, which is nowhere kept, and a line of the audit each time",
    "/knowledge/export": "makes a file; changes nothing",
    "/recordings/{call_id}/export": "gives out a recording, and a line of the audit each time",
    "/tickets/{ticket_id}/attachments": "the same file again is the same attachment",
    "/repairs/{ticket_id}/files": "the same file again is the same attachment",
    "/followups/claim": "asked again it is the same claim; the answer has numbers",
    "/calls/{call_id}/reveal": "shows what is masked, which no key may keep",
    "/contact-log/{entry_id}/reveal": "as above",
    "/callbacks/{callback_id}/reveal": "as above",
    "/nuisance/{treatment_id}/reveal": "as above",
    "/tickets/{ticket_id}/reveal": "as above",
    "/households/{household_id}/reveal": "as above",
    "/call-in/people/{call_in_person}/reveal": "as above",
}


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    settings = new_settings(tmp_path, offset=0, site_file=SITE)
    return create_app(settings, site=load_site(SITE), pages=tmp_path)


def dependencies(dependant: Dependant) -> Iterator[object]:
    for part in dependant.dependencies:
        yield part.call
        yield from dependencies(part)


def api_routes(app: FastAPI) -> list[APIRoute]:
    return [route for route in walk(app.routes) if isinstance(route, APIRoute)]


def walk(routes: Sequence[object]) -> Iterator[object]:
    """FastAPI keeps an included router as it was, so paths of the API come without their prefix."""
    for route in routes:
        yield route
        yield from walk(getattr(getattr(route, "original_router", None), "routes", []))


@pytest.mark.rule("K1", part="the API's part only")
def test_every_route_names_its_roles_or_is_known_to_be_open(app: FastAPI) -> None:
    guarded, opened = set(), set()
    for route in api_routes(app):
        calls = list(dependencies(route.dependant))
        for method in route.methods or ():
            place = (route.path, method)
            if any(isinstance(call, Guard) and call.roles for call in calls):
                guarded.add(place)
            else:
                assert public in calls, f"{place} says nothing of who may use it"
                opened.add(place)
    assert opened == OPEN_TO_ALL
    assert len(guarded) >= 10


def test_there_is_no_other_way_in(app: FastAPI) -> None:
    others = {getattr(route, "path", "") for route in walk(app.routes) if not isinstance(route, APIRoute)}
    assert others - {""} == ELSEWHERE


def test_every_post_is_done_once_for_its_key_or_it_is_written_down_why_not(app: FastAPI) -> None:
    without = {route.path for route in api_routes(app)
               if "POST" in (route.methods or ()) and once_only not in dependencies(route.dependant)}
    named = {path: {one for one in without if one == path or (path.endswith("*") and one.startswith(path[:-1]))}
             for path in WITHOUT_KEY}
    assert without - set().union(*named.values()) == set(), "takes no Idempotency-Key, and nobody said why"
    assert [path for path, found in named.items() if not found] == [], "takes one by now, or is gone"
