"""How much memory each process of an instance holds, and whether that grows."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path

from hotline.whole import Whole

MIB = 1 << 20
PAGE = os.sysconf("SC_PAGE_SIZE")
PROGRAMS = ("python", "valkey", "redis", "ld-linux", "asterisk")
# Caches fill in the first minutes; what goes on growing shows as so much an hour.
ALLOWED_MIB, ALLOWED_MIB_AN_HOUR = 8.0, 10.0
# Asterisk's heap follows the most calls at once so far; Redis' stream of events is capped by number, and fills in hours.
MORE_MIB = {"asterisk": 16.0, "valkey": 120.0, "redis": 120.0}


@dataclass
class Memory:
    """`begun` is when warm-up ended; samples are (monotonic seconds, bytes)."""

    whole: Whole
    every_s: float
    samples: dict[int, list[tuple[float, int]]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)

    async def watch(self) -> None:
        while True:
            for pid in self.whole.processes(*PROGRAMS):
                try:
                    self.names.setdefault(pid, _name(pid))
                    self.samples.setdefault(pid, []).append((time.monotonic(), _resident(pid)))
                except OSError:
                    continue
            await asyncio.sleep(self.every_s)

    def long_lived(self) -> dict[int, str]:
        """Those that were there for most of the time; commands that ran and ended are not."""
        most = max((len(samples) for samples in self.samples.values()), default=0)
        return {pid: self.names[pid] for pid, samples in self.samples.items() if len(samples) > most / 2}

    def growth(self) -> dict[str, tuple[float, float, float]]:
        """MiB after warm-up (a third of the time), at the end, and allowed growth, a process."""
        found = {}
        for pid, name in self.long_lived().items():
            settled = self.samples[pid][len(self.samples[pid]) // 3:]
            fifth = max(len(settled) // 5, 1)
            hours = (settled[-1][0] - settled[0][0]) / 3600
            allowed = ALLOWED_MIB + MORE_MIB.get(name, 0.0) + ALLOWED_MIB_AN_HOUR * hours
            found[f"{name} {pid}"] = (statistics.median(size for _, size in settled[:fifth]) / MIB,
                                      statistics.median(size for _, size in settled[-fifth:]) / MIB, allowed)
        return found


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE


def _name(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    if "-m" in words:
        return words[words.index("-m") + 1]
    line = " ".join(words)
    return next((name for name in ("supervisord", "valkey", "redis", "asterisk") if name in line), words[0])
