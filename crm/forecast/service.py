"""Forecasts made, kept and compared with what came. Callers commit.

`forecast_intervals` is history and forecast in one: what came is counted once when a half hour is over, so a forecast reads
48 rows a day and queue, and no calls. A day's forecast may change until the day begins, never after: its error is honest.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from callcenter.site import Site
from crm.calls.models import CallRow
from crm.calls.record import Outcome
from crm.clocks.calendars import DAY, Days, moment
from crm.forecast.arrivals import A_DAY, STEP_S, Expected, Missed, PastDay, forecast, kind_of, missed
from crm.forecast.models import ForecastInterval, QueuePace

STEP: Final = timedelta(seconds=STEP_S)
COUNTED_AFTER: Final = timedelta(minutes=2)      # the journal is read by then
PRIOR_CALLS: Final = 5                           # as crm's live estimate begins: three minutes to handle, three of patience
PRIOR_S: Final = 180.0
LATELY: Final = timedelta(hours=1)
LATELY_LEAST: Final = timedelta(minutes=10)
DAYS_AT_ONCE: Final = 7                          # of history, in one transaction


@dataclass(frozen=True)
class IntervalShown:
    queue: str
    begins_at: datetime
    expected: float | None
    low: int | None
    high: int | None
    came: int | None


def days_of(site: Site) -> Days:
    return Days(site.schedule)


def day_begins(day: date, tz: ZoneInfo) -> list[datetime]:
    """Every half hour of a local day; one of 23 or 25 hours has as many."""
    begin, end = moment(day, time(0), tz), moment(day + DAY, time(0), tz)
    return [begin + place * STEP for place in range(round((end - begin) / STEP))]


# --- what came --------------------------------------------------------------------------------------------------------------

def count(session: Session, site: Site, now: datetime) -> int:
    """Counts what came in the half hours that are over, of up to a week's days and of today; in how many of the days there was
    something to count, 0: nothing is missing. (Of yesterday the last half hour is, until the journal has been read.)

    Of days before a queue was the site's there are no rows: nobody could call it."""
    tz = ZoneInfo(site.timezone)
    today = now.astimezone(tz).date()
    first = today - site.forecasts.history_days * DAY
    queues = [queue.id for queue in site.queues]
    known: dict[date, bool] = {}
    for day, came in session.execute(
            select(ForecastInterval.day, func.count(ForecastInterval.came))
            .where(ForecastInterval.day >= first, ForecastInterval.day < today, ForecastInterval.queue.in_(queues))
            .group_by(ForecastInterval.day, ForecastInterval.queue)):
        known[day] = known.get(day, True) and came >= len(day_begins(day, tz))
    begun = session.scalar(select(func.min(CallRow.queued_at)))
    if begun is None:
        return 0
    first = max(first, begun.astimezone(tz).date())
    missing = [day for place in range((today - first).days) if not known.get(day := first + place * DAY)]
    counted = sum(_count_day(session, day, queues, tz, now) for day in missing[:DAYS_AT_ONCE])
    _count_day(session, today, queues, tz, now)
    return counted


