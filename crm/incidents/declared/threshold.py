"""Many calls about one thing from one building: an emergency is proposed (H1). Pure: the time is passed in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Sign:
    """A ticket, or a line of the contact log. `caller` is the same for whoever calls twice; `category` the first part of it."""

    at: datetime
    building_id: int
    kind: str
    category: str
    caller: str
    ticket_id: int | None = None


@dataclass(frozen=True)
class Cluster:
    building_id: int
    kind: str
    category: str
    callers: int
    first_at: datetime
    last_at: datetime
    tickets: tuple[int, ...]


def clusters(signs: Iterable[Sign], now: datetime, within: timedelta, least: int) -> list[Cluster]:
    """Of one building, kind and category, with at least so many callers within so long before now; whoever calls five times is one.
    Most callers first."""
    of: dict[tuple[int, str, str], list[Sign]] = defaultdict(list)
    for sign in signs:
        if now - within < sign.at <= now:
            of[sign.building_id, sign.kind, sign.category].append(sign)
    found = [Cluster(building, kind, category, len({one.caller for one in those}), min(one.at for one in those),
                     max(one.at for one in those), tuple(sorted({one.ticket_id for one in those if one.ticket_id is not None})))
             for (building, kind, category), those in of.items()]
    enough = (one for one in found if one.callers >= least)
    return sorted(enough, key=lambda one: (-one.callers, one.building_id, one.kind, one.category))
