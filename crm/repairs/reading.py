"""A repair as it is shown: its orders, what was done, what it costs; lists of orders, and of steps that a leader must see to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import ColumnElement, select, text
from sqlalchemy.orm import Session

from callcenter.errors import NotFound
from callcenter.private import Private
from crm.bills.agreed import Bill, bill, charges_of, settlements_of
from crm.bills.models import Charge, Settlement
from crm.paging import Order, Page
from crm.privacy.service import View
from crm.repairs.engineers import REPAIR
from crm.repairs.errors import NoRepair
from crm.repairs.models import TO_SEE, RepairStep, WorkOrder
from crm.repairs.rework import Candidate, candidates
from crm.staff.actor import Actor
from crm.staff.models import User
from crm.tickets import service
from crm.tickets.models import Ticket
from crm.tickets.reading import seen, visible

_ORDERS: Final[Order[WorkOrder]] = Order("work_orders", WorkOrder.id, WorkOrder.id, newest_first=True)
_STEPS: Final[Order[RepairStep]] = Order("repair_steps", RepairStep.id, RepairStep.id)
_TO_SEE: Final = text(TO_SEE)


@dataclass(frozen=True)
class OrderShown:
    number: str
    ticket_id: int
    ticket: str
    estate_id: int | None
    stage: str
    engineer: str
    item: str | None
    content: str | None
    planned_at: datetime | None
    state: str
    dispatched_at: datetime
    dispatched_by: str | None
    reasons: tuple[str, ...]
    reason: str | None
    needs_skill: str | None
    agreed: Decimal | None
    accepted_at: datetime | None
    on_site_at: datetime | None
    finished_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True)
class StepShown:
    """`done_at` by the phone, `arrived_at` here, `counted_at` as it counts."""

    step_id: int
    id: str
    ticket_id: int
    ticket: str
    order: str | None
    who: str
    what: str
    outcome: str
    code: str | None
    faults: tuple[str, ...]
    flags: tuple[str, ...]
    done_at: datetime
    arrived_at: datetime
    counted_at: datetime | None
    said: str | None               # in words, with numbers masked
    dealt_at: datetime | None
    dealt_by: str | None
    dealt_note: str | None


@dataclass(frozen=True)
class ChargeShown:
    charge_id: int
    code: str
    name: str
    sort: str
    unit: str
    quantity: Decimal
    unit_price: Decimal
    discount: Decimal
    discount_reason: str | None
    in_warranty: bool
    amount: Decimal
    at: datetime
    who: str
    taken_off_at: datetime | None
    settlement_id: int | None


@dataclass(frozen=True)
class SettlementShown:
    settlement_id: int
    at: datetime
    who: str
    method: str
    amount: Decimal
    receipt: str | None
    reverses: int | None
    reason: str | None


@dataclass(frozen=True)
class RepairRead:
    ticket_id: int
    number: str
    stage: str
    state: str
    version: int
    orders: tuple[OrderShown, ...]
    steps: tuple[StepShown, ...]
    charges: tuple[ChargeShown, ...]
    bill: Bill
    settlements: tuple[SettlementShown, ...]
    rework_of: int | None
    may_be_rework_of: tuple[Candidate, ...]


def repair_read(session: Session, view: View, ticket_id: int, rework_days: int) -> RepairRead:
    """Raises NotFound, NoRepair."""
    row, _ = visible(session, view.actor, ticket_id)
    if row.kind != REPAIR:
        raise NoRepair(row.number)
    orders = session.scalars(select(WorkOrder).where(WorkOrder.ticket_id == row.id).order_by(WorkOrder.run)).all()
    steps = session.scalars(select(RepairStep).where(RepairStep.ticket_id == row.id).order_by(RepairStep.id)).all()
    tied = row.parent_id if row.parent_as == "rework" else None
    return RepairRead(
        row.id, row.number, row.stage, row.state, row.version, tuple(orders_shown(session, view, orders)),
        tuple(steps_shown(session, view, steps)), tuple(charge_shown(view, one) for one in charges_of(session, row.id)),
        bill(session, row), tuple(settlement_shown(view, one) for one in settlements_of(session, row.id)), tied,
        tuple(candidates(session, view.actor, row, rework_days)) if tied is None else ())


def work_orders(session: Session, view: View, *, mine: bool = False, open_only: bool = False, engineer: str | None = None,
                estate_id: int | None = None, cursor: str | None = None, limit: int = 50) -> Page[OrderShown]:
    """Newest first, of repairs that the actor sees; `mine`: those that the actor has. Raises BadCursor."""
    query = seen(session, view.actor, select(WorkOrder).join(Ticket, Ticket.id == WorkOrder.ticket_id))
    wanted: list[ColumnElement[bool]] = []
    if mine:
        wanted += [WorkOrder.engineer_id == view.actor.user_id]
    if open_only:
        wanted += [WorkOrder.ended_at.is_(None), Ticket.state == "open", Ticket.assignee_id == WorkOrder.engineer_id]
    if engineer is not None:
        wanted += [WorkOrder.engineer_id == select(User.id).where(User.name == engineer).scalar_subquery()]
    if estate_id is not None:
        wanted += [Ticket.estate_id == estate_id]
    rows = session.scalars(_ORDERS.after(query.where(*wanted), cursor).limit(limit + 1)).all()
    shown = {one.number: one for one in orders_shown(session, view, rows)}
    return _ORDERS.page(rows, limit, lambda row: shown[row.number])


def steps_to_see(session: Session, view: View, *, waiting: bool = False, cursor: str | None = None,
                 limit: int = 50) -> Page[StepShown]:
    """Oldest first: what did not fit or cannot be right in time and nobody has seen to; or what waits. Raises BadCursor."""
    query = seen(session, view.actor, select(RepairStep).join(Ticket, Ticket.id == RepairStep.ticket_id))
    query = query.where(RepairStep.outcome == "waiting") if waiting else query.where(_TO_SEE)
    rows = session.scalars(_STEPS.after(query, cursor).limit(limit + 1)).all()
    shown = {one.step_id: one for one in steps_shown(session, view, rows)}
    return _STEPS.page(rows, limit, lambda row: shown[row.id])


def deal_with(session: Session, actor: Actor, step_id: int, said: str, now: datetime) -> RepairStep:
    """A leader has seen to it: entered it by hand, asked the engineer, let it be. Raises NotFound."""
    ticket_id = session.scalar(select(RepairStep.ticket_id).where(RepairStep.id == step_id))
    if ticket_id is None:
        raise NotFound(f"step {step_id}")
    # The ticket before the step, as whoever takes steps.
    session.get_one(Ticket, ticket_id, with_for_update=True)
    row, _ = visible(session, actor, ticket_id)
    step = session.get_one(RepairStep, step_id, with_for_update=True)
    if step.dealt_at is None:
        step.dealt_at, step.dealt_by, step.dealt_note = now, actor.name, said
        service.record(session, row, actor, now, "step_dealt", {"step": step.id, "what": step.what, "text": said})
        session.flush()
    return step


def orders_shown(session: Session, view: View, rows: Sequence[WorkOrder]) -> list[OrderShown]:
    names = _names(session, [one for row in rows for one in (row.engineer_id, row.dispatched_by_id)])
    tickets = _tickets(session, rows)
    return [OrderShown(
        row.number, row.ticket_id, tickets[row.ticket_id].number, tickets[row.ticket_id].estate_id, tickets[row.ticket_id].stage,
        names[row.engineer_id], row.item, view.show(row.content, Private.TEXT), row.planned_at, row.state, row.dispatched_at,
        names.get(row.dispatched_by_id or 0), tuple(row.reasons), view.show(row.reason, Private.TEXT), row.needs_skill, row.agreed,
        row.accepted_at, row.on_site_at, row.finished_at, row.ended_at) for row in rows]


def steps_shown(session: Session, view: View, rows: Sequence[RepairStep]) -> list[StepShown]:
    names, tickets = _names(session, [row.user_id for row in rows]), _tickets(session, rows)
    ids = {row.order_id for row in rows if row.order_id is not None}
    numbers: dict[int, str] = dict(session.execute(
        select(WorkOrder.id, WorkOrder.number).where(WorkOrder.id.in_(ids))).all()) if ids else {}
    return [StepShown(
        row.id, row.client_id, row.ticket_id, tickets[row.ticket_id].number, numbers.get(row.order_id or 0), names[row.user_id],
        row.what, row.outcome, row.code, tuple(row.faults), tuple(row.flags), row.done_at, row.arrived_at, row.counted_at,
        view.show(_words(row), Private.TEXT), row.dealt_at, row.dealt_by, view.show(row.dealt_note, Private.TEXT)) for row in rows]


def charge_shown(view: View, row: Charge) -> ChargeShown:
    return ChargeShown(row.id, row.code, row.name, row.sort, row.unit, row.quantity, row.unit_price, row.discount,
                       view.show(row.discount_reason, Private.TEXT), row.free, row.amount, row.at, row.who, row.off_at,
                       row.settled_by)


def settlement_shown(view: View, row: Settlement) -> SettlementShown:
    return SettlementShown(row.id, row.at, row.who, row.method, row.amount, row.receipt, row.reverses_id,
                           view.show(row.reason, Private.TEXT))


def _words(row: RepairStep) -> str | None:
    """What a leader needs to see to it; not who signed."""
    parts = [f"{key}: {value}" for key, value in row.data.items() if key not in ("name", "files", "file")]
    return "; ".join(parts)[:2000] or None


def _tickets(session: Session, rows: Iterable[WorkOrder | RepairStep]) -> dict[int, Ticket]:
    ids = {row.ticket_id for row in rows}
    return {row.id: row for row in session.scalars(select(Ticket).where(Ticket.id.in_(ids)))} if ids else {}


def _names(session: Session, ids: Iterable[int | None]) -> dict[int, str]:
    wanted = {one for one in ids if one is not None}
    return dict(session.execute(select(User.id, User.name).where(User.id.in_(wanted))).all()) if wanted else {}
