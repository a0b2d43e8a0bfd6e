"""What is open as a leader hands over: kept as ids, so that it tells nobody more than they may see whenever it is read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.events import AgentState
from crm.agentlog.models import AgentStateRow, SeatFault
from crm.callbacks.store import open_callbacks
from crm.calls.models import ContactEntry
from crm.incidents.declared.models import Emergency
from crm.outages.models import OutageRow
from crm.shifts.schemas import EmergencyOpen, MattersShown, TicketOpen
from crm.staff.actor import SYSTEM, Actor
from crm.surge.stored import holding
from crm.tickets.listing import Wanted, newest
from crm.tickets.models import Ticket
from crm.tickets.reading import seen

MOST: Final = 200            # tickets: more than that nobody reads at a hand-over, the list has them all


@dataclass(frozen=True)
class Matters:
    at: datetime
    tier: int
    callbacks: dict[str, int]
    outages: tuple[str, ...]
    seats: tuple[str, ...]
    away: tuple[str, ...]
    tickets: tuple[int, ...]
    emergencies: tuple[int, ...]


MATTERS: Final = TypeAdapter(Matters)


def open_now(session: Session, now: datetime) -> Matters:
    """Drills are none of it."""
    held = holding(session)
    away = select(AgentStateRow.agent).where(AgentStateRow.ended_at.is_(None), AgentStateRow.state == AgentState.AWAY.value)
    return Matters(
        at=now, tier=0 if held.drill else held.state.tier,
        callbacks=dict(sorted(Counter(one.queue for one in open_callbacks(session)).items())),
        outages=tuple(session.scalars(select(OutageRow.component).where(OutageRow.over_at.is_(None)).order_by(OutageRow.began_at))),
        seats=tuple(session.scalars(select(SeatFault.seat).where(SeatFault.ended_at.is_(None)).order_by(SeatFault.seat).distinct())),
        away=tuple(session.scalars(away.order_by(AgentStateRow.agent).distinct())),
        tickets=tuple(row.id for row in newest(session, SYSTEM, Wanted(state="open", overdue=True), MOST)),
        emergencies=tuple(session.scalars(
            select(Emergency.id).where(Emergency.phase == "active", Emergency.drill.is_(False)).order_by(Emergency.id))))


def hidden(session: Session, actor: Actor) -> frozenset[str]:
    """Subjects of lines of the log that the actor does not read: tickets that are about them, and the calls of these (D3)."""
    if actor.is_system or actor.user_id is None:
        return frozenset()
    about = Ticket.about_id == actor.user_id
    rows = session.execute(select(Ticket.id, Ticket.number, Ticket.call_id, ContactEntry.call_id)
                           .outerjoin(ContactEntry, ContactEntry.ticket_id == Ticket.id).where(about)).all()
    return frozenset({f"ticket:{name}" for ident, number, *_ in rows for name in (ident, number)}
                     | {f"call:{call_id}" for _, _, *calls in rows for call_id in calls if call_id is not None})


def shown(session: Session, actor: Actor, matters: Matters) -> MattersShown:
    """Tickets and emergencies that the actor may know of, as they are now."""
    tickets = session.scalars(seen(session, actor, select(Ticket).where(Ticket.id.in_(matters.tickets))).order_by(Ticket.id))
    emergencies = session.scalars(select(Emergency).where(Emergency.id.in_(matters.emergencies)).order_by(Emergency.id))
    return MattersShown(
        matters.at, matters.tier, matters.callbacks, matters.outages, matters.seats, matters.away,
        tuple(TicketOpen(row.id, row.number, row.kind, row.stage, row.state == "open", row.estate_id)
              for row in tickets if actor.sees(row.estate_id)),
        tuple(EmergencyOpen(row.id, row.type, row.place, row.level, row.commander, row.phase == "active", row.steps_late)
              for row in emergencies if actor.sees(row.estate_id)))
