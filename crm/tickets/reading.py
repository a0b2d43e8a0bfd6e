"""Tickets as they are shown: one, a page of the list, a timeline. Private values are masked by who looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from callcenter.errors import NotFound
from callcenter.numbers import normalise
from callcenter.private import Private
from crm.clocks.clock import Standing
from crm.clocks.models import TicketClock
from crm.households.models import Household
from crm.kinds.schema import Kind
from crm.kinds.service import all_versions, kind_of, may_see
from crm.paging import Page, cursor_of, place_of
from crm.privacy.masks import masked
from crm.privacy.service import View, reveal
from crm.staff.actor import Actor
from crm.staff.models import User
from crm.tickets.errors import Fault, FieldsUnfit
from crm.tickets.models import Ticket, TicketEvent
from crm.tickets.rules import Held, moves, sees
from crm.tickets.schemas import EventShown, Fields, TicketRead, TicketShown
from crm.tickets.values import privacy_of

LIST = "tickets"
MOST_CHILDREN = 100


@dataclass(frozen=True)
class Wanted:
    """Filters of the list; what is None is not asked for."""

    kind: str | None = None
    state: str | None = None
    stage: str | None = None
    estate_id: int | None = None
    household_id: int | None = None
    owner: str | None = None
    assignee: str | None = None
    department: str | None = None
    category: str | None = None              # with all below it
    call_id: str | None = None
    contact_number: str | None = None
    parent_id: int | None = None
    since: datetime | None = None
    before: datetime | None = None
    mine: bool = False                       # owned, worked on, or offered to who asks
    overdue: bool = False                    # with a clock that was broken and has not ended
    clock: str | None = None                 # which one
    text: str | None = None                  # in the title, or the number's beginning


def held(row: Ticket) -> Held:
    return Held(row.stage, row.owner_id, row.assignee_id, row.category, row.household_id, row.estate_id, row.fields)


def kind_for(session: Session, row: Ticket) -> Kind:
    """In the version by which the ticket goes on."""
    return kind_of(session, row.kind, row.kind_version).kind


def visible(session: Session, actor: Actor, ticket_id: int) -> tuple[Ticket, Kind]:
    """Raises NotFound, also when the actor is not to know that there is one."""
    row = session.get(Ticket, ticket_id)
    kind = kind_for(session, row) if row else None
    if row is None or kind is None or not (sees(kind, actor, held(row)) or row.offered_to_id == actor.user_id is not None):
        raise NotFound(f"ticket {ticket_id}")
    return row, kind


def ticket(session: Session, view: View, ticket_id: int) -> TicketRead:
    row, kind = visible(session, view.actor, ticket_id)
    return read(session, view, row, kind)


def read(session: Session, view: View, row: Ticket, kind: Kind) -> TicketRead:
    children = session.scalars(seen(session, view.actor, select(Ticket).where(Ticket.parent_id == row.id))
                               .order_by(Ticket.id).limit(MOST_CHILDREN)).all()
    first, *rest = shown(session, view, [row, *children])
    fields, private = _fields(view, kind, row.fields)
    return TicketRead(first, fields, private, moves(kind, view.actor, held(row)), tuple(rest))


def tickets(session: Session, view: View, wanted: Wanted, *, cursor: str | None = None, limit: int = 50) -> Page[TicketShown]:
    """Newest first. Raises BadCursor."""
    query = _filtered(session, view.actor, wanted).order_by(Ticket.id.desc()).limit(limit + 1)
    if cursor is not None:
        query = query.where(Ticket.id < place_of(LIST, cursor, int)[1])
    rows = session.scalars(query).all()
    following = cursor_of(LIST, rows[limit - 1].id, rows[limit - 1].id) if len(rows) > limit else None
    return Page(items=shown(session, view, rows[:limit]), next=following)


def timeline(session: Session, view: View, ticket_id: int, *, cursor: str | None = None, limit: int = 50) -> Page[EventShown]:
    """Oldest first."""
    visible(session, view.actor, ticket_id)
    what = f"timeline:{ticket_id}"
    query = select(TicketEvent).where(TicketEvent.ticket_id == ticket_id).order_by(TicketEvent.id).limit(limit + 1)
    if cursor is not None:
        query = query.where(TicketEvent.id > place_of(what, cursor, int)[1])
    rows = session.scalars(query).all()
    following = cursor_of(what, rows[limit - 1].id, rows[limit - 1].id) if len(rows) > limit else None
    items = [EventShown(row.id, row.at, row.who, row.what, _event_data(view, row)) for row in rows[:limit]]
    return Page(items=items, next=following)


def reveal_value(session: Session, view: View, ticket_id: int, name: str, reason: str, now: datetime) -> str:
    """One private value; the look is logged. `contact_number`, `notes` or a private field. Raises NotFound, Forbidden."""
    row, kind = visible(session, view.actor, ticket_id)
    if name in ("contact_number", "notes"):
        value: object = row.contact_number if name == "contact_number" else row.notes
    elif name in kind.fields and kind.fields[name].private:
        value = row.fields.get(name)
    else:
        raise FieldsUnfit([Fault(name, "not_private" if name in kind.fields else "unknown_field")])
    return reveal(session, view, f"ticket:{row.id}", name, None if value is None else str(value), reason, now)


def shown(session: Session, view: View, rows: Sequence[Ticket]) -> list[TicketShown]:
    """In the order given; names and rooms are asked for once, not once a ticket."""
    people = {ident for row in rows for ident in (row.owner_id, row.assignee_id, row.offered_to_id) if ident is not None}
    names: dict[int, str] = dict(session.execute(select(User.id, User.name).where(User.id.in_(people))).all()) if people else {}
    homes = {row.household_id for row in rows if row.household_id is not None}
    rooms: dict[int, str] = dict(session.execute(
        select(Household.id, Household.label).where(Household.id.in_(homes))).all()) if homes else {}

    def name(ident: int | None) -> str | None:
        return None if ident is None else names.get(ident)

    return [TicketShown(
        ticket_id=row.id, number=row.number, kind=row.kind, kind_version=row.kind_version, stage=row.stage, state=row.state,
        title=view.show(row.title, Private.TEXT), category=row.category, reason=row.reason, household_id=row.household_id,
        room=None if row.household_id is None else rooms.get(row.household_id), estate_id=row.estate_id, call_id=row.call_id,
        queue=row.queue, contact_number=view.show(row.contact_number, Private.PHONE), notes=view.show(row.notes, Private.TEXT),
        owner=name(row.owner_id), offered_to=name(row.offered_to_id), assignee=name(row.assignee_id), department=row.department,
        parent_id=row.parent_id, parent_as=row.parent_as, version=row.version, created_at=row.created_at,
        updated_at=row.updated_at, closed_at=row.closed_at) for row in rows]


def _fields(view: View, kind: Kind, fields: Fields) -> tuple[Fields, tuple[str, ...]]:
    """What the viewer sees of them, and the names of those that are masked."""
    seen: Fields = {}
    private: list[str] = []
    for name, value in fields.items():
        rule = kind.fields.get(name)
        secret = privacy_of(rule) if rule else None
        if secret is None or view.unmasked(secret):
            seen[name] = value
        else:
            seen[name] = masked(str(value), secret)
            private.append(name)
    return seen, tuple(private)


def _event_data(view: View, row: TicketEvent) -> dict[str, Any]:
    """Texts of people may hold numbers; private fields are never in it."""
    return {key: view.show(value, Private.TEXT) if isinstance(value, str) and key == "text" else value
            for key, value in row.data.items()}


def _filtered(session: Session, actor: Actor, wanted: Wanted) -> Select[Ticket]:
    query = seen(session, actor, select(Ticket))
    for column, value in ((Ticket.kind, wanted.kind), (Ticket.state, wanted.state), (Ticket.stage, wanted.stage),
                          (Ticket.estate_id, wanted.estate_id), (Ticket.household_id, wanted.household_id),
                          (Ticket.department, wanted.department), (Ticket.call_id, wanted.call_id),
                          (Ticket.parent_id, wanted.parent_id)):
        if value is not None:
            query = query.where(column == value)
    for column, person in ((Ticket.owner_id, wanted.owner), (Ticket.assignee_id, wanted.assignee)):
        if person is not None:
            query = query.where(column == select(User.id).where(User.name == person).scalar_subquery())
    if wanted.contact_number is not None:
        query = query.where(Ticket.contact_number == normalise(wanted.contact_number))
    if wanted.category is not None:
        query = query.where(or_(Ticket.category == wanted.category,
                                Ticket.category.startswith(f"{wanted.category}/", autoescape=True)))
    if wanted.since is not None:
        query = query.where(Ticket.created_at >= wanted.since)
    if wanted.before is not None:
        query = query.where(Ticket.created_at < wanted.before)
    if wanted.overdue:
        late = select(TicketClock.ticket_id).where(TicketClock.standing != Standing.STOPPED.value,
                                                   TicketClock.broken_at.is_not(None))
        query = query.where(Ticket.id.in_(late if wanted.clock is None else late.where(TicketClock.clock == wanted.clock)))
    if wanted.mine:
        query = query.where(_mine(actor))
    if wanted.text:
        query = query.where(or_(Ticket.title.contains(wanted.text, autoescape=True),
                                Ticket.number.startswith(wanted.text.upper(), autoescape=True)))
    return query


def seen(session: Session, actor: Actor, query: Select[Ticket]) -> Select[Ticket]:
    """Of the kinds that the actor's roles see, in the versions in which they do, of the actor's estates; and the actor's own."""
    if actor.is_system:
        return query
    hidden = [(one.kind.kind, one.version) for one in all_versions(session) if not may_see(one.kind, actor)]
    by_kind: dict[str, list[int]] = {}
    for kind, version in hidden:
        by_kind.setdefault(kind, []).append(version)
    every = {one.kind.kind for one in all_versions(session)} - by_kind.keys()
    conditions = []
    if by_kind:
        partly = [and_(Ticket.kind == kind, Ticket.kind_version.not_in(versions)) for kind, versions in by_kind.items()]
        conditions.append(or_(Ticket.kind.in_(sorted(every)), *partly))
    if actor.estates is not None:
        conditions.append(or_(Ticket.estate_id.is_(None), Ticket.estate_id.in_(sorted(actor.estates))))
    return query.where(or_(_mine(actor), and_(*conditions))) if conditions else query


def _mine(actor: Actor) -> Any:
    """Each of the three has an index, and a database reads all three."""
    return or_(Ticket.owner_id == actor.user_id, Ticket.assignee_id == actor.user_id, Ticket.offered_to_id == actor.user_id)
