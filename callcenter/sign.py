"""A sign of life that needs neither Redis nor room on a disk: a file in the state folder, whose time its process sets.

The time is that of the machine since its start, so that a wall clock that is put right makes nobody look dead. Standard
library only: the guard reads it. Set by a process' main loop, and by nothing that goes on while that one hangs.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

EVERY_S: Final = 2.0


def since_boot() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def sign_of(state: Path, name: str) -> Path:
    return state / "run" / f"{name}.sign"


class Sign:
    def __init__(self, state: Path, name: str, now: Callable[[], float] = since_boot) -> None:
        self._file, self._now = sign_of(state, name), now
        self._last = float("-inf")

    def give(self) -> None:
        """Never raises, and costs something every 2 s only."""
        now = self._now()
        if now - self._last < EVERY_S:
            return
        self._last = now
        with suppress(OSError):      # a state folder that cannot be written is told by whoever needs it
            try:
                os.utime(self._file, (now, now))
            except FileNotFoundError:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                self._file.touch()
                os.utime(self._file, (now, now))


def silent_for(state: Path, name: str, now: float) -> float | None:
    """Seconds since its last sign; None where there is none since the machine's start."""
    try:
        given = sign_of(state, name).stat().st_mtime
    except OSError:
        return None
    return now - given if given <= now else None
