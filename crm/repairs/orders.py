"""Work orders: given to an engineer, sent back, taken away. The ticket's stages are the truth, and it is they that are moved."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm.kinds.schema import Kind
from crm.outbox.service import note
from crm.repairs.engineers import REPAIR, is_engineer, proposals
from crm.repairs.errors import AlreadyDispatched, NobodyFits, NoEngineer, NoRepair, NotDispatched
from crm.repairs.models import WorkOrder
from crm.repairs.proposing import Proposal
from crm.staff.actor import SYSTEM, Actor
from crm.staff.models import User
from crm.tickets import service
from crm.tickets.errors import TicketClosed
from crm.tickets.models import Ticket
from crm.tickets.schemas import Changes

REPORTED, DISPATCHED = "reported", "dispatched"


def repair(session: Session, actor: Actor, ticket_id: int, if_version: int | None = None) -> tuple[Ticket, Kind]:
    """The ticket, locked, with its current order in line with it. Raises NotFound, Changed, NoRepair."""
    row, kind = service.locked(session, actor, ticket_id, if_version)
    if row.kind != REPAIR:
        raise NoRepair(row.number)
    return row, kind


def dispatch(session: Session, actor: Actor, ticket_id: int, engineer: str | None, now: datetime, tz: tzinfo,
             weights: Mapping[str, float], *, planned_at: datetime | None = None, content: str | None = None,
             if_version: int | None = None) -> WorkOrder:
    """To an engineer by name, or to the best one that fits (None). One that somebody has is taken from them first.

    Raises NotFound, Forbidden, Changed, NoRepair, NobodyFits, NoEngineer, AlreadyDispatched, FieldsUnfit, NoSuchMove."""
    row, kind = repair(session, actor, ticket_id, if_version)
    if row.state == "closed":
        raise TicketClosed(row.number)
    ranked = proposals(session, row, weights, now, planned_at)
    chosen = next((one for one in ranked if one.fit), None) if engineer is None else next(
        (one for one in ranked if one.engineer.name == engineer), None)
    if engineer is None and chosen is None:
        raise NobodyFits(row.number)
    name = engineer if chosen is None or engineer is not None else chosen.engineer.name
    assert name is not None
    person = service.person_for(session, row, kind, name, "engineer")
    if not is_engineer(person):
        raise NoEngineer(name)
    before = current(session, row)
    if before is not None and before.engineer_id == person.id and row.stage != REPORTED:
        raise AlreadyDispatched(row.number)
    if row.stage != REPORTED:
        service.move(session, actor, row.id, REPORTED, Changes(), now, tz)
    if before is not None:
        end(before, "taken_back", now)
    if planned_at is not None:
        service.fill_in(session, actor, row.id, Changes({"appointment": planned_at.isoformat()}), now)
    service.assign(session, actor, row.id, person.name, now)
    service.move(session, actor, row.id, DISPATCHED, Changes(), now, tz)
    return _made(session, row, person, actor, now, chosen, content)


def take_back(session: Session, actor: Actor, ticket_id: int, reason: str, now: datetime, tz: tzinfo,
              if_version: int | None = None) -> WorkOrder:
    """By a leader; nobody has it then. Raises NotFound, Forbidden, Changed, NoRepair, NotDispatched, NoSuchMove."""
    row, _ = repair(session, actor, ticket_id, if_version)
    order = current(session, row)
    if order is None:
        raise NotDispatched(row.number)
    send_back(session, actor, row, order, "taken_back", reason, now, tz)
    return order


def send_back(session: Session, actor: Actor, row: Ticket, order: WorkOrder, state: str, reason: str, now: datetime, tz: tzinfo,
              done_at: datetime | None = None) -> None:
    """Back to who dispatches, with nobody on it."""
    service.move(session, actor, row.id, REPORTED, Changes(), now, tz, done_at=done_at)
    service.assign(session, SYSTEM, row.id, None, now)
    end(order, state, now, reason)
    service.record(session, row, actor, now, "sent_back", {"order": order.number, "as": state, "text": reason})
    note(session, now, f"repair.{state}", f"ticket:{row.id}", estate_id=row.estate_id, number=row.number, order=order.number)
    session.flush()


def current(session: Session, row: Ticket) -> WorkOrder | None:
    """The order of a locked ticket, brought in line with it first: its stage and assignee may have been changed by other ways
    than ours. A ticket that is somebody's without an order gets one."""
    order = session.scalar(select(WorkOrder).where(WorkOrder.ticket_id == row.id, WorkOrder.ended_at.is_(None)))
    moved = row.updated_at or row.created_at
    if order is not None and row.state == "closed":
        end(order, "done" if order.finished_at else "ended", row.closed_at or moved)
        order = None
    elif order is not None and (order.engineer_id != row.assignee_id or row.stage == REPORTED):
        end(order, "taken_back", moved)
        order = None
    if order is None and row.state == "open" and row.stage != REPORTED and row.assignee_id is not None:
        person = session.get_one(User, row.assignee_id)
        order = _made(session, row, person, SYSTEM, moved, None, None)
    session.flush()
    return order


def end(order: WorkOrder, state: str, now: datetime, reason: str | None = None) -> None:
    order.state, order.ended_at, order.reason = state, max(now, order.dispatched_at), reason[:500] if reason else None


def _made(session: Session, row: Ticket, person: User, actor: Actor, now: datetime, chosen: Proposal | None,
          content: str | None) -> WorkOrder:
    session.flush()      # the one before has ended: one is current
    run = (session.scalar(select(func.max(WorkOrder.run)).where(WorkOrder.ticket_id == row.id)) or 0) + 1
    at = row.fields.get("appointment")
    order = WorkOrder(
        number=f"{row.number}-{run}", ticket_id=row.id, run=run, engineer_id=person.id, item=row.category,
        content=content or str(row.fields.get("what") or row.title or "") or None,
        planned_at=datetime.fromisoformat(at) if isinstance(at, str) else None, state="open", dispatched_at=now,
        dispatched_by_id=actor.user_id, reasons=[str(reason) for reason in chosen.reasons] if chosen else [])
    session.add(order)
    session.flush()
    service.record(session, row, actor, now, "dispatched", {"order": order.number, "to": person.name, "reasons": order.reasons})
    note(session, now, "repair.dispatched", f"ticket:{row.id}", estate_id=row.estate_id, number=row.number, order=order.number,
         engineer=person.id)
    session.flush()
    return order
