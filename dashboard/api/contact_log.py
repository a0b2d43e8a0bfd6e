"""`/contact-log`: the call-and-visit log (来电来访记录, A5)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field, StringConstraints

from callcenter.errors import Forbidden
from callcenter.text_types import line, lines
from crm.calls import service as calls
from crm.calls.schemas import Completion, EntryPage, EntryShown
from crm.households.estates import must_see
from crm.kinds.schema import ID
from crm.kinds.service import kind_of
from crm.staff.actor import Actor
from crm.staff.audit import record_audit
from crm.staff.schemas import SignedIn
from crm.tickets.reading import visible
from dashboard.access import DESK, acting, own_seat, require, view_of
from dashboard.manners import ONCE, Once
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing

router = APIRouter(prefix="/contact-log", tags=["contact log"])

OnDesk = Annotated[SignedIn, Depends(require(*DESK))]
Acts = Annotated[Actor, Depends(acting(*DESK), scope="function")]
Short = Annotated[str, line(60)]
Long = Annotated[str, lines(4000)]
RowId = Annotated[int, Field(ge=1, le=2**31 - 1)]


class CompletionGiven(BaseModel):
    """Either `contact`, or `declined_contact` when the caller would not leave one."""

    name: Short | None = None
    contact: Short | None = None
    room: Short | None = None
    matter: Long
    kind: Annotated[str, StringConstraints(pattern=ID)] = Field(description="a kind of tickets, whether there is one or not")
    result: Long
    declined_contact: bool = False
    household_id: RowId | None = None
    ticket_id: RowId | None = None

    def completion(self) -> Completion:
        return Completion(name=self.name, contact=self.contact, room=self.room, matter=self.matter, kind=self.kind,
                          result=self.result, declined_contact=self.declined_contact, household_id=self.household_id,
                          ticket_id=self.ticket_id)


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


@router.post("/visits", status_code=201, responses=responses(400, 401, 403, 404, *ONCE, 503))
def add_visit(who: OnDesk, actor: Acts, session: Writing, services: Given, once: Once, given: CompletionGiven) -> EntryShown:
    """Somebody came in person: the same log, the same questions, complete at once (A5)."""
    def work() -> EntryShown:
        now = services.clock.now()
        _check(actor, session, given)
        done = calls.add_visit(session, given.completion(), who.user.user_id, who.seat, now)
        record_audit(session, at=now, who=who.user.name, user_id=who.user.user_id, action="contact.visit",
                     subject=f"contact:{done.entry_id}")
        return done

    return once(EntryShown, work)


@router.patch("/{entry_id}", responses=responses(400, 401, 403, 404, 409, 422, 503))
def complete(who: OnDesk, actor: Acts, session: Writing, services: Given, entry_id: Annotated[RowId, Path()],
             given: CompletionGiven) -> EntryShown:
    """May be repeated: the last writing holds."""
    entry = calls.contact_entry(session, actor, entry_id)
    if own_seat(who) not in (None, entry.seat):
        raise Forbidden
    now = services.clock.now()
    _check(actor, session, given)
    done = calls.complete_entry(session, entry_id, given.completion(), who.user.user_id, now)
    record_audit(session, at=now, who=who.user.name, user_id=who.user.user_id, action="contact.completed",
                 subject=f"contact:{entry_id}")
    return calls.masked_entry(done, view_of(actor, services))


def _check(actor: Actor, session: Writing, given: CompletionGiven) -> None:
    """Raises NotFound: no such kind, or a household or ticket that this user is not to know of."""
    kind_of(session, given.kind)
    if given.household_id is not None:
        must_see(session, actor, given.household_id, f"household {given.household_id}")
    if given.ticket_id is not None:
        visible(session, actor, given.ticket_id)
