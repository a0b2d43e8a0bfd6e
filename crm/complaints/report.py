"""The monthly complaint report (E9): the month's figures, by kind, category, cause and estate, and the months before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.errors import NotFound
from callcenter.site.parts import Words
from crm.complaints import figures
from crm.complaints.figures import REPEAT_WITHIN, Complaint, Counts, Month, behind, by, change, counts
from crm.complaints.sources import complaints, kinds_counted
from crm.households.models import Estate
from crm.kinds.schema import Category, Kind
from crm.paging import Page, cursor_of, place_of
from crm.privacy.service import View
from crm.staff.actor import Actor
from crm.tickets.models import Ticket
from crm.tickets.schemas import TicketShown
from crm.tickets.showing import shown

ROWS: Final = "complaint-rows"
TREND: Final = 6                 # months before


@dataclass(frozen=True)
class Asked:
    """`year`, `month` by the site's days; a filter that is None asks for nothing."""

    year: int
    month: int
    estate_id: int | None = None

    def span(self, tz: tzinfo) -> Span:
        return Span(_begin(self.year, self.month, tz), _begin(self.year, self.month + 1, tz), self.estate_id)


@dataclass(frozen=True)
class Span:
    begins: datetime
    ends: datetime
    estate_id: int | None = None


@dataclass(frozen=True)
class Row:
    """`key` is what `rows` takes as a filter; null: not said."""

    key: str | None
    name: Words | None
    counts: Counts


@dataclass(frozen=True)
class TrendRow:
    month: str
    counts: Counts
    change: float | None         # of `received`, against the month before


@dataclass(frozen=True)
class ComplaintReport:
    month: str
    estate_id: int | None
    begins: datetime
    until: datetime              # how things stood then
    counts: Counts
    by_kind: tuple[Row, ...]
    by_category: tuple[Row, ...]         # each level of the tree: what is below counts above too
    by_cause: tuple[Row, ...]
    by_estate: tuple[Row, ...]
    trend: tuple[TrendRow, ...]          # the months before, and this one last


@dataclass(frozen=True)
class Wanted:
    """The rows behind a figure of one of the report's rows."""

    figure: str
    kind: str | None = None
    category: str | None = None
    cause: str | None = None


def report(session: Session, actor: Actor, asked: Asked, now: datetime, tz: tzinfo, trend: int = TREND) -> ComplaintReport:
    """Raises NotFound for an estate that the actor does not see."""
    _must_see(session, actor, asked.estate_id)
    edges = [_begin(asked.year, asked.month - back, tz) for back in range(trend, -2, -1)]
    found = complaints(session, actor, edges[0] - REPEAT_WITHIN, edges[-1], asked.estate_id)
    months = [_month(found, begins, ends, now) for begins, ends in pairwise(edges)]
    this = months[-1]
    each = [counts(month.received, month) for month in months]
    parts = by_parts(session, actor, this)
    return ComplaintReport(
        _name(asked.year, asked.month), asked.estate_id, this.begins, this.until, each[-1],
        parts["kind"], parts["category"], parts["cause"], parts["estate_id"],
        tuple(TrendRow(_local_name(month.begins, tz), mine, change(mine.received, each[place - 1].received) if place else None)
              for place, (month, mine) in enumerate(zip(months, each, strict=True))))


def counted(session: Session, actor: Actor, span: Span, now: datetime) -> Month:
    """What was received in any time, as a month is. Raises NotFound."""
    _must_see(session, actor, span.estate_id)
    found = complaints(session, actor, span.begins - REPEAT_WITHIN, span.ends, span.estate_id)
    return _month(found, span.begins, span.ends, now)


