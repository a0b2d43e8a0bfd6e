"""The storm's orders: the surge's tier, what callers hear first, and where the line goes (B2, B5, H5, C7).

Tier and notices are part of the book, and reconciled: an emergency's notice for all too, which has a key of its own. The notice
that a person has set (`sixring notice`) and the line's switch are not: what stands there is right, and no order touches the first.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

import structlog
from redis.exceptions import RedisError

from acd.ami.events import DialplanSaid
from acd.ami.link import AmiLink
from acd.ami.news import Listeners
from acd.bus.orders import ALREADY, Handlers, done, refused
from acd.desired.book import Book
from acd.desired.state import Desired
from acd.reconcile.actual import FAMILY
from callcenter.bus import Bus
from callcenter.clock import Clock
from callcenter.commands import DONE, Answer, Order, SetNotice, SetSurge, SwitchLine
from callcenter.events import LineSwitched, OrderCarriedOut
from callcenter.line import ANNOUNCEMENT, AS_ALWAYS, LINE_KEY, SWITCHED, LineState, line_state, line_value, switch_shown
from callcenter.site import Site

log = structlog.get_logger(__name__)

TIERS: Final = range(4)
PROMPT: Final = re.compile(r"[a-z][a-z0-9-]{0,30}")        # as `Ident` of site files: none of it means anything to the dialplan
BY_HAND: Final = ("phone-", "console")
RETRY_S: Final = 2.0


@dataclass(frozen=True)
class StormRules:
    """What may be asked for: estates and numbers that the site file names, prompts that have a sound."""

    estates: frozenset[str] = frozenset()
    numbers: tuple[str, ...] = ()
    has_sound: Callable[[str], bool] = field(default=lambda prompt: False)

    @classmethod
    def of(cls, site: Site, has_sound: Callable[[str], bool]) -> StormRules:
        return cls(frozenset(estate.id for estate in site.estates), site.posture.evacuation.numbers, has_sound)


class Floor(Protocol):
    """Attendance, as far as it is needed here: who changes the book, and that it is on disk."""

    def surge(self, tier: int) -> bool: ...

    def change(self, book: Book, by: str) -> None: ...

    async def saved(self) -> None: ...


class StormDesk:
    """`links`: of all nodes; an order that one of them does not take is refused, and safe to give again."""

    def __init__(self, desired: Desired, floor: Floor, links: Sequence[AmiLink], rules: StormRules, clock: Clock,
                 journal: Callable[[Sequence[str]], None], look: Callable[[], None],
                 put: Callable[[OrderCarriedOut | LineSwitched], None]) -> None:
        """`journal` writes a LINESWITCHED; `look` begins a round that reads the switches, which `adopt` is then given."""
        self._desired, self._floor, self._links, self._rules, self._clock = desired, floor, links, rules, clock
        self._journal, self._look, self._put_event = journal, look, put
        self._line: str | None = None                 # `switched`, as it was last seen
        self._told = asyncio.Event()

    def handlers(self) -> Handlers:
        return {SetSurge: self._set_surge, SetNotice: self._set_notice, SwitchLine: self._switch_line}

    def listeners(self) -> Listeners:
        return {DialplanSaid: self._said}

    def _said(self, node: str, news: DialplanSaid) -> None:
        if news.what == "line-switched":
            log.warning("line_switched_by_phone", node=node, seat=news.seat)
            self._look()

    def truth(self) -> list[LineSwitched]:
        """For a board that is made anew; nothing before Asterisk was asked."""
        return [] if self._line is None else [self._switched(line_state(self._line))]

    def _switched(self, state: LineState) -> LineSwitched:
        return LineSwitched(self._clock.now(), switch_shown(state))

    def adopt(self, switches: Mapping[str, str]) -> None:
        """The boards are told of each change and at each start. What was switched by hand is told like an order too, for the
        audit: again after each start, under the same id."""
        value = switches.get(SWITCHED, AS_ALWAYS)
        state = line_state(value)
        if value != self._line:
            self._put_event(self._switched(state))
        if value != self._line and state.since and state.by.startswith(BY_HAND):
            self._put_event(OrderCarriedOut(
                state.since, f"line-{int(state.since.timestamp())}", state.by.partition("-")[0], SwitchLine.__name__, "line", DONE,
                f"{state.to or 'back'} {state.by}"))
        self._line = value
        self._told.set()

    async def run(self, bus: Bus) -> None:
        """Redis is told at every round of the reconciler: one that was emptied knows it again."""
        redis: Any = bus.redis
        while True:
            await self._told.wait()
            self._told.clear()
            try:
                if self._line is not None:
                    await redis.set(LINE_KEY, self._line)
            except (RedisError, OSError) as error:
                log.warning("line_not_told", error=type(error).__name__)
                await asyncio.sleep(RETRY_S)
                self._told.set()

    async def _set_surge(self, order: Order) -> Answer:
        command = order.command
        assert isinstance(command, SetSurge)
        if command.tier not in TIERS:
            return refused(order, "refused", "tier")
        if not self._floor.surge(command.tier):
            return done(order, ALREADY)
        log.warning("surge", tier=command.tier, surge_id=command.surge_id, by=order.by)
        await self._floor.saved()
        return done(order)

    async def _set_notice(self, order: Order) -> Answer:
        command = order.command
        assert isinstance(command, SetNotice)
        estate, prompt, book = command.estate, command.prompt, self._desired.book
        if estate and estate not in self._rules.estates:
            return refused(order, "unknown_estate")
        if prompt and not (PROMPT.fullmatch(prompt) and self._rules.has_sound(prompt)):
            return refused(order, "unknown_prompt")
        if book.notices.get(estate, "") == prompt:
            return done(order, ALREADY)
        others = {name: said for name, said in book.notices.items() if name != estate}
        self._floor.change(replace(book, notices=others | ({estate: prompt} if prompt else {})), order.by)
        await self._floor.saved()
        return done(order)

    async def _switch_line(self, order: Order) -> Answer:
        command = order.command
        assert isinstance(command, SwitchLine)
        if command.to not in (AS_ALWAYS, ANNOUNCEMENT, *self._rules.numbers):
            return refused(order, "unknown_number")
        log.warning("line_switched", to=command.to, by=order.by)
        value = line_value(command.to, self._clock.now(), order.by)
        await self._put(SWITCHED, value)
        self._journal([command.to, order.by])
        self.adopt({SWITCHED: value})
        return done(order)

    async def _put(self, key: str, value: str) -> None:
        """Raises as AmiLink.ask does, for the first node that did not take it; the others have it then."""
        asked: list[Awaitable[object]] = [link.ask("DBPut", {"Family": FAMILY, "Key": key, "Val": value}) for link in self._links]
        for result in await asyncio.gather(*asked, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result
