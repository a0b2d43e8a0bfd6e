"""`sixring up`, step by step: idempotent, and what runs and need not change is left alone."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from callcenter.errors import ConfigError, SixringError, Unavailable
from callcenter.render import AsteriskFiles, render
from callcenter.runtime import supervisord
from callcenter.runtime.accounts import is_current, prepare_database, users_of
from callcenter.runtime.asterisk import OLDEST, AsteriskInstall, NoAsterisk, find_asterisk
from callcenter.runtime.credentials import keep_secrets, names_for
from callcenter.runtime.folders import fingerprint, let_asterisk_read, make_folders
from callcenter.runtime.owner import Owner, asterisk_owner
from callcenter.runtime.pids import alive
from callcenter.runtime.ports import holders, name_of, needs
from callcenter.runtime.probes import port_answers, redis_answers, says_well, web_answers
from callcenter.runtime.programs import PYTHON, Program, pid_file, programs
from callcenter.runtime.supervise import Supervisor
from callcenter.settings import CHANGING, CHECKOUT, Settings
from callcenter.site.load import load_site
from callcenter.site.schema import Site

Say = Callable[[str], None]
Check = Callable[[], str]
# Where Debian's package puts them, for an Asterisk that is not on this machine.
ELSEWHERE = AsteriskFiles(Path("/usr/lib/x86_64-linux-gnu/asterisk/modules"), Path("/usr/share/asterisk"))
SOURCES = (*(CHECKOUT / name for name in (*PYTHON, "callcenter")),)
WRITERS = ("dashboard", "crm")


class PortTaken(SixringError):
    """A port of the instance belongs to another process."""

    code = "port_taken"


@dataclass(frozen=True)
class Started:
    settings: Settings
    secrets: dict[str, str]
    changed: bool


@dataclass(frozen=True)
class Configured:
    site: Site
    secrets: dict[str, str]
    owner: Owner
    asterisk: AsteriskInstall | None    # None: it runs elsewhere


def start(settings: Settings, say: Say, *, wait_s: float) -> Started:
    """Raises SiteErrors, ConfigError, SixringError, OSError."""
    say("configuration")
    load_site(settings.site_file)   # a wrong file is told before anything is touched
    ports_are_free(settings)
    made = configure(settings)
    with _marked(settings.state / CHANGING):
        return Started(settings, made.secrets, _brought_up(settings, made, say, wait_s))


def _brought_up(settings: Settings, made: Configured, say: Say, wait_s: float) -> bool:
    """True when something running had to change."""
    listed = programs(settings, made.asterisk, made.owner)
    say("database")
    halted = halt_writers(settings)
    try:
        prepare_database(settings, made.site, made.secrets)
    except BaseException:
        Supervisor(settings).resume(halted)     # crm says why it waits; the journal goes on in its files
        raise
    say("processes")
    changed = _apply(settings, listed, made.asterisk, halted=halted)
    _wait(list(_checks(settings, made.asterisk)), say, wait_s)
    return changed


@contextmanager
def _marked(file: Path) -> Iterator[None]:
    """The guard calls nothing an outage meanwhile that is only being changed."""
    file.touch()
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def halt_writers(settings: Settings) -> list[str]:
    """Who writes into the database, ended before its tables change: what an older version wrote into the new ones nobody could put
    right. Calls go on, and the journal waits in its files. The names of those that ran."""
    running = [name for name in WRITERS if alive(pid_file(settings, name))]
    if not running or is_current(settings):
        return []
    for name in running:
        Supervisor(settings).halt(name)
    return running


def configure(settings: Settings) -> Configured:
    """Folders, secrets, settings and the Asterisk configuration, written; nothing started."""
    site = load_site(settings.site_file)
    owner = asterisk_owner()
    found = _found_or_none()
    if found is None and not settings.ami:
        raise NoAsterisk(f"no Asterisk >= {OLDEST} here: run `make up`, or give SIXRING_AMI=host:port")
    make_folders(settings, owner)
    names = names_for([seat.seat for seat in site.seats], list(users_of(settings)),
                      [agent.code for agent in site.agents])
    secrets = keep_secrets(settings.secrets_file, names)
    if site.trunk.kind == "register" and not secrets.get("trunk"):
        raise ConfigError(str(settings.site_file), 1, "trunk", "the carrier's password is missing",
                          f'add "trunk": "…" to {settings.secrets_file}')
    settings.save()
    files = AsteriskFiles(found.modules, found.data) if found else ELSEWHERE
    render(site, settings, secrets, files)
    let_asterisk_read(settings, owner)
    return Configured(site, secrets, owner, None if settings.ami else found)


def _found_or_none() -> AsteriskInstall | None:
    try:
        return find_asterisk()
    except NoAsterisk:
        return None


def ports_are_free(settings: Settings) -> None:
    """Free, or held by a process of this very instance. Raises PortTaken."""
    for need in needs(settings):
        mine = alive(pid_file(settings, need.program))
        others = [pid for pid in holders(need.kind, need.port) if not mine or pid != mine.pid]
        if others and not mine:
            raise PortTaken(f"{need.what} port {need.port}/{need.kind} is taken by pid {others[0]} "
                            f"({name_of(others[0])}): end it, or choose other ports with SIXRING_OFFSET")


def _apply(settings: Settings, listed: list[Program], asterisk: AsteriskInstall | None, *, halted: list[str]) -> bool:
    """Makes what runs agree with the files. True when something running had to change. What Asterisk has read is remembered, not
    what was just written: a start that failed in between has written it too."""
    supervisor = Supervisor(settings)
    file, mark = settings.state / "run/supervisord.conf", settings.state / "run/applied.json"
    before: dict[str, str] = json.loads(mark.read_text()) if mark.exists() else {}
    text = supervisord.render(settings, listed, root=os.geteuid() == 0)
    now = {"python": fingerprint(*SOURCES, settings.state / "instance.json", settings.site_file, settings.secrets_file),
           "asterisk": fingerprint(settings.asterisk / "etc", settings.asterisk / "data/sounds"),
           "ports": str(settings.ports.offset)}
    part = file.with_suffix(".part")
    part.write_text(text)
    part.replace(file)
    running = supervisor.answers()
    supervisor.start()
    changed = False
    if running:
        changed = supervisor.update()
        if before and before.get("python") != now["python"]:
            changed = True
            supervisor.restart([program.name for program in listed if program.kept == "replace"])
        elif halted:
            changed = True
            supervisor.restart(halted)
    if asterisk is not None and before and alive(pid_file(settings, "asterisk")):
        if before.get("ports") != now["ports"]:  # sockets are bound at start only
            changed = True
            supervisor.restart(["asterisk"])
        elif before.get("asterisk") != now["asterisk"]:
            changed = True
            asterisk.console(settings, "core reload", timeout=30)
    mark.write_text(json.dumps(now) + "\n")
    return changed


def _checks(settings: Settings, asterisk: AsteriskInstall | None) -> Iterator[tuple[str, Check]]:
    yield "redis", lambda: redis_answers(settings)
    if asterisk is not None:
        yield "asterisk", lambda: _booted(settings, asterisk)
    host, port = settings.ami_address
    yield "ami", lambda: port_answers(port, host)
    yield "agi", lambda: port_answers(settings.ports.agi)
    yield "acd", lambda: says_well(settings, "acd")
    yield "crm", lambda: says_well(settings, "crm")
    yield "dashboard", lambda: web_answers(settings)
    yield "guard", lambda: says_well(settings, "guard")


def _booted(settings: Settings, asterisk: AsteriskInstall) -> str:
    try:
        answer = asterisk.console(settings, "core waitfullybooted", timeout=5)
    except (Unavailable, OSError) as error:
        return str(error)
    return "" if "fully booted" in answer else answer.strip()


def _wait(checks: list[tuple[str, Check]], say: Say, within_s: float) -> None:
    """Until all serve. Raises Unavailable that names what does not, and why."""
    until = time.monotonic() + within_s
    said: tuple[str, ...] = ()
    while True:
        lacking = {name: answer for name, check in checks if (answer := check())}
        if not lacking:
            return
        if time.monotonic() > until:
            raise Unavailable("; ".join(f"{name}: {answer}" for name, answer in lacking.items()))
        if tuple(lacking) != said:
            said = tuple(lacking)
            say(f"waiting for {', '.join(said)}")
        checks = [entry for entry in checks if entry[0] in lacking]
        time.sleep(0.2)
