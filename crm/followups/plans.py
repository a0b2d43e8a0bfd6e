"""The yearly plan (G3): made by people, drawn each month by itself, its tickets opened day by day; and how far it has come."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import Any, Final

from sqlalchemy import and_, case, func, insert, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from callcenter.errors import Conflict, Forbidden, NotFound, check_version
from callcenter.roles import Role
from callcenter.site.desk import FollowUps
from crm.followups.calling import hours_of
from crm.followups.candidates import candidates, households
from crm.followups.models import FollowUpDraw, FollowUpPick, FollowUpPlan, FollowUpTask
from crm.followups.rules import Hours
from crm.followups.sampling import (
    TRAITS,
    WEIGHTS,
    Sample,
    Terms,
    forecast,
    quota,
    reach_rate,
    sample,
    spread,
    target,
)
from crm.followups.schemas import MonthShown, PickShown, PlanShown, PlanTerms, Progress
from crm.households.estates import estate_of
from crm.households.models import Estate, Household
from crm.households.service import current_id
from crm.outbox.service import note
from crm.paging import Page, cursor_of, place_of
from crm.staff.actor import SYSTEM, Actor
from crm.staff.audit import record_audit
from crm.tickets.schemas import PERIODIC, NewTicket
from crm.tickets.service import open_ticket

PLANS: Final = frozenset({Role.SUPERVISOR, Role.MANAGER, Role.ADMIN})
LAST_DAY: Final = 25             # tickets are opened until then: the last ones have their tries before the month ends
MOST_WEIGHT: Final = 100.0


class PlanExists(Conflict):
    """The estate has one for that year."""

    code = "plan_exists"


class PlanUnfit(Conflict):
    """An unknown trait, or a weight below 0 or above 100."""

    code = "plan_unfit"
    status = 422


def make_plan(session: Session, actor: Actor, estate_id: int, year: int, terms: PlanTerms, now: datetime) -> FollowUpPlan:
    _may(actor)
    if not actor.sees(estate_id) or session.get(Estate, estate_id) is None:
        raise NotFound(f"estate {estate_id}")
    if session.scalar(select(FollowUpPlan.id).where(FollowUpPlan.estate_id == estate_id, FollowUpPlan.year == year)) is not None:
        raise PlanExists
    row = FollowUpPlan(estate_id=estate_id, year=year, share=terms.share, weights=_checked(terms.weights),
                       again=_traits(terms.again), seed=terms.seed, version=1, made_at=now, made_by=actor.name)
    session.add(row)
    session.flush()
    _told(session, actor, row, "made", now)
    return row


def change_plan(session: Session, actor: Actor, plan_id: int, terms: PlanTerms, now: datetime,
                if_version: int | None) -> FollowUpPlan:
    """Months that are drawn stay as they are."""
    _may(actor)
    row = plan(session, actor, plan_id, lock=True)
    check_version(row.version, if_version)
    row.share, row.weights, row.again, row.seed = terms.share, _checked(terms.weights), _traits(terms.again), terms.seed
    row.version += 1
    _told(session, actor, row, "changed", now)
    return row


def plan(session: Session, actor: Actor, plan_id: int, *, lock: bool = False) -> FollowUpPlan:
    row = session.get(FollowUpPlan, plan_id, with_for_update=True if lock else None, populate_existing=lock)
    if row is None or not actor.sees(row.estate_id):
        raise NotFound(f"plan {plan_id}")
    return row


def plans(session: Session, actor: Actor, year: int | None) -> list[PlanShown]:
    query = select(FollowUpPlan).order_by(FollowUpPlan.year.desc(), FollowUpPlan.estate_id)
    if year is not None:
        query = query.where(FollowUpPlan.year == year)
    if actor.estates is not None:
        query = query.where(FollowUpPlan.estate_id.in_(sorted(actor.estates)))
    return [shown(row) for row in session.scalars(query)]


def last_year_s(session: Session, year: int) -> list[FollowUpPlan]:
    """Plans of the year before whose estate has none for this one."""
    there = select(FollowUpPlan.estate_id).where(FollowUpPlan.year == year)
    return list(session.scalars(select(FollowUpPlan).where(FollowUpPlan.year == year - 1, FollowUpPlan.estate_id.not_in(there))))


def carry_over(session: Session, year: int, now: datetime) -> None:
    """Whoever had a plan last year has the same this year, until somebody changes it."""
    for last in last_year_s(session, year):
        session.execute(_insert(session, FollowUpPlan).values(
            estate_id=last.estate_id, year=year, share=last.share, weights=last.weights, again=last.again, seed=last.seed,
            version=1, made_at=now, made_by=SYSTEM.name).on_conflict_do_nothing())


def undrawn(session: Session, year: int, month: int) -> list[int]:
    """Plans of the year that have not drawn the month."""
    return list(session.scalars(select(FollowUpPlan.id).where(FollowUpPlan.year == year, ~select(FollowUpDraw.id).where(
        FollowUpDraw.plan_id == FollowUpPlan.id, FollowUpDraw.month == month).exists()).order_by(FollowUpPlan.id)))


def drawn_now(session: Session, row: FollowUpPlan, month: int, rule: FollowUps, tz: tzinfo) -> tuple[Sample, int]:
    """What the month's draw gives, and how many were wanted. Only reads."""
    counts = _counts(session, row.id)
    reached, over = counts["reached"], counts["reached"] + counts["not_reached"]
    wanted = quota(households(session, row.estate_id), row.share, reached=reached, waiting=counts["waiting"],
                   rate=reach_rate(reached, over), month=month)
    terms = Terms(row.year, wanted, {str(trait): float(weight) for trait, weight in row.weights.items()}, frozenset(row.again))
    return sample(candidates(session, row, rule, tz), terms, month, row.seed), wanted


