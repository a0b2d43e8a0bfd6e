"""`/agents`: who answers, with which skills. What changes here reaches acd through crm, within a second."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from callcenter.errors import Forbidden
from callcenter.site.parts import Label
from callcenter.text_types import line
from crm.agentlog.service import AgentLog, FaultShown, agent_log, faults
from crm.reports.service import day_bounds
from crm.staff import agents, agents_change
from crm.staff.agents_change import AgentChange, AgentGiven
from crm.staff.agents_models import AgentRow
from crm.staff.schemas import SignedIn
from dashboard.access import DESK, FAULTS, STAFFING, own_agent, require
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing

router = APIRouter(prefix="/agents", tags=["agents"])
seats = APIRouter(prefix="/seat-faults", tags=["agents"])

Staffing = Annotated[SignedIn, Depends(require(*STAFFING))]
Day = Annotated[date | None, Query(ge=date(2000, 1, 1), le=date(2100, 1, 1), description="local day; today when left out")]
OnDesk = Annotated[SignedIn, Depends(require(*DESK))]
Code = Annotated[str, Path(pattern=r"^[0-9]{2,6}$", description="of an agent; in fixed seating a seat's number")]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
UserName = Annotated[str, line(40, least=0, strip=False)]
Level = Annotated[int, Field(ge=1, le=9, description="1 is best")]
Language = Literal["zh", "en"]


class AgentListed(BaseModel):
    code: str
    name: str
    team: str | None
    skills: dict[str, int] = Field(description="queue id → level, 1 is best")
    languages: list[str]
    estates: list[str] = Field(description="whose own team the agent is in")
    spokesperson: bool
    leader: bool
    active: bool
    user: str | None = Field(description="the name under which the agent signs in at the page")
    has_pin: bool
    created_at: datetime


class AgentList(BaseModel):
    agents: list[AgentListed]


class NewAgent(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{3,6}$")]
    name: Label
    team: Id | None = None
    skills: dict[Id, Level] = {}
    languages: Annotated[list[Language], Field(min_length=1, max_length=2)] = ["zh"]
    estates: Annotated[list[Id], Field(max_length=100)] = []
    user: UserName | None = None
    spokesperson: bool = False
    leader: bool = False


class AgentChanges(BaseModel):
    """What is left out stays. An empty `team` or `user` takes it away."""

    model_config = ConfigDict(extra="forbid")

    name: Label | None = None
    team: Id | Literal[""] | None = None
    skills: dict[Id, Level] | None = None
    languages: Annotated[list[Language], Field(min_length=1, max_length=2)] | None = None
    estates: Annotated[list[Id], Field(max_length=100)] | None = None
    user: UserName | None = None
    spokesperson: bool | None = None
    leader: bool | None = None
    active: bool | None = Field(None, description="false: has left; calls and figures of the past keep the name")


class PinShown(BaseModel):
    """Shown this once: only its hash is kept."""

    pin: str


class AgentMade(BaseModel):
    agent: AgentListed
    pin: str


@router.get("", dependencies=[Depends(require(*DESK))], responses=responses(401, 403, 503))
def list_agents(session: Reading) -> AgentList:
    """All, by code; also those who have left."""
    names = agents.user_names(session)
    return AgentList(agents=[_listed(row, names) for row in agents.agents(session)])


@router.post("", status_code=201, responses=responses(400, 401, 403, 404, 409, 422, 503))
def create(who: Staffing, session: Writing, services: Given, given: NewAgent) -> AgentMade:
    wanted = AgentGiven(code=given.code, name=given.name, team=given.team, skills=given.skills,
                        languages=tuple(given.languages), estates=tuple(given.estates), user=given.user,
                        spokesperson=given.spokesperson, leader=given.leader)
    row, pin = agents_change.create_agent(session, wanted, services.site, who.user, services.clock.now())
    return AgentMade(agent=_listed(row, agents.user_names(session)), pin=pin)


@router.patch("/{code}", responses=responses(400, 401, 403, 404, 409, 422, 503))
def change(who: Staffing, session: Writing, services: Given, code: Code, given: AgentChanges) -> AgentListed:
    wanted = AgentChange(name=given.name, team=given.team, skills=given.skills, user=given.user, leader=given.leader,
                         languages=None if given.languages is None else tuple(given.languages),
                         estates=None if given.estates is None else tuple(given.estates),
                         spokesperson=given.spokesperson, active=given.active)
    row = agents_change.change_agent(session, code, wanted, services.site, who.user, services.clock.now())
    return _listed(row, agents.user_names(session))


@router.get("/{code}/log", responses=responses(401, 403, 422, 503))
def log(who: OnDesk, session: Reading, services: Given, code: Code,
        day: Day = None) -> AgentLog:
    """K2: states, what was done, faults of the seat. An agent sees its own only; a seat's number in fixed seating."""
    if own_agent(who, session, services.site) not in (None, code):
        raise Forbidden
    begin, end = day_bounds(day or services.clock.now().astimezone(services.timezone).date(), services.timezone)
    return agent_log(session, code, begin, end)


@router.post("/{code}/pin", responses=responses(401, 403, 404, 422, 503))
def reset_pin(who: Staffing, session: Writing, services: Given, code: Code) -> PinShown:
    """A new PIN for signing in at a phone; the old one is void at once."""
    return PinShown(pin=agents_change.reset_pin(session, code, who.user, services.clock.now()))


class Faults(BaseModel):
    faults: list[FaultShown]


@seats.get("", dependencies=[Depends(require(*FAULTS))], responses=responses(401, 403, 422, 503))
def seat_faults(session: Reading, services: Given,
                day: Day = None) -> Faults:
    """C1: each from its start to its end; also those that only reach into the day."""
    begin, end = day_bounds(day or services.clock.now().astimezone(services.timezone).date(), services.timezone)
    return Faults(faults=faults(session, begin, end))


def _listed(row: AgentRow, users: dict[int, str]) -> AgentListed:
    return AgentListed(
        code=row.code, name=row.name, team=row.team, skills={skill.queue: skill.level for skill in row.skills},
        languages=row.languages, estates=row.estates, spokesperson=row.spokesperson, leader=row.leader, active=row.active,
        user=users.get(row.user_id) if row.user_id is not None else None, has_pin=row.pin_hash is not None,
        created_at=row.created_at)
