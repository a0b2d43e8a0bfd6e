"""Figures of a day, from the call records."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.events import Figures
from callcenter.site import Site
from crm.calls.models import CallRow
from crm.calls.record import Outcome
from crm.reports.figures import Counted, Limits, figures_of


def day_bounds(day: date, tz: tzinfo) -> tuple[datetime, datetime]:
    """The local day's beginning and end in UTC; 23 or 25 hours where the clock changes."""
    begin, end = (datetime.combine(which, time(), tz).astimezone(UTC) for which in (day, day + timedelta(days=1)))
    return begin, end


def counted_on(session: Session, day: date, tz: tzinfo) -> list[Counted]:
    """Calls by the day on which they entered a queue."""
    begin, end = day_bounds(day, tz)
    rows = session.execute(
        select(CallRow.queue, CallRow.queued_at, CallRow.outcome, CallRow.rang_at, CallRow.answered_at, CallRow.wait_s,
               CallRow.talk_s, CallRow.stage)
        .where(CallRow.queued_at >= begin, CallRow.queued_at < end, CallRow.entered_at.is_not(None)))
    return [Counted(queue or "", queued_at, Outcome(outcome) if outcome else None, rang_at, answered_at, wait_s, talk_s,
                    stage)
            for queue, queued_at, outcome, rang_at, answered_at, wait_s, talk_s, stage in rows if queued_at]


def day_figures(session: Session, day: date, tz: tzinfo, site: Site) -> list[Figures]:
    """One for each queue of the site file, in its order."""
    calls = counted_on(session, day, tz)
    two_rings = site.ring.seconds * site.ring.answer_within
    return [figures_of(queue.id, calls, Limits(two_rings, queue.service_level, queue.wrapup)) for queue in site.queues]
