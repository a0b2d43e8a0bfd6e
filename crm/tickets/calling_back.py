"""When it is over, its caller is rung at once (F5): a callback for the desk, and none any more when the caller was told.

Opening and closing are handed in: tickets know this file, it does not know what makes them.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.staff.actor import SYSTEM, Actor
from crm.tickets.models import Ticket
from crm.tickets.schemas import CALLBACK, Link, NewTicket


class Opens(Protocol):
    def __call__(self, session: Session, actor: Actor, new: NewTicket, now: datetime, tz: tzinfo) -> Ticket | None: ...


class Closes(Protocol):
    def __call__(self, session: Session, ticket_id: int, now: datetime, tz: tzinfo) -> Ticket | None: ...


def open_call_back(session: Session, opens: Opens, row: Ticket, now: datetime, tz: tzinfo) -> None:
    """Again, when it was over before and was not. Nobody to ring: no callback."""
    if row.contact_number is None and row.household_id is None and row.call_id is None:
        return
    opens(session, SYSTEM, NewTicket(
        CALLBACK, category="over", reason=row.kind, household_id=row.household_id, estate_id=row.estate_id,
        contact_number=row.contact_number, cause=f"{_cause(row)}{row.version}", parent_id=row.id, parent_as=Link.FOLLOWUP,
        owner_id=row.owner_id), now, tz)


def drop_call_back(session: Session, closes: Closes, row: Ticket, now: datetime, tz: tzinfo) -> None:
    """The caller was told, or there is nothing to tell any more."""
    for ticket_id in session.scalars(select(Ticket.id).where(
            Ticket.parent_id == row.id, Ticket.kind == CALLBACK, Ticket.state == "open", Ticket.cause.startswith(_cause(row)))):
        closes(session, ticket_id, now, tz)


def _cause(row: Ticket) -> str:
    return f"over:ticket:{row.id}:"
