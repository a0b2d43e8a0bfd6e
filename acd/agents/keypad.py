"""Orders from a phone's keypad: what the dialplan says of a code that was dialled becomes an order like any other."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable
from datetime import timedelta
from typing import Final

import structlog

from acd.agents.attendance import Attendance
from acd.agents.line import AgentLine
from acd.ami.events import DialplanSaid
from acd.ami.news import Listeners
from acd.bus.orders import OrderDesk
from acd.desired.state import Desired
from callcenter.clock import Clock
from callcenter.commands import Answer, AskHelp, Command, EndHelp, ExtendWrapUp, Order, Pause, PauseReason, Resume, SignIn, SignOut

log = structlog.get_logger(__name__)

BY_PHONE: Final = "phone"
WAITS: Final = timedelta(seconds=2)          # so long the dialplan waits for an answer
EXTENDS_S: Final = 60                        # *16, once
REASONS: Final = {"1": PauseReason.BREAK, "2": PauseReason.MEAL, "3": PauseReason.TRAINING, "4": PauseReason.OUTBOUND,
                  "5": PauseReason.BACK_OFFICE}


def command_of(said: DialplanSaid, agent: str | None, *, asks_help: bool) -> Command | None:
    """`agent` sits at the phone, and `asks_help` already, so that *15 ends it. None: there is nobody, or no such code."""
    if said.what == "order-sign-in":
        return SignIn(said.agent, said.seat) if said.agent else None
    if agent is None:
        return None
    match said.what:
        case "order-sign-out":
            return SignOut(agent)
        case "order-pause":
            reason = REASONS.get(said.reason)
            return Pause(agent, reason) if reason else None
        case "order-resume":
            return Resume(agent)
        case "order-help":
            return EndHelp(agent) if asks_help else AskHelp(agent)
        case "order-extend":
            return ExtendWrapUp(agent, EXTENDS_S)
    return None


class Keypad:
    """Needs no Redis: the answer goes back to the dialplan."""

    def __init__(self, desk: OrderDesk, attendance: Attendance, desired: Desired, line: AgentLine, clock: Clock) -> None:
        self._desk, self._attendance, self._desired, self._line, self._clock = desk, attendance, desired, line, clock
        self._tasks: set[asyncio.Task[None]] = set()

    def listeners(self) -> Listeners:
        return {DialplanSaid: self.heard}

    def heard(self, node: str, news: DialplanSaid) -> None:  # noqa: ARG002 - as all of them
        if not news.what.startswith("order-"):
            return
        if news.what == "order-emergency":
            self._attendance.came_back(news.seat, news.agent)
            return
        entry = self._desired.book.at(news.seat)
        command = command_of(news, entry.agent if entry else None, asks_help=bool(entry and entry.help_since))
        task: asyncio.Task[Answer] | None = None
        if command is not None:
            now = self._clock.now()
            task = self._desk.take(Order(uuid.uuid4().hex, BY_PHONE, now, now + WAITS, command))
        self._start(self._tell(news, task))

    async def _tell(self, said: DialplanSaid, task: asyncio.Task[Answer] | None) -> None:
        code = (await task).code if task else "refused"
        await self._line.tell_phone(said.seat, said.channel, code)

    def _start(self, act: Awaitable[None]) -> None:
        task = asyncio.ensure_future(act)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


