"""`/calls`: the call records. Their sound is in recordings.py."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field

from callcenter.errors import Forbidden
from callcenter.text_types import line
from crm.calls import listing
from crm.calls.listing import CallFilter, CallPage, call_page
from crm.calls.record import Outcome
from crm.calls.schemas import CallShown
from crm.reports.service import day_bounds
from crm.staff.actor import Actor
from crm.staff.schemas import SignedIn
from dashboard.access import DESK, acting, own_seat, require, view_of
from dashboard.problems import responses
from dashboard.services import Given, Reading

router = APIRouter(prefix="/calls", tags=["calls"])

OnDesk = Annotated[SignedIn, Depends(require(*DESK))]
Acts = Annotated[Actor, Depends(acting(*DESK), scope="function")]
RowId = Annotated[int, Field(ge=1, le=2**31 - 1)]
CallId = Annotated[str, Path(max_length=80, pattern=r"^[A-Za-z0-9._-]+$")]


@router.get("", responses=responses(401, 403, 404, 422, 503))
def list_calls(
    who: OnDesk, actor: Acts, session: Reading, services: Given,
    day: Annotated[date | None, Query(description="local day on which the call came in")] = None,
    queue: Annotated[Annotated[str, line(40, least=0)] | None, Query()] = None,
    outcome: Outcome | None = None,
    household_id: Annotated[RowId | None, Query()] = None,
    before: Annotated[Annotated[str, line(80, least=0)] | None, Query(description="`next_before` of the page before")] = None,
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
