"""`/emergencies/types`, `/proposals`, `/weather`: what can be declared, and what is proposed (H1, H2, H11)."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from crm.incidents.declared import proposals
from crm.incidents.declared.proposals import Accepted
from crm.incidents.declared.schema import Definition
from crm.incidents.declared.schemas import EmergencyRead, ProposalShown, WeatherShown
from crm.incidents.declared.service import may_say
from crm.paging import Page
from dashboard.api.emergencies import ADDS, Level, Note, Place, Sees, TypeId, answer, rules, told
from dashboard.api.emergencies_after import Leads
from dashboard.manners import Cursor, Limit, Once
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing

router = APIRouter(prefix="/emergencies", tags=["emergencies"])

ProposalId = Annotated[int, Path(ge=1, le=2**31 - 1)]


class TypeShown(BaseModel):
    """`levels`: at which you may declare it."""

    definition: Definition
    levels: list[int]


class TypeList(BaseModel):
    items: list[TypeShown]


class AcceptedGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    type: TypeId | None = Field(None, description="needed where none is proposed")
    level: Level | None = None
    place: Place = ""
    what: Note = ""


class WeatherGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    level: Annotated[int, Field(ge=0, le=3, description="3 a warning or light rain, 2 heavy rain, 1 rainstorm; 0 nothing")]
    note: Note = ""


@router.get("/types", responses=responses(401, 403, 422, 503))
def list_types(actor: Sees, services: Given) -> TypeList:
    """With their checklists, as they are for the next one that is declared."""
    return TypeList(items=[TypeShown(definition=one, levels=[
        level for level in (1, 2, 3) if may_say(actor, services.site.incidents, one, level)])
        for one in services.incident_types.values()])


@router.get("/weather", responses=responses(401, 403, 422, 503))
def read_weather(_: Sees, session: Reading, services: Given) -> WeatherShown:
    """The level that holds, and the staffing that it asks for."""
    return proposals.weather(session, services.site.incidents)


@router.put("/weather", responses=responses(400, 401, 403, 404, 409, 422, 503))
def set_weather(actor: Leads, session: Writing, services: Given, given: WeatherGiven) -> WeatherShown:
    """Staffing beforehand, and an emergency is proposed (H11). By who leads and sees all estates."""
    return proposals.set_weather(session, actor, rules(services), given.level, given.note, services.clock.now())


@router.get("/proposals", responses=responses(401, 403, 422, 503))
def list_proposals(
    actor: Sees, session: Reading,
    state: Annotated[Literal["proposed", "accepted", "dismissed", "all"], Query()] = "proposed",
    cursor: Cursor = None, limit: Limit = 50,
) -> Page[ProposalShown]:
    """Newest first."""
    return proposals.proposals(session, actor, state=None if state == "all" else state, cursor=cursor, limit=limit)


@router.post("/proposals/{proposal_id}/accept", status_code=201, responses=ADDS)
def accept_proposal(actor: Leads, session: Writing, services: Given, once: Once, response: Response, proposal_id: ProposalId,
                    given: AcceptedGiven) -> EmergencyRead:
    """Declares it; its tickets' callers are tied to it."""
    return told(response, once(EmergencyRead, lambda: answer(session, actor, services, proposals.accept(
        session, actor, rules(services), proposal_id, Accepted(given.type, given.level, given.place, given.what),
        services.clock.now()))))


@router.post("/proposals/{proposal_id}/dismiss", responses=ADDS)
def dismiss_proposal(actor: Leads, session: Writing, services: Given, once: Once, proposal_id: ProposalId) -> ProposalShown:
    """Not proposed again for a while."""
    return once(ProposalShown, lambda: proposals.dismiss(session, actor, proposal_id, services.clock.now()))
