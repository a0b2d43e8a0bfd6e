"""The live figures: a fold of what acd says on the bus into the same calls that the journal's figures are counted from. No I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from callcenter.drills import is_drill
from callcenter.events import AnyEvent, AsteriskCounted, Call, CallChanged, CallEnded, FloorReset
from crm.calls.record import Outcome
from crm.reports.figures import Counted

_OUTCOMES: Final = {"answered": Outcome.ANSWERED, "abandoned": Outcome.ABANDONED, "message": Outcome.MESSAGE,
                    "menu": Outcome.MENU, "lost": Outcome.LOST}
KEPT_GAPS: Final = 1_000


@dataclass(frozen=True, slots=True)
class LiveCall:
    call: Call                           # as it was told last
    queue: str | None = None             # the first that it entered
    ended_at: datetime | None = None
    outcome: Outcome | None = None

    @property
    def is_counted(self) -> bool:
        """Not: a place that is kept for a callback; nobody was offered (as in the journal's figures)."""
        return self.call.queued_at is not None and self.queue is not None and not self.call.callback_id


@dataclass(frozen=True)
class Gap:
    """acd said everything anew: what happened between may not have been told."""

    begin: datetime
    end: datetime


@dataclass
class LiveDay:
    """Of the calls heard of since `began_at`."""

    short_abandon_s: float
    began_at: datetime | None = None
    heard_at: datetime | None = None     # when acd said something of calls or queues last
    calls: dict[str, LiveCall] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    counters: dict[tuple[str, str], AsteriskCounted] = field(default_factory=dict)

    def hear(self, event: AnyEvent) -> None:
        self.began_at = self.began_at or event.at
        match event:
            case CallChanged(call=call):
                self._take(call)
            case CallEnded(call_id=call_id):
                if known := self.calls.get(call_id):
                    self.calls[call_id] = replace(known, ended_at=event.at, outcome=self._outcome(known, event))
            case FloorReset(calls=calls):
                self.gaps = [*self.gaps, Gap(self.heard_at or event.at, event.at)][-KEPT_GAPS:]
                for call in calls:
                    self._take(call)
            case AsteriskCounted(node=node, name=name):
                self.counters[node, name] = event
            case _:
                return       # said by others than acd: it may be away all the while
        self.heard_at = event.at

    def forget(self, before: datetime, unqueued_before: datetime, settled: Collection[str] = ()) -> None:
        """Calls that are `settled`, that were over before, or of which no end was told for so long; gaps too. Calls that no
        figure counts, because they entered no queue themselves, go sooner."""
        self.calls = {
            key: live for key, live in self.calls.items()
            if key not in settled and (live.ended_at or live.call.entered_at) >= before
            and (live.is_counted or live.ended_at is None or live.ended_at >= unqueued_before)}
        self.gaps = [gap for gap in self.gaps if gap.end >= before]

    def counted(self, begin: datetime, end: datetime) -> list[Counted]:
        """Calls that entered a queue in the time, as the figures want them."""
        return list(counted(self.calls.values(), begin, end))

    def _take(self, call: Call) -> None:
        if is_drill(call.call_id):
            return       # in no figure (H12)
        known = self.calls.get(call.call_id)
        queue = known.queue if known and known.queue else call.queue if call.queued_at else None
        self.calls[call.call_id] = LiveCall(call, queue, known.ended_at if known else None, known.outcome if known else None)

    def _outcome(self, known: LiveCall, event: CallEnded) -> Outcome | None:
        found = _OUTCOMES.get(event.outcome)
        if found is Outcome.ABANDONED and known.call.queued_at:
            waited = (event.at - known.call.queued_at).total_seconds()
            return Outcome.SHORT_ABANDON if waited <= self.short_abandon_s else found
        return found


def counted(calls: Iterable[LiveCall], begin: datetime, end: datetime) -> Iterable[Counted]:
    for live in calls:
        call = live.call
        if not live.is_counted or call.queued_at is None or live.queue is None or not begin <= call.queued_at < end:
            continue
        until = call.answered_at or live.ended_at
        yield Counted(live.queue, call.queued_at, live.outcome, call.rang_at, call.answered_at,
                      (until - call.queued_at).total_seconds() if until else None, None, call.stage, call.call_id, call.agent)
