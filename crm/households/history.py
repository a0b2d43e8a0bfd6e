"""All that ever happened with a household on one page: calls, messages, visits, tickets and callbacks, the newest first.

Each kind is asked for by its own index and only as far as the page goes; the pages are merged here.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final, Literal

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from callcenter.errors import NotFound
from crm.callbacks.models import CallbackRow
from crm.callbacks.store import OPEN
from crm.calls.models import CallRow, ContactEntry
from crm.calls.service import not_of_complaints_about
from crm.households.models import Household
from crm.households.rights import READ, may, must_see
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
class _Kind:
    what: Happened
    at: InstrumentedAttribute[Any]
    row_id: InstrumentedAttribute[Any]
    read_id: Callable[[str], Any]
    query: Callable[[list[int]], Select[Any]]
    shown: Callable[[Any], HistoryItem]


def history(session: Session, actor: Actor, household_id: int, *, cursor: str | None = None, limit: int = 50) -> Page[HistoryItem]:
    """Newest first, with what happened under the ids that were merged into it."""
    ids = _ids(session, actor, household_id)
    place = _place(cursor) if cursor is not None else None
    parts = [_part(session, actor, kind, ids, place, limit + 1) for kind in _KINDS]
    found = list(islice(heapq.merge(*parts, key=lambda item: (item.at, item.what), reverse=True), limit + 1))
    last = found[limit - 1] if len(found) > limit else None
    following = cursor_of(LIST, f"{last.at.isoformat()} {last.what} {last.ref}", 0) if last else None
    return Page(items=found[:limit], next=following)


def open_matters(session: Session, actor: Actor, household_id: int) -> tuple[tuple[HistoryItem, ...], tuple[HistoryItem, ...]]:
    """(tickets, callbacks) that are not over, oldest first; at most fifty of each."""
    ids = _ids(session, actor, household_id)
    tickets = session.scalars(seen(session, actor, select(Ticket).where(Ticket.household_id.in_(ids), Ticket.state == "open"))
                              .order_by(Ticket.created_at, Ticket.id).limit(MOST_OPEN))
    callbacks = session.scalars(select(CallbackRow).where(CallbackRow.household_id.in_(ids), CallbackRow.state.in_(OPEN))
                                .order_by(CallbackRow.asked_at).limit(MOST_OPEN))
    return tuple(_ticket((row,)) for row in tickets), tuple(_callback((row,)) for row in callbacks)


def _ids(session: Session, actor: Actor, household_id: int) -> list[int]:
    may(actor, READ)
    asked = aliased(Household)
    now_id = select(func.coalesce(asked.merged_into, asked.id)).where(asked.id == household_id).scalar_subquery()
    found = session.execute(select(Household.id, Household.estate_id, Household.merged_into).where(
        or_(Household.id == now_id, Household.merged_into == now_id))).all()
    estate_id = next((row.estate_id for row in found if row.merged_into is None), None)
    if estate_id is None:
        raise NotFound(f"household {household_id}")
    must_see(actor, estate_id, f"household {household_id}")
    return [row.id for row in found]


def _part(session: Session, actor: Actor, kind: _Kind, ids: list[int], place: tuple[datetime, Happened, str] | None,
          limit: int) -> Iterator[HistoryItem]:
    query = kind.query(ids) if kind.what != "ticket" else seen(session, actor, kind.query(ids))
    if kind.what == "visit":
        query = query.where(not_of_complaints_about(actor))
    if actor.user_id is not None and kind.what in ("call", "message"):
        query = query.add_columns(exists().where(Ticket.id == ContactEntry.ticket_id, Ticket.about_id == actor.user_id))
    query = query.order_by(kind.at.desc(), kind.row_id.desc()).limit(limit)
    if place is not None:
        at, what, ref = place
        if kind.what == what:
            query = query.where((kind.at < at) | ((kind.at == at) & (kind.row_id < kind.read_id(ref))))
        else:
            query = query.where(kind.at <= at if kind.what < what else kind.at < at)
    return map(kind.shown, session.execute(query))


def _place(cursor: str) -> tuple[datetime, Happened, str]:
    key, _ = place_of(LIST, cursor, str)
    try:
        at, what, ref = str(key).split(" ", 2)
        kind = next(kind for kind in _KINDS if kind.what == what)
        kind.read_id(ref)
        return datetime.fromisoformat(at), kind.what, ref
    except (ValueError, StopIteration) as error:
        raise BadCursor from error


def _calls(with_message: bool) -> Callable[[list[int]], Select[Any]]:
    heard = CallRow.voicemail.is_not(None) if with_message else CallRow.voicemail.is_(None)

    def query(ids: list[int]) -> Any:
        return (select(CallRow, ContactEntry).outerjoin(ContactEntry, ContactEntry.call_id == CallRow.call_id)
                .where(CallRow.household_id.in_(ids), CallRow.entered_at.is_not(None), heard))

    return query


def _call(what: Happened) -> Callable[[Any], HistoryItem]:
    def shown(found: Any) -> HistoryItem:
        row, entry, *about = found
        entry = None if any(about) else entry        # of a complaint about whoever asks, the call alone is shown (D3)
        return HistoryItem(row.entered_at, what, row.call_id, state=row.outcome, is_open=row.ended_at is None, number=row.number,
                           by=row.answered_agent or row.answered_by, kind=entry.kind if entry else None,
                           matter=entry.matter if entry else None, result=entry.result if entry else None)
    return shown


def _visit(found: Any) -> HistoryItem:
    row: ContactEntry = found[0]
    return HistoryItem(row.at, "visit", str(row.id), kind=row.kind, by=row.seat, matter=row.matter, result=row.result)


def _ticket(found: Any) -> HistoryItem:
    row: Ticket = found[0]
    return HistoryItem(row.created_at, "ticket", str(row.id), title=f"{row.number} {row.title}" if row.title else row.number,
                       kind=row.kind, state=row.stage, is_open=row.state == "open", number=row.contact_number)


def _callback(found: Any) -> HistoryItem:
    row: CallbackRow = found[0]
    return HistoryItem(row.asked_at, "callback", row.callback_id, state=row.state, is_open=row.state in OPEN, number=row.number)


_KINDS: Final = (
    _Kind("call", CallRow.entered_at, CallRow.call_id, str, _calls(with_message=False), _call("call")),
    _Kind("callback", CallbackRow.asked_at, CallbackRow.callback_id, str,
          lambda ids: select(CallbackRow).where(CallbackRow.household_id.in_(ids)), _callback),
    _Kind("message", CallRow.entered_at, CallRow.call_id, str, _calls(with_message=True), _call("message")),
    _Kind("ticket", Ticket.created_at, Ticket.id, int, lambda ids: select(Ticket).where(Ticket.household_id.in_(ids)), _ticket),
    _Kind("visit", ContactEntry.at, ContactEntry.id, int,
          lambda ids: select(ContactEntry).where(ContactEntry.household_id.in_(ids), ContactEntry.source == "visit"), _visit),
)
