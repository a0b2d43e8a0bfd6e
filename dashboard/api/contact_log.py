"""`/contact-log`: the call-and-visit log (来电来访记录, A5)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field, StringConstraints

from callcenter.errors import Forbidden
from crm.calls import service as calls
from crm.calls.schemas import Completion, EntryPage, EntryShown
from crm.households.estates import must_see
from crm.staff.actor import Actor
from crm.staff.audit import record_audit
from crm.staff.schemas import SignedIn
from crm.tickets.schemas import TicketKind
from dashboard.access import DESK, acting, own_seat, require, view_of
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing

router = APIRouter(prefix="/contact-log", tags=["contact log"])

OnDesk = Annotated[SignedIn, Depends(require(*DESK))]
Acts = Annotated[Actor, Depends(acting(*DESK), scope="function")]
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Long = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
RowId = Annotated[int, Field(ge=1, le=2**31 - 1)]


class CompletionGiven(BaseModel):
    """Either `contact`, or `declined_contact` when the caller would not leave one."""

    name: Short | None = None
    contact: Short | None = None
    room: Short | None = None
    matter: Long
    kind: TicketKind
    result: Long
    declined_contact: bool = False
    household_id: RowId | None = None
    ticket_id: RowId | None = None


@router.get("", responses=responses(401, 403, 422, 503))
def list_entries(
    who: OnDesk, actor: Acts, session: Reading, services: Given,
    completed: bool | None = None,
    household_id: Annotated[RowId | None, Query()] = None,
    before_id: Annotated[RowId | None, Query(description="`next_before` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> EntryPage:
    """Newest first. An agent sees the entries of the seat where they sit."""
    return calls.entries(session, view_of(actor, services), seat=own_seat(who), household_id=household_id, completed=completed,
                         before_id=before_id, limit=limit)


@router.patch("/{entry_id}", responses=responses(400, 401, 403, 404, 409, 422, 503))
def complete(who: OnDesk, actor: Acts, session: Writing, services: Given, entry_id: Annotated[RowId, Path()],
             given: CompletionGiven) -> EntryShown:
    """May be repeated: the last writing holds."""
    entry = calls.contact_entry(session, actor, entry_id)
    if own_seat(who) not in (None, entry.seat):
        raise Forbidden
    if given.household_id is not None:
        must_see(session, actor, given.household_id, f"household {given.household_id}")
    now = services.clock.now()
    done = calls.complete_entry(session, entry_id, Completion(
        name=given.name, contact=given.contact, room=given.room, matter=given.matter, kind=given.kind.value,
        result=given.result, declined_contact=given.declined_contact, household_id=given.household_id,
        ticket_id=given.ticket_id), who.user.user_id, now)
    record_audit(session, at=now, who=who.user.name, user_id=who.user.user_id, action="contact.completed",
                 subject=f"contact:{entry_id}")
    return calls.masked_entry(done, view_of(actor, services))
