"""Transfers, conference, parking (A9). The dialplan's [transfers] says where a number leads and what becomes of a failure,
with or without Python; an order presses the same keys as a phone would.

A queue is not consulted: several people would ring for a talk between two agents, so that order is refused.
"""

from __future__ import annotations

import asyncio

from acd.bus.orders import done
from acd.calls.handovers import Handovers
from acd.calls.line import SETTLES_S, CallLine, Place, journal, originate, set_variable
from acd.calls.recording import Recording
from acd.calls.rules import NotPossible, Why
from acd.calls.talks import Talk, number_in_dialplan, phone_of, require_free, talk_at
from acd.floor.facts import Floor
from acd.floor.shown import peers_of
from callcenter.commands import (
    Answer,
    CancelTransfer,
    CompleteTransfer,
    Conference,
    JoinOffice,
    Order,
    Park,
    Retrieve,
    Target,
    Transfer,
)

CONTEXT = "transfers"
ESTATE = "ESTATE"              # of the caller's household, by the look-up
CONSULT = "TRANSFER_EXTEN"     # Asterisk takes it in place of dialled digits
THREE_WAY = "*3"               # features.conf: atxferthreeway
AGAIN_S = 1.4                  # for the second try: both are over while somebody still waits for the answer
# features.conf: xferfailsound, half a second, to whom a consultation brought back. While a sound is played to a bridge's channel,
# Asterisk drops the keys that it is given (ast_stream_and_wait): what is ordered next would be among them.
TONE_S = 0.7
NO_DIGIT = "D"                 # Atxfer wants one to press; this means nothing to any phone


