"""What the database says of the last minutes, and of a surge so far: by one query on time each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from callcenter.site.surge import SurgePolicy
from crm.reports.figures import Rules
from crm.reports.sources import queued, read_calls
from crm.surge.readings import Lately, Tally, longest_window, tally

Expected = Callable[[Session, datetime, datetime], float | None]
"""How many calls were forecast to enter a queue between two moments; None when nobody can say."""

_SOON = timedelta(seconds=5)     # a journal's clock that goes before ours


def lately(session: Session, policy: SurgePolicy, expected: Expected | None, now: datetime) -> Lately:
    calls = read_calls(session, queued(now - longest_window(policy), now + _SOON), {})
    wanted = expected is not None and policy.arrivals.enabled
    begin = now - timedelta(seconds=policy.arrivals.window)
    return Lately(calls, expected(session, begin, now) if wanted and expected is not None else None)


def tally_since(session: Session, since: datetime, now: datetime, rules: Rules) -> Tally:
    return tally(read_calls(session, queued(since, now + _SOON), {}), rules)
