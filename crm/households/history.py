"""All that ever happened with a household on one page: calls, messages, visits, tickets and callbacks, the newest first.

Each sort is asked for by its own index and only as far as the page goes, all of them in one statement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final, Literal, get_args

from sqlalchemy import ColumnElement, Row, Select, String, and_, case, cast, false, func, literal, null, or_, select, union_all
from sqlalchemy.orm import Session

from callcenter.errors import NotFound
from crm.callbacks.models import CallbackRow
from crm.callbacks.store import OPEN
from crm.calls.models import CallRow, ContactEntry
from crm.calls.service import not_of_complaints_about
from crm.households.models import Household
from crm.households.rights import READ, may, must_see
from crm.kinds.service import edition_column, edition_is
from crm.paging import BadCursor, Page, cursor_of, place_of
from crm.staff.actor import Actor
from crm.tickets.models import Ticket
from crm.tickets.reading import seen

Happened = Literal["call", "callback", "message", "ticket", "visit"]
LIST: Final = "household-history"
MOST_OPEN: Final = 50


@dataclass(frozen=True)
class HistoryItem:
    """`ref` is the id of the call, entry, ticket or callback. `state`: a call's outcome, a ticket's stage, a callback's state."""

    at: datetime
    what: Happened
    ref: str
    title: str | None = None        # a ticket's number, and its title
    kind: str | None = None         # of the ticket, or of the matter
    state: str | None = None
    is_open: bool = False
    number: str | None = None
    by: str | None = None           # who answered: agent or seat
    matter: str | None = None
    result: str | None = None


@dataclass(frozen=True)
class _Place:
    """The last row of the page before."""

    at: datetime
    what: Happened
    ref: str


@dataclass(frozen=True)
class _Sort:
    """Of rows of one table: `row_id` puts those of the same moment in order, `read_id` reads it from a cursor."""

    whats: tuple[Happened, ...]
    row_id: Any
    read_id: Callable[[str], Any]
    columns: Mapping[str, Any]               # by the names of HistoryItem
    of: Callable[[Session, Actor, Select[Any], list[int]], Select[Any]]

    def part(self, session: Session, actor: Actor, ids: list[int], place: _Place | None, limit: int) -> Select[Any]:
        at, what = self.columns["at"], self.columns["what"]
        number = self.row_id if self.read_id is int else literal(0)      # texts are put in order as `ref`
        query = self.of(session, actor, select(*_all(self.columns), number.label("nth")), ids)
        if place is not None:
            same = and_(what == place.what, self.row_id < self.read_id(place.ref)) if place.what in self.whats else false()
            query = query.where(or_(at < place.at, and_(at == place.at, or_(what < place.what, same))))
        return query.order_by(at.desc(), what.desc(), self.row_id.desc()).limit(limit)


def history(session: Session, actor: Actor, household_id: int, *, cursor: str | None = None, limit: int = 50) -> Page[HistoryItem]:
    """Newest first, with what happened under the ids that were merged into it."""
    ids = ids_of(session, actor, household_id)
    place = _place(cursor) if cursor is not None else None
    parts = [sort.part(session, actor, ids, place, limit + 1).subquery() for sort in _sorts(actor)]
    every = union_all(*(select(part) for part in parts))
    rows = session.execute(every.order_by(*(every.selected_columns[name].desc() for name in _ORDER)).limit(limit + 1)).all()
    items = [HistoryItem(*row[:-1]) for row in rows[:limit]]
    last = items[-1] if len(rows) > limit else None
    following = cursor_of(LIST, f"{last.at.isoformat()} {last.what} {last.ref}", 0) if last else None
    return Page(items=items, next=following)


def open_matters(session: Session, actor: Actor, household_id: int) -> tuple[tuple[HistoryItem, ...], tuple[HistoryItem, ...]]:
    """(tickets, callbacks) that are not over, oldest first; at most fifty of each."""
    ids = ids_of(session, actor, household_id)
    tickets, callbacks = (session.execute(sort.of(session, actor, select(*_all(sort.columns)), ids).where(sort.columns["is_open"])
                                          .order_by(sort.columns["at"], sort.row_id).limit(MOST_OPEN))
                          for sort in (_TICKETS, _CALLBACKS))
    return tuple(HistoryItem(*row) for row in tickets), tuple(HistoryItem(*row) for row in callbacks)


