"""Facts → what the board shows. Pure: the same facts give the same call and seat, whether folded or resynchronised.

Call: the first line that holds.
    TALKING   its channel shares a bridge with another leg, or its agent asks somebody else while it is held
    QUEUED    it is parked
    AFTER     the dialplan says survey, voicemail or callback
    RINGING   a leg of a seat is being rung, or was just picked up and is not bridged yet
    QUEUED    it is in a queue, or between two of its stages
    AFTER     it has talked
    MENU      otherwise

Seat: the first line that holds.
    TALKING   a channel of the seat is up, or dials
    RINGING   a channel of the seat is being rung
    OFFLINE   no phone is registered; a mobile's while nobody sits there
    PAUSED    paused in every queue where it is a member
    WRAPUP    the wrap-up of its last queue call still runs
    READY     otherwise
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from acd.floor.channels import Channel
from acd.floor.facts import CallFacts, Floor
from callcenter.events import Call, CallState, Seat, SeatState


class Parties(NamedTuple):
    """Who is on the line with a caller."""

    rung: list[Channel]             # legs of seats that are being rung or were just picked up, oldest first
    peers: list[Channel]            # talk with the caller
    consulting: Channel | None      # asks somebody else meanwhile


def legs_of(floor: Floor, call_id: str) -> list[Channel]:
    """The other channels of the call, oldest first."""
    legs = [channel for channel in floor.channels.of_call(call_id) if channel.uniqueid != call_id]
    if len(legs) > 1:
        legs.sort(key=_age)
    return legs


def peers_of(floor: Floor, call_id: str) -> list[Channel]:
    """The channels that talk with the caller, oldest first."""
    own = floor.channels.get(call_id)
    if own is None or own.bridge is None:
        return []
    # Parked callers share a bridge and talk with nobody.
    peers = [other for other in floor.channels.in_bridge(own.bridge) if other.uniqueid not in floor.calls]
    if len(peers) > 1:
        peers.sort(key=_age)
    return peers


def consulting_leg(floor: Floor, call_id: str) -> Channel | None:
    """The phone whose agent asks somebody else while the caller is held, alone in a bridge: an attended transfer. Whoever is
    asked has a leg of the same call, made later."""
    facts = floor.calls.get(call_id)
    if facts is None or peers_of(floor, call_id):
        return None
    return _consulting(floor, facts, legs_of(floor, call_id))


def rung_legs(floor: Floor, call_id: str) -> list[Channel]:
    return _rung(legs_of(floor, call_id))


def parties_of(floor: Floor, facts: CallFacts) -> Parties:
    legs, peers = legs_of(floor, facts.call_id), peers_of(floor, facts.call_id)
    return Parties(_rung(legs), peers, None if peers else _consulting(floor, facts, legs))


def _age(channel: Channel) -> datetime:
    return channel.created_at


def _rung(legs: list[Channel]) -> list[Channel]:
    return [leg for leg in legs if leg.seat and not leg.dials and not leg.has_talked]


def _consulting(floor: Floor, facts: CallFacts, legs: list[Channel]) -> Channel | None:
    """Nobody talks with the caller."""
    own = floor.channels.get(facts.call_id)
    if own is None or own.bridge is None or facts.parked:
        return None
    return next((leg for leg in legs if leg.seat and leg.is_up and leg.bridge is not None), None)


def call_state(facts: CallFacts, parties: Parties) -> CallState:
    if parties.peers or parties.consulting:
        return CallState.TALKING
    if facts.parked:
        return CallState.QUEUED
    if facts.epilogue:
        return CallState.AFTER
    if parties.rung:
        return CallState.RINGING
    if facts.waiting or facts.between:
        return CallState.QUEUED
    return CallState.AFTER if facts.answered_at else CallState.MENU


def show_call(floor: Floor, facts: CallFacts, parties: Parties, now: datetime, before: Call | None) -> Call:
    """`since` is kept from `before` while the state stays. It is `before` itself when nothing of it has changed."""
    state = call_state(facts, parties)
    ringing: tuple[str, ...] = ()
    seat: str | None = None
    if state is CallState.RINGING:
        ringing = tuple(sorted({leg.seat for leg in parties.rung if leg.seat}))
    elif state is CallState.TALKING:
        seat = next((leg.seat for leg in ([parties.consulting] if parties.consulting else parties.peers) if leg.seat), None)
    agent = floor.agents.get(seat) if seat else None
    if before is None:
        since = now
    else:
        same = before.state is state
        if same and not facts.unshown and (before.ringing, before.seat, before.agent) == (ringing, seat, agent):
            return before
        since = before.since if same else now
    return Call(
        call_id=facts.call_id, state=state, entered_at=facts.entered_at, since=since,
        number=facts.number, did=facts.did, name=facts.name, room=facts.room, household_id=facts.household_id,
        language=facts.language, queue=facts.queue, queued_at=facts.queued_at, rang_at=facts.rang_at,
        answered_at=facts.answered_at, stage=facts.stage, ringing=ringing, seat=seat, agent=agent,
        expected_wait_s=facts.expected_wait_s, callback_id=facts.callback_id, parked=facts.parked,
        priority=facts.rank, emergency=facts.emergency,
    )


def seat_state(floor: Floor, seat: str, now: datetime) -> tuple[SeatState, str | None]:
    """(state, the call it belongs to)."""
    if own := floor.channels.at_seat(seat):
        busy = next((channel for channel in own if channel.is_up or channel.dials), None)
        linked = (busy or next(iter(own))).linkedid
        return SeatState.TALKING if busy else SeatState.RINGING, linked if linked in floor.calls else None
    if seat not in floor.online or (floor.plan.seats[seat].mobile and seat not in floor.agents):
        return SeatState.OFFLINE, None
    pauses = floor.paused.get(seat)
    if pauses and all(pauses.values()):
        return SeatState.PAUSED, None
    wrapup = floor.wrapups.get(seat)
    if wrapup and wrapup.until > now:
        return SeatState.WRAPUP, wrapup.call_id
    return SeatState.READY, None


def show_seat(floor: Floor, seat: str, now: datetime, before: Seat | None) -> Seat:
    """`since` is kept from `before` while state and call stay. It is `before` itself when nothing of it has changed."""
    state, call_id = seat_state(floor, seat, now)
    agent = floor.agents.get(seat)
    plan = floor.plan.seats[seat]
    same = before is not None and before.state is state and before.call_id == call_id
    if before is not None and same and before.agent == agent and before.name == plan.name and before.kind == plan.kind:
        return before
    return Seat(seat=seat, name=plan.name, kind=plan.kind, state=state, call_id=call_id, agent=agent,
                since=before.since if before and same else now)
