"""Keeps every node's floor as it is wanted: reads the actual, sends the difference, and never sends anything blindly again.

A round runs after every change of the book, every time Asterisk says that it has booted (start, reconnect, restart), after a
reload, when an event contradicts what is wanted, when a wrap-up that was extended ends, and on a timer. While a link is down
nothing is kept for it: the first round afterwards sees the whole difference. After a failure the actual is read anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, assert_never

import structlog

from acd.ami.events import FullyBooted, MemberChanged, MemberRemoved, Reloaded
from acd.ami.link import AmiLink
from acd.ami.news import LinkDown, Listeners
from acd.desired.state import Desired
from acd.plan import FloorPlan
from acd.reconcile.actual import FAMILY, read_actual
from acd.reconcile.difference import (
    Action,
    Add,
    ChangePenalty,
    DeleteSwitch,
    PutSwitch,
    Remake,
    Remove,
    SetPause,
    contradicts,
    reconcile,
    unasked,
)
from acd.reconcile.wanted import Wanted, next_change, wanted_floor
from callcenter.clock import Clock
from callcenter.errors import SixringError
from callcenter.events import DriftMended

log = structlog.get_logger(__name__)

AT_ONCE: Final = 50        # commands on their way to one Asterisk; it carries them out one after the other
TOLD: Final = 20           # actions named in one DriftMended


@dataclass(frozen=True)
class Rhythm:
    """Seconds."""

    every: float = 30.0
    settle: float = 0.05         # several changes that come together are one round
    first_retry: float = 0.2
    last_retry: float = 5.0
    answer: float = 3.0          # deadline of one command


@dataclass
class _Node:
    plan: FloorPlan
    link: AmiLink
    booted: bool = False                          # it may be asked: up, and Asterisk has said FullyBooted
    wanted: Wanted = field(default_factory=Wanted)
    reached: Wanted | None = None                 # what the last round brought about, unless something failed since
    due: asyncio.Event = field(default_factory=asyncio.Event)


class Reconciler:
    """`listeners` are FloorService's; `adopt(node, switches)` may change the book before a round decides."""

    def __init__(self, desired: Desired, clock: Clock, *, put: Callable[[DriftMended], None],
                 adopt: Callable[[str, Mapping[str, str]], None] | None = None, rhythm: Rhythm | None = None) -> None:
        self._desired, self._clock, self._put, self._adopt = desired, clock, put, adopt
        self._rhythm = rhythm or Rhythm()
        self._nodes: dict[str, _Node] = {}
        self.mended = 0                           # actions against drift since the start
        desired.on_change(self.wake)

    def add(self, plan: FloorPlan, link: AmiLink) -> None:
        self._nodes[link.node] = _Node(plan, link)

    def wake(self) -> None:
        for node in self._nodes.values():
            node.due.set()

    def listeners(self) -> Listeners:
        return {MemberChanged: self._member_changed, MemberRemoved: self._member_removed, LinkDown: self._link_down,
                FullyBooted: self._booted, Reloaded: self._reloaded}

    def _member_changed(self, name: str, event: MemberChanged) -> None:
        node = self._nodes[name]
        if contradicts(node.wanted, event.place, event.member):
            node.due.set()

    def _member_removed(self, name: str, event: MemberRemoved) -> None:
        node = self._nodes[name]
        if contradicts(node.wanted, event.place, None):
            node.due.set()

    def _link_down(self, name: str, news: LinkDown) -> None:  # noqa: ARG002 - as all of them
        self._nodes[name].booted = False

    def _booted(self, name: str, event: FullyBooted) -> None:  # noqa: ARG002
        self._nodes[name].booted = True
        self._nodes[name].due.set()

    def _reloaded(self, name: str, event: Reloaded) -> None:  # noqa: ARG002
        self._nodes[name].due.set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for node in self._nodes.values():
                tasks.create_task(self._keep(node))

    async def _keep(self, node: _Node) -> None:
        retry = self._rhythm.first_retry
        while True:
            try:
                async with asyncio.timeout(self._until_next()):
                    await node.due.wait()
                await asyncio.sleep(self._rhythm.settle)
            except TimeoutError:
                pass
            node.due.clear()
            if not node.booted:
                continue
            if await self._round(node):
                retry = self._rhythm.first_retry
                continue
            await asyncio.sleep(self._rhythm.first_retry)
            with suppress(TimeoutError):     # a reconnect is not kept waiting by what failed before it
                async with asyncio.timeout(retry):
                    await node.due.wait()
            retry = min(retry * 2, self._rhythm.last_retry)
            node.due.set()

    def _until_next(self) -> float:
        now = self._clock.now()
        change = next_change(self._desired.book, now)
        return min((change - now).total_seconds() + 0.01, self._rhythm.every) if change else self._rhythm.every

    async def _round(self, node: _Node) -> bool:
        """True when the floor is as wanted. Nothing that happens in a round may end the loop."""
        try:
            actual = await read_actual(node.link)
            if self._adopt:
                self._adopt(node.link.node, actual.switches)
            desired = self._desired
            node.wanted = wanted_floor(node.plan, desired.book, desired.roster, self._clock.now())
            actions = reconcile(node.wanted, actual)
            drift = unasked(node.reached, actual, actions)
            if not await self._send(node, actions):
                node.reached = None
                return False
        except SixringError as error:
            log.warning("floor_not_read", node=node.link.node, reason=error.code)
            return False
        except Exception:
            log.exception("round_failed", node=node.link.node)
            return False
        node.reached = node.wanted
        if actions:
            log.info("floor_reconciled", node=node.link.node, actions=len(actions), drift=len(drift))
        if drift:
            self.mended += len(drift)
            told = tuple(describe(action) for action in drift[:TOLD])
            log.warning("drift_mended", node=node.link.node, mended=told, count=len(drift), in_all=self.mended)
            self._put(DriftMended(self._clock.now(), node.link.node, told))
        return True

    async def _send(self, node: _Node, actions: Sequence[Action]) -> bool:
        """In order, some at a time; each once. False at the first batch in which one failed: the rest waits for a new reading."""
        for start in range(0, len(actions), AT_ONCE):
            batch = actions[start:start + AT_ONCE]
            results = await asyncio.gather(*(self._ask(node.link, action) for action in batch), return_exceptions=True)
            failed = [(action, result) for action, result in zip(batch, results, strict=True) if result is not None]
            for action, result in failed:
                if not isinstance(result, SixringError):
                    raise result
                log.warning("action_failed", node=node.link.node, action=describe(action), reason=result.code, detail=str(result))
            if failed:
                return False
        return True

    async def _ask(self, link: AmiLink, action: Action) -> None:
        name, headers = worded(action)
        if isinstance(action, Remake):
            out = worded(Remove(action.place))
            await asyncio.gather(link.ask(*out, deadline=self._rhythm.answer),
                                 link.ask(name, headers, deadline=self._rhythm.answer))
            return
        await link.ask(name, headers, deadline=self._rhythm.answer)


