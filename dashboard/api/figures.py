"""`/figures`: counted from the journal; by queue, agent, team and estate, in intervals; and the calls behind a figure."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy.orm import Session

from callcenter.errors import Forbidden, NotFound
from callcenter.events import Figures
from callcenter.roles import SEES_BOARD
from callcenter.text_types import line
from crm.calls.record import Outcome
from crm.reports.compare import Between, Why
from crm.reports.differences import differences as stored_differences
from crm.reports.narrowed import Narrow, of_all
from crm.reports.service import Asked, calls_of_figure, day_figures, figure_rows
from crm.reports.slices import NOBODY, By, FigureRow, Interval
from crm.reports.sources import estate_keys, teams
from crm.staff.actor import Actor
from crm.staff.schemas import SignedIn
from dashboard.access import DESK, FAULTS, acting, own_agent, require
from dashboard.problems import responses
from dashboard.services import Given, Reading, Services

router = APIRouter(prefix="/figures", tags=["figures"])

OnBoard = Annotated[SignedIn, Depends(require(*SEES_BOARD))]
OnBoardActs = Annotated[Actor, Depends(acting(*SEES_BOARD), scope="function")]
Acts = Annotated[Actor, Depends(acting(*DESK), scope="function")]
OnDesk = Annotated[SignedIn, Depends(require(*DESK))]
_FIRST, _LAST = date(2000, 1, 1), date(2100, 1, 1)
FirstDay = Annotated[date | None, Query(alias="from", ge=_FIRST, le=_LAST, description="local day; today when left out")]
LastDay = Annotated[date | None, Query(alias="to", ge=_FIRST, le=_LAST, description="local day, included; `from` when left out")]
Word = Annotated[str, line(60, least=0)]
Key = Annotated[Word | None, Query(description="of one queue, agent, team or estate only")]
Counting = Literal["offered", "short_abandons", "answered", "abandoned", "overflowed", "messages", "answered_in_2_rings",
                   "service_level"]


class DayFigures(BaseModel):
    day: date
    queues: list[Figures]


class FiguresShown(BaseModel):
    by: By
    interval: Interval
    first: date
    last: date
    rows: list[FigureRow]


class CallBehind(BaseModel):
    """A call that counts for a figure, with what it adds to the means."""

    call_id: str
    queue: str
    agent: str | None
    estate: str | None
    queued_at: datetime
    answered_at: datetime | None
    outcome: Outcome | None
    stage: int
    wait_s: float | None
    ring_s: float | None
    talk_s: float | None
    hold_s: float | None
    wrapup_s: float | None


class CallsBehind(BaseModel):
    figure: Counting
    calls: list[CallBehind]


@router.get("", responses=responses(401, 403, 422, 503))
def figures(
    who: OnBoard, actor: OnBoardActs, session: Reading, services: Given,
    day: Annotated[date | None, Query(ge=_FIRST, le=_LAST, description="without `by`: local day; today when left out")] = None,
    by: Annotated[By | None, Query(description="left out: a day's figures of every queue")] = None,
    interval: Interval = Interval.DAY, first: FirstDay = None, last: LastDay = None, key: Key = None,
) -> DayFigures | FiguresShown:
    """Queues are for all who see the board; agents, teams and estates for leaders; an agent sees its own (K1)."""
    if by is None:
        wanted = day or _today(services)
        queues = day_figures(session, wanted, services.timezone, services.site, services.clock.now())
        return DayFigures(day=wanted, queues=queues)
    asked = _asked(services, by, interval, first, last, key)
    if by is not By.QUEUE:
        asked = _own(who, session, services, asked)
    rows = figure_rows(session, asked, services.timezone, services.site, services.clock.now())
    if by is By.ESTATE and (own := _own_estates(actor, session, services)) is not None:
        rows = [row for row in rows if row.key in own]
    return FiguresShown(by=by, interval=interval, first=asked.first, last=asked.last, rows=rows)


class DifferenceShown(BaseModel):
    between: Between
    queue: str
    figure: str = Field(description="what the calls are by the first source and by the second, or the counter's name")
    count: int
    rule: Why = Field(description="why they differ; empty: nobody can explain it")
    example: str | None = Field(description="one of the calls")
    first_at: datetime
    last_at: datetime


class DifferencesShown(BaseModel):
    day: date
    differences: list[DifferenceShown]


@router.get("/differences", dependencies=[Depends(require(*FAULTS))], responses=responses(401, 403, 422, 503))
def differences(session: Reading, services: Given,
                day: Annotated[date | None, Query(ge=_FIRST, le=_LAST, description="today when left out")] = None,
                ) -> DifferencesShown:
    """Where live figures, the journal and app_queue's counters differ, and why; what nobody can explain comes first."""
    wanted = day or _today(services)
    return DifferencesShown(day=wanted, differences=[
        DifferenceShown(between=Between(row.between), queue=row.queue, figure=row.figure, count=row.count, rule=Why(row.rule),
                        example=row.example, first_at=row.first_at, last_at=row.last_at)
        for row in stored_differences(session, wanted)])


