"""`/knowledge`: the question bank (I2). Anybody at the desk writes a draft, somebody else approves it, then it is shown."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from callcenter.text_types import line
from crm.knowledge import categories, service
from crm.knowledge.models import KnowledgeItem
from crm.knowledge.rights import APPROVE, KEEP, READ
from crm.knowledge.schemas import CategoryShown, Code, EntryContent, ItemRead, ItemShown, Line, Word
from crm.knowledge.service import State, Wanted
from crm.paging import Page
from crm.staff.actor import Actor
from dashboard.access import acting
from dashboard.manners import IF_MATCH, ONCE, Cursor, IfMatch, Limit, Once, etag
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing

router = APIRouter(prefix="/knowledge", tags=["knowledge"])

Reads = Annotated[Actor, Depends(acting(*READ), scope="function")]
Approves = Annotated[Actor, Depends(acting(*APPROVE), scope="function")]
Keeps = Annotated[Actor, Depends(acting(*KEEP), scope="function")]
ItemId = Annotated[int, Path(ge=1, le=2**31 - 1)]
Number = Annotated[int, Field(ge=1, le=2**31 - 1, description="of the version that you have read")]
Reason = Annotated[str, line(500)]
EntryRead = ItemRead[EntryContent]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EntryGiven(Body):
    code: Code | None = Field(None, description="what files know it by; made when left out")
    content: EntryContent


class EntryChange(Body):
    content: EntryContent


class Decision(Body):
    number: Number


class Refusal(Decision):
    reason: Reason


class Retirement(Body):
    reason: Reason


class CategoryWords(Body):
    zh: Word
    en: Word


class CategoryList(BaseModel):
    items: list[CategoryShown]


@router.get("", responses=responses(401, 403, 422, 503))
def list_entries(
    actor: Reads, session: Reading,
    state: Annotated[State | None, Query(description="waits: a draft waits to be decided about")] = None,
    category: Annotated[Code | None, Query()] = None,
    text: Annotated[Line | None, Query(description="in the question or the code")] = None,
    cursor: Cursor = None, limit: Limit = 50,
) -> Page[ItemShown]:
    """What was changed last comes first."""
    return service.items(session, actor, "entry", Wanted(state, category, text), cursor, limit)


@router.post("", status_code=201, responses=responses(400, 401, 403, 404, *ONCE, 503))
def draft_entry(actor: Reads, session: Writing, services: Given, once: Once, response: Response, given: EntryGiven) -> EntryRead:
    """A draft: nobody is shown it until somebody else has approved it."""
    return told(response, once(EntryRead, lambda: _read(
        session, actor, service.draft(session, actor, given.content, services.clock.now(), given.code))))


@router.get("/categories", responses=responses(401, 403, 503))
def list_categories(actor: Reads, session: Reading) -> CategoryList:
    return CategoryList(items=categories.categories(session, actor))


@router.put("/categories/{category}", responses=responses(400, 401, 403, 409, 422, 503))
def put_category(actor: Keeps, session: Writing, services: Given, category: Annotated[Code, Path()],
                 given: CategoryWords) -> CategoryShown:
    """A new one, or other words for one."""
    return categories.put_category(session, actor, CategoryShown(code=category, zh=given.zh, en=given.en), services.clock.now())


@router.get("/{item_id}", responses=responses(401, 403, 404, 422, 503))
def read_entry(actor: Reads, session: Reading, response: Response, item_id: ItemId) -> EntryRead:
    """With all its versions."""
    return told(response, service.read(session, actor, EntryContent, item_id))


@router.put("/{item_id}", responses=responses(400, 401, 403, 404, 409, *IF_MATCH, 422, 503))
def change_entry(actor: Reads, session: Writing, services: Given, if_version: IfMatch, response: Response, item_id: ItemId,
                 given: EntryChange) -> EntryRead:
    """A new version, as a draft; what is shown stays shown until it is approved."""
    return told(response, _read(session, actor, service.change(
        session, actor, item_id, given.content, services.clock.now(), if_version)))


@router.post("/{item_id}/approve", responses=responses(400, 401, 403, 404, *ONCE, *IF_MATCH, 503))
def approve_entry(actor: Approves, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
                  item_id: ItemId, given: Decision) -> EntryRead:
    """Not by whoever wrote that version (409 `own_draft`)."""
    return told(response, once(EntryRead, lambda: _read(session, actor, service.approve(
        session, actor, "entry", item_id, given.number, services.clock.now(), if_version))))


@router.post("/{item_id}/decline", responses=responses(400, 401, 403, 404, *ONCE, *IF_MATCH, 503))
def decline_entry(actor: Approves, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
                  item_id: ItemId, given: Refusal) -> EntryRead:
    return told(response, once(EntryRead, lambda: _read(session, actor, service.decline(
        session, actor, "entry", item_id, given.number, given.reason, services.clock.now(), if_version))))


@router.post("/{item_id}/retire", responses=responses(400, 401, 403, 404, *ONCE, *IF_MATCH, 503))
def retire_entry(actor: Approves, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
                 item_id: ItemId, given: Retirement) -> EntryRead:
    """Nobody is shown it any more; its versions stay."""
    return told(response, once(EntryRead, lambda: _read(session, actor, service.retire(
        session, actor, "entry", item_id, given.reason, services.clock.now(), if_version))))


@router.post("/{item_id}/restore", responses=responses(400, 401, 403, 404, *ONCE, *IF_MATCH, 503))
def restore_entry(actor: Approves, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
                  item_id: ItemId) -> EntryRead:
    return told(response, once(EntryRead, lambda: _read(session, actor, service.restore(
        session, actor, "entry", item_id, services.clock.now(), if_version))))


def _read(session: Writing, actor: Actor, row: KnowledgeItem) -> EntryRead:
    session.flush()
    return service.read_row(session, actor, EntryContent, row)


def told(response: Response, found: EntryRead) -> EntryRead:
    response.headers["ETag"] = etag(found.version)
    return found
