"""What a repair costs (F6): charges by the price list, what was paid. Callers hold the ticket's row. What was agreed: crm/bills."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callcenter.errors import NotFound
from crm.bills.agreed import WORKING, bill, charges_of, settlements_of
from crm.bills.models import Charge, Settlement
from crm.bills.money import NOTHING, THOUSANDTH, Line, NotFreeInWarranty, amount_of, rounded, total
from crm.kinds.schema import Kind
from crm.outbox.service import note
from crm.repairs.errors import (
    ChargeSettled,
    NoSuchCharge,
    NothingOwed,
    OtherSum,
    ReceiptMissing,
    ReceiptUsed,
    Reversed,
)
from crm.repairs.models import WorkOrder
from crm.repairs.prices import price_of
from crm.staff.actor import SYSTEM, Actor
from crm.staff.audit import record_audit
from crm.tickets import service
from crm.tickets.models import Ticket
from crm.tickets.schemas import Changes

ON_ACCOUNT: Final = "on_account"
PRICING: Final = "pricing"


@dataclass(frozen=True)
class NewCharge:
    """`in_warranty`: costs nothing, if the price list says so of the item."""

    code: str
    quantity: Decimal
    discount: Decimal = NOTHING
    discount_reason: str | None = None
    in_warranty: bool = False
    client_id: str | None = None


def charge(session: Session, actor: Actor, row: Ticket, kind: Kind, order: WorkOrder | None, new: NewCharge, done_at: datetime,
           now: datetime) -> Charge:
    """At the price of when it was done. Raises UnknownItem, Discount…, NotFreeInWarranty, SumTooLarge."""
    price = price_of(session, new.code, row.estate_id, done_at)
    if new.in_warranty and not price.free_in_warranty:
        raise NotFreeInWarranty(new.code)
    line = Line(new.quantity, price.price, new.discount, new.discount_reason, new.in_warranty)
    made = Charge(
        ticket_id=row.id, order_id=order.id if order else None, client_id=new.client_id, price_id=price.id, code=price.code,
        name=price.zh, sort=price.sort, unit=price.unit, quantity=new.quantity.quantize(THOUSANDTH), unit_price=price.price,
        discount=rounded(new.discount),
        discount_reason=new.discount_reason, free=new.in_warranty, amount=amount_of(line), at=now, who=actor.name)
    session.add(made)
    session.flush()
    service.record(session, row, actor, now, "charged", {
        "charge": made.id, "code": made.code, "quantity": f"{made.quantity:f}", "amount": f"{made.amount:.2f}"})
    _sums(session, row, kind, now)
    return made


def take_off(session: Session, actor: Actor, row: Ticket, kind: Kind, found: Charge | None, now: datetime) -> None:
    """Raises NoSuchCharge, ChargeSettled."""
    if found is None or found.ticket_id != row.id or found.off_at is not None:
        raise NoSuchCharge
    if found.settled_by is not None:
        raise ChargeSettled
    found.off_at, found.off_by = now, actor.name
    session.flush()
    service.record(session, row, actor, now, "uncharged", {"charge": found.id, "code": found.code})
    _sums(session, row, kind, now)


def was_reversed(session: Session, row: Ticket, found: Charge) -> bool:
    """It was settled once, and the settlement was taken back."""
    return any(line["charge"] == str(found.id) for one in settlements_of(session, row.id) if one.reverses_id is not None
               for line in one.lines)


def price_anew(session: Session, row: Ticket, kind: Kind, now: datetime, tz: tzinfo) -> None:
    """While it is being repaired it has become dearer than was agreed: back to the stage in which a price waits to be agreed to,
    so that no way leads to "done" but by a new agreement. (Of a kind without it, bills' `must_be_agreed` alone stands in it.)"""
    found = bill(session, row)
    if row.stage == WORKING and found.total > (found.agreed or NOTHING) and PRICING in kind.stages[WORKING].moves:
        fields = {"price": f"{found.total:.2f}", "chargeable": True, "price_agreed": False}
        service.move(session, SYSTEM, row.id, PRICING, Changes(fields), now, tz)


def settle(session: Session, actor: Actor, row: Ticket, kind: Kind, order: WorkOrder | None, method: str, amount: Decimal,
           receipt: str | None, now: datetime) -> Settlement:
    """All that is owed, at once. Raises NothingOwed, OtherSum, ReceiptMissing, ReceiptUsed."""
    open_ones = [one for one in charges_of(session, row.id) if one.off_at is None and one.settled_by is None]
    owed = total(one.amount for one in open_ones)
    if not owed:
        raise NothingOwed(row.number)
    if amount != owed:
        raise OtherSum(f"{owed}")
    if receipt is None and method != ON_ACCOUNT:
        raise ReceiptMissing
    if receipt is not None and session.scalar(select(Settlement.id).where(Settlement.receipt == receipt)) is not None:
        raise ReceiptUsed
    made = Settlement(ticket_id=row.id, order_id=order.id if order else None, at=now, who=actor.name, method=method, amount=owed,
                      receipt=receipt, lines=[_line(one) for one in open_ones])
    session.add(made)
    session.flush()
    for one in open_ones:
        one.settled_by = made.id
    _told(session, actor, row, kind, made, "settled", now)
    return made


def reverse(session: Session, actor: Actor, row: Ticket, kind: Kind, settlement_id: int, reason: str, receipt: str | None,
            now: datetime) -> Settlement:
    """A row with the sum negative; what it had settled is owed again. Raises NotFound, Reversed, ReceiptUsed."""
    found = session.get(Settlement, settlement_id)
    if found is None or found.ticket_id != row.id:
        raise NotFound(f"settlement {settlement_id}")
    if found.reverses_id is not None or session.scalar(
            select(Settlement.id).where(Settlement.reverses_id == found.id)) is not None:
        raise Reversed(row.number)
    if receipt is not None and session.scalar(select(Settlement.id).where(Settlement.receipt == receipt)) is not None:
        raise ReceiptUsed
    made = Settlement(ticket_id=row.id, order_id=found.order_id, at=now, who=actor.name, method=found.method, amount=-found.amount,
                      receipt=receipt, lines=found.lines, reverses_id=found.id, reason=reason)
    session.add(made)
    session.execute(update(Charge).where(Charge.settled_by == found.id).values(settled_by=None))
    session.flush()
    _told(session, actor, row, kind, made, "reversed", now)
    return made


def _line(one: Charge) -> dict[str, str]:
    return {"charge": str(one.id), "code": one.code, "name": one.name, "quantity": f"{one.quantity:f}", "unit": one.unit,
            "unit_price": f"{one.unit_price:.2f}", "discount": f"{one.discount:.2f}", "amount": f"{one.amount:.2f}"}


def _sums(session: Session, row: Ticket, kind: Kind, now: datetime) -> None:
    """The ticket's own fields show them too, if its kind has them."""
    found = bill(session, row)
    sums = {"labour": f"{found.labour:.2f}", "parts_cost": f"{found.parts:.2f}"}
    there = {name: value for name, value in sums.items() if name in kind.fields and row.fields.get(name) != value}
    if there and row.state == "open":
        service.fill_in(session, SYSTEM, row.id, Changes(there), now)
    else:
        service.changed(session, row, kind, now)


def _told(session: Session, actor: Actor, row: Ticket, kind: Kind, made: Settlement, what: str, now: datetime) -> None:
    session.flush()
    said = {"settlement": made.id, "method": made.method, "amount": f"{made.amount:.2f}"}
    service.record(session, row, actor, now, what, said)
    service.changed(session, row, kind, now)
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action=f"repair.{what}", subject=f"ticket:{row.id}",
                 detail=f"{made.method} {made.amount} settlement={made.id}")
    note(session, now, f"repair.{what}", f"ticket:{row.id}", estate_id=row.estate_id, number=row.number, **said)
    session.flush()