def worded(action: Action) -> tuple[str, dict[str, str]]:
    """The AMI action and its headers."""
    match action:
        case Add(place=place, member=member) | Remake(place=place, member=member):
            seat = place.interface.partition("/")[2]
            return "QueueAdd", {"Queue": place.queue, "Interface": place.interface, "MemberName": seat,
                                "StateInterface": place.interface, "Penalty": str(member.penalty),
                                "Paused": "true" if member.paused else "false", "Reason": member.reason,
                                "Wrapuptime": str(member.wrapup)}
        case Remove(place=place):
            return "QueueRemove", {"Queue": place.queue, "Interface": place.interface}
        case ChangePenalty(place=place, penalty=penalty):
            return "QueuePenalty", {"Queue": place.queue, "Interface": place.interface, "Penalty": str(penalty)}
        case SetPause(interface=interface, paused=paused, reason=reason, queue=queue):
            headers = {"Interface": interface, "Paused": "true" if paused else "false", "Reason": reason}
            return "QueuePause", headers | ({"Queue": queue} if queue else {})
        case PutSwitch(key=key, value=value):
            return "DBPut", {"Family": FAMILY, "Key": key, "Val": value}
        case DeleteSwitch(key=key):
            return "DBDel", {"Family": FAMILY, "Key": key}
        case _:
            assert_never(action)


def describe(action: Action) -> str:
    """For the log and DriftMended: `SetPause queue=repair interface=PJSIP/1001 …`; nobody's own number."""
    name, headers = worded(action)
    if headers.get("Key", "").startswith("mobile/"):
        headers = {"Key": headers["Key"]}
    return " ".join([name, *(f"{key}={value}" for key, value in headers.items() if key not in {"MemberName", "StateInterface"})])
