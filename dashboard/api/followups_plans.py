"""`/followups/plans`: the yearly plan, what it drew and why, and how far it has come (G3)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from crm.followups import plans
from crm.followups.schemas import PickShown, PlanShown, PlanTerms, Progress
from crm.paging import Page
from crm.staff.actor import Actor
from dashboard.access import STAFFING, acting
from dashboard.api.followups import Leads
from dashboard.api.tickets import RowId
from dashboard.manners import IF_MATCH, ONCE, Cursor, IfMatch, Limit, Once, etag
from dashboard.problems import responses
from dashboard.services import Given, Reading, Services, Writing

router = APIRouter(prefix="/followups/plans", tags=["follow-ups"])

Plans = Annotated[Actor, Depends(acting(*STAFFING), scope="function")]
PlanId = Annotated[int, Path(ge=1, le=2**31 - 1)]
Year = Annotated[int, Field(ge=2000, le=2200)]
Trait = Annotated[str, Field(pattern=r"^[a-z_]{1,20}$")]


class TermsGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    share: Annotated[float, Field(gt=0, le=1)] | None = Field(None, description="of the households; the site's when left out")
    weights: dict[Trait, Annotated[float, Field(ge=0, le=100)]] = Field(
        {}, max_length=20, description="how many times as likely: elderly, alone, vip, complained, never_contacted, unreached")
    again: Annotated[list[Trait], Field(max_length=20)] = Field(["unreached"], description="who may be asked twice a year")
    seed: Annotated[int, Field(ge=0, le=2**53)] = Field(1, description="the same seed draws the same households")

    def terms(self, services: Services) -> PlanTerms:
        return PlanTerms(self.share or services.site.followups.share, dict(self.weights), tuple(self.again), self.seed)


class PlanGiven(TermsGiven):
    estate_id: RowId
    year: Year


class PlanList(BaseModel):
    plans: list[PlanShown]


@router.get("", responses=responses(401, 403, 422, 503))
def list_plans(actor: Leads, session: Reading, year: Annotated[int | None, Query(ge=2000, le=2200)] = None) -> PlanList:
    return PlanList(plans=plans.plans(session, actor, year))


@router.post("", status_code=201, responses=responses(400, 401, 403, 404, *ONCE, 503))
def make_plan(actor: Plans, session: Writing, services: Given, once: Once, given: PlanGiven) -> PlanShown:
    """Drawn each month from now on, by itself; the year after goes by the same terms until they are changed."""
    return once(PlanShown, lambda: plans.shown(plans.make_plan(
        session, actor, given.estate_id, given.year, given.terms(services), services.clock.now())))


@router.get("/{plan_id}", responses=responses(401, 403, 404, 422, 503))
def read_plan(actor: Leads, session: Reading, services: Given, response: Response, plan_id: PlanId) -> Progress:
    found = plans.progress(session, actor, plan_id, services.clock.now(), services.timezone)
    response.headers["ETag"] = etag(found.plan.version)
    return found


@router.put("/{plan_id}", responses=responses(400, 401, 403, 404, *IF_MATCH, 422, 503))
def change_plan(actor: Plans, session: Writing, services: Given, if_version: IfMatch, response: Response, plan_id: PlanId,
                given: TermsGiven) -> PlanShown:
    """Of the months that are not drawn yet."""
    done = plans.shown(plans.change_plan(session, actor, plan_id, given.terms(services), services.clock.now(), if_version))
    response.headers["ETag"] = etag(done.version)
    return done


@router.get("/{plan_id}/picks", responses=responses(401, 403, 404, 422, 503))
def picks(actor: Leads, session: Reading, plan_id: PlanId, month: Annotated[int | None, Query(ge=1, le=12)] = None,
          cursor: Cursor = None, limit: Limit = 50) -> Page[PickShown]:
    """The households that were drawn, and what made them more likely."""
    return plans.picks(session, actor, plan_id, month, cursor=cursor, limit=limit)
