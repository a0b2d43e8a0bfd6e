"""One ticket as it is shown, with what may be done with it, and its timeline. Who may not know of it is told that there is none."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, false, or_, select
from sqlalchemy.orm import Session

from callcenter.errors import NotFound
from callcenter.private import Private
from crm.kinds.schema import Kind
from crm.kinds.service import all_versions
from crm.paging import Page, cursor_of, place_of
from crm.privacy.service import View, reveal
from crm.staff.actor import Actor
from crm.tickets.errors import Fault, FieldsUnfit
from crm.tickets.listing import Wanted, mine, newest, not_about, of_kinds_seen
from crm.tickets.models import Ticket, TicketEvent
from crm.tickets.rules import Held, moves, sees
from crm.tickets.schemas import EventShown, TicketRead
from crm.tickets.showing import fields_shown, kind_for, shown, stage_of

MOST_CHILDREN = 100


def held(row: Ticket, kind: Kind) -> Held:
    return Held(stage_of(row, kind), row.owner_id, row.assignee_id, row.category, row.household_id, row.estate_id, row.fields,
                row.about_id)


def visible(session: Session, actor: Actor, ticket_id: int) -> tuple[Ticket, Kind]:
    """Raises NotFound, also when the actor is not to know that there is one."""
    row = session.get(Ticket, ticket_id)
    kind = kind_for(session, row) if row else None
    if row is None or kind is None:
        raise NotFound(f"ticket {ticket_id}")
    if not (actor.is_system or sees(kind, actor, held(row, kind), row.offered_to_id)):
        raise NotFound(f"ticket {ticket_id}")
    return row, kind


def seen(session: Session, actor: Actor, query: Select[Any]) -> Select[Any]:
    """Of a query in which `Ticket` is: what the actor may see. For lists that another table's index leads; where tickets
    themselves are looked for, `listing.newest` is quicker."""
    if actor.is_system:
        return query
    kinds = of_kinds_seen(all_versions(session), actor)
    return query.where(or_(false(), *mine(actor), *([] if kinds is None else [kinds])), *not_about(actor))


def ticket(session: Session, view: View, ticket_id: int) -> TicketRead:
    row, kind = visible(session, view.actor, ticket_id)
    return read(session, view, row, kind)


def read(session: Session, view: View, row: Ticket, kind: Kind) -> TicketRead:
    children = newest(session, view.actor, Wanted(parent_id=row.id), MOST_CHILDREN)
    first, *rest = shown(session, view, [row, *reversed(children)])
    fields, private = fields_shown(view, kind, row.fields)
    return TicketRead(first, fields, private, moves(kind, view.actor, held(row, kind)), tuple(rest))


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


def _event_data(view: View, row: TicketEvent) -> dict[str, Any]:
    """Texts of people may hold numbers; private fields are never in it."""
    return {key: view.show(value, Private.TEXT) if isinstance(value, str) and key == "text" else value
            for key, value in row.data.items()}
