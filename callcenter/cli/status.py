"""`status` and `logs`: what an instance does now, and what it said."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict
from typing import Annotated

import typer

from callcenter.cli.options import State
from callcenter.runtime.report import Report, report
from callcenter.runtime.wish import state_folder
from callcenter.settings import Settings


def status(state: State = None,
           as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> None:
    """Processes, ports, health, calls now. Exit status 1 when a process is missing."""
    found = report(Settings.load(state_folder(state)))
    print(json.dumps(asdict(found) | {"running": found.running}, indent=2) if as_json else written(found))
    raise typer.Exit(0 if found.complete else 1)


def written(found: Report) -> str:
    calls = "?" if found.calls_now is None else found.calls_now
    lines = [f"{found.state}  offset {found.offset}  calls {calls}"]
    for process in found.processes:
        since = f"pid {process.pid:<8} up {_span(process.uptime_s or 0)}" if process.pid else "does not run"
        lines.append(f"  {process.name:<12} {since}")
    lines.append("  ports        " + "  ".join(f"{what} {port}" for what, port in found.ports.items()))
    lines += [f"  {queue.queue:<12} {queue.signed_in} of {queue.skilled} agents signed in, {queue.waiting} waiting"
              for queue in found.queues]
    lines += [f"  {part.name:<12} {part.state} {part.detail}".rstrip() for part in found.health]
    return "\n".join(lines)


def logs(name: Annotated[str | None, typer.Argument(help="One process; all when left out.")] = None,
         state: State = None,
         follow: Annotated[bool, typer.Option("--follow", "-f")] = False,
         lines: Annotated[int, typer.Option("--lines", "-n")] = 50) -> None:
    """The last lines that the processes wrote."""
    settings = Settings.load(state_folder(state))
    asterisks = [settings.asterisk / "log" / file for file in ("messages.log", "messages", "full", "full.log")]
    files = [file for file in (*sorted(settings.logs.glob("*.log")), *asterisks) if file.exists()]
    if name:
        files = [file for file in files if file.stem == name or (name == "asterisk" and file in asterisks)]
    if not files:
        raise typer.BadParameter(f"nothing was written by {name or 'any process'} yet")
    subprocess.run(["tail", "-n", str(lines), *(["-F"] if follow else []), *map(str, files)])


def _span(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
