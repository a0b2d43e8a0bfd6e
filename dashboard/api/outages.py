"""`/outages`: what is or was out, who was told when, who took it on, why it was, and whom it cost a call (C2, C4)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel

from callcenter.roles import Role
from callcenter.text_types import lines
from crm.outages import service
from crm.outages.schemas import LostCallerShown, OutageShown, OutageStory
from crm.paging import Page
from crm.staff.actor import Actor
from dashboard.access import LEADS, acting, view_of
from dashboard.manners import IF_MATCH, ONCE, Cursor, IfMatch, Limit, Once, etag
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing

router = APIRouter(prefix="/outages", tags=["outages"])

Told = Annotated[Actor, Depends(acting(*LEADS, Role.OPERATIONS), scope="function")]
Leads = Annotated[Actor, Depends(acting(*LEADS), scope="function")]
OutageId = Annotated[str, Path(max_length=60, pattern=r"^[a-z][a-z_]*-[0-9]{8}-[0-9]{6}$", description="as on the board")]


class CauseGiven(BaseModel):
    cause: Annotated[str, lines(2000)]


class LostCallers(BaseModel):
    callers: list[LostCallerShown]


@router.get("", responses=responses(401, 403, 422, 503))
def list_outages(
    _actor: Told, session: Reading,
    open_only: Annotated[bool, Query(alias="open", description="only those that go on")] = False,
    component: Annotated[str | None, Query(max_length=30, pattern=r"^[a-z_]*$")] = None, cursor: Cursor = None, limit: Limit = 50,
) -> Page[OutageShown]:
    """Newest first. What the guard tells while the database is away is here a few seconds after it is back."""
    return service.outages(session, open_only=open_only, component=component, cursor=cursor, limit=limit)


@router.get("/{outage_id}", responses=responses(401, 403, 404, 422, 503))
def outage(actor: Told, session: Reading, services: Given, response: Response, outage_id: OutageId) -> OutageStory:
    """With each rung and each message that was sent, or could not be."""
    found = service.outage(session, view_of(actor, services), outage_id)
    response.headers["ETag"] = etag(found.outage.version)
    return found


@router.post("/{outage_id}/acknowledge", responses=responses(401, 403, 404, *ONCE, 503))
def acknowledge_outage(actor: Told, session: Writing, once: Once, services: Given, outage_id: OutageId) -> OutageShown:
    """It is shown on the board and in every message from then on, and stops none. The first one is kept. While the database is
    away: `sixring outage acknowledge` on the machine."""
    return once(OutageShown, lambda: service.acknowledge(session, actor, outage_id, services.clock.now()))


@router.put("/{outage_id}/cause", responses=responses(401, 403, 404, *IF_MATCH, 422, 503))
def note_cause(actor: Told, session: Writing, if_version: IfMatch, services: Given, outage_id: OutageId,
               given: CauseGiven, response: Response) -> OutageShown:
    """Also long after it is over."""
    found = service.note_cause(session, actor, outage_id, given.cause, services.clock.now(), if_version)
    response.headers["ETag"] = etag(found.version)
    return found


@router.get("/{outage_id}/callers", responses=responses(401, 403, 404, 422, 503))
def lost_callers(actor: Leads, session: Reading, services: Given, outage_id: OutageId) -> LostCallers:
    """Who was lost, cut off or gave up while it lasted, and how far ringing them back has come."""
    return LostCallers(callers=service.callers(session, view_of(actor, services), outage_id))
