"""What past calls say of callers to come: kinds, their points, their patience, how long they talk; and agents' wrap-up. Pure.

Traps that the fit keeps clear of:
- who gave up did not show how long the wait would have been, and who was answered not how patient they were (Kaplan–Meier);
- a line may learn who a caller is only while the caller waits: the points of those who did not wait say nothing, so shares of
  points are those of callers who waited;
- a few callers of a rare kind show no distribution of their own: they get that of all.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from crm.simulator.chance import Empirical, Times, kaplan_meier, lognormal
from crm.simulator.past import A_STINT_ENDS, Past, patience, pauses_between

ENOUGH: Final = 30                 # callers who gave up, or talks: fewer show no distribution of their own


@dataclass(frozen=True)
class Kind:
    """Callers who are alike. `points`: (points, share so far) in order, the last 1; `patience` by points."""

    name: str
    queue: str
    points: tuple[tuple[int, float], ...]
    patience: Mapping[int, Times]
    talk: Times

    def points_at(self, share: float) -> int:
        return self.points[min(bisect_right([upto for _, upto in self.points], share), len(self.points) - 1)][0]


@dataclass(frozen=True)
class Fitted:
    kinds: Mapping[str, Kind]
    wrapup: Times | None           # None: the queue's
    patience: Times                # of all
    talk: Times


def fit(calls: Sequence[Past], *, as_lognormal: bool = False, stint_ends_after_s: float = A_STINT_ENDS) -> Fitted:
    """`calls`: in any order, at least one that was answered. Raises ValueError."""
    talks = _talks(calls)
    if not talks:
        raise ValueError("nobody was answered: there is nothing to fit")
    of_all = kaplan_meier(patience(calls))
    gaps = pauses_between(calls, stint_ends_after_s)
    wrapup = kaplan_meier(gaps) if sum(taken for _, taken in gaps) >= ENOUGH else None
    by_kind: dict[str, list[Past]] = defaultdict(list)
    for call in calls:
        by_kind[call.kind].append(call)
    kinds = {name: _kind(name, mine, of_all, talks, as_lognormal=as_lognormal) for name, mine in sorted(by_kind.items())}
    return Fitted(kinds, wrapup, of_all, _times(talks, as_lognormal=as_lognormal))


def _kind(name: str, calls: Sequence[Past], of_all: Times, all_talks: Sequence[float], *, as_lognormal: bool) -> Kind:
    waited = [call for call in calls if call.wait_s > 0] or list(calls)
    counts = Counter(call.points for call in waited)
    order = sorted(counts)
    shares = [each / len(waited) for each in accumulate(counts[points] for points in order)]
    of_kind = _patience(calls, of_all)
    patiences = {points: _patience([call for call in waited if call.points == points], of_kind) for points in order}
    talks = _talks(calls)
    return Kind(name, calls[0].queue, tuple(zip(order, shares, strict=True)), patiences,
                _times(talks if len(talks) >= ENOUGH else all_talks, as_lognormal=as_lognormal))


def _patience(calls: Sequence[Past], otherwise: Times) -> Times:
    seen = patience(calls)
    return kaplan_meier(seen) if sum(gave_up for _, gave_up in seen) >= ENOUGH else otherwise


def _talks(calls: Sequence[Past]) -> list[float]:
    return sorted(call.talk_s for call in calls if call.answered and call.talk_s > 0)


def _times(talks: Sequence[float], *, as_lognormal: bool) -> Times:
    return lognormal(talks) if as_lognormal else Empirical(tuple(talks))
