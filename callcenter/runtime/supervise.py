"""Starts the supervisor under its watchdog, asks it, changes it, and ends everything in the right order."""

from __future__ import annotations

import contextlib
import http.client
import os
import subprocess
import sys
import time
import xmlrpc.client
from typing import TYPE_CHECKING, Any

from supervisor.xmlrpc import SupervisorTransport

from callcenter.errors import Unavailable
from callcenter.runtime.pids import alive, end, wait_gone
from callcenter.runtime.programs import Program, pid_file
from callcenter.runtime.supervisord import socket_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callcenter.settings import Settings

_LOST = (OSError, http.client.HTTPException, xmlrpc.client.Error)
SUPERVISOR = "supervisord"


class Supervisor:
    """The running supervisor of one instance, over its private socket."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def _rpc(self) -> Any:
        transport = SupervisorTransport(None, None, f"unix://{socket_of(self._settings)}")
        return xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport).supervisor

    def answers(self) -> bool:
        try:
            return str(self._rpc().getState()["statename"]) == "RUNNING"
        except _LOST:
            return False

    def start(self, *, within_s: float = 15) -> None:
        """Watchdog and supervisor, detached from this terminal; what already runs stays. Raises Unavailable."""
        run, log = self._settings.state / "run", self._settings.logs / "supervisord-start.log"
        (run / "wanted").touch()
        # `-P`: what lies in the current folder never shadows a module; the watchdog ends at once where another watches.
        command = ["sh", str(run / "watch.sh"), str(run), str(log), sys.executable, "-P", "-m",
                   "supervisor.supervisord", "-c", str(run / "supervisord.conf")]
        with (self._settings.logs / "watch.log").open("ab") as out:
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
                             cwd="/", env=_environment())
        until = time.monotonic() + within_s
        while not self.answers():
            if time.monotonic() > until:
                tail = log.read_text(errors="replace")[-500:] if log.exists() else ""
                raise Unavailable(f"the supervisor does not start; {log} ends: {tail}")
            time.sleep(0.1)

    def update(self) -> bool:
        """Takes over a changed configuration: programs that are new, gone or started differently. True if any is."""
        rpc = self._rpc()
        added, changed, removed = rpc.reloadConfig()[0]
        for name in [*changed, *removed]:
            rpc.stopProcessGroup(name)
            self.end_kept([name])
            rpc.removeProcessGroup(name)
        for name in [*added, *changed]:
            rpc.addProcessGroup(name)
        return bool(added or changed or removed)

    def restart(self, names: Iterable[str]) -> None:
        """Ends the processes themselves; the supervisor starts them again."""
        for name in names:
            self.halt(name)
            self._rpc().startProcess(name)

    def halt(self, name: str) -> None:
        """Ends the process itself; the supervisor does not start it again. Raises Unavailable when it does not end."""
        with contextlib.suppress(*_LOST):
            self._rpc().stopProcess(name)
        if self.end_kept([name]):
            raise Unavailable(f"{name} does not end")

    def resume(self, names: Iterable[str]) -> None:
        """Starts what was halted; a supervisor that does not answer starts it with everything else."""
        for name in names:
            with contextlib.suppress(*_LOST):
                self._rpc().startProcess(name)

    def let_go(self, name: str) -> None:
        """The supervisor no longer starts it again; an adopted process itself goes on (its keeper only lets go)."""
        with contextlib.suppress(*_LOST):
            self._rpc().stopProcess(name)

    def pid(self, name: str) -> int | None:
        process = alive(pid_file(self._settings, name))
        return process.pid if process else None

    def stop(self, programs: list[Program]) -> list[str]:
        """Everything of the instance, however it was left behind. The names of what did not end: none, normally."""
        (self._settings.state / "run/wanted").unlink(missing_ok=True)
        with contextlib.suppress(*_LOST):
            self._rpc().shutdown()
        supervisor = alive(pid_file(self._settings, SUPERVISOR))
        if supervisor:
            longest = max((program.stop_wait for program in programs), default=10)
            if not wait_gone(supervisor, longest + 10):
                end(supervisor, within_s=5)
        return self.end_kept([program.name for program in reversed(programs)])

    def end_kept(self, names: list[str]) -> list[str]:
        """Ends what the pid files name; the names of what refused to go."""
        left = []
        for name in names:
            file = pid_file(self._settings, name)
            process = alive(file)
            if process and not end(process, within_s=10):
                left.append(name)
            else:
                file.unlink(missing_ok=True)
                for beside in ("quick", "starts"):
                    file.with_name(f"{file.name}.{beside}").unlink(missing_ok=True)
        return left


def _environment() -> dict[str, str]:
    """Of the caller's environment only what processes need: no secrets of a shell in long-lived processes."""
    kept = {"PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER", "LOGNAME", "SIXRING_CACHE", "SSL_CERT_FILE"}
    return {name: value for name, value in os.environ.items() if name in kept}
