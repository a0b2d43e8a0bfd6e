"""Counts app_queue's entries of the journal by its own names, exactly once, as its counters should count them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.calls.tally import Tallied
from crm.reports.models import QueueTally

RECENT_S: Final = 300        # longer than a counter is compared with
_KINDS: Final = ("entered", "completed", "transferred", "abandoned", "timed_out", "emptied")


def keep_tallies(session: Session, node: str, tallied: Iterable[Tallied]) -> None:
    """Of one batch of the journal, in the recorder's transaction."""
    rows: dict[str, QueueTally] | None = None
    for one in tallied:
        if rows is None:
            rows = {row.name: row for row in session.scalars(select(QueueTally).where(QueueTally.node == node))}
        if not one.kind:
            _begin_anew(session, rows, node, one.at)
            continue
        row = rows.get(one.name)
        if row is None:
            start = rows.get("")
            row = rows[one.name] = QueueTally(node=node, name=one.name, since=start.since if start else None, recent=[],
                                              **dict.fromkeys(_KINDS, 0))
            session.add(row)
        setattr(row, one.kind, getattr(row, one.kind) + 1)
        row.last_at = one.at
        epoch = int(one.at.timestamp())
        row.recent = [*(seen for seen in row.recent if int(seen.partition(":")[0]) >= epoch - RECENT_S), f"{epoch}:{one.kind}"]


def _begin_anew(session: Session, rows: dict[str, QueueTally], node: str, at: datetime) -> None:
    """The row without a name says since when those count that have counted nothing yet."""
    if "" not in rows:
        rows[""] = QueueTally(node=node, name="", recent=[])
        session.add(rows[""])
    for row in rows.values():
        row.since = row.last_at = at
        row.recent = []
        for kind in _KINDS:
            setattr(row, kind, 0)
