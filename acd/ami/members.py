"""A member of one of Asterisk's queues: as it is told, as it is read and as it is wanted."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """A member is known by these two; app_queue allows each once."""

    queue: str           # Asterisk's name, callcenter/stages.py
    interface: str       # PJSIP/1001


class Member(NamedTuple):
    """`dynamic` False: rendered into queues.conf; it can be paused, never added or removed, nor given a wrap-up of its own."""

    penalty: int = 0
    paused: bool = False
    reason: str = ""     # of the pause: a PauseReason, or away, wrapup, signed_out
    dynamic: bool = True
    wrapup: int = 0      # s, instead of its queue's; 0: as its queue
