"""Repairs as figures count them, of those that the actor sees."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Integer, cast, func, select
from sqlalchemy.orm import Session, aliased

from crm.clocks.models import TicketClock
from crm.repairs.engineers import REPAIR
from crm.repairs.figures import Counted, Figure
from crm.staff.actor import Actor
from crm.staff.models import User
from crm.tickets.models import Ticket
from crm.tickets.reading import seen
from crm.tickets.schemas import Link

RESPONSE: Final = "response"         # the clock of F2
ARCHIVED: Final = "archived"


def counted(session: Session, actor: Actor, since: datetime, before: datetime, *, estate_id: int | None = None) -> list[Counted]:
    """What ended in the period, and what is open now."""
    return [*_responded(session, actor, since, before, estate_id), *_archived(session, actor, since, before, estate_id),
            *_open(session, actor, estate_id)]


def _responded(session: Session, actor: Actor, since: datetime, before: datetime, estate_id: int | None) -> list[Counted]:
    """Once a ticket, however often it was dispatched: of its clocks that ended in the period, late if one was."""
    kept = func.min(cast(TicketClock.kept, Integer))
    query = _mine(session, actor, select(Ticket.id, Ticket.estate_id, User.name, func.max(TicketClock.ended_at), kept)
                  .join(TicketClock, TicketClock.ticket_id == Ticket.id), estate_id)
    query = query.where(TicketClock.clock == RESPONSE, TicketClock.ended_at >= since, TicketClock.ended_at < before,
                        TicketClock.kept.is_not(None)).group_by(Ticket.id, Ticket.estate_id, User.name)
    return [Counted(ident, Figure.ON_TIME if is_kept else Figure.LATE, estate, name, ended)
            for ident, estate, name, ended, is_kept in session.execute(query)]


def _archived(session: Session, actor: Actor, since: datetime, before: datetime, estate_id: int | None) -> list[Counted]:
    again = aliased(Ticket)
    came_back = select(again.id).where(again.parent_id == Ticket.id, again.parent_as == Link.REWORK.value).exists()
    query = _mine(session, actor, select(Ticket.id, Ticket.estate_id, User.name, Ticket.closed_at, came_back), estate_id)
    query = query.where(Ticket.state == "closed", Ticket.stage == ARCHIVED, Ticket.closed_at >= since, Ticket.closed_at < before)
    return [Counted(ident, Figure.REWORKED if back else Figure.ARCHIVED, estate, name, closed)
            for ident, estate, name, closed, back in session.execute(query)]


def _open(session: Session, actor: Actor, estate_id: int | None) -> list[Counted]:
    query = _mine(session, actor, select(Ticket.id, Ticket.estate_id, User.name, Ticket.created_at), estate_id)
    return [Counted(ident, Figure.OPEN, estate, name, made)
            for ident, estate, name, made in session.execute(query.where(Ticket.state == "open"))]


def _mine(session: Session, actor: Actor, query: Any, estate_id: int | None) -> Any:
    query = query.outerjoin(User, User.id == Ticket.assignee_id).where(Ticket.kind == REPAIR)
    if estate_id is not None:
        query = query.where(Ticket.estate_id == estate_id)
    return seen(session, actor, query)
