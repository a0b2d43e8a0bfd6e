"""A8: recording pauses while private data is given. Silence is written, so that the file keeps the call's time.

It goes on by itself when its agent leaves the call, and after the longest pause that the site allows. That it is paused is
kept in the caller's channel too: an acd that starts anew ends a pause whose beginning it did not see when the longest
pause has passed since its start. With no acd at all a pause lasts to the end of the call, or to the next acd.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from acd.ami.link import AmiLink
from acd.bus.orders import done
from acd.calls.line import CallLine, Place, journal, set_variable
from acd.calls.recorders import MARK, Recorders
from acd.calls.talks import Talk, talks_on
from acd.floor.channels import Channel
from acd.floor.facts import Floor
from callcenter.clock import Clock
from callcenter.commands import Answer, Order, PauseRecording, ResumeRecording

# What Asterisk's recorder has heard and not written (audiohook.c, LONG_QUEUE_TOLERANCE); what it writes is silenced, not what it
# hears. Without this wait the last of the private words are in the file.
QUEUED_S: Final = 0.5


@dataclass(frozen=True)
class Paused:
    """`seat` and `agent` "": it was paused before this acd started."""

    since: datetime
    seat: str = ""
    agent: str = ""


def over(floor: Floor, known: Mapping[str, Paused], now: datetime, longest: timedelta) -> dict[str, str]:
    """Calls whose recording has to go on, and why: the agent who paused it is gone, or it took too long."""
    found = {}
    for call_id, paused in known.items():
        facts = floor.calls.get(call_id)
        if facts is None or not facts.recording_paused:
            continue
        there = {leg.seat for leg in talks_on(floor, call_id)}
        if paused.seat and paused.seat not in there:
            found[call_id] = "left"
        elif now - paused.since >= longest:
            found[call_id] = "too_long"
    return found


class Recording:
    def __init__(self, line: CallLine, clock: Clock, recorders: Recorders) -> None:
        self._line, self._clock, self._recorders = line, clock, recorders
        self._paused: dict[str, Paused] = {}
        self._ending: dict[str, object] = {}         # call id → the last that has ordered the pause's end

    async def pause(self, order: Order) -> Answer:
        command = order.command
        assert isinstance(command, PauseRecording)
        place, talk = self._line.talk_of(command.agent)
        self._ending.pop(talk.call_id, None)
        if not talk.facts.recording_paused:
            self._paused[talk.call_id] = Paused(self._clock.now(), talk.seat, talk.agent)
            await self._mute(place.link, talk.caller, muted=True)
            await journal(place.link, talk.call_id, talk.seat, "RECORDPAUSE", talk.agent, command.reason)
        return done(order)

    async def resume_asked(self, order: Order) -> Answer:
        command = order.command
        assert isinstance(command, ResumeRecording)
        place, talk = self._line.talk_of(command.agent)
        await self.resume(place, talk, "asked")
        return done(order)

    async def resume(self, place: Place, talk: Talk, why: str) -> None:
        """Nothing when it is not paused."""
        if talk.facts.recording_paused or talk.call_id in self._paused:
            await self._go_on(place.link, talk.caller, talk.seat, talk.agent, why)

    async def look(self) -> None:
        """Ends what is over. Raises as AmiLink.ask does."""
        now = self._clock.now()
        for link, floor in self._line.views():
            for call_id, facts in floor.calls.items():
                if facts.recording_paused:
                    self._paused.setdefault(call_id, Paused(now))
            for call_id, why in over(floor, self._paused, now, self._line.rules.longest_pause).items():
                was = self._paused.get(call_id)     # an order may have ended it while another was ended here
                if was is not None and (channel := floor.channels.get(call_id)):
                    await self._go_on(link, channel, was.seat, was.agent, why)
        alive = {call_id for _, floor in self._line.views() for call_id in floor.calls}
        self._paused = {call_id: paused for call_id, paused in self._paused.items() if call_id in alive}
        self._ending = {call_id: order for call_id, order in self._ending.items() if call_id in alive}

    async def _go_on(self, link: AmiLink, caller: Channel, seat: str, agent: str, why: str) -> None:
        self._ending[caller.uniqueid] = mine = object()
        await asyncio.sleep(QUEUED_S)
        if self._ending.get(caller.uniqueid) is not mine:
            return       # paused again meanwhile, or another one ends it
        await self._mute(link, caller, muted=False)
        self._paused.pop(caller.uniqueid, None)
        self._ending.pop(caller.uniqueid, None)
        await journal(link, caller.uniqueid, seat, "RECORDRESUME", agent, why)

    async def _mute(self, link: AmiLink, caller: Channel, *, muted: bool) -> None:
        """The mark first: a pause that is not marked could be forgotten, a mark without a pause only ends early."""
        async with self._recorders.turn(caller.uniqueid):
            await set_variable(link, caller, MARK, "1" if muted else "")
            await link.ask("MixMonitorMute", {"Channel": caller.name, "Direction": "both", "State": "1" if muted else "0"})
