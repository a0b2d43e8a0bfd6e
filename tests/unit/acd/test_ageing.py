"""Points shorten a wait and starve nobody: played against app_queue's own rules of who stands where."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.waiting.ageing import AGE_EVERY, LOOK_EVERY_S, Raise, Waiting, aged, raises

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LOOK = timedelta(seconds=LOOK_EVERY_S)


def call(channel: str, points: int, since: datetime = NOON, priority: int | None = None, position: int = 1) -> Waiting:
    return Waiting(channel, points, since, points if priority is None else priority, position)


@dataclass
class AppQueue:
    """As app_queue.c keeps its callers: behind equals on joining, and behind equals when a number is changed."""

    line: list[Waiting]

    def join(self, new: Waiting) -> None:
        place = next((i for i, other in enumerate(self.line) if new.priority > other.priority), len(self.line))
        self.line.insert(place, new)

    def change(self, told: Raise) -> None:
        moved = next(call for call in self.line if call.channel == told.channel)
        self.line.remove(moved)
        self.join(replace(moved, priority=told.priority))

    def look(self, now: datetime) -> None:
        for told in raises([replace(call, position=place) for place, call in enumerate(self.line, 1)], now):
            self.change(told)


def test_a_point_is_gained_every_ten_seconds() -> None:
    assert aged(20, timedelta(seconds=9.9)) == 20
    assert aged(20, timedelta(seconds=10)) == 21
    assert aged(-50, timedelta(seconds=600)) == 10


def test_a_clock_that_was_set_back_takes_no_points_away() -> None:
    assert aged(5, timedelta(seconds=-30)) == 5


def test_nothing_is_told_of_calls_whose_number_is_right() -> None:
    assert raises([call("a", 0), call("b", 20)], NOON + timedelta(seconds=5)) == []


def test_whoever_is_to_stand_in_front_is_told_first() -> None:
    now = NOON + timedelta(seconds=25)
    told = raises([call("later", 0, NOON + timedelta(seconds=1)), call("earlier", 0)], now)
    assert told == [Raise("earlier", 2), Raise("later", 2)]


arrivals = st.lists(st.tuples(st.integers(0, 600), st.sampled_from([-50, 0, 0, 0, 5, 10, 20, 25, 50, 75])), min_size=2, max_size=40)


@pytest.mark.rule("A11", part="points age: nobody starves")
@given(arrivals)
def test_a_call_is_overtaken_only_by_calls_that_came_soon_after_it(came: list[tuple[int, int]]) -> None:
    queue, looked = AppQueue([]), NOON
    for number, (seconds, points) in enumerate(sorted(came, key=lambda one: one[0])):
        at = NOON + timedelta(seconds=seconds)
        while looked + LOOK <= at:
            looked += LOOK
            queue.look(looked)
        queue.join(call(str(number), points, at))
        for place, before in enumerate(queue.line):
            for after in queue.line[place + 1:]:
                lead = before.since - after.since     # positive: `before` came later and has overtaken
                assert lead <= AGE_EVERY * (before.points - after.points) + LOOK


@given(arrivals)
def test_equal_points_are_served_in_the_order_of_coming(came: list[tuple[int, int]]) -> None:
    queue = AppQueue([])
    for number, seconds in enumerate(sorted(seconds for seconds, _ in came)):
        at = NOON + timedelta(seconds=seconds)
        queue.look(at)
        queue.join(call(str(number), 20, at))
    assert [int(waiting.channel) for waiting in queue.line] == list(range(len(came)))


@given(arrivals)
def test_after_acd_was_away_one_look_puts_everybody_right(came: list[tuple[int, int]]) -> None:
    """Whatever numbers app_queue holds, and in whatever order."""
    now = NOON + timedelta(seconds=600)
    calls = [call(str(number), points, NOON + timedelta(seconds=seconds)) for number, (seconds, points) in enumerate(came)]
    queue = AppQueue([])
    for waiting in calls:
        queue.join(waiting)
    queue.look(now)
    numbers = [waiting.priority for waiting in queue.line]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers == sorted((aged(waiting.points, now - waiting.since) for waiting in calls), reverse=True)
    queue_before = list(queue.line)
    queue.look(now)
    assert queue.line == queue_before, "a second look changes nothing"
