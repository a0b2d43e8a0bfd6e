"""`/tickets/{id}/…`: whose hands a ticket is in: owner, assignee, department, and what it belongs to."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from crm.tickets import handing, service
from crm.tickets.errors import Fault, FieldsUnfit
from crm.tickets.schemas import ColleagueShown, Link, TicketRead
from dashboard.api.tickets import RowId, Text, TicketId, UserName, Works, answer, told
from dashboard.manners import IF_MATCH, ONCE, IfMatch, Once
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing

router = APIRouter(prefix="/tickets/{ticket_id}", tags=["tickets"])

CHANGES = responses(400, 401, 403, 404, *ONCE, *IF_MATCH, 503)


class PeopleShown(BaseModel):
    items: list[ColleagueShown]


class AssigneeGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    user: UserName | None = Field(description="null: nobody")


class OfferGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    user: UserName
    summary: Text = Field(description="what was done so far (E4)")


class ReasonGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Text


class QuestionGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    department: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
    question: Text


class AnswerGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    answer: Text


class ParentGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    parent_id: RowId | None = Field(description="null: it belongs to none")
    parent_as: Link | None = None


@router.get("/people", responses=responses(401, 403, 404, 422, 503))
def list_people(actor: Works, session: Reading, ticket_id: TicketId) -> PeopleShown:
    """Who may own it or work on it: those who see its estate and whom it is not about (D3)."""
    return PeopleShown(items=handing.people_for(session, actor, ticket_id))


@router.put("/assignee", responses=responses(400, 401, 403, 404, 409, *IF_MATCH, 422, 503))
def assign(actor: Works, session: Writing, services: Given, if_version: IfMatch, response: Response, ticket_id: TicketId,
           given: AssigneeGiven) -> TicketRead:
    """Who works on it now."""
    row = service.assign(session, actor, ticket_id, given.user, services.clock.now(), if_version)
    return told(response, answer(session, actor, services, row))


@router.post("/owner/offer", responses=CHANGES)
def offer(actor: Works, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
          ticket_id: TicketId, given: OfferGiven) -> TicketRead:
    """Asks somebody to take it over; the owner answers for it until they accept (E1, E4)."""
    return told(response, once(TicketRead, lambda: answer(session, actor, services, handing.offer(
        session, actor, ticket_id, given.user, given.summary, services.clock.now(), if_version))))


@router.post("/owner/accept", responses=CHANGES)
def accept(actor: Works, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
           ticket_id: TicketId) -> TicketRead:
    """It is yours now: you were asked, or you lead, or nobody had it."""
    return told(response, once(TicketRead, lambda: answer(session, actor, services, handing.accept(
        session, actor, ticket_id, services.clock.now(), if_version))))


@router.post("/owner/decline", responses=CHANGES)
def decline(actor: Works, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
            ticket_id: TicketId, given: ReasonGiven) -> TicketRead:
    return told(response, once(TicketRead, lambda: answer(session, actor, services, handing.decline(
        session, actor, ticket_id, given.reason, services.clock.now(), if_version))))


@router.post("/department", responses=CHANGES)
def ask_department(actor: Works, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
                   ticket_id: TicketId, given: QuestionGiven) -> TicketRead:
    """Another department is on the ticket until it answers (E4). Those of the site file."""
    if given.department not in {department.id for department in services.site.departments}:
        raise FieldsUnfit([Fault("department", "no_option")])
    return told(response, once(TicketRead, lambda: answer(session, actor, services, handing.ask_department(
        session, actor, ticket_id, given.department, given.question, services.clock.now(), if_version))))


@router.post("/department/answer", responses=CHANGES)
def department_answered(actor: Works, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
                        ticket_id: TicketId, given: AnswerGiven) -> TicketRead:
    return told(response, once(TicketRead, lambda: answer(session, actor, services, handing.department_answered(
        session, actor, ticket_id, given.answer, services.clock.now(), if_version))))


@router.put("/parent", responses=responses(400, 401, 403, 404, 409, *IF_MATCH, 422, 503))
def link(actor: Works, session: Writing, services: Given, if_version: IfMatch, response: Response, ticket_id: TicketId,
         given: ParentGiven) -> TicketRead:
    """What it belongs to: the repair that it does again, the ticket that it tells twice, the incident that it is part of."""
    row = handing.link(session, actor, ticket_id, given.parent_id, given.parent_as, services.clock.now(), if_version)
    return told(response, answer(session, actor, services, row))