def ids_of(session: Session, actor: Actor, household_id: int) -> list[int]:
    """With those that were merged into it. Which kinds there are, as what follows will ask, is asked on the way. Raises NotFound,
    also where the actor may not see it."""
    may(actor, READ)
    found = _with_merged(session, household_id)
    mine = next((row for row in found if row.id == household_id), None)
    if mine is not None and mine.merged_into is not None:
        found = _with_merged(session, mine.merged_into)
        mine = next((row for row in found if row.merged_into is None), None)
    if mine is None:
        raise NotFound(f"household {household_id}")
    edition_is(session, mine.edition)
    must_see(actor, mine.estate_id, f"household {household_id}")
    return [row.id for row in found]


def _with_merged(session: Session, household_id: int) -> Sequence[Row[int, int, int | None, int]]:
    edition = edition_column().label("edition")
    return session.execute(select(Household.id, Household.estate_id, Household.merged_into, edition).where(
        or_(Household.id == household_id, Household.merged_into == household_id))).all()


def _place(cursor: str) -> _Place:
    key, _ = place_of(LIST, cursor, str)
    try:
        at, what, ref = str(key).split(" ", 2)
        moment = datetime.fromisoformat(at)
        known = next(one for one in _WHATS if one == what)
        if moment.tzinfo is None:
            raise BadCursor
        if known in ("ticket", "visit"):
            int(ref)
        return _Place(moment, known, ref)
    except (ValueError, StopIteration) as error:
        raise BadCursor from error


_WHATS: Final[tuple[Happened, ...]] = get_args(Happened)
_NAMES: Final = tuple(field.name for field in fields(HistoryItem))
_ORDER: Final = ("at", "what", "nth", "ref")


def _all(columns: Mapping[str, Any]) -> list[ColumnElement[Any]]:
    """Of each sort the same ones: what it does not have is a text that is not there."""
    return [columns.get(name, cast(null(), String)).label(name) for name in _NAMES]


def _sorts(actor: Actor) -> tuple[_Sort, ...]:
    return _calls(actor), _CALLBACKS, _TICKETS, _VISITS


def _calls(actor: Actor) -> _Sort:
    """With what the contact log says of them; of a complaint about whoever asks, the call alone is shown (D3)."""
    return _Sort(("call", "message"), CallRow.call_id, str, {
        "at": CallRow.entered_at, "what": case((CallRow.voicemail.is_(None), "call"), else_="message"), "ref": CallRow.call_id,
        "state": CallRow.outcome, "is_open": CallRow.ended_at.is_(None), "number": CallRow.number,
        "by": func.coalesce(CallRow.answered_agent, CallRow.answered_by),
        "kind": ContactEntry.kind, "matter": ContactEntry.matter, "result": ContactEntry.result},
        lambda _session, _actor, query, ids: query.select_from(CallRow)
        .outerjoin(ContactEntry, and_(ContactEntry.call_id == CallRow.call_id, not_of_complaints_about(actor)))
        .where(CallRow.household_id.in_(ids), CallRow.entered_at.is_not(None)))


_CALLBACKS: Final = _Sort(("callback",), CallbackRow.callback_id, str, {
    "at": CallbackRow.asked_at, "what": literal("callback"), "ref": CallbackRow.callback_id, "state": CallbackRow.state,
    "is_open": CallbackRow.state.in_(OPEN), "number": CallbackRow.number},
    lambda _session, _actor, query, ids: query.where(CallbackRow.household_id.in_(ids)))
_TICKETS: Final = _Sort(("ticket",), Ticket.id, int, {
    "at": Ticket.created_at, "what": literal("ticket"), "ref": cast(Ticket.id, String),
    "title": case((or_(Ticket.title.is_(None), Ticket.title == ""), Ticket.number), else_=Ticket.number + " " + Ticket.title),
    "kind": Ticket.kind, "state": Ticket.stage, "is_open": Ticket.state == "open", "number": Ticket.contact_number},
    lambda session, actor, query, ids: seen(session, actor, query.where(Ticket.household_id.in_(ids))))
_VISITS: Final = _Sort(("visit",), ContactEntry.id, int, {
    "at": ContactEntry.at, "what": literal("visit"), "ref": cast(ContactEntry.id, String), "kind": ContactEntry.kind,
    "is_open": false(), "by": ContactEntry.seat, "matter": ContactEntry.matter, "result": ContactEntry.result},
    lambda _session, actor, query, ids: query.where(
        ContactEntry.household_id.in_(ids), ContactEntry.source == "visit", not_of_complaints_about(actor)))
