"""`sixring drill start|stop|show`: a drill on the live line from the console (H12), stopped with every other process dead, too."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated

import typer
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from callcenter.clock import SystemClock
from callcenter.commands import StopDrill
from callcenter.errors import SixringError
from callcenter.orders import Asker
from callcenter.runtime.asterisk import NoAsterisk
from callcenter.runtime.drill import stop_by_hand
from callcenter.settings import Settings
from callcenter.site import load_site
from crm.command import failed, instance_database
from crm.drills import service
from crm.drills.scenario import Scenario
from crm.drills.service import DrillShown
from crm.drills.summary import DrillFigures
from crm.paging import Page
from crm.staff.actor import Actor
from crm.tickets.errors import FieldsUnfit

CONSOLE = Actor("console", is_system=True)
LISTED = 10


def add_to(app: typer.Typer) -> None:
    app.command("start")(start)
    app.command("stop")(stop)
    app.command("show")(show)


def start(
    name: Annotated[str, typer.Argument(help="drills of one name are compared with each other")],
    reason: Annotated[str, typer.Option(help="what it is for")],
    calls: Annotated[float, typer.Option(help="a minute")] = 4,
    minutes: int = 10,
    key: Annotated[list[str] | None, typer.Option(help="what callers press, one key a menu; given again: one each")] = None,
    patience: Annotated[int, typer.Option(help="s, mean")] = 90, talk: Annotated[int, typer.Option(help="s, mean")] = 60,
    real: Annotated[bool, typer.Option("--real", help="who is signed in and ready takes part, behind every real caller")] = False,
    agents: Annotated[int, typer.Option(help="simulated seats")] = 4, seed: int = 1,
) -> None:
    """Simulated callers through the hotline from now on; `sixring drill stop` ends them all."""
    try:
        scenario = Scenario(
            name=name, calls_a_minute=calls, minutes=minutes, keys=tuple(key or ["1"]), patience=patience, talk=talk,
            seats="real" if real else "simulated", agents=agents, seed=seed)
        site = load_site(Settings.load().site_file)
        with instance_database() as database, database.writing.begin() as session:
            row = service.begin(session, site, CONSOLE, scenario, reason, SystemClock().now())
            typer.echo(f"drill {row.id}")
    except ValidationError as error:
        raise failed("; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())) from error
    except FieldsUnfit as error:
        raise failed(str(error)) from error
    except SixringError as error:
        raise failed(error.code) from error


def stop() -> None:
    """None of its calls is on the line any more, whichever processes are dead."""
    settings, clock = Settings.load(), SystemClock()
    try:
        with instance_database() as database, database.writing.begin() as session:
            row = service.running(session)
            if row is None:
                typer.echo("no drill is on")
                return
            drill_id = service.stop(session, CONSOLE, row.id, clock.now()).id
        answer = Asker(settings.redis_url, clock).ask(StopDrill(drill_id), "console")
        if answer.is_done:
            typer.echo(f"drill {drill_id} is stopped")
            return
        said = answer.code
    except (SQLAlchemyError, SixringError) as error:
        said = error.code if isinstance(error, SixringError) else type(error).__name__
    try:
        gone = stop_by_hand(settings)
    except (SixringError, NoAsterisk, OSError) as error:
        raise failed(f"not stopped: {said}; {error}") from error
    typer.echo(f"stopped by hand ({said}): {gone} calls were on the line")


def show(drill: Annotated[int | None, typer.Argument(help="its number; without: the last ones")] = None) -> None:
    """What came of it, and against the last drill of its name."""
    try:
        with instance_database() as database, database.reading() as session:
            found: Page[DrillShown] | DrillShown = (
                service.drills(session, cursor=None, limit=LISTED) if drill is None else service.drill(session, drill))
    except SixringError as error:
        raise failed(error.code) from error
    for line in told(found) if isinstance(found, DrillShown) else [headline(one) for one in found.items]:
        typer.echo(line)


def headline(of: DrillShown) -> str:
    return (f"{of.drill_id:>5}  {of.began_at:%Y-%m-%d %H:%M}  {of.state:<8}  {of.begun:>4} of {of.planned} callers  "
            f"{of.why:<11} {of.name}")


def told(of: DrillShown) -> list[str]:
    lines = [headline(of), f"by {of.by}: {of.reason}"]
    if of.summary is None:
        return lines
    of_all, differs = of.summary.all, of.differs or {}
    lines.append(f"calls {of.summary.calls}, gave way {of.summary.gave_way}, stopped {of.summary.stopped}, "
                 f"refused {sum(of.summary.refused.values())}")
    for field in fields(DrillFigures):
        value, change = getattr(of_all, field.name), differs.get(field.name)
        against = "" if change is None else f"  {change:+g} against drill {of.against}"
        lines.append(f"{field.name:<20}{'-' if value is None else value:>8}{against}")
    return [*lines, *(f"{note.at:%H:%M} {note.by}: {note.text}" for note in of.notes)]
