"""Brings the caller of a phone that died in mid-talk back to the front of the queue; the dialplan's [rescued] does the rest,
and journals it. Without acd the same happens when rtp_timeout ends the dead leg ([after-talk]). So too a caller whom a consultation
left behind."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import structlog

from acd.ami.errors import AmiRefused
from acd.ami.link import AmiLink
from acd.calls.line import CallLine
from acd.calls.silence import Heard, Suspect, is_dead, listen, suspects
from acd.calls.stranded import PATIENCE, Stranded, since, stranded
from callcenter.clock import Clock

log = structlog.get_logger(__name__)

PACKETS: Final = "CHANNEL(rtcp,rxcount)"     # packets of sound that have come from the phone
CONTEXT: Final = "rescued"
RETURNED: Final = "back-to"
OUT_OF_ORDER: Final = "27"                   # hang-up cause: destination out of order


class Rescue:
    def __init__(self, line: CallLine, clock: Clock) -> None:
        self._line, self._clock = line, clock
        self._heard: dict[str, Heard] = {}       # uniqueid of the phone's channel → what came from it
        self._stranded: dict[str, datetime] = {}

    async def look(self) -> None:
        """Raises as AmiLink.ask does."""
        await self._look_for_stranded()
        heard: dict[str, Heard] = {}
        for link, floor in self._line.views():
            for suspect in suspects(floor, self._line.seating.book.faults):
                packets = await _packets(link, suspect)
                if packets is None:
                    continue
                now, ident = self._clock.now(), suspect.leg.uniqueid
                heard[ident] = listen(self._heard.get(ident), packets, now)
                if is_dead(heard[ident], now, on_hold=suspect.leg.on_hold):
                    del heard[ident]
                    await _rescue(link, suspect)
        self._heard = heard

    async def _look_for_stranded(self) -> None:
        there = [(link, each) for link, floor in self._line.views() for each in stranded(floor)]
        now = self._clock.now()
        self._stranded = since(self._stranded, [each for _, each in there], now)
        for link, each in there:
            if now - self._stranded[each.caller.uniqueid] >= PATIENCE:
                await _bring_back(link, each)


async def _bring_back(link: AmiLink, each: Stranded) -> None:
    """To the front of the queue; whoever was asked is let go."""
    log.warning("caller_stranded", call_id=each.caller.uniqueid)
    try:
        await link.ask("Redirect", {"Channel": each.caller.name, "Context": RETURNED, "Exten": "s", "Priority": "1"})
        await link.ask("Hangup", {"Channel": each.near.name})
    except AmiRefused as error:
        log.info("gone_meanwhile", call_id=each.caller.uniqueid, said=str(error))


async def _packets(link: AmiLink, suspect: Suspect) -> int | None:
    """None: that cannot be told now, and nobody is cut."""
    try:
        answer = await link.ask("Getvar", {"Channel": suspect.leg.name, "Variable": PACKETS})
    except AmiRefused:
        return None
    value = answer.get("value", "")
    return int(value) if value.isdigit() else None


async def _rescue(link: AmiLink, suspect: Suspect) -> None:
    """The caller first: once the phone's channel is gone, a Queue() or Dial() would take the talk for over. In a conference
    the others talk on."""
    log.warning("caller_rescued", seat=suspect.seat, call_id=suspect.caller.uniqueid, alone=suspect.alone)
    try:
        if suspect.alone:
            await link.ask("Redirect", {"Channel": suspect.caller.name, "Context": CONTEXT, "Exten": f"s{suspect.seat}",
                                        "Priority": "1"})
        await link.ask("Hangup", {"Channel": suspect.leg.name, "Cause": OUT_OF_ORDER})
    except AmiRefused as error:
        log.info("gone_meanwhile", seat=suspect.seat, said=str(error))
