"""The page's list of calls: by day, queue and outcome, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from callcenter.errors import NotFound
from callcenter.private import Private
from crm.calls.models import CallRow
from crm.calls.record import Outcome
from crm.calls.schemas import CallShown
from crm.calls.service import call, calls_shown
from crm.households.estates import must_see, seen_by
from crm.households.service import every_id
from crm.privacy.service import View


@dataclass(frozen=True)
class CallFilter:
    """`begin` to `end` is when the call came in; None leaves a side open."""

    begin: datetime | None = None
    end: datetime | None = None
    queue: str | None = None
    outcome: Outcome | None = None
    seat: str | None = None
    household_id: int | None = None


@dataclass(frozen=True)
class CallPage:
    calls: tuple[CallShown, ...]
    next_before: str | None  # give it as `before` for the next page; None on the last one


def call_page(session: Session, view: View, wanted: CallFilter, *, before: str | None = None, limit: int = 50) -> CallPage:
    """Newest first, of the actor's estates, with numbers masked. `before` is the last call of the page before; calls that came
    meanwhile shift nothing."""
    query = (select(CallRow).where(CallRow.entered_at.is_not(None), seen_by(view.actor, CallRow.household_id))
             .order_by(CallRow.entered_at.desc(), CallRow.call_id.desc()).limit(limit + 1))
    if wanted.begin is not None:
        query = query.where(CallRow.entered_at >= wanted.begin)
    if wanted.end is not None:
        query = query.where(CallRow.entered_at < wanted.end)
    for column, value in ((CallRow.queue, wanted.queue), (CallRow.outcome, wanted.outcome),
                          (CallRow.answered_by, wanted.seat)):
        if value is not None:
            query = query.where(column == value)
    if wanted.household_id is not None:
        query = query.where(CallRow.household_id.in_(every_id(session, wanted.household_id)))
    if before is not None:
        last = session.get(CallRow, before)
        if last is None or last.entered_at is None:
            raise NotFound(f"call {before}")
        query = query.where(tuple_(CallRow.entered_at, CallRow.call_id) < (last.entered_at, last.call_id))
    rows = list(session.scalars(query))
    shown = tuple(masked_call(call, view) for call in calls_shown(session, rows[:limit]))
    return CallPage(shown, shown[-1].call_id if len(rows) > limit else None)


def one_call(session: Session, view: View, call_id: str) -> CallShown:
    """Raises NotFound, also for a call of an estate that the actor does not see."""
    found = call(session, call_id)
    must_see(session, view.actor, found.household_id, f"call {call_id}")
    return masked_call(found, view)


def masked_call(shown: CallShown, view: View) -> CallShown:
    return replace(
        shown, number=view.show(shown.number, Private.PHONE), callback_number=view.show(shown.callback_number, Private.PHONE),
        talk=tuple(replace(one, number=view.show(one.number, Private.PHONE)) for one in shown.talk))
