"""Call records as the audit reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from hotline.whole import Whole

A_MOMENT_S = 0.6             # answered and hung up at once: the two ends may differ in who was first
QUERY = """
SELECT call_id, number, queue, entered_at, started_at, ended_at, outcome, recording, recording_state, voicemail,
       callback_id, callback_number, (SELECT count(*) FROM contact_log WHERE contact_log.call_id = calls.call_id) AS entries
FROM calls WHERE entered_at IS NOT NULL ORDER BY entered_at, call_id
"""


@dataclass(frozen=True)
class Record:
    call_id: str
    number: str
    queue: str | None
    entered_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    outcome: str | None
    recording: str | None
    recording_state: str | None
    voicemail: str | None
    callback_id: str | None          # then it is the place that was kept for a callback, and nobody's call
    callback_number: str | None      # that was asked for
    contact_entries: int

    @property
    def ended(self) -> bool:
        return self.ended_at is not None

    @property
    def began_s(self) -> float:
        return (self.started_at or self.entered_at).timestamp()

    @property
    def ended_s(self) -> float:
        return self.ended_at.timestamp() if self.ended_at else float("inf")


def records(whole: Whole) -> list[Record]:
    return [Record(row.call_id, _plain(row.number), row.queue, when(row.entered_at), row.started_at and when(row.started_at),
                   row.ended_at and when(row.ended_at), row.outcome, row.recording, row.recording_state, row.voicemail,
                   row.callback_id, row.callback_number and _plain(row.callback_number), row.entries) for row in whole.rows(QUERY)]


def when(moment: datetime | str) -> datetime:
    """The database may be one that knows no moments. All are UTC."""
    at = moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _plain(number: str | None) -> str:
    return (number or "").removeprefix("+86")
