"""The price list: a line counts from its moment on, until the next of its code; an estate's own comes before the general one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from callcenter.errors import Forbidden, NotFound
from callcenter.roles import Role
from crm.households.models import Estate
from crm.outbox.service import note
from crm.repairs.errors import PriceExists, UnknownItem
from crm.repairs.models import Price
from crm.staff.actor import Actor
from crm.staff.audit import record_audit

KEEPS: Final = frozenset({Role.SUPERVISOR, Role.MANAGER, Role.ADMIN})


@dataclass(frozen=True)
class NewPrice:
    code: str
    estate_id: int | None
    zh: str
    en: str
    sort: str                       # labour, part
    unit: str
    price: Decimal
    free_in_warranty: bool
    valid_from: datetime
    retired: bool = False


@dataclass(frozen=True)
class PriceShown:
    price_id: int
    code: str
    estate_id: int | None
    zh: str
    en: str
    sort: str
    unit: str
    price: Decimal
    free_in_warranty: bool
    retired: bool
    valid_from: datetime


def valid(rows: Iterable[Price], estate_id: int | None, at: datetime) -> dict[str, Price]:
    """By code: the newest line that has begun, the estate's own if it has one, without those that are retired then. Pure."""
    best: dict[str, Price] = {}
    for row in rows:
        if row.valid_from > at or row.estate_id not in (None, estate_id):
            continue
        other = best.get(row.code)
        if other is None or (row.estate_id is not None, row.valid_from) > (other.estate_id is not None, other.valid_from):
            best[row.code] = row
    return {code: row for code, row in sorted(best.items()) if not row.retired}


def price_list(session: Session, actor: Actor, estate_id: int | None, at: datetime, *,
               all_of_them: bool = False) -> list[PriceShown]:
    """What counts at a moment in an estate, or every line there is of the actor's estates. Raises NotFound."""
    _sees(session, actor, estate_id)
    query = select(Price).order_by(Price.code, Price.valid_from, Price.id)
    if all_of_them:
        rows = [row for row in session.scalars(query) if actor.sees(row.estate_id) and estate_id in (None, row.estate_id)]
        return [shown(row) for row in rows]
    return [shown(row) for row in valid(session.scalars(_of(estate_id)), estate_id, at).values()]


def price_of(session: Session, code: str, estate_id: int | None, at: datetime) -> Price:
    """Raises UnknownItem."""
    found = valid(session.scalars(_of(estate_id).where(Price.code == code)), estate_id, at).get(code)
    if found is None:
        raise UnknownItem(code)
    return found


def add_price(session: Session, actor: Actor, new: NewPrice, now: datetime) -> PriceShown:
    """A line from a moment on; the one before stays for what was done before. Raises Forbidden, NotFound, PriceExists."""
    may_keep(session, actor, new.estate_id)
    if same_moment(session, new) is not None:
        raise PriceExists(new.code)
    row = put(session, actor, new, now)
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action="price.added", subject=f"price:{row.id}",
                 detail=f"{new.code} {new.price} from {new.valid_from.isoformat()} estate={new.estate_id or 'all'}")
    return shown(row)


def put(session: Session, actor: Actor, new: NewPrice, now: datetime) -> Price:
    row = Price(code=new.code, estate_id=new.estate_id, zh=new.zh, en=new.en, sort=new.sort, unit=new.unit, price=new.price,
                free_in_warranty=new.free_in_warranty, retired=new.retired, valid_from=new.valid_from, made_at=now,
                made_by=actor.name)
    session.add(row)
    session.flush()
    note(session, now, "price.added", f"price:{row.id}", estate_id=new.estate_id, code=new.code)
    return row


def same_moment(session: Session, new: NewPrice) -> Price | None:
    own = Price.estate_id.is_(None) if new.estate_id is None else Price.estate_id == new.estate_id
    return session.scalar(select(Price).where(Price.code == new.code, own, Price.valid_from == new.valid_from))


def may_keep(session: Session, actor: Actor, estate_id: int | None) -> None:
    """The general list is for who sees all estates."""
    if not actor.has(*KEEPS) or (estate_id is None and actor.estates is not None):
        raise Forbidden
    _sees(session, actor, estate_id)


def shown(row: Price) -> PriceShown:
    return PriceShown(row.id, row.code, row.estate_id, row.zh, row.en, row.sort, row.unit, row.price, row.free_in_warranty,
                      row.retired, row.valid_from)


def _of(estate_id: int | None) -> Select[Price]:
    return select(Price).where(or_(Price.estate_id.is_(None), Price.estate_id == estate_id))


def _sees(session: Session, actor: Actor, estate_id: int | None) -> None:
    if estate_id is not None and (not actor.sees(estate_id) or session.get(Estate, estate_id) is None):
        raise NotFound(f"estate {estate_id}")
