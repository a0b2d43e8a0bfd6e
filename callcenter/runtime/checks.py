"""What `doctor` looks at. A check yields findings: Good, or Bad with how to mend it; it changes nothing."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError

from callcenter.disk import GIGABYTE, MEGABYTE, RecordedDays, verdict
from callcenter.errors import Unavailable
from callcenter.runtime import floor_checks
from callcenter.runtime.asterisk import NoAsterisk, find_asterisk
from callcenter.runtime.findings import Bad, Check, Finding, Good, is_up
from callcenter.runtime.mending import mend
from callcenter.runtime.owner import NoOwner, asterisk_owner
from callcenter.runtime.pids import alive, starts
from callcenter.runtime.ports import holders, name_of, needs
from callcenter.runtime.probes import AmiRefused, ami_action, health, port_answers, redis_answers
from callcenter.runtime.programs import pid_file
from callcenter.runtime.report import names
from callcenter.settings import CHECKOUT, Settings
from callcenter.sign import silent_for, since_boot
from callcenter.site.load import SiteErrors, load_site

HANGS_S = 30
LATELY_S, OFTEN = 600, 4        # so many starts by itself in so long: it ends again and again
OLDEST_CLOCK = 1_767_225_600    # 2026-01-01: a clock before that was never set


def site_file(settings: Settings) -> Iterator[Finding]:
    try:
        site = load_site(settings.site_file)
    except SiteErrors as error:
        for fault in error.faults:
            yield Bad(str(fault), fault.hint or "mend this line of the site file")
    except OSError as error:
        yield Bad(f"{settings.site_file}: {error.strerror}", "give another with `sixring up --site FILE`")
    else:
        yield Good(f"{settings.site_file}: {len(site.seats)} seats, {len(site.queues)} queues")


def asterisk(settings: Settings) -> Iterator[Finding]:
    try:
        found = find_asterisk()
    except NoAsterisk as error:
        yield Bad(str(error), "run `make up`, which fetches one, or give SIXRING_AMI=host:port")
    else:
        yield Good(f"Asterisk {found.version}")
    if settings.ami:
        yield Good(f"started elsewhere, reached at {settings.ami}")


def permissions(settings: Settings) -> Iterator[Finding]:
    if not settings.secrets_file.exists():
        yield Good("not started yet")
        return
    if settings.secrets_file.stat().st_mode & 0o077:
        yield Bad(f"others may read {settings.secrets_file}", f"chmod 600 {settings.secrets_file}")
    try:
        owner = asterisk_owner()
    except NoOwner as error:
        yield Bad(str(error), "make the system user `sixring`")
        return
    if owner.reaches(settings.asterisk / "etc/asterisk.conf"):
        yield Good("Asterisk's user reads its configuration")
    else:
        yield Bad("Asterisk's user cannot read its configuration",
                  f"let it pass through the folders above {settings.state}, or choose a folder below "
                  "/var/lib with SIXRING_STATE; then `sixring up`")


def disk(settings: Settings) -> Iterator[Finding]:
    """As the guard and acd judge it."""
    try:
        site = load_site(settings.site_file)
    except (SiteErrors, OSError):
        return      # the site file's check says so
    day = RecordedDays(settings.recordings).bytes(datetime.now(ZoneInfo(site.timezone)))
    for folder in (settings.state, settings.recordings):
        place = next(each for each in (folder, *folder.parents) if each.exists())
        free = shutil.disk_usage(place).free
        state, why = verdict(free, site.outages.disk.limits, day)
        if state == "ok":
            yield Good(f"{free / GIGABYTE:.0f} GB free at {place}")
        else:
            yield Bad(f"{free // MEGABYTE} MB free at {place} ({why})", mend("disk"))
        if place != settings.state:
            return      # nothing is there yet, and both will be in one


def clock(settings: Settings) -> Iterator[Finding]:
    now = time.time()
    if now < OLDEST_CLOCK:
        yield Bad("the clock was never set", "start a time service (systemd-timesyncd, chrony)")
    elif settings.queue_log.exists() and settings.queue_log.stat().st_mtime > now + 60:
        yield Bad("the journal was written in the future: the clock was put back", "set the clock by a time service")
    else:
        yield Good(time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now)))


def ports(settings: Settings) -> Iterator[Finding]:
    for need in needs(settings):
        pids = holders(need.kind, need.port)
        mine = alive(pid_file(settings, need.program))
        if pids and not mine:
            yield Bad(f"{need.what} port {need.port}/{need.kind} is taken by pid {pids[0]} ({name_of(pids[0])})",
                      "end it, or move all ports with SIXRING_OFFSET")
        elif mine and not pids and need.always:
            yield Bad(f"{need.program} runs but does not listen on {need.what} port {need.port}/{need.kind}",
                      f"read `sixring logs {need.program}`")
        else:
            yield Good(f"{need.what} {need.port}/{need.kind} {'ours' if mine and pids else 'free'}")


def processes(settings: Settings) -> Iterator[Finding]:
    there = {name: alive(pid_file(settings, name)) for name in names(settings)}
    if not any(there.values()):
        yield Good("the instance is down")
        return
    for name, process in there.items():
        if process is None:
            yield Bad(f"{name} does not run", f"`sixring up`, and read `sixring logs {name}`")
        elif process.uptime_s < 5:
            yield Bad(f"{name} was started {process.uptime_s:.0f} s ago",
                      f"ask again; if so again, `sixring logs {name}`")
        elif (silent := silent_for(settings.state, name, since_boot())) is not None and min(silent, process.uptime_s) > HANGS_S:
            yield Bad(f"{name} hangs: no sign of life for {silent:.0f} s", f"kill -9 {process.pid}: it is started again")
        elif (times := starts(pid_file(settings, name), time.time() - LATELY_S)) >= OFTEN:
            yield Bad(f"{name} was started {times} times in {LATELY_S // 60} minutes", mend(name))
    if all(there.values()):
        yield Good(f"{len(there)} run")


def redis(settings: Settings) -> Iterator[Finding]:
    if not is_up(settings):
        return
    if problem := redis_answers(settings):
        yield Bad(problem, "read `sixring logs redis`; a Redis by URL: is it there, is the password right?")
    else:
        yield Good("answers")


def ami(settings: Settings) -> Iterator[Finding]:
    if not is_up(settings):
        return
    try:
        ami_action(settings, settings.secrets()["ami"], {"Action": "Ping"})
    except AmiRefused as error:
        yield Bad(f"refused: {error}", "another Asterisk answers there, or it has an old secret: `sixring up`")
    except OSError as error:
        yield Bad(f"{settings.ami_address[0]}:{settings.ami_address[1]}: {error}", "read `sixring logs asterisk`")
    else:
        yield Good("log-in and ping")


def agi(settings: Settings) -> Iterator[Finding]:
    if not is_up(settings):
        return
    if problem := port_answers(settings.ports.agi):
        yield Bad(problem, "read `sixring logs agi`; calls go on without names meanwhile")
    else:
        yield Good("answers")


def database(settings: Settings) -> Iterator[Finding]:
    if settings.database_url.startswith("sqlite:///") and not Path(settings.database_url[10:]).exists():
        yield Good("not made yet")
        return
    try:
        engine = create_engine(settings.database_url)
        with engine.connect() as connection:
            has = MigrationContext.configure(connection).get_current_revision()
        engine.dispose()
    except SQLAlchemyError as error:
        yield Bad(f"{type(error).__name__}: {str(error).splitlines()[0]}", "is it running, and the URL right?")
        return
    wants = ScriptDirectory(str(CHECKOUT / "crm/migrations")).get_current_head()
    if has == wants:
        yield Good(f"{engine.dialect.name}, revision {has}")
    else:
        yield Bad(f"is at revision {has or 'none'}, this version needs {wants}", "`sixring up` brings it to this version")


def seats(settings: Settings) -> Iterator[Finding]:
    if not alive(pid_file(settings, "asterisk")):
        return
    try:
        answer = find_asterisk().console(settings, "pjsip show contacts")
        wanted = [seat.seat for seat in load_site(settings.site_file).seats]
    except (NoAsterisk, Unavailable, SiteErrors, OSError) as error:
        yield Bad(str(error), "see the other checks")
        return
    absent = [seat for seat in wanted if f" {seat}/" not in answer]
    if len(absent) == len(wanted):
        yield Bad("no seat's phone is registered", "start phones or sign in on the page: nobody can answer a call")
    elif absent:
        yield Bad(f"not registered: {', '.join(absent)}", "callers are served by the others; see these seats' phones")
    else:
        yield Good(f"all {len(wanted)} registered")


def sounds(settings: Settings) -> Iterator[Finding]:
    for language in ("zh", "en"):
        count = len(list((settings.asterisk / "data/sounds" / language).glob("*.wav")))
        if count:
            yield Good(f"{language}: {count}")
        elif settings.secrets_file.exists():
            yield Bad(f"no prompt in {language}", "`make prompts`, then `sixring up`")


def parts(settings: Settings) -> Iterator[Finding]:
    for name, state in sorted(health(settings).items()):
        if name in ("figures", "backup"):
            continue      # checks of their own
        if state.state.value == "ok":
            yield Good(name)
        else:
            yield Bad(f"{name} is {state.state.value} {state.detail}".rstrip(), mend(name))


def backup(settings: Settings) -> Iterator[Finding]:
    """As the guard says: a backup that was never restored on trial does not count."""
    state = health(settings).get("backup")
    if state is None:
        return      # the instance is down, its guard is, or the site file wants none
    if state.state.value == "ok":
        yield Good(f"the last good one: {state.detail}")
    else:
        yield Bad(f"{state.detail}", mend("backup"))


CHECKS: Final[dict[str, Check]] = {
    "site file": site_file, "asterisk": asterisk, "permissions": permissions, "disk": disk, "clock": clock,
    "ports": ports, "processes": processes, "redis": redis, "ami": ami, "agi": agi, "database": database,
    "seats": seats, "sounds": sounds, "health": parts, "backup": backup,
    "pins": floor_checks.pins, "queues": floor_checks.queues, "drift": floor_checks.drift, "figures": floor_checks.figures,
}
