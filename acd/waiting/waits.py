"""What a caller who comes now has to expect: pace learned from the live events, agents read from the floor. Pure.

| live event                          | learned                                                     |
|-------------------------------------|-------------------------------------------------------------|
| waiting → talking                   | a wait that ended well; how wrong the told estimate was     |
| waiting → message, callback, menu   | a wait that ended without anybody's giving up (censored)    |
| waiting → ended                     | a wait that ended in giving up                              |
| talking → anything else             | how long a call lasts; the queue's wrap-up is added         |

Callbacks that keep a place wait without a person who could lose patience: only their talk is learned from. A drill's calls teach
nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from acd.floor.facts import Floor
from callcenter.drills import is_drill
from callcenter.events import AnyEvent, Call, CallChanged, CallEnded, CallState, FloorReset, QueueWait, SeatState
from callcenter.expected import Pace, Staffed, estimate_s
from callcenter.stages import Pool, stage_of

NOTICEABLE_S: Final = 5.0
NOTICEABLE: Final = 0.1
WAITING: Final = frozenset({CallState.QUEUED, CallState.RINGING})


@dataclass(frozen=True)
class Learned:
    """`calls`: those on the line, as they were told last."""

    wrapups: dict[str, int]                        # s, by queue
    paces: dict[str, Pace] = field(default_factory=dict)
    calls: dict[str, Call] = field(default_factory=dict)

    def pace(self, queue: str) -> Pace:
        return self.paces.get(queue, Pace())


def learn(known: Learned, event: AnyEvent) -> Learned:
    match event:
        case CallChanged(call=call) if is_drill(call.call_id):
            return known
        case CallChanged(call=call, at=at):
            before = known.calls.get(call.call_id)
            known = replace(known, calls={**known.calls, call.call_id: call})
            if before is None or before.state is call.state:
                return known
            if before.state in WAITING and call.state not in WAITING:
                answered = call.state is CallState.TALKING
                return _waited(known, before, _seconds(before, at.timestamp()), answered=answered, gave_up=False)
            return _handled(known, before, at.timestamp())
        case CallEnded(call_id=call_id, at=at):
            before = known.calls.get(call_id)
            known = replace(known, calls={key: call for key, call in known.calls.items() if key != call_id})
            if before and before.state in WAITING:
                return _waited(known, before, _seconds(before, at.timestamp()), answered=False, gave_up=True)
            return _handled(known, before, at.timestamp()) if before else known
        case FloorReset(calls=calls):
            return replace(known, calls={call.call_id: call for call in calls if not is_drill(call.call_id)})
        case _:
            return known


def _seconds(call: Call, now: float) -> float:
    return now - (call.queued_at or call.since).timestamp()


def _waited(known: Learned, call: Call, seconds: float, *, answered: bool, gave_up: bool) -> Learned:
    if call.queue is None or call.callback_id:
        return known
    pace = known.pace(call.queue).after_wait(seconds, gave_up=gave_up)
    if answered and call.expected_wait_s is not None:
        pace = pace.after_told(call.expected_wait_s, seconds)
    return replace(known, paces={**known.paces, call.queue: pace})


def _handled(known: Learned, before: Call, now: float) -> Learned:
    if before.state is not CallState.TALKING or before.queue is None:
        return known
    seconds = now - before.since.timestamp() + known.wrapups.get(before.queue, 0)
    return replace(known, paces={**known.paces, before.queue: known.pace(before.queue).after_call(seconds)})


def staffed(floors: Iterable[Floor], queues: Sequence[str]) -> dict[str, Staffed]:
    """From who is really a member, not paused, at a phone that can be reached: what Asterisk will ring."""
    found = {queue: Staffed() for queue in queues}
    for floor in floors:
        pools: dict[tuple[str, Pool], set[str]] = {}
        for seat in floor.online:
            for name, paused in floor.paused.get(seat, {}).items():
                stage = stage_of(name)
                if not paused and stage.pool in (Pool.PRIMARY, Pool.BACKUP):
                    pools.setdefault((stage.queue, stage.pool), set()).add(seat)
        free = {seat for seat, shown in floor.seats_shown.items() if shown.state is SeatState.READY}
        callers = [call for call in floor.calls.values() if call.waiting and not is_drill(call.call_id)]
        for queue, before in found.items():
            first, backup = pools.get((queue, Pool.PRIMARY), set()), pools.get((queue, Pool.BACKUP), set())
            found[queue] = Staffed(
                waiting=before.waiting + sum(call.queue == queue for call in callers),
                rung=before.rung + sum(call.queue == queue and _is_rung(floor, call.call_id) for call in callers),
                heads=before.heads + len(first or backup),
                share=before.share + _share(pools, first, Pool.PRIMARY),
                free=before.free + len(first & free),
                backup_share=before.backup_share + _share(pools, backup, Pool.BACKUP),
                backup_free=before.backup_free + len(backup & free))
    return found


def _is_rung(floor: Floor, call_id: str) -> bool:
    shown = floor.calls_shown.get(call_id)
    return shown is not None and bool(shown.ringing)


def _share(pools: dict[tuple[str, Pool], set[str]], seats: set[str], pool: Pool) -> float:
    return math.fsum(1 / sum(seat in there for (_, which), there in pools.items() if which is pool) for seat in seats)


def queue_wait(queue: str, people: Staffed, pace: Pace, overflow_s: float, *, closed: bool = False) -> QueueWait:
    expected, error = estimate_s(people, pace, overflow_s), pace.error_s
    return QueueWait(queue, people.waiting, None if expected is None else round(expected, 1),
                     None if error is None else round(error, 1), people.heads, closed)


def noticeably(before: QueueWait | None, after: QueueWait) -> bool:
    """Whether the board should be told."""
    if before is None or (before.waiting, before.agents, before.closed) != (after.waiting, after.agents, after.closed):
        return True
    return _moved(before.expected_s, after.expected_s) or _moved(before.error_s, after.error_s, at_least=1.0)


def _moved(before: float | None, after: float | None, at_least: float = NOTICEABLE_S) -> bool:
    if before is None or after is None:
        return before is not after
    return abs(before - after) >= max(at_least, NOTICEABLE * before) or (before == 0) != (after == 0)
