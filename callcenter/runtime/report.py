"""What an instance does now, as a value: `status` prints it, `status --json` gives it to machines."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from callcenter.errors import Unavailable
from callcenter.runtime.asterisk import AsteriskInstall, NoAsterisk, find_asterisk
from callcenter.runtime.pids import alive
from callcenter.runtime.ports import needs
from callcenter.runtime.probes import health
from callcenter.runtime.programs import GUARD, PYTHON, pid_file, private_redis
from callcenter.runtime.staffing import QueueStaff, queue_staff
from callcenter.runtime.supervise import SUPERVISOR
from callcenter.site.load import SiteErrors, load_site

if TYPE_CHECKING:
    from callcenter.settings import Settings


@dataclass(frozen=True)
class ProcessState:
    name: str
    pid: int | None         # None: does not run
    uptime_s: float | None


@dataclass(frozen=True)
class Component:
    name: str
    state: str
    detail: str


@dataclass(frozen=True)
class Report:
    state: str
    offset: int
    processes: list[ProcessState]
    ports: dict[str, int]
    health: list[Component]
    calls_now: int | None   # None: Asterisk does not answer
    queues: list[QueueStaff] = field(default_factory=list)

    @property
    def running(self) -> bool:
        return any(process.pid for process in self.processes)

    @property
    def complete(self) -> bool:
        return all(process.pid for process in self.processes)


def names(settings: Settings) -> list[str]:
    """Every process that this instance should have."""
    return [SUPERVISOR, *(["redis"] if private_redis(settings) else []), *([] if settings.ami else ["asterisk"]),
            *PYTHON, *(["demo"] if settings.demo else []), GUARD]


def report(settings: Settings) -> Report:
    processes = []
    for name in names(settings):
        process = alive(pid_file(settings, name))
        processes.append(ProcessState(name, process.pid if process else None,
                                      round(process.uptime_s, 1) if process else None))
    return Report(
        state=str(settings.state), offset=settings.ports.offset, processes=processes,
        ports={need.what: need.port for need in needs(settings)},
        health=[Component(name, found.state.value, found.detail) for name, found in sorted(health(settings).items())],
        calls_now=calls_now(settings), queues=_queues(settings))


def _queues(settings: Settings) -> list[QueueStaff]:
    try:
        return queue_staff(settings, load_site(settings.site_file))
    except (SiteErrors, OSError):
        return []


def calls_now(settings: Settings) -> int | None:
    """Calls that Asterisk has on the line; None when it cannot be asked from here."""
    try:
        return _calls(find_asterisk(), settings)
    except (NoAsterisk, Unavailable, OSError):
        return None


def _calls(asterisk: AsteriskInstall, settings: Settings) -> int | None:
    found = re.search(r"(\d+)(?: of \d+ max)? active call", asterisk.console(settings, "core show channels count"))
    return int(found.group(1)) if found else None
