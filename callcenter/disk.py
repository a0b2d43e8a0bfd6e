"""When a disk is full: what is free, against fixed limits and what a day of recordings takes here. Standard library only."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

MEGABYTE: Final = 10**6
GIGABYTE: Final = 10**9
LIKE: Final = (1, 7)         # days ago: yesterday, and the same day of the last week


@dataclass(frozen=True)
class DiskLimits:
    """Bytes free; a caller's minute is one megabyte. `days` of recordings as the last ones were must fit in too."""

    little: int = 5 * GIGABYTE
    none: int = GIGABYTE // 2
    days: float = 1


def verdict(free: int, limits: DiskLimits, day: int = 0) -> tuple[str, str]:
    """`ok`, `degraded` or `down`, and why. `day`: what a day takes."""
    words = f"free_gb={free // GIGABYTE}" + (f" day_gb={day / GIGABYTE:.1f}" if day else "")
    if free < limits.none:
        return "down", words
    return ("degraded" if free < max(limits.little, limits.days * day) else "ok"), words


class RecordedDays:
    """What a day of recordings takes, looked up once a day."""

    def __init__(self, recordings: Path) -> None:
        self._recordings = recordings
        self._known: tuple[date, int] | None = None

    def bytes(self, now: datetime) -> int:
        today = now.date()
        if self._known is None or self._known[0] != today:
            self._known = today, max(_taken(self._recordings, today - timedelta(days=ago)) for ago in LIKE)
        return self._known[1]


def _taken(recordings: Path, day: date) -> int:
    try:
        with os.scandir(recordings / f"{day:%Y/%m/%d}") as files:
            return sum(file.stat().st_size for file in files)
    except OSError:      # nobody called, or it is being moved away
        return 0
