"""What is simulated: queues and their chain, who is at work when, who calls when and how patient they are. Values only.

Times are seconds since the scenario's beginning. Everything random is drawn before the run and kept with the caller
(`generate.py`), so that the same callers come again however many agents there are: differences are the floor's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from random import Random
from typing import Final

Span = tuple[float, float]            # from, until

INFINITE: Final = float("inf")
EMERGENCY: Final = "emergency"        # a caller's kind: pressed the key of people in danger (F5)


class Level(IntEnum):
    """How far a call has come in the chain, and for whom an agent is: an agent of a level takes calls that came so far."""

    PRIMARY = 0
    BACKUP = 1
    TEAMS = 2


@dataclass(frozen=True)
class Step:
    """A stage after the primary agents. Who was rung before goes on being rung."""

    level: Level
    seconds: float


@dataclass(frozen=True)
class Queue:
    name: str
    priority: int = 0                 # between queues: an agent of several takes the higher one's callers first
    wrapup_s: float = 10.0
    seat_ring_s: float = 10.0         # then the next seat is tried
    overflow_s: float = 30.0          # six rings, from entering the queue: the chain begins (A2)
    chain: tuple[Step, ...] = (Step(Level.BACKUP, 60.0),)
    press: bool = False               # its agents alone, also in a surge (D4)
    callback_offer_s: float = 60.0    # of expected wait
    callback_share: float = 0.0       # of those to whom a callback is offered
    message_share: float = 0.0        # of those who reach the chain's end, or find nobody there
    talk_s: float = 180.0             # means, for the expected wait
    patience_s: float = 180.0
    stay_s: float = 60.0              # who stays on the line at the chain's end waits so long until the next offer


@dataclass(frozen=True)
class Pause:
    begin: float
    end: float
    lifted: bool = False              # no break: in a surge whoever is in it is pulled in (B2)


@dataclass(frozen=True)
class Agent:
    """`skills`: queue → level of skill, 1 is best. `backup`: queues whose chain reaches this one at its second stage."""

    code: str
    at_work: tuple[Span, ...]
    skills: Mapping[str, int] = field(default_factory=dict)
    backup: frozenset[str] = frozenset()
    pauses: tuple[Pause, ...] = ()


@dataclass(frozen=True)
class Reserve:
    """Somebody off duty who is called in at a tier (B3, B4), comes after so long, and goes when the tier is taken back."""

    agent: Agent                      # its `at_work` is not looked at
    tier: int
    accepts: bool = True
    comes_after_s: float = 1800.0


@dataclass(frozen=True)
class Caller:
    """Somebody who enters a queue. `points` are the dialplan's: each outweighs ten seconds of waiting."""

    at: float
    queue: str
    patience_s: float
    talk_s: float
    points: int = 0
    wrapup_s: float | None = None     # None: the queue's
    choice: float = 1.0               # below an offer's share: takes it
    kind: str = ""
    before_s: float = 0.0             # waited before that, hearing for how long it will be: points age from there
    picked_after: tuple[float, ...] = ()     # of this caller's rings, in turn; INFINITE: not at all. Beyond: Ringing


@dataclass(frozen=True)
class Ringing:
    """How an agent's phone is picked up: after a time that is evenly spread, and not at all in a share of rings."""

    quickest_s: float = 0.0
    slowest_s: float = 0.0
    missed: float = 0.0

    def drawn(self, chance: Random) -> float:
        """How long a phone rings until it is picked up."""
        if self.missed and chance.random() < self.missed:
            return INFINITE
        return self.quickest_s + (self.slowest_s - self.quickest_s) * chance.random() if self.slowest_s else 0.0


@dataclass(frozen=True)
class Posture:
    """What a surge changes (B6)."""

    wrapup_s: float = 5.0
    callback_offer_s: float = 30.0


@dataclass(frozen=True)
class Scenario:
    queues: tuple[Queue, ...]
    agents: tuple[Agent, ...]
    reserves: tuple[Reserve, ...] = ()
    ringing: Ringing = Ringing()
    posture: Posture = Posture()
    look_every_s: float = 10.0        # at the surge's signals
    window_s: float = 900.0           # in which arrivals and the service level are counted for them
    service_level_s: float = 20.0
    until: float = 86_400.0           # nothing is looked at any more when it is over and nobody waits
