"""Whom an outage cost a call (C4): all of them, nobody twice, nobody who got through, nobody who is blocked."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.calls.record import Outcome
from crm.outages.lost import FAULTS, Ended, Window, how, lost_callers, ring_at

T = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
WINDOW = Window(T, T + timedelta(minutes=10), before_s=60)
COVERED = (Outcome.ANSWERED, Outcome.MESSAGE, Outcome.CALLBACK)


def call(ident: str, number: str | None, minute: float, outcome: Outcome, cause: int = 16, *, gave_up: bool = False,
         is_blocked: bool = False, length: float = 1) -> Ended:
    ended = T + timedelta(minutes=minute)
    return Ended(ident, number, ended - timedelta(minutes=length), ended, outcome.value, cause, gave_up, is_blocked)


def listed(*calls: Ended, waiting: tuple[str, ...] = ()) -> dict[str, str]:
    return {one.call.call_id: one.how for one in lost_callers(calls, WINDOW, waiting).lost}


@pytest.mark.rule("C4")
def test_who_was_lost_cut_off_or_gave_up_is_on_the_list() -> None:
    assert listed(
        call("lost", "1", 5, Outcome.LOST), call("talking", "2", 5, Outcome.ANSWERED, 41),
        call("waiting", "3", 5, Outcome.ABANDONED),
        call("menu", "4", 5, Outcome.MENU, 38), call("passed on", "5", 5, Outcome.ANSWERED, gave_up=True),
        call("just before", "6", -0.5, Outcome.ANSWERED, 44), call("short", "7", 5, Outcome.SHORT_ABANDON),
        call("well", "8", 5, Outcome.ANSWERED), call("left the menu", "9", 5, Outcome.MENU),
        call("earlier", "10", -0.5, Outcome.ABANDONED),
        call("later", "11", 11, Outcome.ABANDONED), call("long before", "12", -2, Outcome.LOST),
    ) == {"lost": "lost", "talking": "cut_off", "waiting": "abandoned", "menu": "cut_off", "passed on": "abandoned",
          "just before": "cut_off"}


@pytest.mark.rule("C4", "D1")
def test_who_got_through_left_a_message_waits_already_or_is_blocked_is_not() -> None:
    gave_up = Outcome.ABANDONED
    assert listed(
        call("a", "1", 2, gave_up), call("a2", "1", 30, Outcome.ANSWERED),
        call("b", "2", 2, gave_up), call("b2", "2", 3, Outcome.MESSAGE),
        call("c", "3", 2, gave_up), call("d", "4", 2, gave_up, is_blocked=True),
        call("e", "5", 1, Outcome.ANSWERED), call("e2", "5", 4, gave_up),           # an answer before helps nobody
        call("f", "6", 2, gave_up), call("f2", "6", 4, Outcome.ANSWERED, 41),       # answered, and cut off again
        waiting=("3",)) == {"e2": "abandoned", "f2": "cut_off"}
    assert lost_callers([call("x", None, 2, gave_up), call("y", None, 2, Outcome.ANSWERED)], WINDOW, ()).unreachable == 1


CALLS = st.lists(st.builds(
    lambda number, minute, outcome, cause, gave_up, blocked, length: (number, minute, outcome, cause, gave_up, blocked, length),
    st.sampled_from(("1", "2", "3", None)), st.integers(-5, 20), st.sampled_from(Outcome), st.sampled_from((16, 41)),
    st.booleans(), st.booleans(), st.integers(0, 9)), max_size=20)


@pytest.mark.rule("C4")
@given(CALLS, st.sets(st.sampled_from(("1", "2"))))
def test_whatever_was_called_everybody_is_served_or_listed_once(drawn: list[tuple[str | None, int, Outcome, int, bool, bool, int]],
                                                                waiting: set[str]) -> None:
    calls = [call(f"c{place:02}", number, minute, outcome, cause, gave_up=gave_up, is_blocked=blocked, length=length)
             for place, (number, minute, outcome, cause, gave_up, blocked, length) in enumerate(drawn)]
    found = lost_callers(calls, WINDOW, waiting)
    numbers = [one.call.number for one in found.lost]
    assert len(numbers) == len(set(numbers))
    assert None not in numbers
    assert not set(numbers) & waiting
    assert not any(one.call.is_blocked for one in found.lost)
    for one in calls:
        if one.number is None or one.is_blocked or one.number in waiting or how(one, WINDOW) is None:
            continue
        later = [other for other in calls if other.number == one.number and not other.is_blocked
                 and (other.entered_at, other.call_id) > (one.entered_at, one.call_id)]
        assert one.number in numbers or any(other.outcome in COVERED and how(other, WINDOW) is None for other in later)


def test_a_fault_is_no_ordinary_end_of_a_call() -> None:
    assert not FAULTS & {0, 1, 16, 17, 18, 19, 20, 21, 31}


@pytest.mark.rule("C4", "G3")
def test_who_was_lost_at_night_is_rung_at_once_or_in_the_morning() -> None:
    tz, nine, eight = ZoneInfo("Asia/Shanghai"), time(9), time(20)

    def at(now: datetime, ago_min: int) -> datetime:
        return ring_at(now - timedelta(minutes=ago_min), now, tz, 3600, nine, eight)

    night, early = datetime(2026, 11, 23, 15, 0, tzinfo=UTC), datetime(2026, 11, 22, 19, 0, tzinfo=UTC)    # 23:00, 3:00 there
    assert at(night, 30) == night
    assert at(night, 90) == datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
    assert at(early, 90) == datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
    assert at(T, 600) == T
