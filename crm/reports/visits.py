"""What each stay of a call in a queue counts for, when it stayed in several: transferred into another queue, or moved. Pure.

A queue is judged by the callers that came to it, so every visit is offered to its queue once, answered there or not, with
its own wait; the call as a whole stays one call for agents, teams, estates and lists. Talk and work after the call went on
to the next queue are that queue's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from crm.calls.record import CallRecord, Outcome, Ring, Visit
from crm.reports.figures import Counted

SAME_ANSWER: Final = timedelta(seconds=2)        # queue_log says whole seconds, CEL when the phone was lifted


@dataclass(frozen=True, slots=True)
class Worked:
    """Talk with holds (CEL) or wrap-up (agent log), of anybody, in seconds; `at`: when it began, of wrap-up when the agent's
    talk did."""

    at: datetime
    talk_s: float = 0
    wrapup_s: float | None = None


def visits_of(call: Counted, record: CallRecord, worked: Sequence[Worked], short_abandon_s: float) -> list[Counted]:
    """In order of time. The call itself when it stayed in one queue only, or in one by what was journalled."""
    if len(record.visits) < 2:
        return [call]
    begins = [visit.queued_at for visit in record.visits]
    ends: list[datetime | None] = [*begins[1:], None]
    return [_counted(call, record, place, [work for work in worked if _within(work.at, begin, end, first=place == 0)],
                     end, short_abandon_s)
            for place, (begin, end) in enumerate(zip(begins, ends, strict=True))]


def visit_at(visits: Sequence[Counted], at: datetime) -> Counted | None:
    """In which of a call's visits something happened."""
    return next((visit for visit in reversed(visits) if visit.queued_at <= at), visits[0] if visits else None)


def with_visits(calls: Sequence[Counted], visits: Mapping[str, Sequence[Counted]], begin: datetime,
                end: datetime) -> list[Counted]:
    """The visits that began in the time: those given, and of all other calls the call as its one visit."""
    alone = [call for call in calls if call.call_id not in visits]
    return [*alone, *(visit for found in visits.values() for visit in found if begin <= visit.queued_at < end)]


def _counted(call: Counted, record: CallRecord, place: int, worked: Sequence[Worked], end: datetime | None,
             short_abandon_s: float) -> Counted:
    visit = record.visits[place]
    rings = [ring for ring in record.rings if _within(ring.rang_at, visit.queued_at, end, first=False)]
    leg = _answered(rings, visit)
    until = visit.answered_at or visit.left_at
    wait_s = (until - visit.queued_at).total_seconds() if until else None
    wrapups = [work.wrapup_s for work in worked if work.wrapup_s is not None]
    return replace(
        call, queue=visit.queue, queued_at=visit.queued_at, stage=visit.stage, wait_s=wait_s,
        outcome=_outcome(record, place, wait_s, short_abandon_s),
        rang_at=min((ring.rang_at for ring in rings), default=call.rang_at if place == 0 else None),
        answered_at=(leg.answered_at if leg else None) or visit.answered_at,
        ring_s=(leg.answered_at - leg.rang_at).total_seconds() if leg and leg.answered_at else None,
        agent=dict(record.agents).get(visit.seat, call.agent if visit.seat == record.answered_by else None)
        if visit.seat else None,
        talk_s=_talk(visit, worked), hold_s=None, wrapup_s=sum(wrapups) if wrapups else None,
        expected_wait_s=call.expected_wait_s if place == 0 else None, moved=_is_moved(record, place))


def _within(at: datetime, begin: datetime, end: datetime | None, *, first: bool) -> bool:
    return (first or at >= begin) and (end is None or at < end)


def _answered(rings: Sequence[Ring], visit: Visit) -> Ring | None:
    return next((ring for ring in rings if ring.seat == visit.seat and ring.answered_at and visit.answered_at
                 and abs(ring.answered_at - visit.answered_at) <= SAME_ANSWER), None)


def _talk(visit: Visit, worked: Sequence[Worked]) -> float | None:
    """By CEL; for want of it from CONNECT to the end of the visit."""
    if visit.answered_at is None:
        return None
    if talked := sum(work.talk_s for work in worked):
        return talked
    return (visit.left_at - visit.answered_at).total_seconds() if visit.left_at else None


def _is_moved(record: CallRecord, place: int) -> bool:
    """It went on to the next queue without having been answered in this one."""
    return record.visits[place].answered_at is None and place < len(record.visits) - 1


def _outcome(record: CallRecord, place: int, wait_s: float | None, short_abandon_s: float) -> Outcome | None:
    """None while the visit lasts, and of one that moved on."""
    visit = record.visits[place]
    if visit.answered_at:
        return Outcome.ANSWERED if visit.is_over or record.ended_at else None
    if visit.gave_up:
        return Outcome.SHORT_ABANDON if (wait_s or 0) <= short_abandon_s else Outcome.ABANDONED
    if place < len(record.visits) - 1:
        return None
    if record.lost:
        return Outcome.LOST
    return Outcome.MESSAGE if record.message and visit.is_over else None
