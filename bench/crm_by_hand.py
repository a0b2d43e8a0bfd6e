"""The desk's answers in SQL written by hand: what one would write who needs only this one answer, for the driver."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from callcenter.events import CallbackState
from callcenter.numbers import normalise
from crm.callbacks.store import OPEN
from crm.households.history import HistoryItem
from crm.households.schemas import Found
from crm.tickets.schemas import TicketShown

PAGE: Final = 50

LOOKUP: Final = """
SELECT h.id, p.id, p.name, p.role, e.name, h.label, h.tags, h.language
FROM phone_numbers n JOIN people p ON p.id = n.person_id JOIN households h ON h.id = p.household_id
JOIN buildings b ON b.id = h.building_id JOIN estates e ON e.id = b.estate_id
WHERE n.number = :number AND p.ended_at IS NULL
ORDER BY CASE p.role WHEN 'owner' THEN 0 WHEN 'tenant' THEN 1 ELSE 2 END, n.added_at DESC, n.id DESC LIMIT 1"""

TICKETS: Final = """
SELECT t.id, t.number, t.kind, t.kind_version, t.stage, t.state, t.title, t.category, t.reason, t.household_id, h.label,
       t.estate_id, t.call_id, t.queue, t.contact_number, t.notes, o.name, f.name, a.name, t.department, t.parent_id, t.parent_as,
       t.version, t.created_at, t.updated_at, t.closed_at
FROM tickets t LEFT JOIN households h ON h.id = t.household_id LEFT JOIN users o ON o.id = t.owner_id
LEFT JOIN users f ON f.id = t.offered_to_id LEFT JOIN users a ON a.id = t.assignee_id
WHERE t.{condition} ORDER BY t.id DESC LIMIT 50"""

HISTORY: Final = """
SELECT * FROM (
  SELECT * FROM (SELECT c.entered_at AS at, CASE WHEN c.voicemail IS NULL THEN 'call' ELSE 'message' END AS what, c.call_id AS ref,
    NULL AS title, l.kind AS kind, c.outcome AS state, c.ended_at IS NULL AS is_open, c.number AS number,
    COALESCE(c.answered_agent, c.answered_by) AS by_whom, l.matter AS matter, l.result AS result
    FROM calls c LEFT JOIN contact_log l ON l.call_id = c.call_id
    WHERE c.household_id IN (SELECT :home UNION SELECT id FROM households WHERE merged_into = :home) AND c.entered_at IS NOT NULL
    ORDER BY c.entered_at DESC LIMIT 50) AS calls
  UNION ALL SELECT * FROM (SELECT asked_at, 'callback', callback_id, NULL, NULL, state, state NOT IN {over},
    number, NULL, NULL, NULL FROM callbacks
    WHERE household_id IN (SELECT :home UNION SELECT id FROM households WHERE merged_into = :home)
    ORDER BY asked_at DESC LIMIT 50) AS callbacks
  UNION ALL SELECT * FROM (SELECT created_at, 'ticket', CAST(id AS VARCHAR), CASE WHEN title IS NULL OR title = '' THEN number
    ELSE number || ' ' || title END, kind, stage, state = 'open', contact_number, NULL, NULL, NULL FROM tickets
    WHERE household_id IN (SELECT :home UNION SELECT id FROM households WHERE merged_into = :home)
    ORDER BY created_at DESC LIMIT 50) AS tickets
  UNION ALL SELECT * FROM (SELECT at, 'visit', CAST(id AS VARCHAR), NULL, kind, NULL, 1 = 0, NULL, seat, matter, result
    FROM contact_log WHERE source = 'visit'
    AND household_id IN (SELECT :home UNION SELECT id FROM households WHERE merged_into = :home)
    ORDER BY at DESC LIMIT 50) AS visits
) AS everything ORDER BY at DESC, what DESC LIMIT 50"""

# A month of queues by day, as the report has it, of calls that made one visit each, which are all that the bench has.
MONTH: Final = """
SELECT c.queue, {day} AS day, COUNT(*), SUM(CASE WHEN c.outcome = 'short_abandon' THEN 1 ELSE 0 END),
  SUM(CASE WHEN c.answered_at IS NOT NULL THEN 1 ELSE 0 END), SUM(CASE WHEN c.outcome = 'abandoned' THEN 1 ELSE 0 END),
  SUM(CASE WHEN c.stage > 0 THEN 1 ELSE 0 END),
  AVG(CASE WHEN c.answered_at IS NOT NULL THEN c.wait_s END), AVG(CASE WHEN c.answered_at IS NOT NULL THEN c.ring_s END),
  AVG(CASE WHEN c.answered_at IS NOT NULL THEN COALESCE(t.seconds, c.talk_s) + w.seconds END)
