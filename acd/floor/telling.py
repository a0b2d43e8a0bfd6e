"""What the bus is told of a change of the floor: the difference between what is shown now and what was shown last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from acd.floor.channels import Channel
from acd.floor.facts import CallFacts, Floor
from acd.floor.shown import Parties, parties_of, show_call, show_seat
from callcenter.events import Call, CallChanged, CallEnded, CallState, SeatChanged

FloorEvent = CallChanged | CallEnded | SeatChanged


class Touched(NamedTuple):
    """Whose picture a change of the facts may have changed; `what` only where the facts alone cannot say it."""

    calls: Iterable[str] = ()
    seats: Iterable[str] = ()
    what: str = ""
    ended: CallEnded | None = None


UNTOUCHED: Final = Touched()


def touched_by(channel: Channel) -> Touched:
    return Touched({channel.linkedid, channel.uniqueid}, (channel.seat,) if channel.seat else ())


def tell(floor: Floor, touched: Touched, now: datetime) -> Sequence[FloorEvent]:
    """Shows anew what was touched and tells the differences."""
    told: list[FloorEvent] = [touched.ended] if touched.ended else []
    for call_id in sorted(touched.calls):
        facts = floor.calls.get(call_id)
        if facts is not None and (call_changed := _tell_call(floor, facts, touched.what, now)):
            told.append(call_changed)
    for seat in sorted(touched.seats):
        shown = floor.seats_shown.get(seat)
        seen = show_seat(floor, seat, now, shown)
        if seen is not shown:
            floor.seats_shown[seat] = seen
            told.append(SeatChanged(now, seen))
    return told


def _tell_call(floor: Floor, facts: CallFacts, said: str, now: datetime) -> CallChanged | None:
    parties = parties_of(floor, facts)
    settle(facts, parties, now)
    before = floor.calls_shown.get(facts.call_id)
    after = show_call(floor, facts, parties, now, before)
    facts.unshown = False
    if after == before and not said:
        return None
    floor.calls_shown[facts.call_id] = after
    return CallChanged(now, said or what_happened(before, after, facts), after)


def settle(facts: CallFacts, parties: Parties, now: datetime) -> None:
    """First ring and first answer are remembered for as long as the call lives."""
    if facts.rang_at is None and parties.rung:
        facts.change(rang_at=now)
    if parties.peers:
        facts.between = False
        if facts.answered_at is None:
            facts.change(answered_at=now)


def what_happened(before: Call | None, after: Call, facts: CallFacts) -> str:
    """The word for a difference."""
    if before is None:
        return "entered"
    if after.state is CallState.TALKING and before.state is not CallState.TALKING:
        return "answered"
    if after.state is CallState.AFTER and facts.epilogue:
        return facts.epilogue
    if set(after.ringing) - set(before.ringing):
        return "rang"
    return "identified" if after.state is before.state and after.ringing == before.ringing else "released"
