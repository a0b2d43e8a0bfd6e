"""`/calls`: the call records, and the recordings, each listening to which is logged (A8)."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import FileResponse
from pydantic import Field

from callcenter.errors import Forbidden, NotFound
from crm.calls import listing
from crm.calls.listing import CallFilter, CallPage, call_page
from crm.calls.record import Outcome
from crm.calls.schemas import CallShown
from crm.reports.service import day_bounds
from crm.staff.actor import Actor
from crm.staff.audit import record_audit
from crm.staff.schemas import SignedIn
from dashboard.access import DESK, acting, own_seat, require, view_of
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing

router = APIRouter(prefix="/calls", tags=["calls"])

OnDesk = Annotated[SignedIn, Depends(require(*DESK))]
Acts = Annotated[Actor, Depends(acting(*DESK), scope="function")]
RowId = Annotated[int, Field(ge=1, le=2**31 - 1)]
CallId = Annotated[str, Path(max_length=80, pattern=r"^[A-Za-z0-9._-]+$")]


class RecordingMissing(NotFound):
    """The call is there, its recording is not: nobody talked, it is not sealed yet, or its time is over."""

    code = "recording_missing"


@router.get("", responses=responses(401, 403, 404, 422, 503))
def list_calls(
    who: OnDesk, actor: Acts, session: Reading, services: Given,
    day: Annotated[date | None, Query(description="local day on which the call came in")] = None,
    queue: Annotated[str | None, Query(max_length=40)] = None,
    outcome: Outcome | None = None,
    household_id: Annotated[RowId | None, Query()] = None,
    before: Annotated[str | None, Query(max_length=80, description="`next_before` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CallPage:
    """Newest first. An agent sees the calls of the seat where they sit."""
    begin, end = day_bounds(day, services.timezone) if day else (None, None)
    wanted = CallFilter(begin=begin, end=end, queue=queue, outcome=outcome, seat=own_seat(who),
                        household_id=household_id)
    return call_page(session, view_of(actor, services), wanted, before=before, limit=limit)


@router.get("/{call_id}", responses=responses(401, 403, 404, 422, 503))
def one_call(who: OnDesk, actor: Acts, session: Reading, services: Given, call_id: CallId) -> CallShown:
    found = listing.one_call(session, view_of(actor, services), call_id)
    if own_seat(who) not in (None, found.answered_by):
        raise Forbidden
    return found


@router.get("/{call_id}/recording", response_class=FileResponse, responses={
    200: {"content": {"audio/wav": {}}}, 206: {"content": {"audio/wav": {}}, "description": "Partial Content"},
    **responses(401, 403, 404, 422, 503)})
def recording(who: OnDesk, actor: Acts, session: Writing, services: Given, request: Request, call_id: CallId) -> FileResponse:
    """Answers ranges. Every request is logged before a byte is sent, whatever part of the recording it asks for."""
    found = one_call(who, actor, session, services, call_id)
    if found.recording is None:
        raise RecordingMissing
    folder = services.recordings.resolve()
    path = (folder / found.recording.path).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise RecordingMissing
    record_audit(session, at=services.clock.now(), who=who.user.name, user_id=who.user.user_id,
                 action="recording.listened", subject=f"call:{call_id}", detail=request.headers.get("range"))
    return FileResponse(path, media_type="audio/wav", filename=f"{call_id}.wav", content_disposition_type="inline",
                        headers={"Cache-Control": "no-store"})
