"""`/forecast`: arrivals by half hour and how right they were, who is answered with who is here, agents who have fallen out (C6)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from callcenter.errors import Conflict
from callcenter.text_types import line
from crm.clocks.calendars import DAY, moment
from crm.forecast import fallen, service
from crm.forecast.arrivals import Missed
from crm.forecast.fallen import ReportShown
from crm.forecast.service import IntervalShown
from crm.forecast.staffing import Staffed
from crm.paging import Page
from crm.staff.actor import Actor
from dashboard.access import LEADS, acting
from dashboard.manners import ONCE, Cursor, Limit, Once
from dashboard.moments import Moment
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing

router = APIRouter(prefix="/forecast", tags=["forecast"])

Leads = Annotated[Actor, Depends(acting(*LEADS), scope="function")]
Code = Annotated[str, StringConstraints(pattern=r"^[0-9]{2,6}$")]
_FIRST, _LAST = date(2000, 1, 1), date(2100, 1, 1)
LONGEST = 62           # days at once


class RangeTooLong(Conflict):
    """More days at once than are given, or none."""

    code = "range_too_long"
    status = 422


class ArrivalsShown(BaseModel):
    """`error` is of the half hours that are over and were forecast."""

    first: date
    last: date
    intervals: list[IntervalShown]
    error: Missed


class StaffingShown(BaseModel):
    at: datetime
    answered: float = Field(description="the share that is wanted; `needed` agents are for it")
    intervals: list[Staffed]


class FallenOutGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    agents: Annotated[list[Code], Field(min_length=1, max_length=200)]
    since: Annotated[Moment | None, Field(description="when they fell out; now, when left out")] = None


@router.get("/arrivals", responses=responses(401, 403, 422, 503))
def arrivals(
    _actor: Leads, session: Reading, services: Given,
    first: Annotated[date | None, Query(alias="from", ge=_FIRST, le=_LAST, description="local day; today when left out")] = None,
    last: Annotated[date | None, Query(alias="to", ge=_FIRST, le=_LAST, description="… included; `from` when left out")] = None,
    queue: Annotated[Annotated[str, line(60, least=0)] | None, Query()] = None,
) -> ArrivalsShown:
    """What was expected in each half hour, as it stood when the day began, and what came."""
    begin = first or services.clock.now().astimezone(services.timezone).date()
    end = last or begin
    if not timedelta(0) <= end - begin < timedelta(days=LONGEST):
        raise RangeTooLong
    tz = services.timezone
    found = service.intervals(session, moment(begin, time(0), tz), moment(end + DAY, time(0), tz), queue)
    return ArrivalsShown(first=begin, last=end, intervals=found, error=service.error_of(found))


@router.get("/staffing", responses=responses(401, 403, 409, 422, 503))
def staffing(_actor: Leads, session: Reading, services: Given,
             count: Annotated[int, Query(ge=1, le=48, description="half hours")] = fallen.AHEAD) -> StaffingShown:
    """Erlang-A, with who is signed in now: share of callers answered, wait, and how many agents it takes."""
    now = services.clock.now()
    found = fallen.staffing(session, services.site, now, count)
    return StaffingShown(at=now, answered=services.site.forecasts.answered, intervals=found)


@router.post("/fallen-out", status_code=201, responses=responses(400, 401, 403, 404, *ONCE, 503))
def fallen_out(actor: Leads, session: Writing, once: Once, services: Given, given: FallenOutGiven) -> ReportShown:
    """Agents have fallen out: the share answered with who is left, and whom to bring in. Two or more: the manager is told."""
    return once(ReportShown, lambda: fallen.fallen_out(session, actor, services.site, given.agents, given.since,
                                                       services.clock.now()))


@router.get("/fallen-out", responses=responses(401, 403, 422, 503))
def reports(_actor: Leads, session: Reading, cursor: Cursor = None, limit: Limit = 50) -> Page[ReportShown]:
    """Newest first."""
    return fallen.reports(session, cursor, limit)


@router.get("/fallen-out/{fallen_id}", responses=responses(401, 403, 404, 422, 503))
def report(_actor: Leads, session: Reading, fallen_id: Annotated[int, Path(ge=1, le=2**31 - 1)]) -> ReportShown:
    return fallen.report(session, fallen_id)
