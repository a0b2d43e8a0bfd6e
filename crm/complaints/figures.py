"""The figures of the monthly complaint report (投诉及处理月报表, E9): each one function with its formula and source. Pure.

A complaint is a ticket of a kind that `counts_as: complaint`. It belongs to the month in which it was received. A month's figures
say how things stood when it ended (of the month that runs: now), so a report that is asked for later says the same; but category,
cause and what was found (valid, partly, invalid) are those that are known when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

REPEAT_WITHIN: Final = timedelta(days=90)


@dataclass(frozen=True)
class Ended:
    """A clock of the complaint that has ended."""

    at: datetime
    kept: bool


@dataclass(frozen=True)
class Complaint:
    ticket_id: int
    kind: str
    received_at: datetime
    category: str | None = None              # "service/guard"
    cause: str | None = None
    validity: str | None = None              # valid, partly, invalid
    household_id: int | None = None
    estate_id: int | None = None
    handled_at: datetime | None = None       # first answered, or closed
    withdrawn_at: datetime | None = None
    clocks: tuple[Ended, ...] = ()

    @property
    def sort(self) -> str | None:
        """The category's first level: what makes two complaints the same."""
        return self.category.partition("/")[0] if self.category else None


@dataclass(frozen=True)
class Month:
    """From, and as things stood at `until`; `before`: received within the repeats' time before it."""

    begins: datetime
    until: datetime
    received: tuple[Complaint, ...]
    before: tuple[Complaint, ...] = ()

    @cached_property
    def repeats(self) -> frozenset[int]:
        """Ids. Of those before that are the same, the last one is the nearest."""
        found: set[int] = set()
        last: dict[tuple[int, str], datetime] = {}
        for one in sorted((*self.before, *self.received), key=lambda one: (one.received_at, one.ticket_id)):
            if one.household_id is None or one.sort is None:
                continue
            same = one.household_id, one.sort
            if same in last and one.received_at - last[same] <= REPEAT_WITHIN:
                found.add(one.ticket_id)
            last[same] = one.received_at
        return frozenset(found)


Rule = Callable[[Complaint, Month], bool]


def is_received(_complaint: Complaint, _month: Month) -> bool:
    """Every complaint of the month, those that were withdrawn too. Source: tickets.created_at."""
    return True


def is_withdrawn(complaint: Complaint, month: Month) -> bool:
    """Closed in another final stage than the kind's first one. Source: timeline, `moved`."""
    return complaint.withdrawn_at is not None and complaint.withdrawn_at < month.until and not is_handled(complaint, month)


def is_handled(complaint: Complaint, month: Month) -> bool:
    """Answered: in a stage that is followed up, or in the kind's first final one, for the first time. Source: timeline, `moved`."""
    return complaint.handled_at is not None and complaint.handled_at < month.until


def is_open(complaint: Complaint, month: Month) -> bool:
    """Neither handled nor withdrawn."""
    return not is_handled(complaint, month) and not is_withdrawn(complaint, month)


def is_timed(complaint: Complaint, month: Month) -> bool:
    """At least one of its clocks has ended, kept or broken (withdrawn ones are neither). Source: ticket_clocks.ended_at, .kept."""
    return any(ended.at < month.until for ended in complaint.clocks)


def is_timely(complaint: Complaint, month: Month) -> bool:
    """Every clock of it that has ended was kept."""
    return is_timed(complaint, month) and all(ended.kept for ended in complaint.clocks if ended.at < month.until)


def is_late(complaint: Complaint, month: Month) -> bool:
    """A clock of it that has ended was broken; one that is broken and still runs makes it late when it ends."""
    return is_timed(complaint, month) and not is_timely(complaint, month)


def is_repeat(complaint: Complaint, month: Month) -> bool:
    """The same household complained of the same sort (the category's first level) within the 90 days before."""
    return complaint.ticket_id in month.repeats


def _is_found(validity: str) -> Rule:
    return lambda complaint, _month: complaint.validity == validity


# What makes a complaint count for a figure; a share's numerator.
RULES: Final[dict[str, Rule]] = {
    "received": is_received, "handled": is_handled, "open": is_open, "withdrawn": is_withdrawn, "timed": is_timed,
    "timely": is_timely, "late": is_late, "repeats": is_repeat, "upheld": _is_found("valid"), "partly": _is_found("partly"),
    "not_upheld": _is_found("invalid"),
}


@dataclass(frozen=True)
class Counts:
    received: int
    handled: int
    open: int
    withdrawn: int
    timed: int
    timely: int
    late: int
    repeats: int
    upheld: int
    partly: int
    not_upheld: int
    timeliness_rate: float | None
    handling_rate: float | None


def behind(figure: str, complaints: Iterable[Complaint], month: Month) -> list[Complaint]:
    """Those that count for it. Raises KeyError."""
    rule = RULES[figure]
    return [complaint for complaint in complaints if rule(complaint, month)]


def timeliness_rate(complaints: Sequence[Complaint], month: Month) -> float | None:
    """及时率: complaints whose every ended clock was kept ÷ complaints of which a clock has ended. Source: ticket_clocks."""
    timed = behind("timed", complaints, month)
    return len(behind("timely", timed, month)) / len(timed) if timed else None


def handling_rate(complaints: Sequence[Complaint], month: Month) -> float | None:
    """处理率: handled ÷ (received − withdrawn). Source: timeline."""
    whole = len(complaints) - len(behind("withdrawn", complaints, month))
    return len(behind("handled", complaints, month)) / whole if whole else None


def counts(complaints: Sequence[Complaint], month: Month) -> Counts:
    return Counts(**{figure: len(behind(figure, complaints, month)) for figure in RULES},
                  timeliness_rate=timeliness_rate(complaints, month), handling_rate=handling_rate(complaints, month))


def by(key: Callable[[Complaint], str | None], complaints: Iterable[Complaint]) -> dict[str | None, list[Complaint]]:
    found: dict[str | None, list[Complaint]] = {}
    for complaint in complaints:
        found.setdefault(key(complaint), []).append(complaint)
    return found


def change(now: int, before: int) -> float | None:
    """Trend: this month's number ÷ the month's before − 1; of nothing there is no share."""
    return now / before - 1 if before else None
