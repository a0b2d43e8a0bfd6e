"""`/repairs`: whom to send, work orders, grades, rework; one repair wholly."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from callcenter.roles import Role
from crm.paging import Page
from crm.repairs import engineers, grading, orders, reading, rework
from crm.repairs.proposing import Proposal
from crm.repairs.reading import OrderShown, RepairRead
from crm.repairs.steps import Grade
from crm.staff.actor import Actor
from crm.tickets.reading import visible
from dashboard.access import DESK, acting, view_of
from dashboard.api.tickets import Line, RowId, Text, TicketId, UserName, Works
from dashboard.manners import IF_MATCH, ONCE, Cursor, IfMatch, Limit, Once, etag
from dashboard.moments import Moment
from dashboard.problems import responses
from dashboard.services import Given, Reading, Services, Writing

router = APIRouter(prefix="/repairs", tags=["repairs"])

Sends = Annotated[Actor, Depends(acting(*DESK, Role.OFFICE), scope="function")]
Money = Annotated[Actor, Depends(acting(Role.LEADER, Role.SUPERVISOR, Role.DUTY_LEAD, Role.MANAGER, Role.OFFICE), scope="function")]
CHANGES = responses(400, 401, 403, 404, *ONCE, *IF_MATCH, 503)


class ReasonShown(BaseModel):
    code: str = Field(description="skill, no_skill, any_skill, on_duty, off_duty, estates_own_shift, estate, all_estates, load, "
                                  "open, declined")
    value: str


class ProposalShown(BaseModel):
    engineer: str
    fit: bool = Field(description="has the trade, is on duty, has not sent it back")
    reasons: list[ReasonShown]


class ProposalList(BaseModel):
    skill: str | None = Field(description="the trade that it asks for")
    items: list[ProposalShown]


class EngineerShown(BaseModel):
    name: str
    skills: list[str]
    estates: list[int] | None = Field(description="null: all")
    on_duty_until: Moment | None
    away: bool
    open_orders: int
    load: float = Field(description="of its open repairs: urgency × grade")


class EngineerList(BaseModel):
    items: list[EngineerShown]


class DispatchGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    engineer: UserName | None = Field(None, description="null: the best one that fits")
    planned_at: Moment | None = Field(None, description="when to be there: the ticket's appointment")
    content: Text | None = Field(None, description="what is to be done; else what was reported")


class WhyGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Line


class GradeGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    grade: Grade


class ReworkGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    of: RowId = Field(description="an earlier repair; it is tied to the first of its kind")


@router.get("/engineers", responses=responses(401, 403, 503))
def list_engineers(actor: Sends, session: Reading, services: Given) -> EngineerList:
    """Who can be sent in the estates that you see, what they can, whether they are on duty now, what they have open."""
    now = services.clock.now()
    found = []
    for one in engineers.engineers(session, services.site.repairs.weights, [now]):
        if actor.estates is not None and one.estates is not None and not actor.estates & one.estates:
            continue
        until = [shift.ends_at for shift in one.shifts if shift.duty == "engineer" and shift.begins_at <= now < shift.ends_at]
        found.append(EngineerShown(
            name=one.name, skills=sorted(one.skills), estates=None if one.estates is None else sorted(one.estates),
            on_duty_until=max(until, default=None), away=any(away.begins_at <= now < away.ends_at for away in one.away),
            open_orders=one.open_orders, load=one.load))
    return EngineerList(items=found)


@router.get("/orders", responses=responses(401, 403, 422, 503))
def list_orders(
    actor: Works, session: Reading, services: Given,
    mine: Annotated[bool, Query(description="that you have or had")] = False,
    is_open: Annotated[bool, Query(alias="open", description="that somebody has now")] = False,
    engineer: Annotated[UserName | None, Query()] = None, estate_id: Annotated[RowId | None, Query()] = None,
    cursor: Cursor = None, limit: Limit = 50,
) -> Page[OrderShown]:
    """Work orders, newest first."""
    return reading.work_orders(session, view_of(actor, services), mine=mine, open_only=is_open, engineer=engineer,
                               estate_id=estate_id, cursor=cursor, limit=limit)


@router.get("/{ticket_id}", responses=responses(401, 403, 404, 409, 422, 503))
def read_repair(actor: Works, session: Reading, services: Given, response: Response, ticket_id: TicketId) -> RepairRead:
    """Its orders, what was done, what it costs, what it may be the rework of."""
    return told(response, answer(session, actor, services, ticket_id))


@router.get("/{ticket_id}/proposal", responses=responses(401, 403, 404, 409, 422, 503))
def read_proposal(actor: Sends, session: Reading, services: Given, ticket_id: TicketId) -> ProposalList:
    """Whom to send, the best first, with the reasons. Who is on leave or of another estate is not in it."""
    row, _ = visible(session, actor, ticket_id)
    found = engineers.proposals(session, row, services.site.repairs.weights, services.clock.now())
    return ProposalList(skill=engineers.wanted_for(session, row).skill, items=[_proposal(one) for one in found])


@router.post("/{ticket_id}/dispatch", responses=CHANGES)
def dispatch(actor: Works, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
             ticket_id: TicketId, given: DispatchGiven) -> RepairRead:
    """To an engineer, or to the best one that fits; one that somebody has is taken from them. Who may, the ticket's kind says."""
    def work() -> RepairRead:
        orders.dispatch(session, actor, ticket_id, given.engineer, services.clock.now(), services.timezone,
                        services.site.repairs.weights, planned_at=given.planned_at, content=given.content, if_version=if_version)
        return answer(session, actor, services, ticket_id)

    return told(response, once(RepairRead, work))


@router.post("/{ticket_id}/take-back", responses=CHANGES)
def take_back(actor: Works, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
              ticket_id: TicketId, given: WhyGiven) -> RepairRead:
    """Nobody has it then."""
    def work() -> RepairRead:
        orders.take_back(session, actor, ticket_id, given.reason, services.clock.now(), services.timezone, if_version)
        return answer(session, actor, services, ticket_id)

    return told(response, once(RepairRead, work))


@router.post("/{ticket_id}/grade", responses=CHANGES)
def grade(actor: Money, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
          ticket_id: TicketId, given: GradeGiven) -> RepairRead:
    """A, B or C (F3). A complex one that was ordinary goes by the complex one's response clock (F2)."""
    def work() -> RepairRead:
        grading.grade(session, actor, ticket_id, given.grade, services.clock.now(), if_version)
        return answer(session, actor, services, ticket_id)

    return told(response, once(RepairRead, work))


@router.post("/{ticket_id}/rework", responses=CHANGES)
def tie_rework(actor: Works, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
               ticket_id: TicketId, given: ReworkGiven) -> RepairRead:
    """It is the same again: tied to the first repair of it."""
    def work() -> RepairRead:
        rework.tie(session, actor, ticket_id, given.of, services.clock.now(), if_version)
        return answer(session, actor, services, ticket_id)

    return told(response, once(RepairRead, work))


def answer(session: Reading, actor: Actor, services: Services, ticket_id: int) -> RepairRead:
    session.flush()
    return reading.repair_read(session, view_of(actor, services), ticket_id, services.site.repairs.rework_days)


def told(response: Response, found: RepairRead) -> RepairRead:
    """The ticket's version is the repair's."""
    response.headers["ETag"] = etag(found.version)
    return found


def _proposal(one: Proposal) -> ProposalShown:
    return ProposalShown(engineer=one.engineer.name, fit=one.fit,
                         reasons=[ReasonShown(code=reason.code, value=reason.value) for reason in one.reasons])
