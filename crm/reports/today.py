"""Today's figures of every queue, again and again: what cannot change any more of the day is kept as sums, so that a look
costs what happened lately, not what happened today."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.events import AgentState, Figures
from callcenter.site import Site
from crm.agentlog.models import AgentStateRow
from crm.calls.models import CallRow
from crm.reports.service import day_bounds, rules_of
from crm.reports.sources import AT_WORK, LONGEST_CALL, visited_by_call
from crm.reports.sums import Sums, sums_of

HELD_BACK: Final = timedelta(minutes=5)      # so long after a call's end the journal may still tell of it


class Today:
    """Calls that entered a queue before `upto` are in the sums, and nothing before it goes on."""

    def __init__(self, site: Site, tz: tzinfo) -> None:
        self._site, self._tz = site, tz
        self._rules = rules_of(site)
        self._day: date | None = None            # None: to be counted from its beginning
        self._upto = datetime.min.replace(tzinfo=UTC)
        self._sums: dict[str, Sums] = {}

    def touched(self, queued_at: datetime | None) -> None:
        """The journal told more of a call that entered a queue then: if that was settled, all is counted anew."""
        if queued_at is not None and self._day is not None and queued_at < self._upto:
            self._day = None

    def look(self, session: Session, day: date, now: datetime, read_until: datetime | None) -> list[Figures]:
        """As `service.day_figures`, in the site file's order. `read_until`: all that was journalled by then is written."""
        begin, end = day_bounds(day, self._tz)
        if day != self._day:
            self._day, self._upto, self._sums = day, begin - LONGEST_CALL, {queue.id: Sums() for queue in self._site.queues}
        settled = self._settled(session, begin, end, min(now, read_until)) if read_until else self._upto
        calls = [(queued_at < settled, [visit for visit in visits if begin <= visit.queued_at < end]) for queued_at, visits in
                 visited_by_call(session, self._upto, end, self._site.limits.short_abandon, min(now, end))]
        found: list[Figures] = []
        for queue in self._site.queues:
            limits = self._rules.of(queue.id)
            self._sums[queue.id] += sums_of(queue.id, [visit for over, visits in calls if over for visit in visits], limits)
            rest = sums_of(queue.id, [visit for over, visits in calls if not over for visit in visits], limits)
            found.append((self._sums[queue.id] + rest).figures(queue.id))
        self._upto = settled
        return found

    def _settled(self, session: Session, begin: datetime, end: datetime, known: datetime) -> datetime:
        """Before this all calls are over for a while, and so is the agents' work for them."""
        since = self._upto
        goes_on = session.scalar(select(func.min(CallRow.queued_at)).where(
            CallRow.queued_at >= since, CallRow.queued_at < end, CallRow.entered_at.is_not(None),
            CallRow.ended_at.is_(None) | (CallRow.ended_at > known - HELD_BACK)))
        at_work = session.execute(
            select(AgentStateRow.call_id, AgentStateRow.state, AgentStateRow.began_at, CallRow.queued_at)
            .outerjoin(CallRow, CallRow.call_id == AgentStateRow.call_id)
            .where(AgentStateRow.ended_at.is_(None), AgentStateRow.state.in_(sorted(AT_WORK))))
        # What is no call of a queue counts for none; a wrap-up that names no call is that of the agent's last one.
        begins = [queued_at or began_at - LONGEST_CALL for call_id, state, began_at, queued_at in at_work
                  if queued_at or (call_id is None and state == AgentState.WRAPUP)]
        holds = [at for at in begins if at >= begin - LONGEST_CALL]      # an older one's call is not of this day
        return max(since, min([known - HELD_BACK, end, *holds, *([goes_on] if goes_on else [])]))
