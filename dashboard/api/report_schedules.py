"""`/report-schedules`: reports that come by themselves, by mail and to robots; what became of each."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from pydantic import Field

from crm.paging import Page
from crm.reports.schedules import service
from crm.reports.schedules.schemas import RunShown, ScheduleChange, ScheduleGiven, ScheduleShown
from crm.staff.actor import Actor
from dashboard.access import SUPERVISES, acting, view_of
from dashboard.manners import IF_MATCH, ONCE, Cursor, IfMatch, Limit, Once, etag
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing

router = APIRouter(prefix="/report-schedules", tags=["reports"])

Sets = Annotated[Actor, Depends(acting(*SUPERVISES), scope="function")]
RowId = Annotated[int, Field(ge=1, le=2**31 - 1), Path()]


@router.get("", responses=responses(401, 403, 422, 503))
def list_schedules(actor: Sets, session: Reading, cursor: Cursor = None, limit: Limit = 50) -> Page[ScheduleShown]:
    """Your own; managers and administrators of all estates see every one."""
    return service.schedules(session, actor, cursor, limit)


@router.post("", status_code=201, responses=responses(400, 401, 403, 404, *ONCE, 503))
def set_up(actor: Sets, session: Writing, once: Once, services: Given, response: Response, given: ScheduleGiven) -> ScheduleShown:
    """It runs as you: with the roles and estates that you have when it runs. Without them it is paused, and who got it is told."""
    found = once(ScheduleShown, lambda: service.set_up(session, view_of(actor, services), given, services.site, services.timezone,
                                                       services.clock.now()))
    response.headers["ETag"] = etag(found.version)
    return found


@router.get("/{schedule_id}", responses=responses(401, 403, 404, 422, 503))
def schedule(actor: Sets, session: Reading, response: Response, schedule_id: RowId) -> ScheduleShown:
    found = service.schedule(session, actor, schedule_id)
    response.headers["ETag"] = etag(found.version)
    return found


@router.patch("/{schedule_id}", responses=responses(400, 401, 403, 404, *IF_MATCH, 422, 503))
def change_schedule(actor: Sets, session: Writing, if_version: IfMatch, services: Given, response: Response, schedule_id: RowId,
                    given: ScheduleChange) -> ScheduleShown:
    found = service.change(session, view_of(actor, services), schedule_id, given, services.site, services.timezone,
                           services.clock.now(), if_version)
    response.headers["ETag"] = etag(found.version)
    return found


@router.delete("/{schedule_id}", status_code=204, responses=responses(401, 403, 404, *IF_MATCH, 422, 503))
def remove_schedule(actor: Sets, session: Writing, if_version: IfMatch, services: Given, schedule_id: RowId) -> None:
    """With its runs."""
    service.remove(session, actor, schedule_id, services.clock.now(), if_version)


@router.post("/{schedule_id}/run", status_code=202, responses=responses(400, 401, 403, 404, *ONCE, 503))
def run_schedule(actor: Sets, session: Writing, once: Once, services: Given, schedule_id: RowId) -> RunShown:
    """Now, of the period as it is seen today; its runs tell what came of it."""
    return once(RunShown, lambda: service.run_now(session, actor, schedule_id, services.timezone, services.clock.now()))


@router.get("/{schedule_id}/runs", responses=responses(401, 403, 404, 422, 503))
def list_runs(actor: Sets, session: Reading, services: Given, schedule_id: RowId, cursor: Cursor = None,
              limit: Limit = 50) -> Page[RunShown]:
    """Newest first, with each letter."""
    return service.runs(session, view_of(actor, services), schedule_id, cursor, limit)
