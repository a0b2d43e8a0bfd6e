"""`/call-in`: who is called in, by whom, who comes; one's own answer; and the list of who can be called in (B3, B4)."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from callcenter.roles import STAFF, Role
from callcenter.site.parts import AgentCode, Ident
from callcenter.text_types import line
from crm.callin import people, service
from crm.callin.models import CallInPerson
from crm.callin.rounds import Act
from crm.callin.schemas import CallInPersonShown, CallInShown, MyCallIn, NewCallInPerson
from crm.paging import Page
from crm.privacy.service import reveal
from crm.staff.actor import Actor
from dashboard.access import LEADS, STAFFING, SUPERVISES, acting, view_of
from dashboard.api.reveal import NumberLook, Revealed
from dashboard.api.tickets import UserName
from dashboard.manners import IF_MATCH, ONCE, Cursor, IfMatch, Limit, Once, etag
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing

router = APIRouter(prefix="/call-in", tags=["call-in"])

Staff = Annotated[Actor, Depends(acting(*STAFF), scope="function")]
Leads = Annotated[Actor, Depends(acting(*LEADS), scope="function")]
Looks = Annotated[Actor, Depends(acting(*(LEADS - {Role.ADMIN})), scope="function")]
Decides = Annotated[Actor, Depends(acting(*SUPERVISES), scope="function")]
Keeps = Annotated[Actor, Depends(acting(*STAFFING), scope="function")]
CallInId = Annotated[int, Path(ge=1, le=2**31 - 1)]
PersonId = Annotated[int, Path(ge=1, le=2**31 - 1)]
Name = Annotated[str, line(60)]
Number = Annotated[str, StringConstraints(strip_whitespace=True, max_length=32, pattern=r"^[0-9+*() -]*$")]
Tier = Literal[2, 3]
Skills = Annotated[tuple[Ident, ...], Field(max_length=40, description="ids of queues")]
Place = Annotated[int, Field(ge=0, le=10_000, description="who is called first")]


class BeginGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    tier: Tier
    reason: Annotated[str, line(200)]
    skills: Skills = ()


class PersonGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name
    tier: Tier = Field(description="2: an agent; 3: other staff")
    number: Number = Field("", description="none: reached by a message alone")
    user: UserName | None = None
    agent: AgentCode | None = None
    skills: Skills = ()
    language: Literal["zh", "en"] = "zh"
    place: Place = 0


class PersonChange(BaseModel):
    """What is to be different; a number as it was shown, masked, stays."""

    model_config = ConfigDict(extra="forbid")

    name: Name = ""
    tier: Tier = 2
    number: Number = ""
    user: UserName | None = None
    agent: AgentCode | None = None
    skills: Skills = ()
    language: Literal["zh", "en"] = "zh"
    place: Place = 0


class AnswerGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    answer: Literal[Act.ACCEPT, Act.REFUSE, Act.ARRIVE]


class AcceptGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    mobile: bool = Field(False, description="calls ring your own phone, at the number of the list, until the call-in is over")


class MyCallIns(BaseModel):
    items: list[MyCallIn]


@router.get("", responses=responses(401, 403, 422, 503))
def list_call_ins(
    _: Leads, session: Reading, *, only_open: Annotated[bool, Query(alias="open")] = False, cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[CallInShown]:
    """The newest first, each with who was called and how far that has come."""
    return service.call_ins(session, open_only=only_open, cursor=cursor, limit=limit)


@router.post("", status_code=201, responses=responses(400, 401, 403, *ONCE, 503))
def begin_call_in(actor: Decides, session: Writing, services: Given, once: Once, given: BeginGiven) -> CallInShown:
    """By hand; a surge does it by itself on its tiers 2 and 3."""
    return once(CallInShown, lambda: service.begin(session, actor, services.site, given.tier, given.reason, given.skills,
                                                   services.clock.now()))


@router.get("/mine", responses=responses(401, 403, 503))
def my_call_ins(actor: Staff, session: Reading, services: Given) -> MyCallIns:
    """Where you are asked to come, now."""
    return MyCallIns(items=service.mine(session, actor, services.site))


@router.get("/people", responses=responses(401, 403, 422, 503))
def list_people(actor: Leads, session: Reading, services: Given, tier: Annotated[int | None, Query(ge=2, le=3)] = None,
                cursor: Cursor = None, limit: Limit = 50) -> Page[CallInPersonShown]:
    return people.people(session, view_of(actor, services), tier=tier, cursor=cursor, limit=limit)


@router.post("/people", status_code=201, responses=responses(400, 401, 403, *ONCE, 503))
def add_person(actor: Keeps, session: Writing, services: Given, once: Once, given: PersonGiven) -> CallInPersonShown:
    new = NewCallInPerson(**given.model_dump())
    return once(CallInPersonShown, lambda: people.add(session, view_of(actor, services), services.site, new, services.clock.now()))


@router.get("/people/{call_in_person}", responses=responses(401, 403, 404, 422, 503))
def read_person(actor: Leads, session: Reading, services: Given, response: Response, call_in_person: PersonId) -> CallInPersonShown:
    found = people.person(session, view_of(actor, services), call_in_person)
    response.headers["ETag"] = etag(found.version)
    return found


@router.patch("/people/{call_in_person}", responses=responses(400, 401, 403, 404, 409, *IF_MATCH, 422, 503))
def change_person(actor: Keeps, session: Writing, services: Given, if_version: IfMatch, call_in_person: PersonId,
                  given: PersonChange) -> CallInPersonShown:
    return people.change(session, view_of(actor, services), services.site, call_in_person, given.model_dump(exclude_unset=True),
                         services.clock.now(), if_version)


@router.delete("/people/{call_in_person}", status_code=204, responses=responses(401, 403, 404, *IF_MATCH, 422, 503))
def remove_person(actor: Keeps, session: Writing, services: Given, if_version: IfMatch, call_in_person: PersonId) -> None:
    """Is called in no more; the number is gone."""
    people.remove(session, actor, call_in_person, services.clock.now(), if_version)


@router.post("/people/{call_in_person}/reveal", responses=responses(400, 401, 403, 404, 422, 503))
def reveal_number(actor: Looks, session: Writing, services: Given, call_in_person: PersonId, given: NumberLook) -> Revealed:
    """For who rings them by hand; the look is in the audit."""
    row = session.get(CallInPerson, call_in_person)
    return Revealed(value=reveal(session, view_of(actor, services), f"call_in_person:{call_in_person}", "number",
                                 row.number if row else None, given.reason, services.clock.now()))


@router.get("/{call_in_id}", responses=responses(401, 403, 404, 422, 503))
def read_call_in(_: Leads, session: Reading, call_in_id: CallInId) -> CallInShown:
    return service.call_in(session, call_in_id)


@router.post("/{call_in_id}/stop", responses=responses(400, 401, 403, 404, *ONCE, 503))
def stop_call_in(actor: Decides, session: Writing, services: Given, once: Once, call_in_id: CallInId) -> CallInShown:
    """Everybody is released: whose phone rings, it stops."""
    return once(CallInShown, lambda: service.end(session, actor, services.site, call_in_id, services.clock.now()))


@router.post("/{call_in_id}/accept", responses=responses(400, 401, 403, 404, *ONCE, 503))
def accept(actor: Staff, session: Writing, services: Given, once: Once, call_in_id: CallInId,
           given: AcceptGiven | None = None) -> MyCallIns:
    """You come, or take calls where you are."""
    mobile = given is not None and given.mobile
    return once(MyCallIns, lambda: _own(actor, session, services, call_in_id, Act.ACCEPT, mobile=mobile))


@router.post("/{call_in_id}/refuse", responses=responses(400, 401, 403, 404, *ONCE, 503))
def refuse(actor: Staff, session: Writing, services: Given, once: Once, call_in_id: CallInId) -> MyCallIns:
    """You do not, or not after all: the next one is rung."""
    return once(MyCallIns, lambda: _own(actor, session, services, call_in_id, Act.REFUSE))


@router.post("/{call_in_id}/people/{call_in_person}/answer", responses=responses(400, 401, 403, 404, *ONCE, 503))
def answer_for(actor: Leads, session: Writing, services: Given, once: Once, call_in_id: CallInId, call_in_person: PersonId,
               given: AnswerGiven) -> CallInShown:
    """What somebody has told you; also that they are here, for who does not sign in at a phone."""
    return once(CallInShown, lambda: service.answer(session, actor, services.site, call_in_id, call_in_person, given.answer,
                                                    services.clock.now()))


def _own(actor: Actor, session: Writing, services: Given, call_in_id: int, act: Act, *, mobile: bool = False) -> MyCallIns:
    service.answer_own(session, actor, services.site, call_in_id, act, services.clock.now(), mobile=mobile)
    return MyCallIns(items=service.mine(session, actor, services.site))
