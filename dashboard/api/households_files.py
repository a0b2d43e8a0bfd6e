"""`/households/import` and `/export`: the whole register, or an estate of it, as CSV or XLSX."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from callcenter.errors import SixringError
from crm.households.export import Format, exported
from crm.households.importer import Report, bring_in, opened
from crm.households.sheet import MOST_BYTES
from dashboard.api.households import Body, Keeps, Reason, RowId
from dashboard.manners import ONCE, Once
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing

router = APIRouter(prefix="/households", tags=["households"])

TYPES: Final[dict[Format, str]] = {
    "csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
_FILE: Final = {"schema": {"type": "string", "format": "binary"}}
_SENT: Final = dict.fromkeys((*TYPES.values(), "application/octet-stream"), _FILE)
FILE_SENT: Final[dict[str, Any]] = {"requestBody": {"required": True, "content": _SENT}}
FILE_GIVEN: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "the file", "content": dict.fromkeys(TYPES.values(), _FILE)}}


class LengthRequired(SixringError):
    """A file that does not say how long it is may never end."""

    code = "length_required"
    status = HTTPStatus.LENGTH_REQUIRED


class TooLarge(SixringError):
    code = "too_large"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class ExportGiven(Body):
    format: Format = "xlsx"
    reason: Reason
    estate_id: RowId | None = None


async def sent_file(request: Request) -> bytes:
    """The body as it is; what it holds is told from its first bytes. Refused before it is read when it is too long."""
    length = request.headers.get("content-length", "")
    if not length.isdecimal():
        raise LengthRequired
    if int(length) > MOST_BYTES:
        raise TooLarge
    return await request.body()


@router.post("/import", openapi_extra=FILE_SENT, responses=responses(400, 401, 403, 411, 413, *ONCE, 503))
def import_households(
    actor: Keeps, data: Annotated[bytes, Depends(sent_file)], reading: Reading, session: Writing, once: Once, services: Given,
    dry_run: Annotated[bool, Query(description="only say what would be done")] = False,
) -> Report:
    """All of the file, or nothing when a single row has a fault: then every fault is listed. Safe to repeat."""
    english = {estate.name.zh: estate.name.en for estate in services.site.estates}
    now, file = services.clock.now(), opened(data)
    if dry_run:
        return bring_in(reading, actor, file, now, services.timezone, english=english, dry_run=True)
    return once(Report, lambda: bring_in(session, actor, file, now, services.timezone, english=english, dry_run=False))


@router.post("/export", response_class=Response, responses=FILE_GIVEN | responses(400, 401, 403, 404, 422, 503))
def export_households(actor: Keeps, services: Given, given: ExportGiven) -> Response:
    """With names and numbers as they are; who exported what, and why, is in the audit. Can be imported again."""
    now = services.clock.now()
    content = exported(services.database, actor, given.format, given.reason, now, estate_id=given.estate_id)
    name = f"households-{now.astimezone(services.timezone):%Y%m%d-%H%M}.{given.format}"
    return Response(content, media_type=TYPES[given.format], headers={"Content-Disposition": f'attachment; filename="{name}"'})
