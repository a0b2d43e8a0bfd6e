"""Follow-ups of the households that an emergency affected (H10): some with the request, of many callers the rest by the keeper, in
portions, because on SQLite nobody else writes meanwhile. Callers commit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from crm.households.models import Household
from crm.incidents.declared.acts import Held, held
from crm.incidents.declared.models import Emergency, EmergencyAct
from crm.incidents.declared.timeline import What
from crm.incidents.models import IncidentCall
from crm.staff.actor import SYSTEM
from crm.tickets.models import Ticket
from crm.tickets.schemas import FOLLOWUP, Link, NewTicket
from crm.tickets.service import open_ticket

AT_ONCE: Final = 500                       # with the request; who is named is never more
LOOKED_AT: Final = timedelta(days=7)       # after it was closed: crm may have been away


@dataclass(frozen=True)
class Order:
    """What was asked for: a follow-up of everybody who had called by then."""

    act_id: int
    emergency_id: int
    at: datetime


def who_called(session: Session, ticket_id: int, until: datetime | None = None) -> list[int]:
    """Households, of whatever estate: smoke is seen from next door."""
    by_then = [] if until is None else [IncidentCall.at <= until]
    return sorted(session.scalars(select(IncidentCall.household_id).where(
        IncidentCall.ticket_id == ticket_id, IncidentCall.household_id.is_not(None), *by_then).distinct()))


def open_for(here: Held, homes: Iterable[Household], now: datetime, tz: tzinfo) -> None:
    """One for each that has none. Nobody is followed up after a drill."""
    if here.row.drill:
        return
    there = _have_one(here)
    for home in homes:
        if home.id not in there:
            open_ticket(here.session, SYSTEM, NewTicket(
                FOLLOWUP, category="incident", reason="incident", household_id=home.id, estate_id=home.estate_id,
                cause=f"followup:emergency:{here.row.id}:{home.id}", parent_id=here.ticket.id, parent_as=Link.FOLLOWUP,
                owner_id=here.row.commander_id), now, tz)


def orders(session: Session, now: datetime) -> list[Order]:
    """Of more callers than got one with the request. Fewer can be left only where households were named: those are all done."""
    rows = session.execute(
        select(EmergencyAct.id, EmergencyAct.emergency_id, EmergencyAct.at, EmergencyAct.said)
        .join(Emergency, Emergency.id == EmergencyAct.emergency_id)
        .where(EmergencyAct.what == What.FOLLOWED_UP.value, Emergency.drill.is_(False),
               or_(Emergency.phase == "over", Emergency.closed_at > now - LOOKED_AT)).order_by(EmergencyAct.id))
    return [Order(act_id, emergency_id, at) for act_id, emergency_id, at, said in rows if int(said[0]) > AT_ONCE]


def open_some(session: Session, order: Order, above: int, limit: int, now: datetime, tz: tzinfo) -> int | None:
    """Of those with a greater id; the last that was looked at. None: that was all of them."""
    here = held(session, SYSTEM, order.emergency_id)
    there = _have_one(here)
    left = [one for one in who_called(session, here.ticket.id, order.at) if one > above and one not in there]
    some = left[:limit]
    open_for(here, [home for one in some if (home := session.get(Household, one)) is not None], now, tz)
    return some[-1] if len(left) > limit else None


def _have_one(here: Held) -> set[int]:
    return {one for one in here.session.scalars(select(Ticket.household_id).where(
        Ticket.parent_id == here.ticket.id, Ticket.kind == FOLLOWUP)) if one is not None}
