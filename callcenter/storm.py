"""What is out of the ordinary, as the board shows it: surge, who is coming, outages, incidents, drills. Values only.

Times are UTC. A reason is a code, except words that a person gave. No caller's data is in any of them: a wall shows them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Coming(StrEnum):
    """How far the calling in of one person has come (B3)."""

    WAITING = "waiting"          # not asked yet: the round has not reached them, or a chat message alone has gone out
    RINGING = "ringing"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"      # after the last try
    ARRIVED = "arrived"          # signed in
    LATE = "late"                # accepted, and not there when they said
    RELEASED = "released"        # no longer needed


@dataclass(frozen=True)
class CalledIn:
    person_id: int
    name: str
    tier: int
    state: Coming
    since: datetime
    agent: str = ""              # agent's code; "" for staff who are no agents (tier 3)
    due_at: datetime | None = None


@dataclass(frozen=True)
class Surge:
    """`tier` 0: none, and the rest says nothing. `why` are the signals that raised it, or `by_hand` with `reason` in words."""

    tier: int = 0
    surge_id: int | None = None
    since: datetime | None = None                # declared
    tier_since: datetime | None = None
    why: tuple[str, ...] = ()                    # arrivals, waiting, longest_wait, service_level, by_hand
    reason: str = ""
    by: str = ""                                 # a user; "" when it was declared by its thresholds
    under_control_since: datetime | None = None  # None: not under control
    next_at: datetime | None = None              # the next tier comes then, if it stays as it is
    down_at: datetime | None = None              # … a tier is taken back then
    held: bool = False                           # a person keeps it at this tier
    held_by: str = ""                            # … who that is
    coming: tuple[CalledIn, ...] = ()
    drill: bool = False


@dataclass(frozen=True)
class Outage:
    """C2. `step` is the last rung of the ladder that was told, in minutes: 0, 5, 10, 60."""

    outage_id: str
    component: str
    began_at: datetime
    step: int = 0
    next_at: datetime | None = None              # when the next rung is told
    acknowledged_by: str = ""
    ended_at: datetime | None = None


@dataclass(frozen=True)
class Incident:
    """An emergency that was declared (H)."""

    incident_id: str                             # a number of the database, as text
    type: str                                    # "lift-entrapment"
    level: int                                   # 1 is worst
    since: datetime
    estate: str = ""                             # names, as people say them
    place: str = ""
    commander: str = ""                          # a user's name
    steps_open: int = 0
    steps_late: int = 0
    over_at: datetime | None = None
    drill: bool = False
    estate_id: int | None = None                 # only those who see it hear of the emergency (K1); None: of no estate


@dataclass(frozen=True)
class Drill:
    """H12. Marked calls are on the line from `since` until `ended_at`."""

    drill_id: int
    name: str
    since: datetime
    by: str = ""
    calls: int = 0
    ended_at: datetime | None = None
