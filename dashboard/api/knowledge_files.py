"""`/knowledge/import` and `/export`: the bank as CSV or XLSX."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from crm.knowledge.files import BankReport, Format, bring_in, exported
from dashboard.api.households_files import FILE_GIVEN, FILE_SENT, TYPES, sent_file
from dashboard.api.knowledge import Body, Keeps
from dashboard.manners import ONCE, Once
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing

router = APIRouter(prefix="/knowledge", tags=["knowledge"])


class BankExport(Body):
    format: Format = "xlsx"


@router.post("/import", openapi_extra=FILE_SENT, responses=responses(400, 401, 403, 404, 411, 413, *ONCE, 503))
def import_bank(
    actor: Keeps, data: Annotated[bytes, Depends(sent_file)], reading: Reading, session: Writing, once: Once, services: Given,
    dry_run: Annotated[bool, Query(description="only say what would be done")] = False,
) -> BankReport:
    """All of the file as drafts, or nothing when a single row has a fault: then every fault is listed. Safe to repeat."""
    now = services.clock.now()
    if dry_run:
        return bring_in(reading, actor, data, now, dry_run=True)
    return once(BankReport, lambda: bring_in(session, actor, data, now, dry_run=False))


@router.post("/export", response_class=Response, responses=FILE_GIVEN | responses(400, 401, 403, 422, 503))
def export_bank(actor: Keeps, session: Writing, services: Given, given: BankExport) -> Response:
    """What is shown now; can be imported again."""
    now = services.clock.now()
    content = exported(session, actor, given.format, now)
    name = f"knowledge-{now.astimezone(services.timezone):%Y%m%d-%H%M}.{given.format}"
    return Response(content, media_type=TYPES[given.format], headers={"Content-Disposition": f'attachment; filename="{name}"'})
