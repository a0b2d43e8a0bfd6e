"""The comparison job: live against journal against app_queue, each minute and at midnight; what it found is kept a day each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from callcenter.events import AsteriskCounted, Health
from crm.calls.models import CallRow
from crm.database import Database
from crm.reports.compare import IN_FLIGHT, Difference, Feed, Tally, Why, asterisk_and_journal
from crm.reports.hearing import Heard
from crm.reports.models import FigureDifference, QueueTally
from crm.reports.service import day_bounds
from crm.reports.settling import Settling
from crm.reports.sources import AT_ONCE, compared

COUNTERS_HOLD: Final = timedelta(minutes=3)      # what was heard before is no more compared with


def tallies(session: Session, counters: Iterable[AsteriskCounted]) -> dict[tuple[str, str], Tally]:
    """As they were when app_queue said its own: the journal has gone on since."""
    rows = {(row.node, row.name): row for row in session.scalars(select(QueueTally))}
    found: dict[tuple[str, str], Tally] = {}
    for one in counters:
        row = rows.get((one.node, one.name)) or rows.get((one.node, ""))
        found[one.node, one.name] = _at(row, one.at) if row else Tally(None, None)
    return found


def _at(row: QueueTally, moment: datetime) -> Tally:
    counts = {kind: getattr(row, kind) for kind in ("completed", "transferred", "abandoned", "timed_out", "emptied")}
    last_at = None if row.recent else row.last_at
    for seen in row.recent:
        epoch, _, kind = seen.partition(":")
        at = datetime.fromtimestamp(int(epoch), UTC)
        if at > moment and kind in counts:
            counts[kind] -= 1
        if at <= moment + IN_FLIGHT:
            last_at = at
    return Tally(row.since, last_at, **counts)


def compare(session: Session, heard: Heard, settling: Settling, now: datetime,
            short_abandon_s: float) -> tuple[list[Difference], set[str]]:
    """All differences of a day, as they are now, and the calls of it that are settled and need not be heard of any more."""
    live = heard.counted(*settling.day)
    again = {call.call_id for call in live if settling.is_settled(call)}
    live = [call for call in live if call.call_id not in again]
    journal = compared(session, *settling.day, settling.upto, settling.open | {call.call_id for call in live})
    written = {call.call_id: at for call, at in journal}
    unwritten = {call.call_id for call in live} - written.keys()       # or by the journal of another day
    told = heard.ended()
    ended = {call_id: at or told.get(call_id) for call_id, at in (written | _ended(session, unwritten)).items()}
    fresh = [counter for counter in heard.counters() if now - counter.at < COUNTERS_HOLD]
    feed = Feed(heard.began_at, heard.gaps())
    found, done = settling.take(live, [call for call, _ in journal], ended, feed, heard.heard_at, now, short_abandon_s)
    return [*found, *asterisk_and_journal(fresh, tallies(session, fresh))], done | again


def keep(database: Database, day: date, found: list[Difference], now: datetime) -> int:
    """Stores the day's differences in place of those before; how many calls nobody can explain."""
    with database.writing.begin() as session:
        before = {(row.between, row.queue, row.figure, row.rule): row.first_at
                  for row in session.scalars(select(FigureDifference).where(FigureDifference.day == day))}
        session.execute(delete(FigureDifference).where(FigureDifference.day == day))
        session.add_all(FigureDifference(
            day=day, between=one.between, queue=one.queue, figure=one.figure, count=one.count, rule=one.rule,
            example=one.example, last_at=now,
            first_at=before.get((one.between, one.queue, one.figure, one.rule), now)) for one in found)
    return sum(abs(one.count) for one in found if one.rule is Why.UNEXPLAINED)


def differences(session: Session, day: date) -> list[FigureDifference]:
    """Those that nobody can explain first."""
    return list(session.scalars(select(FigureDifference).where(FigureDifference.day == day).order_by(
        FigureDifference.rule, FigureDifference.between, FigureDifference.queue, FigureDifference.figure)))


def _ended(session: Session, call_ids: Iterable[str]) -> dict[str, datetime | None]:
    """By the journal; None also of those that it does not know."""
    ids = sorted(call_ids)
    known: dict[str, datetime | None] = dict.fromkeys(ids)
    for place in range(0, len(ids), AT_ONCE):
        known.update(dict(session.execute(select(CallRow.call_id, CallRow.ended_at).where(
            CallRow.call_id.in_(ids[place:place + AT_ONCE]))).all()))
    return known


class Comparison:
    """The job, of crm's process. A difference is told as a fault when two comparisons one after the other could not explain
    it: one alone may have fallen between two readings."""

    def __init__(self, database: Database, heard: Heard, tz: tzinfo, short_abandon_s: float,
                 report: Callable[[str, Health, str], None]) -> None:
        self._database, self._heard, self._tz, self._report = database, heard, tz, report
        self._short_abandon_s = short_abandon_s
        self._day: date | None = None
        self._settling: Settling | None = None
        self._before = 0

    def look(self, now: datetime) -> None:
        """Compares today and stores what it found; the first time after midnight, yesterday too. Raises SQLAlchemyError."""
        today = now.astimezone(self._tz).date()
        if self._day is None or self._settling is None or self._day != today:
            if self._day and self._settling:
                self._compare(self._day, self._settling, now)
            self._day, self._settling = today, Settling(day_bounds(today, self._tz))
        strange = self._compare(today, self._settling, now)
        fault = min(strange, self._before)
        self._before = strange
        self._report("figures", Health.DEGRADED if fault else Health.OK, f"unexplained={fault}" if fault else "")

    def _compare(self, day: date, settling: Settling, now: datetime) -> int:
        with self._database.reading() as session:
            found, done = compare(session, self._heard, settling, now, self._short_abandon_s)
        strange = keep(self._database, day, found, now)
        self._heard.forget(done)
        return strange
