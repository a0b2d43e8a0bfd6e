"""What the desk does to a repair's bill: charges by hand, what was paid, and taking that back. Each with the ticket's version."""

from __future__ import annotations

from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Final

from sqlalchemy.orm import Session

from callcenter.errors import Forbidden
from callcenter.roles import Role
from crm.bills.agreed import WITHDRAWN
from crm.bills.models import Charge
from crm.kinds.schema import Kind
from crm.repairs import charges, orders
from crm.repairs.charges import NewCharge
from crm.staff.actor import Actor
from crm.tickets.errors import TicketClosed
from crm.tickets.models import Ticket

SETTLES: Final = frozenset({Role.LEADER, Role.SUPERVISOR, Role.DUTY_LEAD, Role.MANAGER, Role.OFFICE})


def add_charge(session: Session, actor: Actor, ticket_id: int, new: NewCharge, now: datetime, tz: tzinfo,
               if_version: int | None = None) -> Ticket:
    """Raises NotFound, Forbidden, Changed, NoRepair, TicketClosed and what `charges.charge` does."""
    row, kind = _mine(session, actor, ticket_id, if_version, is_open=True)
    charges.charge(session, actor, row, kind, orders.current(session, row), new, now, now)
    charges.price_anew(session, row, kind, now, tz)
    return row


def take_off(session: Session, actor: Actor, ticket_id: int, charge_id: int, now: datetime,
             if_version: int | None = None) -> Ticket:
    """Of one that is over by a leader alone, when it would be owed for ever: what was paid for it was given back, or it was
    withdrawn (the household did not agree)."""
    row, kind = _mine(session, actor, ticket_id, if_version, is_open=False)
    found = session.get(Charge, charge_id)
    if row.state == "closed" and not (
            found is not None and found.ticket_id == row.id and actor.has(*(SETTLES - {Role.OFFICE}))
            and (row.stage == WITHDRAWN or charges.was_reversed(session, row, found))):
        raise TicketClosed(row.number)
    charges.take_off(session, actor, row, kind, found, now)
    return row


def settle(session: Session, actor: Actor, ticket_id: int, method: str, amount: Decimal, receipt: str | None, now: datetime,
           if_version: int | None = None) -> Ticket:
    """Also of a repair that is archived: who pays on account pays later."""
    row, kind = _mine(session, actor, ticket_id, if_version, is_open=False)
    charges.settle(session, actor, row, kind, orders.current(session, row), method, amount, receipt, now)
    return row


def reverse(session: Session, actor: Actor, ticket_id: int, settlement_id: int, reason: str, receipt: str | None, now: datetime,
            if_version: int | None = None) -> Ticket:
    row, kind = _mine(session, actor, ticket_id, if_version, is_open=False)
    charges.reverse(session, actor, row, kind, settlement_id, reason, receipt, now)
    return row


def _mine(session: Session, actor: Actor, ticket_id: int, if_version: int | None, *, is_open: bool) -> tuple[Ticket, Kind]:
    row, kind = orders.repair(session, actor, ticket_id, if_version)
    if not actor.has(*SETTLES):
        raise Forbidden
    if is_open and row.state == "closed":
        raise TicketClosed(row.number)
    return row, kind
