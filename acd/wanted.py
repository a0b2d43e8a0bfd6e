"""The floor as it should be, in Asterisk's words: members of queues, and the switches in astdb that the dialplan reads.

The same two types hold what Asterisk has (`Actual`), so that the difference is a subtraction: acd/reconcile.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


class Place(NamedTuple):
    """A member is known by these two; app_queue allows each once."""

    queue: str           # Asterisk's name, callcenter/stages.py
    interface: str       # PJSIP/1001


class Member(NamedTuple):
    """`dynamic` False: rendered into queues.conf; it can be paused, never removed."""

    penalty: int = 0
    paused: bool = False
    reason: str = ""     # of the pause: a PauseReason, or away, wrapup, fault, signed_out
    dynamic: bool = True


@dataclass(frozen=True)
class Wanted:
    members: dict[Place, Member] = field(default_factory=dict)
    switches: dict[str, str] = field(default_factory=dict)    # astdb below the family `sixring`: "closed/repair" → "1"


@dataclass(frozen=True)
class Actual:
    members: dict[Place, Member] = field(default_factory=dict)
    switches: dict[str, str] = field(default_factory=dict)
