"""The live floor: AMI events in, the floor's facts changed in place, what the bus is to be told out. No I/O, no clock.

What an AMI event changes (`FOLDS` is this table):

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

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from acd.ami import events as ami
from acd.floor import of_calls, of_channels, of_seats
from acd.floor.facts import Floor
from acd.floor.telling import UNTOUCHED, FloorEvent, Touched, tell

FOLDS: Final[Mapping[type[ami.AmiEvent], Callable[[Floor, Any, datetime], Touched]]] = {
    ami.ChannelCreated: of_channels.created,
    ami.ChannelStateChanged: of_channels.state_changed,
    ami.HeldOrNot: of_channels.held_or_not,
    ami.BridgeEntered: of_channels.bridge_entered,
    ami.BridgeLeft: of_channels.bridge_left,
    ami.HungUp: of_channels.hung_up,
    ami.SpyStarted: of_channels.spy_started,
    ami.SpyStopped: of_channels.spy_stopped,
    ami.CallerIdChanged: of_calls.caller_id_changed,
    ami.VariableSet: of_calls.variable_set,
    ami.DialplanSaid: of_calls.said,
    ami.CallerJoined: of_calls.joined,
    ami.CallerLeft: of_calls.left,
    ami.SeatMissed: of_calls.missed,
    ami.RecordingMuted: of_calls.recording_muted,
    ami.Parked: of_calls.parked,
    ami.SeatCompleted: of_seats.completed,
    ami.MemberChanged: of_seats.member_changed,
    ami.MemberRemoved: of_seats.member_removed,
    ami.DeviceChanged: of_seats.device_changed,
}


def fold(floor: Floor, event: ami.AmiEvent, now: datetime) -> Sequence[FloorEvent]:
    """What to tell after the event. An event heard twice, or about somebody unknown, changes nothing."""
    change = FOLDS.get(type(event))
    touched = change(floor, event, now) if change else UNTOUCHED
    return tell(floor, touched, now) if touched is not UNTOUCHED else ()


def tick(floor: Floor, now: datetime) -> Sequence[FloorEvent]:
    """Ends the wrap-ups whose time is over."""
    over = [seat for seat, wrapup in floor.wrapups.items() if wrapup.until <= now]
    for seat in over:
        del floor.wrapups[seat]
    return tell(floor, Touched(seats=over), now) if over else ()


def next_tick(floor: Floor) -> datetime | None:
    return min((wrapup.until for wrapup in floor.wrapups.values()), default=None)


def seated(floor: Floor, agents: dict[str, str], now: datetime) -> Sequence[FloorEvent]:
    """Who sits where, from the book: seat → agent."""
    seats = {seat for seat in floor.plan.seats if floor.agents.get(seat) != agents.get(seat)}
    if not seats:
        return ()
    floor.agents = agents
    return tell(floor, Touched([call_id for call_id, call in floor.calls_shown.items() if call.seat in seats], seats), now)


def unwrapped(floor: Floor, seat: str, now: datetime) -> Sequence[FloorEvent]:
    """The wrap-up there is over before its time."""
    return tell(floor, Touched(seats=(seat,)), now) if floor.wrapups.pop(seat, None) else ()
