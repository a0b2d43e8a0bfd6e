"""`/scripts`: what to read out in this call (A3, D1, D4, H8); written and approved as the bank's entries are."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from crm.knowledge import scripts, service
from crm.knowledge.asked import local_day
from crm.knowledge.models import KnowledgeItem
from crm.knowledge.schemas import (
    Code,
    Danger,
    EstateId,
    ItemRead,
    ItemShown,
    KindId,
    Language,
    Line,
    QueueId,
    ScriptContent,
    Tag,
    Use,
)
from crm.knowledge.scripts import CallNow, ScriptShown
from crm.knowledge.service import State, Wanted
from crm.paging import Page
from crm.staff.actor import Actor
from dashboard.api.knowledge import Approves, Body, Decision, ItemId, Reads, Refusal, Retirement
from dashboard.manners import IF_MATCH, ONCE, Cursor, IfMatch, Limit, Once, etag
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing

router = APIRouter(prefix="/scripts", tags=["scripts"])

ScriptRead = ItemRead[ScriptContent]


class ScriptGiven(Body):
    code: Code | None = Field(None, description="made when left out")
    content: ScriptContent


class ScriptChange(Body):
    content: ScriptContent


class ScriptList(BaseModel):
    items: list[ScriptShown]


@router.get("", responses=responses(401, 403, 404, 422, 503))
def to_read_out(
    actor: Reads, session: Reading, services: Given,
    kind: Annotated[KindId | None, Query(description="of the ticket that is being taken down")] = None,
    queue: Annotated[QueueId | None, Query()] = None,
    tag: Annotated[list[Tag] | None, Query(max_length=30, description="of the caller: nuisance, press, a household's tags")] = None,
    danger: Annotated[Danger | None, Query(description="the safety instructions for this, and no others")] = None,
    use: Annotated[Use | None, Query()] = None,
    estate_id: Annotated[EstateId | None, Query()] = None,
    language: Annotated[Language | None, Query(description="the caller's; the site's when left out")] = None,
) -> ScriptList:
    """For a call as far as it is known: what must not be missed comes first, what is meant for this call before what is for all."""
    names: dict[Language, str] = {"zh": services.site.company.name.zh, "en": services.site.company.name.en}
    spoken: Literal["zh", "en"] = language or services.site.language
    call = CallNow(kind, queue, frozenset(tag or ()), danger, use, estate_id)
    day = local_day(services.clock.now(), services.timezone)
    return ScriptList(items=scripts.scripts_now(session, actor, call, spoken, day, names))


@router.get("/all", responses=responses(401, 403, 422, 503))
def list_scripts(
    actor: Reads, session: Reading,
    state: Annotated[State | None, Query(description="waits: a draft waits to be decided about")] = None,
    text: Annotated[Line | None, Query(description="in the title or the code")] = None,
    cursor: Cursor = None, limit: Limit = 50,
) -> Page[ItemShown]:
    """For who writes them. What was changed last comes first."""
    return service.items(session, actor, "script", Wanted(state, None, text), cursor, limit)


@router.post("", status_code=201, responses=responses(400, 401, 403, 404, *ONCE, 503))
def draft_script(actor: Reads, session: Writing, services: Given, once: Once, response: Response, given: ScriptGiven) -> ScriptRead:
    """A draft: nobody is shown it until somebody else has approved it."""
    return _told(response, once(ScriptRead, lambda: _read(
        session, actor, service.draft(session, actor, given.content, services.clock.now(), given.code))))


@router.get("/{script_id}", responses=responses(401, 403, 404, 422, 503))
def read_script(actor: Reads, session: Reading, response: Response, script_id: ItemId) -> ScriptRead:
    """With all its versions."""
    return _told(response, service.read(session, actor, ScriptContent, script_id))


@router.put("/{script_id}", responses=responses(400, 401, 403, 404, 409, *IF_MATCH, 422, 503))
def change_script(actor: Reads, session: Writing, services: Given, if_version: IfMatch, response: Response, script_id: ItemId,
                  given: ScriptChange) -> ScriptRead:
    """A new version, as a draft; what is read out stays until it is approved."""
    return _told(response, _read(session, actor, service.change(
        session, actor, script_id, given.content, services.clock.now(), if_version)))


@router.post("/{script_id}/approve", responses=responses(400, 401, 403, 404, *ONCE, *IF_MATCH, 503))
def approve_script(actor: Approves, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
                   script_id: ItemId, given: Decision) -> ScriptRead:
    """Not by whoever wrote that version (409 `own_draft`)."""
    return _told(response, once(ScriptRead, lambda: _read(session, actor, service.approve(
        session, actor, "script", script_id, given.number, services.clock.now(), if_version))))


@router.post("/{script_id}/decline", responses=responses(400, 401, 403, 404, *ONCE, *IF_MATCH, 503))
def decline_script(actor: Approves, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
                   script_id: ItemId, given: Refusal) -> ScriptRead:
    return _told(response, once(ScriptRead, lambda: _read(session, actor, service.decline(
        session, actor, "script", script_id, given.number, given.reason, services.clock.now(), if_version))))


@router.post("/{script_id}/retire", responses=responses(400, 401, 403, 404, *ONCE, *IF_MATCH, 503))
def retire_script(actor: Approves, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
                  script_id: ItemId, given: Retirement) -> ScriptRead:
    return _told(response, once(ScriptRead, lambda: _read(session, actor, service.retire(
        session, actor, "script", script_id, given.reason, services.clock.now(), if_version))))


@router.post("/{script_id}/restore", responses=responses(400, 401, 403, 404, *ONCE, *IF_MATCH, 503))
def restore_script(actor: Approves, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
                   script_id: ItemId) -> ScriptRead:
    return _told(response, once(ScriptRead, lambda: _read(session, actor, service.restore(
        session, actor, "script", script_id, services.clock.now(), if_version))))


def _read(session: Writing, actor: Actor, row: KnowledgeItem) -> ScriptRead:
    session.flush()
    return service.read_row(session, actor, ScriptContent, row)


def _told(response: Response, found: ScriptRead) -> ScriptRead:
    response.headers["ETag"] = etag(found.version)
    return found
