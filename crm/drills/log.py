"""What the journal tells of a drill's calls, kept apart from every other call: the recorder gives it what carries their mark."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.drills import drill_of
from crm.calls.entries import CallEntry, DrillOver
from crm.calls.record import CallRecord, Outcome, apply, lose, outcome
from crm.drills.models import DrillCallRow

_FOLD: Final[TypeAdapter[CallRecord]] = TypeAdapter(CallRecord)


class DrillLog:
    """Of one transaction. `save` writes what was taken."""

    def __init__(self, session: Session, node: str, short_abandon_s: int) -> None:
        self._session, self._node, self._short_abandon_s = session, node, short_abandon_s
        self._rows: dict[str, DrillCallRow] = {}
        self._records: dict[str, CallRecord] = {}

    def take(self, entry: CallEntry) -> None:
        """Of a call that carries the mark."""
        row = self._row(entry.call_id)
        self._records[entry.call_id] = apply(self._records[entry.call_id], entry)
        if isinstance(entry, DrillOver):
            row.over = entry.why

    def asterisk_started(self, at: datetime) -> None:
        """Whatever was on the line is gone."""
        self._session.flush()
        open_now = select(DrillCallRow.call_id).where(DrillCallRow.node == self._node, DrillCallRow.ended_at.is_(None))
        for call_id in self._session.scalars(open_now).all():
            self._row(call_id)
        for call_id, record in self._records.items():
            self._records[call_id] = lose(record, at)

    def save(self) -> None:
        for call_id, record in self._records.items():
            row = self._rows[call_id]
            row.entered_at = record.began_at if record.entered_at else None
            row.queue, row.stage, row.queued_at = record.queue, record.stage, record.queued_at
            row.rang_at, row.answered_at, row.ended_at = record.rang_at, record.answered_at, record.ended_at
            row.seat, row.wait_s, row.talk_s = record.answered_by, record.wait_s, record.talk_s
            row.outcome = _outcome(record, row.over, self._short_abandon_s)
            fold: dict[str, Any] = _FOLD.dump_python(record, mode="json")
            row.fold = fold

    def _row(self, call_id: str) -> DrillCallRow:
        found = self._rows.get(call_id) or self._session.get(DrillCallRow, call_id)
        if found is None:
            drill, number = drill_of(call_id) or (0, 0)
            found = DrillCallRow(call_id=call_id, drill_id=drill, number=number, node=self._node, stage=0, fold={})
            self._session.add(found)
        if call_id not in self._rows:
            self._rows[call_id] = found
            self._records[call_id] = _FOLD.validate_python(found.fold) if found.fold else CallRecord(call_id)
        return found


def _outcome(record: CallRecord, over: str | None, short_abandon_s: int) -> str | None:
    """Who was answered was, also when the talk gave way; else why acd ended it; else as any call's. None while it lasts."""
    found = outcome(record, short_abandon_s)
    if found is None or found is Outcome.ANSWERED or over is None:
        return found
    return over
