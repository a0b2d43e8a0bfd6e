"""`/shifts`: who leads now, the leader's log, and the hand-over with what is open (K2)."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from callcenter.text_types import lines
from crm.paging import Page
from crm.shifts import service
from crm.shifts.schemas import EntryShown, NewEntry, ShiftRead, ShiftShown, Sort
from crm.staff.actor import Actor
from dashboard.access import LEADS, acting
from dashboard.api.tickets import UserName
from dashboard.manners import IF_MATCH, ONCE, Cursor, IfMatch, Limit, Once, etag
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing

router = APIRouter(prefix="/shifts", tags=["shifts"])

Leads = Annotated[Actor, Depends(acting(*service.LEADS), scope="function")]
Reads = Annotated[Actor, Depends(acting(*LEADS), scope="function")]
ShiftNumber = Annotated[int, Path(ge=1, le=2**31 - 1)]
Words = Annotated[str, lines(4000)]
ACT: Final = responses(400, 401, 403, 404, *ONCE, *IF_MATCH, 503)


class ShiftBegun(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Annotated[Words | None, Field(description="why it is taken from whoever leads and has not handed over")] = None


class EntryGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    sort: Sort
    text: Words
    subject: Annotated[str | None, Field(
        max_length=80, pattern=r"^(ticket|call|agent|seat|emergency|outage|household):[A-Za-z0-9._-]{1,60}$",
        description="what it is about: `ticket:12`, `agent:801`")] = None


class HandOver(BaseModel):
    model_config = ConfigDict(extra="forbid")

    words: Annotated[Words, Field(description="what whoever comes has to know")]
    to: Annotated[UserName | None, Field(description="a user; null: whichever leader comes")] = None


class ShiftNow(BaseModel):
    now: ShiftRead | None = Field(description="null: nobody leads")


@router.get("", responses=responses(401, 403, 422, 503))
def list_shifts(actor: Reads, session: Reading, cursor: Cursor = None, limit: Limit = 20) -> Page[ShiftShown]:  # noqa: ARG001
    """Newest first."""
    return service.shifts(session, cursor=cursor, limit=limit)


@router.get("/now", responses=responses(401, 403, 503))
def shift_now(actor: Reads, session: Reading, services: Given, response: Response) -> ShiftNow:
    row = service.now_on(session)
    if row is None:
        return ShiftNow(now=None)
    response.headers["ETag"] = etag(row.version)
    return ShiftNow(now=service.read(session, actor, row.id, services.clock.now()))


@router.get("/{shift_id}", responses=responses(401, 403, 404, 422, 503))
def shift(actor: Reads, session: Reading, services: Given, response: Response, shift_id: ShiftNumber) -> ShiftRead:
    found = service.read(session, actor, shift_id, services.clock.now())
    response.headers["ETag"] = etag(found.shift.version)
    return found


@router.post("", status_code=201, responses=responses(400, 401, 403, *ONCE, 503))
def begin_shift(actor: Leads, session: Writing, once: Once, services: Given, given: ShiftBegun) -> ShiftRead:
    """409 `shift_on`: somebody leads; with a reason it is taken all the same."""
    return once(ShiftRead, lambda: service.begin(session, actor, given.reason, services.clock.now()))


@router.post("/entries", status_code=201, responses=responses(400, 401, 403, *ONCE, 503))
def add_entry(actor: Leads, session: Writing, once: Once, services: Given, given: EntryGiven) -> EntryShown:
    """409 `no_shift`: nobody leads."""
    new = NewEntry(given.sort, given.text, given.subject)
    return once(EntryShown, lambda: service.add_entry(session, actor, new, services.clock.now()))


@router.post("/{shift_id}/hand-over", responses=ACT)
def hand_over(actor: Leads, session: Writing, once: Once, if_version: IfMatch, services: Given, shift_id: ShiftNumber,
              given: HandOver) -> ShiftRead:
    """Offered: it stays with its leader until somebody accepts it."""
    return once(ShiftRead, lambda: service.hand_over(
        session, actor, shift_id, given.words, given.to, services.clock.now(), if_version))


@router.delete("/{shift_id}/hand-over", status_code=204, responses=responses(401, 403, 404, 409, *IF_MATCH, 422, 503))
def withdraw(actor: Leads, session: Writing, if_version: IfMatch, services: Given, shift_id: ShiftNumber) -> None:
    service.withdraw(session, actor, shift_id, services.clock.now(), if_version)


@router.post("/{shift_id}/accept", status_code=201, responses=ACT)
def accept(actor: Leads, session: Writing, once: Once, if_version: IfMatch, services: Given, shift_id: ShiftNumber) -> ShiftRead:
    """The new shift; what was open is kept with the one that ended."""
    return once(ShiftRead, lambda: service.accept(session, actor, shift_id, services.clock.now(), if_version))
