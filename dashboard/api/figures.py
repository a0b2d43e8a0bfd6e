"""`/figures`: a day's figures of every queue, counted from the journal."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from callcenter.events import Figures
from callcenter.roles import SEES_BOARD
from crm.reports.service import day_figures
from dashboard.access import require
from dashboard.problems import responses
from dashboard.services import Given, Reading

router = APIRouter(prefix="/figures", tags=["figures"])


class DayFigures(BaseModel):
    day: date
    queues: list[Figures]


@router.get("", dependencies=[Depends(require(*SEES_BOARD))], responses=responses(401, 403, 422, 503))
def figures(session: Reading, services: Given,
            day: Annotated[date | None, Query(description="local day; today when left out")] = None) -> DayFigures:
    wanted = day or services.clock.now().astimezone(services.timezone).date()
    return DayFigures(day=wanted, queues=day_figures(session, wanted, services.timezone, services.site))
