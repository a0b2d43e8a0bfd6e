"""D2: the leader listens, whispers, joins, takes over, moves a waiting call. Only leaders, whoever sends the order.

A leader's phone listens through ChanSpy, beside the call and not in it: it belongs to no call, ends with the agent's part of
the call, and its own end disturbs nobody. 4, 5 and 6 on the leader's phone listen, whisper and join, as the orders do.
"""

from __future__ import annotations

from typing import Final

from acd.bus.orders import done
from acd.calls.line import CallLine, Place, journal, originate, set_variable
from acd.calls.recording import Recording
from acd.calls.rules import NotPossible, Why
from acd.calls.talks import require_free
from acd.floor.channels import Channel
from callcenter.commands import Answer, Monitor, Monitoring, MoveCall, Order, TakeOver

KEYS: Final = {Monitoring.LISTEN: "4", Monitoring.WHISPER: "5", Monitoring.JOIN: "6"}
# q: no beep.  d: keys change the mode.  E, S: it ends with the channel, and at once if that is gone.  w, B: whisper, join.
OPTIONS: Final = {Monitoring.LISTEN: "qdES", Monitoring.WHISPER: "qdESw", Monitoring.JOIN: "qdESB"}


class Leading:
    def __init__(self, line: CallLine, recording: Recording) -> None:
        self._line, self._recording = line, recording

    async def monitor(self, order: Order) -> Answer:
        command = order.command
        assert isinstance(command, Monitor)
        self._require_leader(command.leader)
        place, talk = self._line.talk_of(command.agent)
        if talk.seat == command.leader:
            raise NotPossible(Why.REFUSED)
        if spy := _spy(place, command.leader):
            if place.floor.spies[spy.uniqueid] != talk.leg.uniqueid:
                raise NotPossible(Why.NOT_NOW)
            await place.link.ask("PlayDTMF", {"Channel": spy.name, "Digit": KEYS[command.mode], "Duration": "100",
                                              "Receive": "true"})
        else:
            require_free(place.floor, command.leader)
            await originate(place.link, order, f"PJSIP/{command.leader}", "ChanSpy", f"{talk.leg.name},{OPTIONS[command.mode]}",
                            shows=(f"{command.mode} {talk.agent}", talk.seat), ring_ms=self._line.rules.ring_ms)
        await journal(place.link, talk.call_id, command.leader, "MONITORED", talk.agent, command.mode, order.by)
        return done(order)

    async def take_over(self, order: Order) -> Answer:
        """A leader who listens has the caller at once; else the leader's phone rings, and agent and caller go on until then."""
        command = order.command
        assert isinstance(command, TakeOver)
        self._require_leader(command.leader)
        place, talk = self._line.talk_of(command.agent)
        if talk.consulting:
            raise NotPossible(Why.NOT_NOW)
        if talk.seat == command.leader:
            raise NotPossible(Why.REFUSED)
        await self._recording.resume(place, talk, "taken_over")
        if spy := _spy(place, command.leader):
            await place.link.ask("Bridge", {"Channel1": talk.caller.name, "Channel2": spy.name, "Tone": "no"})
            await set_variable(place.link, talk.caller, "MEMBERNAME", command.leader)
        else:
            require_free(place.floor, command.leader)
            # Tk: whoever is rung here may transfer and park like any agent.
            await originate(place.link, order, f"PJSIP/{command.leader}", "Bridge", f"{talk.caller.name},TK",
                            shows=(f"{talk.facts.name} {talk.facts.room}".strip() or talk.facts.number, talk.facts.number),
                            ring_ms=self._line.rules.ring_ms, variables=f"CALL_ID={talk.call_id}")
        await journal(place.link, talk.call_id, talk.seat, "TAKENOVER", order.by, command.leader)
        return done(order)

    async def move(self, order: Order) -> Answer:
        """Out of one queue, into another, rank and record with it; only who waits, and not who talks already."""
        command = order.command
        assert isinstance(command, MoveCall)
        if command.queue not in self._line.rules.queues:
            raise NotPossible(Why.UNKNOWN_QUEUE)
        place, facts, caller = self._line.place_of_call(command.call_id)
        # A place that is kept for a callback goes on in its own queue, whoever takes it out ([callback-place]).
        is_place = facts.callback_id is not None and facts.answered_at is None
        if not facts.waiting or facts.queue == command.queue or is_place:
            raise NotPossible(Why.NOT_NOW)
        await set_variable(place.link, caller, "MOVE_TO", command.queue)
        await set_variable(place.link, caller, "MOVE_BY", order.by)
        # Not a redirection: that would be journalled as a caller who gave up. A seat that rings now rings to the end first, and
        # may have the call; the dialplan journals the move when it happens.
        await place.link.ask("QueueWithdrawCaller", {"Queue": facts.in_queue, "Caller": caller.name, "WithdrawInfo": command.queue})
        return done(order)

    def _require_leader(self, seat: str) -> None:
        if seat not in self._line.rules.seats:
            raise NotPossible(Why.UNKNOWN_SEAT)
        if not self._line.seating.leads(seat, self._line.rules):
            raise NotPossible(Why.REFUSED)


def _spy(place: Place, seat: str) -> Channel | None:
    """The channel of this seat that listens to somebody."""
    return next((channel for uid in place.floor.spies if (channel := place.floor.channels.get(uid))
                 and channel.seat == seat), None)
