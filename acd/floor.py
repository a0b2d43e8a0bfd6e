"""The live floor: `(floor, AMI event, now) → (floor, bus events)`. Pure; what is shown follows in acd/shown.py.

What an AMI event changes:

| AMI event               | facts                                                        | the bus is told             |
|-------------------------|--------------------------------------------------------------|-----------------------------|
| ChannelCreated          | channel; a caller's channel is a call                        | entered; rang               |
| ChannelStateChanged     | channel state                                                | seat talks                  |
| DialplanSaid            | call, identity, epilogue                                     | identified survey …         |
| VariableSet             | identity                                                     | identified                  |
| CallerJoined            | queue, stage, waiting                                        | queued overflowed requeued  |
| CallerLeft              | not waiting (told with what comes next)                      |                             |
| SeatMissed              | the leg is gone                                              | missed                      |
| HeldOrNot               | the other side is on hold                                    |                             |
| BridgeEntered, …Left    | bridge of the channel                                        | answered; released          |
| SeatCompleted           | wrap-up begins                                               | seat                        |
| MemberChanged, …Removed | pause                                                        | seat                        |
| DeviceChanged           | a phone is registered or not                                 | seat                        |
| RecordingMuted, Parked  | recording paused; the slot                                   |                             |
| SpyStarted, …Stopped    | who listens to whom                                          |                             |
| HungUp                  | channel gone; a caller's call is over                        | CallEnded; released         |
| time (`tick`)           | wrap-up over                                                 | seat                        |
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from acd import ami_events as ami
from acd.facts import CallFacts, Channel, Floor, WrapUp, parse_caller
from acd.shown import legs_of, peers_of, rung_legs, show_call, show_seat
from callcenter.events import Call, CallChanged, CallEnded, CallState, SeatChanged
from callcenter.numbers import normalise
from callcenter.stages import OUTSIDE_STAGE, stage_of

FloorEvent = CallChanged | CallEnded | SeatChanged
EPILOGUES: Final = frozenset({"survey", "voicemail", "callback"})
LANGUAGES: Final = frozenset({"zh", "en"})
OFFLINE_DEVICES: Final = frozenset({"UNAVAILABLE", "INVALID", "UNKNOWN"})
TRUNK_CHANNEL: Final = "PJSIP/trunk-"


@dataclass(frozen=True)
class _Touched:
    """Which calls and seats an event may have changed; `what` only where the facts alone cannot say it."""

    calls: frozenset[str] = frozenset()
    seats: frozenset[str] = frozenset()
    what: str = ""


_NOTHING: Final = _Touched()


def fold(floor: Floor, event: ami.AmiEvent, now: datetime) -> tuple[Floor, list[FloorEvent]]:
    """The floor after the event and what to tell. An event heard twice, or about somebody unknown, changes nothing."""
    if isinstance(event, ami.HungUp):
        return _hung_up(floor, event, now)
    floor, touched = _apply(floor, event, now)
    return _tell(floor, touched, now) if touched is not _NOTHING else (floor, [])


def tick(floor: Floor, now: datetime) -> tuple[Floor, list[FloorEvent]]:
    """Ends the wrap-ups whose time is over."""
    over = {seat: wrapup for seat, wrapup in floor.wrapups.items() if wrapup.until <= now}
    if not over:
        return floor, []
    floor = replace(floor, wrapups={seat: wrapup for seat, wrapup in floor.wrapups.items() if seat not in over})
    return _tell(floor, _Touched(seats=frozenset(over)), now)


def next_tick(floor: Floor) -> datetime | None:
    return min((wrapup.until for wrapup in floor.wrapups.values()), default=None)


def seated(floor: Floor, agents: dict[str, str], now: datetime) -> tuple[Floor, list[FloorEvent]]:
    """Who sits where, from the book: seat → agent."""
    touched = {seat for seat in floor.plan.seats if floor.agents.get(seat) != agents.get(seat)}
    if not touched:
        return floor, []
    calls = {call_id for call_id, call in floor.calls_shown.items() if call.seat in touched}
    return _tell(replace(floor, agents=agents), _Touched(frozenset(calls), frozenset(touched)), now)


def unwrapped(floor: Floor, seat: str, now: datetime) -> tuple[Floor, list[FloorEvent]]:
    """The wrap-up there is over before its time."""
    if seat not in floor.wrapups:
        return floor, []
    rest = {key: wrapup for key, wrapup in floor.wrapups.items() if key != seat}
    return _tell(replace(floor, wrapups=rest), _Touched(seats=frozenset({seat})), now)


def outcome_of(facts: CallFacts) -> str:
    """How a call that ended now is shown; the journal decides what is counted."""
    if facts.answered_at or facts.epilogue == "survey":
        return "answered"
    if facts.left_message:
        return "message"
    return "abandoned" if facts.queued_at else "menu"


def settle(floor: Floor, call_id: str, now: datetime) -> Floor:
    """First ring and first answer are remembered for as long as the call lives."""
    facts = floor.calls[call_id]
    if facts.rang_at is None and rung_legs(floor, call_id):
        facts = replace(facts, rang_at=now)
    if facts.answered_at is None and peers_of(floor, call_id):
        facts = replace(facts, answered_at=now)
    return replace(floor, calls={**floor.calls, call_id: facts})


def _apply(floor: Floor, event: ami.AmiEvent, now: datetime) -> tuple[Floor, _Touched]:
    match event:
        case ami.MemberChanged(queue=queue, interface=interface, paused=paused):     # first: the most frequent
            return _member(floor, queue, interface, paused=paused)
        case ami.ChannelCreated():
            return _created(floor, event, now)
        case ami.ChannelStateChanged(uniqueid=uniqueid, state=state):
            return _channel(floor, uniqueid, state=state)
        case ami.HeldOrNot(uniqueid=uniqueid, held=held):
            return _channel(floor, uniqueid, on_hold=held)
        case ami.BridgeEntered(bridge=bridge, uniqueid=uniqueid, linkedid=linkedid):
            # All in a bridge belong to its oldest call from now on; Asterisk says so of the one who enters only.
            others = {key: replace(other, linkedid=linkedid) for key, other in floor.channels.items()
                      if other.bridge == bridge and other.linkedid != linkedid}
            if others:
                floor = replace(floor, channels={**floor.channels, **others})
            return _channel(floor, uniqueid, bridge=bridge, linkedid=linkedid)
        case ami.BridgeLeft(bridge=bridge, uniqueid=uniqueid):
            channel = floor.channels.get(uniqueid)
            if channel is None or channel.bridge != bridge:
                return floor, _NOTHING
            # Who stays behind in the bridge has talked too, and is not being rung.
            stayed = {key: replace(other, has_talked=True) for key, other in floor.channels.items()
                      if other.bridge == bridge}
            return _channel(replace(floor, channels={**floor.channels, **stayed}), uniqueid, bridge=None)
        case ami.CallerIdChanged(uniqueid=uniqueid, number=number):
            return _facts(floor, uniqueid, number=normalise(number)) if number else (floor, _NOTHING)
        case ami.VariableSet(uniqueid=uniqueid, name="SIXRING_CALLER", value=value):
            return _identified(floor, uniqueid, value)
        case ami.DialplanSaid():
            return _said(floor, event, now)
        case ami.CallerJoined():
            return _joined(floor, event, now)
        case ami.CallerLeft(uniqueid=uniqueid):
            # Told together with what follows: an answer, an overflow or the end.
            facts = floor.calls.get(uniqueid)
            return _with_call(floor, replace(facts, waiting=False)) if facts else floor, _NOTHING
        case ami.SeatMissed(uniqueid=uniqueid, leg=leg):
            _, touched = _channel(floor, leg)
            rest = {key: channel for key, channel in floor.channels.items() if key != leg}
            return replace(floor, channels=rest), replace(touched, calls=touched.calls | {uniqueid}, what="missed")
        case ami.SeatCompleted(uniqueid=uniqueid, queue=queue, interface=interface):
            return _completed(floor, uniqueid, queue, interface, now)
        case ami.RecordingMuted(uniqueid=uniqueid, muted=muted):
            return _facts(floor, uniqueid, recording_paused=muted)
        case ami.Parked(uniqueid=uniqueid, slot=slot):
            return _facts(floor, uniqueid, parked=slot)
        case ami.SpyStarted(spy=spy, on=on):
            return replace(floor, spies={**floor.spies, spy: on}), _NOTHING
        case ami.SpyStopped(spy=spy):
            return replace(floor, spies=_without_spy(floor, spy)), _NOTHING
        case ami.MemberRemoved(queue=queue, interface=interface):
            return _member(floor, queue, interface, paused=None)
        case ami.DeviceChanged(device=device, state=state):
            seat, offline = floor.plan.seat_of(device), state in OFFLINE_DEVICES
            if seat is None or offline is (seat not in floor.online):
                return floor, _NOTHING    # most of them: busy or free, which its channels have told better
            online = floor.online - {seat} if offline else floor.online | {seat}
            return replace(floor, online=online), _Touched(seats=frozenset({seat}))
        case _:
            return floor, _NOTHING


def _created(floor: Floor, event: ami.ChannelCreated, now: datetime) -> tuple[Floor, _Touched]:
    channel = Channel(event.uniqueid, event.channel, event.linkedid or event.uniqueid, event.state, now)
    floor = replace(floor, channels={**floor.channels, event.uniqueid: channel})
    is_caller = (event.channel.startswith(TRUNK_CHANNEL) and event.state == ami.ChannelState.RING
                 and channel.linkedid == event.uniqueid)
    if is_caller and event.uniqueid not in floor.calls:
        floor = _with_call(floor, CallFacts(event.uniqueid, now, number=normalise(event.number), did=event.exten))
    return floor, _touch(floor, channel)


def _channel(floor: Floor, uniqueid: str, **changes: object) -> tuple[Floor, _Touched]:
    before = floor.channels.get(uniqueid)
    if before is None:
        return floor, _NOTHING
    after = replace(before, **changes)  # type: ignore[arg-type]  # only from _apply, with the fields of Channel
    floor = replace(floor, channels={**floor.channels, uniqueid: after})
    touched, once = _touch(floor, after), _touch(floor, before)
    return floor, _Touched(touched.calls | once.calls, touched.seats | once.seats)


def _touch(floor: Floor, channel: Channel) -> _Touched:
    seat = floor.plan.seat_of(channel.name)
    calls = {channel.linkedid, channel.uniqueid} & floor.calls.keys()
    return _Touched(frozenset(calls), frozenset({seat} if seat else ()))


def _with_call(floor: Floor, facts: CallFacts) -> Floor:
    return replace(floor, calls={**floor.calls, facts.call_id: facts})


def _facts(floor: Floor, call_id: str, **changes: object) -> tuple[Floor, _Touched]:
    facts = floor.calls.get(call_id)
    if facts is None:
        return floor, _NOTHING
    changed = replace(facts, **changes)  # type: ignore[arg-type]  # only from this module, with the fields of CallFacts
    return _with_call(floor, changed), _Touched(calls=frozenset({call_id}))


def _identified(floor: Floor, call_id: str, value: str) -> tuple[Floor, _Touched]:
    caller = parse_caller(value)
    if caller is None:
        return floor, _NOTHING
    return _facts(floor, call_id, name=caller.name, room=caller.room, household_id=caller.household_id,
                  language=caller.language)


def _said(floor: Floor, event: ami.DialplanSaid, now: datetime) -> tuple[Floor, _Touched]:
    call_id = event.call_id or event.uniqueid
    if event.what in {"entered", "place"} and call_id not in floor.calls and call_id in floor.channels:
        # A seat that dials the hotline, or a place kept for a callback: a call like any other.
        floor = _with_call(floor, CallFacts(call_id, now))
    if event.what == "entered":
        number = {"number": normalise(event.number)} if event.number else {}
        return _facts(floor, call_id, did=event.did, **number)
    if event.what == "identified":
        return _identified(floor, call_id, event.caller)
    if event.what == "language" and event.language in LANGUAGES:
        return _facts(floor, call_id, language=event.language)
    if event.what == "place":
        return _facts(floor, call_id, callback_id=event.callback, number=normalise(event.number))
    if event.what == "estimate" and event.seconds.isdigit():
        return _facts(floor, call_id, expected_wait_s=float(event.seconds))
    if event.what == "routed" and event.queue in floor.plan.queues:
        # Before the caller joins: the first of Asterisk's queues may be a seat's own, which says nothing of ours.
        return _facts(floor, call_id, queue=event.queue, rank=event.rank)
    if event.what == "overflow" and event.stage == OUTSIDE_STAGE:
        # The last stage is no queue of Asterisk's, so nobody joins one.
        floor, touched = _facts(floor, call_id, stage=event.stage, waiting=True, queued_at=_queued(floor, call_id, now))
        return floor, replace(touched, what="overflowed" if touched.calls else "")
    if event.what == "rescued":
        floor, touched = _facts(floor, call_id)
        return floor, replace(touched, what="rescued" if touched.calls else "")
    if event.what == "message":
        return _facts(floor, call_id, left_message=True)
    if event.what in EPILOGUES:
        floor, touched = _facts(floor, call_id, epilogue=event.what, waiting=False)
        return floor, replace(touched, what=event.what)
    return floor, _NOTHING


def _queued(floor: Floor, call_id: str, now: datetime) -> datetime:
    facts = floor.calls.get(call_id)
    return facts.queued_at or now if facts else now


def _joined(floor: Floor, event: ami.CallerJoined, now: datetime) -> tuple[Floor, _Touched]:
    joined = stage_of(event.queue)
    if event.uniqueid not in floor.channels:
        return floor, _NOTHING
    facts = floor.calls.get(event.uniqueid) or CallFacts(event.uniqueid, now, number=normalise(event.number))
    queue = joined.queue or facts.queue or event.queue
    stage = facts.stage if joined.number is None else joined.number
    again = facts.queued_at is not None
    overflowed = again and facts.queue == queue and stage > facts.stage
    facts = replace(facts, queue=queue, stage=stage, waiting=True, in_queue=event.queue, epilogue=None,
                    queued_at=facts.queued_at or now)
    what = "overflowed" if overflowed else "requeued" if again else "queued"
    return _with_call(floor, facts), _Touched(calls=frozenset({event.uniqueid}), what=what)


def _completed(floor: Floor, call_id: str, queue: str, interface: str, now: datetime) -> tuple[Floor, _Touched]:
    facts = floor.calls.get(call_id)
    site_queue = stage_of(queue).queue or (facts.queue if facts else None) or ""    # a seat's own queue has none
    seat, plan = floor.plan.seat_of(interface), floor.plan.queues.get(site_queue)
    if seat is None or plan is None or plan.wrapup_s == 0:
        return floor, _NOTHING
    wrapup = WrapUp(now + timedelta(seconds=plan.wrapup_s), call_id or None)
    return replace(floor, wrapups={**floor.wrapups, seat: wrapup}), _Touched(seats=frozenset({seat}))


def _without_spy(floor: Floor, spy: str) -> dict[str, str]:
    return {key: on for key, on in floor.spies.items() if key != spy}


def _member(floor: Floor, queue: str, interface: str, *, paused: bool | None) -> tuple[Floor, _Touched]:
    seat = floor.plan.seat_of(interface)
    if seat is None or floor.paused.get((queue, seat)) is paused:
        return floor, _NOTHING        # most of them: a member's status, which its channels have told better
    members = floor.paused.copy()
    if paused is None:
        members.pop((queue, seat), None)
    else:
        members[queue, seat] = paused
    return replace(floor, paused=members), _Touched(seats=frozenset({seat}))


def _hung_up(floor: Floor, event: ami.HungUp, now: datetime) -> tuple[Floor, list[FloorEvent]]:
    channel = floor.channels.get(event.uniqueid)
    if channel is None:
        return floor, []
    touched = _touch(floor, channel)
    facts = floor.calls.get(event.uniqueid)
    floor = replace(floor, channels={key: value for key, value in floor.channels.items() if key != event.uniqueid},
                    spies=_without_spy(floor, event.uniqueid))
    if facts is None:
        return _tell(floor, touched, now)
    # The seats that are left on the line lose the call with it.
    seats = {seat for leg in legs_of(floor, event.uniqueid) if (seat := floor.plan.seat_of(leg.name))}
    ended = CallEnded(now, event.uniqueid, outcome_of(facts), facts.queue)
    floor = replace(floor, calls={key: value for key, value in floor.calls.items() if key != event.uniqueid},
                    calls_shown={key: value for key, value in floor.calls_shown.items() if key != event.uniqueid})
    floor, told = _tell(floor, _Touched(touched.calls - {event.uniqueid}, touched.seats | seats), now)
    return floor, [ended, *told]


def _tell(floor: Floor, touched: _Touched, now: datetime) -> tuple[Floor, list[FloorEvent]]:
    """Shows anew what was touched and tells the differences."""
    told: list[FloorEvent] = []
    for call_id in sorted(touched.calls & floor.calls.keys()):
        floor = settle(floor, call_id, now)
        before = floor.calls_shown.get(call_id)
        after = show_call(floor, call_id, now, before)
        if after != before or touched.what:
            floor = replace(floor, calls_shown={**floor.calls_shown, call_id: after})
            told.append(CallChanged(now, what_happened(before, after, floor.calls[call_id], touched.what), after))
    for seat in sorted(touched.seats):
        shown = floor.seats_shown.get(seat)
        seen = show_seat(floor, seat, now, shown)
        if seen != shown:
            floor = replace(floor, seats_shown={**floor.seats_shown, seat: seen})
            told.append(SeatChanged(now, seen))
    return floor, told


def what_happened(before: Call | None, after: Call, facts: CallFacts, said: str) -> str:
    """The word for a difference; `said` is the AMI event's own word, when it has one."""
    if said:
        return said
    if before is None:
        return "entered"
    if after.state is CallState.TALKING and before.state is not CallState.TALKING:
        return "answered"
    if after.state is CallState.AFTER and facts.epilogue:
        return facts.epilogue
    if set(after.ringing) - set(before.ringing):
        return "rang"
    return "identified" if after.state is before.state and after.ringing == before.ringing else "released"
