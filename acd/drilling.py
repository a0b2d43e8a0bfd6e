"""A drill's simulated callers (H12): each asked for at most once, so many at once, all gone at once, never before a real caller.

The last call that was begun is in astdb before its channel is asked for (as in acd/dialling.py), and so is that the drill was
stopped: what comes later, also out of another process or after a crash, is refused, here and by the dialplan. Everything else
follows from the floor: a drill's call is known by its id, whoever has asked for it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from acd.ami.errors import AmiRefused
from acd.ami.link import AmiLink
from acd.bus.orders import Handlers, done, refused
from acd.floor.facts import CallFacts, Floor
from callcenter.clock import Clock
from callcenter.commands import Answer, BeginDrill, DrillCall, Order, StopDrill
from callcenter.drills import CONTEXT, DRILL_KEY, STOPPED, drill_call_id, is_drill, is_drill_queue
from callcenter.errors import SixringError
from callcenter.events import CallState
from callcenter.site.drills import DrillPolicy
from callcenter.site.schema import Site
from callcenter.stages import DRILL_QUEUES, Pool, Stage, asterisk_queue

FAMILY: Final = "sixring"
BEGUN: Final = "begun"                       # detail: this call was begun before
SEEN_WITHIN: Final = timedelta(seconds=2)    # Asterisk tells of a channel that it was asked for until then
LOOK_EVERY_S: Final = 0.5
UNSERVED: Final = timedelta(seconds=1)       # a seat that is free rings within it
GAVE_WAY: Final = "gave_way"
LONGEST_S: Final = 3600
_KEYS: Final = re.compile(r"[0-9*#]{0,10}")
_DID: Final = re.compile(r"[0-9+]{1,20}")

log = structlog.get_logger(__name__)
Views = Callable[[], Sequence[tuple[AmiLink, Floor]]]


@dataclass(frozen=True)
class DrillRules:
    """`queues`: Asterisk's names of all that the site's simulated seats answer."""

    policy: DrillPolicy
    queues: tuple[str, ...]
    numbers: frozenset[str]

    @classmethod
    def of(cls, site: Site) -> DrillRules:
        stages = [f"{queue.id}.{stage.to}" for queue in site.queues for stage in queue.stages if stage.to != "outside"]
        urgent = [asterisk_queue(Stage(queue, Pool.EMERGENCY)) for queue in sorted(site.emergency_queues)]
        names = [f"{DRILL_QUEUES}{name}" for name in (*(queue.id for queue in site.queues), *stages, *urgent)]
        return cls(site.drills, tuple(dict.fromkeys(names)), frozenset(number.number for number in site.numbers))


@dataclass(frozen=True)
class GivesWay:
    """What real callers need of a drill: its calls that end now, and seats whose wrap-up after one does."""

    calls: tuple[str, ...] = ()
    seats: tuple[str, ...] = ()


class DrillDesk:
    def __init__(self, links: Sequence[AmiLink], views: Views, rules: DrillRules, clock: Clock,
                 free: Callable[[str], Awaitable[None]]) -> None:
        """`free(seat)`: its wrap-up is over."""
        self._links, self._views, self._rules, self._clock, self._free = links, views, rules, clock, free
        self._turn = asyncio.Lock()
        self._asked: dict[str, datetime] = {}

    def handlers(self) -> Handlers:
        return {BeginDrill: self._begin, DrillCall: self._call, StopDrill: self._stop}

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            for link, floor in self._views():
                if any(is_drill(call_id) for call_id in floor.calls):
                    try:
                        await self._look(link, floor)
                    except SixringError as error:
                        log.warning("drill_not_looked_after", node=link.node, reason=error.code)

    async def _look(self, link: AmiLink, floor: Floor) -> None:
        wanted = gives_way(floor, self._clock.now())
        for call_id in wanted.calls:
            await self._end(link, floor, call_id, GAVE_WAY)
        for seat in wanted.seats:
            await self._free(seat)

    async def _begin(self, order: Order) -> Answer:
        command = order.command
        assert isinstance(command, BeginDrill)
        link = self._links[0]
        async with self._turn:
            at, last = await _kept(link)
            if at == command.drill_id and last is None:
                return refused(order, "too_late", STOPPED)
            for name in self._rules.queues if command.seats else ():
                for seat in range(1, min(command.seats, self._rules.policy.seats) + 1):
                    await _quietly(link, "QueueAdd", {
                        "Queue": name, "Interface": f"Local/{seat:02}@drill-seat/n", "MemberName": f"drill-{seat}",
                        "StateInterface": f"Local/{seat:02}@drill-seat", "Penalty": "0", "Paused": "false"})
            if at != command.drill_id:
                await _keep(link, f"{command.drill_id}|0")
        return done(order)

    async def _call(self, order: Order) -> Answer:
        """`not_now`: cap, or real callers wait; nobody is called for it later. `too_late`: the drill was stopped."""
        command = order.command
        assert isinstance(command, DrillCall)
        if not (_KEYS.fullmatch(command.keys) and _DID.fullmatch(command.did) and command.did in self._rules.numbers):
            return refused(order, "refused", "number")
        link = self._links[0]
        async with self._turn:
            at, last = await _kept(link)
            if at != command.drill_id or last is None:
                return refused(order, "too_late", STOPPED)
            if last >= command.number:
                return done(order, BEGUN)
            now = self._clock.now()
            if now > order.deadline:
                return refused(order, "too_late")
            if self._on_the_line(now) >= self._rules.policy.at_once:
                return refused(order, "not_now", "cap")
            if not command.simulated and any(unserved(floor, now) for _, floor in self._views()):
                return refused(order, "not_now", "callers")
            call_id = drill_call_id(command.drill_id, link.node, now, command.number)
            self._asked[call_id] = now
            await _keep(link, f"{command.drill_id}|{command.number}")
            await link.ask("Originate", _originate(command, link.node, call_id, now))
        return done(order, link.node)

    async def _stop(self, order: Order) -> Answer:
        """Safe to repeat; also of a drill of which acd knows nothing any more."""
        command = order.command
        assert isinstance(command, StopDrill)
        async with self._turn:
            at, _ = await _kept(self._links[0])
            if at not in (command.drill_id, 0):
                return done(order)       # another is on since: it did not begin while this one had calls
            await _keep(self._links[0], f"{command.drill_id}|{STOPPED}")
            for link in self._links:
                # By their names: also those of which nobody has told yet. The journal has why from the dialplan.
                await link.ask_list("Hangup", {"Channel": f"/^Local/s@{CONTEXT}-.*$/"})
                await self._seats_go(link)
        return done(order)

    async def _seats_go(self, link: AmiLink) -> None:
        for row in await link.ask_list("QueueStatus"):
            name = row.get("queue", "")
            if row.get("event") == "QueueMember" and is_drill_queue(name):
                await _quietly(link, "QueueRemove", {"Queue": name, "Interface": row.get("location", "")})

    async def _end(self, link: AmiLink, floor: Floor, call_id: str, why: str) -> None:
        channel = floor.channels.get(call_id)
        if channel is not None:
            await _note(link, call_id, why)
            await _quietly(link, "Hangup", {"Channel": channel.name})

    def _on_the_line(self, now: datetime) -> int:
        self._asked = {call_id: at for call_id, at in self._asked.items() if now - at < SEEN_WITHIN}
        there = {call_id for _, floor in self._views() for call_id in floor.calls if is_drill(call_id)}
        return len(there | self._asked.keys())


def unserved(floor: Floor, now: datetime) -> list[CallFacts]:
    """Real callers who wait, a place kept for a callback among them, and for whom no phone rings. Longest first."""
    found = [facts for facts in floor.calls.values()
             if (facts.waiting or facts.between) and not is_drill(facts.call_id) and not _rings(floor, facts.call_id)
             and facts.queued_at is not None and now - facts.queued_at >= UNSERVED]
    return sorted(found, key=lambda facts: facts.queued_at or now)


def gives_way(floor: Floor, now: datetime) -> GivesWay:
    """Only where real seats take part: a call in the drill's own queues takes nothing from anybody.

    While somebody real is unserved, no drill's call waits or rings at a real seat, wrap-ups after one end, and for each such
    caller a talk ends at a seat that may answer them, the longest first.
    """
    callers = unserved(floor, now)
    if not callers:
        return GivesWay()
    shown = [(facts, floor.calls_shown[facts.call_id]) for facts in floor.calls.values()
             if is_drill(facts.call_id) and facts.call_id in floor.calls_shown and not is_drill_queue(facts.in_queue)]
    ends = [facts.call_id for facts, call in shown if call.state in (CallState.QUEUED, CallState.RINGING)]
    talks = sorted(((call.since, facts.call_id, call.seat) for facts, call in shown if call.state is CallState.TALKING))
    for caller in callers:
        found = next(((call_id, seat) for _, call_id, seat in talks
                      if call_id not in ends and seat and caller.in_queue in floor.paused.get(seat, {})), None)
        if found:
            ends.append(found[0])
    seats = tuple(seat for seat, wrapup in floor.wrapups.items() if is_drill(wrapup.call_id) and wrapup.until > now)
    return GivesWay(tuple(ends), seats)


def _rings(floor: Floor, call_id: str) -> bool:
    shown = floor.calls_shown.get(call_id)
    return shown is not None and bool(shown.ringing)


async def _kept(link: AmiLink) -> tuple[int, int | None]:
    """(the last drill, its last call that was begun; None: it was stopped); (0, None) when there never was one."""
    try:
        found = await link.ask_list("DBGet", {"Family": FAMILY, "Key": DRILL_KEY})
    except AmiRefused:
        return 0, None
    drill, _, last = next((row.get("val", "") for row in found), "").partition("|")
    return int(drill) if drill.isdigit() else 0, int(last) if last.isdigit() else None


async def _keep(link: AmiLink, value: str) -> None:
    await link.ask("DBPut", {"Family": FAMILY, "Key": DRILL_KEY, "Val": value})


async def _note(link: AmiLink, call_id: str, why: str) -> None:
    """Before it is hung up, so that the journal says why before it says that."""
    await link.ask("QueueLog", {"Queue": "NONE", "Event": "DRILLOVER", "Uniqueid": call_id, "Interface": "NONE", "Message": why})


async def _quietly(link: AmiLink, action: str, headers: dict[str, str]) -> None:
    """It is so already, or gone meanwhile."""
    try:
        await link.ask(action, headers)
    except AmiRefused as error:
        log.debug("drill_refused", action=action, error=str(error))


def _originate(command: DrillCall, node: str, call_id: str, now: datetime) -> dict[str, str]:
    longest = min(LONGEST_S, command.patience_s + command.talks_s + 180)
    variables = {
        "__DRILL": command.drill_id, "__DRILL_IN": DRILL_QUEUES if command.simulated else "", "__DRILL_KEYS": command.keys,
        "__DRILL_THINKS": command.thinks_s, "__DRILL_PATIENCE": command.patience_s, "__DRILL_TALKS": command.talks_s,
        "__DRILL_RINGS": command.rings_s, "__DRILL_LONGEST": longest,
    }
    return {
        "Channel": f"Local/s@{CONTEXT}/n", "Context": "drill-arrives", "Exten": command.did, "Priority": "1", "Timeout": "30000",
        "Async": "true", "ChannelId": call_id,
        "OtherChannelId": drill_call_id(command.drill_id, f"{node}-caller", now, command.number),
        "Variable": ",".join(f"{name}={value}" for name, value in variables.items()),
    }
