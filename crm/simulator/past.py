"""Calls that were: what is fitted from, and what a prediction is compared with. Pure.

Times are seconds since a midnight that is common to all of them, so a day is 86,400 long and a list of days one line.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from crm.simulator.scenario import Span

DAY_S: Final = 86_400.0
A_STINT_ENDS: Final = 1_200.0      # without a call for so long, an agent was away
SLACK_S: Final = 3.0               # clocks of queue and agent differ by so much


@dataclass(frozen=True, slots=True)
class Past:
    """A call that entered a queue. `agent`: who answered; "" when nobody did, or nobody knows who."""

    at: float
    wait_s: float
    answered: bool
    talk_s: float = 0.0
    agent: str = ""
    kind: str = ""
    points: int = 0
    queue: str = "calls"

    @property
    def talk_from(self) -> float:
        return self.at + self.wait_s

    @property
    def talk_until(self) -> float:
        return self.at + self.wait_s + self.talk_s


def by_agent(calls: Iterable[Past]) -> dict[str, list[Past]]:
    """In the order of their talks."""
    found: dict[str, list[Past]] = defaultdict(list)
    for call in calls:
        if call.answered and call.agent:
            found[call.agent].append(call)
    return {agent: sorted(mine, key=lambda call: call.talk_from) for agent, mine in sorted(found.items())}


def stints(calls: Iterable[Past], ends_after_s: float = A_STINT_ENDS) -> dict[str, tuple[Span, ...]]:
    """When each agent was at work, as far as calls tell: from a call's beginning to the end of the last one before a gap."""
    found: dict[str, tuple[Span, ...]] = {}
    for agent, mine in by_agent(calls).items():
        spans: list[Span] = []
        for call in mine:
            if spans and call.talk_from - spans[-1][1] <= ends_after_s:
                spans[-1] = (spans[-1][0], max(spans[-1][1], call.talk_until))
            else:
                spans.append((call.talk_from, call.talk_until))
        found[agent] = tuple(spans)
    return found


def heads(spans: Mapping[str, Iterable[Span]], step_s: float, until: float) -> list[float]:
    """Mean number at work in each interval."""
    found = [0.0] * int(until // step_s)
    for mine in spans.values():
        for begin, end in mine:
            place = int(begin // step_s)
            while place < len(found) and place * step_s < end:
                found[place] += (min(end, (place + 1) * step_s) - max(begin, place * step_s)) / step_s
                place += 1
    return found


def patience(calls: Iterable[Past]) -> list[tuple[float, bool]]:
    """(wait, whether the caller gave up then) of those who waited: who was answered would have waited longer."""
    return [(call.wait_s, not call.answered) for call in calls if call.wait_s > 0]


def pauses_between(calls: Sequence[Past], ends_after_s: float = A_STINT_ENDS) -> list[tuple[float, bool]]:
    """How long agents did not take the next call though somebody waited: wrap-up, and whatever else they did.

    (time since the talk's end, whether a call was taken then). Looked at from the end of a talk for as long as callers wait
    without a break; when the queue runs empty first, more is not known (censored). Nobody waiting: nothing is known.
    """
    empties = Busy((call.at, call.at + call.wait_s) for call in calls)
    seen: list[tuple[float, bool]] = []
    for mine in by_agent(calls).values():
        for call, after in pairwise(mine):
            gap = after.talk_from - call.talk_until
            if gap > ends_after_s:
                continue
            until = empties.end_of_stretch(call.talk_until)
            if until is None:
                continue
            known = until + SLACK_S - call.talk_until
            seen.append((max(gap, 0.0), True) if gap <= known else (known, False))
    return seen


class Busy:
    """When somebody waits: the union of spans."""

    def __init__(self, spans: Iterable[Span]) -> None:
        joined: list[Span] = []
        for begin, end in sorted(span for span in spans if span[1] > span[0]):
            if joined and begin <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(joined[-1][1], end))
            else:
                joined.append((begin, end))
        self._begins = [begin for begin, _ in joined]
        self._ends = [end for _, end in joined]

    def end_of_stretch(self, moment: float) -> float | None:
        """Until when somebody waits without a break; None when nobody does at that moment."""
        place = bisect_right(self._begins, moment) - 1
        return self._ends[place] if place >= 0 and moment < self._ends[place] else None


def merged(*parts: Sequence[Past]) -> list[Past]:
    """Several lists, each in order, as one in order."""
    return list(heapq.merge(*parts, key=lambda call: call.at))
