"""When the process tells what, with a clock moved by hand and a herald that writes down."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from callcenter.clock import FakeClock
from callcenter.events import AnyEvent, CallRecordWritten, FiguresUpdated, Health
from callcenter.settings import CHECKOUT
from callcenter.site import Site, load_site
from crm import process as process_module
from crm.calls.journal import parse_queue_log
from crm.calls.recorder import Recorder, Source
from crm.database import Database
from crm.process import Every, Process

Maker = Callable[..., tuple[list[str], list[str]]]
BEFORE_MIDNIGHT = datetime(2026, 11, 22, 15, 59, tzinfo=UTC)  # in Shanghai
CALL_BEGAN = int(BEFORE_MIDNIGHT.timestamp()) - 600


class Notebook:
    """A herald that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[AnyEvent] = []
        self.health: dict[str, tuple[Health, str]] = {}
        self.kept: dict[str, str] = {}
        self.back = False

    def tell(self, event: AnyEvent) -> None:
        self.told.append(event)

    def keep(self, key: str, value: str) -> None:
        self.kept[key] = value

    def report(self, component: str, state: Health, detail: str = "") -> None:
        self.health[component] = (state, detail)

    def came_back(self) -> bool:
        back, self.back = self.back, False
        return back

    def take_figures(self, queue: str) -> list[FiguresUpdated]:
        found = [event for event in self.told if isinstance(event, FiguresUpdated) and event.figures.queue == queue]
        self.told.clear()
        return found


@pytest.fixture
def site() -> Site:
    return load_site(CHECKOUT / "asterisk-config/site.yaml")


@pytest.fixture
def queue(site: Site) -> str:
    return site.queues[0].id


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(BEFORE_MIDNIGHT)


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture
def process(
    database: Database,
    tmp_path: Path,
    site: Site,
    clock: FakeClock,
    notebook: Notebook,
    monkeypatch: pytest.MonkeyPatch,
) -> Process:
    monkeypatch.setattr(process_module, "FIGURES_EVERY_S", 0.0)  # each step may tell
    monkeypatch.setattr(process_module, "FIGURES_SHARE", 1e9)
    recorder = Recorder(
        database,
        (Source("node1/queue_log", tmp_path / "queue_log", parse_queue_log),),
        node="node1",
        tz=ZoneInfo(site.timezone),
        short_abandon_s=5,
        clock=clock,
    )
    return Process(database, recorder, notebook, site, tmp_path / "recordings", tmp_path / "voicemail", clock)


def test_figures_are_told_at_the_start_after_news_at_midnight_and_when_redis_came_back_and_not_else(
    process: Process, notebook: Notebook, clock: FakeClock, tmp_path: Path, call_lines: Maker, queue: str
) -> None:
    process.step()
    assert [event.figures.offered for event in notebook.take_figures(queue)] == [0]
    process.step()
    assert notebook.take_figures(queue) == []
    lines = [line.replace("|repairs", f"|{queue}") for line in call_lines(0, "abandoned", start=CALL_BEGAN)[0]]
    (tmp_path / "queue_log").write_text("".join(f"{line}\n" for line in lines))
    assert process.step() is True
    assert any(isinstance(event, CallRecordWritten) for event in notebook.told)
    assert [event.figures.offered for event in notebook.take_figures(queue)] == [1]
    notebook.back = True
    assert process.step() is False
    assert [event.figures.offered for event in notebook.take_figures(queue)] == [1]
    clock.advance(120)
    process.step()
    assert [event.figures.offered for event in notebook.take_figures(queue)] == [0]
    assert notebook.health["database"] == (Health.OK, "")


def test_a_thing_that_is_due_every_second_is_due_once_a_second() -> None:
    every = Every(1.0)
    assert [every.due(at) for at in (10.0, 10.5, 10.99, 11.0, 11.5)] == [True, False, False, True, False]


def test_a_fault_of_ours_in_a_step_is_shown_and_the_process_goes_on(
    process: Process, notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, shown = threading.Event(), []
    step = process.step

    def faulty() -> bool:
        if notebook.health["crm"][0] is not Health.DOWN:
            raise KeyError("stage")
        shown.append(notebook.health["crm"])
        stop.set()
        return step()

    monkeypatch.setattr(process, "step", faulty)
    monkeypatch.setattr(process_module, "FIRST_RETRY_S", 0.0)
    process.run(stop)
    assert shown == [(Health.DOWN, "KeyError")]
    assert notebook.health["crm"] == (Health.OK, "")
