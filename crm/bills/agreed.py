"""Nothing is charged that was not agreed to, and what is to be paid for is not begun before (F1). Tickets ask this of every move,
whoever or whatever makes it: people, an engineer's phone, the system; whatever version their kind has, and whose it is.

Callers hold the ticket's row, as whoever charges does: nothing is added to the bill meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.errors import Conflict
from crm.bills.models import Charge, Settlement
from crm.bills.money import NOTHING, rounded, total
from crm.kinds.schema import Kind
from crm.tickets.models import Ticket

# Stages as the shipped repair names them, in all its versions. Of stages that a site has named itself, see `_is_done`.
WORKING: Final = "working"
TRIED: Final = "tested"
WITHDRAWN: Final = "withdrawn"


class AboveAgreed(Conflict):
    """The charges are more than what the household agreed to: agree anew before it is done."""

    code = "above_agreed"


class NotAgreed(Conflict):
    """There is something to pay and nobody has agreed to it."""

    code = "not_agreed"


@dataclass(frozen=True)
class Bill:
    """`total` of all charges, `agreed` by the household (None: nobody has), `owed` and not settled yet, `paid` in all."""

    total: Decimal
    labour: Decimal
    parts: Decimal
    agreed: Decimal | None
    owed: Decimal
    paid: Decimal


def bill_of(charges: Iterable[Charge], settlements: Iterable[Settlement], agreed: Decimal | None) -> Bill:
    """Pure. What was taken off is in none of the sums; a reversal takes its settlement's out again."""
    on = [charge for charge in charges if charge.off_at is None]
    return Bill(
        total=total(charge.amount for charge in on),
        labour=total(charge.amount for charge in on if charge.sort == "labour"),
        parts=total(charge.amount for charge in on if charge.sort == "part"),
        agreed=agreed, owed=total(charge.amount for charge in on if charge.settled_by is None),
        paid=total(one.amount for one in settlements))


def bill(session: Session, row: Ticket) -> Bill:
    return bill_of(charges_of(session, row.id), settlements_of(session, row.id), agreed_of(row))


def agreed_of(row: Ticket) -> Decimal | None:
    """As the ticket has it, whichever way it was agreed to last, or taken back; an order's own is what it was when it was done."""
    told = row.fields.get("price")
    return rounded(Decimal(str(told))) if row.fields.get("price_agreed") is True and told is not None else None


def charges_of(session: Session, ticket_id: int) -> list[Charge]:
    return list(session.scalars(select(Charge).where(Charge.ticket_id == ticket_id).order_by(Charge.id)))


def settlements_of(session: Session, ticket_id: int) -> list[Settlement]:
    return list(session.scalars(select(Settlement).where(Settlement.ticket_id == ticket_id).order_by(Settlement.id)))


def must_be_agreed(session: Session, row: Ticket, kind: Kind, to: str) -> None:
    """Before it moves there from where it is. Raises NotAgreed, AboveAgreed.

    To begin, a price was agreed to, if it is to be paid for; to be done, all that is charged was. Going back to work is not
    beginning it. What is withdrawn was not done: nobody need agree to that, and a leader takes off what stands on its bill."""
    begins, done = to == WORKING and not _is_done(kind, row.stage), _is_done(kind, to)
    if not begins and not done:
        return
    charged = total(session.scalars(select(Charge.amount).where(Charge.ticket_id == row.id, Charge.off_at.is_(None))))
    agreed = agreed_of(row)
    told = begins and row.fields.get("chargeable") is True and "price_agreed" in kind.fields
    if agreed is None and (charged or told):
        raise NotAgreed(row.number)
    if done and charged > (agreed or NOTHING):
        raise AboveAgreed(row.number)


def _is_done(kind: Kind, stage: str) -> bool:
    """By name, by what follows it, or because nothing does: whatever a site calls them, what is closed is followed up or final.
    A final stage that is not the shipped `withdrawn` may mean anything: on a closed ticket nobody takes a charge off."""
    found = kind.stages.get(stage)
    return found is not None and stage != WITHDRAWN and (stage == TRIED or found.follow_up or found.final)
