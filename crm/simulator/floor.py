"""Who is free and who waits, found in logarithmic time however many there are. The engine's alone.

Entries are not taken out when they are no longer true, but left out when they are met; heaps that are mostly such are made anew.
"""

from __future__ import annotations

import heapq
from enum import IntEnum
from typing import Final

from crm.simulator.scenario import Agent, Caller, Level, Pause, Queue

S_A_POINT: Final = 10.0               # a point outweighs so much waiting (acd/waiting/ageing.py)
ROOM: Final = 64


class CallIs(IntEnum):
    WAITING = 0
    RINGING = 1
    TALKING = 2
    OVER = 3


class AgentIs(IntEnum):
    OFF = 0
    FREE = 1
    RINGING = 2
    TALKING = 3
    WRAPUP = 4


class Call:
    __slots__ = ("agent", "answered_at", "caller", "entered_at", "is_place", "key", "left_at", "level", "mark", "outcome", "queue",
                 "rang_at", "rings", "stage", "state", "wrapup_s")

    def __init__(self, caller: Caller, queue: Waiting, now: float, *, is_place: bool = False) -> None:
        self.caller, self.queue, self.is_place = caller, queue, is_place
        # Who has d points more overtakes nobody who came d × 10 s earlier.
        self.key = caller.at - caller.before_s - S_A_POINT * caller.points
        self.entered_at = now
        self.state, self.level, self.stage, self.mark = CallIs.WAITING, Level.PRIMARY, 0, 0
        self.rang_at: float | None = None
        self.answered_at: float | None = None
        self.left_at: float | None = None
        self.agent: Worker | None = None
        self.wrapup_s: float | None = None
        self.outcome = ""
        self.rings = 0

    def picked_after(self) -> float | None:
        """How long the next ring goes on, where the caller brings that along."""
        known, place = self.caller.picked_after, self.rings
        self.rings += 1
        return known[place] if place < len(known) else None


class Worker:
    """An agent in the run. `reach`: which callers may be given to it, by queue and level, with its penalty there."""

    __slots__ = (
        "busy_s",
        "call",
        "here_s",
        "here_since",
        "mark",
        "pauses",
        "plan",
        "rank",
        "reach",
        "reserve_tier",
        "rung_at",
        "shifts",
        "since",
        "state",
    )

    def __init__(self, plan: Agent, rank: int, reserve_tier: int = 0) -> None:
        self.plan, self.rank, self.reserve_tier = plan, rank, reserve_tier
        self.state, self.shifts, self.mark = AgentIs.OFF, 0, 0
        self.pauses: list[Pause] = []
        self.reach: list[tuple[Waiting, Level, int]] = []
        self.rung_at = -1.0
        self.call: Call | None = None
        self.since = self.busy_s = self.here_s = self.here_since = 0.0

    def works(self, tier: int) -> bool:
        """At work and not paused: rung, or busy with a call."""
        return self.shifts > 0 and all(pause.lifted and tier for pause in self.pauses)


Free = tuple[int, float, int, int, Worker]        # penalty, last rung, rank, mark


class Waiting:
    """A queue: who waits in it, by the level that they have reached, and which agents of each level are free for it."""

    def __init__(self, plan: Queue) -> None:
        self.plan = plan
        self.calls: tuple[list[tuple[float, int, Call]], ...] = ([], [], [])
        self.free: tuple[list[Free], ...] = ([], [], [])
        self.count = 0                # who wait, rung or not
        self.heads = [0, 0, 0]        # at work, by level

    def put(self, call: Call, serial: int) -> None:
        for level in range(call.level + 1):
            heapq.heappush(self.calls[level], (call.key, serial, call))

    def widen(self, call: Call, level: Level, serial: int) -> None:
        for more in range(call.level + 1, level + 1):
            heapq.heappush(self.calls[more], (call.key, serial, call))
        call.level = level

    def first(self, level: Level) -> Call | None:
        """Who is next for an agent of that level."""
        heap = self.calls[level]
        while heap:
            call = heap[0][2]
            if call.state is CallIs.WAITING:
                return call
            heapq.heappop(heap)
        return None

    def offer_agent(self, worker: Worker, level: Level, penalty: int, most: int) -> None:
        heap = self.free[level]
        if len(heap) > 4 * most + ROOM:
            heap[:] = [entry for entry in heap if _is_free(entry)]
            heapq.heapify(heap)
        heapq.heappush(heap, (penalty, worker.rung_at, worker.rank, worker.mark, worker))

    def agent_for(self, level: Level) -> Worker | None:
        """The free agent whom a call of that level rings next: who was rung longest ago; the best skilled, among the primary."""
        best: Free | None = None
        for each in range(level + 1):
            heap = self.free[each]
            while heap and not _is_free(heap[0]):
                heapq.heappop(heap)
            if heap and (best is None or heap[0][1] < best[1]):
                best = heap[0]
        return best[4] if best else None


def _is_free(entry: Free) -> bool:
    worker = entry[4]
    return worker.state is AgentIs.FREE and worker.mark == entry[3]
