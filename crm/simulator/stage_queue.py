"""A stage's queue as app_queue keeps it: who waits in which order, whose turn it is, which seat is next. app_queue.py's alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from crm.simulator.floor import S_A_POINT, AgentIs, Call, Waiting, Worker
from crm.simulator.scenario import Level

A_STAGE_S_WEIGHT: Final = 1000        # queues.conf
AN_EMERGENCY_S_WEIGHT: Final = 5000

Members = list[tuple[int, Worker]]    # with their penalties


@dataclass(eq=False, slots=True)
class Entry:
    """A call in a stage's queue. `points` as app_queue was told; `expires` is a whole second."""

    call: Call
    points: int
    expires: float
    last_busy: int
    pending: bool = False             # it rings for this one
    after: int | None = None          # and so who would be next
    said_at: int = -1_000_000


class Line:
    """A stage's queue; or, `urgent`, that of the callers in danger, for whom the backups ring at once."""

    def __init__(self, queue: Waiting, level: Level, *, urgent: bool = False) -> None:
        self.queue, self.level, self.urgent = queue, level, urgent
        self.weight = queue.plan.priority + (AN_EMERGENCY_S_WEIGHT if urgent else A_STAGE_S_WEIGHT * level)
        self.rings_all = level is not Level.PRIMARY
        self.entries: list[Entry] = []
        self.members: Members = []
        self.ready = 0                # of them free
        self.place = 0                # rrmemory's: where the next round begins
        self.wraps = False            # … and that somebody was asked who stands behind that place

    def free(self) -> int:
        """How many callers could be rung for: one, where one caller rings all."""
        return min(self.ready, 1) if self.rings_all else self.ready

    def insert(self, entry: Entry) -> None:
        """Behind its equals."""
        self.entries.insert(next((place for place, other in enumerate(self.entries) if other.points < entry.points),
                                 len(self.entries)), entry)

    def age(self, now: float) -> None:
        """As acd does it (acd/waiting/ageing.py): whose number has changed is put behind its equals, the first of them first."""
        aged = {entry: points_of(entry.call, now) for entry in self.entries}
        for entry in sorted(self.entries, key=lambda one: (-aged[one], one.call.key)):
            if entry.points != aged[entry]:
                entry.points = aged[entry]
                self.entries.remove(entry)
                self.insert(entry)

    def has_turn(self, entry: Entry) -> bool:
        free, before = self.free(), 0
        for other in self.entries:
            if before >= free:
                return False
            if other is entry:
                return True
            before += not other.pending
        return False

    def in_turn(self) -> list[tuple[int, Worker]]:
        """Members with their places, the best skilled first, then round from where the last ring has left off."""
        self.wraps = self.wraps or self.place < len(self.members) - 1
        return [(place, worker) for _, _, place, worker in sorted(
            ((penalty, place < self.place, place, worker) for place, (penalty, worker) in enumerate(self.members)),
            key=lambda one: one[:3])]

    def goes_round(self, after: int | None) -> None:
        """`rrmemory`: when a ring is over, however: next time from the one who would have been rung after it."""
        if self.rings_all:
            return
        if after is not None:
            self.place = after
        else:
            self.place = 0 if self.wraps else self.place + 1
        self.wraps = False


def points_of(call: Call, now: float) -> int:
    """With what it has gained by waiting."""
    return call.caller.points + int((now - call.caller.at + call.caller.before_s) // S_A_POINT)


def free_of(members: Members) -> int:
    return sum(worker.state is AgentIs.FREE for _, worker in members)
