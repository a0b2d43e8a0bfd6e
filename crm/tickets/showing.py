"""Tickets with their private values masked by who looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import ScalarSelect, Select, null, select
from sqlalchemy.orm import Session, aliased

from callcenter.private import Private
from crm.households.models import Household
from crm.kinds.schema import Kind
from crm.kinds.service import kind_of
from crm.privacy.masks import masked
from crm.privacy.service import View
from crm.staff.models import User
from crm.tickets.models import Ticket
from crm.tickets.schemas import Fields, TicketShown
from crm.tickets.values import privacy_of

BEFORE_KINDS: Final = "open"     # the stage of a row that a program from before the kinds has added


def kind_for(session: Session, row: Ticket) -> Kind:
    """In the version by which the ticket goes on."""
    return kind_of(session, row.kind, row.kind_version).kind


def stage_of(row: Ticket, kind: Kind) -> str:
    """Its stage; of a row in which a program from before the kinds has written, which knew open and closed alone, the stage that
    its kind has for that."""
    closed = row.state == "closed"
    if row.stage in kind.stages and kind.final(row.stage) is closed:
        return row.stage
    return kind.first_final if closed else kind.opens_in


@dataclass(frozen=True)
class Known:
    """By id: users' names, households' rooms."""

    names: Mapping[int, str] = field(default_factory=dict)
    rooms: Mapping[int, str] = field(default_factory=dict)


def named(session: Session, query: Select[Ticket], also: ScalarSelect[int] | None = None) -> tuple[list[Ticket], Known, int | None]:
    """The tickets of a query and what they name, in one statement; and `also`, if there is any ticket."""
    owner, offered, assignee = (aliased(User) for _ in range(3))
    joined = (query.outerjoin(Household, Household.id == Ticket.household_id).outerjoin(owner, owner.id == Ticket.owner_id)
              .outerjoin(offered, offered.id == Ticket.offered_to_id).outerjoin(assignee, assignee.id == Ticket.assignee_id)
              .add_columns(null() if also is None else also, Household.label, owner.name, offered.name, assignee.name))
    said: int | None = None
    rows: list[Ticket] = []
    names: dict[int, str] = {}
    rooms: dict[int, str] = {}
    for row, value, room, *people in session.execute(joined):
        said = value
        rows.append(row)
        rooms |= {row.household_id: room} if room is not None else {}
        names |= {ident: name for ident, name in zip((row.owner_id, row.offered_to_id, row.assignee_id), people, strict=True)
                  if name is not None}
    return rows, Known(names, rooms), said


def _known(session: Session, rows: Sequence[Ticket]) -> Known:
    people = {ident for row in rows for ident in (row.owner_id, row.assignee_id, row.offered_to_id) if ident is not None}
    names: dict[int, str] = dict(session.execute(select(User.id, User.name).where(User.id.in_(people))).all()) if people else {}
    homes = {row.household_id for row in rows if row.household_id is not None}
    rooms: dict[int, str] = dict(session.execute(
        select(Household.id, Household.label).where(Household.id.in_(homes))).all()) if homes else {}
    return Known(names, rooms)


def shown(session: Session, view: View, rows: Sequence[Ticket], known: Known | None = None) -> list[TicketShown]:
    """In the order given; names and rooms are asked for once, not once a ticket, and not at all if they are `known`."""
    known = known or _known(session, rows)
    names, rooms = known.names, known.rooms

    def name(ident: int | None) -> str | None:
        return None if ident is None else names.get(ident)

    return [TicketShown(
        ticket_id=row.id, number=row.number, kind=row.kind, kind_version=row.kind_version,
        stage=row.stage if row.stage != BEFORE_KINDS else stage_of(row, kind_for(session, row)), state=row.state,
        title=view.show(row.title, Private.TEXT), category=row.category, reason=row.reason, household_id=row.household_id,
        room=None if row.household_id is None else rooms.get(row.household_id), estate_id=row.estate_id, call_id=row.call_id,
        queue=row.queue, contact_number=view.show(row.contact_number, Private.PHONE), notes=view.show(row.notes, Private.TEXT),
        owner=name(row.owner_id), offered_to=name(row.offered_to_id), assignee=name(row.assignee_id), department=row.department,
        parent_id=row.parent_id, parent_as=row.parent_as, version=row.version, created_at=row.created_at,
        updated_at=row.updated_at, closed_at=row.closed_at) for row in rows]


def fields_shown(view: View, kind: Kind, fields: Fields) -> tuple[Fields, tuple[str, ...]]:
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
