"""A thread of crm that fails is begun again, is shown as down meanwhile, and ends nothing but itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from callcenter.events import Health
from crm.threads import keep_going

Told = list[tuple[str, Health, str]]


class Notebook:
    def __init__(self) -> None:
        self.told: Told = []

    def __call__(self, component: str, state: Health, detail: str = "") -> None:
        self.told.append((component, state, detail))


def test_a_thread_that_fails_is_down_until_a_round_went_well_and_goes_on() -> None:
    stop, told, runs = threading.Event(), Notebook(), []

    def rounds(stop: threading.Event) -> Iterator[None]:
        runs.append(len(told.told))
        if len(runs) <= 2:
            raise ValueError("secrets.json is no JSON for a moment")
        yield
        yield
        stop.set()

    keep_going("callbacks", rounds, stop, told, first_retry_s=0)
    down = ("callbacks", Health.DOWN, "ValueError")
    assert told.told == [down, down, ("callbacks", Health.OK, "")]
    assert runs == [0, 1, 2]


def test_one_that_tells_of_itself_is_not_told_of_over_its_own_word() -> None:
    stop, told = threading.Event(), Notebook()

    def rounds(stop: threading.Event) -> Iterator[None]:
        if not told.told:
            raise KeyError("robot")
        told("notices", Health.DEGRADED, "failing_1")
        yield
        stop.set()

    keep_going("notices", rounds, stop, told, reports_itself=True, first_retry_s=0)
    assert told.told == [("notices", Health.DOWN, "KeyError"), ("notices", Health.DEGRADED, "failing_1")]


def test_what_a_thread_does_at_its_end_is_done() -> None:
    stop, done = threading.Event(), []

    def rounds(stop: threading.Event) -> Iterator[None]:
        while not stop.is_set():
            stop.set()
            yield
        done.append("sent what waited")

    keep_going("herald", rounds, stop, Notebook())
    assert done == ["sent what waited"]
