"""`/complaints`: the monthly report and what is behind its figures (E9), complaints in people's records (D3, E2)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from callcenter.errors import SixringError
from callcenter.roles import STAFF
from crm.complaints import record, report
from crm.complaints.record import OwnRecord, RecordRow
from crm.complaints.report import Asked, ComplaintReport, Span, Wanted
from crm.kinds.schema import CATEGORY, ID
from crm.paging import Page
from crm.reports.service import day_bounds
from crm.reports.shelf.periods import Days, DaysUnfit
from crm.staff.actor import Actor
from crm.tickets.schemas import TicketShown
from dashboard.access import LEADS, acting, view_of
from dashboard.api.tickets import UserName
from dashboard.manners import Cursor, Limit
from dashboard.problems import responses
from dashboard.services import Given, Reading, Services

MOST_DAYS: Final = 400

router = APIRouter(prefix="/complaints", tags=["complaints"])

Leads = Annotated[Actor, Depends(acting(*LEADS), scope="function")]
Staff = Annotated[Actor, Depends(acting(*STAFF), scope="function")]
MonthName = Annotated[str, Query(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", description="2026-11, by the site's days")]
EstateId = Annotated[int | None, Query(ge=1, le=2**31 - 1)]
First = Annotated[date, Query(alias="from", ge=date(2000, 1, 1), le=date(2099, 12, 31), description="the site's local day")]
Last = Annotated[date, Query(alias="to", ge=date(2000, 1, 1), le=date(2099, 12, 31), description="the last day, included")]
CountedAs = Literal["received", "handled", "open", "withdrawn", "timed", "timely", "late", "repeats", "upheld", "partly",
                    "not_upheld"]


class OneOfTwo(SixringError):
    """Whose complaints: say `user` or `agent`."""

    code = "user_or_agent"
    status = 422


class RecordList(BaseModel):
    items: list[RecordRow]


class TicketList(BaseModel):
    items: list[TicketShown] = Field(description="at most 200, newest first")


@router.get("/report", responses=responses(401, 403, 404, 422, 503))
def complaint_report(actor: Leads, session: Reading, services: Given, month: MonthName, estate_id: EstateId = None,
                     trend: Annotated[int, Query(ge=0, le=24, description="months before")] = 6) -> ComplaintReport:
    """投诉及处理月报表. What each figure is: crm/complaints/figures.py."""
    return report.report(session, actor, _asked(month, estate_id), services.clock.now(), services.timezone, trend)


@router.get("/rows", responses=responses(401, 403, 404, 422, 503))
def complaint_rows(
    actor: Leads, session: Reading, services: Given, first: First, last: Last, figure: Annotated[CountedAs, Query()],
    estate_id: EstateId = None, kind: Annotated[str | None, Query(pattern=ID)] = None,
    category: Annotated[str | None, Query(pattern=CATEGORY, description="with all below it")] = None,
    cause: Annotated[str | None, Query(pattern=ID)] = None, cursor: Cursor = None, limit: Limit = 50,
) -> Page[TicketShown]:
    """The complaints that a figure counts, received within these days; oldest first."""
    return report.rows(session, view_of(actor, services), Span(*_span(services, first, last), estate_id),
                       Wanted(figure, kind, category, cause), services.clock.now(), cursor=cursor, limit=limit)


@router.get("/record", responses=responses(401, 403, 422, 503))
def complaint_record(actor: Leads, session: Reading, services: Given, first: First, last: Last) -> RecordList:
    """By person: how many complaints about them were closed in that time, and how they were found. Yours are not in it."""
    return RecordList(items=record.record_of_all(session, actor, *_span(services, first, last)))


@router.get("/record/mine", responses=responses(401, 403, 422, 503))
def complaint_record_of_mine(actor: Staff, session: Reading, services: Given, first: First, last: Last) -> OwnRecord:
    """Results of closed complaints about you, without who complained."""
    return record.own(session, actor, *_span(services, first, last))


@router.get("/record/rows", responses=responses(401, 403, 404, 422, 503))
def complaint_record_rows(
    actor: Leads, session: Reading, services: Given, first: First, last: Last,
    user: Annotated[UserName | None, Query()] = None,
    agent: Annotated[str | None, Query(pattern=r"^[0-9]{3,6}$", description="code; instead of `user`")] = None,
    figure: Annotated[Literal["counted", "upheld", "partly", "not_upheld"],
                      Query(description="counted: upheld or partly, as in an agent's day")] = "counted",
) -> TicketList:
    """Complaints about somebody (one of `user` and `agent`) that were closed in that time; none of those about you."""
    if (user is None) == (agent is None):
        raise OneOfTwo
    return TicketList(items=record.rows_behind(session, view_of(actor, services), agent or user or "", figure,
                                               *_span(services, first, last), is_agent=agent is not None))


def _asked(month: str, estate_id: int | None) -> Asked:
    year, number = month.split("-")
    return Asked(int(year), int(number), estate_id)


def _span(services: Services, first: date, last: date) -> tuple[datetime, datetime]:
    """Raises DaysUnfit."""
    if not 1 <= Days(first, last).count <= MOST_DAYS:
        raise DaysUnfit
    return day_bounds(first, services.timezone)[0], day_bounds(last, services.timezone)[1]
