"""How often the bank finds what is meant (I2), by day, month or as a whole, and by what it was ranked with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm.knowledge.asked import search_seen
from crm.knowledge.models import KnowledgeSearch
from crm.knowledge.rights import APPROVE, may
from crm.staff.actor import Actor

Interval = Literal["day", "month", "all"]


@dataclass(frozen=True)
class Counted:
    """Searches that are alike."""

    day: date
    ranked_with: str
    outcome: str | None
    place: int | None
    count: int


@dataclass(frozen=True)
class BankFigures:
    """`judged`: of which somebody said what came of them. Rates are of these; None where there are none."""

    begin: date
    ranked_with: str | None          # None: whatever ranked them
    searches: int
    judged: int
    chosen: int                      # an entry was chosen, or answered the caller
    answered: int                    # … of these: it answered the caller
    none_helped: int
    top1: int                        # the chosen one was offered first
    top3: int                        # … among the first three
    top1_rate: float | None
    top3_rate: float | None
    none_helped_rate: float | None


def figures(session: Session, actor: Actor, first: date, last: date, interval: Interval) -> list[BankFigures]:
    """Of the searches for the actor's estates, and of those for none."""
    may(actor, APPROVE)
    columns = (KnowledgeSearch.day, KnowledgeSearch.ranked_with, KnowledgeSearch.outcome, KnowledgeSearch.place)
    rows = session.execute(select(*columns, func.count()).where(KnowledgeSearch.day >= first, KnowledgeSearch.day <= last,
                                                                search_seen(actor)).group_by(*columns)).all()
    return folded([Counted(*row) for row in rows], first, interval)


def folded(rows: Iterable[Counted], first: date, interval: Interval) -> list[BankFigures]:
    """For each interval the whole, then by ranking where there was more than one; by time."""
    by: dict[tuple[date, str | None], list[Counted]] = {}
    for row in rows:
        begin = {"day": row.day, "month": max(row.day.replace(day=1), first), "all": first}[interval]
        for ranked_with in (None, row.ranked_with):
            by.setdefault((begin, ranked_with), []).append(row)
    several = {begin for begin, _ in by if sum(1 for other, with_ in by if other == begin and with_) > 1}
    keys = [(begin, with_) for begin, with_ in by if with_ is None or begin in several]
    return [_figures(begin, with_, by[begin, with_]) for begin, with_ in sorted(keys, key=lambda key: (key[0], key[1] or ""))]


def _figures(begin: date, ranked_with: str | None, rows: list[Counted]) -> BankFigures:
    def count(*outcomes: str | None, within: int | None = None) -> int:
        return sum(row.count for row in rows if row.outcome in outcomes
                   and (within is None or (row.place is not None and row.place <= within)))

    chosen, none_helped = count("chosen", "answered"), count("none_helped")
    judged = chosen + none_helped
    top1, top3 = count("chosen", "answered", within=1), count("chosen", "answered", within=3)

    def rate(of: int) -> float | None:
        return of / judged if judged else None

    return BankFigures(begin, ranked_with, judged + count(None), judged, chosen, count("answered"), none_helped, top1, top3,
                       rate(top1), rate(top3), rate(none_helped))