def draw(session: Session, plan_id: int, month: int, found: Sample, wanted: int, now: datetime, rule: FollowUps) -> bool:
    """Writes the draw, once: False when it is there already. Its tickets are opened day by day (`open_due`)."""
    row = session.get_one(FollowUpPlan, plan_id)
    made = session.scalar(_insert(session, FollowUpDraw).values(
        plan_id=plan_id, month=month, at=now, wanted=wanted, drawn=len(found.chosen), households=found.households,
        eligible=found.eligible, already=found.already, excluded=dict(found.excluded), weights=row.weights)
        .on_conflict_do_nothing().returning(FollowUpDraw.id))
    if made is None:
        return False
    hours = hours_of(session, rule)
    days = opening_days(row.year, month, now.astimezone(hours.tz).date(), hours)
    if found.chosen:
        session.execute(insert(FollowUpPick), [
            {"plan_id": plan_id, "month": month, "household_id": one.household_id, "weight": one.weight, "traits": list(one.traits),
             "opens_on": day, "ticket_id": None} for one, day in zip(found.chosen, spread(len(found.chosen), days), strict=True)])
    note(session, now, "followup.drawn", f"followup_plan:{plan_id}", estate_id=row.estate_id, year=row.year, month=month,
         drawn=len(found.chosen), wanted=wanted)
    return True


def opening_days(year: int, month: int, today: date, hours: Hours) -> list[date]:
    """The month's days on which people are called, from today on, until the 25th; after that, all that are left."""
    last = calendar.monthrange(year, month)[1]
    days = [date(year, month, day) for day in range(1, last + 1)]
    ahead = [day for day in days if day >= today and hours.day_is_open(day)] or [max(today, days[0])]
    return [day for day in ahead if day.day <= LAST_DAY] or ahead


def open_due(session: Session, now: datetime, tz: tzinfo, limit: int) -> int:
    """Opens the tickets of at most `limit` households whose day has come; how many. Twice is once: a pick has one cause."""
    today = now.astimezone(tz).date()
    rows = session.scalars(select(FollowUpPick).where(FollowUpPick.ticket_id.is_(None), FollowUpPick.opens_on <= today)
                           .order_by(FollowUpPick.opens_on, FollowUpPick.id).limit(limit).with_for_update(skip_locked=True)).all()
    for pick in rows:
        home = current_id(session, pick.household_id) or pick.household_id
        new = NewTicket(PERIODIC, reason="periodic", household_id=home, estate_id=estate_of(session, home),
                        cause=f"followup:periodic:{pick.id}")
        made = open_ticket(session, SYSTEM, new, now, tz)
        assert made is not None     # the pick's row is ours, and had none
        pick.ticket_id = made.id
        session.flush()
    return len(rows)


def progress(session: Session, actor: Actor, plan_id: int, now: datetime, tz: tzinfo) -> Progress:
    row = plan(session, actor, plan_id)
    today = now.astimezone(tz).date()
    month = today.month if today.year == row.year else (1 if today.year < row.year else 13)
    total, counts = households(session, row.estate_id), _counts(session, row.id)
    by_month = _by_month(session, row.id, today)
    draws = {one.month: one for one in session.scalars(select(FollowUpDraw).where(FollowUpDraw.plan_id == row.id))}
    reached, missed = counts["reached"], counts["not_reached"]
    last = max(draws.values(), key=lambda one: one.month, default=None)
    left = total if last is None else last.eligible - last.drawn
    ahead = forecast(total, row.share, reached=reached, waiting=counts["waiting"], left=left,
                     rate=reach_rate(reached, reached + missed), month=month + 1 if month in draws else month)
    months = []
    for each in range(1, 13):
        one, of = draws.get(each), by_month.get(each, {})
        months.append(MonthShown(
            each, one.wanted if one else None, of.get("drawn", 0), one.eligible if one else None, one.already if one else None,
            {str(why): int(count) for why, count in one.excluded.items()} if one else {}, of.get("due", 0), of.get("reached", 0),
            of.get("not_reached", 0), of.get("waiting", 0)))
    due = sum(each.due for each in months)
    return Progress(shown(row), total, target(total, row.share), counts["drawn"], due, reached, missed, counts["waiting"],
                    reached / total if total else 0.0, ahead, tuple(months))


