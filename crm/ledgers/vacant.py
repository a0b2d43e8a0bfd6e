"""Vacant flats as a list: when each was checked, what was found, what is open (J2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm.households.models import Estate, Household, HouseholdTag
from crm.kinds.schema import Kind
from crm.kinds.service import newest
from crm.paging import Order, Page
from crm.staff.actor import Actor
from crm.tickets.models import Ticket

ORDER: Final[Order[Any]] = Order("vacant", Household.room_key, Household.id)


@dataclass(frozen=True)
class VacantFlat:
    household_id: int
    estate_id: int
    estate: str
    room: str
    checked_at: datetime | None          # its last check that is over
    found: bool | None                   # something was found then
    check_id: int | None                 # the ticket of the check that is open
    check_due_from: datetime | None
    open_repairs: int


def vacant_flats(session: Session, actor: Actor, estate_id: int | None, *, cursor: str | None = None,
                 limit: int = 50) -> Page[VacantFlat]:
    """Those that bear the tag of a kind that recurs by household, of the actor's estates, by room. Raises BadCursor."""
    kinds = [one.kind for one in newest(session) if one.kind.recurs is not None and one.kind.recurs.each == "household"]
    tags = {kind.recurs.tag for kind in kinds if kind.recurs is not None}
    tagged = select(HouseholdTag.household_id).where(HouseholdTag.tag.in_([tag for tag in tags if tag is not None]))
    query = select(Household).where(Household.merged_into.is_(None), Household.id.in_(tagged))
    if actor.estates is not None:
        query = query.where(Household.estate_id.in_(sorted(actor.estates)))
    if estate_id is not None:
        query = query.where(Household.estate_id == estate_id)
    rows = session.scalars(ORDER.after(query, cursor).limit(limit + 1)).all()
    shown = _shown(session, rows[:limit], kinds)
    return ORDER.page(rows, limit, lambda row: shown[row.id])


def _shown(session: Session, homes: Any, kinds: list[Kind]) -> dict[int, VacantFlat]:
    ids = [home.id for home in homes]
    estates: dict[int, str] = dict(session.execute(select(Estate.id, Estate.name)).all())
    by_kind = {kind.kind: kind for kind in kinds}
    over: dict[int, Ticket] = {}
    waiting: dict[int, Ticket] = {}
    checks = select(Ticket).where(Ticket.household_id.in_(ids), Ticket.kind.in_(list(by_kind)))
    for row in session.scalars(checks.order_by(Ticket.id)):
        (waiting if row.state == "open" else over)[row.household_id or 0] = row
    counted = session.execute(select(Ticket.household_id, func.count()).where(
        Ticket.household_id.in_(ids), Ticket.kind == "repair", Ticket.state == "open").group_by(Ticket.household_id))
    repairs = {ident: count for ident, count in counted if ident is not None}
    found = {}
    for home in homes:
        last, now = over.get(home.id), waiting.get(home.id)
        found[home.id] = VacantFlat(
            home.id, home.estate_id, estates[home.estate_id], home.label, last.closed_at if last else None,
            (last.stage != by_kind[last.kind].first_final) if last else None, now.id if now else None,
            now.created_at if now else None, repairs.get(home.id, 0))
    return found
