"""That a day which is compared bit by bit ends with the very differences of one that is compared whole."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.events import AnyEvent, AsteriskCounted, Call, CallChanged, CallEnded, CallState, FloorReset
from crm.calls.record import Outcome
from crm.reports import settling as settling_module
from crm.reports.compare import Difference, Feed, Why, live_and_journal
from crm.reports.figures import Counted
from crm.reports.live import LiveDay
from crm.reports.settling import Settling

MIDNIGHT = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)
DAY = (MIDNIGHT, MIDNIGHT + timedelta(days=1))
ENDS = {"answered": Outcome.ANSWERED, "abandoned": Outcome.ABANDONED, "message": Outcome.MESSAGE}


def at(seconds: float) -> datetime:
    return MIDNIGHT + timedelta(seconds=seconds)


@dataclass(frozen=True)
class Simulated:
    """What happened, and what each source is told of it; `late_s`: how long the journal's reader was behind with this call."""

    call_id: str
    queued: float
    lasts: float
    live_says: str
    journal_says: str | None
    told: bool
    ended_told: bool
    other_queue: bool
    late_s: float

    def events(self) -> list[AnyEvent]:
        if not self.told:
            return []
        queue = "complaint" if self.other_queue else "repair"
        call = Call(self.call_id, CallState.QUEUED, at(self.queued), at(self.queued), queue=queue, queued_at=at(self.queued))
        answered = replace(call, answered_at=at(self.queued + 1)) if self.live_says == "answered" else call
        found: list[AnyEvent] = [CallChanged(at(self.queued), "queued", call),
                                 CallChanged(at(self.queued + 1), "answered", answered)]
        return [*found, CallEnded(self.end, self.call_id, self.live_says)] if self.ended_told else found

    @property
    def end(self) -> datetime:
        return at(self.queued + self.lasts)

    def written(self, now: datetime) -> tuple[Counted, datetime | None] | None:
        if self.journal_says is None or now < at(self.queued + self.late_s):
            return None
        over = now >= self.end + timedelta(seconds=self.late_s)
        answered = at(self.queued + 1) if self.journal_says == "answered" else None
        return (Counted("repair", at(self.queued), ENDS[self.journal_says] if over else None, None, answered,
                        self.lasts if over else None, call_id=self.call_id), self.end if over else None)


CALLS = st.lists(st.builds(
    Simulated, st.just(""), st.floats(-30, 3_000), st.floats(2, 1_500), st.sampled_from(sorted(ENDS)),
    st.sampled_from([*sorted(ENDS), None]), st.sampled_from([True, True, True, False]),
    st.sampled_from([True, True, True, False]), st.sampled_from([False, False, False, True]),
    st.sampled_from([0.0, 0.0, 0.0, 30.0])), max_size=25)
RESETS = st.lists(st.tuples(st.floats(0, 4_000), st.floats(0, 500)), max_size=2)


class Both:
    """The fast way and the slow way hear and read the same."""

    def __init__(self, calls: list[Simulated], resets: list[tuple[float, float]]) -> None:
        self.calls = [replace(call, call_id=f"node1-{number:03}") for number, call in enumerate(calls)]
        ticks: list[AnyEvent] = [AsteriskCounted(at(moment), "node1", "q", "q", 0, 0, 0, 0, MIDNIGHT)
                                 for moment in range(0, 9_000, 60)]
        events = [event for call in self.calls for event in call.events()] + ticks
        for end, away in resets:     # acd was away, and says all anew
            events = [event for event in events if not at(end - away) <= event.at <= at(end)]
            going = tuple(first.call for call in self.calls if at(call.queued) <= at(end) < call.end
                          for first in call.events()[:1] if isinstance(first, CallChanged))
            events.append(FloorReset(at(end), going, (), ()))
        self.events = sorted(events, key=lambda event: event.at)
        self.fast, self.slow, self.settling = LiveDay(5), LiveDay(5), Settling(DAY)
        self.heard = 0

    def look(self, now: datetime) -> tuple[list[Difference], list[Difference]]:
        while self.heard < len(self.events) and self.events[self.heard].at <= now:
            self.fast.hear(self.events[self.heard])
            self.slow.hear(self.events[self.heard])
            self.heard += 1
        rows = {call.call_id: row for call in self.calls if (row := call.written(now)) and row[0].queued_at >= MIDNIGHT}
        return self._fast(rows, now), self._slow(rows, now)

    def _slow(self, rows: dict[str, tuple[Counted, datetime | None]], now: datetime) -> list[Difference]:
        live = self.slow.counted(*DAY)
        ended = self._ended(rows, {call.call_id for call in live} | rows.keys(), self.slow)
        return live_and_journal(live, [row for row, _ in rows.values()], ended, Feed(self.slow.began_at, self.slow.gaps), DAY,
                                now, 5)

    def _fast(self, rows: dict[str, tuple[Counted, datetime | None]], now: datetime) -> list[Difference]:
        live = [call for call in self.fast.counted(*DAY) if not self.settling.is_settled(call)]
        wanted = self.settling.open | {call.call_id for call in live}
        read = {key: row for key, row in rows.items() if row[0].queued_at >= self.settling.upto or key in wanted}
        ended = self._ended(read, wanted | read.keys(), self.fast)
        found, done = self.settling.take(live, [row for row, _ in read.values()], ended,
                                         Feed(self.fast.began_at, self.fast.gaps), self.fast.heard_at, now, 5)
        self.fast.forget(MIDNIGHT - timedelta(days=1), MIDNIGHT - timedelta(days=1), done)
        return found

    @staticmethod
    def _ended(rows: dict[str, tuple[Counted, datetime | None]], call_ids: Collection[str],
               live: LiveDay) -> dict[str, datetime | None]:
        told = {key: known.ended_at for key, known in live.calls.items()}
        return {key: (rows[key][1] if key in rows else None) or told.get(key) for key in call_ids}


@settings(max_examples=60, deadline=None)
@given(CALLS, RESETS)
def test_at_every_look_the_differences_are_those_of_the_whole_day(
        calls: list[Simulated], resets: list[tuple[float, float]]) -> None:
    both = Both(calls, resets)
    for moment in range(60, 9_000, 120):
        fast, slow = both.look(at(moment))
        assert fast == slow, f"after {moment} s"
    agreed = {call.call_id for call in both.calls if call.told and not call.other_queue and call.journal_says == call.live_says
              and call.ended_told and call.lasts > 5 and call.queued >= 0}
    assert resets or not agreed & both.fast.calls.keys(), "what both agree on is not kept"


def test_a_day_on_which_both_agree_keeps_nothing() -> None:
    calls = [Simulated("", 10.0 * number, 60, "answered", "answered", True, True, False, 0) for number in range(200)]
    both = Both(calls, [])
    most = 0
    for moment in range(60, 3_000, 60):
        assert both.look(at(moment))[0] == [] or moment < 2_100       # open ones are a difference: they end later
        most = max(most, len(both.fast.calls))
    assert len(both.slow.calls) == 200
    assert (len(both.fast.calls), both.settling.open) == (0, frozenset())
    assert most < 60


def test_what_nobody_explains_stays_open_until_there_is_too_much_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling_module, "MOST_OPEN", 10)
    both = Both([Simulated("", 10.0 * number + 5, 60, "answered", "answered", False, False, False, 0) for number in range(30)], [])
    for moment in range(60, 3_000, 60):
        fast, slow = both.look(at(moment))
        assert fast == slow
    assert [(one.count, one.rule) for one in fast] == [(30, Why.UNEXPLAINED)]
    assert len(both.settling.open) == 10