FROM calls c
LEFT JOIN (SELECT call_id, SUM({talk}) AS seconds FROM talk_segments WHERE seat IS NOT NULL AND began_at >= :begin
  AND began_at < :late GROUP BY call_id) t ON t.call_id = c.call_id
LEFT JOIN (SELECT call_id, SUM({talk}) AS seconds FROM agent_states WHERE state = 'wrapup' AND began_at >= :begin
  AND began_at < :late GROUP BY call_id) w ON w.call_id = c.call_id
WHERE c.queued_at >= :begin AND c.queued_at < :end AND c.entered_at IS NOT NULL
  AND (c.answered_at IS NOT NULL OR c.outcome IS NOT NULL)
GROUP BY c.queue, {day} ORDER BY c.queue, {day}"""
# julianday is some microseconds off, which shows where a mean ends in half a millisecond.
SECONDS: Final = {"sqlite": "ROUND((julianday(ended_at) - julianday(began_at)) * 86400.0, 3)",
                  "postgresql": "EXTRACT(EPOCH FROM ended_at - began_at)"}
DAY: Final = {"sqlite": "date(c.queued_at, '+8 hours')", "postgresql": "(c.queued_at AT TIME ZONE 'Asia/Shanghai')::date"}
Figure = float | None
_OVER: Final = "(" + ", ".join(f"'{state.value}'" for state in CallbackState if state.value not in OPEN) + ")"


class Hand:
    def __init__(self, dialect: str) -> None:
        self._lite = dialect == "sqlite"
        self._words = {"talk": SECONDS[dialect], "day": DAY[dialect]}

    def rows(self, session: Session, query: str, **given: Any) -> list[Any]:
        words = {name: self._given(value) for name, value in given.items()}
        if not self._lite:
            query = re.sub(r"(?<!:):([a-z]+)", r"%(\1)s", query)
        return list(session.connection().exec_driver_sql(query, words).fetchall())

    def lookup(self, session: Session, number: str) -> Found | None:
        rows = self.rows(session, LOOKUP, number=normalise(number))
        return Found(*rows[0][:6], tuple(json.loads(rows[0][6]) if self._lite else rows[0][6]), rows[0][7]) if rows else None

    def tickets(self, session: Session, condition: str, key: Any) -> list[TicketShown]:
        return [TicketShown(*row[:23], *map(self._moment, row[23:26]))
                for row in self.rows(session, TICKETS.format(condition=condition.replace(" AND ", " AND t.")), key=key)]

    def history(self, session: Session, household_id: int) -> list[HistoryItem]:
        return [HistoryItem(self._moment(at), what, ref, title, kind, state, bool(is_open), number, by, matter, result)
                for at, what, ref, title, kind, state, is_open, number, by, matter, result
                in self.rows(session, HISTORY.format(over=_OVER), home=household_id)]

    def month(self, session: Session, begin: datetime, end: datetime, late: datetime) -> list[tuple[str, str, list[Figure]]]:
        """(queue, day, figures), the means rounded to milliseconds."""
        return [(row[0], str(row[1]), [None if value is None else round(float(value), 3) for value in row[2:]])
                for row in self.rows(session, MONTH.format(**self._words), begin=begin, end=end, late=late)]

    def _given(self, value: Any) -> Any:
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") if self._lite and isinstance(value, datetime) else value

    def _moment(self, value: Any) -> Any:
        return datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(value, str) else value

