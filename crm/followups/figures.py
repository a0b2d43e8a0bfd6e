"""Figures of the follow-ups, by kind and estate, and the rows behind each (G2, G3, G4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from crm.calls.models import CallRow
from crm.followups.models import FollowUpTask, Rating
from crm.households.models import Household
from crm.paging import Page, cursor_of, place_of
from crm.staff.actor import Actor
from crm.tickets.listing import none_about, not_about
from crm.tickets.models import Ticket
from crm.tickets.schemas import NOT_SATISFIED

Figure = Literal["made", "done", "not_done", "on_time", "dissatisfied", "dissatisfied_missing", "satisfied", "rated", "called",
                 "reached"]
SATISFIED: Final = 1


@dataclass(frozen=True)
class KindFigures:
    """Of follow-ups of one kind (`why`) that were made in the period.

    follow-up rate = done ÷ made. on-time rate = done by their time ÷ (done + not reached + those past their time).
    Source: followup_tasks."""

    why: str
    made: int
    done: int
    on_time: int
    ended_or_late: int


@dataclass(frozen=True)
class FollowUpFigures:
    """Of a period, of the estates that the actor sees.

    dissatisfied followed up = "not satisfied" that have a ticket that follows them up ÷ all of them; must be 1 (G2), `missing` are
    the rows that are not. Source: ratings, and calls.rating with the ticket that the journal opened.
    satisfaction rate = satisfied ÷ rated. Source: the same.
    reached rate = follow-ups closed as reached ÷ all that were closed. Source: followup_tasks, by when they were closed."""

    kinds: tuple[KindFigures, ...]
    dissatisfied: int
    missing: int
    rated: int
    satisfied: int
    closed: int
    reached: int


@dataclass(frozen=True)
class FigureRow:
    """What a figure counts: a ticket, or a rating with or without one, or a call."""

    at: datetime
    ticket_id: int | None
    number: str | None
    household_id: int | None
    rating_id: int | None
    call_id: str | None
    score: int | None


@dataclass(frozen=True)
class Period:
    since: datetime
    before: datetime
    estate_id: int | None = None


def figures(session: Session, actor: Actor, of: Period, now: datetime) -> FollowUpFigures:
    done = FollowUpTask.outcome == "reached"
    kinds = session.execute(
        select(FollowUpTask.why, func.count(), _sum(done), _sum(and_(done, FollowUpTask.closed_at <= FollowUpTask.due_at)),
               _sum(or_(FollowUpTask.state == "closed", FollowUpTask.due_at < now)))
        .where(*_tasks(actor, of, FollowUpTask.created_at)).group_by(FollowUpTask.why).order_by(FollowUpTask.why)).all()
    closed, reached = session.execute(select(func.count(), _sum(done)).where(
        *_tasks(actor, of, FollowUpTask.closed_at), FollowUpTask.state == "closed")).one()
    rated, satisfied, not_, missing = session.execute(select(
        func.count(), _sum(Rating.score == SATISFIED), _sum(Rating.score == NOT_SATISFIED),
        _sum(and_(Rating.score == NOT_SATISFIED, Rating.answer_id.is_(None)))).where(*_ratings(actor, of))).one()
    pressed = session.execute(select(
        func.count(), _sum(CallRow.rating == SATISFIED), _sum(CallRow.rating == NOT_SATISFIED),
        _sum(and_(CallRow.rating == NOT_SATISFIED, ~_answered()))).where(*_calls(actor, of))).one()
    return FollowUpFigures(tuple(KindFigures(*row) for row in kinds), dissatisfied=not_ + pressed[2], missing=missing + pressed[3],
                           rated=rated + pressed[0], satisfied=satisfied + pressed[1], closed=closed, reached=reached)


def rows(session: Session, actor: Actor, of: Period, figure: Figure, why: str | None, *, cursor: str | None,
         limit: int) -> Page[FigureRow]:
    """Newest first."""
    parts = [query.subquery() for query in _rows_of(actor, of, figure, why)]
    listed = f"followup-rows:{figure}"
    place = None if cursor is None else place_of(listed, cursor, datetime)
    found: list[tuple[int, Any]] = []
    for part in parts:
        query = select(part)
        if place is not None:
            query = query.where(or_(part.c.at < place[0], and_(part.c.at == place[0], part.c.place < place[1])))
        found += [(row.place, row) for row in session.execute(
            query.order_by(part.c.at.desc(), part.c.place.desc()).limit(limit + 1))]
    found.sort(key=lambda item: (item[1].at, item[0]), reverse=True)
    following = cursor_of(listed, found[limit - 1][1].at, found[limit - 1][0]) if len(found) > limit else None
    return Page(items=[FigureRow(row.at, row.ticket_id, row.number, row.household_id, row.rating_id, row.call_id, row.score)
                       for _, row in found[:limit]], next=following)


def _rows_of(actor: Actor, of: Period, figure: Figure, why: str | None) -> list[Any]:
    """Queries with the columns of `FigureRow` and `place`, by which rows of one moment are told apart."""
    if figure in ("dissatisfied", "dissatisfied_missing", "satisfied", "rated"):
        score = {"satisfied": SATISFIED, "rated": None}.get(figure, NOT_SATISFIED)
        ratings, calls = _ratings(actor, of), _calls(actor, of)
        if score is not None:
            ratings.append(Rating.score == score)
            calls.append(CallRow.rating == score)
        if figure == "dissatisfied_missing":
            ratings.append(Rating.answer_id.is_(None))
            calls.append(~_answered())
        nothing = literal(None)
        return [
            select(Rating.at.label("at"), (Rating.id * 2).label("place"), func.coalesce(Rating.answer_id, Rating.ticket_id)
                   .label("ticket_id"), Ticket.number.label("number"), Rating.household_id.label("household_id"),
                   Rating.id.label("rating_id"), nothing.label("call_id"), Rating.score.label("score"))
            .outerjoin(Ticket, Ticket.id == func.coalesce(Rating.answer_id, Rating.ticket_id)).where(*ratings),
            select(CallRow.entered_at.label("at"), (func.coalesce(Ticket.id, 0) * 2 + 1).label("place"),
                   Ticket.id.label("ticket_id"), Ticket.number.label("number"), CallRow.household_id.label("household_id"),
                   nothing.label("rating_id"), CallRow.call_id.label("call_id"), CallRow.rating.label("score"))
            .outerjoin(Ticket, and_(Ticket.cause == literal("followup:").concat(CallRow.call_id), *not_about(actor))).where(*calls)]
    by_end = figure in ("called", "reached")
    at = FollowUpTask.closed_at if by_end else FollowUpTask.created_at
    conditions = _tasks(actor, of, at)
    done = FollowUpTask.outcome == "reached"
    conditions += {"done": [done], "reached": [done], "called": [FollowUpTask.state == "closed"],
                   "not_done": [FollowUpTask.outcome.is_distinct_from("reached")],
                   "on_time": [done, FollowUpTask.closed_at <= FollowUpTask.due_at]}.get(figure, [])
    if why is not None:
        conditions.append(FollowUpTask.why == why)
    return [select(at.label("at"), FollowUpTask.id.label("place"), FollowUpTask.ticket_id.label("ticket_id"),
                   Ticket.number.label("number"), FollowUpTask.household_id.label("household_id"), literal(None).label("rating_id"),
                   literal(None).label("call_id"), literal(None).label("score"))
            .join(Ticket, Ticket.id == FollowUpTask.ticket_id).where(*conditions)]


def _tasks(actor: Actor, of: Period, at: Any) -> list[ColumnElement[bool]]:
    return [at >= of.since, at < of.before, *_estates(actor, of, FollowUpTask.estate_id),
            *none_about(actor, FollowUpTask.ticket_id)]


def _ratings(actor: Actor, of: Period) -> list[ColumnElement[bool]]:
    return [Rating.at >= of.since, Rating.at < of.before, *_estates(actor, of, Rating.estate_id),
            *none_about(actor, Rating.ticket_id), *none_about(actor, Rating.answer_id)]


def _calls(actor: Actor, of: Period) -> list[ColumnElement[bool]]:
    """The household's estate; of a caller who was forgotten, what was kept of it."""
    home = select(Household.estate_id).where(Household.id == CallRow.household_id).scalar_subquery()
    return [CallRow.rating.is_not(None), CallRow.entered_at >= of.since, CallRow.entered_at < of.before,
            *_estates(actor, of, func.coalesce(CallRow.estate_id, home))]


def _estates(actor: Actor, of: Period, column: Any) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if of.estate_id is not None:
        found.append(column == of.estate_id)
    if actor.estates is not None:
        found.append(or_(column.is_(None), column.in_(sorted(actor.estates))))
    return found


def _answered() -> ColumnElement[bool]:
    """The journal opens the follow-up of a call under this cause (crm/calls/effects.py)."""
    opened = aliased(Ticket)
    return select(opened.id).where(opened.cause == literal("followup:").concat(CallRow.call_id)).correlate(CallRow).exists()


def _sum(condition: ColumnElement[bool]) -> Any:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
