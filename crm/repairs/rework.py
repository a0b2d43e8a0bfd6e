"""Rework (返修): the same thing again in the same household, tied to the FIRST repair of it, however often it came back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.households.service import every_id
from crm.repairs.engineers import REPAIR
from crm.repairs.errors import NotTheSame
from crm.repairs.models import WorkOrder
from crm.repairs.orders import repair
from crm.staff.actor import Actor
from crm.tickets.handing import LONGEST_CHAIN, link
from crm.tickets.models import Ticket, TicketEvent
from crm.tickets.reading import seen, visible
from crm.tickets.schemas import Link

DONE_STAGES = ("finished", "archived")


@dataclass(frozen=True)
class Candidate:
    """An earlier repair that this one may be the rework of; `first_id`: the first of its kind, to which it would be tied."""

    ticket_id: int
    first_id: int
    number: str
    title: str | None
    category: str | None
    done_at: datetime


def same_item(one: str | None, other: str | None) -> bool:
    """The same category, or one above the other: `water` and `water/leak`. Pure. What has no category is the same as nothing."""
    if one is None or other is None:
        return False
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


def candidates(session: Session, actor: Actor, row: Ticket, days: int) -> list[Candidate]:
    """Done within so many days before this one was opened, the latest first; of those that the actor sees."""
    if row.household_id is None:
        return []
    homes = _homes(session, row.household_id)
    query = seen(session, actor, select(Ticket).where(
        Ticket.household_id.in_(homes), Ticket.kind == REPAIR, Ticket.id < row.id, Ticket.stage.in_(DONE_STAGES)))
    found = []
    for other in session.scalars(query.order_by(Ticket.id.desc()).limit(100)):
        done = done_at(session, other)
        # Not one that was still under way when this was told of: it cannot have come back.
        if same_item(row.category, other.category) and timedelta() <= row.created_at - done <= timedelta(days=days):
            found.append(Candidate(other.id, first_of(session, other), other.number, other.title, other.category, done))
    return sorted(found, key=lambda one: (one.done_at, one.ticket_id), reverse=True)


def tie(session: Session, actor: Actor, ticket_id: int, to: int, now: datetime, if_version: int | None = None) -> Ticket:
    """To the first repair of the one that is named. Raises NotFound, Forbidden, Changed, NoRepair, NotTheSame, TicketClosed."""
    row, _ = repair(session, actor, ticket_id, if_version)
    other, _ = visible(session, actor, to)
    same = other.household_id is not None and row.household_id is not None and (
        other.household_id in _homes(session, row.household_id))
    if other.kind != REPAIR or other.id >= row.id or not same:
        raise NotTheSame(row.number)
    return link(session, actor, row.id, first_of(session, other), Link.REWORK, now)


def first_of(session: Session, row: Ticket) -> int:
    """Up its reworks to the one that is none."""
    at, seen_ids = row, {row.id}
    while at.parent_as == Link.REWORK.value and at.parent_id is not None and at.parent_id not in seen_ids:
        if len(seen_ids) > LONGEST_CHAIN:
            break
        at = session.get_one(Ticket, at.parent_id)
        seen_ids.add(at.id)
    return at.id


def done_at(session: Session, row: Ticket) -> datetime:
    """When its work order was finished; else when the ticket got to where it is done, which may be long before it was put away."""
    finished = session.scalar(select(WorkOrder.finished_at).where(WorkOrder.ticket_id == row.id, WorkOrder.finished_at.is_not(None))
                              .order_by(WorkOrder.run.desc()).limit(1))
    if finished is not None:
        return finished
    moves = session.execute(select(TicketEvent.at, TicketEvent.data).where(
        TicketEvent.ticket_id == row.id, TicketEvent.what == "moved").order_by(TicketEvent.id.desc())).all()
    done = next((at for at, said in moves if said.get("to") in DONE_STAGES and said.get("from") not in DONE_STAGES), None)
    return done or row.closed_at or row.updated_at or row.created_at


def _homes(session: Session, household_id: int) -> list[int]:
    """All ids that the household ever had."""
    return every_id(session, household_id)
