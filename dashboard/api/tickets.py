"""`/tickets`: opened, filled in, moved along, read. What may be done with one, its kind says."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from callcenter.roles import STAFF
from callcenter.text_types import line, lines
from crm.incidents.service import must_be_news
from crm.kinds.schema import ID
from crm.paging import Page
from crm.privacy.service import View
from crm.staff.actor import Actor
from crm.tickets import listing, reading, service, showing
from crm.tickets.listing import Wanted
from crm.tickets.models import Ticket
from crm.tickets.schemas import Changes, EventShown, Link, NewTicket, TicketRead, TicketShown
from dashboard.access import acting, view_of
from dashboard.manners import IF_MATCH, ONCE, Cursor, IfMatch, Limit, Once, etag
from dashboard.moments import Moment
from dashboard.problems import responses
from dashboard.services import Given, Reading, Services, Writing

router = APIRouter(prefix="/tickets", tags=["tickets"])

Works = Annotated[Actor, Depends(acting(*STAFF), scope="function")]
RowId = Annotated[int, Field(ge=1, le=2**31 - 1)]
TicketId = Annotated[int, Path(ge=1, le=2**31 - 1)]
Id = Annotated[str, StringConstraints(pattern=ID)]
CategoryPath = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,20}(/[a-z0-9_]{1,20}){0,2}$")]
Text = Annotated[str, lines(4000)]
Line = Annotated[str, line(500)]
UserName = Annotated[str, line(40, strip=False)]
Number = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 -]{2,24}$")]
CallId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{3,80}$")]
FieldValues = Annotated[dict[Id, JsonValue], Field(max_length=60, description="by the kind's form; null empties a field")]


class TicketGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Id
    fields: FieldValues = {}
    category: CategoryPath | None = None
    household_id: RowId | None = None
    estate_id: RowId | None = Field(None, description="when there is no household")
    contact_number: Number | None = None
    notes: Text | None = None
    call_id: CallId | None = Field(None, description="the call in which it was told; its entry in the log names the ticket then")
    parent_id: RowId | None = None
    parent_as: Link | None = None
    despite_known: bool = Field(False, description="another matter than what is known there (409 `known_incident`)")


class ChangesGiven(BaseModel):
    """What is left out stays."""

    model_config = ConfigDict(extra="forbid")

    fields: FieldValues = {}
    category: CategoryPath | None = None
    household_id: RowId | None = None
    contact_number: Number | None = None

    def changes(self) -> Changes:
        return Changes(self.fields, self.category, self.household_id, self.contact_number)


class MoveGiven(ChangesGiven):
    to: Id = Field(description="a stage that the present one leads to")


class NoteGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: Text


class RevealGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    field: Id = Field(description="a private field, `contact_number` or `notes`")
    reason: Line


class Revealed(BaseModel):
    value: str


@router.get("", responses=responses(401, 403, 422, 503))
def list_tickets(
    actor: Works, session: Reading, services: Given,
    kind: Annotated[Id | None, Query()] = None,
    state: Literal["open", "closed"] | None = None,
    stage: Annotated[Id | None, Query()] = None,
    estate_id: Annotated[RowId | None, Query()] = None,
    household_id: Annotated[RowId | None, Query()] = None,
    owner: Annotated[UserName | None, Query()] = None,
    assignee: Annotated[UserName | None, Query()] = None,
    mine: Annotated[bool, Query(description="that you own, work on, or are asked to take over")] = False,
    department: Annotated[str | None, Query(pattern=r"^[a-z][a-z0-9-]{0,30}$")] = None,
    category: Annotated[CategoryPath | None, Query(description="with all below it")] = None,
    call_id: Annotated[CallId | None, Query()] = None,
    contact_number: Annotated[Number | None, Query()] = None,
    parent_id: Annotated[RowId | None, Query()] = None,
    since: Moment | None = None,
    before: Moment | None = None,
    overdue: Annotated[bool, Query(description="with a clock that was broken and has not ended")] = False,
    clock: Annotated[Id | None, Query(description="with `overdue`: this one")] = None,
    due_before: Annotated[Moment | None, Query(description="with a clock that is due by then")] = None,
    team: Annotated[str | None, Query(pattern=r"^[a-z][a-z0-9-]{0,30}$", description="owned or worked on by its agents")] = None,
    text: Annotated[Line | None, Query(description="in the title, or how the number begins")] = None,
    cursor: Cursor = None, limit: Limit = 50,
) -> Page[TicketShown]:
    """Newest first; those that you may see."""
    wanted = Wanted(kind=kind, state=state, stage=stage, estate_id=estate_id, household_id=household_id, owner=owner,
                    assignee=assignee, department=department, category=category, call_id=call_id,
                    contact_number=contact_number, parent_id=parent_id, since=since, before=before, mine=mine, overdue=overdue,
                    clock=clock, due_before=due_before, team=team, text=text)
    return listing.tickets(session, view_of(actor, services), wanted, cursor=cursor, limit=limit)


@router.post("", status_code=201, responses=responses(400, 401, 403, 404, *ONCE, 503))
def open_ticket(actor: Works, session: Writing, services: Given, once: Once, response: Response,
                given: TicketGiven) -> TicketRead:
    """Whoever opens it owns it until somebody else has accepted it (E1)."""
    def work() -> TicketRead:
        now = services.clock.now()
        if given.household_id is not None and not given.despite_known:
            must_be_news(session, view_of(actor, services), given.household_id, given.kind, given.category, now)
        new = NewTicket(kind=given.kind, fields=given.fields, category=given.category, household_id=given.household_id,
                        estate_id=given.estate_id, contact_number=given.contact_number, notes=given.notes,
                        call_id=given.call_id, parent_id=given.parent_id, parent_as=given.parent_as)
        row = service.open_ticket(session, actor, new, now, services.timezone)
        assert row is not None  # only a cause that was there already gives none
        return answer(session, actor, services, row)

    return told(response, once(TicketRead, work))


@router.get("/{ticket_id}", responses=responses(401, 403, 404, 422, 503))
def read_ticket(actor: Works, session: Reading, services: Given, response: Response, ticket_id: TicketId) -> TicketRead:
    return told(response, reading.ticket(session, view_of(actor, services), ticket_id))


@router.get("/{ticket_id}/timeline", responses=responses(401, 403, 404, 422, 503))
def timeline(actor: Works, session: Reading, services: Given, ticket_id: TicketId,
             cursor: Cursor = None, limit: Limit = 50) -> Page[EventShown]:
    """Oldest first."""
    return reading.timeline(session, view_of(actor, services), ticket_id, cursor=cursor, limit=limit)


@router.patch("/{ticket_id}", responses=responses(400, 401, 403, 404, 409, *IF_MATCH, 422, 503))
def fill_in(actor: Works, session: Writing, services: Given, if_version: IfMatch, response: Response, ticket_id: TicketId,
            given: ChangesGiven) -> TicketRead:
    row = service.fill_in(session, actor, ticket_id, given.changes(), services.clock.now(), if_version)
    return told(response, answer(session, actor, services, row))


@router.post("/{ticket_id}/move", responses=responses(400, 401, 403, 404, *ONCE, *IF_MATCH, 503))
def move(actor: Works, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
         ticket_id: TicketId, given: MoveGiven) -> TicketRead:
    """Fills in what is given, then moves: both or neither. 409 `not_agreed`, `above_agreed`: a price is agreed to first (F1)."""
    def work() -> TicketRead:
        row = service.move(session, actor, ticket_id, given.to, given.changes(), services.clock.now(), services.timezone,
                           if_version)
        return answer(session, actor, services, row)

    return told(response, once(TicketRead, work))


@router.post("/{ticket_id}/notes", status_code=201, responses=responses(400, 401, 403, 404, *ONCE, 503))
def add_note(actor: Works, session: Writing, services: Given, once: Once, ticket_id: TicketId, given: NoteGiven) -> EventShown:
    """Changes nothing of the ticket, so it needs no `If-Match`."""
    def work() -> EventShown:
        event = service.note(session, actor, ticket_id, given.text, services.clock.now())
        return EventShown(event.id, event.at, event.who, event.what, event.data)

    return once(EventShown, work)


@router.post("/{ticket_id}/reveal", responses=responses(400, 401, 403, 404, 422, 503))
def reveal(actor: Works, session: Writing, services: Given, ticket_id: TicketId, given: RevealGiven) -> Revealed:
    """One private value; who looked, at what and why is in the audit."""
    return Revealed(value=reading.reveal_value(session, view_of(actor, services), ticket_id, given.field, given.reason,
                                               services.clock.now()))


def answer(session: Writing, actor: Actor, services: Services, row: Ticket) -> TicketRead:
    """The ticket after a change; whoever has handed it away may see it once more."""
    session.flush()
    view: View = view_of(actor, services)
    return reading.read(session, view, row, showing.kind_for(session, row))


def told(response: Response, found: TicketRead) -> TicketRead:
    response.headers["ETag"] = etag(found.ticket.version)
    return found
