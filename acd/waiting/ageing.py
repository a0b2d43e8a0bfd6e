"""Points age while a call waits, so that whoever has few is overtaken for a while and starves never.

Every call gains one point in AGE_EVERY. As all gain alike, two that wait keep their order for good, and a new one comes before
one that waits only if it brings more points than the other has gained: whoever has d points more overtakes nobody who
came more than d × AGE_EVERY earlier. The dialplan gives a call its age at each stage, with no Python; between stages this keeps
app_queue's number true, because a new caller is compared with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from acd.ami.errors import AmiRefused
from acd.ami.events import number_of
from acd.ami.headers import Headers
from acd.ami.link import AmiLink
from acd.floor.facts import Floor
from callcenter.clock import Clock
from callcenter.errors import SixringError
from callcenter.stages import Pool, Stage, asterisk_queue

log = structlog.get_logger(__name__)

AGE_EVERY: Final = timedelta(seconds=10)
LOOK_EVERY_S: Final = 2.0
_POOLS: Final = {0: Pool.PRIMARY, 1: Pool.BACKUP, 2: Pool.TEAMS}

Views = Callable[[], Sequence[tuple[AmiLink, Floor]]]


@dataclass(frozen=True)
class Waiting:
    """A call in one of Asterisk's queues. `points` as it came; `priority` what app_queue holds for it now."""

    channel: str
    points: int
    since: datetime          # when it first waited, in whichever queue
    priority: int
    position: int


@dataclass(frozen=True)
class Raise:
    channel: str
    priority: int


def aged(points: int, waited: timedelta) -> int:
    return points + max(waited // AGE_EVERY, 0)


def raises(waiting: Sequence[Waiting], now: datetime) -> list[Raise]:
    """What app_queue must be told of one queue, in this order: it puts a call whose number changes behind its equals, so
    whoever is to stand in front is told first."""
    ordered = sorted(waiting, key=lambda call: (-aged(call.points, now - call.since), call.since - AGE_EVERY * call.points,
                                                call.position))
    return [Raise(call.channel, priority) for call in ordered
            if (priority := aged(call.points, now - call.since)) != call.priority]


@dataclass(frozen=True)
class _Came:
    points: int
    since: datetime


class Ageing:
    """Looks at the queues where somebody has waited for long enough to have gained a point."""

    def __init__(self, views: Views, clock: Clock, *, every_s: float = LOOK_EVERY_S) -> None:
        self._views, self._clock, self._every_s = views, clock, every_s
        self._came: dict[str, _Came] = {}

    async def run(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            seen: set[str] = set()
            for link, floor in self._views():
                try:
                    for queue in queues_to_look_at(floor, self._clock.now()):
                        seen |= await self._age(link, queue)
                except SixringError as error:
                    # The link is cut, or Asterisk is busy: the dialplan's own ageing goes on, and the next round mends the rest.
                    log.info("ageing_skipped", node=link.node, error=error.code)
            self._came = {call: came for call, came in self._came.items() if call in seen}

    async def _age(self, link: AmiLink, queue: str) -> set[str]:
        rows = [row for row in await link.ask_list("QueueStatus", {"Queue": queue}) if row.get("event") == "QueueEntry"]
        waiting = [Waiting(row.get("channel", ""), came.points, came.since, number_of(row.get("priority", "")),
                           number_of(row.get("position", "")))
                   for row in rows if (came := await self._came_of(link, row)) is not None]
        for change in raises(waiting, self._clock.now()):
            await self._tell(link, queue, change)
        return {row.get("uniqueid", "") for row in rows}

    async def _came_of(self, link: AmiLink, row: Headers) -> _Came | None:
        """From the caller's own channel, once: so it is right after a restart too, and for a place kept for a callback."""
        call = row.get("uniqueid", "")
        if call not in self._came:
            try:
                since = await _variable(link, row.get("channel", ""), "WAIT_FROM")
                points = await _variable(link, row.get("channel", ""), "RANK")
            except AmiRefused:
                return None              # gone meanwhile
            if not since.isdigit():
                return None
            self._came[call] = _Came(number_of(points), datetime.fromtimestamp(int(since) / 1000, UTC))
        return self._came[call]

    async def _tell(self, link: AmiLink, queue: str, change: Raise) -> None:
        try:
            await link.ask("QueueChangePriorityCaller", {"Queue": queue, "Caller": change.channel, "Immediate": "yes",
                                                         "Priority": str(change.priority)})
        except AmiRefused as error:
            log.debug("ageing_refused", channel=change.channel, error=str(error))   # answered or gone meanwhile


def queues_to_look_at(floor: Floor, now: datetime) -> list[str]:
    """Asterisk's queues in which a call can have gained a point. (Before the primary agents nobody waits for long.)"""
    return sorted({facts.in_queue or asterisk_queue(Stage(facts.queue, _POOLS[facts.stage])) for facts in floor.calls.values()
                   if facts.waiting and facts.queue in floor.plan.queues and facts.stage in _POOLS
                   and facts.queued_at is not None and now - facts.queued_at >= AGE_EVERY})


async def _variable(link: AmiLink, channel: str, name: str) -> str:
    return (await link.ask("Getvar", {"Channel": channel, "Variable": name})).get("value", "")
