"""A ticket's clock: what may be done to it, when it warns, is broken and climbs. Pure: time and calendar are passed in.

A clock's steps are in one order: warned, broken, then the rungs of its ladder. `step` counts those that were taken and only ever
goes forwards within a round, so a machine's clock that is set back takes none twice, and one set forwards takes all in turn.
While its calendar never opens a clock runs and nothing becomes due; hours that change plan it anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from crm.clocks.calendars import Calendar, NeverOpenError
from crm.clocks.terms import Terms
from crm.kinds.schema import Rung, Span

NOTHING: Final = timedelta(0)
MOMENT: Final = timedelta(microseconds=1)
WARNED, BROKEN = 1, 2           # values of `step` once taken


class Standing(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"           # waits for the household
    STOPPED = "stopped"


class Act(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    RULE = "rule"               # other terms: a ticket became urgent, another time was agreed


NEXT: Final = {
    (Standing.RUNNING, Act.PAUSE): Standing.PAUSED,
    (Standing.PAUSED, Act.RESUME): Standing.RUNNING,
    (Standing.RUNNING, Act.STOP): Standing.STOPPED,
    (Standing.PAUSED, Act.STOP): Standing.STOPPED,
    (Standing.RUNNING, Act.RULE): Standing.RUNNING,
    (Standing.PAUSED, Act.RULE): Standing.PAUSED,
}


class WrongActError(ValueError):
    """The table has no such move."""


class Did(StrEnum):
    WARNED = "warned"
    BROKEN = "broken"
    CLIMBED = "climbed"


@dataclass(frozen=True)
class Step:
    """Something a clock did: at which moment it was to, and of a rung which one."""

    did: Did
    at: datetime
    round: int
    rung: int | None = None


@dataclass(frozen=True)
class Clock:
    terms: Terms
    started_at: datetime
    allowed: timedelta                   # of the calendar's time
    spent: timedelta = NOTHING           # of it, until `since`; pauses cost nothing
    since: datetime | None = None        # None while it rests
    due_at: datetime | None = None       # None while it rests, unless a time was promised or it is broken; and if it never will be
    standing: Standing = Standing.RUNNING
    step: int = 0
    round: int = 1                       # counts the times that it was warned and broken anew, under other terms
    broken_at: datetime | None = None    # the first time: it was not kept, whatever was agreed later
    ended_at: datetime | None = None

    @property
    def broken(self) -> bool:
        return self.step >= BROKEN


def start(terms: Terms, now: datetime, calendar: Calendar) -> Clock:
    allowed = _allowed(terms, now, calendar)
    due_at = terms.until or _due(calendar, now, allowed)
    return Clock(terms, now, allowed or NOTHING, since=now, due_at=due_at)


def act(clock: Clock, what: Act, now: datetime, calendar: Calendar, terms: Terms | None = None, *,
        told_late: bool = False) -> tuple[Clock, tuple[Step, ...]]:
    """Takes the steps that are due first: what was broken before it was paused or ended stays broken, however late the tick is.
    `terms` goes with RULE; `told_late`: `now` is past, and what broke since then did not (`mended`). Raises WrongActError."""
    standing = NEXT.get((clock.standing, what))
    if standing is None or (terms is None) == (what is Act.RULE):
        raise WrongActError(f"{what} while {clock.standing}")
    clock, steps = at(clock, now, calendar)
    if told_late and what in (Act.PAUSE, Act.STOP):
        clock = mended(clock, now)
    match what:
        case Act.PAUSE:
            clock = _rested(clock, now, calendar)
        case Act.RESUME:
            clock = _resumed(clock, now, calendar)
        case Act.STOP:
            clock = replace(_rested(clock, now, calendar), due_at=clock.due_at, ended_at=now)
        case Act.RULE if terms is not None:
            clock = _ruled(clock, terms, now, calendar)
    clock, more = at(replace(clock, standing=standing), now, calendar)
    return clock, (*steps, *more)


def mended(clock: Clock, now: datetime) -> Clock:
    """It was broken only because nobody had heard yet that it had been paused or ended before (`now`): an engineer without a
    network was on site in time. Then it was not broken; what was told was told, and should it break yet, that is a new round."""
    if clock.broken_at is None or clock.broken_at <= now:
        return clock
    return replace(clock, broken_at=None, step=0, round=clock.round + 1)


def at(clock: Clock, now: datetime, calendar: Calendar) -> tuple[Clock, tuple[Step, ...]]:
    """The steps that are due by now, in their order."""
    steps: list[Step] = []
    while (when := next_at(clock, calendar)) is not None and when <= now:
        rung = clock.step - BROKEN
        did = (Did.WARNED, Did.BROKEN)[clock.step] if rung < 0 else Did.CLIMBED
        steps.append(Step(did, when, clock.round, rung if rung >= 0 else None))
        clock = replace(clock, step=clock.step + 1)
        if did is Did.BROKEN and clock.broken_at is None:
            clock = replace(clock, broken_at=when)
    return clock, tuple(steps)


def next_at(clock: Clock, calendar: Calendar) -> datetime | None:
    """The moment of its next step; None when it rests or has none."""
    if clock.standing is not Standing.RUNNING or clock.since is None or clock.due_at is None:
        return None
    if clock.step == 0:
        return min(clock.due_at, _reached(clock, clock.allowed * clock.terms.warn, calendar) or clock.due_at)
    if clock.step == WARNED:
        return clock.due_at
    rungs = clock.terms.ladder[:clock.step - BROKEN + 1]
    if len(rungs) <= clock.step - BROKEN:
        return None
    moments = [_rung_at(clock, rung, clock.due_at, calendar) for rung in rungs]
    return None if None in moments else max(moment for moment in moments if moment)


def _rung_at(clock: Clock, rung: Rung, due_at: datetime, calendar: Calendar) -> datetime | None:
    """So long after it was due, of time in which it ran."""
    after = _due(calendar, due_at, rung.after)
    if clock.terms.until is not None or after is None:
        return after
    reached = _reached(clock, clock.allowed + calendar.worked(due_at, after), calendar)
    return reached and max(due_at, reached)


def _reached(clock: Clock, spent: timedelta, calendar: Calendar) -> datetime | None:
    """When so much will have been spent; since it runs, when it was before."""
    assert clock.since is not None
    return _due(calendar, clock.since, max(spent - clock.spent, NOTHING))


def _due(calendar: Calendar, start: datetime, span: Span | timedelta | None) -> datetime | None:
    """None: never, while the office has no hours (or nobody can say how much is allowed)."""
    if span is None:
        return None
    try:
        return calendar.due(start, span)
    except NeverOpenError:
        return None


def _allowed(terms: Terms, start: datetime, calendar: Calendar) -> timedelta | None:
    """None: working days of an office that never opens."""
    if terms.until is not None:
        return calendar.worked(start, terms.until)
    span = terms.span or Span()
    if not span.working_days:
        return span.length
    due_at = _due(calendar, start, span)
    if due_at is None or _due(calendar, start, MOMENT) is None:
        return None
    return calendar.worked(start, due_at)


def _rested(clock: Clock, now: datetime, calendar: Calendar) -> Clock:
    """A promised time is not moved by a pause: the caller was told it."""
    if clock.terms.until is not None or clock.since is None:
        return clock
    spent = clock.spent + calendar.worked(clock.since, now)
    return replace(clock, spent=spent, since=None, due_at=clock.due_at if clock.broken else None)


def _resumed(clock: Clock, now: datetime, calendar: Calendar) -> Clock:
    if clock.terms.until is not None:
        return clock
    allowed = clock.allowed or _allowed(clock.terms, clock.started_at, calendar)     # could not be said before
    due_at = clock.due_at if clock.broken else _due(calendar, now, _left(allowed, clock.spent))
    return replace(clock, allowed=allowed or NOTHING, since=now, due_at=due_at)


def _left(allowed: timedelta | None, spent: timedelta) -> timedelta | None:
    return None if allowed is None else max(allowed - spent, NOTHING)


def _ruled(clock: Clock, terms: Terms, now: datetime, calendar: Calendar) -> Clock:
    """The allowed time changes, the spent time stays; what is due again later warns and breaks again, in a new round."""
    if terms.until is not None:
        if clock.broken and terms.until <= now:
            return replace(clock, terms=terms)
        ruled = replace(clock, terms=terms, allowed=calendar.worked(now, terms.until), spent=NOTHING, since=now,
                        due_at=terms.until)
        return _anew(clock, ruled, later=terms.until > now)
    spent = clock.spent + (calendar.worked(clock.since, now) if clock.since else NOTHING)
    allowed = _allowed(terms, clock.started_at, calendar)
    if clock.broken and (allowed is None or allowed <= spent):
        return replace(clock, terms=terms)
    runs = clock.standing is Standing.RUNNING
    if allowed is None:
        return replace(clock, terms=terms, allowed=NOTHING, spent=spent, since=now if runs else None, due_at=None)
    allowed = max(allowed, spent)     # no time is left: it is due now, and its ladder begins now
    ruled = replace(clock, terms=terms, allowed=allowed, spent=spent, since=now if runs else None,
                    due_at=_due(calendar, now, allowed - spent) if runs else None)
    return _anew(clock, ruled, later=allowed > spent, warned=allowed * terms.warn <= spent)


def _anew(before: Clock, ruled: Clock, *, later: bool, warned: bool = False) -> Clock:
    if before.broken:
        return replace(ruled, step=0, round=before.round + 1) if later else ruled
    again = before.step == WARNED and later and not warned
    return replace(ruled, step=0, round=before.round + 1) if again else ruled


def planned(clock: Clock, calendar: Calendar) -> Clock:
    """Under changed office hours: what was spent before its last pause stays, what it runs since is counted by the new ones."""
    if clock.broken or clock.since is None or clock.terms.until is not None:
        return clock
    allowed: timedelta | None = clock.allowed
    if clock.terms.span is not None and clock.terms.span.working_days:
        allowed = _allowed(clock.terms, clock.started_at, calendar)
    if allowed is None:
        return replace(clock, due_at=None)
    allowed = max(allowed, clock.spent)
    return replace(clock, allowed=allowed, due_at=_due(calendar, clock.since, allowed - clock.spent))
