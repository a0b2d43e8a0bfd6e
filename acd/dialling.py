"""Calls of our own accord: dialled at most once an attempt, paced, so many at once, nobody that the site file does not allow.

The attempt is written to astdb before the channel is asked for, so that neither an order that comes twice nor a crash in
between rings anybody twice. From then on the call is the dialplan's (`dialled`), which needs no Python to end it and to
journal what came of it. The locks are here and there: whoever asks, this is the last place that can refuse.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from acd.ami.errors import AmiRefused
from acd.ami.link import AmiLink
from acd.bus.orders import Handlers, done, refused
from acd.floor.channels import Channel
from acd.floor.facts import Floor
from callcenter.clock import Clock
from callcenter.commands import LATE, Answer, Dial, Order, StopDialling
from callcenter.errors import SixringError
from callcenter.numbers import as_dialled, fits, normalise
from callcenter.site.dialling import Dialling
from callcenter.site.schema import Site

FAMILY: Final = "sixring"
BEGUN: Final = "begun"               # detail: this attempt was begun before; else the detail is the node
LONGEST_TURN: Final = timedelta(seconds=2)      # who would have to wait longer for a turn is asked to come again
SEEN_WITHIN: Final = timedelta(seconds=2)       # Asterisk tells of a channel that it was asked for until then
KEPT: Final = timedelta(days=7)                 # crm settles an attempt within minutes of hearing the journal
SWEEP_S: Final = 6 * 3600.0
BEGUN_TREES: Final = ("dialled", "rung")        # … and callbacks' (acd/waiting/callbacks.py)
MOST_PROMPTS: Final = 12
_TASK: Final = re.compile(r"[0-9a-z]{1,32}")
_PROMPT: Final = re.compile(r"[a-z][a-z0-9-]{0,30}")
_KEYS: Final = re.compile(r"[0-9]{0,10}")

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class DialRules:
    locks: Dialling
    tz: tzinfo

    @classmethod
    def of(cls, site: Site) -> DialRules:
        return cls(site.dialling, ZoneInfo(site.timezone))

    def is_quiet(self, moment: datetime) -> bool:
        return self.locks.is_quiet(moment.astimezone(self.tz).time())

    def is_paused(self, tier: int) -> bool:
        return self.locks.pause_from is not None and tier >= self.locks.pause_from


class DialDesk:
    def __init__(self, links: Sequence[AmiLink], floors: Callable[[], Sequence[Floor]], tier: Callable[[], int], rules: DialRules,
                 clock: Clock) -> None:
        """`tier`: of the surge that holds."""
        self._links, self._floors, self._tier, self._rules, self._clock = links, floors, tier, rules, clock
        self._turn = asyncio.Lock()
        self._free_at: datetime | None = None
        self._asked: dict[str, datetime] = {}      # channels that Asterisk was asked for, and when

    def handlers(self) -> Handlers:
        return {Dial: self._dial, StopDialling: self._stop}

    async def run(self) -> None:
        """Attempts that nobody asks for any more leave astdb."""
        while True:
            await asyncio.sleep(SWEEP_S)
            for link in self._links:
                try:
                    await self.sweep(link)
                except SixringError as error:
                    log.info("dialled_not_swept", node=link.node, reason=error.code)

    async def _dial(self, order: Order) -> Answer:
        """`refused`: never, with why (prompt, number). `not_now`: cap, pace, quiet or surge; it does not count as an attempt."""
        command = order.command
        assert isinstance(command, Dial)
        number = as_dialled(normalise(command.number))
        if not _is_fit(command):
            return refused(order, "refused", "prompt")
        if not fits(self._rules.locks.numbers, number):
            return refused(order, "refused", "number")
        if not command.urgent and self._rules.is_quiet(self._clock.now()):
            return refused(order, "not_now", "quiet")
        if not command.urgent and self._rules.is_paused(self._tier()):
            return refused(order, "not_now", "surge")
        link = self._links[0]      # one node's astdb knows which attempts were begun
        async with self._turn:
            if await _tried(link, command.task_id) >= command.attempt:
                return done(order, BEGUN)
            if self._ringing() >= self._rules.locks.at_once:
                return refused(order, "not_now", "cap")
            if not await self._its_turn():
                return refused(order, "not_now", "pace")
            now = self._clock.now()
            if now > order.deadline or (command.until is not None and now > command.until):
                return refused(order, "too_late")
            self._free_at = now + timedelta(seconds=60 / self._rules.locks.a_minute)
            channel = f"{_prefix(link.node, command.task_id)}{int(now.timestamp())}.{command.attempt}"
            self._asked[channel] = now
            await link.ask("DBPut", {"Family": FAMILY, "Key": f"dialled/{command.task_id}",
                                     "Val": f"{command.attempt}|{int(now.timestamp())}"})
            await link.ask("Originate", _originate(command, number, channel))
        return done(order, link.node)

    async def _stop(self, order: Order) -> Answer:
        """Whose phone rings; who has answered hears it to the end, and then `thanks[LATE]`."""
        command = order.command
        assert isinstance(command, StopDialling)
        if not _TASK.fullmatch(command.task_id):
            return refused(order, "refused")
        for floor, link in self._placed():
            for channel in _own(floor):
                if not channel.uniqueid.startswith(_prefix(link.node, command.task_id)):
                    continue
                far = f"{channel.name.removesuffix('1')}2"           # Local;2, which the phone that was rung asks
                try:
                    if _is_heard(floor, channel):
                        await link.ask("Setvar", {"Channel": far, "Variable": "SHARED(DIAL_STOPPED)", "Value": "1"})
                    else:
                        await link.ask("Hangup", {"Channel": channel.name})
                except AmiRefused:
                    continue      # gone meanwhile
        return done(order)

    async def _its_turn(self) -> bool:
        """Waits for it, if it is soon."""
        wait = self._free_at - self._clock.now() if self._free_at else timedelta()
        if wait > LONGEST_TURN:
            return False
        if wait > timedelta():
            await asyncio.sleep(wait.total_seconds())
        return True

    def _ringing(self) -> int:
        """Those that Asterisk was asked for a moment ago are there, whether it has told of them yet or not."""
        now = self._clock.now()
        self._asked = {channel: at for channel, at in self._asked.items() if now - at < SEEN_WITHIN}
        return len({channel.uniqueid for floor in self._floors() for channel in _own(floor)} | self._asked.keys())

    def _placed(self) -> list[tuple[Floor, AmiLink]]:
        links: Mapping[str, AmiLink] = {link.node: link for link in self._links}
        return [(floor, links[floor.plan.node]) for floor in self._floors() if floor.plan.node in links]

    async def sweep(self, link: AmiLink) -> None:
        border = (self._clock.now() - KEPT).timestamp()
        for tree in BEGUN_TREES:
            for row in await link.ask_list("DBGetTree", {"Family": FAMILY, "Key": tree}):
                began = row.get("val", "").partition("|")[2]
                if not began.isdigit() or int(began) < border:      # an older version kept callbacks' without a time
                    await link.ask("DBDel", {"Family": FAMILY, "Key": row.get("key", "").removeprefix(f"/{FAMILY}/")})


def _is_fit(command: Dial) -> bool:
    """Ids of prompts and digits, and nothing that means something to the dialplan."""
    thanks = command.thanks or {}
    return bool(_TASK.fullmatch(command.task_id) and command.attempt > 0 and _KEYS.fullmatch(command.keys)
                and 1 <= len(command.prompts) <= MOST_PROMPTS
                and all(_PROMPT.fullmatch(prompt) for prompt in (*command.prompts, *thanks.values()))
                and all(key == LATE or (len(key) == 1 and key in command.keys) for key in thanks))


def _prefix(node: str, task_id: str) -> str:
    return f"{node}-dialled-{task_id}-"


def _own(floor: Floor) -> list[Channel]:
    """One a call of our own accord: the channel that was asked for. Its end ends the call."""
    return [channel for channel in floor.channels.values() if channel.uniqueid.startswith(f"{floor.plan.node}-dialled-")]


def _is_heard(floor: Floor, channel: Channel) -> bool:
    """Somebody has picked up."""
    return any(leg.is_up and leg.name.startswith("PJSIP/") for leg in floor.channels.of_call(channel.uniqueid))


async def _tried(link: AmiLink, task_id: str) -> int:
    """The last attempt that was begun, 0 for none."""
    try:
        found = await link.ask_list("DBGet", {"Family": FAMILY, "Key": f"dialled/{task_id}"})
    except AmiRefused:
        return 0
    return max((int(value) for row in found if (value := row.get("val", "").partition("|")[0]).isdigit()), default=0)


def _originate(command: Dial, number: str, channel: str) -> dict[str, str]:
    variables = {
        "__DIAL_TASK": command.task_id, "__DIAL_ATTEMPT": str(command.attempt), "__DIAL_NUMBER": number,
        "__DIAL_SAY": "&".join(command.prompts), "__DIAL_KEYS": command.keys,
        "__DIAL_LANGUAGE": command.language if command.language in ("zh", "en") else "zh",
        **{f"__DIAL_THANKS_{key}": prompt for key, prompt in (command.thanks or {}).items()},
    }
    return {
        "Channel": "Local/dial@dialled/n", "Context": "dialled", "Exten": "held", "Priority": "1", "Timeout": "30000",
        "Async": "true", "ChannelId": channel, "OtherChannelId": channel.replace("-dialled-", "-dialling-", 1),
        "Variable": ",".join(f"{name}={value}" for name, value in variables.items()),
    }
