"""Puts the pure parts to work: AMI items in, floors kept, bus events out. One queue, one reader, no locks."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from acd.ami.errors import AmiLost
from acd.ami.events import AmiEvent, DeviceChanged, FullyBooted, ReachabilityChanged, Reloaded
from acd.ami.link import AmiLink
from acd.ami.news import LinkDown, LinkEvents, LinkItem, LinkUp, Listener, Listeners, News
from acd.floor.facts import Floor
from acd.floor.fold import FOLDS, fold, next_tick, seated, tick, unwrapped
from acd.floor.of_channels import outcome_of
from acd.floor.of_seats import OFFLINE_DEVICES
from acd.floor.resync import Snapshot, floor_from, take_snapshot
from acd.plan import FloorPlan
from callcenter.clock import Clock
from callcenter.errors import SixringError
from callcenter.events import AgentShown, AnyEvent, Board, CallEnded, FloorReset, SeatState

log = structlog.get_logger(__name__)

INBOX_LIMIT: Final = 200_000      # events; beyond it the link is cut and everything is read anew
AT_ONCE: Final = 500              # events between two looks at the clock and at the other tasks
RESYNC_RETRY_S: Final = 1.0
RESTART_SLACK: Final = timedelta(seconds=2)
DOUBT_S: Final = 1.0              # how soon a phone that is said to be gone is looked at again
LATE_S: Final = 1.0               # Asterisk answers at once, its events queue: how late one may be that the answer knew of


@dataclass(frozen=True)
class Resynced:
    """The actual state has been read; None: it could not be."""

    node: str
    reading: object               # which one
    snapshot: Snapshot | None
    has_waited: bool = False      # for events that were on their way as it was read


@dataclass
class _Node:
    floor: Floor
    link: AmiLink
    known: bool = False                       # its actual state has been read once
    reading: object | None = None             # … and is being read now
    again: bool = False                       # somebody asked meanwhile
    is_up: bool = False
    booted_at: datetime | None = None
    restarted: bool = False
    since_asked: list[tuple[AmiEvent, datetime]] = field(default_factory=list)


class FloorService:
    """Links deliver to `deliver`; each is made known with `add` before `run`."""

    def __init__(self, plans: Mapping[str, FloorPlan], clock: Clock, *, put: Callable[[AnyEvent], None],
                 remembered: Callable[[], Board], on_link: Callable[[str, str | None], None],
                 on_reachability: Callable[[], None], audit_every_s: float = 60.0,
                 agents: Callable[[], tuple[AgentShown, ...]] = tuple) -> None:
        """`on_link(node, reason)`: the link's reason for being down, None when it is up."""
        self._plans, self._clock, self._put, self._remembered = plans, clock, put, remembered
        self._on_link, self._on_reachability = on_link, on_reachability
        self._audit_every_s, self._agents = audit_every_s, agents
        self._doubt = asyncio.Event()
        self._inbox: deque[LinkItem | Resynced] = deque()
        self._waiting = 0                          # events and other items in it
        self._news = asyncio.Event()
        self._nodes: dict[str, _Node] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._listeners: defaultdict[type[News], list[Listener]] = defaultdict(list)

    def listen(self, listeners: Listeners) -> None:
        """Each hears its kind in order, each event after it has been folded. A listener must only take note."""
        for kind, listener in listeners.items():
            self._listeners[kind].append(listener)

    def add(self, link: AmiLink) -> None:
        self._nodes[link.node] = _Node(Floor(self._plans[link.node]), link)

    def deliver(self, item: LinkItem) -> None:
        """For AmiLink: only enqueues. That a link is up or down is always heard."""
        if self._waiting < INBOX_LIMIT or not isinstance(item, LinkEvents):
            self._waiting += _size(item)
            self._inbox.append(item)
            self._news.set()
        else:
            log.error("inbox_full", node=item.node)
            self._nodes[item.node].link.drop()

    @property
    def is_idle(self) -> bool:
        """All that was delivered has been handled."""
        return not self._inbox

    def views(self) -> list[tuple[AmiLink, Floor]]:
        """The floors that are known and can be acted on now, each with its link."""
        return [(node.link, node.floor) for node in self._nodes.values() if node.known and node.is_up]

    def truth(self) -> FloorReset | None:
        """All floors as one event; None while some node has never been read."""
        if not all(node.known for node in self._nodes.values()):
            return None
        floors = [node.floor for node in self._nodes.values()]
        return FloorReset(
            at=self._clock.now(),
            calls=tuple(call for floor in floors for call in floor.calls_shown.values()),
            seats=tuple({seat.seat: seat for floor in floors for seat in floor.seats_shown.values()}.values()),
            queues=tuple(dict.fromkeys(queue for floor in floors for queue in floor.plan.queues)),
            agents=self._agents(),
        )

    def floors(self) -> list[Floor]:
        """Of the nodes that have been read."""
        return [node.floor for node in self._nodes.values() if node.known]

    def seat(self, agents: dict[str, str]) -> None:
        """Who sits where: seat → agent."""
        now = self._clock.now()
        for node in self._nodes.values():
            for fact in seated(node.floor, agents, now):
                if node.known:
                    self._put(fact)

    def end_wrapup(self, seat: str) -> None:
        """The agent wants the next call now."""
        now = self._clock.now()
        for node in self._nodes.values():
            for fact in unwrapped(node.floor, seat, now):
                if node.known:
                    self._put(fact)

    async def run(self) -> None:
        """Begun again after an error, it reads anew what is up: its own reading has ended with it."""
        for node in self._nodes.values():
            if node.is_up and node.booted_at:
                self._read(node)
        audit = asyncio.create_task(self._audit())
        try:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._until_tick()):
                        await self._news.wait()
                handled = 0
                while self._inbox and handled < AT_ONCE:
                    item = self._inbox.popleft()
                    handled += _size(item)
                    self._waiting -= _size(item)
                    self._handle(item)
                if not self._inbox:
                    self._news.clear()
                self._tick()
                await asyncio.sleep(0)
        finally:
            for task in (audit, *self._tasks):
                task.cancel()
            for node in self._nodes.values():
                node.reading = None

    def _handle(self, item: LinkItem | Resynced) -> None:
        node = self._nodes[item.node]
        match item:
            case LinkEvents(events=events):
                for event, at in events:
                    try:
                        self._event(node, event, at or self._clock.now())
                    except Exception:
                        # An event that breaks the fold must not stop the line's picture; the next audit mends it.
                        log.exception("ami_event_failed", ami_event=type(event).__name__)
            case LinkUp():
                node.is_up = True
                self._on_link(item.node, None)
                self._tell(item.node, item)
                if node.booted_at and not node.known:   # FullyBooted came while an older reading was failing
                    self._read(node)
            case LinkDown(reason=reason):
                node.is_up = False
                self._on_link(item.node, reason)
                self._tell(item.node, item)
            case Resynced():
                self._resynced(node, item)

    def _event(self, node: _Node, event: AmiEvent, now: datetime) -> None:
        if type(event) in FOLDS:
            if node.reading is not None:
                node.since_asked.append((event, now))
            if node.known:
                for fact in fold(node.floor, event, now):
                    self._put(fact)
            if type(event) is DeviceChanged and event.state in OFFLINE_DEVICES:
                self._doubt.set()
        else:
            self._not_of_the_floor(node, event, now)
        if type(event) in self._listeners:
            self._tell(node.link.node, event)

    def _not_of_the_floor(self, node: _Node, event: AmiEvent, now: datetime) -> None:
        match event:
            case FullyBooted(uptime_s=uptime_s):
                booted_at = now - timedelta(seconds=uptime_s)
                node.restarted |= bool(node.booted_at and booted_at - node.booted_at > RESTART_SLACK)     # until it has been read
                node.booted_at, node.known, node.reading = booted_at, False, None     # what is being read was before
                self._read(node)
            case Reloaded():
                self._read(node)
            case ReachabilityChanged():
                self._on_reachability()

    def _tell(self, node: str, news: News) -> None:
        """One that fails keeps none of the others from hearing it."""
        for listener in self._listeners.get(type(news), ()):
            try:
                listener(node, news)
            except Exception:
                log.exception("listener_failed", news=type(news).__name__)

    def _read(self, node: _Node) -> None:
        """Begins to read the actual state; events that come meanwhile are kept and folded onto it."""
        if node.reading is not None:
            node.again = True
            return
        node.again = False
        reading = node.reading = object()
        node.since_asked = []

        async def read() -> None:
            snapshot = None
            try:
                snapshot = await take_snapshot(node.link)
            except SixringError as error:
                log.warning("resync_failed", node=node.link.node, reason=error.code)
                if not isinstance(error, AmiLost):
                    await asyncio.sleep(RESYNC_RETRY_S)
            except Exception:
                # Whatever it is: a reading that ends without a word would be under way for ever, and nothing read again.
                log.exception("resync_broke", node=node.link.node)
                await asyncio.sleep(RESYNC_RETRY_S)
            self._has_read(Resynced(node.link.node, reading, snapshot))

        self._begin(read())

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _has_read(self, found: Resynced) -> None:
        self._inbox.append(found)
        self._waiting += 1
        self._news.set()

    def _resynced(self, node: _Node, found: Resynced) -> None:
        snapshot = found.snapshot
        if found.reading is not node.reading:
            return
        if snapshot is None:
            node.reading = None
            if node.is_up:
                self._read(node)
            return
        now = self._clock.now()
        before = node.floor
        after = floor_from(before.plan, snapshot, self._memory(before), now, agents=before.agents,
                           heard=before.channels if node.known else None)
        for event, at in node.since_asked:
            try:
                fold(after, event, at)
            except Exception:
                log.exception("ami_event_failed", ami_event=type(event).__name__)
        is_same = node.known and same_picture(before, after)
        if node.known and not is_same and not found.has_waited:
            async def wait() -> None:
                await asyncio.sleep(LATE_S)
                self._has_read(replace(found, has_waited=True))

            self._begin(wait())     # still reading: what comes meanwhile is kept
            return
        node.reading = None
        if not is_same:
            self._adopt(node, before, after, now)
        if node.again:
            self._read(node)

    def _adopt(self, node: _Node, before: Floor, after: Floor, now: datetime) -> None:
        """What Asterisk says is what is shown from now on."""
        if node.known:
            log.warning("floor_drifted", node=node.link.node, **differences(before, after))
        for call_id in before.calls.keys() - after.calls.keys():
            facts = before.calls[call_id]
            self._put(CallEnded(now, call_id, "lost" if node.restarted else outcome_of(facts), facts.queue))
        node.floor, node.known, node.restarted = after, True, False
        if reset := self.truth():
            self._put(reset)
        log.info("floor_read", node=node.link.node, calls=len(after.calls), seats=len(after.seats_shown))

    def _memory(self, floor: Floor) -> Board:
        """What was shown last: by this process, else by the one before it."""
        board = self._remembered()
        return replace(board, calls={**board.calls, **floor.calls_shown}, seats={**board.seats, **floor.seats_shown})

    def _tick(self) -> None:
        now = self._clock.now()
        for node in self._nodes.values():
            if node.known:
                for fact in tick(node.floor, now):
                    self._put(fact)

    def _until_tick(self) -> float | None:
        due = [at for node in self._nodes.values() if node.known and (at := next_tick(node.floor))]
        return max((min(due) - self._clock.now()).total_seconds(), 0.001) if due else None

    async def _audit(self) -> None:
        """Compares with the actual state now and then: the live feed may lose events, a seat must never stay stuck.

        And soon after a phone went away: when one registers anew within milliseconds, Asterisk tells the first half
        (UNAVAILABLE) and often not the second.
        """
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._audit_every_s):
                    await self._doubt.wait()
                    await asyncio.sleep(DOUBT_S)
            self._doubt.clear()
            for node in self._nodes.values():
                if node.known and node.is_up:
                    self._read(node)


