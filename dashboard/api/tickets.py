"""`/tickets`: the list. Working on a ticket belongs to the desk."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from callcenter.roles import Role
from crm.staff.actor import Actor
from crm.tickets import service
from crm.tickets.schemas import TicketKind, TicketShown
from dashboard.access import DESK, acting, view_of
from dashboard.problems import responses
from dashboard.services import Given, Reading

router = APIRouter(prefix="/tickets", tags=["tickets"])

RowId = Annotated[int, Field(ge=1, le=2**31 - 1)]


class TicketPage(BaseModel):
    tickets: list[TicketShown]
    next_before: int | None = Field(description="give it as `before_id` for the next page; null on the last one")


Acts = Annotated[Actor, Depends(acting(*DESK, Role.OFFICE), scope="function")]


@router.get("", responses=responses(401, 403, 422, 503))
def list_tickets(
    actor: Acts, session: Reading, services: Given,
    state: Literal["open", "closed"] | None = None,
    kind: TicketKind | None = None,
    household_id: Annotated[RowId | None, Query()] = None,
    call_id: Annotated[str | None, Query(max_length=80)] = None,
    before_id: Annotated[RowId | None, Query(description="`next_before` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> TicketPage:
    """Newest first."""
    found = service.tickets(session, state=state, kind=kind, household_id=household_id, call_id=call_id,
                            before_id=before_id, limit=limit + 1, view=view_of(actor, services))
    return TicketPage(tickets=found[:limit], next_before=found[limit - 1].ticket_id if len(found) > limit else None)