def rows(session: Session, view: View, span: Span, wanted: Wanted, now: datetime, *, cursor: str | None = None,
         limit: int = 50) -> Page[TicketShown]:
    """The tickets behind a figure, oldest first. Raises NotFound (estate, or no such figure), BadCursor."""
    if wanted.figure not in figures.RULES:
        raise NotFound(f"figure {wanted.figure}")
    month = counted(session, view.actor, span, now)
    found = behind(wanted.figure, (one for one in month.received if _fits(one, wanted)), month)
    if cursor is not None:
        at, ident = place_of(ROWS, cursor, datetime)
        assert isinstance(at, datetime)
        # The complaint of the cursor itself may count no more: somebody works on it.
        found = [one for one in found if (one.received_at, one.ticket_id) > (at, ident)]
    part = found[:limit]
    tickets = {row.id: row for row in session.scalars(select(Ticket).where(Ticket.id.in_([one.ticket_id for one in part])))}
    following = cursor_of(ROWS, part[-1].received_at, part[-1].ticket_id) if len(found) > limit else None
    return Page(items=shown(session, view, [tickets[one.ticket_id] for one in part]), next=following)


def by_parts(session: Session, actor: Actor, month: Month) -> dict[str, tuple[Row, ...]]:
    """By what `rows` takes as a filter: kind, category (each level), cause, estate_id."""
    kinds, received = kinds_counted(session, actor), month.received
    return {
        "kind": _rows(by(lambda one: one.kind, received), month, {name: kind.name for name, kind in kinds.items()}),
        "category": _rows(_by_category(received), month, _category_names(list(kinds.values()))),
        "cause": _rows(by(lambda one: one.cause, received), month, _cause_names(list(kinds.values()))),
        "estate_id": _rows(by(lambda one: None if one.estate_id is None else str(one.estate_id), received), month,
                           _estate_names(session)),
    }


def _fits(one: Complaint, wanted: Wanted) -> bool:
    path = f"{one.category or ''}/"
    return (wanted.kind in (None, one.kind) and wanted.cause in (None, one.cause)
            and (wanted.category is None or path.startswith(f"{wanted.category}/")))


def _month(found: Sequence[Complaint], begins: datetime, ends: datetime, now: datetime) -> Month:
    until = min(ends, max(now, begins) + timedelta(microseconds=1))      # what happened this moment has happened
    return Month(begins, until, tuple(one for one in found if begins <= one.received_at < ends),
                 tuple(one for one in found if begins - REPEAT_WITHIN <= one.received_at < begins))


def _rows(parts: dict[str | None, list[Complaint]], month: Month, names: dict[str, Words]) -> tuple[Row, ...]:
    made = [Row(key, names.get(key) if key is not None else None, counts(part, month)) for key, part in parts.items()]
    return tuple(sorted(made, key=lambda row: (row.key is None, -row.counts.received, row.key or "")))


def _by_category(received: Sequence[Complaint]) -> dict[str | None, list[Complaint]]:
    found: dict[str | None, list[Complaint]] = {}
    for one in received:
        parts = one.category.split("/") if one.category else []
        paths: list[str | None] = ["/".join(parts[:level]) for level in range(1, len(parts) + 1)]
        for path in paths or [None]:
            found.setdefault(path, []).append(one)
    return found


def _category_names(kinds: Sequence[Kind]) -> dict[str, Words]:
    found: dict[str, Words] = {}

    def walk(tree: dict[str, Category], above: str) -> None:
        for name, category in tree.items():
            found.setdefault(above + name, category.name)
            walk(category.children, f"{above}{name}/")

    for kind in kinds:
        walk(kind.categories, "")
    return found


def _cause_names(kinds: Sequence[Kind]) -> dict[str, Words]:
    return {option: words for kind in kinds if "cause" in kind.fields for option, words in kind.fields["cause"].options.items()}


def _estate_names(session: Session) -> dict[str, Words]:
    return {str(row.id): Words.model_construct(zh=row.name, en=row.name_en or row.name) for row in session.scalars(select(Estate))}


def _must_see(session: Session, actor: Actor, estate_id: int | None) -> None:
    if estate_id is not None and (not actor.sees(estate_id) or session.get(Estate, estate_id) is None):
        raise NotFound(f"estate {estate_id}")


def _begin(year: int, month: int, tz: tzinfo) -> datetime:
    """Of a month that may be counted over a year's end."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return datetime(year, month, 1, tzinfo=tz).astimezone(UTC)


def _name(year: int, month: int) -> str:
    return f"{year}-{month:02}"


def _local_name(begins: datetime, tz: tzinfo) -> str:
    local = begins.astimezone(tz)
    return _name(local.year, local.month)
