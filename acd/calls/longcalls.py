"""A4: when a call has lasted how long, who is told what. Pure. The call is never cut."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

from acd.floor.facts import CallFacts


class Told(IntEnum):
    """What was said about a call so far; kept in the caller's channel, so that a restart says nothing twice."""

    NOTHING = 0
    WARNED = 1
    LIMIT = 2


PROMPTS: Final = {Told.WARNED: "limit-warning", Told.LIMIT: "limit-reached"}


@dataclass(frozen=True)
class Ran:
    """This call is due to be told `told`. `minutes` since the answer, whole ones."""

    call_id: str
    told: Told
    minutes: int


def due(calls: Iterable[CallFacts], told: Mapping[str, Told], now: datetime, limit: timedelta,
        warn_before: timedelta) -> list[Ran]:
    """Minutes count from the answer, through transfers, hold and conference. A warning that was missed altogether (acd was
    away) is not said after the limit; a warning as long as the limit would come with the answer and is left out."""
    found = []
    for facts in calls:
        if facts.answered_at is None or facts.epilogue is not None:
            continue
        lasted = now - facts.answered_at
        reached = Told.LIMIT if lasted >= limit else Told.WARNED if limit - warn_before <= lasted else Told.NOTHING
        if reached is Told.WARNED and warn_before >= limit:
            continue
        if reached > told.get(facts.call_id, Told.NOTHING):
            found.append(Ran(facts.call_id, reached, int(lasted.total_seconds() // 60)))
    return found
