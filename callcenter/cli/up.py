"""`up`, `down`, `render`, `notice`, `switch`: what changes a running instance."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from callcenter.cli.options import State
from callcenter.clock import SystemClock
from callcenter.runtime import switch as line
from callcenter.runtime.accounts import prepare_database, users_of
from callcenter.runtime.announce import announce
from callcenter.runtime.asterisk import find_asterisk
from callcenter.runtime.lock import one_at_a_time
from callcenter.runtime.owner import asterisk_owner
from callcenter.runtime.programs import programs
from callcenter.runtime.start import Started, configure, start
from callcenter.runtime.stop import stop
from callcenter.runtime.wish import BadWish, Wish, settle, state_folder
from callcenter.settings import LOOPBACK, Settings
from callcenter.site import load_site

Offset = Annotated[int | None, typer.Option("--offset", envvar="SIXRING_OFFSET", help="Moves every port.")]
SiteFile = Annotated[Path | None, typer.Option("--site", envvar="SIXRING_SITE", help="The site file.")]
Demo = Annotated[bool | None, typer.Option("--demo/--no-demo", envvar="DEMO", help="Demo users, phones and callers.")]
RedisUrl = Annotated[str | None, typer.Option("--redis-url", envvar="SIXRING_REDIS_URL")]
DatabaseUrl = Annotated[str | None, typer.Option("--database-url", envvar="SIXRING_DATABASE_URL")]
Ami = Annotated[str | None, typer.Option("--ami", envvar="SIXRING_AMI", help="host:port of an Asterisk run elsewhere.")]


def up(state: State = None, offset: Offset = None, site: SiteFile = None, demo: Demo = None, redis_url: RedisUrl = None,
       database_url: DatabaseUrl = None, ami: Ami = None,
       wait: Annotated[float, typer.Option(help="Seconds that everything may take to serve.")] = 90) -> None:
    """Start everything that does not run, and make what runs agree with the files."""
    wish = Wish(state_folder(state), offset, site, demo, redis_url, database_url, ami)
    settings = settle(wish)
    with one_at_a_time(settings.state):
        print(ready(start(settings, progress(), wait_s=wait)))


def down(state: State = None,
         calls: Annotated[float, typer.Option(help="Seconds that calls on the line may take to end.")] = 5) -> None:
    """End everything of this instance; its state stays."""
    settings = Settings.load(state_folder(state))
    with one_at_a_time(settings.state):
        stop(settings, progress(), calls_may_take_s=calls)
    print(f"down: {settings.state}")


def render_only(state: State = None, offset: Offset = None, site: SiteFile = None) -> None:
    """Write the Asterisk configuration and start nothing."""
    settings = settle(Wish(state_folder(state), offset, site))
    with one_at_a_time(settings.state):
        configure(settings)
    print(settings.asterisk / "etc")


def prepare(state: State = None, offset: Offset = None, site: SiteFile = None, demo: Demo = None,
            redis_url: RedisUrl = None, database_url: DatabaseUrl = None, ami: Ami = None) -> None:
    """For systemd and containers: secrets, configuration, tables and first users, and nothing started."""
    settings = settle(Wish(state_folder(state), offset, site, demo, redis_url, database_url, ami))
    with one_at_a_time(settings.state):
        made = configure(settings)
        prepare_database(settings, made.site, made.secrets)
    print(settings.state)


def execute(name: Annotated[str, typer.Argument(help="redis or asterisk")], state: State = None) -> None:
    """For systemd and containers: become this one program, in the foreground, with the command that `up` uses."""
    folder = state_folder(state)
    try:
        settings = Settings.load(folder)
    except FileNotFoundError:
        settings = settle(Wish(folder))  # Redis may come before `prepare`
    (folder / "redis").mkdir(parents=True, exist_ok=True, mode=0o700)
    asterisk = find_asterisk() if name == "asterisk" else None
    listed = {program.name: program.command for program in programs(settings, asterisk, asterisk_owner())}
    if name not in ("redis", "asterisk") or name not in listed:
        raise BadWish(f"{name}: not a program that this instance has of its own")
    os.execvp(listed[name][0], listed[name])  # noqa: S606 - no shell is wanted


def console(line: str, state: State = None) -> None:
    """One line on Asterisk's console."""
    print(find_asterisk().console(Settings.load(state_folder(state)), line), end="")


def notice(name: Annotated[str, typer.Argument(help="The prompt that every caller hears first, or `off`.")],
           state: State = None) -> None:
    """Announce an outage to every caller, or stop announcing it. Works without any Python process."""
    settings = Settings.load(state_folder(state))
    announce(settings, None if name == "off" else name)
    print("notice off" if name == "off" else f"notice: {name}")


def switch(to: Annotated[str, typer.Option("--to", help="`announcement`, or a number of the site file's posture.evacuation.")] = "",
           back: Annotated[bool, typer.Option("--back", help="Calls come here again.")] = False,
           state: State = None) -> None:
    """Where new calls go while the site is left; with no option, where they go now. Works without any Python process."""
    settings = Settings.load(state_folder(state))
    if to and back:
        raise BadWish("--to or --back, not both")
    if to or back:
        there = line.switch(settings, load_site(settings.site_file), to, SystemClock())
    else:
        there = line.line_of(settings)
    since = f" since {there.since:%Y-%m-%d %H:%M:%S} UTC by {there.by}" if there.since else ""
    print(f"new calls: {there.to or 'as always'}{since}")


def environment(state: Path) -> dict[str, str]:
    return os.environ | {"SIXRING_STATE": str(state)}


def progress() -> Callable[[str], None]:
    """Says on stderr what is being done, with the seconds since the beginning."""
    begun = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - begun:5.1f} s] {text}", file=sys.stderr, flush=True)

    return say


def ready(started: Started) -> str:
    """What a person needs next: where to look, and as whom."""
    settings = started.settings
    lines = [f"Sixring is up: http://{LOOPBACK}:{settings.ports.web}/", ""]
    users = users_of(settings)
    width = max(len(name) for name in users)
    lines += [f"  {name:<{width}}  {started.secrets[f'user-{name}']}" for name in users]
    lines += ["", f"  SIP {LOOPBACK}:{settings.ports.sip}/udp   state {settings.state}"]
    return "\n".join(lines)
