"""Schedules set up, changed, removed, run by hand, looked at. Whoever has one set up sees it; managers and administrators of all
estates see every one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.errors import Conflict, NotFound, check_version
from callcenter.private import Private
from callcenter.roles import Role
from callcenter.site import Site
from crm.notices.channels import MAIL
from crm.paging import Order, Page
from crm.privacy.service import View
from crm.reports.schedules.calendar import next_after
from crm.reports.schedules.models import ReportDelivery, ReportRun, ReportSchedule
from crm.reports.schedules.recipients import robots_for, users_for
from crm.reports.schedules.schemas import DeliveryShown, RunShown, ScheduleChange, ScheduleGiven, ScheduleShown
from crm.reports.shelf import service as shelf
from crm.reports.shelf.periods import Days, Relative, days_of
from crm.reports.shelf.report import Name
from crm.staff.actor import Actor
from crm.staff.audit import record_audit
from crm.staff.models import User

MAY: Final = frozenset({Role.SUPERVISOR, Role.DUTY_LEAD, Role.MANAGER, Role.ADMIN})
SEES_ALL: Final = frozenset({Role.MANAGER, Role.ADMIN})
MOST_OWN: Final = 100
_SCHEDULES: Final = Order[ReportSchedule]("report-schedules", ReportSchedule.id, ReportSchedule.id)
_RUNS: Final = Order[ReportRun]("report-runs", ReportRun.due_at, ReportRun.id, newest_first=True)


class NoAddress(Conflict):
    """A user who has no address in the site file, or who is gone; a robot that is not in it; mail where there is no mail server."""

    code = "no_address"
    status = 422


class RecipientRights(Conflict):
    """Somebody, or a robot of an estate, would be sent what they may not ask for themselves."""

    code = "recipient_rights"
    status = 422


class TooMany(Conflict):
    code = "too_many_schedules"


def schedules(session: Session, actor: Actor, cursor: str | None, limit: int) -> Page[ScheduleShown]:
    query = _seen(actor)
    rows = session.scalars(_SCHEDULES.after(query, cursor).limit(limit + 1)).all()
    names = _names(session, rows)
    return _SCHEDULES.page(rows, limit, lambda row: _shown(row, names))


def schedule(session: Session, actor: Actor, schedule_id: int) -> ScheduleShown:
    row = _one(session, actor, schedule_id)
    return _shown(row, _names(session, [row]))


def set_up(session: Session, view: View, given: ScheduleGiven, site: Site, tz: ZoneInfo, now: datetime) -> ScheduleShown:
    """It runs as the actor. Raises NotFound and what the report says of its parameters, NoAddress, RecipientRights, TooMany."""
    _check(session, view, given, site, tz, now)
    actor = view.actor
    assert actor.user_id is not None  # the API's actors are users
    own = select(ReportSchedule.id).where(ReportSchedule.owner_id == actor.user_id).limit(MOST_OWN)
    if len(session.scalars(own).all()) >= MOST_OWN:
        raise TooMany
    row = ReportSchedule(owner_id=actor.user_id, created_at=now)
    _write(row, given, tz, now)
    session.add(row)
    session.flush()
    _audit(session, actor, row, "made", now, given)
    return _shown(row, {actor.user_id: actor.name})


def change(session: Session, view: View, schedule_id: int, wish: ScheduleChange, site: Site, tz: ZoneInfo, now: datetime,
           if_version: int) -> ScheduleShown:
    """Raises as `set_up`: what is changed, and what goes on, must be what its owner may have now."""
    row = _one(session, view.actor, schedule_id, lock=True)
    check_version(row.version, if_version)
    if wish.take_over and view.actor.user_id is not None:
        row.owner_id = view.actor.user_id
    given = wish.schedule or said(row)
    is_active = row.next_at is not None if wish.active is None else wish.active
    if wish.schedule is not None or wish.take_over:
        # By whoever changes it: nobody has a report sent, as somebody else, that they may not see themselves.
        _check(session, view, given, site, tz, now, named=wish.schedule is not None)
    _write(row, given, tz, now)
    if not is_active:
        row.next_at, row.paused_because = None, row.paused_because or "by_hand"
    else:
        row.paused_because = None
    row.version += 1
    _audit(session, view.actor, row, "changed", now, given, active=is_active, took_over=wish.take_over)
    session.flush()
    return _shown(row, _names(session, [row]))


def remove(session: Session, actor: Actor, schedule_id: int, now: datetime, if_version: int) -> None:
    """With its runs."""
    row = _one(session, actor, schedule_id, lock=True)
    check_version(row.version, if_version)
    _audit(session, actor, row, "removed", now, said(row))
    session.delete(row)


def run_now(session: Session, actor: Actor, schedule_id: int, tz: ZoneInfo, now: datetime) -> RunShown:
    """Of the period as it is seen today; made and sent within seconds. Its own moments stay."""
    row = _one(session, actor, schedule_id, lock=True)
    taken = set(session.scalars(select(ReportRun.due_at).where(ReportRun.schedule_id == row.id, ReportRun.due_at >= now)))
    run = due_run(row, max({now, *(at + timedelta(microseconds=1) for at in taken)}), tz, "asked")
    session.add(run)
    session.flush()
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action="report_schedule.run",
                 subject=f"report_schedule:{row.id}")
    return _run_shown(run, [])


def runs(session: Session, view: View, schedule_id: int, cursor: str | None, limit: int) -> Page[RunShown]:
    """Newest first, with what became of each letter."""
    row = _one(session, view.actor, schedule_id)
    query = select(ReportRun).where(ReportRun.schedule_id == row.id)
    found = session.scalars(_RUNS.after(query, cursor).limit(limit + 1)).all()
    letters: dict[int, list[DeliveryShown]] = {run.id: [] for run in found}
    for one in session.scalars(select(ReportDelivery).where(ReportDelivery.run_id.in_(letters)).order_by(ReportDelivery.id)):
        address = view.show(one.address, Private.EMAIL) if one.channel == MAIL else None
        letters[one.run_id].append(DeliveryShown(one.channel, address, one.tries, one.next_at, one.sent_at, one.failed_at,
                                                 one.error))
    return _RUNS.page(found, limit, lambda run: _run_shown(run, letters[run.id]))


def due_run(row: ReportSchedule, due_at: datetime, tz: ZoneInfo, because: str) -> ReportRun:
    days: Days = days_of(Relative(row.period), due_at.astimezone(tz).date())
    return ReportRun(schedule_id=row.id, due_at=due_at, because=because, first=days.first, last=days.last, state="waiting")


def said(row: ReportSchedule) -> ScheduleGiven:
    return ScheduleGiven.model_validate({
        "report": row.report, "period": row.period, "given": row.given, "language": row.language, "format": row.form,
        "every": row.every, "at": row.at, "weekday": row.weekday, "day": row.day, "users": row.users, "robots": row.robots})


def parameters(given: ScheduleGiven) -> dict[Name, str]:
    return dict(given.given)


def _check(session: Session, view: View, given: ScheduleGiven, site: Site, tz: ZoneInfo, now: datetime, *,
           named: bool = True) -> None:
    """`named`: whom it goes to is said now. Who was named before and may not have it any more is only sent none."""
    days = days_of(given.period, now.astimezone(tz).date())
    asked = shelf.asked(session, view, given.report, site, tz, now, days, parameters(given), given.language)
    mail = site.notices.mail
    active = set(session.scalars(select(User.name).where(User.name.in_(given.users), User.active)))
    if not set(given.robots) <= {robot.id for robot in site.notices.robots}:
        raise NoAddress
    if not set(given.users) <= active or (given.users and (mail is None or not set(given.users) <= set(mail.people))):
        raise NoAddress
    is_for_them = (set(users_for(session, given.users, asked)) == set(given.users)
                   and set(robots_for(session, site, given.robots, asked)) == set(given.robots))
    if named and not is_for_them:
        raise RecipientRights


def _write(row: ReportSchedule, given: ScheduleGiven, tz: ZoneInfo, now: datetime) -> None:
    row.report, row.period, row.language, row.form = given.report, given.period.value, given.language, given.format
    row.given = {name.value: value for name, value in given.given.items()}
    row.every, row.at, row.weekday, row.day = given.every.value, given.at, given.weekday, given.day
    row.users, row.robots = sorted(set(given.users)), sorted(set(given.robots))
    row.next_at = next_after(given.calendar, now, tz)


def _seen(actor: Actor) -> Any:
    query = select(ReportSchedule)
    return query if actor.has(*SEES_ALL) and actor.estates is None else query.where(ReportSchedule.owner_id == actor.user_id)


def _one(session: Session, actor: Actor, schedule_id: int, *, lock: bool = False) -> ReportSchedule:
    query = _seen(actor).where(ReportSchedule.id == schedule_id)
    row: ReportSchedule | None = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound(f"report schedule {schedule_id}")
    return row


def _names(session: Session, rows: Iterable[ReportSchedule]) -> dict[int, str]:
    found = session.execute(select(User.id, User.name).where(User.id.in_({row.owner_id for row in rows})))
    return {ident: name for ident, name in found}  # noqa: C416 - rows are no pairs to mypy


def _shown(row: ReportSchedule, names: dict[int, str]) -> ScheduleShown:
    return ScheduleShown(schedule_id=row.id, owner=names[row.owner_id], schedule=said(row), next_at=row.next_at,
                         paused_because=row.paused_because, version=row.version, created_at=row.created_at)


def _run_shown(run: ReportRun, letters: Sequence[DeliveryShown]) -> RunShown:
    return RunShown(run.id, run.due_at, run.because, run.first, run.last, run.state, run.made_at, run.rows, run.error,
                    list(letters))


def _audit(session: Session, actor: Actor, row: ReportSchedule, what: str, now: datetime, given: ScheduleGiven,
           **more: bool) -> None:
    detail = {**given.model_dump(mode="json"), **more}
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action=f"report_schedule.{what}",
                 subject=f"report_schedule:{row.id}", detail=json.dumps(detail, ensure_ascii=False))
