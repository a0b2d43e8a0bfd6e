"""A4: ten minutes, counted from the answer; told before, told at the limit, each once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from acd.calls.longcalls import Ran, Told, due
from acd.floor.facts import CallFacts

START = datetime(2026, 11, 22, 9, tzinfo=UTC)
LIMIT, BEFORE = timedelta(minutes=10), timedelta(minutes=1)


def after(minutes: float, told: Told = Told.NOTHING, *, answered: bool = True, epilogue: str | None = None) -> list[Ran]:
    facts = CallFacts("c", START - timedelta(minutes=5), answered_at=START if answered else None, epilogue=epilogue)
    return due([facts], {"c": told}, START + timedelta(minutes=minutes), LIMIT, BEFORE)


@pytest.mark.rule("A4")
@pytest.mark.parametrize(("minutes", "told", "then"), [
    (8.9, Told.NOTHING, None),
    (9, Told.NOTHING, Told.WARNED),
    (9.5, Told.WARNED, None),
    (10, Told.WARNED, Told.LIMIT),
    (10, Told.NOTHING, Told.LIMIT),
    (45, Told.LIMIT, None),
])
def test_each_is_told_once_in_its_time(minutes: float, told: Told, then: Told | None) -> None:
    assert [ran.told for ran in after(minutes, told)] == ([then] if then else [])


def test_waiting_and_what_follows_the_talk_do_not_count() -> None:
    assert after(30, answered=False) == []
    assert after(30, epilogue="survey") == []


def test_whole_minutes_are_told() -> None:
    assert after(12.7) == [Ran("c", Told.LIMIT, 12)]


def test_a_warning_as_long_as_the_limit_is_left_out() -> None:
    facts = [CallFacts("c", START, answered_at=START)]
    assert due(facts, {}, START, LIMIT, LIMIT) == []
    assert [ran.told for ran in due(facts, {}, START + LIMIT, LIMIT, LIMIT)] == [Told.LIMIT]
