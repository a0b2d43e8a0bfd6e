"""Opens, lists and closes tickets. Numbers count up within a local day and are never given twice."""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from callcenter.errors import Conflict, NotFound
from crm.households.models import Household
from crm.tickets.models import Ticket, TicketCounter
from crm.tickets.schemas import NewTicket, TicketKind, TicketShown


def open_ticket(session: Session, new: NewTicket, now: datetime, tz: tzinfo) -> TicketShown | None:
    """None when a ticket of the same `cause` is there already. A household that is gone is left out."""
    if new.cause and session.scalar(select(Ticket.id).where(Ticket.cause == new.cause)) is not None:
        return None
    household_id = new.household_id
    if household_id is not None and session.get(Household, household_id) is None:
        household_id = None
    ticket = Ticket(
        number=_next_number(session, now.astimezone(tz).date()), kind=new.kind.value, reason=new.reason, state="open",
        household_id=household_id, call_id=new.call_id, queue=new.queue, contact_number=new.contact_number,
        notes=new.notes, created_at=now, cause=new.cause)
    session.add(ticket)
    session.flush()
    return shown(ticket)


def close_ticket(session: Session, ticket_id: int, now: datetime, notes: str | None = None) -> TicketShown:
    ticket = session.get(Ticket, ticket_id, with_for_update=True)
    if ticket is None:
        raise NotFound(f"ticket {ticket_id}")
    if ticket.state == "closed":
        raise Conflict(f"ticket {ticket.number} is closed")
    ticket.state, ticket.stage, ticket.closed_at = "closed", "closed", now
    if notes is not None:
        ticket.notes = notes
    session.flush()
    return shown(ticket)


def ticket(session: Session, ticket_id: int) -> TicketShown:
    found = session.get(Ticket, ticket_id)
    if found is None:
        raise NotFound(f"ticket {ticket_id}")
    return shown(found)


def tickets(session: Session, *, state: str | None = None, kind: TicketKind | None = None,
            household_id: int | None = None, call_id: str | None = None, before_id: int | None = None,
            limit: int = 50) -> list[TicketShown]:
    """Newest first; for the next page give the last one's id as `before_id`."""
    query = select(Ticket).order_by(Ticket.id.desc()).limit(limit)
    wanted: tuple[tuple[Any, Any], ...] = (
        (Ticket.state, state), (Ticket.kind, kind.value if kind else None), (Ticket.household_id, household_id),
        (Ticket.call_id, call_id))
    for column, value in wanted:
        if value is not None:
            query = query.where(column == value)
    if before_id is not None:
        query = query.where(Ticket.id < before_id)
    return [shown(row) for row in session.scalars(query)]


def shown(row: Ticket) -> TicketShown:
    return TicketShown(row.id, row.number, TicketKind(row.kind), row.reason, row.state, row.household_id, row.call_id,
                       row.queue, row.contact_number, row.notes, row.created_at, row.closed_at)


def _next_number(session: Session, day: date) -> str:
    """One statement, so that two at once get two numbers; the day's row stays locked until the commit."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    query = (insert(TicketCounter).values(day=day, last=1)
             .on_conflict_do_update(index_elements=["day"], set_={"last": TicketCounter.last + 1})
             .returning(TicketCounter.last))
    return f"C{day:%Y%m%d}-{session.execute(query).scalar_one():04d}"
