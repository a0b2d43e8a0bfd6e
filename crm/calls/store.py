"""Keeps call records: the whole fold as JSON, and beside it, as columns, what lists and figures ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from crm.calls.models import CallRow, QueueVisit, TalkSegment
from crm.calls.record import CallRecord, outcome
from crm.calls.talk import Linked, segments

AT_ONCE: Final = 500
BEGAN_BEFORE: Final = timedelta(minutes=30)
_FOLD: Final[TypeAdapter[CallRecord]] = TypeAdapter(CallRecord)
_SAME = (
    "dialled", "number", "household_id", "lookup", "language", "queue", "stage", "started_at", "queued_at",
    "rang_at", "answered_at", "ended_at", "answered_by", "answered_agent", "ring_s", "wait_s", "talk_s", "cause", "rating",
    "voicemail", "voicemail_s", "callback_number", "recording", "expected_wait_s", "callback_id",
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


def save_talk(session: Session, records: Iterable[CallRecord], stored: Mapping[str, CallRecord], node: str) -> None:
    """Who talked when in calls that have ended, and the stays in queues of those that were `stored` with others: what was
    written before goes.

    A call is whole when both files have told of its end. Comes after `save` of all that the batch changed, because a
    consultation is a channel's row of its own.
    """
    session.flush()
    kept = [record for record in records if record.entered_at is not None]
    there = {call_id: record.visits for call_id, record in stored.items() if record.entered_at is not None}
    visited = [record for record in kept if record.visits != there.get(record.call_id, ())]
    _drop(session, QueueVisit, [record.call_id for record in visited])
    for record in visited:
        session.add_all(
            QueueVisit(call_id=record.call_id, place=place, queue=visit.queue, queued_at=visit.queued_at, stage=visit.stage,
                       answered_at=visit.answered_at, seat=visit.seat, left_at=visit.left_at, gave_up=visit.gave_up)
            for place, visit in enumerate(record.visits))
    ended = [(record, ended_at) for record in kept if (ended_at := _whole_at(record))]
    _drop(session, TalkSegment, [record.call_id for record, _ in ended])
    for record, ended_at in ended:
        agents = dict(record.agents)
        found = segments(Linked(record.call_id, record.moves), ended_at, _aside(session, record, ended_at, node))
        session.add_all(
            TalkSegment(call_id=record.call_id, place=place, seat=one.seat, number=one.number, kind=one.kind.value,
                        agent=agents.get(one.seat) if one.seat else None, began_at=one.began_at, ended_at=one.ended_at)
            for place, one in enumerate(found))


def _whole_at(record: CallRecord) -> datetime | None:
    """When it ended; None while one of the files has not told of it."""
    if record.ended_at is None:
        return None
    return record.left_at or (record.ended_at if record.lost else None)


def _drop(session: Session, table: type[TalkSegment | QueueVisit], call_ids: Sequence[str]) -> None:
    for place in range(0, len(call_ids), AT_ONCE):
        session.execute(delete(table).where(table.call_id.in_(call_ids[place:place + AT_ONCE]))
                        .execution_options(synchronize_session=False))


def _aside(session: Session, record: CallRecord, ended_at: datetime, node: str) -> list[Linked]:
    """What CEL tells of other channels in this time that are no calls of the hotline: seats that dialled."""
    if not record.moves:
        return []
    began_at = min(move.at for move in record.moves)
    # Begun before: a consultation that lasts is still of interest, one of an hour ago is not.
    rows = session.scalars(select(CallRow).where(
        CallRow.entered_at.is_(None), CallRow.node == node, CallRow.started_at >= began_at - BEGAN_BEFORE,
        CallRow.started_at <= ended_at))
    return [Linked(row.call_id, record_of(row).moves, row.started_at) for row in rows]
