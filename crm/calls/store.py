"""Keeps call records: the whole fold as JSON, and beside it, as columns, what lists and figures ask for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from crm.calls.models import CallRow
from crm.calls.record import CallRecord, outcome

_FOLD: Final[TypeAdapter[CallRecord]] = TypeAdapter(CallRecord)
_SAME = (
    "dialled", "number", "household_id", "lookup", "language", "queue", "stage", "started_at", "queued_at",
    "rang_at", "answered_at", "ended_at", "answered_by", "answered_agent", "ring_s", "wait_s", "talk_s", "cause", "rating",
    "voicemail", "voicemail_s", "callback_number", "recording",
)


def record_of(row: CallRow) -> CallRecord:
    return _FOLD.validate_python(row.fold)


def load(session: Session, call_ids: Iterable[str]) -> dict[str, CallRow]:
    rows = session.scalars(select(CallRow).where(CallRow.call_id.in_(sorted(call_ids))))
    return {row.call_id: row for row in rows}


def open_on(session: Session, node: str) -> dict[str, CallRow]:
    """Calls of a node that have begun and not ended."""
    rows = session.scalars(select(CallRow).where(CallRow.node == node, CallRow.ended_at.is_(None),
                                                 CallRow.entered_at.is_not(None)))
    return {row.call_id: row for row in rows}


def drop_unentered(session: Session, before: datetime) -> int:
    """Channels of which only CEL told, such as one seat ringing another, are no calls of the hotline."""
    seen = func.coalesce(CallRow.started_at, CallRow.rang_at)
    gone = session.execute(delete(CallRow).where(CallRow.entered_at.is_(None), seen < before))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def save(session: Session, row: CallRow | None, record: CallRecord, node: str, short_abandon_s: int) -> None:
    """`node`: whose journal it is. The recording's columns are left alone: they are the checksum job's."""
    if row is None:
        row = CallRow(call_id=record.call_id)
        session.add(row)
    for name in _SAME:
        setattr(row, name, getattr(record, name))
    row.node = node
    row.entered_at = record.began_at if record.entered_at else None
    row.menu_keys = list(record.menu_keys)
    row.seats_rung = list(record.seats_rung)
    row.outcome = outcome(record, short_abandon_s)
    fold: dict[str, Any] = _FOLD.dump_python(record, mode="json")
    row.fold = fold
