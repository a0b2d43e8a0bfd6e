"""Clocks as they are shown: of one ticket, those that are open, due soon or broken, the promises, and how many were kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Integer, cast, func, select, text
from sqlalchemy.orm import Session

from callcenter.site.parts import Words
from crm.clocks.figures import Ended
from crm.clocks.models import OPEN, TicketClock
from crm.clocks.terms import read
from crm.paging import Order, Page
from crm.staff.actor import Actor
from crm.tickets.models import Ticket
from crm.tickets.reading import seen, visible

MISSED_FOR: Final = timedelta(days=30)     # how long a missed promise stays on the list
_OPEN: Final = text(f"ticket_clocks.{OPEN}")
_PROMISED: Final = text("ticket_clocks.promised")


class Which(StrEnum):
    OPEN = "open"              # running or waiting for the household; longest first
    DUE_SOON = "due_soon"      # next due first
    BROKEN = "broken"          # and not ended; longest broken first


class Promises(StrEnum):
    DUE = "due"                # not ended, next due first
    TODAY = "today"            # all that were promised for this day, the kept ones too
    MISSED = "missed"          # in the last thirty days, ended or not


@dataclass(frozen=True)
class ClockShown:
    clock_id: int
    ticket_id: int
    number: str
    kind: str
    stage: str
    estate_id: int | None
    clock: str                 # by its kind
    name: Words
    run: int
    promised: bool             # until a time that a caller was told
    standing: str              # running, paused, stopped
    started_at: datetime
    due_at: datetime | None    # null while it rests
    is_warned: bool
    broken_at: datetime | None
    ended_at: datetime | None
    kept: bool | None          # null: not ended, or withdrawn
    allowed_s: float           # of its calendar's time
    spent_s: float             # of it, when it was last paused or ended


_ORDERS: Final[Mapping[StrEnum, Order[Any]]] = {
    Which.OPEN: Order("clocks:open", TicketClock.started_at, TicketClock.id),
    Which.DUE_SOON: Order("clocks:due_soon", TicketClock.due_at, TicketClock.id),
    Which.BROKEN: Order("clocks:broken", TicketClock.broken_at, TicketClock.id),
    Promises.DUE: Order("promises:due", TicketClock.due_at, TicketClock.id),
    Promises.TODAY: Order("promises:today", TicketClock.due_at, TicketClock.id),
    Promises.MISSED: Order("promises:missed", TicketClock.due_at, TicketClock.id, newest_first=True),
}


def clocks(session: Session, actor: Actor, which: Which, now: datetime, *, within: timedelta = timedelta(hours=1),
           kind: str | None = None, estate_id: int | None = None, ticket_ids: Sequence[int] | None = None,
           cursor: str | None = None, limit: int = 50) -> Page[ClockShown]:
    """Of tickets that the actor sees. `within`: what is due soon. Raises BadCursor."""
    query = _mine(session, actor, kind, estate_id)
    if ticket_ids is not None:
        query = query.where(TicketClock.ticket_id.in_(ticket_ids))
    match which:
        case Which.OPEN:
            query = query.where(_OPEN)
        case Which.DUE_SOON:
            query = query.where(TicketClock.standing == "running", TicketClock.broken_at.is_(None),
                                TicketClock.due_at <= now + within)
        case Which.BROKEN:
            query = query.where(_OPEN, TicketClock.broken_at.is_not(None))
    return _page(session, query, which, cursor, limit)


def promises(session: Session, actor: Actor, which: Promises, day: tuple[datetime, datetime], now: datetime, *,
             kind: str | None = None, estate_id: int | None = None, cursor: str | None = None,
             limit: int = 50) -> Page[ClockShown]:
    """`day`: from and until, of TODAY. Raises BadCursor."""
    query = _mine(session, actor, kind, estate_id).where(_PROMISED)
    match which:
        case Promises.DUE:
            query = query.where(_OPEN)
        case Promises.TODAY:
            query = query.where(TicketClock.due_at >= day[0], TicketClock.due_at < day[1])
        case Promises.MISSED:
            query = query.where(TicketClock.broken_at.is_not(None), TicketClock.due_at >= now - MISSED_FOR)
    return _page(session, query, which, cursor, limit)


def of_ticket(session: Session, actor: Actor, ticket_id: int) -> list[ClockShown]:
    """In the order in which they were started. Raises NotFound."""
    row, _ = visible(session, actor, ticket_id)
    return [_shown(clock, row) for clock in session.scalars(
        select(TicketClock).where(TicketClock.ticket_id == row.id).order_by(TicketClock.started_at, TicketClock.id))]


def ended(session: Session, actor: Actor, since: datetime, before: datetime, *, kind: str | None = None,
          estate_id: int | None = None) -> list[Ended]:
    """By kind and clock, of tickets that the actor sees."""
    query = _mine(session, actor, kind, estate_id).where(
        TicketClock.ended_at >= since, TicketClock.ended_at < before, TicketClock.kept.is_not(None))
    counted = query.with_only_columns(Ticket.kind, TicketClock.clock, func.sum(cast(TicketClock.kept, Integer)), func.count())
    rows = session.execute(counted.group_by(Ticket.kind, TicketClock.clock).order_by(Ticket.kind, TicketClock.clock)).all()
    return [Ended(ticket_kind, clock, int(kept), int(count)) for ticket_kind, clock, kept, count in rows]


def _mine(session: Session, actor: Actor, kind: str | None, estate_id: int | None) -> Any:
    query: Any = select(TicketClock, Ticket).join(Ticket, Ticket.id == TicketClock.ticket_id)
    query = seen(session, actor, query)
    if kind is not None:
        query = query.where(Ticket.kind == kind)
    if estate_id is not None:
        query = query.where(Ticket.estate_id == estate_id)
    return query


def _page(session: Session, query: Any, which: StrEnum, cursor: str | None, limit: int) -> Page[ClockShown]:
    order = _ORDERS[which]
    rows: Sequence[Any] = session.execute(order.after(query, cursor).limit(limit + 1)).all()
    of = {clock.id: ticket for clock, ticket in rows}
    return order.page([clock for clock, _ in rows], limit, lambda clock: _shown(clock, of[clock.id]))


def _shown(row: TicketClock, ticket: Ticket) -> ClockShown:
    return ClockShown(
        clock_id=row.id, ticket_id=ticket.id, number=ticket.number, kind=ticket.kind, stage=ticket.stage,
        estate_id=ticket.estate_id, clock=row.clock, name=read(row.terms).name, run=row.run, promised=row.promised,
        standing=row.standing, started_at=row.started_at, due_at=row.due_at, is_warned=row.step > 0, broken_at=row.broken_at,
        ended_at=row.ended_at, kept=row.kept, allowed_s=row.allowed.total_seconds(), spent_s=row.spent.total_seconds())
