"""A callback from its request to its end, entry by entry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from callcenter.events import CallbackState
from crm.callbacks.rules import Kept, RetryRule, after, asked, cancelled, place_lost
from crm.calls import entries as e

T = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
ASKED, PLACE = "node1-1795000000.1", "node1-1795000010.5"
RULE = RetryRule(tries=2, retry=timedelta(minutes=5))
pytestmark = pytest.mark.rule("A11")


def later(seconds: float) -> datetime:
    return T + timedelta(seconds=seconds)


def request(kept: str = "kept") -> Kept:
    found = asked(e.CallbackAsked(T, ASKED, "repair", "13900000001", kept), 7, "zh")
    assert found is not None
    return found


def placed(at: float = 1, attempt: int = 1) -> e.Placed:
    return e.Placed(later(at), PLACE, "repair", ASKED, attempt, "13900000001", 7)


def rang(result: str, at: float = 30, attempt: int = 1) -> e.RangBack:
    return e.RangBack(later(at), PLACE, "repair", ASKED, attempt, result, "1001")


def connected(at: float = 20) -> e.Connected:
    return e.Connected(later(at), PLACE, "repair", "1001", None, None)


def ended(at: float = 60) -> e.Ended:
    return e.Ended(later(at), PLACE, None, 16)


def through(kept: Kept, *entries: e.CallEntry) -> list[CallbackState]:
    states = []
    for entry in entries:
        kept = after(kept, entry, RULE)
        states.append(kept.shown.state)
    return states


def test_an_answered_callback_is_done_when_it_ends() -> None:
    assert through(request(), placed(), connected(), rang("answered"), ended()) == [
        CallbackState.WAITING, CallbackState.RINGING, CallbackState.TALKING, CallbackState.DONE]


@pytest.mark.parametrize("result", ["busy", "noanswer", "failed"])
def test_who_is_not_reached_is_tried_again_by_rule_and_then_no_more(result: str) -> None:
    kept = request()
    for entry in (placed(), connected(), rang(result)):
        kept = after(kept, entry, RULE)
    assert kept.shown.state is CallbackState.RETRY
    assert kept.shown.next_at == later(30) + RULE.retry
    for following in (ended(), placed(400, 2), connected(410), rang(result, 430, 2)):
        kept = after(kept, following, RULE)
    assert kept.shown.state is CallbackState.FAILED
    assert kept.shown.next_at is None


def test_the_end_may_be_journalled_before_how_it_ended() -> None:
    kept = request()
    for entry in (placed(), connected(), ended(), rang("busy", 61)):
        kept = after(kept, entry, RULE)
    assert (kept.shown.state, kept.shown.next_at, kept.place) == (CallbackState.RETRY, later(61) + RULE.retry, None)


def test_a_request_with_no_place_is_due_at_once_and_one_with_a_place_only_if_it_never_comes() -> None:
    assert request("").shown.next_at == T
    kept = request()
    assert kept.shown.next_at == later(60)
    assert after(kept, placed(), RULE).shown.next_at is None


def test_who_has_one_already_asks_for_nothing_new() -> None:
    assert asked(e.CallbackAsked(T, ASKED, "repair", "13900000001", "already"), None, None) is None


def test_a_place_lost_with_its_asterisk_is_soon_begun_anew() -> None:
    kept = place_lost(after(request(), placed(), RULE), later(100))
    assert kept.shown.state is CallbackState.RETRY
    assert kept.shown.next_at == later(110)
    assert kept.place is None


def test_a_cancelled_one_stays_so_and_its_place_is_known_until_it_is_gone() -> None:
    kept = cancelled(after(request(), placed(), RULE), later(5))
    assert through(kept, connected(), rang("busy")) == [CallbackState.CANCELLED] * 2
    late = after(cancelled(request(), later(0.5)), placed(), RULE)
    assert (late.shown.state, late.place) == (CallbackState.CANCELLED, PLACE)
    assert after(late, ended(), RULE).place is None


def test_the_journal_told_twice_changes_nothing() -> None:
    kept = request()
    for entry in (placed(), connected(), rang("busy")):
        kept = after(kept, entry, RULE)
        assert after(kept, entry, RULE) == kept
