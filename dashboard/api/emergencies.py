"""`/emergencies`: declared, commanded, worked through by their checklist, over, learnt from (H1-H4, H9, H10)."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from callcenter.roles import STAFF, Role
from callcenter.site.parts import Ident
from callcenter.text_types import line, lines
from crm.incidents.declared import following, reading, service
from crm.incidents.declared.models import Emergency
from crm.incidents.declared.schema import STEP, TYPE
from crm.incidents.declared.schemas import (
    ActShown,
    Declaration,
    EmergencyRead,
    EmergencyShown,
    Learnt,
    Rules,
)
from crm.incidents.declared.timeline import What
from crm.paging import Page
from crm.staff.actor import Actor
from dashboard.access import acting, view_of
from dashboard.api.tickets import CallId, Line, Number, RowId, Text, UserName
from dashboard.manners import IF_MATCH, ONCE, Cursor, IfMatch, Limit, Once, etag
from dashboard.moments import Moment
from dashboard.problems import responses
from dashboard.services import Given, Reading, Services, Writing

router = APIRouter(prefix="/emergencies", tags=["emergencies"])

Sees = Annotated[Actor, Depends(acting(*STAFF), scope="function")]
Works = Annotated[Actor, Depends(acting(Role.AGENT, Role.LEADER, Role.SUPERVISOR, Role.DUTY_LEAD, Role.MANAGER, Role.OPERATIONS,
                                        Role.ENGINEER, Role.OFFICE), scope="function")]
EmergencyId = Annotated[int, Path(ge=1, le=2**31 - 1)]
TypeId = Annotated[str, StringConstraints(pattern=TYPE)]
StepId = Annotated[str, StringConstraints(pattern=STEP)]
Level = Annotated[int, Field(ge=1, le=3, description="1 is the worst")]
Place = Annotated[str, line(80, least=0)]
Note = Annotated[str, lines(2000, least=0)]
CHANGES = responses(400, 401, 403, 404, *ONCE, *IF_MATCH, 503)
ADDS = responses(400, 401, 403, 404, *ONCE, 503)


class DeclarationGiven(BaseModel):
    """Of a ticket that is there, or of a place: then its ticket is opened with it."""

    model_config = ConfigDict(extra="forbid")

    type: TypeId
    level: Level | None = Field(None, description="left out: the type's")
    place: Place = Field("", description="needed without `ticket_id`, as `what`")
    what: Note = ""
    ticket_id: RowId | None = None
    estate_id: RowId | None = None
    building_id: RowId | None = None
    household_id: RowId | None = Field(None, description="who told of it")
    contact_number: Number | None = None
    call_id: CallId | None = None
    happened_at: Moment | None = Field(None, description="left out: now")
    conditions: Annotated[tuple[StepId, ...], Field(max_length=12)] = ()
    notice: Ident | Literal[""] | None = Field(None, description="callers from there hear it; empty: none; null: the type's first")
    drill: bool = False

    def declaration(self) -> Declaration:
        return Declaration(**self.model_dump())


class StepGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    what: Literal["begun", "done", "not_needed"]
    text: Note = Field("", description="of what is needed and `not_needed`: why")


class NoteGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: Text


class ConditionsGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    conditions: Annotated[tuple[StepId, ...], Field(min_length=1, max_length=12)]


class RecordGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    record: StepId
    value: Line = Field(description="of a time: ISO 8601 with an offset")


class LevelGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    level: Level
    why: Note = ""


class HandOverGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    to: UserName
    why: Note = ""


class OverGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: Text = Field(description="how it came to its end")


class LearntGiven(BaseModel):
    """What is left out stays."""

    model_config = ConfigDict(extra="forbid")

    causes: Text | None = None
    lessons: Text | None = None
    insurance: Text | None = Field(None, description="what was told to whom; or that there was no damage")


class FollowUpsGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    households: Annotated[tuple[RowId, ...], Field(max_length=following.AT_ONCE)] | None = Field(
        None, description="null: those that called")
    why_none: Note = ""


@router.get("", responses=responses(401, 403, 422, 503))
def list_emergencies(
    actor: Sees, session: Reading, services: Given,
    phase: Literal["active", "over", "closed"] | None = None,
    type_: Annotated[TypeId | None, Query(alias="type")] = None,
    estate_id: Annotated[RowId | None, Query()] = None,
    cursor: Cursor = None, limit: Limit = 50,
) -> Page[EmergencyShown]:
    """Newest first."""
    return reading.emergencies(session, view_of(actor, services), phase=phase, type_=type_, estate_id=estate_id, cursor=cursor,
                               limit=limit)


@router.post("", status_code=201, responses=ADDS)
def declare(actor: Works, session: Writing, services: Given, once: Once, response: Response,
            given: DeclarationGiven) -> EmergencyRead:
    """Opens the checklist of its type; you command it until you hand it over. At the type's level or a lesser one; a worse one by
    whom the site names."""
    return told(response, once(EmergencyRead, lambda: answer(session, actor, services, service.declare(
        session, actor, rules(services), given.declaration(), services.clock.now()))))


@router.get("/{emergency_id}", responses=responses(401, 403, 404, 422, 503))
def read_emergency(actor: Sees, session: Reading, services: Given, response: Response, emergency_id: EmergencyId) -> EmergencyRead:
    """With its checklist, what is recorded, what hinders its end, and the newest lines of its timeline."""
    return told(response, answer(session, actor, services, reading.seen(session, actor, emergency_id)))


@router.get("/{emergency_id}/timeline", responses=responses(401, 403, 404, 422, 503))
def timeline(actor: Sees, session: Reading, services: Given, emergency_id: EmergencyId, cursor: Cursor = None,
             limit: Limit = 50) -> Page[ActShown]:
    """Oldest first."""
    return reading.timeline(session, view_of(actor, services), emergency_id, cursor=cursor, limit=limit)


@router.post("/{emergency_id}/steps/{step}", responses=ADDS)
def say_of_step(actor: Works, session: Writing, services: Given, once: Once, response: Response, emergency_id: EmergencyId,
                step: Annotated[str, Path(pattern=STEP)], given: StepGiven) -> EmergencyRead:
    """Several people work through a list at once, so it asks for no `If-Match`; a step is settled once."""
    return told(response, once(EmergencyRead, lambda: answer(session, actor, services, service.say_of_step(
        session, actor, rules(services), emergency_id, step, What(given.what), given.text, services.clock.now()))))


@router.post("/{emergency_id}/notes", status_code=201, responses=ADDS)
def add_note(actor: Works, session: Writing, services: Given, once: Once, response: Response, emergency_id: EmergencyId,
             given: NoteGiven) -> EmergencyRead:
    """A line of the timeline."""
    return told(response, once(EmergencyRead, lambda: answer(session, actor, services, service.add_note(
        session, actor, emergency_id, given.text, services.clock.now()))))


@router.post("/{emergency_id}/conditions", responses=ADDS)
def say_conditions(actor: Works, session: Writing, services: Given, once: Once, response: Response, emergency_id: EmergencyId,
                   given: ConditionsGiven) -> EmergencyRead:
    """Children, no answer, …: what they raise is raised at once (H9)."""
    return told(response, once(EmergencyRead, lambda: answer(session, actor, services, service.say_conditions(
        session, actor, emergency_id, given.conditions, services.clock.now()))))


@router.post("/{emergency_id}/records", responses=ADDS)
def record(actor: Works, session: Writing, services: Given, once: Once, response: Response, emergency_id: EmergencyId,
           given: RecordGiven) -> EmergencyRead:
    """Times of start and rescue, the hospital (H9)."""
    return told(response, once(EmergencyRead, lambda: answer(session, actor, services, service.record(
        session, actor, emergency_id, given.record, given.value, services.clock.now()))))


@router.post("/{emergency_id}/level", responses=CHANGES)
def set_level(actor: Works, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
              emergency_id: EmergencyId, given: LevelGiven) -> EmergencyRead:
    return told(response, once(EmergencyRead, lambda: answer(session, actor, services, service.set_level(
        session, actor, services.site.incidents, emergency_id, given.level, given.why, services.clock.now(), if_version))))


@router.post("/{emergency_id}/hand-over", responses=CHANGES)
def hand_over(actor: Works, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
              emergency_id: EmergencyId, given: HandOverGiven) -> EmergencyRead:
    """One commander at a time (H4): by who commands, or by who leads, who may also take it."""
    return told(response, once(EmergencyRead, lambda: answer(session, actor, services, service.hand_over(
        session, actor, emergency_id, given.to, given.why, services.clock.now(), if_version))))


@router.post("/{emergency_id}/over", responses=CHANGES)
def end(actor: Works, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
        emergency_id: EmergencyId, given: OverGiven) -> EmergencyRead:
    """Once all that is needed is done or said not to be, and recorded: else 409 `emergency_open`, and `hindering` names it."""
    return told(response, once(EmergencyRead, lambda: answer(session, actor, services, service.end(
        session, actor, rules(services), emergency_id, given.text, services.clock.now(), if_version))))


@router.post("/{emergency_id}/learnt", responses=CHANGES)
def learn(actor: Works, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
          emergency_id: EmergencyId, given: LearntGiven) -> EmergencyRead:
    """Causes, lessons, insurance (H10)."""
    return told(response, once(EmergencyRead, lambda: answer(session, actor, services, service.learn(
        session, actor, emergency_id, Learnt(given.causes, given.lessons, given.insurance), services.clock.now(), if_version))))


@router.post("/{emergency_id}/follow-ups", responses=CHANGES)
def follow_up(actor: Works, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
              emergency_id: EmergencyId, given: FollowUpsGiven) -> EmergencyRead:
    """A follow-up for each household that was affected (H10), once; they stand in the call list."""
    return told(response, once(EmergencyRead, lambda: answer(session, actor, services, service.follow_up(
        session, actor, rules(services), emergency_id, given.households, given.why_none, services.clock.now(), if_version)[0])))


@router.post("/{emergency_id}/close", responses=CHANGES)
def close(actor: Works, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
          emergency_id: EmergencyId) -> EmergencyRead:
    """Nothing is left to do: else 409 `emergency_open`, and `left` names it."""
    return told(response, once(EmergencyRead, lambda: answer(session, actor, services, service.close(
        session, actor, emergency_id, services.clock.now(), if_version))))


def rules(services: Services) -> Rules:
    return Rules(services.incident_types, services.site.incidents, services.timezone, services.site.company.name,
                 services.site.followups.known_hours)


def answer(session: Writing, actor: Actor, services: Services, row: Emergency) -> EmergencyRead:
    return reading.read(session, view_of(actor, services), row, services.site.company.name, services.timezone)


def told(response: Response, found: EmergencyRead) -> EmergencyRead:
    response.headers["ETag"] = etag(found.emergency.version)
    return found