def picks(session: Session, actor: Actor, plan_id: int, month: int | None, *, cursor: str | None, limit: int) -> Page[PickShown]:
    plan(session, actor, plan_id)
    what = f"followup-picks:{plan_id}"
    query = (select(FollowUpPick, Household.label, FollowUpTask.outcome).join(Household, Household.id == FollowUpPick.household_id)
             .outerjoin(FollowUpTask, FollowUpTask.ticket_id == FollowUpPick.ticket_id).where(FollowUpPick.plan_id == plan_id))
    if month is not None:
        query = query.where(FollowUpPick.month == month)
    if cursor is not None:
        query = query.where(FollowUpPick.id > place_of(what, cursor, int)[1])
    rows = session.execute(query.order_by(FollowUpPick.id).limit(limit + 1)).all()
    following = cursor_of(what, rows[limit - 1][0].id, rows[limit - 1][0].id) if len(rows) > limit else None
    items = [PickShown(row.id, row.month, row.household_id, room, row.weight, tuple(row.traits), row.opens_on, row.ticket_id,
                       outcome) for row, room, outcome in rows[:limit]]
    return Page(items=items, next=following)


def shown(row: FollowUpPlan) -> PlanShown:
    return PlanShown(row.id, row.estate_id, row.year, row.share, dict(row.weights), tuple(row.again), row.seed, row.version,
                     row.made_at, row.made_by)


def _counts(session: Session, plan_id: int) -> dict[str, int]:
    """Households, not calls: one that was drawn twice and reached once is reached."""
    reached = func.max(_one(FollowUpTask.outcome == "reached"))
    waiting = func.max(_one(or_(FollowUpPick.ticket_id.is_(None), FollowUpTask.state != "closed")))
    each = (select(reached.label("reached"), waiting.label("waiting")).select_from(FollowUpPick)
            .outerjoin(FollowUpTask, FollowUpTask.ticket_id == FollowUpPick.ticket_id)
            .where(FollowUpPick.plan_id == plan_id).group_by(FollowUpPick.household_id).subquery())
    drawn, got, open_ = session.execute(select(
        func.count(), func.coalesce(func.sum(each.c.reached), 0),
        func.coalesce(func.sum(_one(and_(each.c.reached == 0, each.c.waiting == 1))), 0)).select_from(each)).one()
    return {"drawn": drawn, "reached": got, "waiting": open_, "not_reached": drawn - got - open_}


def _by_month(session: Session, plan_id: int, today: date) -> dict[int, dict[str, int]]:
    closed = FollowUpTask.state == "closed"
    rows = session.execute(
        select(FollowUpPick.month, func.count(), func.sum(_one(FollowUpPick.opens_on <= today)),
               func.sum(_one(FollowUpTask.outcome == "reached")),
               func.sum(_one(and_(closed, FollowUpTask.outcome != "reached"))))
        .outerjoin(FollowUpTask, FollowUpTask.ticket_id == FollowUpPick.ticket_id)
        .where(FollowUpPick.plan_id == plan_id).group_by(FollowUpPick.month))
    return {month: {"drawn": drawn, "due": due, "reached": got, "not_reached": missed, "waiting": drawn - got - missed}
            for month, drawn, due, got, missed in rows}


def _one(condition: Any) -> Any:
    return case((condition, 1), else_=0)


def _insert(session: Session, table: Any) -> Any:
    return (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert(table)


def _may(actor: Actor) -> None:
    if not actor.has(*PLANS):
        raise Forbidden


def _checked(weights: Mapping[str, float]) -> dict[str, float]:
    if not set(weights) <= set(TRAITS) or not all(0 <= weight <= MOST_WEIGHT for weight in weights.values()):
        raise PlanUnfit
    return {**WEIGHTS, **weights}


def _traits(again: Sequence[str]) -> list[str]:
    if not set(again) <= set(TRAITS):
        raise PlanUnfit
    return sorted(set(again))


def _told(session: Session, actor: Actor, row: FollowUpPlan, done: str, now: datetime) -> None:
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action=f"followup_plan.{done}",
                 subject=f"followup_plan:{row.id}", detail=f"{row.year} share={row.share} seed={row.seed}")
    note(session, now, f"followup_plan.{done}", f"followup_plan:{row.id}", estate_id=row.estate_id, year=row.year)
