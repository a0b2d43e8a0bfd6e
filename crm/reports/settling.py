"""The comparison of live and journal over a day that goes on: what is settled is kept as counts, only the rest is compared
again. Pure, and equal to `compare.live_and_journal` over the whole day, at a cost that does not grow with the day.

A call is settled when both sources can say nothing new of it: the journal knows its end, acd was heard after it, and both
agree or a rule explains why not. What nobody can explain stays open, because a late line or a gap may explain it still.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from crm.reports.compare import SETTLES, Between, Difference, Ended, Feed, Judged, Why, judged
from crm.reports.figures import Counted

HELD_BACK: Final = timedelta(minutes=5)      # a call that was queued since is compared again, whatever is known of it
MOST_OPEN: Final = 2_000                     # of a day on which next to nothing agrees, the oldest count as they are


@dataclass(frozen=True, slots=True)
class Compared:
    """A call as the sources have it now."""

    call_id: str
    live: Counted | None
    journal: Counted | None
    ended: datetime | None

    @property
    def queued_at(self) -> tuple[datetime, datetime]:
        """The earlier and the later of what they say."""
        said = [call.queued_at for call in (self.live, self.journal) if call]
        return min(said), max(said)


@dataclass
class Settling:
    """Of one day. Calls that were queued before `upto` are settled, but those in `open`."""

    day: tuple[datetime, datetime]
    upto: datetime = field(init=False)
    open: frozenset[str] = frozenset()
    _sums: dict[tuple[str, str, Why], tuple[int, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.upto = self.day[0]

    def is_settled(self, live: Counted) -> bool:
        """Also of a call that was heard once more, after a fault of the hearing."""
        return live.queued_at < self.upto and live.call_id not in self.open

    def take(self, live: Iterable[Counted], journal: Iterable[Counted], ended: Mapping[str, datetime | None], feed: Feed,
             heard_at: datetime | None, now: datetime, short_abandon_s: float) -> tuple[list[Difference], set[str]]:
        """The day's differences, and the calls that are settled now. `live` and `journal`: all that are not settled yet;
        `ended` has each of them; `heard_at`: when acd said something last."""
        mine, theirs = ({call.call_id: call for call in calls} for calls in (live, journal))
        known = now if heard_at is None else min(now, heard_at)
        upto = self.upto if heard_at is None else max(self.upto, min(known - HELD_BACK, self.day[1]))
        rest: dict[tuple[str, str, Why], list[str]] = defaultdict(list)
        left: list[tuple[Compared, Judged | None]] = []
        done: set[str] = set()
        for call_id in sorted(mine.keys() | theirs.keys()):
            call = Compared(call_id, mine.get(call_id), theirs.get(call_id), ended.get(call_id))
            found = judged(call.live, call.journal, Ended(call.ended), feed, self.day, now, short_abandon_s)
            if call.queued_at[1] < upto and heard_at and _is_final(call, found, known):
                self._settle(call_id, found, done)
            else:
                left.append((call, found))
        still = [(call, found) for call, found in left if call.queued_at[0] < upto]
        strange = sorted((each for each in still if each[1] and each[1].why is Why.UNEXPLAINED),
                         key=lambda each: each[0].queued_at)
        for call, found in strange[:max(len(still) - MOST_OPEN, 0)]:
            self._settle(call.call_id, found, done)
        for call, found in left:
            if found and call.call_id not in done:
                rest[found.queue, found.figure, found.why].append(call.call_id)
        self.upto, self.open = upto, frozenset(call.call_id for call, _ in still if call.call_id not in done)
        return self._differences(rest), done

    def _settle(self, call_id: str, found: Judged | None, done: set[str]) -> None:
        done.add(call_id)
        if found:
            key = (found.queue, found.figure, found.why)
            count, example = self._sums.get(key, (0, call_id))
            self._sums[key] = (count + 1, min(example, call_id))

    def _differences(self, rest: Mapping[tuple[str, str, Why], list[str]]) -> list[Difference]:
        found = dict(self._sums)
        for key, ids in rest.items():
            count, example = found.get(key, (0, ids[0]))
            found[key] = (count + len(ids), min(example, ids[0]))
        return [Difference(Between.LIVE_JOURNAL, queue, figure, count, why, example)
                for (queue, figure, why), (count, example) in sorted(found.items())]


def _is_final(call: Compared, found: Judged | None, known: datetime) -> bool:
    if call.journal is None or call.ended is None or known - call.ended < SETTLES:
        return False
    return found is None or found.why not in (Why.OPEN, Why.UNEXPLAINED)