@router.get("/rows", responses=responses(401, 403, 422, 503))
def rows_behind(
    who: OnDesk, actor: Acts, session: Reading, services: Given, figure: Counting,
    by: Annotated[By | None, Query(description="left out: of all calls")] = None,
    key: Annotated[Word, Query(description="the queue, agent, team or estate; empty: nobody's")] = "",
    first: FirstDay = None, last: LastDay = None,
    begin: Annotated[AwareDatetime | None, Query(description="queued then or later, within the days")] = None,
    end: Annotated[AwareDatetime | None, Query(description="… and before then")] = None,
    estate_id: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None, queue: Key = None, agent: Key = None, team: Key = None,
) -> CallsBehind:
    """The calls that a figure counts, oldest first; of a share, those of its numerator. An agent sees its own only."""
    asked = _own(who, session, services, _asked(services, by or By.QUEUE, Interval.DAY, first, last, key))
    estates = _own_estates(actor, session, services)
    if estate_id is not None:
        if not actor.sees(estate_id):
            raise NotFound(f"estate {estate_id}")
        estates = frozenset(key for ident, key in estate_keys(session, services.site).items() if ident == estate_id)
    narrow = Narrow(queue, agent, team, estates, begin, end, teams(session))
    now = services.clock.now()
    found = (of_all(session, asked.first, asked.last, figure, services.timezone, services.site, now) if by is None
             else calls_of_figure(session, asked, asked.key or "", figure, services.timezone, services.site, now))
    found = [call for call in found if narrow.takes_call(call)]
    return CallsBehind(figure=figure, calls=[
        CallBehind(call_id=call.call_id, queue=call.queue, agent=call.agent, estate=call.estate, queued_at=call.queued_at,
                   answered_at=call.answered_at, outcome=call.outcome, stage=call.stage, wait_s=call.wait_s,
                   ring_s=call.ring_s, talk_s=call.talk_s, hold_s=call.hold_s, wrapup_s=call.wrapup_s) for call in found])


def _own_estates(actor: Actor, session: Session, services: Services) -> frozenset[str] | None:
    """Keys of the estates that the actor sees, and of callers of none; None: of all."""
    if actor.estates is None:
        return None
    return frozenset({NOBODY, *(key for estate_id, key in estate_keys(session, services.site).items() if actor.sees(estate_id))})


def _today(services: Services) -> date:
    return services.clock.now().astimezone(services.timezone).date()


def _asked(services: Services, by: By, interval: Interval, first: date | None, last: date | None, key: str | None) -> Asked:
    begin = first or last or _today(services)
    return Asked(by, begin, last or begin, interval, key)


def _own(who: SignedIn, session: Session, services: Services, asked: Asked) -> Asked:
    """What was asked for, or an agent's own of it. Raises Forbidden for what is somebody else's."""
    if not who.user.roles & DESK:
        raise Forbidden
    own = own_agent(who, session, services.site)
    if own is None:
        return asked
    if asked.by is not By.AGENT or asked.key not in (None, "", own):
        raise Forbidden
    return Asked(asked.by, asked.first, asked.last, asked.interval, own)
