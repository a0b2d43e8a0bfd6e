"""`sixring down`: ends everything of one instance, however it was left behind; what it keeps stays."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from callcenter.errors import Unavailable
from callcenter.runtime.asterisk import AsteriskInstall, NoAsterisk, find_asterisk
from callcenter.runtime.owner import asterisk_owner
from callcenter.runtime.pids import alive, wait_gone
from callcenter.runtime.programs import pid_file, programs
from callcenter.runtime.report import calls_now
from callcenter.runtime.supervise import Supervisor

if TYPE_CHECKING:
    from callcenter.runtime.start import Say
    from callcenter.settings import Settings


def stop(settings: Settings, say: Say, *, calls_may_take_s: float) -> None:
    """New calls are refused at once; those on the line get `calls_may_take_s` to end. Raises Unavailable."""
    supervisor = Supervisor(settings)
    try:
        asterisk = None if settings.ami else find_asterisk()
    except NoAsterisk:
        asterisk = None
    supervisor.let_go("demo")  # its callers would only call again
    if asterisk:
        _end_asterisk(settings, asterisk, supervisor, say, calls_may_take_s)
    left = supervisor.stop(programs(settings, asterisk, asterisk_owner()))
    if left:
        raise Unavailable(f"did not end: {', '.join(left)}")


def _end_asterisk(settings: Settings, asterisk: AsteriskInstall, supervisor: Supervisor, say: Say,
                  within_s: float) -> None:
    process = alive(pid_file(settings, "asterisk"))
    if process is None:
        return
    supervisor.let_go("asterisk")
    with contextlib.suppress(Unavailable, OSError):  # one that does not answer is ended by signal afterwards
        calls = calls_now(settings)
        if calls and within_s > 0:
            say(f"waiting up to {within_s:g} s for {calls} calls to end")
        if within_s > 0:
            asterisk.console(settings, "core stop gracefully")
        if not wait_gone(process, within_s):
            asterisk.console(settings, "core stop now")
            wait_gone(process, 5)
