"""Whom an outage cost a call (C4): lost with Asterisk, cut off by a fault, or tired of waiting while it lasted. Pure.

| the call                                         | ended                                     | how       |
|--------------------------------------------------|-------------------------------------------|-----------|
| lost with its Asterisk                           | while it lasted, or shortly before        | lost      |
| ended by a fault's hang-up cause, talking or not | while it lasted, or shortly before        | cut_off   |
| gave up waiting, also after a transfer           | while it lasted                           | abandoned |

Nobody is on it twice, nobody who got through later, left a message or waits to be rung back already, nobody who is blocked (D1).
Who never reached Asterisk (a dead trunk) is known to the carrier alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import Final

from crm.calls.record import Outcome

# Q.850: destination out of order, no circuit, network out of order, temporary failure, congestion, no channel (also: no sound any
# more), resources unavailable, bearer unavailable, recovery on timer expiry, protocol error.
FAULTS: Final = frozenset({27, 34, 38, 41, 42, 44, 47, 58, 102, 111})


@dataclass(frozen=True)
class Ended:
    """A call's record, as much of it as matters here."""

    call_id: str
    number: str | None
    entered_at: datetime
    ended_at: datetime
    outcome: str
    cause: int | None = None
    gave_up: bool = False          # its last stay in a queue
    is_blocked: bool = False       # the caller, then or now (D1)


@dataclass(frozen=True)
class Window:
    """An outage; calls that a fault ended count from `before_s` earlier: the line was dead before anybody noticed. A lost call
    ends when Asterisk is back, which may be noticed first: until `lost_until`."""

    began_at: datetime
    ended_at: datetime
    before_s: int = 0
    lost_until: datetime | None = None

    @property
    def first(self) -> datetime:
        return self.began_at - timedelta(seconds=self.before_s)


@dataclass(frozen=True)
class Lost:
    call: Ended
    how: str


@dataclass(frozen=True)
class Found:
    """`unreachable`: how many of them withheld their number."""

    lost: tuple[Lost, ...]
    unreachable: int


def lost_callers(calls: Iterable[Ended], window: Window, waiting: Collection[str]) -> Found:
    """`calls`: all since `window.first` until now. `waiting`: numbers that are to be rung back already."""
    ordered = sorted(calls, key=lambda call: (call.entered_at, call.call_id))
    lost: dict[str, Lost] = {}
    unreachable = 0
    for call in ordered:
        why = how(call, window)
        if not call.number:
            unreachable += why is not None and not call.is_blocked
        elif call.is_blocked or call.number in waiting:
            continue
        elif why is not None:
            lost.pop(call.number, None)       # the newest call stands, in its turn
            lost[call.number] = Lost(call, why)
        elif call.outcome in (Outcome.ANSWERED, Outcome.MESSAGE, Outcome.CALLBACK):
            lost.pop(call.number, None)       # got through, or is on the desk's list by an own wish
    return Found(tuple(lost.values()), unreachable)


def how(call: Ended, window: Window) -> str | None:
    if call.outcome == Outcome.LOST:
        return "lost" if window.first <= call.ended_at <= (window.lost_until or window.ended_at) else None
    if call.outcome in (Outcome.MESSAGE, Outcome.CALLBACK) or not window.first <= call.ended_at <= window.ended_at:
        return None
    if call.cause in FAULTS:
        return "cut_off"
    gave_up = call.outcome == Outcome.ABANDONED or (call.outcome == Outcome.ANSWERED and call.gave_up)
    return "abandoned" if gave_up and call.ended_at >= window.began_at else None


def ring_at(ended_at: datetime, now: datetime, tz: tzinfo, at_once_within_s: int, begin: time, end: time) -> datetime:
    """Who was lost a moment ago expects to be rung, at whatever hour; later only at hours that are no nuisance."""
    local = now.astimezone(tz)
    if now - ended_at <= timedelta(seconds=at_once_within_s) or begin <= local.time() < end:
        return now
    day = local if local.time() < begin else local + timedelta(days=1)
    return day.replace(hour=begin.hour, minute=begin.minute, second=0, microsecond=0).astimezone(now.tzinfo)
