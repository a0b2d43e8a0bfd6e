"""What Asterisk says of seats and members of queues, folded into the floor."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from acd.ami import events as ami
from acd.floor.facts import Floor, WrapUp
from acd.floor.telling import UNTOUCHED, Touched
from callcenter.stages import stage_of

OFFLINE_DEVICES: Final = frozenset({"UNAVAILABLE", "INVALID", "UNKNOWN"})


def member_changed(floor: Floor, event: ami.MemberChanged, now: datetime) -> Touched:  # noqa: ARG001 - as all of them
    (queue, interface), paused = event.place, event.member.paused
    seat = floor.plan.seat_of(interface)
    if seat is None:
        return UNTOUCHED
    floor.note_cut(seat, event.member)
    queues = floor.paused.get(seat)
    if queues is None:
        queues = floor.paused[seat] = {}
    elif queues.get(queue) is paused:
        return UNTOUCHED        # most of them: another penalty, or the same again
    queues[queue] = paused
    return Touched(seats=(seat,))


def member_removed(floor: Floor, event: ami.MemberRemoved, now: datetime) -> Touched:  # noqa: ARG001
    queue, interface = event.place
    seat = floor.plan.seat_of(interface)
    if seat is None or floor.paused.get(seat, {}).pop(queue, None) is None:
        return UNTOUCHED
    return Touched(seats=(seat,))


def device_changed(floor: Floor, event: ami.DeviceChanged, now: datetime) -> Touched:  # noqa: ARG001
    seat, offline = floor.plan.seat_of(event.device), event.state in OFFLINE_DEVICES
    if seat is None or offline is (seat not in floor.online):
        return UNTOUCHED        # most of them: busy or free, which its channels have told better
    if offline:
        floor.online.discard(seat)
    else:
        floor.online.add(seat)
    return Touched(seats=(seat,))


def completed(floor: Floor, event: ami.SeatCompleted, now: datetime) -> Touched:
    """The wrap-up begins."""
    facts = floor.calls.get(event.uniqueid)
    site_queue = stage_of(event.queue).queue or (facts.queue if facts else None) or ""    # a seat's own queue has none
    seat, plan = floor.plan.seat_of(event.interface), floor.plan.queues.get(site_queue)
    if seat is None or plan is None or plan.wrapup_s == 0:
        return UNTOUCHED
    floor.wrapups[seat] = WrapUp(now + timedelta(seconds=floor.wrapup_s(seat, plan)), event.uniqueid or None)
    return Touched(seats=(seat,))
