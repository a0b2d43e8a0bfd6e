"""`python -m crm`: with no argument the process; with a subcommand, one piece of work that ends."""

from __future__ import annotations

import csv
import getpass
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from callcenter.bus import Publisher
from callcenter.clock import SystemClock
from callcenter.errors import Conflict, NotFound
from callcenter.logs import configure_logs
from callcenter.orders import Asker
from callcenter.roles import Role
from callcenter.settings import Settings
from callcenter.site import load_site
from crm.callbacks.caller import CallbackCaller
from crm.callbacks.rules import RetryRule
from crm.calls.journal import parse_cel, parse_queue_log
from crm.calls.recorder import Recorder, Source
from crm.calls.tally import tally_of
from crm.database import Database, open_database
from crm.herald import Herald
from crm.households.demo import demo_rows
from crm.households.importer import bring_in
from crm.households.lines import COLUMNS
from crm.migrate import migrate
from crm.notices.threads import desk_threads
from crm.outbox.relay import Relay
from crm.process import Process
from crm.reports.differences import Comparison
from crm.reports.hearing import Hearing
from crm.staff import agents
from crm.staff import service as staff
from crm.staff.actor import SYSTEM
from crm.staff.audit import record_audit
from crm.staff.orders import OrdersAudited

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, invoke_without_command=True)
user_app = typer.Typer(help="Who may sign in.")
households_app = typer.Typer(help="Who lives where.")
agents_app = typer.Typer(help="Who answers.")
app.add_typer(user_app, name="user")
app.add_typer(agents_app, name="agents")
app.add_typer(households_app, name="households")


@app.callback()
def process(context: typer.Context) -> None:
    """Without a subcommand: run in the foreground until SIGTERM."""
    if context.invoked_subcommand is not None:
        return
    configure_logs("crm")
    settings = Settings.load()
    site = load_site(settings.site_file)
    clock = SystemClock()
    database = open_database(settings.database_url)
    sources = (Source(f"{settings.node}/queue_log", settings.queue_log, parse_queue_log, tally_of),
               Source(f"{settings.node}/cel", settings.cel_log, parse_cel))
    rule = RetryRule(site.desk.callback_tries, timedelta(seconds=site.desk.callback_retry))
    recorder = Recorder(database, sources, node=settings.node, tz=ZoneInfo(site.timezone),
                        short_abandon_s=site.limits.short_abandon, clock=clock, seats_are_agents=not site.free_seating,
                        callbacks=rule)
    herald = Herald(settings.redis_url, clock)
    hearing = Hearing(settings.redis_url, clock, ZoneInfo(site.timezone), site.limits.short_abandon)
    stop = threading.Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, lambda *_: stop.set())
    herald.start()
    hearing.start()
    orders = OrdersAudited(settings.redis_url, database, clock)
    orders.start()
    asker = Asker(settings.redis_url, clock)
    caller = CallbackCaller(database, rule, clock, ask=lambda command: asker.ask(command, "crm"), tell=herald.tell,
                            read_until=lambda: recorder.read_until)
    calling = threading.Thread(target=caller.run, args=(stop,), name="callbacks", daemon=True)
    calling.start()
    relay = Relay(database, Publisher(settings.redis_url, tries_once=True), clock)
    relaying = threading.Thread(target=relay.run, args=(stop,), name="relay", daemon=True)
    relaying.start()
    desk = desk_threads(database, site, settings.secrets, clock, herald.report, stop)
    Process(database, recorder, herald, site, settings.recordings, settings.voicemail, clock,
            Comparison(database, hearing, ZoneInfo(site.timezone), site.limits.short_abandon, herald.report)).run(stop)
    for thread in (relaying, calling, *desk):
        thread.join(timeout=5)
    hearing.stop()
    orders.stop()
    herald.stop()
    database.close()


@contextmanager
def _database() -> Iterator[Database]:
    database = open_database(Settings.load().database_url)
    try:
        yield database
    finally:
        database.close()


