"""Figures of a day and of any time, and the calls behind one, from the call records and the agent log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from sqlalchemy.orm import Session

from callcenter.errors import Conflict
from callcenter.events import Figures
from callcenter.site import Site
from crm.reports.figures import Counted, Limits, Rules, figures_of
from crm.reports.slices import By, FigureRow, Interval, calls_behind, edges, rows
from crm.reports.sources import sources, teams, visited
from crm.reports.summed import queue_rows

MOST_INTERVALS = 3_000       # a quarter of an hour for a month
MOST_DAYS_READ = 400         # of what reads every call by itself: a year and some, as reports


class TooLong(Conflict):
    """More intervals than one answer holds, or more days than are read call by call."""

    code = "range_too_long"
    status = 422


@dataclass(frozen=True)
class Asked:
    """Whole local days, the last included. `key` leaves only one queue, agent, team or estate."""

    by: By
    first: date
    last: date
    interval: Interval = Interval.DAY
    key: str | None = None


def day_bounds(day: date, tz: tzinfo) -> tuple[datetime, datetime]:
    """The local day's beginning and end in UTC; 23 or 25 hours where the clock changes."""
    begin, end = (datetime.combine(which, time(), tz).astimezone(UTC) for which in (day, day + timedelta(days=1)))
    return begin, end


def rules_of(site: Site) -> Rules:
    two_rings = site.ring.seconds * site.ring.answer_within
    of = {queue.id: Limits(two_rings, queue.service_level, queue.wrapup) for queue in site.queues}
    return Rules(next(iter(of.values())), of, site.ring.seconds)


def day_figures(session: Session, day: date, tz: tzinfo, site: Site, now: datetime) -> list[Figures]:
    """One for each queue of the site file, in its order. `crm.reports.today` has the same at less cost."""
    calls = visited(session, *day_bounds(day, tz), site.limits.short_abandon, now)
    rules = rules_of(site)
    return [figures_of(queue.id, calls, rules.of(queue.id)) for queue in site.queues]


def figure_rows(session: Session, asked: Asked, tz: tzinfo, site: Site, now: datetime) -> list[FigureRow]:
    """Raises TooLong. Nothing for intervals in which nothing happened."""
    if asked.by is not By.QUEUE:
        return figure_rows_one_by_one(session, asked, tz, site, now)
    return [row for row in queue_rows(session, site, _edges(asked, tz), rules_of(site), now) if asked.key in (None, row.key)]


def figure_rows_one_by_one(session: Session, asked: Asked, tz: tzinfo, site: Site, now: datetime) -> list[FigureRow]:
    """As `figure_rows`, every call read and counted by itself: what the sums are held against."""
    readable(asked.first, asked.last)
    at = _edges(asked, tz)
    found = rows(asked.by, sources(session, site, at[0], at[-1], now), at, rules_of(site), teams(session))
    return [row for row in found if asked.key in (None, row.key)]


def calls_of_figure(session: Session, asked: Asked, key: str, figure: str, tz: tzinfo, site: Site,
                    now: datetime) -> list[Counted]:
    """The calls that make up a figure, oldest first. Raises KeyError for a figure that counts no calls, and TooLong."""
    readable(asked.first, asked.last)
    at = _edges(asked, tz)
    found = sources(session, site, at[0], at[-1], now)
    behind = calls_behind(asked.by, key, figure, found.counted(asked.by), rules_of(site), teams(session))
    return sorted(behind, key=lambda call: (call.queued_at, call.call_id))


def readable(first: date, last: date) -> None:
    """Raises TooLong: an agent who asks for ten years of their calls must not have the dashboard hold all of everybody's."""
    if not 0 <= (last - first).days < MOST_DAYS_READ:
        raise TooLong


def _edges(asked: Asked, tz: tzinfo) -> list[datetime]:
    if not 0 <= (asked.last - asked.first).days <= MOST_INTERVALS:
        raise TooLong
    at = edges(asked.first, asked.last, asked.interval, lambda day: day_bounds(day, tz)[0])
    if len(at) > MOST_INTERVALS + 1:
        raise TooLong
    return at
