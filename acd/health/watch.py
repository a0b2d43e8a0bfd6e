"""Collects the figures that acd/health/checks.py judges: asks Asterisk, Redis and the disk, reads the others' heartbeats."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any, Final

import structlog
from pydantic import ValidationError
from redis.exceptions import RedisError

from acd.ami.headers import Headers
from acd.ami.link import AmiLink
from acd.health.checks import (
    HealthBook,
    TrunkKind,
    Verdict,
    asterisk_verdict,
    disk_verdict,
    heartbeat_verdict,
    judge,
    link_verdict,
    trunk_verdict,
)
from callcenter.bus import Bus
from callcenter.clock import Clock
from callcenter.disk import DiskLimits, RecordedDays
from callcenter.errors import SixringError
from callcenter.events import Health, HealthChanged
from callcenter.heartbeat import beat, heard, key_of
from callcenter.sign import EVERY_S, Sign

log = structlog.get_logger(__name__)

MUST_BEAT: Final = ("agi", "crm")
MAY_BEAT: Final = ("database",)
# What nobody else knows. Not redis: it is told by whoever reaches it, and never by a key inside it.
OWN: Final = frozenset({"acd", "ami", "asterisk", "trunk", "disk"})


@dataclass(frozen=True)
class WatchPlan:
    trunk: TrunkKind
    recordings: Path
    every_s: float = 5.0
    disk: DiskLimits = field(default_factory=DiskLimits)
    tz: tzinfo = UTC               # of the folders of recordings
    sign: Sign | None = None       # that the loop turns, for whoever looks without Redis


class Watch:
    """`links` is read at each round, so that it may be filled after construction."""

    def __init__(self, links: Sequence[AmiLink], bus: Bus, plan: WatchPlan, clock: Clock,
                 put: Callable[[HealthChanged], None], acd: Callable[[], Verdict] = lambda: (Health.OK, "")) -> None:
        """`acd`: how acd itself is."""
        self._acd = acd
        self._links, self._plan, self._clock, self._put = links, plan, clock, put
        self._redis: Any = bus.redis
        self._book = HealthBook()
        self._down: dict[str, str] = {}
        self._asterisk_due = asyncio.Event()

    def truth(self) -> list[HealthChanged]:
        now = self._clock.now()
        return [HealthChanged(now, health) for health in self._book.components.values()]

    def on_link(self, node: str, reason: str | None) -> None:
        if reason is None:
            self._down.pop(node, None)
        else:
            self._down[node] = reason
        self._judge("ami", link_verdict(self._down, [link.node for link in self._links]))
        self.on_reachability()

    def on_reachability(self) -> None:
        """Something about contacts or registrations changed: ask now, not at the next round."""
        self._asterisk_due.set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for each in (self._watch_asterisk, self._watch_redis, self._watch_disk, self._give_sign):
                tasks.create_task(each())

    async def _give_sign(self) -> None:
        while self._plan.sign is not None:
            self._plan.sign.give()
            await asyncio.sleep(EVERY_S)

    async def _watch_asterisk(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._plan.every_s):
                    await self._asterisk_due.wait()
            except TimeoutError:
                pass
            self._asterisk_due.clear()
            answers: dict[str, Headers | None] = {}
            trunks: list[Verdict] = []
            for link in self._links:
                try:
                    answers[link.node] = await link.ask("CoreStatus")
                    trunks.append(await self._ask_trunk(link))
                except SixringError as error:
                    log.debug("health_not_known", node=link.node, reason=error.code)
                    answers.setdefault(link.node, None)
                    trunks.append((Health.DOWN, "no_answer"))
            self._judge("asterisk", asterisk_verdict(answers))
            self._judge("trunk", _best(trunks))

    async def _ask_trunk(self, link: AmiLink) -> Verdict:
        endpoints = await link.ask_list("PJSIPShowEndpoints")
        registrations: list[Headers] = []
        if self._plan.trunk == "register":
            registrations = await link.ask_list("PJSIPShowRegistrationsOutbound")
        return trunk_verdict(self._plan.trunk, endpoints, registrations)

    async def _watch_redis(self) -> None:
        """Writes our heartbeats and reads the others'. While Redis is down nothing is said of those."""
        while True:
            try:
                self._judge("acd", self._acd())
                await beat(self._redis, [health for name, health in self._book.components.items() if name in OWN])
                names = (*MUST_BEAT, *MAY_BEAT)
                beats = dict(zip(names, await self._redis.mget(
                    [key_of(name) for name in names]), strict=True))
                self._judge("redis", (Health.OK, ""))
                self._hear(beats)
            except (RedisError, OSError) as error:
                self._judge("redis", (Health.DOWN, type(error).__name__))
            await asyncio.sleep(self._plan.every_s)

    def _hear(self, beats: Mapping[str, bytes | None]) -> None:
        for name, raw in beats.items():
            if raw is None and name in MAY_BEAT and name not in self._book.components:
                continue
            try:
                heartbeat = heard(raw) if raw else None
            except ValidationError:
                log.exception("heartbeat_not_understood", component=name)
                heartbeat = None
            self._judge(name, heartbeat_verdict(heartbeat))

    async def _watch_disk(self) -> None:
        days = RecordedDays(self._plan.recordings)
        while True:
            try:
                free = await asyncio.to_thread(_free_for, self._plan.recordings)
                day = await asyncio.to_thread(days.bytes, self._clock.now().astimezone(self._plan.tz))
                self._judge("disk", disk_verdict(free, self._plan.disk, day))
            except OSError as error:      # broken, or a share whose server is gone: the floor does not need it
                log.warning("disk_unreadable", error=type(error).__name__, errno=error.errno)
                self._judge("disk", (Health.DOWN, "unreadable"))
            await asyncio.sleep(self._plan.every_s)

    def _judge(self, component: str, verdict: Verdict) -> None:
        before = self._book.components.get(component)
        self._book, changes = judge(self._book, component, verdict, self._clock.now())
        for change in changes:
            if before is None or before.state is not change.health.state:   # a figure in the detail is no news for a log
                log.info("health_changed", component=component, state=change.health.state, detail=change.health.detail)
            self._put(change)


def _free_for(folder: Path) -> int:
    """Bytes, where the folder is or will be. Raises OSError."""
    return shutil.disk_usage(next(path for path in (folder, *folder.parents) if path.exists())).free


def _best(verdicts: Sequence[Verdict]) -> Verdict:
    """A carrier that one node reaches still brings calls in; the rest is degraded."""
    good = [verdict for verdict in verdicts if verdict[0] is Health.OK]
    if good and len(good) < len(verdicts):
        return Health.DEGRADED, "some_nodes"
    return good[0] if good else verdicts[0] if verdicts else (Health.DOWN, "no_node")
