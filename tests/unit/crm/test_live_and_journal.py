"""The live fold, and that every difference between the sources is explained by its rule, or by none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from callcenter.events import AsteriskCounted, Call, CallChanged, CallEnded, CallState, FloorReset
from crm.calls.record import Outcome
from crm.calls.tally import Tallied, tally_of
from crm.reports.compare import Between, Difference, Feed, Tally, Why, asterisk_and_journal, live_and_journal
from crm.reports.figures import Counted, Limits, figures_of
from crm.reports.live import Gap, LiveDay

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
DAY = (NOON - timedelta(hours=12), NOON + timedelta(hours=12))
LATER = NOON + timedelta(hours=2)
CALL = "node1-1.1"


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def queued(call_id: str, at: float, queue: str = "repair", **more: object) -> Call:
    call = Call(call_id, CallState.QUEUED, after(at - 5), after(at), queue=queue, queued_at=after(at))
    return replace(call, **more)  # type: ignore[arg-type]


def test_the_live_figures_of_a_day_are_those_of_the_journals_words() -> None:
    day = LiveDay(short_abandon_s=5)
    for number, (answer, end, outcome) in enumerate([(8, 60, "answered"), (None, 30, "abandoned"), (None, 3, "abandoned"),
                                                     (None, 90, "message")]):
        call = queued(f"c{number}", 0)
        day.hear(CallChanged(after(0), "queued", call))
        if answer:
            day.hear(CallChanged(after(answer), "answered", replace(call, rang_at=after(2), answered_at=after(answer))))
        day.hear(CallEnded(after(end), call.call_id, outcome))
    day.hear(CallChanged(after(0), "entered", Call("menu", CallState.MENU, after(0), after(0))))
    day.hear(CallEnded(after(9), "menu", "menu"))
    figures = figures_of("repair", day.counted(*DAY), Limits(10, 20, 0))
    assert (figures.offered, figures.answered, figures.abandoned, figures.short_abandons, figures.messages) == (4, 1, 1, 1, 1)
    assert (figures.answered_in_2_rings, figures.asa_s) == (pytest.approx(1 / 3), 8)


def test_hearing_an_event_twice_changes_nothing_and_a_call_stays_with_its_first_queue() -> None:
    once, twice = LiveDay(5), LiveDay(5)
    events = [CallChanged(after(0), "queued", queued(CALL, 0)), CallChanged(after(9), "requeued", queued(CALL, 0, "complaint")),
              CallEnded(after(60), CALL, "abandoned")]
    for event in events:
        once.hear(event)
        twice.hear(event)
        twice.hear(event)
    assert once.calls == twice.calls
    assert [call.queue for call in once.counted(*DAY)] == ["repair"]


def test_a_place_that_is_kept_for_a_callback_is_no_call_of_its_queue_live_either() -> None:
    day = LiveDay(5)
    day.hear(CallChanged(after(0), "queued", queued(CALL, 0, callback_id="node1-0.1")))
    day.hear(CallChanged(after(0), "queued", queued("c1", 0)))
    assert [call.call_id for call in day.counted(*DAY)] == ["c1"]


def test_what_acd_says_anew_leaves_a_gap_since_it_was_heard_last() -> None:
    day = LiveDay(5)
    day.hear(CallChanged(after(0), "queued", queued(CALL, 0)))
    day.hear(FloorReset(after(70), (), (), ()))
    assert day.gaps == [Gap(after(0), after(70))]


JOURNAL = Counted("repair", after(0), Outcome.ANSWERED, after(1), after(8), 8, 60, 0, CALL)
GONE = replace(JOURNAL, outcome=Outcome.ABANDONED, answered_at=None, wait_s=30)


def why(live: Counted | None, journal: Counted | None, *, ended: float | None = 100, began: float = -3600,
        gaps: tuple[Gap, ...] = ()) -> list[tuple[str, Why]]:
    found = live_and_journal([live] if live else [], [journal] if journal else [],
                             {CALL: None if ended is None else after(ended)}, Feed(after(began), gaps), DAY, LATER, 5)
    return [(one.figure, one.rule) for one in found]


def test_the_same_call_in_both_is_no_difference() -> None:
    assert why(replace(JOURNAL, wait_s=7.6, queued_at=after(0.4)), JOURNAL) == []


@pytest.mark.parametrize(("live", "journal", "more", "rule"), [
    (None, JOURNAL, {"ended": None}, Why.OPEN),
    (None, JOURNAL, {"ended": 7190}, Why.OPEN),
    (None, JOURNAL, {"began": 60}, Why.LIVE_BEGAN_LATER),
    (None, JOURNAL, {"gaps": (Gap(after(50), after(70)),)}, Why.LIVE_INTERRUPTED),
    (JOURNAL, replace(JOURNAL, outcome=Outcome.LOST), {}, Why.ASTERISK_RESTARTED),
    (replace(GONE, outcome=Outcome.SHORT_ABANDON, wait_s=4.9), replace(GONE, wait_s=6), {}, Why.WHOLE_SECONDS),
    (None, replace(GONE, queued_at=DAY[0] + timedelta(seconds=1)), {"began": -90_000}, Why.MIDNIGHT),
    (None, replace(GONE, outcome=Outcome.MESSAGE, rang_at=None, stage=1), {}, Why.NOBODY_THERE),
    (replace(JOURNAL, queue="complaint"), JOURNAL, {}, Why.TRANSFERRED),
    (None, JOURNAL, {}, Why.UNEXPLAINED),
    (JOURNAL, None, {}, Why.UNEXPLAINED),
    (GONE, JOURNAL, {}, Why.UNEXPLAINED),
    (replace(GONE, outcome=Outcome.SHORT_ABANDON), replace(GONE, wait_s=30), {}, Why.UNEXPLAINED),
    (None, JOURNAL, {"gaps": (Gap(after(200), after(300)),)}, Why.UNEXPLAINED),
])
def test_each_difference_has_its_rule_and_no_rule_explains_too_much(
        live: Counted | None, journal: Counted | None, more: dict[str, object], rule: Why) -> None:
    assert [found for _, found in why(live, journal, **more)] == [rule]  # type: ignore[arg-type]


COUNTER = AsteriskCounted(LATER, "node1", "repair", "repair", 0, 0, 5, 4, NOON)


def of_asterisk(tally: Tally) -> list[tuple[str, int, Why]]:
    return [(one.figure, one.count, one.rule) for one in asterisk_and_journal([COUNTER], {("node1", "repair"): tally})]


def test_what_app_queue_calls_abandoned_is_also_who_went_to_the_next_stage() -> None:
    tally = Tally(NOON, after(60), completed=4, transferred=1, abandoned=1, timed_out=2, emptied=1)
    assert of_asterisk(tally) == [("abandoned", 2, Why.NEXT_STAGE), ("abandoned", 1, Why.LEFT_EMPTY)]


def test_a_counter_that_its_own_entries_do_not_explain_is_shown_as_that() -> None:
    assert of_asterisk(Tally(NOON, after(60), completed=4, abandoned=4)) == [("completed", 1, Why.UNEXPLAINED)]
    assert of_asterisk(Tally(NOON, LATER, completed=4, abandoned=4)) == [("completed", 1, Why.IN_FLIGHT)]
    assert of_asterisk(Tally(after(3000), after(3060), completed=4, abandoned=4)) == [("completed", 1, Why.ASTERISK_RESTARTED)]


def test_the_entries_that_app_queue_counts_are_read_by_its_own_names() -> None:
    def said(event: str) -> Tallied | None:
        return tally_of(f"{int(NOON.timestamp())}|{CALL}|repair.backup|1001|{event}|1|2")
    assert said("COMPLETEAGENT") == Tallied(NOON, "repair.backup", "completed")
    assert said("EXITWITHTIMEOUT") == Tallied(NOON, "repair.backup", "timed_out")
    assert said("QUEUESTART") == Tallied(NOON, "", "")
    assert said("AGENTSTATE") is None
    assert tally_of("nonsense") is None


def test_a_difference_names_one_of_its_calls() -> None:
    found = live_and_journal([], [replace(JOURNAL, call_id=f"c{number}") for number in range(3)],
                             {f"c{number}": after(100) for number in range(3)}, Feed(after(-3600)), DAY, LATER, 5)
    assert found == [Difference(Between.LIVE_JOURNAL, "repair", "unknown>answered", 3, Why.UNEXPLAINED, "c0")]
