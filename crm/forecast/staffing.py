"""Who is answered with who is here, how many it takes, and what to do when some have fallen out (C6). Pure; by Erlang-A.

An agent who answers several queues counts for each by that queue's share of the load of all of them.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from callcenter.erlang import Stationary, erlang_a

MOST_AGENTS: Final = 2_000


@dataclass(frozen=True)
class Load:
    """Of a queue in an interval. `handling_s`: talk, hold and wrap-up; `patience_s`: its mean, as an exponential."""

    queue: str
    calls: float
    seconds: float
    handling_s: float
    patience_s: float

    @property
    def erlangs(self) -> float:
        return self.calls * self.handling_s / self.seconds


@dataclass(frozen=True)
class Here:
    """An agent who is signed in, and the queues of the agent's skills."""

    agent: str
    queues: tuple[str, ...]        # sorted: the same report says them in the same order


class How(StrEnum):
    """What would bring an agent in, the quickest first."""

    PAUSED = "paused"              # signed in, in a pause that is no break
    ON_DUTY = "on_duty"            # on the roster now, and not signed in
    OFF_DUTY = "off_duty"


@dataclass(frozen=True)
class Candidate:
    agent: str
    name: str
    queues: tuple[str, ...]
    how: How


@dataclass(frozen=True)
class QueueStaffed:
    """`agents`: by share, see above. `needed`: for the wanted share of callers answered."""

    queue: str
    calls: float
    agents: float
    answered: float
    wait_s: float
    busy: float                    # share of the agents' time
    needed: int


@dataclass(frozen=True)
class Staffed:
    begins_at: datetime
    calls: float
    answered: float                # share, of all queues' callers
    queues: tuple[QueueStaffed, ...]


@dataclass(frozen=True)
class Compared:
    """An interval with everybody who was here, and with who is left."""

    begins_at: datetime
    before: Staffed
    left: Staffed
    proposed: Staffed              # with who is proposed


@dataclass(frozen=True)
class Proposal:
    """`short`: how many more it takes beyond those who could come; then it is a case for a surge tier. `is_forecast`: else the
    line has no past yet, and callers are taken to go on coming as in the last hour."""

    intervals: tuple[Compared, ...]
    bring: tuple[Candidate, ...]
    short: int
    is_forecast: bool = True


def stationary(agents: float, load: Load) -> Stationary:
    """With agents who need not be whole: between the two whole numbers."""
    whole = math.floor(agents)
    few = _whole(whole, load)
    if agents == whole:
        return few
    more, part = _whole(whole + 1, load), agents - whole
    return Stationary(*(a + (b - a) * part for a, b in (
        (few.delayed, more.delayed), (few.wait_s, more.wait_s), (few.abandoned, more.abandoned), (few.busy, more.busy))))


def _whole(agents: int, load: Load) -> Stationary:
    return erlang_a(min(agents, MOST_AGENTS), load.calls / load.seconds, 1 / load.handling_s, 1 / load.patience_s)


def needed(load: Load, answered: float) -> int:
    """The fewest agents with whom so large a share of callers is answered: the share grows with each agent, so by halving."""
    if load.calls <= 0:
        return 0
    few, enough = 0, max(math.ceil(load.erlangs), 1)
    while enough < MOST_AGENTS and 1 - _whole(enough, load).abandoned < answered:
        few, enough = enough, enough * 2
    while few + 1 < enough:
        middle = (few + enough) // 2
        few, enough = (few, middle) if 1 - _whole(middle, load).abandoned >= answered else (middle, enough)
    return enough


def shares(here: Collection[Here], loads: Sequence[Load]) -> dict[str, float]:
    """Agents by queue."""
    weight = {load.queue: max(load.erlangs, 1e-9) for load in loads}
    found = dict.fromkeys(weight, 0.0)
    for one in here:
        mine = [queue for queue in one.queues if queue in weight]
        whole = sum(weight[queue] for queue in mine)
        for queue in mine:
            found[queue] += weight[queue] / whole
    return found


def staffed(begins_at: datetime, loads: Sequence[Load], here: Collection[Here], answered: float) -> Staffed:
    """What an interval brings with these agents. `answered`: the share that is wanted."""
    agents = shares(here, loads)
    queues = []
    for load in loads:
        count = agents[load.queue]
        state = stationary(count, load)
        queues.append(QueueStaffed(load.queue, load.calls, count, 1 - state.abandoned, state.wait_s,
                                   state.busy / count if count else 0.0, needed(load, answered)))
    whole = _of_all(loads, [one.answered for one in queues])
    return Staffed(begins_at, math.fsum(load.calls for load in loads), whole, tuple(queues))


def propose(intervals: Mapping[datetime, Sequence[Load]], here: Collection[Here], out: Collection[str],
            bench: Sequence[Candidate], answered: float) -> Proposal:
    """One more and one more, each time who helps most where it is worst, until every interval has enough or nobody is left; the
    quicker to come of two who help alike."""
    left = [one for one in here if one.agent not in out]
    chosen: list[Candidate] = []
    waiting = sorted((one for one in bench if one.agent not in out), key=lambda one: (_ORDER[one.how], one.agent))
    while (worst := _worst(intervals, [*left, *map(_here, chosen)], answered)) is not None:
        begins_at, queue = worst
        able = [one for one in waiting if queue in one.queues]
        if not able:
            break
        with_them, loads = [*left, *map(_here, chosen)], intervals[begins_at]
        # Who can answer the same helps the same: there may be hundreds of them.
        helped = {queues: _of_all(loads, _answered(loads, [*with_them, Here("", queues)]))
                  for queues in {one.queues for one in able}}
        best = max(able, key=lambda one: round(helped[one.queues], 9))
        chosen.append(best)
        waiting.remove(best)
    proposed = [*left, *map(_here, chosen)]
    compared = tuple(Compared(at, staffed(at, loads, here, answered), staffed(at, loads, left, answered),
                              staffed(at, loads, proposed, answered)) for at, loads in sorted(intervals.items()))
    short = max((math.ceil(sum(max(queue.needed - queue.agents, 0.0) for queue in one.proposed.queues) - 1e-6)
                 for one in compared if one.proposed.answered < answered), default=0)
    return Proposal(compared, tuple(chosen), max(short, 0))


_ORDER: Final = {How.PAUSED: 0, How.ON_DUTY: 1, How.OFF_DUTY: 2}


def _here(one: Candidate) -> Here:
    return Here(one.agent, one.queues)


def _answered(loads: Sequence[Load], here: Collection[Here]) -> list[float]:
    """The share of each queue's callers."""
    agents = shares(here, loads)
    return [1 - stationary(agents[load.queue], load).abandoned for load in loads]


def _of_all(loads: Sequence[Load], answered: Sequence[float]) -> float:
    calls = math.fsum(load.calls for load in loads)
    return math.fsum(share * load.calls for share, load in zip(answered, loads, strict=True)) / calls if calls else 1.0


def _worst(intervals: Mapping[datetime, Sequence[Load]], here: Collection[Here], answered: float) -> tuple[datetime, str] | None:
    """The interval with the smallest share answered, and its queue with most callers lost; None: everywhere it is enough."""
    worst: tuple[datetime, str] | None = None
    least = answered
    for at, loads in sorted(intervals.items()):
        found = _answered(loads, here)
        if (share := _of_all(loads, found)) < least:
            least = share
            worst = at, max(zip(loads, found, strict=True), key=lambda one: (1 - one[1]) * one[0].calls)[0].queue
    return worst