def _count_day(session: Session, day: date, queues: Sequence[str], tz: ZoneInfo, now: datetime) -> bool:
    """Whether there was something to count."""
    starts = [start for start in day_begins(day, tz) if start + STEP + COUNTED_AFTER <= now]
    rows = {(row.queue, row.begins_at): row for row in session.scalars(select(ForecastInterval).where(ForecastInterval.day == day))}
    due = [start for start in starts if any((row := rows.get((queue, start))) is None or row.came is None for queue in queues)]
    if not due:
        return False
    counts: dict[tuple[str, datetime], int] = defaultdict(int)
    first = due[0]
    for queue, at in session.execute(select(CallRow.queue, CallRow.queued_at).where(
            CallRow.queued_at >= first, CallRow.queued_at < due[-1] + STEP, CallRow.entered_at.is_not(None))):
        if queue is not None and at is not None:
            counts[queue, first + (at - first) // STEP * STEP] += 1
    for queue in queues:
        for start in due:
            row = rows.get((queue, start))
            if row is None:
                session.add(ForecastInterval(queue=queue, begins_at=start, day=day, came=counts[queue, start]))
            elif row.came is None:
                row.came = counts[queue, start]
    session.flush()
    return True


# --- forecasts ----------------------------------------------------------------------------------------------------------------

def make(session: Session, site: Site, now: datetime) -> int:
    """Forecasts the days to come anew from all days that are over, and today if nobody has yet; how many queues have one."""
    tz, days = ZoneInfo(site.timezone), days_of(site)
    today = now.astimezone(tz).date()
    past = _history(session, today - site.forecasts.history_days * DAY, today, days, tz)
    made = 0
    for queue in (queue.id for queue in site.queues):
        history = past.get(queue, [])
        if not any(sum(day.counts) for day in history):
            continue
        made += 1
        for place in range(site.forecasts.ahead_days + 1):
            _make_day(session, queue, today + place * DAY, history, days, tz, now, fixed=place == 0)
    _learn_pace(session, site, now)
    session.flush()
    return made


def _make_day(session: Session, queue: str, day: date, history: Sequence[PastDay], days: Days, tz: ZoneInfo, now: datetime, *,
              fixed: bool) -> None:
    rows = {row.begins_at: row for row in session.scalars(
        select(ForecastInterval).where(ForecastInterval.queue == queue, ForecastInterval.day == day))}
    if fixed and any(row.made_at is not None for row in rows.values()):
        return
    found = forecast(history, day, kind_of(day, days))
    if found is None:
        return
    for place, start in enumerate(day_begins(day, tz)):
        if start < now and fixed and start in rows:
            continue                 # it is over: a forecast that knew the morning would flatter itself
        expected = found.intervals[min(place, A_DAY - 1)]
        row = rows.get(start)
        if row is None:
            row = ForecastInterval(queue=queue, begins_at=start, day=day)
            session.add(row)
        row.made_at, row.expected, row.low, row.high = now, expected.mean, expected.low, expected.high


def _history(session: Session, first: date, before: date, days: Days, tz: ZoneInfo) -> dict[str, list[PastDay]]:
    """By queue; days of which every half hour is counted. Of a day with 25 hours the last one is added to the one before."""
    counts: dict[tuple[str, date], list[int]] = {}
    halves: Counter[tuple[str, date]] = Counter()
    for queue, begins_at, day, came in session.execute(
            select(ForecastInterval.queue, ForecastInterval.begins_at, ForecastInterval.day, ForecastInterval.came)
            .where(ForecastInterval.day >= first, ForecastInterval.day < before, ForecastInterval.came.is_not(None))):
        halves[queue, day] += 1
        place = min(int((begins_at - moment(day, time(0), tz)) / STEP), A_DAY - 1)
        counts.setdefault((queue, day), [0] * A_DAY)[place] += came or 0
    found: dict[str, list[PastDay]] = defaultdict(list)
    for (queue, day), mine in sorted(counts.items(), key=lambda item: item[0][1]):
        if halves[queue, day] >= len(day_begins(day, tz)):
            found[queue].append(PastDay(day, kind_of(day, days), tuple(mine)))
    return found


def _learn_pace(session: Session, site: Site, now: datetime) -> None:
    """One query by the index on (queue, queued_at). Patience: all the time that was waited ÷ callers who gave up."""
    since = now - timedelta(days=site.forecasts.history_days)
    gave_up = CallRow.outcome.in_([Outcome.ABANDONED.value, Outcome.SHORT_ABANDON.value])
    rows = session.execute(
        select(CallRow.queue, func.count(CallRow.talk_s), func.sum(CallRow.talk_s), func.sum(case((gave_up, 1), else_=0)),
               func.sum(CallRow.wait_s))
        .where(CallRow.queued_at >= since, CallRow.queued_at < now, CallRow.entered_at.is_not(None), CallRow.queue.is_not(None))
        .group_by(CallRow.queue))
    wrapups = {queue.id: float(queue.wrapup) for queue in site.queues}
    for queue, calls, talk_s, gone, waited_s in rows:
        if queue not in wrapups:
            continue
        row = session.get(QueuePace, queue) or QueuePace(queue=queue)
        row.made_at, row.calls, row.gave_up = now, calls, int(gone or 0)
        row.handling_s = (float(talk_s or 0) + calls * wrapups[queue] + PRIOR_CALLS * PRIOR_S) / (calls + PRIOR_CALLS)
        row.patience_s = (float(waited_s or 0) + PRIOR_CALLS * PRIOR_S) / (row.gave_up + PRIOR_CALLS)
        session.add(row)


# --- asked for --------------------------------------------------------------------------------------------------------------

def intervals(session: Session, begin: datetime, end: datetime, queue: str | None = None) -> list[IntervalShown]:
    """Those that begin in the time, by time and queue."""
    query = select(ForecastInterval).where(ForecastInterval.begins_at >= begin, ForecastInterval.begins_at < end)
    if queue is not None:
        query = query.where(ForecastInterval.queue == queue)
    return [IntervalShown(row.queue, row.begins_at, row.expected, row.low, row.high, row.came)
            for row in session.scalars(query.order_by(ForecastInterval.begins_at, ForecastInterval.queue))]


def error_of(found: Iterable[IntervalShown]) -> Missed:
    """Of the intervals that are over and had a forecast."""
    return missed([(Expected(one.expected, one.low, one.high), one.came) for one in found
                   if one.expected is not None and one.low is not None and one.high is not None and one.came is not None])


def arrivals_expected(session: Session, begin: datetime, end: datetime, queues: Sequence[str] | None = None) -> float | None:
    """Calls that were forecast for the time, of all queues or of these; None when nothing was forecast for a part of it. For a
    surge's ratio (`crm.surge.lately.Expected`): one read by the index, a handful of rows."""
    query = select(ForecastInterval.begins_at, ForecastInterval.expected).where(
        ForecastInterval.begins_at > begin - STEP, ForecastInterval.begins_at < end, ForecastInterval.expected.is_not(None))
    if queues is not None:
        query = query.where(ForecastInterval.queue.in_(queues))
    total, covered = 0.0, set()
    for begins_at, expected in session.execute(query):
        assert expected is not None
        part = (min(end, begins_at + STEP) - max(begin, begins_at)) / STEP
        total += (expected or 0.0) * part
        covered.add(begins_at)
    whole = sum(((min(end, one + STEP) - max(begin, one)) for one in covered), timedelta(0))
    return total if whole >= end - begin else None


def paces(session: Session) -> Mapping[str, QueuePace]:
    return {row.queue: row for row in session.scalars(select(QueuePace))}


def came_lately(session: Session, now: datetime) -> Mapping[str, float]:
    """Calls in half an hour, by queue, as in the last hour; of a line that is younger, as since its first call."""
    since = now - LATELY
    rows = session.execute(select(CallRow.queue, func.count(), func.min(CallRow.queued_at)).where(
        CallRow.queued_at >= since, CallRow.queued_at < now, CallRow.entered_at.is_not(None), CallRow.queue.is_not(None))
        .group_by(CallRow.queue)).all()
    is_young = session.scalar(select(CallRow.call_id).where(CallRow.queued_at < since).limit(1)) is None
    first = min((at for _, _, at in rows if at), default=now) if is_young else since
    seen = max(now - first, LATELY_LEAST)
    return {queue: calls * (STEP / seen) for queue, calls, _ in rows if queue}
