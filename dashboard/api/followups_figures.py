"""`/followups/surveys` and `/followups/figures`: results of opinion surveys brought in, and the figures of all follow-ups."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from callcenter.text_types import line
from crm.followups import figures, survey
from crm.followups.figures import Figure, FigureRow, FollowUpFigures, Period
from crm.followups.survey import SurveyReport
from crm.kinds.schema import ID
from crm.paging import Page
from dashboard.api.followups import Leads
from dashboard.api.followups_plans import Plans
from dashboard.api.households_files import FILE_SENT, sent_file
from dashboard.api.tickets import RowId
from dashboard.manners import ONCE, Cursor, Limit, Once
from dashboard.moments import Moment
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing

router = APIRouter(prefix="/followups", tags=["follow-ups"])

Name = Annotated[str, line(60)]
Since = Annotated[Moment, Query(alias="from")]
Before = Annotated[Moment, Query(alias="to")]


@router.post("/surveys", openapi_extra=FILE_SENT, responses=responses(400, 401, 403, 411, 413, *ONCE, 503))
def import_survey(
    actor: Plans, data: Annotated[bytes, Depends(sent_file)], reading: Reading, session: Writing, once: Once, services: Given,
    name: Annotated[Name, Query(description="of the survey: the same household on the same day is the same result")],
    dry_run: Annotated[bool, Query(description="only say what would be done")] = False,
) -> SurveyReport:
    """CSV or XLSX: estate, room, score; said, call_back, on. All of the file, or nothing when a row has a fault: then each is
    listed. "Not satisfied" is followed up, and whoever asks to be called; satisfied ones are thanked. Safe to repeat."""
    now = services.clock.now()
    if dry_run:
        return survey.bring_in(reading, actor, name, data, now, services.timezone, dry_run=True)
    return once(SurveyReport, lambda: survey.bring_in(session, actor, name, data, now, services.timezone, dry_run=False))


@router.get("/figures", responses=responses(401, 403, 422, 503))
def read_figures(actor: Leads, session: Reading, services: Given, since: Since, before: Before,
                 estate_id: Annotated[RowId | None, Query()] = None) -> FollowUpFigures:
    """Follow-up rate by kind, dissatisfied followed up (must be all of them), satisfaction rate, reached rate."""
    return figures.figures(session, actor, Period(since, before, estate_id), services.clock.now())


@router.get("/figures/rows", responses=responses(401, 403, 422, 503))
def figure_rows(actor: Leads, session: Reading, since: Since, before: Before, figure: Figure,
                why: Annotated[str | None, Query(pattern=ID)] = None, estate_id: Annotated[RowId | None, Query()] = None,
                cursor: Cursor = None, limit: Limit = 50) -> Page[FigureRow]:
    """What a figure counts, newest first. `why`: follow-ups of this kind alone."""
    return figures.rows(session, actor, Period(since, before, estate_id), figure, why, cursor=cursor, limit=limit)
