"""`…/reveal`: one private value of a call, a contact-log entry, a callback, a treated number; with a reason, and logged (K1)."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from callcenter.errors import Forbidden, NotFound
from callcenter.text_types import lines
from crm.callbacks.models import CallbackRow
from crm.callers.models import Treatment
from crm.calls.models import CallRow
from crm.calls.service import contact_entry
from crm.households.estates import must_see
from crm.privacy.service import reveal
from crm.staff.actor import Actor
from crm.staff.schemas import SignedIn
from dashboard.access import DESK, acting, own_seat, require, view_of
from dashboard.problems import responses
from dashboard.services import Given, Services, Writing

router = APIRouter(tags=["privacy"])

OnDesk = Annotated[SignedIn, Depends(require(*DESK))]
Acts = Annotated[Actor, Depends(acting(*DESK), scope="function")]
Ident = Annotated[str, Path(max_length=80, pattern=r"^[A-Za-z0-9._-]+$")]
RowId = Annotated[int, Path(ge=1, le=2**31 - 1)]
Reason = Annotated[str, lines(500)]
ANSWERS = responses(400, 401, 403, 404, 422, 503)


class CallLook(BaseModel):
    model_config = ConfigDict(extra="forbid")

    field: Literal["number", "callback_number"]
    reason: Reason


class ContactLook(BaseModel):
    model_config = ConfigDict(extra="forbid")

    field: Literal["name", "contact", "matter", "result"]
    reason: Reason


class NumberLook(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Reason


class Revealed(BaseModel):
    value: str = Field(description="that it was shown, to whom and why, is in the audit")


@router.post("/calls/{call_id}/reveal", responses=ANSWERS)
def of_call(who: OnDesk, actor: Acts, session: Writing, services: Given, call_id: Ident, given: CallLook) -> Revealed:
    """The caller's number, or the one to ring back. An agent: of calls of the seat where they sit."""
    row = session.get(CallRow, call_id)
    if row is None or row.entered_at is None:
        raise NotFound(f"call {call_id}")
    estate_id = must_see(session, actor, row.household_id, f"call {call_id}")
    if own_seat(who) not in (None, row.answered_by):
        raise Forbidden
    return _shown(session, services, actor, f"call:{call_id}", given.field, getattr(row, given.field), given.reason, estate_id)


@router.post("/contact-log/{entry_id}/reveal", responses=ANSWERS)
def of_entry(who: OnDesk, actor: Acts, session: Writing, services: Given, entry_id: RowId, given: ContactLook) -> Revealed:
    row = contact_entry(session, actor, entry_id)
    if own_seat(who) not in (None, row.seat):
        raise Forbidden
    return _shown(session, services, actor, f"contact:{entry_id}", given.field, getattr(row, given.field), given.reason)


@router.post("/callbacks/{callback_id}/reveal", responses=ANSWERS)
def of_callback(actor: Acts, session: Writing, services: Given, callback_id: Ident, given: NumberLook) -> Revealed:
    row = session.get(CallbackRow, callback_id)
    if row is None:
        raise NotFound(f"callback {callback_id}")
    must_see(session, actor, row.household_id, f"callback {callback_id}")
    return _shown(session, services, actor, f"callback:{callback_id}", "number", row.number, given.reason)


@router.post("/nuisance/{treatment_id}/reveal", responses=ANSWERS)
def of_treatment(actor: Acts, session: Writing, services: Given, treatment_id: RowId, given: NumberLook) -> Revealed:
    row = session.get(Treatment, treatment_id)
    if row is None:
        raise NotFound(f"treatment {treatment_id}")
    return _shown(session, services, actor, f"treatment:{treatment_id}", "number", row.number, given.reason)


def _shown(session: Session, services: Services, actor: Actor, subject: str, field: str, value: str | None, reason: str,
           estate_id: int | None = None) -> Revealed:
    return Revealed(value=reveal(session, view_of(actor, services), subject, field, value, reason, services.clock.now(),
                                 estate_id=estate_id))
