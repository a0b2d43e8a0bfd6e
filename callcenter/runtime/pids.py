"""Which process a pid file of `keep.sh` means: the pid counts only together with its boot and its start time."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Process:
    pid: int
    born: int  # clock ticks since boot

    @property
    def uptime_s(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME) - self.born / _TICKS


def alive(file: Path) -> Process | None:
    """The living process that `keep.sh` wrote into the file, if any."""
    try:
        boot, pid, born = file.read_text().split()
        process = Process(int(pid), int(born))
        same_boot = boot == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (OSError, ValueError):
        return None
    return process if same_boot and lives(process) else None


def starts(file: Path, since: float) -> int:
    """How often the process of a pid file was started by its keeper since then; an ending that was asked for forgets them."""
    try:
        return sum(float(line) >= since for line in file.with_name(f"{file.name}.starts").read_text().split())
    except (OSError, ValueError):
        return 0


def lives(process: Process) -> bool:
    try:
        stat = Path(f"/proc/{process.pid}/stat").read_text(errors="replace")
    except OSError:
        return False
    fields = stat.rpartition(") ")[2].split()
    return fields[0] not in "ZX" and int(fields[19]) == process.born


def end(process: Process, *, within_s: float, then_kill: bool = True) -> bool:
    """TERM, wait, KILL. Whether it has gone."""
    _send(process, signal.SIGTERM)
    if wait_gone(process, within_s):
        return True
    if not then_kill:
        return False
    _send(process, signal.SIGKILL)
    return wait_gone(process, 5)


def wait_gone(process: Process, within_s: float) -> bool:
    until = time.monotonic() + within_s
    while lives(process):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def _send(process: Process, number: signal.Signals) -> None:
    try:
        if lives(process):
            os.kill(process.pid, number)
    except ProcessLookupError:
        pass
