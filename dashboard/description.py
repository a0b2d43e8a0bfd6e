"""The API's description (OpenAPI) as a program wants it: short names for operations and shapes, and problems as problems.

FastAPI names an operation by function, path and method, and a shape whose name two modules use by both modules' paths.
Generated clients would have such names as functions and classes.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute

from dashboard.problems import describe_problems

_DOUBLE: Final = re.compile(r"^(?:crm|dashboard|callcenter)__(?:api__)?(\w+?)__(?:(?:schemas|models|service)__)?(\w+)$")


def operation_id(route: APIRoute) -> str:
    """`tickets_open_ticket`: the module and the function. No two are the same, and no new route changes another's."""
    return f"{route.endpoint.__module__.rpartition('.')[2]}_{route.name}"


def describe(app: FastAPI) -> None:
    """Once every route is there."""
    describe_problems(app)
    made = app.openapi

    def short() -> dict[str, Any]:
        return shortened(made())

    app.openapi = short  # type: ignore[method-assign]


def shortened(document: dict[str, Any]) -> dict[str, Any]:
    """`crm__tickets__schemas__EventShown` becomes `TicketsEventShown`, `Report-Input` `ReportInput`, wherever they are named."""
    shapes: dict[str, Any] = document["components"]["schemas"]
    names = {name: short for name in shapes if (short := _short(name)) not in shapes}
    written = json.dumps(document)
    for name, short in names.items():
        written = written.replace(f'"#/components/schemas/{name}"', f'"#/components/schemas/{short}"')
    found: dict[str, Any] = json.loads(written)
    for name, short in names.items():
        found["components"]["schemas"][short] = found["components"]["schemas"].pop(name) | {"title": short}
    return found


def _short(name: str) -> str:
    found = _DOUBLE.match(name)
    short = name if found is None else found[1].title().replace("_", "") + found[2]
    return short.replace("-", "")     # FastAPI's Report-Input and Report-Output: one name, two shapes
