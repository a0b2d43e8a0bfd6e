"""`/households`: who lives where. The list and one household on one page; making and changing one; the list of tags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from callcenter.text_types import line
from crm.households import history as happened
from crm.households import search, service, tags
from crm.households.rights import CHANGE, KEEP, READ
from crm.households.schemas import (
    EstateShown,
    HouseholdChange,
    HouseholdListed,
    HouseholdShown,
    Language,
    NewHousehold,
    TagShown,
)
from crm.households.shown import as_happened, as_listed, as_seen, look
from crm.paging import Page
from crm.staff.actor import Actor
from crm.texts.listing import TextShown, texts_of
from dashboard.access import acting, view_of
from dashboard.manners import IF_MATCH, ONCE, Cursor, IfMatch, Limit, Once, OnceOnly, etag
from dashboard.problems import responses
from dashboard.services import Given, Reading, Services, Writing

router = APIRouter(prefix="/households", tags=["households"])

Reads = Annotated[Actor, Depends(acting(*READ), scope="function")]
Changes = Annotated[Actor, Depends(acting(*CHANGE), scope="function")]
Keeps = Annotated[Actor, Depends(acting(*KEEP), scope="function")]
RowId = Annotated[int, Field(ge=1, le=2**31 - 1)]
Reason = Annotated[str, line(200)]
Building = Annotated[str, line(20)]
Unit = Annotated[str, line(10)]
Door = Annotated[str, line(20)]
TagCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,20}$")]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class HouseholdGiven(Body):
    estate_id: RowId
    building: Building = Field(description="made when it is the estate's first of that name")
    unit: Unit
    door: Door
    language: Language = "zh"
    tags: Annotated[tuple[TagCode, ...], Field(max_length=20)] = ()


class ChangeGiven(Body):
    """What is left out stays."""

    language: Language | None = None
    tags: Annotated[tuple[TagCode, ...], Field(max_length=20)] | None = None
    unit: Unit | None = None
    door: Door | None = None


class TagGiven(Body):
    zh: Annotated[str, line(20)]
    en: Annotated[str, line(40)]
    retired: bool = False


class LookGiven(Body):
    what: Literal["name", "number"]
    of: RowId = Field(description="the person's id, or the number's")
    reason: Reason


class LookShown(BaseModel):
    value: str


class HouseholdPage(BaseModel):
    """All of one household: what is open, and the newest of its history; more of that under `/history`."""

    household: HouseholdShown
    open_tickets: list[happened.HistoryItem]
    open_callbacks: list[happened.HistoryItem]
    history: Page[happened.HistoryItem]


def answered(response: Response, actor: Actor, services: Services, home: HouseholdShown) -> HouseholdShown:
    """With its version as ETag, and masked."""
    response.headers["ETag"] = etag(home.version)
    return as_seen(view_of(actor, services), home)


def made_once(once: OnceOnly, actor: Actor, services: Services, work: Callable[[], HouseholdShown]) -> HouseholdShown:
    """Masked before it is kept with the request's key."""
    view = view_of(actor, services)
    return once(HouseholdShown, lambda: as_seen(view, work()))


@router.get("", responses=responses(401, 403, 404, 422, 503))
def list_households(
    actor: Reads, session: Reading, services: Given, cursor: Cursor = None, limit: Limit = 50,
    text: Annotated[Annotated[str, line(60, strip=False)] | None, Query(description=(
        "the beginning of a room in any spelling or of a name, or a whole number"))] = None,
    tag: Annotated[TagCode | None, Query()] = None, estate_id: Annotated[RowId | None, Query()] = None,
) -> Page[HouseholdListed]:
    """By room; of the user's estates."""
    found = search.search(session, actor, search.Wanted(text, tag, estate_id), cursor=cursor, limit=limit)
    view = view_of(actor, services)
    return Page(items=[as_listed(view, home) for home in found.items], next=found.next)


@router.get("/places", responses=responses(401, 403, 503))
def list_places(actor: Reads, session: Reading) -> list[EstateShown]:
    """The user's estates and their buildings."""
    return search.places(session, actor)


@router.get("/tags", responses=responses(401, 403, 503))
def list_tags(actor: Reads, session: Reading) -> list[TagShown]:
    return tags.tags(session, actor)


@router.put("/tags/{code}", responses=responses(400, 401, 403, 409, 422, 503))
def put_tag(actor: Keeps, session: Writing, services: Given, code: TagCode, given: TagGiven) -> TagShown:
    """A new tag, or other words for one. A retired one is given to nobody any more."""
    return tags.put_tag(session, actor, TagShown(code, given.zh, given.en, given.retired), services.clock.now())


@router.post("", status_code=201, responses=responses(400, 401, 403, 404, *ONCE, 503))
def create_household(actor: Changes, session: Writing, once: Once, services: Given, response: Response,
                     given: HouseholdGiven) -> HouseholdShown:
    new = NewHousehold(given.estate_id, given.building, given.unit, given.door, given.language, given.tags)
    made = made_once(once, actor, services, lambda: service.create(session, actor, new, services.clock.now()))
    return answered(response, actor, services, made)


@router.get("/{household_id}", responses=responses(401, 403, 404, 422, 503))
def one_household(actor: Reads, session: Reading, services: Given, response: Response, household_id: RowId) -> HouseholdPage:
    """Of one that was merged, the one into which it went: `household.household_id` tells."""
    home = service.household(session, actor, household_id)
    tickets, callbacks = happened.open_matters(session, actor, household_id)
    view = view_of(actor, services)
    past = happened.history(session, actor, household_id, limit=20)
    return HouseholdPage(
        household=answered(response, actor, services, home), open_tickets=[as_happened(view, item) for item in tickets],
        open_callbacks=[as_happened(view, item) for item in callbacks],
        history=Page(items=[as_happened(view, item) for item in past.items], next=past.next))


@router.get("/{household_id}/history", responses=responses(401, 403, 404, 422, 503))
def household_history(actor: Reads, session: Reading, services: Given, household_id: RowId, cursor: Cursor = None,
                      limit: Limit = 50) -> Page[happened.HistoryItem]:
    """Calls, messages, visits, tickets and callbacks, newest first."""
    found = happened.history(session, actor, household_id, cursor=cursor, limit=limit)
    view = view_of(actor, services)
    return Page(items=[as_happened(view, item) for item in found.items], next=found.next)


@router.get("/{household_id}/texts", responses=responses(401, 403, 404, 422, 503))
def household_texts(actor: Reads, session: Reading, services: Given, household_id: RowId, cursor: Cursor = None,
                    limit: Limit = 50) -> Page[TextShown]:
    """Text messages to it, newest first: sent, waiting, given up and why."""
    return texts_of(session, view_of(actor, services), household_id, cursor, limit)


@router.patch("/{household_id}", responses=responses(400, 401, 403, 404, 409, *IF_MATCH, 422, 503))
def change_household(actor: Changes, session: Writing, if_version: IfMatch, services: Given, response: Response,
                     household_id: RowId, given: ChangeGiven) -> HouseholdShown:
    wanted = HouseholdChange(given.language, given.tags, given.unit, given.door)
    done = service.change(session, actor, household_id, wanted, services.clock.now(), if_version)
    return answered(response, actor, services, done)


@router.post("/{household_id}/reveal", responses=responses(400, 401, 403, 404, 422, 503))
def reveal(actor: Reads, session: Writing, services: Given, household_id: RowId, given: LookGiven) -> LookShown:
    """One name or number without its mask; the look is logged with its reason."""
    return LookShown(value=look(session, view_of(actor, services), household_id, given.what, given.of, given.reason,
                                services.clock.now()))
