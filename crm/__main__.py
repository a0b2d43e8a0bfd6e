"""`python -m crm`: with no argument the process; with a subcommand, one piece of work that ends."""

from __future__ import annotations

import csv
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from callcenter.errors import Conflict, NotFound
from callcenter.logs import configure_logs
from callcenter.settings import Settings
from callcenter.site import load_site
from callcenter.yamlfile import FileFaults
from crm.command import failed, instance_database, password
from crm.drills.command import add_to as add_drills_to
from crm.households.demo import demo_rows
from crm.households.export import Format, exported
from crm.households.importer import bring_in, opened
from crm.households.lines import COLUMNS
from crm.incidents.declared.command import incidents_app
from crm.kinds.load import load_kind
from crm.migrate import is_current, migrate
from crm.privacy.command import retention
from crm.recordings.command import recordings_app
from crm.simulator.command import drill_app
from crm.staff import agents
from crm.staff.actor import Actor
from crm.staff.audit import record_audit
from crm.staff.chain import seal_old
from crm.staff.command import audit_app, user_app
from crm.staff.first import FirstPeople

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, invoke_without_command=True)
kinds_app = typer.Typer(help="Kinds of tickets.")
households_app = typer.Typer(help="Who lives where.")
agents_app = typer.Typer(help="Who answers.")
app.add_typer(user_app, name="user")
app.add_typer(audit_app, name="audit")
app.add_typer(recordings_app, name="recordings")
app.add_typer(agents_app, name="agents")
add_drills_to(drill_app)
app.add_typer(drill_app, name="drill")
app.add_typer(households_app, name="households")
app.add_typer(kinds_app, name="kinds")
app.add_typer(incidents_app, name="incidents")

CONSOLE = Actor("console", is_system=True)


@app.callback()
def process(context: typer.Context) -> None:
    """Without a subcommand: run in the foreground until SIGTERM."""
    if context.invoked_subcommand is not None:
        return
    from crm.app import run  # half of the start: a subcommand is over before that

    configure_logs("crm")
    run(Settings.load())


app.command("retention")(retention)


@app.command("migrate")
def migrate_command(check: Annotated[bool, typer.Option("--check", help="only say: current, or behind")] = False) -> None:
    """Bring the database to this version's tables; safe to repeat."""
    with instance_database() as database:
        if check:
            typer.echo("current" if is_current(database) else "behind")
            return
        typer.echo(migrate(database))
        with database.writing.begin() as session:
            seal_old(session, datetime.now(UTC))


@app.command("prepare")
def prepare_command(households: Annotated[Path | None, typer.Option(help="a register to bring in")] = None) -> None:
    """A first start in one process: `migrate`, then the users, agents and households that are missing. Standard input has a line
    each: `user NAME ROLE PASSWORD`, `agent CODE PIN`."""
    first = FirstPeople.read(sys.stdin)
    site = load_site(Settings.load().site_file)
    migrate_command()
    with instance_database() as database:
        first.put(database, site, datetime.now(UTC))
    if households is not None:
        households_import(households)


@kinds_app.callback()
def kinds() -> None:
    """`kinds check` is a command of its own, also while it is the only one."""


@kinds_app.command("check")
def kinds_check(file: Path) -> None:
    """Says every fault of a definition: line, key, what is wrong, what would be right. Needs no database."""
    try:
        found = load_kind(file.read_text(encoding="utf-8"), str(file))
    except FileFaults as error:
        raise failed(str(error)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise failed(f"{file}: {error}") from error
    typer.echo(f"{found.kind}: {len(found.fields)} fields, {len(found.stages)} stages, {len(found.clocks)} clocks")


@agents_app.command("seed")
def agents_seed() -> None:
    """Adds the site file's agents that are missing; standard input has their PINs, a line each: code, PIN."""
    pins: dict[str, str] = {}
    for line in sys.stdin:
        code, pin = line.split()
        pins[code] = pin
    site = load_site(Settings.load().site_file)
    with instance_database() as database, database.writing.begin() as session:
        typer.echo(f"added: {' '.join(agents.seed_agents(session, site, pins, datetime.now(UTC))) or 'none'}")


@agents_app.command("list")
def agents_list() -> None:
    with instance_database() as database, database.reading() as session:
        for row in agents.agents(session):
            skills = ",".join(f"{skill.queue}:{skill.level}" for skill in row.skills)
            typer.echo(f"{row.code}\t{row.name}\t{row.team or '-'}\t{skills or '-'}\t{'active' if row.active else 'gone'}")


@agents_app.command("pin")
def agents_pin(code: str, pin_stdin: Annotated[bool, typer.Option("--pin-stdin")] = False) -> None:
    """A new PIN for an agent."""
    try:
        with instance_database() as database, database.writing.begin() as session:
            agents.set_pin(session, code, password(from_stdin=pin_stdin))
            record_audit(session, at=datetime.now(UTC), who="console", action="agent.pin_reset", subject=f"agent:{code}")
    except (Conflict, NotFound) as error:
        raise failed(str(error) or error.code) from error


@households_app.command("import")
def households_import(file: Path, dry_run: Annotated[bool, typer.Option("--dry-run")] = False) -> None:
    """All of the file (CSV or XLSX) or nothing; safe to repeat. Every bad row is listed."""
    settings = Settings.load()
    site = load_site(settings.site_file)
    english = {estate.name.zh: estate.name.en for estate in site.estates}
    sheet, tz = opened(file.read_bytes()), ZoneInfo(site.timezone)
    with instance_database() as database, (database.reading() if dry_run else database.writing()) as session:
        report = bring_in(session, CONSOLE, sheet, datetime.now(UTC), tz, english=english, dry_run=dry_run)
        session.commit()
    if report.ignored:
        typer.echo(f"columns that were not read: {', '.join(report.ignored)}", err=True)
    for fault in report.faults:
        value = f" ({fault.value!r})" if fault.value else ""
        typer.echo(f"row {fault.row}, {fault.column}: {fault.en} {fault.zh}{value}", err=True)
    if report.faults:
        raise typer.Exit(1)
    done = report.done
    typer.echo(f"{'would add' if dry_run else 'added'}: households={done.households} people={done.people} "
               f"numbers={done.numbers} changed={done.changed} ended={done.ended} left_out={done.left_out}")


@households_app.command("export")
def households_export(file: Path, reason: Annotated[str, typer.Option(help="goes into the audit")]) -> None:
    """All of the register into a file, CSV or XLSX by its name; it can be imported again."""
    form: Format = "csv" if file.suffix == ".csv" else "xlsx"
    try:
        with instance_database() as database:
            content = exported(database, CONSOLE, form, reason, datetime.now(UTC))
    except Conflict as error:
        raise failed(str(error) or error.code) from error
    file.touch(mode=0o600)      # names and numbers: its owner's alone
    file.write_bytes(content)
    typer.echo(f"written: {file}")


@households_app.command("demo")
def households_demo() -> None:
    """The demo's households, as CSV."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(demo_rows())


if __name__ == "__main__":
    app()
