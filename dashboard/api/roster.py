"""`/roster`: skills, shifts, leave, and who is on duty at a moment."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from callcenter.roles import STAFF
from callcenter.text_types import line
from crm.paging import Page
from crm.roster import importer, service
from crm.roster.service import LeaveShown, NewShift, ShiftShown, SkillShown
from crm.roster.table import FileReport
from crm.staff.actor import Actor
from dashboard.access import STAFFING, acting
from dashboard.api.households_files import FILE_SENT, sent_file
from dashboard.api.tickets import CategoryPath, RowId, UserName
from dashboard.manners import IF_MATCH, ONCE, Cursor, IfMatch, Limit, Once, etag
from dashboard.moments import Moment
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing

router = APIRouter(prefix="/roster", tags=["roster"])

Staff = Annotated[Actor, Depends(acting(*STAFF), scope="function")]
Plans = Annotated[Actor, Depends(acting(*service.CHANGES), scope="function")]
Keeps = Annotated[Actor, Depends(acting(*STAFFING), scope="function")]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,19}$")]
Ident = Annotated[int, Path(ge=1, le=2**31 - 1)]
Words = Annotated[str, line(40)]


class SkillGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    zh: Annotated[str, line(20)]
    en: Words
    serves: Annotated[list[CategoryPath], Field(max_length=40, description="categories of repairs, each with all below it")] = []
    retired: bool = False


class SkillList(BaseModel):
    items: list[SkillShown]


class SkillsGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    skills: Annotated[list[Code], Field(max_length=40)]


class ShiftGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    user: UserName
    duty: Code = Field(description="`engineer` for who may be sent to repairs; other kinds as the site likes")
    estate_id: RowId | None = Field(None, description="null: all")
    begins_at: Moment
    ends_at: Moment


class TimesGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    begins_at: Moment
    ends_at: Moment


class LeaveGiven(TimesGiven):
    user: UserName
    why: Code = "holiday"


class OnDuty(BaseModel):
    at: Moment
    items: list[ShiftShown]


@router.get("/skills", responses=responses(401, 403, 503))
def list_skills(_: Staff, session: Reading) -> SkillList:
    return SkillList(items=service.skills(session))


@router.put("/skills/{skill}", responses=responses(400, 401, 403, 422, 503))
def put_skill(actor: Keeps, session: Writing, services: Given, skill: Annotated[Code, Path()], given: SkillGiven) -> SkillShown:
    """A new one, or other words for one that is there; safe to repeat."""
    new = SkillShown(skill, given.zh, given.en, tuple(given.serves), given.retired)
    return service.put_skill(session, actor, new, services.clock.now())


@router.put("/people/{name}/skills", responses=responses(400, 401, 403, 404, 409, 422, 503))
def set_skills(actor: Plans, session: Writing, services: Given, name: Annotated[UserName, Path()],
               given: SkillsGiven) -> SkillsGiven:
    """All that the user can, instead of what was there."""
    return SkillsGiven(skills=service.set_skills(session, actor, name, given.skills, services.clock.now()))


@router.get("/shifts", responses=responses(401, 403, 422, 503))
def list_shifts(
    actor: Staff, session: Reading, since: Moment, before: Moment,
    user: Annotated[UserName | None, Query()] = None, estate_id: Annotated[RowId | None, Query()] = None,
    duty: Annotated[Code | None, Query()] = None, cursor: Cursor = None, limit: Limit = 50,
) -> Page[ShiftShown]:
    """Of which a part lies in the time, by their beginning."""
    return service.shifts(session, actor, since, before, user=user, estate_id=estate_id, duty=duty, cursor=cursor, limit=limit)


@router.post("/shifts", status_code=201, responses=responses(400, 401, 403, 404, *ONCE, 503))
def add_shift(actor: Plans, session: Writing, services: Given, once: Once, given: ShiftGiven) -> ShiftShown:
    new = NewShift(given.user, given.duty, given.estate_id, given.begins_at, given.ends_at)
    return once(ShiftShown, lambda: service.add_shift(session, actor, new, services.clock.now()))


@router.get("/shifts/{shift_id}", responses=responses(401, 403, 404, 422, 503))
def read_shift(actor: Staff, session: Reading, response: Response, shift_id: Ident) -> ShiftShown:
    found = service.read_shift(session, actor, shift_id)
    response.headers["ETag"] = etag(found.version)
    return found


@router.patch("/shifts/{shift_id}", responses=responses(400, 401, 403, 404, 409, *IF_MATCH, 422, 503))
def change_shift(actor: Plans, session: Writing, services: Given, if_version: IfMatch, shift_id: Ident,
                 given: TimesGiven) -> ShiftShown:
    """Other times."""
    return service.change_shift(session, actor, shift_id, given.begins_at, given.ends_at, services.clock.now(), if_version)


@router.delete("/shifts/{shift_id}", status_code=204, responses=responses(401, 403, 404, *IF_MATCH, 422, 503))
def drop_shift(actor: Plans, session: Writing, services: Given, if_version: IfMatch, shift_id: Ident) -> None:
    service.drop_shift(session, actor, shift_id, services.clock.now(), if_version)


@router.post("/import", openapi_extra=FILE_SENT, responses=responses(400, 401, 403, 411, 413, *ONCE, 503))
def import_roster(
    actor: Plans, data: Annotated[bytes, Depends(sent_file)], reading: Reading, session: Writing, once: Once, services: Given,
    dry_run: Annotated[bool, Query(description="only say what would be done")] = False,
) -> FileReport:
    """All of the file, or nothing when a single row has a fault: then every fault is listed. Safe to repeat."""
    now = services.clock.now()
    if dry_run:
        return importer.bring_in(reading, actor, data, now, services.timezone, dry_run=True)
    return once(FileReport, lambda: importer.bring_in(session, actor, data, now, services.timezone, dry_run=False))


@router.get("/leave", responses=responses(401, 403, 422, 503))
def list_leave(actor: Staff, session: Reading, since: Moment, before: Moment, cursor: Cursor = None,
               limit: Limit = 50) -> Page[LeaveShown]:
    return service.leaves(session, actor, since, before, cursor=cursor, limit=limit)


@router.post("/leave", status_code=201, responses=responses(400, 401, 403, 404, *ONCE, 503))
def add_leave(actor: Plans, session: Writing, services: Given, once: Once, given: LeaveGiven) -> LeaveShown:
    return once(LeaveShown, lambda: service.add_leave(
        session, actor, given.user, given.why, given.begins_at, given.ends_at, services.clock.now()))


@router.delete("/leave/{leave_id}", status_code=204, responses=responses(401, 403, 404, 422, 503))
def drop_leave(actor: Plans, session: Writing, services: Given, leave_id: Ident) -> None:
    service.drop_leave(session, actor, leave_id, services.clock.now())


@router.get("/on-duty", responses=responses(401, 403, 422, 503))
def on_duty(
    actor: Staff, session: Reading, services: Given, at: Moment | None = None,
    estate_id: Annotated[RowId | None, Query()] = None, duty: Annotated[Code | None, Query()] = None,
) -> OnDuty:
    """At a moment; now when none is said. Without those who have leave."""
    moment = at or services.clock.now()
    return OnDuty(at=moment, items=service.on_duty(session, actor, moment, estate_id=estate_id, duty=duty))
