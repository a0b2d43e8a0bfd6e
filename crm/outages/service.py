"""Outages: listed, shown with their story and their lost callers, acknowledged, their cause noted. Callers commit."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from callcenter.errors import Conflict, NotFound, check_version
from callcenter.private import Private
from crm.callbacks.models import CallbackRow
from crm.calls.models import CallRow
from crm.households.estates import seen_by
from crm.outages.models import LostCaller, OutageLine, OutageRow
from crm.outages.schemas import LostCallerShown, OutageLineShown, OutageShown, OutageStory
from crm.outbox.service import note
from crm.paging import Order, Page
from crm.privacy.service import View
from crm.staff.actor import Actor
from crm.staff.audit import record_audit
from crm.tickets.models import Ticket

ORDER: Final[Order[OutageRow]] = Order("outages", OutageRow.began_at, OutageRow.id, newest_first=True)
LINES: Final = 500
CALLERS: Final = 1000


class OutageOver(Conflict):
    """There is nothing to acknowledge any more."""

    code = "outage_over"


def outages(session: Session, *, open_only: bool = False, component: str | None = None, cursor: str | None = None,
            limit: int = 50) -> Page[OutageShown]:
    """Newest first. Raises BadCursor."""
    query = select(OutageRow)
    if open_only:
        query = query.where(OutageRow.ended_at.is_(None))
    if component is not None:
        query = query.where(OutageRow.component == component)
    return ORDER.page(session.scalars(ORDER.after(query, cursor).limit(limit + 1)).all(), limit, shown)


def outage(session: Session, view: View, outage_id: str) -> OutageStory:
    """Raises NotFound."""
    row = _row(session, outage_id)
    lines = session.scalars(select(OutageLine).where(OutageLine.outage_id == outage_id)
                            .order_by(OutageLine.at, OutageLine.place).limit(LINES))
    return OutageStory(shown(row), [_line(line, view) for line in lines])


def acknowledge(session: Session, actor: Actor, outage_id: str, now: datetime) -> OutageShown:
    """The first one is kept. Stops no rung: it is shown with it. Raises NotFound, OutageOver."""
    row = _row(session, outage_id, lock=True)
    if row.acknowledged_at is not None:
        return shown(row)
    if row.ended_at is not None:
        raise OutageOver(outage_id)
    row.acknowledged_at, row.acknowledged_by = now, actor.name
    row.version += 1
    _written(session, actor, row, now, "outage.acknowledged")
    return shown(row)


def note_cause(session: Session, actor: Actor, outage_id: str, cause: str, now: datetime, if_version: int | None) -> OutageShown:
    """Raises NotFound, Changed."""
    row = _row(session, outage_id, lock=True)
    check_version(row.version, if_version)
    row.cause, row.cause_at, row.cause_by = cause.strip(), now, actor.name
    row.version += 1
    _written(session, actor, row, now, "outage.cause_noted")
    return shown(row)


def callers(session: Session, view: View, outage_id: str) -> list[LostCallerShown]:
    """Of the actor's estates, first come first. Raises NotFound."""
    _row(session, outage_id)
    rows = session.execute(
        select(LostCaller, CallRow, CallbackRow, Ticket)
        .join(CallRow, CallRow.call_id == LostCaller.call_id)
        .outerjoin(CallbackRow, CallbackRow.callback_id == LostCaller.call_id)
        .outerjoin(Ticket, Ticket.cause == literal("callback:") + LostCaller.call_id)
        .where(LostCaller.outage_id == outage_id, seen_by(view.actor, CallRow.household_id))
        .order_by(LostCaller.at, LostCaller.call_id).limit(CALLERS)).all()
    return [LostCallerShown(
        call_id=one.call_id, at=one.at, how=one.how, number=view.show(call.number, Private.PHONE) if call.number else None,
        queue=call.queue, rings=one.rings, callback=callback.state if callback else None,
        attempts=callback.attempts if callback else 0, ticket_id=ticket.id if ticket else None,
        ticket_state=ticket.state if ticket else None) for one, call, callback, ticket in rows]


def shown(row: OutageRow) -> OutageShown:
    return OutageShown(row.outage_id, row.component, row.detail, row.began_at, row.ended_at, row.step_s // 60, row.acknowledged_at,
                       row.acknowledged_by, row.cause, row.cause_at, row.cause_by, row.lost, row.unreachable, row.version)


def _row(session: Session, outage_id: str, *, lock: bool = False) -> OutageRow:
    query = select(OutageRow).where(OutageRow.outage_id == outage_id)
    row = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound(f"outage {outage_id}")
    return row


def _line(line: OutageLine, view: View) -> OutageLineShown:
    data: dict[str, Any] = line.data
    rung, address = data.get("rung"), data.get("address")
    return OutageLineShown(
        line.at, line.what, rung=None if rung is None else str(rung), after_s=data.get("after_s"), tell=tuple(data.get("tell", ())),
        channel=data.get("channel"), address=view.show(address, Private.EMAIL) if address else None,
        error=data.get("error") or None)


def _written(session: Session, actor: Actor, row: OutageRow, now: datetime, what: str) -> None:
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action=what, subject=f"outage:{row.outage_id}")
    note(session, now, what, f"outage:{row.outage_id}", component=row.component, by=actor.user_id)
    session.flush()
