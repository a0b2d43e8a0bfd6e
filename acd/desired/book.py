"""What people have asked for: who is signed in where, paused for what, away, helped. One value, kept in a file.

The book is the declared half of the desired floor; the roster (skills) and the site file (queues) are the other two. It
changes only by the rules of acd/agents/transitions.py; acd/reconcile/wanted.py says what it means for Asterisk.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from callcenter.commands import PauseReason


@dataclass(frozen=True)
class SignedIn:
    """An agent at a seat. `pause`, `away` and `wrapup_until` all keep calls away."""

    agent: str
    seat: str
    since: datetime
    pause: PauseReason | None = None
    away: bool = False
    wrapup_until: datetime | None = None      # extended by hand: beyond what app_queue keeps by itself
    missed: int = 0                           # calls not answered, one after the other
    help_since: datetime | None = None
    help_reason: str = ""
    lifted: PauseReason | None = None         # taken for the surge, given back when it is over (B5); forgotten with the next choice


@dataclass(frozen=True)
class SeatFault:
    """A seat whose phone cannot be reached, from start to end, and who sat there when it began (C1).

    Nobody is paused for it: app_queue rings no phone that is gone, and one that is back must ring even while acd is dead.
    """

    agent: str
    since: datetime


@dataclass(frozen=True)
class Book:
    agents: dict[str, SignedIn] = field(default_factory=dict)     # by agent's code
    closed: frozenset[str] = frozenset()                          # queue ids
    tier: int = 0                                                 # surge tier (B)
    notices: dict[str, str] = field(default_factory=dict)         # estate, "" for all → prompt that its callers hear first (H5)
    treated: dict[str, str] = field(default_factory=dict)         # caller's key → how (D1, D4), as crm said last
    faults: dict[str, SeatFault] = field(default_factory=dict)    # by seat

    def at(self, seat: str) -> SignedIn | None:
        return next((entry for entry in self.agents.values() if entry.seat == seat), None)
