"""Tells the board and the dialplan what a caller has to expect: once a second, and only what changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import structlog

from acd.ami.link import AmiLink
from acd.floor.facts import Floor
from acd.plan import FloorPlan
from acd.waiting.waits import Learned, learn, noticeably, queue_wait, staffed
from callcenter.clock import Clock
from callcenter.errors import SixringError
from callcenter.events import AnyEvent, QueueWait, QueueWaitChanged

log = structlog.get_logger(__name__)

EVERY_S: Final = 1.0
WRITE_AGAIN_S: Final = 20.0      # the dialplan believes an estimate for 60 s
FAMILY: Final = "sixring"


class WaitKeeper:
    """`heard` is given every live event; `run` does the rest. Every node is told: a caller waits on any of them."""

    def __init__(self, plan: FloorPlan, links: Sequence[AmiLink], clock: Clock, *,
                 floors: Callable[[], Sequence[Floor]], closed: Callable[[], frozenset[str]],
                 put: Callable[[AnyEvent], None]) -> None:
        self._plan, self._links, self._clock = plan, links, clock
        self._floors, self._closed, self._put = floors, closed, put
        self._learned = Learned({queue.queue: queue.wrapup_s for queue in plan.queues.values()})
        self._told: dict[str, QueueWait] = {}
        self._written: dict[tuple[str, str], tuple[str, float]] = {}    # (node, queue) → seconds, when

    def heard(self, event: AnyEvent) -> None:
        self._learned = learn(self._learned, event)

    def truth(self) -> list[AnyEvent]:
        return [QueueWaitChanged(self._clock.now(), wait) for wait in self._told.values()]

    async def run(self) -> None:
        while True:
            await self.round()
            await asyncio.sleep(EVERY_S)

    async def round(self) -> None:
        floors = self._floors()
        if not floors:
            return
        waits = self._waits(floors)
        for wait in waits.values():
            if noticeably(self._told.get(wait.queue), wait):
                self._told[wait.queue] = wait
                self._put(QueueWaitChanged(self._clock.now(), wait))
        for link in self._links:
            await self._write(link, waits)

    def _waits(self, floors: Sequence[Floor]) -> Mapping[str, QueueWait]:
        people = staffed(floors, tuple(self._plan.queues))
        closed = self._closed()
        return {queue: queue_wait(queue, people[queue], self._learned.pace(queue), self._plan.overflow_s, closed=queue in closed)
                for queue in self._plan.queues}

    async def _write(self, link: AmiLink, waits: Mapping[str, QueueWait]) -> None:
        """`sixring/wait/<queue>` = `<seconds>|<epoch>`; without seconds: nobody is there, so nothing is promised."""
        now = self._clock.now().timestamp()
        for queue, wait in waits.items():
            seconds = "" if wait.expected_s is None else str(round(wait.expected_s))
            before = self._written.get((link.node, queue))
            if before and before[0] == seconds and now - before[1] < WRITE_AGAIN_S:
                continue
            try:
                await link.ask("DBPut", {"Family": FAMILY, "Key": f"wait/{queue}", "Val": f"{seconds}|{int(now)}"})
            except SixringError as error:
                log.warning("estimate_not_written", node=link.node, queue=queue, reason=error.code)
                return
            self._written[link.node, queue] = (seconds, now)
