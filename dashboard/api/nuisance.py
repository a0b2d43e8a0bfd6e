"""`/nuisance`: numbers that are warned, sent behind everybody, blocked (D1), or passed to the spokesperson (D4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from callcenter.private import Private
from callcenter.text_types import line, lines
from crm.callers import service
from crm.callers.schemas import Level, State, TreatmentShown
from crm.staff.actor import Actor
from crm.staff.schemas import SignedIn
from dashboard.access import DESK, LEADS, acting, require, view_of
from dashboard.manners import ONCE, Once
from dashboard.moments import Moment
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing

router = APIRouter(prefix="/nuisance", tags=["nuisance"])

OnDesk = Annotated[SignedIn, Depends(require(*DESK))]
Acts = Annotated[Actor, Depends(acting(*DESK), scope="function")]
Leads = Annotated[SignedIn, Depends(require(*LEADS))]
ActsAsLead = Annotated[Actor, Depends(acting(*LEADS), scope="function")]
Number = Annotated[str, StringConstraints(pattern=r"^\+?[0-9]{3,20}$")]
Reason = Annotated[str, lines(500)]
CallId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{3,80}$")]
RowId = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Report(BaseModel):
    model_config = ConfigDict(extra="forbid")

    number: Number
    reason: Reason
    call_id: CallId | None = None


class Treat(Report):
    level: Level
    until: Moment | None = Field(None, description="until it is lifted when left out")


class Lift(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Reason


class TreatmentPage(BaseModel):
    treatments: list[TreatmentShown]
    next_before: int | None = Field(description="give it as `before_id` for the next page; null on the last one")


@router.get("", responses=responses(401, 403, 422, 503))
def list_treatments(
    actor: Acts, session: Reading, services: Given,
    state: State | None = None,
    number: Annotated[Annotated[str, line(32, least=0)] | None, Query()] = None,
    before_id: Annotated[RowId | None, Query(description="`next_before` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> TreatmentPage:
    """Newest first, with those that were lifted."""
    view = view_of(actor, services)
    found = service.treatments(session, state=state, number=number, before_id=before_id, limit=limit + 1)
    return TreatmentPage(treatments=[replace(one, number=view.show(one.number, Private.PHONE)) for one in found[:limit]],
                         next_before=found[limit - 1].treatment_id if len(found) > limit else None)


@router.post("/reports", status_code=201, responses=responses(400, 401, 403, *ONCE, 503))
def report(who: OnDesk, session: Writing, services: Given, once: Once, given: Report) -> TreatmentShown:
    """An agent proposes that the number be warned; a leader decides."""
    return once(TreatmentShown, lambda: service.report(
        session, given.number, given.reason, who.user, services.clock.now(), call_id=given.call_id))


@router.post("", status_code=201, responses=responses(400, 401, 403, *ONCE, 503))
def treat(who: Leads, session: Writing, services: Given, once: Once, given: Treat) -> TreatmentShown:
    """Holds from the number's next call, in place of what held before."""
    return once(TreatmentShown, lambda: service.treat(
        session, given.number, given.level, given.reason, who.user, services.clock.now(), until=given.until, call_id=given.call_id))


@router.post("/{treatment_id}/lift", responses=responses(400, 401, 403, 404, *ONCE, 503))
def lift(who: Leads, actor: ActsAsLead, session: Writing, services: Given, once: Once, treatment_id: Annotated[RowId, Path()],
         given: Lift) -> TreatmentShown:
    """The number is an ordinary caller again; a report is turned down with it."""
    def work() -> TreatmentShown:
        lifted = service.lift(session, treatment_id, given.reason, who.user, services.clock.now())
        return replace(lifted, number=view_of(actor, services).show(lifted.number, Private.PHONE))

    return once(TreatmentShown, work)
