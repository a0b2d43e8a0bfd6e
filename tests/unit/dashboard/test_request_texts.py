"""No text of a request brings what a database refuses: found in the routes themselves, so that a new one without a type fails here.

A text is in order with a type of callcenter/text_types.py, or with a pattern that names the characters it lets in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, FastAPI, Header, Query
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field, JsonValue, StringConstraints, TypeAdapter

from callcenter.settings import new_settings
from callcenter.site import load_site
from callcenter.text_types import CONTROLS, OURS, line, line_without, lines
from dashboard.app import create_app

SITE = Path(__file__).resolve().parents[3] / "asterisk-config/site.yaml"
HEADERS_ANYHOW = "anything but one version as we write it matches nothing (dashboard/manners.py)"
FIELDS = "by the kind's form (crm/tickets/values.py), which refuses the same characters; the names have a pattern"
EVENTS = "matched whole against what there is, and refused as `events_refused` (crm/webhooks/rules.py)"
FILES = "cleaned of them and of more: whatever a file is called, it is taken (crm/tickets/attachments.py)"
# What has neither, and why. `*`: of any route.
EXCEPTIONS = {
    "* header If-Match": HEADERS_ANYHOW,
    "POST /session body.password": "any character at all; only what is made of it is compared, and nothing is kept",
    "POST /users body.password": "any character at all; only its hash is kept",
    "PATCH /users/{name} body.password": "any character at all; only its hash is kept",
    "POST /tickets body.fields{}": FIELDS,
    "PATCH /tickets/{ticket_id} body.fields{}": FIELDS,
    "POST /tickets/{ticket_id}/move body.fields{}": FIELDS,
    "POST /tickets/{ticket_id}/attachments query name": FILES,
    "POST /repairs/{ticket_id}/files query name": FILES,
    "POST /webhooks body.events[]": EVENTS,
    "PATCH /webhooks/{webhook_id} body.events[]": EVENTS,
    "POST /repairs/{ticket_id}/steps body.steps[].data{key}": "what a phone did hours ago is taken in any case, and cleaned: "
                                                              "crm/repairs/steps.py",
    "POST /repairs/{ticket_id}/steps body.steps[].data{}": "as above",
}
# Bodies that FastAPI does not look into, and who does.
FILES_READ = "row by row; a cell with a control in it is a fault of that row"
RAW = {
    "PUT /kinds/{kind}": "callcenter/yamlfile.py: what was escaped in it is a fault with its line",
    "POST /households/import": FILES_READ, "POST /repairs/prices/import": FILES_READ, "POST /roster/import": FILES_READ,
    "POST /followups/surveys": FILES_READ, "POST /knowledge/import": FILES_READ,
    "POST /tickets/{ticket_id}/attachments": "a file, kept as it is and not in the database",
    "POST /repairs/{ticket_id}/files": "a file, kept as it is and not in the database",
}
# Of patterns that are not ours: a class that says what it leaves out, a dot, a \s and the like may let a control in.
LETS_IN_MORE = re.compile(r"\[\^|\\[sSDWnrt]|\\x[01]")
DOT = re.compile(r"(?<!\\)\.")
IN_A_CLASS = re.compile(r"\[(?!\^)(?:\\.|[^\]\\])*\]")
# Kinds of pydantic's schemas in which a text may be anything, besides `str`.
ANYTHING = {"any", "json", "json-or-python", "bytes", "custom-error", "callable", "is-instance", "function-plain"}


def names_what_it_lets_in(pattern: str) -> bool:
    if pattern in OURS:
        return True
    without = pattern.removeprefix(f"^[^{CONTROLS}")
    if without != pattern:          # one of ours with more left out
        return re.fullmatch(r"(?:\\.|[^\]\\])*\]\{\d+,\d+\}\$", without) is not None
    whole = pattern.startswith("^") and pattern.endswith("$") and not pattern.endswith(r"\$")
    # `a|b$` is two patterns, and neither is anchored on both sides.
    inside = IN_A_CLASS.sub("", pattern)
    return whole and not (LETS_IN_MORE.search(pattern) or DOT.search(inside) or _splits(inside))


def _splits(pattern: str) -> bool:
    depth = 0
    for sign in re.sub(r"\\.", "", pattern):
        depth += (sign == "(") - (sign == ")")
        if sign == "|" and depth == 0:
            return True
    return False


def texts_in(schema: Any, place: str, shapes: dict[str, Any], inside: tuple[str, ...] = ()) -> Iterator[tuple[str, bool]]:
    """(place, whether it is in order) of each text that pydantic's schema lets through."""
    if isinstance(schema, list | tuple):
        for each in schema:
            yield from texts_in(each, place, shapes, inside)
        return
    if not isinstance(schema, dict):
        return
    kind = schema.get("type")
    shapes = shapes | {each["ref"]: each for each in schema.get("definitions", ())} if kind == "definitions" else shapes
    if kind == "definition-ref":
        name = schema["schema_ref"]
        if name not in inside:
            yield from texts_in(shapes[name], place, shapes, (*inside, name))
        return
    if kind == "str":
        yield place, names_what_it_lets_in(schema.get("pattern") or "")
        return
    if kind in ANYTHING:
        yield place, False
        return
    for part, below in schema.items():
        if part in ("definitions", "serialization", "metadata", "expected", "members", "default"):
            continue
        if part == "fields" and isinstance(below, dict):
            for name, each in below.items():
                yield from texts_in(each["schema"], f"{place}.{each.get('validation_alias', name)}", shapes, inside)
        else:
            mark = {"keys_schema": "{key}", "values_schema": "{}", "items_schema": "[]"}.get(part, "")
            yield from texts_in(below, place + mark, shapes, inside)


