"""`python -m crm.outages`: the guard, until SIGTERM; with a word, a piece of work that ends. Only the guard itself has to be small.

    plan                  what the guard needs of the site file, as JSON
    tell                  send what is due
    backup                make today's backup, try it, drop old ones
    list                  the outages of the last day, and those that go on
    acknowledge ID        works without database, Redis and crm

The second half of the imports is in the functions: what the guard does not need must not be in its memory.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from callcenter.clock import SystemClock
from callcenter.settings import CHANGING, CHECKOUT, Settings
from crm.outages.guard import FOLDER, Guard, kept, letter
from crm.outages.looking import Looker
from crm.outages.plan import Plan, plan_from
from crm.outages.story import Log
from crm.outages.ways import TOLD_FOR
from crm.outages.wire import Wire

PLAN: Final = "plan.json"
CHANGES_FOR_S: Final = 900


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="sixring outage", description="Outages of our own machinery.")
    parser.add_argument("what", nargs="?", default="guard", choices=("guard", "plan", "tell", "backup", "list", "acknowledge"))
    parser.add_argument("outage_id", nargs="?", help="of an outage to be acknowledged")
    parser.add_argument("--by", help="who; by default the user of this machine")
    given = parser.parse_args(arguments)
    settings = Settings.load()
    folder = settings.state / FOLDER
    match given.what:
        case "plan":
            return _plan(settings)
        case "tell":
            return _tell(settings, folder)
        case "backup":
            return _backup(settings, folder)
        case "list":
            return _list(folder)
        case "acknowledge":
            return _acknowledge(folder, given.outage_id or "", given.by or os.environ.get("SUDO_USER", "console"))
        case _:
            return _guard(settings, folder)


def _guard(settings: Settings, folder: Path) -> int:
    stop = threading.Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, lambda *_: stop.set())
    plan = _planned(folder)
    wire = Wire(settings.redis_url)
    guard = Guard(plan, folder, Looker(settings, wire, plan).look, wire, _helper, _say, SystemClock(),
                  lambda: _is_recent(settings.state / CHANGING))
    guard.open()
    _say("watching", components=len(plan.policy.limits), ways=len(plan.ways))
    guard.run(stop)
    return 0


def _is_recent(file: Path) -> bool:
    """One that a killed `sixring up` has left behind hides nothing for longer."""
    try:
        return time.time() - file.stat().st_mtime < CHANGES_FOR_S
    except OSError:
        return False


def _planned(folder: Path) -> Plan:
    """By a helper that ends; a site file that is broken now leaves the last plan in force. Raises FileNotFoundError without any."""
    file = folder / PLAN
    made = subprocess.run([sys.executable, "-m", "crm.outages", "plan"], cwd=CHECKOUT, stdout=subprocess.PIPE)
    if made.returncode != 0:
        _say("plan_not_made", status=made.returncode)
        return plan_from(json.loads(file.read_text()))
    part = file.with_suffix(".part")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        part.write_bytes(made.stdout)
        part.chmod(0o600)      # it has addresses
        part.replace(file)
    except OSError as error:   # a full disk is what it is there for
        _say("plan_not_kept", error=type(error).__name__)
    return plan_from(json.loads(made.stdout))


def _helper(what: str) -> subprocess.Popen[bytes]:
    """Less urgent than anything that serves a caller."""
    return subprocess.Popen(["nice", "-n", "10", sys.executable, "-m", "crm.outages", what], cwd=CHECKOUT, stdin=subprocess.DEVNULL)


def _say(event: str, **what: Any) -> None:
    """A line of the log, as every process of ours writes it."""
    at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    print(json.dumps({"process": "guard", "level": "info", "at": at, "event": event, **what}, ensure_ascii=False), flush=True)


def _plan(settings: Settings) -> int:
    from callcenter.site import load_site
    from crm.outages.plan import plan_of
    print(json.dumps(plan_of(load_site(settings.site_file)).as_json()))
    return 0


def _tell(settings: Settings, folder: Path) -> int:
    from callcenter.site import load_site
    from crm.notices.channels import channels_of
    from crm.outages.telling import tell
    site = load_site(settings.site_file)
    for one in tell(folder, site, channels_of(site, settings.secrets), SystemClock()):
        _say("outage_message", outage_id=one.message.outage_id, what=one.message.what, channel=one.message.channel, error=one.error)
    return 0


def _backup(settings: Settings, folder: Path) -> int:
    from callcenter.runtime.backup import back_up
    from callcenter.runtime.trial import tried
    from callcenter.site import load_site
    from crm.outages import backups
    wanted = load_site(settings.site_file).outages.backup
    if wanted is None:
        return 0
    made = backups.make(Path(wanted.folder) if wanted.folder else settings.state / "backups", wanted.keep, SystemClock().now(),
                        lambda file: back_up(settings, file, recordings=wanted.recordings), lambda file: tried(file).all_rows)
    log = Log(folder / backups.BACKUPS)
    log.open()
    log.add([made.written()])
    _say("backup_made" if not made.error else "backup_failed", **made.written())
    return 0


def _list(folder: Path) -> int:
    now = SystemClock().now()
    for one in kept(folder).outages.values():
        if one.ended_at is None or now - one.ended_at < TOLD_FOR:
            who = f"acknowledged by {one.acknowledged_by}" if one.acknowledged_by else "not acknowledged"
            end = f"over {one.ended_at:%Y-%m-%d %H:%M:%S} UTC" if one.ended_at else "goes on"
            print(f"{one.outage_id}  since {one.began_at:%Y-%m-%d %H:%M:%S} UTC  {one.detail or '-'}  "
                  f"step {one.step_s / 60:g} min  {who}  {end}")
    return 0


def _acknowledge(folder: Path, outage_id: str, by: str) -> int:
    if (one := kept(folder).outages.get(outage_id)) is None or one.ended_at is not None:
        print(f"no outage {outage_id} goes on: `sixring outage list`", file=sys.stderr)
        return 1
    letter(folder, outage_id, by)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
