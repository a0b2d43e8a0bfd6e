"""An employee hands in a request for a household: it becomes a ticket like any other, which waits for somebody of the desk (I5)."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.errors import NotFound
from crm.households.models import Estate, Household
from crm.households.rooms import LONGEST, part_key
from crm.kinds.schema import Kind
from crm.kinds.service import kind_of, newest
from crm.privacy.service import View
from crm.requests.listing import request
from crm.requests.models import HandedIn
from crm.requests.rules import NotHandedIn, filed, in_their_words
from crm.requests.schemas import EstateOpen, Form, KindOpen, NewRequest, RequestShown, Urgency
from crm.staff.actor import Actor
from crm.tickets.errors import FieldsUnfit
from crm.tickets.schemas import NewTicket
from crm.tickets.service import open_ticket

REASON: Final = "employee"       # of the ticket: how it came


def form(session: Session, actor: Actor) -> Form:
    query = select(Estate).order_by(Estate.id)
    if actor.estates is not None:
        query = query.where(Estate.id.in_(sorted(actor.estates)))
    return Form(tuple(EstateOpen(row.id, row.name, row.name_en) for row in session.scalars(query)),
                tuple(_open(one.kind) for one in newest(session) if one.kind.hand_in and not one.kind.retired))


def hand_in(session: Session, view: View, new: NewRequest, now: datetime, tz: tzinfo) -> RequestShown:
    """Raises NotHandedIn, NotFound (estate), FieldsUnfit. The household is found by its room, and never told: who hands in does not
    browse the register."""
    actor = view.actor
    assert actor.user_id is not None  # a route's actor is a user
    try:
        kind = kind_of(session, new.kind).kind
    except NotFound as error:
        raise NotHandedIn(new.kind) from error
    into = kind.hand_in
    if into is None or kind.retired:
        raise NotHandedIn(new.kind)
    if not actor.sees(new.estate_id) or session.get(Estate, new.estate_id) is None:
        raise NotFound(f"estate {new.estate_id}")
    found = filed(into, new.said)
    if found.faults:
        raise FieldsUnfit(list(found.faults))
    try:
        row = open_ticket(session, actor, NewTicket(
            new.kind, found.fields, reason=REASON, household_id=_home(session, new.estate_id, new.said.place),
            estate_id=new.estate_id, contact_number=new.said.contact_number, notes=found.notes, handed_in=True), now, tz)
    except FieldsUnfit as error:
        raise FieldsUnfit(in_their_words(into, error.faults)) from error
    assert row is not None  # only a cause that was there already gives none
    session.add(HandedIn(ticket_id=row.id, by_id=actor.user_id, at=now, words=new.said.words, place=new.said.place))
    session.flush()
    return request(session, view, row.id)


def _home(session: Session, estate_id: int, place: str) -> int | None:
    """The only household of the estate whose room is meant."""
    key = part_key(place)[:LONGEST]
    if not key:
        return None
    found = session.scalars(select(Household.id).where(
        Household.estate_id == estate_id, Household.room_key == key, Household.merged_into.is_(None)).limit(2)).all()
    return found[0] if len(found) == 1 else None


def _open(kind: Kind) -> KindOpen:
    rule = kind.fields.get(kind.hand_in.urgency) if kind.hand_in and kind.hand_in.urgency else None
    return KindOpen(kind.kind, kind.name, tuple(Urgency(code, name) for code, name in rule.options.items()) if rule else (),
                    rule.required if rule else False)
