"""C1 in the middle of a call: when a seat's phone has died under its caller, and when it only cannot be reached. Pure.

A phone whose SIP is stuck and that still sends sound talks on: never cut. Dead is who cannot be reached (a seat fault) and of
whom no packet of sound has come for a while; on hold a phone sends none by right, so it is given longer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from acd.calls.talks import talks_on
from acd.floor.channels import Channel
from acd.floor.facts import Floor
from acd.floor.shown import peers_of

QUIET: Final = timedelta(seconds=2)
QUIET_ON_HOLD: Final = timedelta(seconds=30)


@dataclass(frozen=True)
class Suspect:
    """A phone that cannot be reached, and the caller it talks with. `alone`: nobody else talks with that caller."""

    seat: str
    leg: Channel
    caller: Channel
    alone: bool


@dataclass(frozen=True)
class Heard:
    """So many packets of sound have come from a phone; the last one, as far as was seen, at `at`."""

    packets: int
    at: datetime


def suspects(floor: Floor, faults: Iterable[str]) -> list[Suspect]:
    """`faults`: the seats whose phones cannot be reached."""
    gone = frozenset(faults)
    if not gone:
        return []
    return [Suspect(seat, leg, floor.channels[call_id], alone=len(peers_of(floor, call_id)) <= 1)
            for call_id in floor.calls for leg in talks_on(floor, call_id)
            if leg.is_up and (seat := leg.seat) in gone]


def listen(before: Heard | None, packets: int, now: datetime) -> Heard:
    """A count that changed at all, be it to a smaller one, is sound."""
    return before if before is not None and before.packets == packets else Heard(packets, now)


def is_dead(heard: Heard, now: datetime, *, on_hold: bool) -> bool:
    return now - heard.at >= (QUIET_ON_HOLD if on_hold else QUIET)
