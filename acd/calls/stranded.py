"""Whom a consultation has left behind. Pure.

An agent who dials *2… and hangs up in the very moment in which Asterisk sets the consultation up is not seen to have hung up
(bridge_basic.c of 22.10.1: the hook is put on as the agent's channel enters the second bridge, which it then never does). The
caller hears music from then on and whoever was asked hears nothing, until one of them gives up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from acd.floor.channels import Channel
from acd.floor.facts import Floor

PATIENCE: Final = timedelta(seconds=3)      # in one that is only beginning nobody is in the second bridge for milliseconds
NEAR_END: Final = "Local/", "@transfers-", ";1"


class Stranded(NamedTuple):
    """`near`: the end of the consultation at which the agent should be."""

    caller: Channel
    near: Channel


def stranded(floor: Floor) -> list[Stranded]:
    """Both are alone where they are: the caller, and the near end of a consultation of the same call."""
    found = []
    for call_id, facts in floor.calls.items():
        caller = floor.channels.get(call_id)
        if caller is None or facts.parked or not _is_alone(floor, caller):
            continue
        found += [Stranded(caller, leg) for leg in floor.channels.of_call(call_id)
                  if _is_near_end(leg.name) and _is_alone(floor, leg)]
    return found


def since(before: Mapping[str, datetime], there: Iterable[Stranded], now: datetime) -> dict[str, datetime]:
    """Call → since when it has been seen so, without a look between at which it was not."""
    return {each.caller.uniqueid: before.get(each.caller.uniqueid, now) for each in there}


def _is_alone(floor: Floor, channel: Channel) -> bool:
    return channel.bridge is not None and len(floor.channels.in_bridge(channel.bridge)) == 1


def _is_near_end(name: str) -> bool:
    begins, holds, ends = NEAR_END
    return name.startswith(begins) and holds in name and name.endswith(ends)