def flat(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for part in dependant.dependencies:
        yield from flat(part)


def texts_of(route: APIRoute) -> Iterator[tuple[str, bool]]:
    given = [(sort, field) for part in flat(route.dependant) for sort, fields in (
        ("path", part.path_params), ("query", part.query_params), ("header", part.header_params), ("cookie", part.cookie_params))
        for field in fields]
    for sort, field in given:
        schema = TypeAdapter(Annotated[field.field_info.annotation, field.field_info]).core_schema
        yield from texts_in(schema, f"{sort} {field.alias}", {})
    if route.body_field is not None:
        info = route.body_field.field_info
        yield from texts_in(TypeAdapter(Annotated[info.annotation, info]).core_schema, "body", {})


def routes_of(found: Any) -> Iterator[APIRoute]:
    for route in found:
        if isinstance(route, APIRoute):
            yield route
        yield from routes_of(getattr(getattr(route, "original_router", None), "routes", []))


def bare_texts(app: FastAPI) -> set[str]:
    return {f"{method} {route.path} {place}" for route in routes_of(app.routes)
            for method in route.methods or () for place, is_in_order in texts_of(route) if not is_in_order}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    folder = tmp_path_factory.mktemp("texts")
    return create_app(new_settings(folder, offset=0, site_file=SITE), site=load_site(SITE), pages=folder)


def _is(exception: str, place: str) -> bool:
    return place.endswith(exception[1:]) if exception.startswith("*") else place == exception


def test_every_text_of_every_request_has_a_type_that_refuses_controls(app: FastAPI) -> None:
    bare = bare_texts(app)
    unexplained = {place for place in bare if not any(_is(exception, place) for exception in EXCEPTIONS)}
    assert sorted(unexplained) == [], "give it a type of callcenter/text_types.py"
    assert [one for one in EXCEPTIONS if not any(_is(one, place) for place in bare)] == [], "has a type by now, or is gone"


def test_every_body_that_is_read_elsewhere_is_known(app: FastAPI) -> None:
    raw = {f"{method} {route.path}" for route in routes_of(app.routes) for method in route.methods or ()
           if "requestBody" in (route.openapi_extra or {})}
    assert raw == set(RAW)


class Inner(BaseModel):
    bare: str
    free: JsonValue
    by_name: dict[str, int]
    fine: Annotated[str, line(10)] | None = None
    several: list[Annotated[str, lines(10)]] = []
    forward: Inner | None = None


class Given(BaseModel):
    inner: list[Inner]
    counted: int
    long: Annotated[str, StringConstraints(max_length=3)]
    digits: Annotated[str, StringConstraints(pattern=r"^[0-9]+$")]
    label: Annotated[str, line_without('";|[]', 10)]
    loose: Annotated[str, Field(pattern=r"^[^\r\n]*$")]
    half: Annotated[str, Field(pattern=r"[a-z]+$")]


def test_the_walk_finds_what_a_route_forgets_and_lets_pass_what_it_does_not() -> None:
    router = APIRouter()

    @router.post("/{name}")
    def take(name: str, given: Given, words: Annotated[str, Query(max_length=5)], good: Annotated[str, Query(pattern="^[a-z.]$")],
             mark: Annotated[str, Header()], several: Annotated[list[str] | None, Query()] = None) -> None: ...

    app = FastAPI()
    app.include_router(router)
    assert bare_texts(app) == {f"POST /{{name}} {place}" for place in (
        "path name", "query words", "query several[]", "header mark", "body.inner[].bare", "body.inner[].free",
        "body.inner[].by_name{key}", "body.long", "body.loose", "body.half")}


@pytest.mark.parametrize(("pattern", "fits"), [
    (r"^[a-z.]{1,3}$", True), (r"^(a|b)$", True), (r"^a\.b$", True), (r"^[!-~]+$", True), (r"^[\x20-\x7e]*$", True),
    (r"^[\s\S]*$", False), (r"^[\x01-\x7e]*$", False), (r"^a|b$", False),
    (r"^a.b$", False), (r"^[^a]$", False), (r"^\S+$", False), (r"^a\$", False), ("", False), (r"a$", False)])
def test_which_patterns_name_what_they_let_in(pattern: str, fits: bool) -> None:
    assert names_what_it_lets_in(pattern) is fits