class Transfers:
    def __init__(self, line: CallLine, recording: Recording, handovers: Handovers) -> None:
        self._line, self._recording, self._handovers = line, recording, handovers

    async def transfer(self, order: Order) -> Answer:
        command = order.command
        assert isinstance(command, Transfer)
        place, talk = self._talk(command.agent, consulting=False)
        _require_two(place.floor, talk)
        number = number_in_dialplan(command.to, self._line.rules, self._line.seating)
        if number == talk.seat or (command.attended and command.to.kind == "queue"):
            raise NotPossible(Why.REFUSED)
        await self._recording.resume(place, talk, "transfer")
        if command.attended:
            await self._consult(place, talk, number)
            self._handovers.asked(talk.call_id, command.to)
        else:
            # The dialplan journals it: [transfer-begins], as for a phone's own.
            await place.link.ask("BlindTransfer", {"Channel": talk.leg.name, "Context": CONTEXT, "Exten": number})
        return done(order)

    async def complete(self, order: Order) -> Answer:
        """The agent leaves; who was asked, or still rings, has the caller. If nobody answers, [transfer-failed]. Journalled by
        Handovers, as a phone's own is."""
        command = order.command
        assert isinstance(command, CompleteTransfer)
        place, talk = self._talk(command.agent, consulting=True)
        await place.link.ask("Hangup", {"Channel": talk.leg.name, "Cause": "16"})
        return done(order)

    async def cancel(self, order: Order) -> Answer:
        command = order.command
        assert isinstance(command, CancelTransfer)
        place, talk = self._talk(command.agent, consulting=True)
        await place.link.ask("CancelAtxfer", {"Channel": talk.leg.name})
        self._handovers.forget(talk.call_id)
        await self._expect(place, talk, consulting=False)
        await asyncio.sleep(TONE_S)
        return done(order)

    async def conference(self, order: Order) -> Answer:
        """The third phone joins when it answers; until then, and if it does not, caller and agent just go on."""
        command = order.command
        assert isinstance(command, Conference)
        place, talk = self._talk(command.agent, consulting=command.to is None)
        if command.to is None:
            for digit in THREE_WAY:
                await place.link.ask("PlayDTMF", {"Channel": talk.leg.name, "Digit": digit, "Duration": "100", "Receive": "true"})
            await self._expect(place, talk, consulting=False)
        else:
            await self._join(order, place, talk, command.to)
            await journal(place.link, talk.call_id, talk.seat, "CONFERENCE", talk.agent, command.to.kind, command.to.value)
        return done(order)

    async def office(self, order: Order) -> Answer:
        """F5. Which office, the caller's household says; answers with the department."""
        command = order.command
        assert isinstance(command, JoinOffice)
        place, talk = self._talk(command.agent, consulting=False)
        _require_two(place.floor, talk)
        found = await place.link.ask("Getvar", {"Channel": talk.caller.name, "Variable": ESTATE})
        offices = self._line.rules.offices
        office = offices.get(found.get("value", "")) or offices.get("")
        if office is None:
            raise NotPossible(Why.NO_OFFICE)
        await self._join(order, place, talk, Target("department", office))
        await journal(place.link, talk.call_id, talk.seat, "CONFERENCE", talk.agent, "office", office)
        return done(order, office)

    async def _join(self, order: Order, place: Place, talk: Talk, to: Target) -> None:
        dial, seat = phone_of(to, self._line.rules, self._line.seating)
        if seat:
            require_free(place.floor, seat)
        shows = (_shown(talk), talk.facts.number if seat else self._line.rules.hotline)
        await originate(place.link, order, dial, "BridgeAdd", talk.caller.name, shows=shows,
                        ring_ms=self._line.rules.ring_ms, variables=f"CALL_ID={talk.call_id}")

    async def park(self, order: Order) -> Answer:
        """Answers with the slot. The agent is free; when the time is up, [parked-too-long] brings the caller back."""
        command = order.command
        assert isinstance(command, Park)
        place, talk = self._talk(command.agent, consulting=False)
        _require_two(place.floor, talk)
        await self._recording.resume(place, talk, "park")
        await place.link.ask("Park", {"Channel": talk.caller.name, "TimeoutChannel": talk.leg.name, "Parkinglot": "default"})
        if not await self._line.until(place.link, lambda floor: bool(_slot(floor, talk.call_id))):
            raise NotPossible(Why.REFUSED)
        slot = next(slot for _, floor in self._line.views() if (slot := _slot(floor, talk.call_id)))
        await journal(place.link, talk.call_id, talk.seat, "PARKED", talk.agent, slot)
        return done(order, slot)

    async def retrieve(self, order: Order) -> Answer:
        """The agent's phone rings; who picks up has the parked caller."""
        command = order.command
        assert isinstance(command, Retrieve)
        seat = self._line.seating.seat_of(command.agent)
        place = self._line.place_of_seat(seat)
        facts = next((one for one in place.floor.calls.values() if one.parked and one.parked == command.slot), None)
        if facts is None:
            raise NotPossible(Why.NO_CALL)
        require_free(place.floor, seat)
        await originate(place.link, order, f"PJSIP/{seat}", "ParkedCall", f"default,{command.slot}",
                        shows=(f"{facts.name} {facts.room}".strip(), facts.number), ring_ms=self._line.rules.ring_ms)
        await journal(place.link, facts.call_id, seat, "RETRIEVED", command.agent, command.slot)
        return done(order)

    def _talk(self, agent: str, *, consulting: bool) -> tuple[Place, Talk]:
        place, talk = self._line.talk_of(agent)
        if talk.consulting is not consulting:
            raise NotPossible(Why.NOT_NOW)
        return place, talk

    async def _consult(self, place: Place, talk: Talk, number: str) -> None:
        await set_variable(place.link, talk.leg, CONSULT, number)
        try:
            # Asterisk presses *2 for it, which is lost in the tone that tells that the one before was refused or given up.
            for within in (SETTLES_S, AGAIN_S):
                await place.link.ask("Atxfer", {"Channel": talk.leg.name, "Context": CONTEXT, "Exten": NO_DIGIT})
                if await self._comes_to(place, talk, consulting=True, within=within):
                    return
            raise NotPossible(Why.REFUSED)
        finally:
            await set_variable(place.link, talk.leg, CONSULT, "")    # its own keys ask for digits again

    async def _expect(self, place: Place, talk: Talk, *, consulting: bool) -> None:
        if not await self._comes_to(place, talk, consulting=consulting):
            raise NotPossible(Why.REFUSED)

    async def _comes_to(self, place: Place, talk: Talk, *, consulting: bool, within: float = SETTLES_S) -> bool:
        def is_so(floor: Floor) -> bool:
            try:
                return talk_at(floor, talk.seat, talk.agent).consulting is consulting
            except NotPossible:
                return False

        return await self._line.until(place.link, is_so, within)


def _require_two(floor: Floor, talk: Talk) -> None:
    """A conference is left, not passed on. Raises NotPossible."""
    if len(peers_of(floor, talk.call_id)) > 1:
        raise NotPossible(Why.NOT_NOW)


def _slot(floor: Floor, call_id: str) -> str:
    facts = floor.calls.get(call_id)
    return facts.parked if facts else ""


def _shown(talk: Talk) -> str:
    return f"{talk.facts.name} {talk.facts.room}".strip() or talk.facts.number
