"""Makes the tickets of a period: some a transaction, each under a cause that names kind, period and whose it is, so that
whoever is killed in the middle goes on where it was. Callers commit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, tzinfo
from itertools import islice
from typing import Final

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from callcenter.errors import Conflict
from crm.households.models import Estate, Household, HouseholdTag
from crm.kinds.schema import Gathers, Kind, Recurs
from crm.kinds.service import newest
from crm.ledgers.models import LedgerPeriod
from crm.ledgers.periods import Period, latest
from crm.outbox.service import note
from crm.staff.actor import SYSTEM
from crm.tickets.errors import FieldsUnfit
from crm.tickets.making import written
from crm.tickets.models import Ticket
from crm.tickets.schemas import Changes, Link, NewTicket
from crm.tickets.service import locked, move, open_ticket, record, tie
from crm.tickets.values import fits

AT_ONCE: Final = 20
CHUNK: Final = 500           # values a statement
MOST_NAMED: Final = 100      # in a list that stands in a field


@dataclass(frozen=True)
class Due:
    """A kind whose latest period has not been made wholly."""

    kind: Kind
    recurs: Recurs
    period: Period


@dataclass(frozen=True)
class _Whose:
    """One ticket to be made."""

    key: str
    household_id: int | None
    estate_id: int | None
    rows: tuple[int, ...] = ()       # tickets that it gathers
    names: tuple[str, ...] = ()      # of {list}


def due(session: Session, now: datetime, tz: tzinfo, day_ends: time) -> list[Due]:
    found = [Due(one.kind, one.kind.recurs, latest(one.kind.recurs, now, tz, day_ends))
             for one in newest(session) if one.kind.recurs is not None and not one.kind.retired]
    if not found:
        return []
    made = set(session.execute(select(LedgerPeriod.kind, LedgerPeriod.period).where(
        LedgerPeriod.kind.in_([one.kind.kind for one in found]))))
    return [one for one in found if (one.kind.kind, one.period.name) not in made]


def make_some(session: Session, one: Due, now: datetime, tz: tzinfo, limit: int = AT_ONCE) -> bool:
    """At most `limit` tickets; whether the period is wholly made now."""
    if session.get(LedgerPeriod, (one.kind.kind, one.period.name)) is not None:
        return True
    wanted = list(islice(_not_there(session, one, _wanted(session, one)), limit + 1))
    if gathered := [ident for whose in wanted[:limit] for ident in whose.rows]:
        # Before the day's numbers, as whoever moves one of them holds it and then wants a number.
        session.execute(select(Ticket.id).where(Ticket.id.in_(gathered)).order_by(Ticket.id).with_for_update())
    for whose in wanted[:limit]:
        _make(session, one, whose, now, tz)
    if len(wanted) > limit:
        return False
    made = session.scalar(select(func.count()).where(
        Ticket.cause.startswith(f"recurs:{one.kind.kind}:{one.period.name}:", autoescape=True))) or 0
    session.add(LedgerPeriod(kind=one.kind.kind, period=one.period.name, made_at=now, tickets=made))
    note(session, now, "ledger.made", f"ledger:{one.kind.kind}", period=one.period.name, tickets=made)
    session.flush()
    return True


def _wanted(session: Session, one: Due) -> Sequence[_Whose]:
    recurs = one.recurs
    if recurs.gathers is not None:
        return _gathered(session, recurs.each == "estate", recurs.gathers, one.period.begins_at)
    if recurs.each == "site":
        return [_Whose("site", None, None)]
    homes = select(Household.id, Household.estate_id, Household.label).where(Household.merged_into.is_(None))
    if recurs.tag is not None:
        homes = homes.where(exists().where(HouseholdTag.household_id == Household.id, HouseholdTag.tag == recurs.tag))
    if recurs.each == "household":
        return [_Whose(f"h{ident}", ident, estate) for ident, estate, _ in session.execute(homes.order_by(Household.id))]
    if recurs.tag is None:
        return [_Whose(f"e{ident}", None, ident) for ident in session.scalars(select(Estate.id).order_by(Estate.id))]
    rooms: dict[int, list[str]] = {}
    for _, estate, label in session.execute(homes.order_by(Household.estate_id, Household.room_key)):
        rooms.setdefault(estate, []).append(label)
    return [_Whose(f"e{estate}", None, estate, names=tuple(names)) for estate, names in rooms.items()]


def _gathered(session: Session, by_estate: bool, gathers: Gathers, until: datetime) -> list[_Whose]:
    """Open tickets that fit and are in no other one's part, opened before the period's moment: those of after it wait for the next
    one. Nobody has been there for a while: the late one has all of them."""
    rows = session.scalars(select(Ticket).where(
        Ticket.kind == gathers.kind, Ticket.stage.in_(gathers.stages), Ticket.state == "open", Ticket.created_at <= until,
        Ticket.parent_as.is_(None)).order_by(Ticket.id)).all()
    by: dict[int | None, list[Ticket]] = {}
    for row in rows:
        if all(fits(row.fields.get(name), wanted) for name, wanted in gathers.only_if.items()):
            by.setdefault(row.estate_id if by_estate else None, []).append(row)
    return [_Whose(f"e{estate or 0}", None, estate, tuple(row.id for row in found), tuple(row.number for row in found))
            for estate, found in by.items()]


def _make(session: Session, one: Due, whose: _Whose, now: datetime, tz: tzinfo) -> None:
    words = {"period": one.period.name, "count": str(len(whose.names)), "list": "、".join(whose.names[:MOST_NAMED])}
    fields = {name: written(text, words, one.kind.fields[name]) for name, text in one.recurs.fields.items()}
    made = open_ticket(session, SYSTEM, NewTicket(
        one.kind.kind, fields, category=one.recurs.category, household_id=whose.household_id, estate_id=whose.estate_id,
        cause=_cause(one, whose)), now, tz)
    gathers = one.recurs.gathers
    if made is None or gathers is None:
        return
    for ident in whose.rows:
        row, kind = locked(session, SYSTEM, ident, None)
        tie(session, SYSTEM, row, kind, made.id, Link.PART, now)
        if row.stage != gathers.moves_to and gathers.moves_to in kind.stages[row.stage].moves:
            try:
                with session.begin_nested():
                    move(session, SYSTEM, ident, gathers.moves_to, Changes(), now, tz)
            except FieldsUnfit as error:         # the kind needs more for it: somebody moves it by hand
                record(session, row, SYSTEM, now, "not_moved", {
                    "to": gathers.moves_to, "missing": [fault.field for fault in error.faults]})
            except Conflict as error:            # … or its household has to agree to a price (F1)
                record(session, row, SYSTEM, now, "not_moved", {"to": gathers.moves_to, "why": error.code})


def _not_there(session: Session, one: Due, wanted: Sequence[_Whose]) -> Iterator[_Whose]:
    """Looked up by hundreds: it is done in each transaction, while nobody else writes, and after a while most are there."""
    for start in range(0, len(wanted), CHUNK):
        part = {_cause(one, whose): whose for whose in wanted[start:start + CHUNK]}
        there = set(session.scalars(select(Ticket.cause).where(Ticket.cause.in_(part))))
        yield from (whose for cause, whose in part.items() if cause not in there)


def _cause(one: Due, whose: _Whose) -> str:
    return f"recurs:{one.kind.kind}:{one.period.name}:{whose.key}"
