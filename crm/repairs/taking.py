"""Takes the steps that an engineer's phone sends: each is done once, in the phone's order, whatever the order and number of times
in which it arrives. What no longer fits is kept for a leader to see; nothing is lost and nothing is refused as a whole.

All steps of a ticket are taken one batch after the other: the ticket's row is locked first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from callcenter.errors import Forbidden, NotFound, SixringError
from crm.kinds.schema import Kind
from crm.outbox.service import note
from crm.repairs import orders, steps
from crm.repairs.doing import Work, do
from crm.repairs.engineers import REPAIR
from crm.repairs.errors import FileMissing, NoRepair
from crm.repairs.models import RepairStep, WorkOrder
from crm.repairs.steps import Flag, What, counted, digest_of
from crm.staff.actor import Actor
from crm.tickets import service
from crm.tickets.errors import FieldsUnfit
from crm.tickets.models import Ticket
from crm.tickets.reading import visible
from crm.tickets.showing import kind_for, stage_of

DONE: Final = "done"
WAITING: Final = "waiting"
KEPT: Final = "kept"
REFUSED: Final = "refused"          # only: the id is another step's
BASE_MISSING: Final = "base_missing"
FILE_MISSING: Final = FileMissing.code
_GONE: Final = {"taken_back": "re_dispatched", "declined": "sent_back", "handed_back": "sent_back", "done": "ticket_closed",
                "ended": "ticket_closed"}


@dataclass(frozen=True)
class StepGiven:
    client_id: str
    what: str
    done_at: datetime
    after: str | None
    order: str | None              # the work order's number, as the phone knew it
    data: Mapping[str, Any]


@dataclass(frozen=True)
class StepTaken:
    """What became of a step. `kept`: it did not fit (`code`) and a leader sees to it; `waiting`: for the step before it, or a file;
    `refused`: another step has the id."""

    id: str
    outcome: str
    code: str | None
    faults: tuple[str, ...]
    flags: tuple[str, ...]
    done_at: datetime
    counted_at: datetime | None
    arrived_at: datetime | None


@dataclass(frozen=True)
class Taken:
    steps: tuple[StepTaken, ...]
    stage: str
    state: str
    version: int
    order: str | None              # the current one, and whether it is yours
    yours: bool


@dataclass(frozen=True)
class _Batch:
    session: Session
    actor: Actor
    row: Ticket
    kind: Kind
    now: datetime
    tz: tzinfo
    rules: steps.Rules


def take(session: Session, actor: Actor, ticket_id: int, given: Sequence[StepGiven], now: datetime, tz: tzinfo,
         rules: steps.Rules) -> Taken:
    """By whoever has or had an order of the ticket. Raises NotFound, Forbidden, NoRepair, and nothing about a single step."""
    row, kind = of_engineer(session, actor, ticket_id)
    own = session.scalars(select(WorkOrder).where(WorkOrder.ticket_id == row.id, WorkOrder.engineer_id == actor.user_id)
                          .order_by(WorkOrder.run)).all()
    there = {step.client_id: step for step in session.scalars(select(RepairStep).where(RepairStep.ticket_id == row.id))}
    batch = _Batch(session, actor, row, kind, now, tz, rules)
    refused = {one.client_id for one in given if not _keep(batch, one, own, there)}
    mine = {ident: step for ident, step in there.items() if step.user_id == actor.user_id}
    _decide_all(batch, mine)
    session.flush()
    now_current = orders.current(session, row)
    return Taken(
        tuple(_refused(one) if one.client_id in refused else taken(there[one.client_id]) for one in given),
        row.stage, row.state, row.version, now_current.number if now_current else None,
        now_current is not None and now_current.engineer_id == actor.user_id)


def of_engineer(session: Session, actor: Actor, ticket_id: int) -> tuple[Ticket, Kind]:
    """The ticket, locked, for whoever has or had it to do. Raises NotFound, Forbidden, NoRepair."""
    row = session.get(Ticket, ticket_id, with_for_update=True, populate_existing=True)
    if row is None or actor.user_id is None:
        raise NotFound(f"ticket {ticket_id}")
    if row.kind == REPAIR:
        kind = kind_for(session, row)
        row.stage = stage_of(row, kind)
        orders.current(session, row)
        if session.scalar(select(WorkOrder.id).where(WorkOrder.ticket_id == row.id, WorkOrder.engineer_id == actor.user_id)
                          .limit(1)) is not None:
            return row, kind
    visible(session, actor, ticket_id)
    raise Forbidden if row.kind == REPAIR else NoRepair(row.number)


def taken(step: RepairStep) -> StepTaken:
    return StepTaken(step.client_id, step.outcome, step.code, tuple(step.faults), tuple(step.flags), step.done_at, step.counted_at,
                     step.arrived_at)


def _refused(one: StepGiven) -> StepTaken:
    return StepTaken(one.client_id, REFUSED, "id_reused", (), (), one.done_at, None, None)


def _keep(batch: _Batch, one: StepGiven, own: Sequence[WorkOrder], there: dict[str, RepairStep]) -> bool:
    """Writes it down, if it is new; whether the id is its own."""
    data = steps.clean(dict(one.data))
    digest = digest_of(one.what, one.after, one.order, one.done_at, data)
    before = there.get(one.client_id)
    if before is not None:
        return before.digest == digest and before.user_id == batch.actor.user_id
    order = own[-1] if one.order is None else next((order for order in own if order.number == one.order), None)
    step = RepairStep(
        ticket_id=batch.row.id, order_id=order.id if order else None, user_id=batch.actor.user_id, client_id=one.client_id,
        after=one.after, what=one.what, data=data, digest=digest, done_at=one.done_at, arrived_at=batch.now, flags=[], faults=[],
        outcome=WAITING, code=BASE_MISSING, to_see=False)
    batch.session.add(step)
    there[one.client_id] = step
    return True


def _decide_all(batch: _Batch, mine: Mapping[str, RepairStep]) -> None:
    """Those that wait no longer, one after the other; by the phone's chain, and where that leaves it open by time."""
    batch.session.flush()
    looked_at: set[str] = set()
    while True:
        ready = [step for step in mine.values()
                 if step.outcome == WAITING and step.client_id not in looked_at and _is_ready(step, mine)]
        if not ready:
            return
        first = min(ready, key=lambda step: (step.done_at, step.client_id))
        looked_at.add(first.client_id)
        _decide(batch, first, mine)


