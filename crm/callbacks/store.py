"""Callbacks in the database: fed from the journal in the recorder's transaction, so each entry counts exactly once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.board import OVER
from callcenter.events import Callback, CallbackChanged, CallbackState
from crm.callbacks.models import CallbackRow
from crm.callbacks.rules import Kept, RetryRule, after, asked, cancelled, place_lost
from crm.calls import entries as e
from crm.calls.desk import Undone, by_the_desk
from crm.calls.record import CallRecord
from crm.tickets.models import Ticket
from crm.tickets.service import close_by_machine

OPEN = tuple(state.value for state in CallbackState if state not in OVER)


class CallbackLog:
    """Of one transaction."""

    def __init__(self, session: Session, rule: RetryRule, tz: tzinfo, undone: list[Undone]) -> None:
        self._session, self._rule, self._tz, self._undone = session, rule, tz, undone

    def take(self, entry: e.CallEntry, record: CallRecord) -> list[CallbackChanged]:
        """What it changed. `record` is the entry's call, after it."""
        match entry:
            case e.CallbackAsked():
                return self._ask(entry, record)
            case e.Placed(callback_id=ident) | e.RangBack(callback_id=ident):
                row = self._session.get(CallbackRow, ident, with_for_update=True)
            case e.Connected() | e.Ended() if record.callback_id:
                row = self._session.get(CallbackRow, record.callback_id, with_for_update=True)
            case _:
                return []
        return self._keep(row, after(kept_of(row), entry, self._rule), entry.at) if row else []

    def asterisk_started(self, node: str, at: datetime) -> list[CallbackChanged]:
        """Every place of the node is gone with its channel."""
        rows = self._session.scalars(select(CallbackRow).where(CallbackRow.place.startswith(f"{node}-", autoescape=True)))
        return [event for row in rows.all() for event in self._keep(row, place_lost(kept_of(row), at), at)]

    def _ask(self, entry: e.CallbackAsked, record: CallRecord) -> list[CallbackChanged]:
        new = asked(entry, record.household_id, record.language)
        if new is None or self._session.get(CallbackRow, new.shown.callback_id) is not None:
            return []
        # One a number: the newest request stands, and has the place if there is one.
        older = self._session.scalars(select(CallbackRow).where(
            CallbackRow.number == entry.number, CallbackRow.state.in_(OPEN)).with_for_update())
        events = [event for row in older.all() for event in self._keep(row, cancelled(kept_of(row), entry.at), entry.at)]
        row = CallbackRow(callback_id=new.shown.callback_id)
        _write(row, new)
        self._session.add(row)
        return [*events, CallbackChanged(entry.at, new.shown)]

    def _keep(self, row: CallbackRow, kept: Kept, at: datetime) -> list[CallbackChanged]:
        before = kept_of(row)
        _write(row, kept)
        if kept.shown.state is CallbackState.DONE and before.shown.state is not CallbackState.DONE:
            with by_the_desk(self._session, "not_closed", f"callback:{kept.shown.callback_id}", self._undone):
                close_ticket(self._session, kept.shown.callback_id, at, self._tz)
        return [CallbackChanged(at, kept.shown)] if kept.shown != before.shown else []


def close_ticket(session: Session, callback_id: str, at: datetime, tz: tzinfo) -> None:
    """The one that the request opened: what it asked for is done."""
    ident = session.scalar(select(Ticket.id).where(Ticket.cause == f"callback:{callback_id}", Ticket.state == "open"))
    if ident is not None:
        close_by_machine(session, ident, at, tz)


def kept_of(row: CallbackRow) -> Kept:
    shown = Callback(row.callback_id, row.queue, row.number, CallbackState(row.state), row.asked_at, row.since, row.attempts,
                     row.next_at, row.callback_id)
    return Kept(shown, row.household_id, row.language, row.place)


def _write(row: CallbackRow, kept: Kept) -> None:
    shown = kept.shown
    row.queue, row.number, row.state, row.attempts = shown.queue, shown.number, shown.state.value, shown.attempts
    row.asked_at, row.since, row.next_at, row.place = shown.asked_at, shown.since, shown.next_at, kept.place
    row.household_id, row.language = kept.household_id, kept.language


def write(session: Session, kept: Kept) -> None:
    """Over the row of the same id, which is there."""
    row = session.get(CallbackRow, kept.shown.callback_id, with_for_update=True)
    if row is not None:
        _write(row, kept)


def due(session: Session, now: datetime, limit: int) -> list[Kept]:
    """To be put into the queue now, the longest waiting first."""
    rows = session.scalars(select(CallbackRow).where(
        CallbackRow.state.in_((CallbackState.WAITING.value, CallbackState.RETRY.value)), CallbackRow.place.is_(None),
        CallbackRow.next_at <= now).order_by(CallbackRow.next_at, CallbackRow.callback_id).limit(limit))
    return [kept_of(row) for row in rows]


def cancelled_since(session: Session, moment: datetime) -> list[Callback]:
    """By whoever: the page's process has no herald of its own."""
    rows = session.scalars(select(CallbackRow).where(
        CallbackRow.state == CallbackState.CANCELLED.value, CallbackRow.since >= moment))
    return [kept_of(row).shown for row in rows]


def to_be_taken_out(session: Session, limit: int) -> list[Kept]:
    """Cancelled, and still in the queue."""
    rows = session.scalars(select(CallbackRow).where(
        CallbackRow.state == CallbackState.CANCELLED.value, CallbackRow.place.is_not(None)).limit(limit))
    return [kept_of(row) for row in rows]


def open_callbacks(session: Session) -> Iterable[Callback]:
    rows = session.scalars(select(CallbackRow).where(CallbackRow.state.in_(OPEN)).order_by(CallbackRow.asked_at))
    return [kept_of(row).shown for row in rows]
