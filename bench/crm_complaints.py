"""The monthly report of complaints beside SQL written by hand for the same figures: a month by kind, category, cause and estate,
and the six months before it.

The SQL knows what the bench's complaints are like, as its author would: one kind, two levels of categories, never opened again.
"""

from __future__ import annotations

from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from crm_by_hand import Hand
from crm_fill import NOW
from sqlalchemy.orm import Session

from crm.complaints.report import TREND, Asked, report
from crm.staff.actor import Actor

MONTH: Final = Asked(2026, 5)
_WITHIN: Final = timedelta(days=90)
_EDGES: Final = tuple(f"edge{letter}" for letter in "abcdefgh")      # of the months, oldest first
_SORT: Final = {"sqlite": "CASE WHEN instr(category, '/') > 0 THEN substr(category, 1, instr(category, '/') - 1) ELSE category END",
                "postgresql": "split_part(category, '/', 1)"}
_DAYS: Final = {"sqlite": "julianday(created_at) - julianday(lag(created_at) OVER same) <= 90",
                "postgresql": "created_at - lag(created_at) OVER same <= interval '90 days'"}

REPORT: Final = """
WITH months (month, begins, ends) AS (VALUES {months}), complaints AS MATERIALIZED (
  SELECT id, kind, category, estate_id, created_at, fields ->> 'cause' AS cause, fields ->> 'validity' AS validity, {sort} AS sort,
    CASE WHEN household_id IS NOT NULL AND category IS NOT NULL AND {days} THEN 1 ELSE 0 END AS repeats
  FROM tickets WHERE kind = 'complaint' AND created_at >= :since AND created_at < :edgeh
  WINDOW same AS (PARTITION BY household_id, {sort} ORDER BY created_at, id)
), told AS MATERIALIZED (
  SELECT m.month, m.ends, c.*, {ended}
  FROM complaints c JOIN months m ON c.created_at >= m.begins AND c.created_at < m.ends {joined}
), every AS MATERIALIZED (
  SELECT told.*, CASE WHEN handled_at < ends THEN 1 ELSE 0 END AS handled,
    CASE WHEN withdrawn_at < ends AND (handled_at IS NULL OR handled_at >= ends) THEN 1 ELSE 0 END AS withdrawn FROM told
), this AS (SELECT * FROM every WHERE month = :month)
{parts}"""
# SQLite finds the moves and clocks of a ticket by their index, one by one; PostgreSQL is quicker when it joins all of them at once.
_ENDED: Final = {
    "sqlite": """
  (SELECT MIN(e.at) FROM ticket_events e WHERE e.ticket_id = c.id AND e.what = 'moved' AND e.data ->> 'to' IN ('replied', 'closed'))
    AS handled_at,
  (SELECT MAX(e.at) FROM ticket_events e WHERE e.ticket_id = c.id AND e.what = 'moved' AND e.data ->> 'to' = 'withdrawn')
    AS withdrawn_at,
  (SELECT MIN(k.kept) FROM ticket_clocks k WHERE k.ticket_id = c.id AND k.kept IS NOT NULL AND k.ended_at < m.ends) AS timely""",
    "postgresql": "v.handled_at, v.withdrawn_at, k.timely"}
_JOINED: Final = {"sqlite": "", "postgresql": """
  LEFT JOIN (SELECT e.ticket_id, MIN(CASE WHEN e.data ->> 'to' IN ('replied', 'closed') THEN e.at END) AS handled_at,
    MAX(CASE WHEN e.data ->> 'to' = 'withdrawn' THEN e.at END) AS withdrawn_at
    FROM complaints c JOIN ticket_events e ON e.ticket_id = c.id WHERE e.what = 'moved' AND c.created_at >= :edgea
    GROUP BY e.ticket_id) v ON v.ticket_id = c.id
  LEFT JOIN (SELECT c.id AS ticket_id, MIN(CASE WHEN k.kept THEN 1 ELSE 0 END) AS timely
    FROM complaints c JOIN months m ON c.created_at >= m.begins AND c.created_at < m.ends
    JOIN ticket_clocks k ON k.ticket_id = c.id WHERE k.kept IS NOT NULL AND k.ended_at < m.ends
    GROUP BY c.id) k ON k.ticket_id = c.id"""}
_PARTS: Final = (("trend", "month", "every"), ("kind", "kind", "this"), ("category", "sort", "this"),
                 ("category", "category", "this WHERE category <> sort"), ("cause", "cause", "this"),
                 ("estate", "CAST(estate_id AS VARCHAR)", "this"))
_PART: Final = """SELECT '{name}', {key}, COUNT(*), SUM(handled), SUM(1 - handled - withdrawn), SUM(withdrawn), COUNT(timely),
  COALESCE(SUM(timely), 0), COALESCE(SUM(1 - timely), 0), SUM(repeats), SUM(CASE WHEN validity = 'valid' THEN 1 ELSE 0 END),
  SUM(CASE WHEN validity = 'partly' THEN 1 ELSE 0 END), SUM(CASE WHEN validity = 'invalid' THEN 1 ELSE 0 END)
  FROM {source} GROUP BY {key}"""
Row = tuple[Any, ...]


class Complaints:
    """Both ways give (part, key, its figures), in one order."""

    def __init__(self, hand: Hand, dialect: str, boss: Actor, tz: ZoneInfo) -> None:
        self._hand, self._boss, self._tz = hand, boss, tz
        edges = [_begin(back, tz) for back in range(TREND, -2, -1)]
        names = [f"{begins.astimezone(tz):%Y-%m}" for begins in edges[:-1]]
        self._given = dict(zip(_EDGES, edges, strict=True)) | {"since": edges[0] - _WITHIN, "month": names[-1]}
        self._sql = REPORT.format(
            sort=_SORT[dialect], days=_DAYS[dialect], ended=_ENDED[dialect], joined=_JOINED[dialect],
            months=", ".join(f"('{name}', :{_EDGES[at]}, :{_EDGES[at + 1]})" for at, name in enumerate(names)),
            parts=" UNION ALL ".join(_PART.format(name=name, key=key, source=source) for name, key, source in _PARTS))

    def ours(self, session: Session) -> list[Row]:
        made = report(session, self._boss, MONTH, NOW, self._tz)
        parts = {"kind": made.by_kind, "category": made.by_category, "cause": made.by_cause, "estate": made.by_estate}
        return _ordered([*(("trend", row.month, *astuple(row.counts)[:-2]) for row in made.trend),
                         *((name, row.key, *astuple(row.counts)[:-2]) for name, rows in parts.items() for row in rows)])

    def by_hand(self, session: Session) -> list[Row]:
        return _ordered([tuple(row) for row in self._hand.rows(session, self._sql, **self._given)])


def _ordered(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row[0], row[1] or ""))


def _begin(months_before: int, tz: ZoneInfo) -> datetime:
    months = MONTH.year * 12 + MONTH.month - 1 - months_before
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=tz).astimezone(UTC)

