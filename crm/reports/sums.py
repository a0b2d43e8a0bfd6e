"""Figures of a queue as sums, which add up: what is settled of a day is added once, what still changes is added anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from callcenter.events import Figures
from crm.reports import figures as f


@dataclass(frozen=True, slots=True)
class Sums:
    """Numerators and denominators of `figures.figures_of`, of visits to one queue."""

    offered: int = 0
    short_abandons: int = 0
    answered: int = 0
    abandoned: int = 0
    overflowed: int = 0
    messages: int = 0
    answered_in_2_rings: int = 0
    service_level: int = 0
    waited: int = 0              # calls, and seconds, of the mean wait
    waited_s: float = 0
    handled: int = 0             # … and of the mean handling time
    handled_s: float = 0

    def __add__(self, other: Sums) -> Sums:
        return Sums(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))

    def figures(self, queue: str) -> Figures:
        rated = self.offered - self.short_abandons
        return Figures(
            queue=queue, offered=self.offered, short_abandons=self.short_abandons, answered=self.answered,
            abandoned=self.abandoned, overflowed=self.overflowed, messages=self.messages,
            answered_in_2_rings=_share(self.answered_in_2_rings, rated), service_level=_share(self.service_level, rated),
            abandonment=_share(self.abandoned, rated), asa_s=_share(self.waited_s, self.waited),
            aht_s=_share(self.handled_s, self.handled))


def sums_of(queue: str, calls: Iterable[f.Counted], limits: f.Limits) -> Sums:
    """`calls`: visits, of any queue."""
    rules = f.Rules(limits)
    known = f.settled(call for call in calls if call.queue == queue)
    waits, times = f.waits_s(known), f.handling_s(known, rules)
    counts = {figure: f.count(figure, known, rules) for figure in f.RULES}
    return Sums(**counts, waited=len(waits), waited_s=sum(waits), handled=len(times), handled_s=sum(times))


def _share(part: float, whole: int) -> float | None:
    return part / whole if whole else None
