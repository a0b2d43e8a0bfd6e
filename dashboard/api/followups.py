"""`/followups`: the call list: what is to be called, a claim, what came of it (G4)."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from callcenter.roles import Role
from crm.followups import listing, tasks
from crm.followups.listing import Wanted
from crm.followups.rules import Outcome
from crm.followups.schemas import Claimed, Finished, Result, TaskRead, TaskShown
from crm.followups.tasks import Wish
from crm.kinds.schema import ID
from crm.paging import Page
from crm.staff.actor import Actor
from dashboard.access import DESK, LEADS, acting, view_of
from dashboard.api.tickets import CallId, RowId, Text
from dashboard.manners import ONCE, Cursor, Limit, Once
from dashboard.moments import Moment
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing

router = APIRouter(prefix="/followups", tags=["follow-ups"])

OnDesk = Annotated[Actor, Depends(acting(*DESK), scope="function")]
Calls = Annotated[Actor, Depends(acting(*(DESK - {Role.ADMIN})), scope="function")]      # who sees callers
Leads = Annotated[Actor, Depends(acting(*LEADS), scope="function")]
TaskId = Annotated[int, Path(ge=1, le=2**31 - 1)]
ClaimId = Annotated[int, Path(ge=1, le=2**31 - 1)]
Why = Annotated[str, Query(pattern=ID)]


class WishGiven(BaseModel):
    """Nothing: the next one."""

    model_config = ConfigDict(extra="forbid")

    task_id: RowId | None = None
    why: Annotated[str, Field(pattern=ID)] | None = None
    estate_id: RowId | None = None


class ClaimAnswer(BaseModel):
    claim: Claimed | None = Field(description="null: nobody is to be called now")


class ResultGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    outcome: Outcome
    score: Annotated[int, Field(ge=1, le=3)] | None = Field(None, description="with `reached`: 1 satisfied, 2 fair, 3 not")
    said: Annotated[Text, Field(max_length=2000)] | None = None
    how: Literal["phone", "visit", "message"] = "phone"
    number_id: RowId | None = Field(None, description="what was dialled; with `wrong_number` and `do_not_call` it must be there")
    later_at: Moment | None = Field(None, description="with `later`: when the household wants to be called")
    do_not_call: bool = False
    call_id: CallId | None = None

    def result(self) -> Result:
        return Result(self.outcome, self.score, self.said, self.how, self.number_id, self.later_at, self.do_not_call, self.call_id)


@router.get("/tasks", responses=responses(401, 403, 422, 503))
def list_tasks(
    actor: OnDesk, session: Reading, services: Given, *,
    state: Literal["open", "blocked", "closed"] = "open",
    why: Why | None = None,
    estate_id: Annotated[RowId | None, Query()] = None,
    household_id: Annotated[RowId | None, Query()] = None,
    late: Annotated[bool, Query(description="past their time")] = False,
    cursor: Cursor = None, limit: Limit = 50,
) -> Page[TaskShown]:
    """In the order in which they are called: promised times, complaints and incidents, not satisfied, others, periodic."""
    wanted = Wanted(state, why, estate_id, household_id, late)
    return listing.tasks(session, view_of(actor, services), wanted, services.clock.now(), cursor=cursor, limit=limit)


@router.get("/tasks/{task_id}", responses=responses(401, 403, 404, 422, 503))
def read_task(actor: OnDesk, session: Reading, services: Given, task_id: TaskId) -> TaskRead:
    return listing.task(session, view_of(actor, services), task_id, services.clock.now())


@router.post("/tasks/{task_id}/unblock", responses=responses(400, 401, 403, 404, *ONCE, 503))
def unblock(actor: Leads, session: Writing, services: Given, once: Once, task_id: TaskId) -> TaskShown:
    """After somebody has found a number that may be rung."""
    now = services.clock.now()
    return once(TaskShown, lambda: listing.shown(
        session, [tasks.unblock(session, actor, task_id, now, services.site.followups)], now)[0])


@router.post("/claim", responses=responses(400, 401, 403, 404, 409, 422, 503))
def claim(actor: Calls, session: Writing, services: Given, given: WishGiven) -> ClaimAnswer:
    """The next household to call, with its numbers, for some minutes yours alone. Asked again, the same one: so it takes no
    `Idempotency-Key`. 409 of one that was asked for: `task_held`, `not_callable`, `quiet_hours`."""
    now = services.clock.now()
    held = tasks.claim(session, actor, Wish(given.task_id, given.why, given.estate_id), now, services.site.followups)
    return ClaimAnswer(claim=None if held is None else listing.claimed(session, view_of(actor, services), held, now))


@router.post("/claims/{claim_id}/release", responses=responses(400, 401, 403, 404, *ONCE, 503))
def release(actor: Calls, session: Writing, services: Given, once: Once, claim_id: ClaimId) -> TaskShown:
    """Back to the list, uncalled."""
    now = services.clock.now()
    return once(TaskShown, lambda: listing.shown(session, [tasks.release(session, actor, claim_id, now)], now)[0])


@router.post("/claims/{claim_id}/result", responses=responses(400, 401, 403, 404, *ONCE, 503))
def tell_result(actor: Calls, session: Writing, services: Given, once: Once, claim_id: ClaimId, given: ResultGiven) -> Finished:
    """What came of it. 409 `claim_lost` when it took so long that somebody else has the household since."""
    def work() -> Finished:
        now = services.clock.now()
        task, followed_by = tasks.finish(session, actor, claim_id, given.result(), now, services.site.followups)
        return Finished(listing.shown(session, [task], now)[0], followed_by)

    return once(Finished, work)
