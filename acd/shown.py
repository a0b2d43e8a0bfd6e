"""Facts → what the board shows. Pure: the same facts give the same call and seat, whether folded or resynchronised.

Call: the first line that holds.
    TALKING   its channel shares a bridge with another leg, or its agent asks somebody else while it is held
    QUEUED    it is parked
    AFTER     the dialplan says survey, voicemail or callback
    RINGING   a leg of a seat is being rung, or was just picked up and is not bridged yet
    QUEUED    it is in a queue
    AFTER     it has talked
    MENU      otherwise

Seat: the first line that holds.
    TALKING   a channel of the seat is up, or dials
    RINGING   a channel of the seat is being rung
    OFFLINE   no phone is registered
    PAUSED    paused in every queue where it is a member
    WRAPUP    the wrap-up of its last queue call still runs
    READY     otherwise
"""

from __future__ import annotations

from datetime import datetime

from acd.facts import CallFacts, Channel, Floor
from callcenter.events import Call, CallState, Seat, SeatState


def legs_of(floor: Floor, call_id: str) -> list[Channel]:
    """The other channels of the call, oldest first."""
    return sorted((channel for channel in floor.channels.values()
                   if channel.linkedid == call_id and channel.uniqueid != call_id), key=lambda leg: leg.created_at)


def peers_of(floor: Floor, call_id: str) -> list[Channel]:
    """The channels that talk with the caller."""
    own = floor.channels.get(call_id)
    if own is None or own.bridge is None:
        return []
    # Parked callers share a bridge and talk with nobody.
    return [other for other in floor.channels.values() if other.bridge == own.bridge and other.uniqueid not in floor.calls]


def consulting_leg(floor: Floor, call_id: str) -> Channel | None:
    """The phone whose agent asks somebody else while the caller is held, alone in a bridge: an attended transfer. Whoever is
    asked has a leg of the same call, made later."""
    own = floor.channels.get(call_id)
    if own is None or own.bridge is None or peers_of(floor, call_id) or floor.calls[call_id].parked:
        return None
    return next((leg for leg in legs_of(floor, call_id)
                 if leg.is_up and leg.bridge is not None and floor.plan.seat_of(leg.name)), None)


def rung_legs(floor: Floor, call_id: str) -> list[Channel]:
    return [leg for leg in legs_of(floor, call_id)
            if not leg.dials and not leg.has_talked and floor.plan.seat_of(leg.name)]


def call_state(floor: Floor, facts: CallFacts) -> CallState:
    if peers_of(floor, facts.call_id) or consulting_leg(floor, facts.call_id):
        return CallState.TALKING
    if facts.parked:
        return CallState.QUEUED
    if facts.epilogue:
        return CallState.AFTER
    if rung_legs(floor, facts.call_id):
        return CallState.RINGING
    if facts.waiting:
        return CallState.QUEUED
    return CallState.AFTER if facts.answered_at else CallState.MENU


def show_call(floor: Floor, call_id: str, now: datetime, before: Call | None) -> Call:
    """`since` is kept from `before` while the state stays."""
    facts = floor.calls[call_id]
    state = call_state(floor, facts)
    talking = state is CallState.TALKING
    seats = [seat for leg in rung_legs(floor, call_id) if (seat := floor.plan.seat_of(leg.name))]
    consulting = consulting_leg(floor, call_id)
    talkers = [seat for peer in ([consulting] if consulting else peers_of(floor, call_id))
               if (seat := floor.plan.seat_of(peer.name))]
    return Call(
        call_id=call_id, state=state, entered_at=facts.entered_at,
        since=before.since if before and before.state is state else now,
        number=facts.number, did=facts.did, name=facts.name, room=facts.room, household_id=facts.household_id,
        language=facts.language, queue=facts.queue, queued_at=facts.queued_at, rang_at=facts.rang_at,
        answered_at=facts.answered_at, stage=facts.stage,
        ringing=tuple(sorted(set(seats))) if state is CallState.RINGING else (),
        seat=talkers[0] if talking and talkers else None,
        agent=floor.agents.get(talkers[0]) if talking and talkers else None,
        expected_wait_s=facts.expected_wait_s, callback_id=facts.callback_id,
    )


def seat_state(floor: Floor, seat: str, now: datetime) -> tuple[SeatState, str | None]:
    """(state, the call it belongs to)."""
    own = [channel for channel in floor.channels.values() if floor.plan.seat_of(channel.name) == seat]
    busy = [channel for channel in own if channel.is_up or channel.dials]
    if busy or own:
        linked = (busy or own)[0].linkedid
        return SeatState.TALKING if busy else SeatState.RINGING, linked if linked in floor.calls else None
    if seat not in floor.online:
        return SeatState.OFFLINE, None
    pauses = [paused for (_, member), paused in floor.paused.items() if member == seat]
    if pauses and all(pauses):
        return SeatState.PAUSED, None
    wrapup = floor.wrapups.get(seat)
    if wrapup and wrapup.until > now:
        return SeatState.WRAPUP, wrapup.call_id
    return SeatState.READY, None


def show_seat(floor: Floor, seat: str, now: datetime, before: Seat | None) -> Seat:
    """`since` is kept from `before` while state and call stay."""
    state, call_id = seat_state(floor, seat, now)
    plan = floor.plan.seats[seat]
    same = before is not None and before.state is state and before.call_id == call_id
    return Seat(seat=seat, name=plan.name, kind=plan.kind, state=state, call_id=call_id, agent=floor.agents.get(seat),
                since=before.since if before and same else now)
