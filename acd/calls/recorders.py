"""A8: the next agent's voice is in the file too.

In Debian's Asterisk (22.10.1) a recorder drops voice whose packets are numbered behind those of the last one who talked, for up
to eleven minutes: every second time that somebody else comes. Whoever comes through the dialplan has a recorder of their own
([record-on]). Here are those who come without it: attended transfers, calls that were parked, who is left of a conference. The
same file goes on; what is said within a tenth of a second is not in it.
"""

from __future__ import annotations

import asyncio
from typing import Final
from weakref import WeakValueDictionary

import structlog

from acd.ami.errors import AmiRefused
from acd.ami.events import BridgeEntered, BridgeLeft, RecorderBegan
from acd.ami.link import AmiLink
from acd.ami.news import Listeners
from acd.calls.line import CallLine
from acd.floor.channels import Channel
from acd.floor.facts import Floor
from callcenter.errors import SixringError

log = structlog.get_logger(__name__)

FORGETS_S: Final = 0.1         # a few packets: Asterisk clears away after its last recorder when the next one comes
MARK: Final = "RECORDING_PAUSED"
_FILE: Final = "MIXMONITOR_FILENAME"


def alone_with(floor: Floor, caller: Channel) -> str | None:
    """The only other channel in the caller's bridge. Three are mixed anew, in numbers of nobody's."""
    others = [channel for channel in floor.channels.in_bridge(caller.bridge) if channel is not caller]
    return others[0].uniqueid if len(others) == 1 else None


class Recorders:
    def __init__(self, line: CallLine) -> None:
        self._line = line
        self._heard: dict[str, str] = {}             # call id → whom its recorder has heard last
        self._renewing: dict[str, asyncio.Task[None]] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def turn(self, call_id: str) -> asyncio.Lock:
        """Held by who gives the call's recorder orders: while one is renewed there is none that could be silenced."""
        return self._turns.setdefault(call_id, asyncio.Lock())

    def listeners(self) -> Listeners:
        return {BridgeEntered: self._moved, BridgeLeft: self._moved, RecorderBegan: self._began}

    async def look(self) -> None:
        """What was not seen to happen: an acd that starts anew, a recording that goes on after a pause."""
        calls: set[str] = set()
        for link, floor in self._line.views():
            calls |= floor.calls.keys()
            for call_id in floor.calls:
                self._look_at(link, floor, call_id)
        self._heard = {call_id: heard for call_id, heard in self._heard.items() if call_id in calls}

    def _moved(self, node: str, event: BridgeEntered | BridgeLeft) -> None:
        for link, floor in self._line.views():
            if link.node == node:
                for channel in floor.channels.in_bridge(event.bridge):
                    self._look_at(link, floor, channel.uniqueid)

    def _began(self, node: str, event: RecorderBegan) -> None:
        """It has heard nobody but who is there now."""
        self._heard.pop(event.uniqueid, None)
        for link, floor in self._line.views():
            if link.node == node:
                self._look_at(link, floor, event.uniqueid)

    def _look_at(self, link: AmiLink, floor: Floor, call_id: str) -> None:
        facts, caller = floor.calls.get(call_id), floor.channels.get(call_id)
        other = alone_with(floor, caller) if caller else None
        if facts is None or caller is None or other is None or self._heard.setdefault(call_id, other) == other:
            return
        if facts.recording_paused or call_id in self._renewing:
            return
        task = asyncio.ensure_future(self._renew(link, caller))
        self._renewing[call_id] = task
        task.add_done_callback(lambda _: self._renewing.pop(call_id, None))

    async def _renew(self, link: AmiLink, caller: Channel) -> None:
        try:
            async with self.turn(caller.uniqueid):
                if await _value(link, caller, MARK) == "1":
                    return       # paused while this waited; the second look knows of it
                if file := await _value(link, caller, _FILE):
                    await link.ask("StopMixMonitor", {"Channel": caller.name})
                    try:
                        await asyncio.sleep(FORGETS_S)
                    finally:
                        await link.ask("MixMonitor", {"Channel": caller.name, "File": file, "Options": "ab"})
            floor = next(floor for one, floor in self._line.views() if one is link)
            if other := alone_with(floor, caller):
                self._heard[caller.uniqueid] = other     # also of a call that nobody records
        except AmiRefused:
            return       # it has ended meanwhile
        except SixringError as error:
            log.warning("recorder_not_renewed", call_id=caller.uniqueid, reason=error.code)


async def _value(link: AmiLink, caller: Channel, variable: str) -> str:
    return (await link.ask("Getvar", {"Channel": caller.name, "Variable": variable})).get("value", "")
