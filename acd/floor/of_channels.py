"""What Asterisk says of channels and bridges, folded into the floor."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from acd.ami import events as ami
from acd.floor.channels import Channel
from acd.floor.facts import CallFacts, Floor
from acd.floor.shown import legs_of
from acd.floor.telling import UNTOUCHED, Touched, touched_by
from callcenter.events import CallEnded
from callcenter.numbers import normalise

TRUNK_CHANNEL: Final = "PJSIP/trunk-"


def created(floor: Floor, event: ami.ChannelCreated, now: datetime) -> Touched:
    channel = Channel(event.uniqueid, event.channel, event.linkedid or event.uniqueid, event.state, now,
                      seat=floor.plan.seat_of(event.channel))
    floor.channels.add(channel)
    is_caller = (event.channel.startswith(TRUNK_CHANNEL) and event.state == ami.ChannelState.RING
                 and channel.linkedid == event.uniqueid)
    if is_caller and event.uniqueid not in floor.calls:
        floor.calls[event.uniqueid] = CallFacts(event.uniqueid, now, number=normalise(event.number), did=event.exten)
    return touched_by(channel)


def state_changed(floor: Floor, event: ami.ChannelStateChanged, now: datetime) -> Touched:  # noqa: ARG001 - as all of them
    channel = floor.channels.get(event.uniqueid)
    if channel is None:
        return UNTOUCHED
    channel.state = event.state
    return touched_by(channel)


def held_or_not(floor: Floor, event: ami.HeldOrNot, now: datetime) -> Touched:  # noqa: ARG001
    channel = floor.channels.get(event.uniqueid)
    if channel is None:
        return UNTOUCHED
    channel.on_hold = event.held
    return touched_by(channel)


def bridge_entered(floor: Floor, event: ami.BridgeEntered, now: datetime) -> Touched:  # noqa: ARG001
    """All in a bridge belong to its oldest call from now on; Asterisk says so of the one who enters only."""
    for other in floor.channels.in_bridge(event.bridge):
        floor.channels.link(other, event.linkedid)
    channel = floor.channels.get(event.uniqueid)
    if channel is None:
        return UNTOUCHED
    before = channel.linkedid
    floor.channels.link(channel, event.linkedid)
    floor.channels.move(channel, event.bridge)
    touched = touched_by(channel)
    return touched._replace(calls={before, *touched.calls})


def bridge_left(floor: Floor, event: ami.BridgeLeft, now: datetime) -> Touched:  # noqa: ARG001
    """Who stays behind in the bridge has talked too, and is not being rung."""
    channel = floor.channels.get(event.uniqueid)
    if channel is None or channel.bridge != event.bridge:
        return UNTOUCHED
    for other in floor.channels.in_bridge(event.bridge):
        other.has_talked = True
    floor.channels.move(channel, None)
    return touched_by(channel)


def hung_up(floor: Floor, event: ami.HungUp, now: datetime) -> Touched:
    channel = floor.channels.get(event.uniqueid)
    if channel is None:
        return UNTOUCHED
    floor.channels.remove(event.uniqueid)
    floor.spies.pop(event.uniqueid, None)
    touched = touched_by(channel)
    facts = floor.calls.pop(event.uniqueid, None)
    if facts is None:
        return touched
    floor.calls_shown.pop(event.uniqueid, None)
    # The seats that are left on the line lose the call with it.
    seats = {leg.seat for leg in legs_of(floor, event.uniqueid) if leg.seat}
    return Touched(touched.calls, seats.union(touched.seats), ended=CallEnded(now, event.uniqueid, outcome_of(facts), facts.queue))


def outcome_of(facts: CallFacts) -> str:
    """How a call that ended now is shown; the journal decides what is counted."""
    if facts.answered_at or facts.epilogue == "survey":
        return "answered"
    if facts.left_message:
        return "message"
    return "abandoned" if facts.queued_at else "menu"


def spy_started(floor: Floor, event: ami.SpyStarted, now: datetime) -> Touched:  # noqa: ARG001
    floor.spies[event.spy] = event.on
    return UNTOUCHED


def spy_stopped(floor: Floor, event: ami.SpyStopped, now: datetime) -> Touched:  # noqa: ARG001
    floor.spies.pop(event.spy, None)
    return UNTOUCHED
