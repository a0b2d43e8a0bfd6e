"""`/tickets/known`, `/tickets/{id}/known`, `/tickets/{id}/calls`: further calls about a known incident are tied to it (H6)."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from crm.incidents import service
from crm.incidents.schemas import Affected, Candidate, KnownShown, TiedCall
from dashboard.access import view_of
from dashboard.api.tickets import CallId, CategoryPath, Id, Number, RowId, TicketId, Works
from dashboard.manners import IF_MATCH, ONCE, Cursor, IfMatch, Limit, Once, etag
from dashboard.problems import responses
from dashboard.services import Given, Reading, Services, Writing

router = APIRouter(prefix="/tickets", tags=["tickets"])


class Candidates(BaseModel):
    candidates: list[Candidate]


class KnownGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    building_id: RowId | None = Field(None, description="null: the whole estate")
    hours: Annotated[int, Field(ge=1, le=720)] | None = Field(None, description="how long further calls are taken to be about it")


class CallGiven(BaseModel):
    """What is left out is taken from the call's record."""

    model_config = ConfigDict(extra="forbid")

    call_id: CallId | None = None
    household_id: RowId | None = None
    contact_number: Number | None = None


@router.get("/known", responses=responses(401, 403, 404, 422, 503))
def known_incidents(
    actor: Works, session: Reading, services: Given, household_id: Annotated[RowId, Query()],
    kind: Annotated[Id | None, Query()] = None,
    category: Annotated[CategoryPath | None, Query(description="with those above and below it")] = None,
) -> Candidates:
    """To be asked before a ticket is opened for a household: what is known in its building or estate. With `kind` and `category`
    also young tickets of its building that nobody has marked."""
    return Candidates(candidates=service.known(session, view_of(actor, services), household_id, kind, category,
                                               services.clock.now(), _within(services)))


@router.put("/{ticket_id}/known", responses=responses(400, 401, 403, 404, 409, *IF_MATCH, 422, 503))
def make_known(actor: Works, session: Writing, services: Given, if_version: IfMatch, response: Response, ticket_id: TicketId,
               given: KnownGiven) -> KnownShown:
    """Again: another place, or more time."""
    done = service.mark(session, actor, ticket_id, given.building_id, given.hours or services.site.followups.known_hours,
                        services.clock.now(), if_version)
    response.headers["ETag"] = etag(done.version)
    return done


@router.get("/{ticket_id}/calls", responses=responses(401, 403, 404, 422, 503))
def tied_calls(actor: Works, session: Reading, services: Given, ticket_id: TicketId, cursor: Cursor = None,
               limit: Limit = 50) -> Affected:
    """Who is affected, and who called about it, oldest first."""
    return service.affected(session, view_of(actor, services), ticket_id, cursor=cursor, limit=limit)


@router.post("/{ticket_id}/calls", status_code=201, responses=responses(400, 401, 403, 404, *ONCE, 503))
def tie_call(actor: Works, session: Writing, services: Given, once: Once, ticket_id: TicketId, given: CallGiven) -> TiedCall:
    """Changes nothing of what the incident's ticket says, so it needs no `If-Match`. Who called is called back when it is over."""
    def work() -> TiedCall:
        caller = service.Caller(given.call_id, given.household_id, given.contact_number)
        tied = service.tie(session, actor, ticket_id, caller, services.clock.now(), _within(services))
        return service.tied_shown(view_of(actor, services), tied, service.room_of(session, tied))

    return once(TiedCall, work)


def _within(services: Services) -> timedelta:
    return timedelta(hours=services.site.followups.known_hours)
