"""Requests that employees handed in, and their figures: the own ones; for who leads, everybody's of their estates."""

from __future__ import annotations

from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Select, exists, func, select, true
from sqlalchemy.orm import Session, aliased

from callcenter.errors import NotFound
from callcenter.private import Private
from crm.followups.models import FollowUpTask
from crm.households.models import Estate
from crm.paging import Page, cursor_of, place_of
from crm.privacy.service import View
from crm.requests.models import HandedIn
from crm.requests.rules import SEE_ALL
from crm.requests.schemas import Counts, Figure, FigureRow, Figures, RequestShown, Wanted
from crm.staff.actor import Actor
from crm.staff.models import User
from crm.tickets.listing import not_about
from crm.tickets.models import Ticket
from crm.tickets.reading import seen
from crm.tickets.showing import kind_for, stage_of

LIST: Final = "requests"
REACHED: Final = "reached"       # a follow-up's outcome


def requests(session: Session, view: View, wanted: Wanted, *, cursor: str | None = None, limit: int = 50) -> Page[RequestShown]:
    """Newest first. Raises NotFound (estate), BadCursor."""
    actor = view.actor
    query = _narrowed(session, actor, _in_full(), wanted)
    query = _own(actor, query) if wanted.mine or not actor.has(*SEE_ALL) else seen(session, actor, query)
    if cursor is not None:
        query = query.where(HandedIn.ticket_id < place_of(LIST, cursor, int)[1])
    rows = session.execute(query.order_by(HandedIn.ticket_id.desc()).limit(limit + 1)).all()
    last = rows[limit - 1][0].ticket_id if len(rows) > limit else None
    return Page(items=[_shown(session, view, *row) for row in rows[:limit]],
                next=None if last is None else cursor_of(LIST, last, last))


def request(session: Session, view: View, request_id: int) -> RequestShown:
    """Raises NotFound, also when the actor is not to know that there is one."""
    actor = view.actor
    query = _joined(_in_full()).where(HandedIn.ticket_id == request_id)
    found = session.execute(_own(actor, query)).first()
    if found is None and actor.has(*SEE_ALL):
        found = session.execute(seen(session, actor, query)).first()
    if found is None:
        raise NotFound(f"request {request_id}")
    return _shown(session, view, *found)


def figures(session: Session, actor: Actor, wanted: Wanted, by: Literal["estate", "person"]) -> Figures:
    """Raises NotFound (estate)."""
    keys: tuple[Any, ...] = (Ticket.estate_id, Estate.name) if by == "estate" else (User.name,)
    each: tuple[Figure, ...] = ("handed_in", "open", "closed", "followed_up")
    query = _narrowed(session, actor, select(*keys, *(func.count().filter(_counted(one)) for one in each)), wanted)
    found: list[FigureRow] = []
    for row in session.execute(seen(session, actor, query).group_by(*keys).order_by(keys[-1])):
        counts = Counts(*row[len(keys):])
        found.append(FigureRow(row[0], row[1], None, counts) if by == "estate" else FigureRow(None, None, row[0], counts))
    return Figures(Counts(*(sum(getattr(row.counts, one) for row in found) for one in each)), tuple(found))


def _in_full() -> Select[Any]:
    """The columns that `_shown` takes."""
    found: Select[Any] = select(HandedIn)
    return found.add_columns(Ticket, User.name, Estate.name)


def _joined(query: Select[Any]) -> Select[Any]:
    return (query.select_from(HandedIn).join(Ticket, Ticket.id == HandedIn.ticket_id).join(User, User.id == HandedIn.by_id)
            .outerjoin(Estate, Estate.id == Ticket.estate_id))


def _narrowed(session: Session, actor: Actor, query: Select[Any], wanted: Wanted) -> Select[Any]:
    if wanted.estate_id is not None and (not actor.sees(wanted.estate_id) or session.get(Estate, wanted.estate_id) is None):
        raise NotFound(f"estate {wanted.estate_id}")
    simple: tuple[tuple[Any, Any], ...] = (
        (User.name, wanted.person), (Ticket.estate_id, wanted.estate_id), (Ticket.kind, wanted.kind))
    query = _joined(query).where(_counted(wanted.figure), *(column == value for column, value in simple if value is not None))
    if wanted.since is not None:
        query = query.where(HandedIn.at >= wanted.since)
    return query if wanted.before is None else query.where(HandedIn.at < wanted.before)


def _own(actor: Actor, query: Select[Any]) -> Select[Any]:
    """Of whatever estate they are; not one that is about who handed it in (D3)."""
    return query.where(HandedIn.by_id == actor.user_id, *not_about(actor))


def _counted(figure: Figure) -> ColumnElement[bool]:
    match figure:
        case "handed_in":
            return true()
        case "followed_up":
            child = aliased(Ticket)
            return exists(select(FollowUpTask.id).join(child, child.id == FollowUpTask.ticket_id).where(
                child.parent_id == Ticket.id, FollowUpTask.outcome == REACHED).correlate(Ticket))
        case _:
            return Ticket.state == figure


def _shown(session: Session, view: View, handed: HandedIn, ticket: Ticket, by: str, estate: str | None) -> RequestShown:
    """To who handed it in as they said it."""
    kind = kind_for(session, ticket)
    stage = stage_of(ticket, kind)
    words, place = handed.words, handed.place
    if handed.by_id != view.actor.user_id:
        words, place = view.show(words, Private.TEXT), view.show(place, Private.TEXT)
    return RequestShown(
        ticket.id, ticket.number, kind.kind, kind.name, stage, kind.stages[stage].name, ticket.state, ticket.estate_id, estate, by,
        words, place, handed.at, ticket.closed_at)
