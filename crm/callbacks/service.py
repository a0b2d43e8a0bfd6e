"""Callbacks as the pages list and cancel them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.errors import Conflict, NotFound
from callcenter.events import Callback, CallbackChanged, CallbackState
from callcenter.private import Private
from crm.callbacks.models import CallbackRow
from crm.callbacks.rules import cancelled
from crm.callbacks.store import OPEN, kept_of, write
from crm.households.estates import must_see, seen_by
from crm.privacy.service import View
from crm.staff.actor import Actor


class CallbackOver(Conflict):
    """It is done, failed or cancelled, or the caller is being talked to."""

    code = "callback_over"


def callbacks(session: Session, view: View, *, open_only: bool, queue: str | None = None, limit: int = 100) -> list[Callback]:
    """Those that are open first come, first shown; of all, the newest first."""
    query = select(CallbackRow).where(seen_by(view.actor, CallbackRow.household_id)).limit(limit)
    if open_only:
        query = query.where(CallbackRow.state.in_(OPEN)).order_by(CallbackRow.asked_at)
    else:
        query = query.order_by(CallbackRow.asked_at.desc())
    if queue is not None:
        query = query.where(CallbackRow.queue == queue)
    return [masked_callback(kept_of(row).shown, view) for row in session.scalars(query)]


def masked_callback(shown: Callback, view: View) -> Callback:
    return replace(shown, number=view.show(shown.number, Private.PHONE))


def cancel(session: Session, actor: Actor, callback_id: str, now: datetime) -> CallbackChanged:
    """crm's caller takes its place out of the queue afterwards."""
    row = session.get(CallbackRow, callback_id, with_for_update=True)
    if row is None:
        raise NotFound(f"callback {callback_id}")
    must_see(session, actor, row.household_id, f"callback {callback_id}")
    kept = kept_of(row)
    if kept.is_over or kept.shown.state is CallbackState.TALKING:
        raise CallbackOver(callback_id)
    after = cancelled(kept, now)
    write(session, after)
    return CallbackChanged(now, after.shown)
