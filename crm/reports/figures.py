"""The figures of architecture.md, "Words for figures": each one function with its formula and source. Pure.

A call counts once its fate is known: it was answered or it has ended. Calls that still wait are the live board's to
show; counted here they would drag every rate down until someone answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from callcenter.events import Figures
from crm.calls.record import Outcome


@dataclass(frozen=True)
class Limits:
    """From the site file."""

    two_rings_s: float       # ring.seconds × ring.answer_within
    service_level_s: float   # the queue's T
    wrapup_s: float          # the queue's: app_queue blocks the seat for just that long after each call


@dataclass(frozen=True)
class Counted:
    """What a figure needs to know of a call that entered a queue."""

    queue: str
    queued_at: datetime
    outcome: Outcome | None
    rang_at: datetime | None = None
    answered_at: datetime | None = None
    wait_s: float | None = None
    talk_s: float | None = None
    stage: int = 0


def settled(calls: Iterable[Counted]) -> list[Counted]:
    """Calls whose fate is known."""
    return [call for call in calls if call.answered_at or call.outcome]


def offered(calls: Sequence[Counted]) -> int:
    """Calls that entered a queue, or would have, had any seat been there. Source: ENTERQUEUE, OVERFLOW."""
    return len(calls)


def short_abandons(calls: Sequence[Counted]) -> int:
    """Gave up within `limits.short_abandon` of entering the queue; not in the rates. Source: ABANDON − ENTERQUEUE."""
    return sum(call.outcome is Outcome.SHORT_ABANDON for call in calls)


def answered(calls: Sequence[Counted]) -> int:
    """Talked to a seat, also when Asterisk died later. Source: CONNECT."""
    return sum(call.answered_at is not None for call in calls)


def abandoned(calls: Sequence[Counted]) -> int:
    """Gave up after the short-abandon limit. Source: ABANDON or ENDED, without CONNECT or message."""
    return sum(call.outcome is Outcome.ABANDONED for call in calls)


def overflowed(calls: Sequence[Counted]) -> int:
    """Moved to the backup seats (A2). Source: OVERFLOW."""
    return sum(call.stage > 0 for call in calls)


def messages(calls: Sequence[Counted]) -> int:
    """Left the queue for voicemail or a callback (A11). Source: VOICEMAIL, CALLBACK."""
    return sum(call.outcome is Outcome.MESSAGE for call in calls)


def answered_in_2_rings(calls: Sequence[Counted], two_rings_s: float) -> float | None:
    """Answered within 10 s of the first ring ÷ (offered − short abandons), A1. Source: CEL, CHAN_START and ANSWER."""
    kept = sum(call.answered_at is not None and call.rang_at is not None
               and call.answered_at - call.rang_at <= timedelta(seconds=two_rings_s) for call in calls)
    return _share(kept, calls)


def service_level(calls: Sequence[Counted], within_s: float) -> float | None:
    """Answered within T s of entering the queue ÷ (offered − short abandons). Source: CONNECT − ENTERQUEUE."""
    kept = sum(call.answered_at is not None and call.wait_s is not None and call.wait_s <= within_s for call in calls)
    return _share(kept, calls)


def abandonment(calls: Sequence[Counted]) -> float | None:
    """Gave up after 5 s ÷ (offered − short abandons)."""
    return _share(abandoned(calls), calls)


def asa_s(calls: Sequence[Counted]) -> float | None:
    """Mean wait of answered calls, in seconds. Source: CONNECT − first ENTERQUEUE."""
    return _mean([call.wait_s for call in calls if call.answered_at and call.wait_s is not None])


def aht_s(calls: Sequence[Counted], wrapup_s: float) -> float | None:
    """Mean talk + hold + wrap-up, in seconds, of calls whose talk is over. Talk with hold: the seat's ANSWER to HANGUP
    (CEL); wrap-up: the queue's fixed time."""
    mean = _mean([call.talk_s for call in calls if call.answered_at and call.talk_s is not None])
    return None if mean is None else mean + wrapup_s


def figures_of(queue: str, calls: Iterable[Counted], limits: Limits) -> Figures:
    known = settled(call for call in calls if call.queue == queue)
    return Figures(
        queue=queue, offered=offered(known), short_abandons=short_abandons(known), answered=answered(known),
        abandoned=abandoned(known), overflowed=overflowed(known), messages=messages(known),
        answered_in_2_rings=answered_in_2_rings(known, limits.two_rings_s),
        service_level=service_level(known, limits.service_level_s), abandonment=abandonment(known),
        asa_s=asa_s(known), aht_s=aht_s(known, limits.wrapup_s))


def _share(part: int, calls: Sequence[Counted]) -> float | None:
    whole = offered(calls) - short_abandons(calls)
    return part / whole if whole else None


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