def _size(item: LinkItem | Resynced) -> int:
    return len(item.events) if isinstance(item, LinkEvents) else 1


def same_picture(one: Floor, other: Floor) -> bool:
    """Whether both show the same, apart from times, which a reading of the actual state only knows to the second."""
    return _picture(one) == _picture(other)


def differences(shown: Floor, actual: Floor) -> dict[str, dict[str, str]]:
    """What was wrong, for the log: call or seat → "shown, actual"."""
    return {
        what: {key: f"{before.get(key)}, {after.get(key)}" for key in sorted(before.keys() | after.keys())
               if before.get(key) != after.get(key)}
        for what, before, after in zip(("calls", "seats"), _picture(shown), _picture(actual), strict=True)
    }


def _picture(floor: Floor) -> tuple[dict[str, str], dict[str, str]]:
    """Not: the queue of a call that has not entered it yet, nor a wrap-up, whose end Asterisk knows to the second only."""
    calls = {key: f"{c.state} {c.queued_at and c.queue} {c.stage} {c.ringing} {c.seat}"
             for key, c in floor.calls_shown.items()}
    seats = {key: "ready None" if s.state is SeatState.WRAPUP else f"{s.state} {s.call_id}"
             for key, s in floor.seats_shown.items()}
    return calls, seats
