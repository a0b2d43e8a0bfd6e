"""Past calls of the line itself, from its call records: the same as a file of calls, for fitting and for simulating again."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.calls.models import CallRow
from crm.calls.record import Outcome
from crm.clocks.calendars import DAY, moment
from crm.simulator.past import DAY_S, Past
from crm.simulator.traces import Trace

MIDNIGHT: Final = datetime.min.time()
GAVE_UP: Final = frozenset({Outcome.ABANDONED.value, Outcome.SHORT_ABANDON.value})


def past_calls(session: Session, first: date, last: date, tz: ZoneInfo) -> Trace:
    """Of these local days, both included. Who left a message, took a callback or was lost is left out: neither answered nor out of
    patience. A call that waits still is left out too. The kind of a call is its queue."""
    begin, end = moment(first, MIDNIGHT, tz), moment(last + timedelta(days=1), MIDNIGHT, tz)
    rows = session.execute(
        select(CallRow.queue, CallRow.queued_at, CallRow.answered_at, CallRow.ended_at, CallRow.wait_s, CallRow.talk_s,
               CallRow.answered_agent, CallRow.outcome)
        .where(CallRow.queued_at >= begin, CallRow.queued_at < end, CallRow.entered_at.is_not(None))
        .order_by(CallRow.queued_at))
    calls, left_out = [], 0
    starts = {first + place * DAY: moment(first + place * DAY, MIDNIGHT, tz) for place in range((last - first).days + 1)}
    for queue, queued_at, answered_at, ended_at, wait_s, talk_s, agent, outcome in rows:
        answered = answered_at is not None
        if (not answered and outcome not in GAVE_UP) or ended_at is None or queue is None or queued_at is None:
            left_out += 1
            continue
        day = queued_at.astimezone(tz).date()
        at = (day - first).days * DAY_S + min((queued_at - starts[day]).total_seconds(), DAY_S - 1)
        wait = wait_s if wait_s is not None else (ended_at - queued_at).total_seconds()
        calls.append(Past(at, max(wait, 0.0), answered, talk_s or 0.0 if answered else 0.0, agent or "" if answered else "", queue,
                          queue=queue))
    return Trace(first, tuple(calls), left_out)
