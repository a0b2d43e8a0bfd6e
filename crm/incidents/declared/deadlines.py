"""When the written report is due (H7). Pure: the moment and the time zone are passed in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from callcenter.site.incidents import ReportWindow


def report_due(happened: datetime, windows: Sequence[ReportWindow], tz: tzinfo) -> datetime:
    """The next `due` after it happened, of the window in which that was: happened 09:00-13:00 → 18:00 that day, 13:00-18:00 → 09:00
    the next day, 18:00-09:00 → the next 12:00. Holidays change nothing. A window has its beginning and not its end; the last one
    that fits counts where several do. The site file's windows leave no gap (callcenter/site/incidents.py). UTC."""
    local = happened.astimezone(tz)
    window = next(one for one in reversed(windows) if one.has(local.time()))
    day = local.date()
    while True:
        due = datetime.combine(day, window.due, tz).astimezone(UTC)
        if due > happened:
            return due
        day += timedelta(days=1)