def _is_ready(step: RepairStep, mine: Mapping[str, RepairStep]) -> bool:
    """A file that is still on its way holds up no other step."""
    if step.after is None:
        return True
    base = mine.get(step.after)
    return base is not None and (base.outcome != WAITING or base.code == FILE_MISSING)


def _decide(batch: _Batch, step: RepairStep, mine: Mapping[str, RepairStep]) -> None:
    order = batch.session.get(WorkOrder, step.order_id) if step.order_id is not None else None
    base = mine.get(step.after) if step.after else None
    when = counted(step.done_at, step.arrived_at, order.dispatched_at if order else None,
                   (base.counted_at or base.done_at) if base else None, batch.rules)
    try:
        data = steps.DATA[What(step.what)].model_validate_json(_json(step.data))
    except ValidationError as error:
        faults = sorted({f"{'.'.join(map(str, item['loc']))}:{item['type']}" for item in error.errors()})
        _settle(batch, step, KEPT, "unfit", when, faults)
        return
    except ValueError:
        _settle(batch, step, KEPT, "unknown_step", when)
        return
    if order is None:
        _settle(batch, step, KEPT, "unknown_order", when)
        return
    if (code := _too_late(batch, step, order)) is not None:
        _settle(batch, step, KEPT, code, when)
        return
    try:
        with batch.session.begin_nested():
            said = do(Work(batch.session, batch.actor, batch.row, batch.kind, order, step, when.at, batch.now, batch.tz), data)
            batch.session.flush()
    except FileMissing:
        step.code = FILE_MISSING
    except FieldsUnfit as error:
        _settle(batch, step, KEPT, error.code, when, [f"{fault.field}:{fault.code}" for fault in error.faults])
    except SixringError as error:
        _settle(batch, step, KEPT, error.code, when)
    except IntegrityError:
        _settle(batch, step, KEPT, "conflict", when)
    else:
        _settle(batch, step, DONE, said, when)


def _too_late(batch: _Batch, step: RepairStep, order: WorkOrder) -> str | None:
    if What(step.what) in steps.ALSO_WHEN_CLOSED:
        return None
    if order.ended_at is not None:
        return _GONE[order.state]
    return "ticket_closed" if batch.row.state == "closed" else None


def _settle(batch: _Batch, step: RepairStep, outcome: str, code: str | None, when: steps.Counted,
            faults: Sequence[str] = ()) -> None:
    step.outcome, step.code, step.counted_at = outcome, code, when.at
    step.flags, step.faults = [flag.value for flag in when.flags], list(faults)[:20]
    step.to_see = outcome == KEPT or any(flag is not Flag.SENT_LATE for flag in when.flags)
    if outcome == KEPT:
        batch.session.flush()
        service.record(batch.session, batch.row, batch.actor, batch.now, "step_kept", {
            "step": step.id, "what": step.what, "code": code})
        note(batch.session, batch.now, "repair.step_kept", f"ticket:{batch.row.id}", estate_id=batch.row.estate_id,
             number=batch.row.number, step=step.id, code=code)
    batch.session.flush()


def _json(data: Mapping[str, Any]) -> str:
    """Numbers of money come as text or as JSON's numbers; pydantic reads both exactly from JSON."""
    return json.dumps(data)
