"""Holds figures of different sources against each other and says why they differ. Pure.

Live (what acd said on the bus), journal (what the recorder wrote) and app_queue's own counters. The journal is right; a
difference that no rule explains is a fault of somebody's, and shown as one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from callcenter.events import AsteriskCounted
from crm.calls.record import Outcome
from crm.reports.figures import Counted
from crm.reports.live import Gap

SETTLES: Final = timedelta(seconds=60)       # so long after its end both sources may still be writing of a call
CUT_OFF: Final = 1.5                         # s by which a time in whole seconds may be off
IN_FLIGHT: Final = timedelta(seconds=3)
SAME_START: Final = timedelta(seconds=120)


class Why(StrEnum):
    """Rules that explain a difference; the pages have the words."""

    UNEXPLAINED = ""
    OPEN = "open"                            # the call goes on, or was over just now
    LIVE_BEGAN_LATER = "live_began_later"
    LIVE_INTERRUPTED = "live_interrupted"    # acd or the bus was away
    ASTERISK_RESTARTED = "asterisk_restarted"
    WHOLE_SECONDS = "whole_seconds"          # queue_log has no fractions: around the short-abandon limit
    NOBODY_THERE = "nobody_there"            # offered, and app_queue never saw it
    TRANSFERRED = "transferred"              # into another queue: the journal counts the first
    MIDNIGHT = "midnight"
    NEXT_STAGE = "next_stage"                # app_queue's "abandoned": moved on by EXITWITHTIMEOUT
    LEFT_EMPTY = "left_empty"                # … or by EXITEMPTY
    IN_FLIGHT = "in_flight"                  # counted between the two readings


class Between(StrEnum):
    LIVE_JOURNAL = "live_journal"
    ASTERISK_JOURNAL = "asterisk_journal"


@dataclass(frozen=True)
class Difference:
    """`count` calls; `figure` is what they are by the first source and by the second: `answered>abandoned`."""

    between: Between
    queue: str
    figure: str
    count: int
    rule: Why
    example: str | None = None


@dataclass(frozen=True)
class Feed:
    """How well the live source could hear."""

    began_at: datetime | None
    gaps: Sequence[Gap] = ()


@dataclass(frozen=True)
class Tally:
    """app_queue's entries in the journal, of one queue, since Asterisk's start."""

    since: datetime | None
    last_at: datetime | None
    completed: int = 0
    transferred: int = 0
    abandoned: int = 0
    timed_out: int = 0
    emptied: int = 0


@dataclass(frozen=True, slots=True)
class Ended:
    """When a call ended, by any source; None: it goes on."""

    at: datetime | None


@dataclass(frozen=True, slots=True)
class Judged:
    """What a call is by the first source and by the second, where these differ."""

    queue: str
    figure: str
    why: Why


def live_and_journal(live: Iterable[Counted], journal: Iterable[Counted], ended: Mapping[str, datetime | None], feed: Feed,
                     day: tuple[datetime, datetime], now: datetime, short_abandon_s: float) -> list[Difference]:
    """Call by call. `ended` has every call that either knows."""
    mine, theirs = ({call.call_id: call for call in calls} for calls in (live, journal))
    found: dict[tuple[str, str, Why], list[str]] = defaultdict(list)
    for call_id in sorted(mine.keys() | theirs.keys()):
        one = judged(mine.get(call_id), theirs.get(call_id), Ended(ended.get(call_id)), feed, day, now, short_abandon_s)
        if one:
            found[one.queue, one.figure, one.why].append(call_id)
    return [Difference(Between.LIVE_JOURNAL, queue, figure, len(ids), why, ids[0])
            for (queue, figure, why), ids in sorted(found.items())]


def judged(left: Counted | None, right: Counted | None, ended: Ended, feed: Feed, day: tuple[datetime, datetime],
           now: datetime, short_abandon_s: float) -> Judged | None:
    """One call, of which one source at least knows; None: they agree."""
    if left and right and _said(left) == _said(right) and left.queue == right.queue:
        return None
    some = right or left
    assert some is not None  # the caller has it from one of them
    return Judged(some.queue, f"{_said(left)}>{_said(right)}", _why(left, right, ended, feed, day, now, short_abandon_s))


def _said(call: Counted | None) -> str:
    if call is None:
        return "unknown"
    if call.outcome is None:
        return "answered" if call.answered_at else "open"
    return call.outcome.value


def _why(left: Counted | None, right: Counted | None, ended: Ended, feed: Feed, day: tuple[datetime, datetime],
         now: datetime, short_abandon_s: float) -> Why:
    some = right or left
    assert some is not None  # the caller has one of them
    said = {_said(left), _said(right)}
    if ended.at is None or now - ended.at < SETTLES:
        return Why.OPEN
    if right and right.outcome is Outcome.LOST:
        return Why.ASTERISK_RESTARTED
    if feed.began_at is None or some.queued_at < feed.began_at:
        return Why.LIVE_BEGAN_LATER
    if any(gap.begin <= ended.at and gap.end >= some.queued_at for gap in feed.gaps):
        return Why.LIVE_INTERRUPTED
    if said == {"abandoned", "short_abandon"} and abs((some.wait_s or 0) - short_abandon_s) <= CUT_OFF:
        return Why.WHOLE_SECONDS
    if min(abs((some.queued_at - edge).total_seconds()) for edge in day) <= CUT_OFF:
        return Why.MIDNIGHT
    if left is None and right and right.rang_at is None and right.stage > 0:
        return Why.NOBODY_THERE
    if left and right and _said(left) == _said(right):
        return Why.TRANSFERRED
    return Why.UNEXPLAINED


def asterisk_and_journal(counters: Iterable[AsteriskCounted], tallies: Mapping[tuple[str, str], Tally]) -> list[Difference]:
    """app_queue's counters against its own entries in the journal, and against our word for "abandoned"."""
    found: list[Difference] = []
    for counter in counters:
        tally = tallies.get((counter.node, counter.name), Tally(None, None))

        def differs(figure: str, count: int, why: Why, name: str = counter.name) -> None:
            if count:
                found.append(Difference(Between.ASTERISK_JOURNAL, name, figure, count, why))

        began = tally.since
        strange = began is None or abs(began - counter.since) > SAME_START
        moving = tally.last_at is not None and tally.last_at >= counter.at - IN_FLIGHT
        rest = Why.ASTERISK_RESTARTED if strange else Why.IN_FLIGHT if moving else Why.UNEXPLAINED
        left = tally.abandoned + tally.timed_out + tally.emptied
        differs("completed", counter.completed - tally.completed - tally.transferred, rest)
        differs("abandoned", counter.abandoned - left, rest)
        differs("abandoned", tally.timed_out, Why.NEXT_STAGE)
        differs("abandoned", tally.emptied, Why.LEFT_EMPTY)
    return found
