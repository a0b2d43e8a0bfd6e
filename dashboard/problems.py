"""Problem details (RFC 9457): every error of the API is one, with a stable code. The pages have the words."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from starlette.exceptions import HTTPException

from callcenter.errors import Conflict, SixringError, Unavailable
from callcenter.yamlfile import FileFaults
from crm.tickets.errors import FieldsUnfit

MEDIA_TYPE = "application/problem+json"
CODES = {400: "bad_request", 401: "unauthenticated", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
         413: "too_large", 415: "unsupported_media_type", 429: "too_many_requests"}
RETRY_AFTER_S = {503: "2"}


class Coded(Exception):
    """A refusal whose code another process has given: acd's answer to an order."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


class FieldFault(BaseModel):
    """One field that does not fit. What was sent is not repeated: it may be a password."""

    where: list[str | int] = Field(description="path of the field, e.g. ['body', 'name']")
    code: str = Field(description="pydantic's error type, e.g. 'missing'; of a ticket's fields, see crm/tickets/values.py")


class DefinitionFault(BaseModel):
    """One fault of a definition that somebody wrote, in words, as `sixring kinds check` prints it."""

    line: int
    key: str
    problem: str
    hint: str = Field(description="what would be right; may be empty")


class Problem(BaseModel):
    type: str = Field(description="urn:sixring:problem:<code>")
    title: str = Field(description="the status' standard phrase")
    status: int
    code: str = Field(description="stable; what a program decides by and a page translates")
    faults: list[FieldFault] = []
    definition: list[DefinitionFault] = []


def problem(status: int, code: str, *, faults: list[FieldFault] | None = None,
            definition: list[DefinitionFault] | None = None, headers: dict[str, str] | None = None) -> JSONResponse:
    body = Problem(type=f"urn:sixring:problem:{code}", title=HTTPStatus(status).phrase, status=status, code=code,
                   faults=faults or [], definition=definition or [])
    extra = dict(headers or {})
    if status in RETRY_AFTER_S:
        extra.setdefault("Retry-After", RETRY_AFTER_S[status])
    return JSONResponse(body.model_dump(), status, media_type=MEDIA_TYPE, headers=extra)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For a route's OpenAPI description."""
    return {status: {"description": HTTPStatus(status).phrase,
                     "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
            for status in statuses}


def describe_problems(app: FastAPI) -> None:
    """FastAPI describes errors as application/json; ours are problems, so their schema is added by hand."""
    made = app.openapi

    def with_problems() -> dict[str, Any]:
        document = made()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        described = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(described.pop("$defs", {}))
        schemas["Problem"] = described
        return document

    app.openapi = with_problems  # type: ignore[method-assign]


def install_problems(app: FastAPI) -> None:
    log = structlog.get_logger("dashboard.problems")

    @app.exception_handler(SixringError)
    def named(_: Request, error: SixringError) -> JSONResponse:
        return problem(error.status, error.code)

    @app.exception_handler(FieldsUnfit)
    def fields_unfit(_: Request, error: FieldsUnfit) -> JSONResponse:
        return problem(error.status, error.code, faults=[FieldFault(where=["fields", fault.field], code=fault.code)
                                                         for fault in error.faults])

    @app.exception_handler(FileFaults)
    def definition_unfit(_: Request, error: FileFaults) -> JSONResponse:
        return problem(422, "definition_unfit", definition=[
            DefinitionFault(line=fault.line, key=fault.key, problem=fault.problem, hint=fault.hint) for fault in error.faults])

    @app.exception_handler(Coded)
    def refused(_: Request, error: Coded) -> JSONResponse:
        return problem(error.status, error.code)

    @app.exception_handler(OperationalError)
    @app.exception_handler(NoConnection)
    def no_database(request: Request, error: OperationalError | NoConnection) -> JSONResponse:
        log.error("database_unavailable", path=request.url.path, error=type(getattr(error, "orig", None) or error).__name__)
        return problem(Unavailable.status, Unavailable.code)

    @app.exception_handler(IntegrityError)
    def no_such_reference(_: Request, __: IntegrityError) -> JSONResponse:
        return problem(Conflict.status, Conflict.code)

    @app.exception_handler(RequestValidationError)
    def unfit(_: Request, error: RequestValidationError) -> JSONResponse:
        faults = [FieldFault(where=list(item["loc"]), code=item["type"]) for item in error.errors()]
        return problem(422, "invalid", faults=faults)

    @app.exception_handler(HTTPException)
    def by_status(_: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, CODES.get(error.status_code, "http_error"),
                       headers=dict(error.headers or {}))

    @app.exception_handler(Exception)
    def unexpected(request: Request, error: Exception) -> JSONResponse:
        log.error("unexpected_error", path=request.url.path, error=type(error).__name__, exc_info=error)
        return problem(500, "internal")