def _fail(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(1)


@app.command("migrate")
def migrate_command() -> None:
    """Bring the database to this version's tables; safe to repeat."""
    with _database() as database:
        typer.echo(migrate(database))


@user_app.command("add")
def user_add(
    name: str,
    role: Annotated[list[Role], typer.Option(help="repeat it for several")],
    password_stdin: Annotated[bool, typer.Option("--password-stdin")] = False,
    if_missing: Annotated[bool, typer.Option("--if-missing", help="succeed when the user is there already")] = False,
) -> None:
    try:
        with _database() as database, database.writing.begin() as session:
            if if_missing and name in {user.name for user in staff.users(session)}:
                return
            staff.add_user(session, name, role, _password(from_stdin=password_stdin), datetime.now(UTC))
    except Conflict as error:
        raise _fail(str(error)) from error


@user_app.command("first")
def user_first() -> None:
    """Adds the users of standard input that are missing, a line each: name, role, password."""
    with _database() as database, database.writing.begin() as session:
        there = {user.name for user in staff.users(session)}
        for line in sys.stdin:
            name, role, password = line.split()
            if name not in there:
                staff.add_user(session, name, [Role(role)], password, datetime.now(UTC))


@user_app.command("list")
def user_list() -> None:
    with _database() as database, database.reading() as session:
        for user in staff.users(session):
            typer.echo(f"{user.name}\t{','.join(sorted(user.roles))}\t{'active' if user.active else 'disabled'}")


@user_app.command("disable")
def user_disable(name: str) -> None:
    try:
        with _database() as database, database.writing.begin() as session:
            staff.disable_user(session, name, datetime.now(UTC))
    except NotFound as error:
        raise _fail(str(error)) from error


@user_app.command("password")
def user_password(name: str, password_stdin: Annotated[bool, typer.Option("--password-stdin")] = False) -> None:
    try:
        with _database() as database, database.writing.begin() as session:
            staff.set_password(session, name, _password(from_stdin=password_stdin), datetime.now(UTC))
    except (Conflict, NotFound) as error:
        raise _fail(str(error)) from error


@agents_app.command("seed")
def agents_seed() -> None:
    """Adds the site file's agents that are missing; standard input has their PINs, a line each: code, PIN."""
    pins: dict[str, str] = {}
    for line in sys.stdin:
        code, pin = line.split()
        pins[code] = pin
    site = load_site(Settings.load().site_file)
    with _database() as database, database.writing.begin() as session:
        typer.echo(f"added: {' '.join(agents.seed_agents(session, site, pins, datetime.now(UTC))) or 'none'}")


@agents_app.command("list")
def agents_list() -> None:
    with _database() as database, database.reading() as session:
        for row in agents.agents(session):
            skills = ",".join(f"{skill.queue}:{skill.level}" for skill in row.skills)
            typer.echo(f"{row.code}\t{row.name}\t{row.team or '-'}\t{skills or '-'}\t{'active' if row.active else 'gone'}")


@agents_app.command("pin")
def agents_pin(code: str, pin_stdin: Annotated[bool, typer.Option("--pin-stdin")] = False) -> None:
    """A new PIN for an agent."""
    try:
        with _database() as database, database.writing.begin() as session:
            agents.set_pin(session, code, _password(from_stdin=pin_stdin))
            record_audit(session, at=datetime.now(UTC), who="console", action="agent.pin_reset", subject=f"agent:{code}")
    except (Conflict, NotFound) as error:
        raise _fail(str(error) or error.code) from error


def _password(*, from_stdin: bool) -> str:
    return sys.stdin.readline().rstrip("\r\n") if from_stdin else getpass.getpass()


@households_app.command("import")
def households_import(file: Path, dry_run: Annotated[bool, typer.Option("--dry-run")] = False) -> None:
    """All of the file (CSV or XLSX) or nothing; safe to repeat. Every bad row is listed."""
    settings = Settings.load()
    english = {estate.name.zh: estate.name.en for estate in load_site(settings.site_file).estates}
    with _database() as database, (database.reading() if dry_run else database.writing()) as session:
        report = bring_in(session, SYSTEM, file.read_bytes(), datetime.now(UTC), english=english, dry_run=dry_run)
        session.commit()
    for fault in report.faults:
        typer.echo(f"{file}: row {fault.row}, {fault.column}: {fault.value!r} {fault.en} {fault.zh}", err=True)
    if report.faults:
        raise typer.Exit(1)
    done = report.done
    typer.echo(f"{'would add' if dry_run else 'added'}: households={done.households} people={done.people} "
               f"numbers={done.numbers} changed={done.changed} ended={done.ended} left_out={done.left_out}")


@households_app.command("demo")
def households_demo() -> None:
    """The demo's households, as CSV."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(demo_rows())


if __name__ == "__main__":
    app()
