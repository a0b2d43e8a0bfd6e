"""`/reports`: which there are, each as JSON, and as XLSX or PDF. Every figure names the address of the rows behind it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from callcenter.roles import Role
from crm.notices.words import Language, Named
from crm.reports.shelf import service
from crm.reports.shelf.files import Format, audited, made
from crm.reports.shelf.periods import Relative, said
from crm.reports.shelf.report import Column, Name, Report, Type
from crm.reports.shelf.service import Asked
from crm.reports.shelf.shelf import ALL, reports_for
from crm.staff.actor import Actor
from dashboard.access import acting, view_of
from dashboard.problems import responses
from dashboard.services import Given, Reading, Services

router = APIRouter(prefix="/reports", tags=["reports"])

MAY_ASK: Final = frozenset[Role]().union(*(report.roles for report in ALL))      # each report has its own
Asks = Annotated[Actor, Depends(acting(*MAY_ASK), scope="function")]
ReportId = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
Code = Annotated[str | None, Query(max_length=60, pattern=r"^[A-Za-z0-9_.:-]*$")]
_FIRST, _LAST = date(2000, 1, 1), date(2100, 1, 1)
TYPES: Final[dict[Format, str]] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "pdf": "application/pdf"}
_FILE: Final = {"schema": {"type": "string", "format": "binary"}}


def file_given(*forms: Format) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": "the file", "content": {TYPES[form]: _FILE for form in forms}}}


class ParameterShown(BaseModel):
    name: Name
    values: list[str] = Field(description="no others, the first one by default; empty: any value, all when none is said")


class ReportListed(BaseModel):
    id: str
    title: Named
    about: Named | None
    parameters: list[ParameterShown]
    most_days: int


class ReportList(BaseModel):
    reports: list[ReportListed]


class CellShown(BaseModel):
    value: str | int | float | None = Field(description="times in UTC; money as text; shares from 0 to 1")
    rows: str | None = Field(description="where the rows behind a figure are read")


class HeadlineShown(CellShown):
    title: Named
    type: Type


class SheetShown(BaseModel):
    id: str
    title: Named
    remark: Named | None
    headlines: list[HeadlineShown]
    columns: list[Column]
    rows: list[list[CellShown]]


class ReportShown(BaseModel):
    id: str
    title: Named
    about: Named | None
    first: date
    last: date
    given: dict[Name, str]
    made_at: datetime
    sheets: list[SheetShown]


def wanted(
    actor: Asks, session: Reading, services: Given, report_id: ReportId,
    first: Annotated[date | None, Query(alias="from", ge=_FIRST, le=_LAST, description="local day; today when left out")] = None,
    last: Annotated[date | None, Query(alias="to", ge=_FIRST, le=_LAST, description="local day, included")] = None,
    period: Annotated[Relative | None, Query(description="instead of `from` and `to`")] = None,
    estate_id: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    team: Code = None, agent: Code = None, queue: Code = None, kind: Code = None, clock: Code = None, by: Code = None,
    interval: Code = None, which: Code = None,
    language: Annotated[Language | None, Query(description="of a file; the site's when left out")] = None,
) -> Asked:
    """What every address of a report takes."""
    now = services.clock.now()
    given = {Name.ESTATE: None if estate_id is None else str(estate_id), Name.TEAM: team, Name.AGENT: agent, Name.QUEUE: queue,
             Name.KIND: kind, Name.CLOCK: clock, Name.BY: by, Name.INTERVAL: interval, Name.WHICH: which}
    return service.asked(
        session, view_of(actor, services), report_id, services.site, services.timezone, now,
        said(period, first, last, now.astimezone(services.timezone).date()),
        {name: value for name, value in given.items() if value}, language or services.site.language)


Wanted = Annotated[Asked, Depends(wanted, scope="function")]


@router.get("", responses=responses(401, 403, 503))
def list_reports(actor: Asks) -> ReportList:
    """Those that your roles may see, with what each asks for."""
    return ReportList(reports=[_listed(report) for report in reports_for(actor)])


@router.get("/{report_id}.xlsx", response_class=Response, responses=file_given("xlsx") | responses(401, 403, 404, 422, 503))
def report_as_xlsx(asked: Wanted, services: Given) -> Response:
    """The export is in the audit."""
    return _sent(asked, services, "xlsx")


@router.get("/{report_id}.pdf", response_class=Response, responses=file_given("pdf") | responses(401, 403, 404, 422, 503))
def report_as_pdf(asked: Wanted, services: Given) -> Response:
    """The export is in the audit."""
    return _sent(asked, services, "pdf")


@router.get("/{report_id}", response_model=ReportShown, responses={
    200: {"content": {TYPES["xlsx"]: _FILE, TYPES["pdf"]: _FILE}}, **responses(401, 403, 404, 422, 503)})
def report(asked: Wanted, session: Reading, services: Given,
           form: Annotated[Literal["json", "xlsx", "pdf"], Query(alias="format")] = "json") -> Response | ReportShown:
    """As JSON up to 5,000 rows, as PDF as many, as XLSX 300,000."""
    return _shown(service.shown(session, asked)) if form == "json" else _sent(asked, services, form)


def _sent(asked: Asked, services: Services, form: Format) -> StreamingResponse:
    """In the audit before a byte of it is sent."""
    found = made(services.database, asked, form)
    try:
        audited(services.database, asked, form, found.rows)
    except BaseException:
        found.file.close()
        raise

    def body() -> Iterator[bytes]:
        with found.file as file:
            while part := file.read(65_536):
                yield part

    return StreamingResponse(body(), media_type=TYPES[form], headers={
        "Content-Disposition": f'attachment; filename="{found.name}"', "Content-Length": str(found.bytes),
        "Cache-Control": "no-store"})


def _listed(report: Report) -> ReportListed:
    return ReportListed(id=report.id, title=report.title, about=report.about, most_days=report.most_days, parameters=[
        ParameterShown(name=parameter.name, values=list(parameter.values)) for parameter in report.parameters])


def _shown(found: service.ReportShown) -> ReportShown:
    return ReportShown(
        id=found.id, title=found.title, about=found.about, first=found.days.first, last=found.days.last, given=dict(found.given),
        made_at=found.made_at, sheets=[SheetShown(
            id=sheet.id, title=sheet.title, remark=sheet.remark, columns=list(sheet.columns),
            headlines=[HeadlineShown(title=one.title, type=one.type, value=_json(one.value), rows=one.rows)
                       for one in sheet.headlines],
            rows=[[CellShown(value=_json(cell.value), rows=cell.rows) for cell in row] for row in sheet.rows])
            for sheet in found.sheets])


def _json(value: str | float | Decimal | datetime | date | None) -> str | int | float | None:
    match value:
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case _:
            return value
