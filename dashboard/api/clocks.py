"""`/clocks`: what must be done by when, across tickets; promises; how many were kept. `/tickets/{id}/clocks`: those of one."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field

from callcenter.roles import STAFF, Role
from crm.clocks import lists
from crm.clocks.calendars import moment
from crm.clocks.figures import on_time_rate
from crm.clocks.lists import ClockShown, Promises, Which
from crm.kinds.schema import ID
from crm.paging import Page
from crm.staff.actor import Actor
from dashboard.access import LEADS, acting
from dashboard.manners import Cursor, Limit
from dashboard.moments import Moment
from dashboard.problems import responses
from dashboard.services import Given, Reading

router = APIRouter(tags=["clocks"])

Works = Annotated[Actor, Depends(acting(*STAFF), scope="function")]
Leads = Annotated[Actor, Depends(acting(*LEADS, Role.OPERATIONS), scope="function")]
Kind = Annotated[str | None, Query(pattern=ID)]
EstateId = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


class TicketClocks(BaseModel):
    clocks: list[ClockShown]


class OnTime(BaseModel):
    """On-time rate (及时率): tickets whose clock was kept ÷ tickets whose clock ended."""

    kind: str
    clock: str
    kept: int
    ended: int
    rate: float | None = Field(description="null when none ended")


class OnTimeList(BaseModel):
    since: datetime
    before: datetime
    clocks: list[OnTime]


@router.get("/clocks", responses=responses(401, 403, 422, 503))
def list_clocks(
    actor: Works, session: Reading, services: Given, state: Which = Which.OPEN,
    within: Annotated[int, Query(ge=1, le=10_080, description="minutes: what is due soon")] = 60,
    kind: Kind = None, estate_id: EstateId = None,
    ticket_id: Annotated[list[Annotated[int, Field(ge=1, le=2**31 - 1)]] | None, Query(
        max_length=200, description="of these tickets only, for a list that shows them")] = None,
    cursor: Cursor = None, limit: Limit = 50,
) -> Page[ClockShown]:
    """Of tickets that you see: open ones longest first, those due soon next due first, broken ones longest broken first."""
    return lists.clocks(session, actor, state, services.clock.now(), within=timedelta(minutes=within), kind=kind,
                        estate_id=estate_id, ticket_ids=ticket_id, cursor=cursor, limit=limit)


@router.get("/clocks/promises", responses=responses(401, 403, 422, 503))
def list_promises(
    actor: Works, session: Reading, services: Given, state: Promises = Promises.TODAY, kind: Kind = None,
    estate_id: EstateId = None, cursor: Cursor = None, limit: Limit = 50,
) -> Page[ClockShown]:
    """Times that callers were told: those for today, those that are due, those missed in the last thirty days (A6, E3)."""
    now = services.clock.now()
    today = now.astimezone(services.timezone).date()
    day = moment(today, time(0), services.timezone), moment(today + timedelta(days=1), time(0), services.timezone)
    return lists.promises(session, actor, state, day, now, kind=kind, estate_id=estate_id, cursor=cursor, limit=limit)


@router.get("/clocks/on-time", responses=responses(401, 403, 422, 503))
def list_on_time(
    actor: Leads, session: Reading, since: Annotated[Moment, Query()], before: Annotated[Moment, Query()],
    kind: Kind = None, estate_id: EstateId = None,
) -> OnTimeList:
    """By kind and clock, of those that ended in the period, as far as you see their tickets."""
    rows = lists.ended(session, actor, since, before, kind=kind, estate_id=estate_id)
    return OnTimeList(since=since, before=before, clocks=[
        OnTime(kind=row.kind, clock=row.clock, kept=row.kept, ended=row.ended, rate=on_time_rate(row.kept, row.ended))
        for row in rows])


@router.get("/tickets/{ticket_id}/clocks", responses=responses(401, 403, 404, 422, 503))
def list_ticket_clocks(actor: Works, session: Reading, ticket_id: Annotated[int, Path(ge=1, le=2**31 - 1)]) -> TicketClocks:
    """In the order in which they were started; also those that have ended."""
    return TicketClocks(clocks=lists.of_ticket(session, actor, ticket_id))
