"""Writes the supervisor's configuration: it never gives up, and its own death hurts nobody."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from callcenter.runtime.programs import Program, pid_file
from callcenter.settings import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

    from callcenter.settings import Settings

LOG_BYTES = "10MB"
LOG_FILES = 5
# The C library gives each thread a heap of its own, and what SQLite frees in one is no use to another: crm, with a dozen
# threads, grew by the minute for it. Python holds a lock around nearly all of it anyway.
ONE_ARENA = 'MALLOC_ARENA_MAX="1"'


def socket_of(settings: Settings) -> Path:
    return settings.state / "run/supervisor.sock"


def render(settings: Settings, programs: list[Program], *, root: bool) -> str:
    """`supervisord.conf`. Each program runs through `keep.sh`, which paces restarts: so startsecs is 0, and no count
    ends them (startretries only counts starts that fail before `startsecs`)."""
    return "\n".join([_head(settings, root=root), *(_program(settings, program, place)
                                                    for place, program in enumerate(programs))])


def _head(settings: Settings, *, root: bool) -> str:
    run, log = _text(settings.state / "run"), _text(settings.logs)
    user = "user=root\n" if root else ""  # Python's processes are ours; Asterisk is given its own user by its command
    return f"""; Written by `sixring up`; changes here are lost.
[unix_http_server]
file={_text(socket_of(settings))}
chmod=0700

[supervisord]
nodaemon=true
silent=true
{user}logfile={log}/supervisord.log
logfile_maxbytes={LOG_BYTES}
logfile_backups={LOG_FILES}
pidfile={run}/supervisord.own
childlogdir={log}
directory={_text(CHECKOUT)}
umask=027
environment=SIXRING_STATE="{_text(settings.state)}",PYTHONUNBUFFERED="1"

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{_text(socket_of(settings))}
"""


def _program(settings: Settings, program: Program, place: int) -> str:
    run, log = settings.state / "run", settings.logs / f"{program.name}.log"
    own_log = str(log) if program.kept == "adopt" else "-"  # an adopted process must not write into a pipe of ours
    command = ["/bin/sh", str(run / "keep.sh"), program.kept, str(pid_file(settings, program.name)), own_log,
               *program.command]
    stdout = "NONE" if program.kept == "adopt" else _text(log)
    memory = f"environment={ONE_ARENA}\n" if program.kept == "replace" else ""
    return f"""[program:{program.name}]
command={_text(shlex.join(command))}
{memory}priority={10 + place}
autostart=true
autorestart=true
startsecs=0
startretries=1000000000
stopsignal=TERM
stopwaitsecs={program.stop_wait + 5}
redirect_stderr=true
stdout_logfile={stdout}
stdout_logfile_maxbytes={LOG_BYTES}
stdout_logfile_backups={LOG_FILES}
"""


def _text(value: Path | str) -> str:
    """The file is read with %-interpolation."""
    return str(value).replace("%", "%%")
