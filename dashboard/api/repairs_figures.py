"""`/repairs/figures`: on time, rework, open by age (F4), and the tickets behind each number."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from sqlalchemy import select

from callcenter.errors import SixringError
from callcenter.roles import Role
from callcenter.text_types import line
from crm.paging import Page, cursor_of, place_of
from crm.repairs import counting, figures
from crm.repairs.figures import BANDS, By, Counted, Figure, FigureRow
from crm.staff.actor import Actor
from crm.tickets.models import Ticket
from crm.tickets.schemas import TicketShown
from crm.tickets.showing import shown
from dashboard.access import LEADS, acting, view_of
from dashboard.api.tickets import RowId
from dashboard.manners import Cursor, Limit
from dashboard.problems import responses
from dashboard.services import Given, Reading, Services

router = APIRouter(prefix="/repairs/figures", tags=["repairs"])

Leads = Annotated[Actor, Depends(acting(*LEADS, Role.OFFICE), scope="function")]
LONGEST_DAYS: Final = 400
LIST: Final = "repairs:figures"


class BadPeriod(SixringError):
    """Ends before it begins, or is too long."""

    code = "bad_period"
    status = 422


class RepairFigures(BaseModel):
    first: date
    last: date
    by: By
    rows: list[FigureRow] = Field(description="a share's numerator and denominator each have rows")


_EARLIEST: Final = date(2000, 1, 1)
_LATEST: Final = date(2200, 1, 1)
First = Annotated[date | None, Query(alias="from", ge=_EARLIEST, le=_LATEST,
                                     description="the site's day; the month's first when left out")]
Last = Annotated[date | None, Query(alias="to", ge=_EARLIEST, le=_LATEST, description="with it; today when left out")]


@router.get("", responses=responses(401, 403, 422, 503))
def read_figures(actor: Leads, session: Reading, services: Given, by: By = By.ALL, first: First = None, last: Last = None,
                 estate_id: Annotated[RowId | None, Query()] = None) -> RepairFigures:
    """Of repairs that you see: those whose clock ended or that were archived in the period, and those that are open now."""
    first, last = _period(services, first, last)
    return RepairFigures(first=first, last=last, by=by, rows=figures.rows(
        by, _counted(actor, session, services, first, last, estate_id), services.clock.now(), services.timezone))


@router.get("/rows", responses=responses(401, 403, 422, 503))
def read_rows(
    actor: Leads, session: Reading, services: Given, figure: Figure, by: By = By.ALL,
    key: Annotated[Annotated[str, line(40, least=0)], Query(description="of the row; `all` by all")] = "all",
    band: Annotated[str | None, Query(pattern=f"^({'|'.join(BANDS)})$", description="of `open`: how old")] = None,
    first: First = None, last: Last = None, estate_id: Annotated[RowId | None, Query()] = None, cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[TicketShown]:
    """The tickets that a number counts: as many as it says, by their ids."""
    first, last = _period(services, first, last)
    counted = _counted(actor, session, services, first, last, estate_id)
    ids = figures.behind(by, key, figure, band, counted, services.clock.now(), services.timezone)
    after = 0 if cursor is None else int(place_of(LIST, cursor, int)[1])
    wanted = [ident for ident in ids if ident > after][:limit + 1]
    rows = session.scalars(select(Ticket).where(Ticket.id.in_(wanted[:limit])).order_by(Ticket.id)).all()
    following = cursor_of(LIST, wanted[limit - 1], wanted[limit - 1]) if len(wanted) > limit else None
    return Page(items=shown(session, view_of(actor, services), rows), next=following)


def _period(services: Services, first: date | None, last: date | None) -> tuple[date, date]:
    today = services.clock.now().astimezone(services.timezone).date()
    end = last or today
    begin = first or end.replace(day=1)
    if not timedelta(0) <= end - begin <= timedelta(days=LONGEST_DAYS):
        raise BadPeriod
    return begin, end


def _counted(actor: Actor, session: Reading, services: Services, first: date, last: date, estate_id: int | None) -> list[Counted]:
    since, before = (datetime.combine(day, time(), services.timezone) for day in (first, last + timedelta(days=1)))
    return counting.counted(session, actor, since, before, estate_id=estate_id)
