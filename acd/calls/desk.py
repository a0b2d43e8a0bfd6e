"""Puts the orders about calls to work, and looks every second whether a call runs long or a recording has to go on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from acd.ami.errors import AmiRefused
from acd.ami.link import AmiLink
from acd.ami.news import Listeners
from acd.bus.orders import Handlers, refused
from acd.calls.handovers import Handovers
from acd.calls.line import CallLine, Views, set_variable
from acd.calls.longcalls import PROMPTS, Ran, Told, due
from acd.calls.monitoring import Leading
from acd.calls.recorders import Recorders
from acd.calls.recording import Recording
from acd.calls.rescue import Rescue
from acd.calls.rules import CallRules, NotPossible, Why
from acd.calls.talks import talks_on
from acd.calls.transfers import Transfers
from acd.desired.state import Desired
from acd.floor.channels import Channel
from acd.floor.facts import Floor
from callcenter.clock import Clock
from callcenter.commands import (
    Answer,
    CancelTransfer,
    CompleteTransfer,
    Conference,
    JoinOffice,
    Monitor,
    MoveCall,
    Order,
    Park,
    PauseRecording,
    ResumeRecording,
    Retrieve,
    TakeOver,
    Transfer,
)
from callcenter.errors import SixringError
from callcenter.events import CallRanLong

log = structlog.get_logger(__name__)

LOOK_EVERY_S: Final = 1.0
TOLD: Final = "LONG_CALL"      # channel variable: what was said about this call's length
SPY: Final = "qwES"            # whispered to the agent alone; ends with the words, or with the agent's part of the call

_Handler = Callable[[Order], Awaitable[Answer]]


class CallsDesk:
    def __init__(self, views: Views, desired: Desired, rules: CallRules, clock: Clock,
                 put: Callable[[CallRanLong], None]) -> None:
        self._line = CallLine(views, desired, rules)
        self._clock, self._put = clock, put
        self._recorders = Recorders(self._line)
        self._recording = Recording(self._line, clock, self._recorders)
        self._handovers = Handovers(self._line)
        self._transfers = Transfers(self._line, self._recording, self._handovers)
        self._leading = Leading(self._line, self._recording)
        self._rescue = Rescue(self._line, clock)
        self._told: dict[str, Told] = {}

    def handlers(self) -> Handlers:
        kinds: dict[type[object], _Handler] = {
            Transfer: self._transfers.transfer, CompleteTransfer: self._transfers.complete,
            CancelTransfer: self._transfers.cancel, Conference: self._transfers.conference,
            JoinOffice: self._transfers.office,
            Park: self._transfers.park, Retrieve: self._transfers.retrieve,
            PauseRecording: self._recording.pause, ResumeRecording: self._recording.resume_asked,
            Monitor: self._leading.monitor, TakeOver: self._leading.take_over, MoveCall: self._leading.move,
        }
        return {kind: _answering(handler) for kind, handler in kinds.items()}

    def listeners(self) -> Listeners:
        return {**self._handovers.listeners(), **self._recorders.listeners()}

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            for look in (self._recording.look, self._recorders.look, self._rescue.look, self._look_for_long_calls):
                try:
                    await look()
                except SixringError as error:
                    log.warning("calls_not_looked_after", what=look.__name__, reason=error.code)

    async def _look_for_long_calls(self) -> None:
        now, rules = self._clock.now(), self._line.rules
        alive: set[str] = set()
        for link, floor in self._line.views():
            alive |= floor.calls.keys()
            for ran in due(floor.calls.values(), self._told, now, rules.limit, rules.warn_before):
                caller = floor.channels.get(ran.call_id)
                if caller is not None and await self._is_news(link, caller, ran):
                    await self._tell(link, floor, ran)
        self._told = {call_id: told for call_id, told in self._told.items() if call_id in alive}

    async def _is_news(self, link: AmiLink, caller: Channel, ran: Ran) -> bool:
        """Marks it as told, first. False when the acd before this one told it. Raises as AmiLink.ask does."""
        answer = await link.ask("Getvar", {"Channel": caller.name, "Variable": TOLD})
        before = answer.get("value", "")
        self._told[ran.call_id] = max(ran.told, Told(int(before)) if before in {"1", "2"} else Told.NOTHING)
        if before.isdigit() and int(before) >= ran.told:
            return False
        await set_variable(link, caller, TOLD, str(int(ran.told)))
        return True

    async def _tell(self, link: AmiLink, floor: Floor, ran: Ran) -> None:
        legs = talks_on(floor, ran.call_id)
        seat = legs[0].seat if legs else None
        self._put(CallRanLong(self._clock.now(), ran.call_id, self._line.seating.agent_at(seat) if seat else None, seat,
                              ran.minutes, ran.told is Told.LIMIT))
        for leg in legs:
            await link.ask("Originate", {
                "Channel": f"Local/{PROMPTS[ran.told]}@whisper/n", "Application": "ChanSpy", "Data": f"{leg.name},{SPY}",
                "Async": "true", "Timeout": "3000", "ChannelId": f"{link.node}-long-{leg.uniqueid}-{ran.told:d}",
                "OtherChannelId": f"{link.node}-long-{leg.uniqueid}-{ran.told:d}b"})


def _answering(handler: _Handler) -> _Handler:
    async def answer(order: Order) -> Answer:
        try:
            return await handler(order)
        except NotPossible as error:
            return refused(order, error.why)
        except AmiRefused as error:
            # A channel that is gone by now, a bridge that is none any more: the call has gone on meanwhile.
            log.warning("order_refused_by_asterisk", command=type(order.command).__name__, said=str(error))
            return refused(order, Why.NO_CALL)

    return answer
