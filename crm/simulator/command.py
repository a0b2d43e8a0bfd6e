"""`sixring drill …`: a day in the simulator, with "what if"; and how well it would have predicted days that were (H12)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import fields
from datetime import date, datetime
from pathlib import Path
from statistics import fmean
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from callcenter.settings import CHECKOUT, Settings
from callcenter.site import Site, load_site
from callcenter.site.schema import QueueConfig
from callcenter.yamlfile import FileFaults
from crm.clocks.calendars import WEEK, Days
from crm.command import failed, instance_database
from crm.forecast.arrivals import DayKind, kind_of
from crm.simulator.history import past_calls
from crm.simulator.plan import Plan, Told, WhatIf, of_file, of_trace, told
from crm.simulator.plot import plot
from crm.simulator.prediction import Figures, Prediction, predict
from crm.simulator.result import Result
from crm.simulator.scenario import Level, Posture, Queue, Step
from crm.simulator.scenario_file import load_scenario
from crm.simulator.traces import BadTrace, Trace, read_trace

drill_app = typer.Typer(help="Drills on the live line: start, stop, show; the simulator: simulate, check.")
DEMO_SITE = CHECKOUT / "asterisk-config/site.yaml"

File = Annotated[Path | None, typer.Argument(help="a scenario (.yaml), or calls that were (.csv, .tsv)")]
History = Annotated[datetime | None, typer.Option("--from-history", formats=["%Y-%m-%d"],
                                                  help="instead of a file: calls of this instance since that day")]
Until = Annotated[datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="… until that day; else of that day alone")]


@drill_app.callback()
def drill() -> None:
    """Each is a command of its own."""


@drill_app.command("simulate")
def simulate_command(
    file: File = None, from_history: History = None, until: Until = None,
    agents: Annotated[int | None, typer.Option(min=0, max=5000, help="what if there were so many")] = None,
    patience: Annotated[float, typer.Option(min=0.01, max=100, help="what if callers were so many times as patient")] = 1.0,
    surge: Annotated[bool, typer.Option(help="with surge tiers, by the site's policy or the scenario's own")] = False,
    runs: Annotated[int, typer.Option(min=1, max=1000, help="days are drawn so often; figures are their means")] = 5,
    seed: int = 0, plot_to: Annotated[Path | None, typer.Option("--plot", help="the first run, as SVG")] = None,
) -> None:
    """What the hotline would have been like. With --agents or --patience: as it is, and what if."""
    site = _site()
    as_is = _plan(file, from_history, until, site, WhatIf(surge=site.surge if surge else None))
    begun = time.perf_counter()
    results = [as_is.run(seed + place) for place in range(runs)]
    took = time.perf_counter() - begun
    columns = [("as it is", _told(results, site))]
    changed = WhatIf(agents, patience, site.surge if surge else None)
    if agents is not None or patience != 1:
        other = _plan(file, from_history, until, site, changed)
        results = [other.run(seed + place) for place in range(runs)]
        columns.append(("what if", _told(results, site)))
    for line in table(columns):
        typer.echo(line)
    typer.echo(f"{runs} runs, {took / runs:.2f} s each")
    if plot_to is not None:
        name = file.name if file is not None else f"{from_history:%Y-%m-%d}"
        plot_to.write_text(plot(results[0], name, expected=as_is.expected), encoding="utf-8")
        typer.echo(f"written: {plot_to}")


@drill_app.command("check")
def check_command(file: File = None, from_history: History = None, until: Until = None,
                  weekend: Annotated[str, typer.Option(help="of a file: days of the week")] = "sat,sun",
                  as_lognormal: Annotated[bool, typer.Option("--lognormal", help="talk as a lognormal, not as it was")] = False,
                  runs: Annotated[int, typer.Option(min=2, max=1000)] = 20) -> None:
    """Learns from the first half of the days (whole weeks), predicts the second, and says how wrong it was."""
    if set(weekend.split(",")) - {*WEEK, ""}:
        raise failed(f"--weekend has days of {', '.join(WEEK)}")
    trace = _trace(file, from_history, until, _site())
    days = Days(_site().schedule) if file is None else None
    rest = {WEEK.index(day) for day in weekend.split(",") if day}

    def kind(day: date) -> DayKind:
        if days is not None:
            return kind_of(day, days)
        return DayKind.WEEKEND if day.weekday() in rest else DayKind.WORKING

    try:
        found = predict(trace, kind, runs=runs, as_lognormal=as_lognormal)
    except ValueError as error:
        raise failed(str(error)) from error
    for line in checked(found):
        typer.echo(line)


def table(columns: Sequence[tuple[str, Told]]) -> list[str]:
    """Figures by their names in docs, a line each."""
    lines = [f"{'':<22}" + "".join(f"{name:>12}" for name, _ in columns)]
    for field in fields(Told):
        values = [getattr(column, field.name) for _, column in columns]
        is_share = field.name in {"abandonment", "service_level", "answered_in_2_rings", "occupancy"}
        lines.append(f"{field.name:<22}" + "".join(f"{value:>12.1%}" if is_share else f"{value:>12.1f}" for value in values))
    return lines


def checked(found: Prediction) -> list[str]:
    came = found.came
    lines = [f"{'':<16}{'offered':>9}{'abandonment':>13}{'ASA s':>8}{'wait s':>8}{'error':>10}{'of a day':>10}   points"]

    def line(name: str, figures: Figures, by_day: Sequence[float] | None) -> None:
        said = f"{name:<16}{figures.offered:>9.0f}{figures.abandonment:>13.2%}{figures.asa_s:>8.1f}{figures.wait_s:>8.1f}"
        if figures is not came:
            said += f"{100 * (figures.abandonment - came.abandonment):>+10.2f}"
        if by_day is not None:
            said += f"{100 * fmean(abs(one - other) for one, other in zip(by_day, found.came_by_day, strict=True)):>10.2f}"
        lines.append(said)

    line("came", came, None)
    line("as before", found.before, None)
    for reading in found.readings:
        line(reading.name, reading.mean, reading.by_day)
    missed = found.arrivals
    lines.append(f"arrivals a half hour: mean error {missed.mean_error:.2f} calls, {missed.share or 0:.1%} of what came "
                 f"(as a week before: {found.arrivals_as_before:.1%}; chance alone: {missed.chance or 0:.1%}); "
                 f"{missed.inside or 0:.0%} within the band; bias {missed.bias or 0:+.1%}")
    return lines


def _told(results: Sequence[Result], site: Site) -> Told:
    return told(results, short_abandon_s=site.limits.short_abandon, service_level_s=site.queues[0].service_level,
                two_rings_s=site.ring.seconds * site.ring.answer_within)


def _plan(file: Path | None, begin: datetime | None, until: datetime | None, site: Site, what_if: WhatIf) -> Plan:
    if file is not None and file.suffix in (".yaml", ".yml"):
        try:
            return of_file(load_scenario(file.read_text(encoding="utf-8"), str(file)), what_if)
        except FileFaults as error:
            raise failed(str(error)) from error
    queues = {queue.id: as_simulated(queue, site) for queue in site.queues} if file is None else None
    posture = Posture(site.posture.wrapup, site.posture.callback_offer)
    try:
        return of_trace(_trace(file, begin, until, site), what_if, queues, posture)
    except ValueError as error:
        raise failed(str(error)) from error


def as_simulated(queue: QueueConfig, site: Site) -> Queue:
    """Of the chain what agents answer; outside numbers and backup seats are nobody's whose time the records tell."""
    chain = tuple(Step(Level.TEAMS, step.seconds) for step in queue.stages if step.to == "teams")
    return Queue(queue.id, queue.priority, queue.wrapup, queue.seat_ring * site.ring.seconds,
                 site.ring.overflow_after * site.ring.seconds, chain, queue.press, site.desk.callback_offer)


def _trace(file: Path | None, begin: datetime | None, until: datetime | None, site: Site) -> Trace:
    if (file is None) == (begin is None):
        raise failed("give a file, or --from-history with a day")
    if file is not None:
        try:
            with file.open(encoding="utf-8", newline="") as lines:
                return read_trace(lines)
        except (OSError, UnicodeDecodeError, BadTrace) as error:
            raise failed(f"{file}: {error}") from error
    assert begin is not None
    with instance_database() as database, database.reading() as session:
        trace = past_calls(session, begin.date(), (until or begin).date(), ZoneInfo(site.timezone))
    if not trace.calls:
        raise failed("no call of those days has entered a queue")
    return trace


def _site() -> Site:
    """The instance's, or the demo's where there is no instance: a file needs none."""
    try:
        return load_site(Settings.load().site_file)
    except FileNotFoundError:
        return load_site(DEMO_SITE)
