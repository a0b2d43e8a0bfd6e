"""A ticket is handed on: its owner changes when the other has accepted (E1), a department is on it until it answers (E4),
it is tied to another."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.errors import Forbidden
from callcenter.roles import STAFF
from crm.staff.actor import Actor
from crm.staff.agents_models import AgentRow
from crm.staff.models import User
from crm.tickets.errors import AlreadyAsked, Barred, LinksInACircle, NobodyAsked, TicketClosed
from crm.tickets.models import Ticket
from crm.tickets.reading import held, visible
from crm.tickets.rules import LEADS, barred, is_one_of, works_on
from crm.tickets.schemas import ColleagueShown, Link
from crm.tickets.service import changed, locked, person_for, record, tie, to_work_on

LONGEST_CHAIN = 100


def offer(session: Session, actor: Actor, ticket_id: int, user: str, summary: str, now: datetime,
          if_version: int | None = None) -> Ticket:
    """Asks somebody to take it over, with a short summary of what was done (E4). Whoever owned it owns it until they accept."""
    row, kind = locked(session, actor, ticket_id, if_version)
    free = row.owner_id is None and works_on(kind, actor, held(row, kind))
    if not (free or is_one_of(actor, ("owner", *LEADS), held(row, kind))):
        raise Forbidden
    _still_open(row)
    person = person_for(session, row, kind, user, "user")
    row.offered_to_id = person.id
    record(session, row, actor, now, "offered", {"to": user, "text": summary})
    changed(session, row, kind, now)
    return row


def accept(session: Session, actor: Actor, ticket_id: int, now: datetime, if_version: int | None = None) -> Ticket:
    """Who was asked; a leader at any time; and whoever works on such tickets, of one that nobody owns."""
    row, kind = locked(session, actor, ticket_id, if_version)
    asked = row.offered_to_id is not None and row.offered_to_id == actor.user_id
    free = row.owner_id is None and works_on(kind, actor, held(row, kind))
    if actor.user_id is None or not (asked or free or is_one_of(actor, LEADS, held(row, kind))):
        raise Forbidden
    _still_open(row)
    if barred(kind, row.fields, actor.name):
        raise Barred
    before, row.owner_id, row.offered_to_id = row.owner_id, actor.user_id, None
    record(session, row, actor, now, "accepted", {"from": before, "to": actor.user_id})
    changed(session, row, kind, now)
    return row


def decline(session: Session, actor: Actor, ticket_id: int, reason: str, now: datetime, if_version: int | None = None) -> Ticket:
    """By who was asked; or by the owner, who keeps it after all."""
    row, kind = locked(session, actor, ticket_id, if_version)
    if row.offered_to_id is None:
        raise NobodyAsked(row.number)
    if actor.user_id not in (row.offered_to_id, row.owner_id) and not is_one_of(actor, LEADS, held(row, kind)):
        raise Forbidden
    row.offered_to_id = None
    record(session, row, actor, now, "declined", {"text": reason})
    changed(session, row, kind, now)
    return row


def ask_department(session: Session, actor: Actor, ticket_id: int, department: str, question: str, now: datetime,
                   if_version: int | None = None) -> Ticket:
    row, kind = to_work_on(session, actor, ticket_id, if_version)
    if row.department is not None:
        raise AlreadyAsked(row.department)
    row.department = department
    record(session, row, actor, now, "asked", {"department": department, "text": question})
    changed(session, row, kind, now)
    return row


def department_answered(session: Session, actor: Actor, ticket_id: int, answer: str, now: datetime,
                        if_version: int | None = None) -> Ticket:
    row, kind = to_work_on(session, actor, ticket_id, if_version)
    if row.department is None:
        raise NobodyAsked(row.number)
    record(session, row, actor, now, "answered", {"department": row.department, "text": answer})
    row.department = None
    changed(session, row, kind, now)
    return row


def link(session: Session, actor: Actor, ticket_id: int, parent_id: int | None, parent_as: Link | None, now: datetime,
         if_version: int | None = None) -> Ticket:
    """To one parent; None unties it."""
    row, kind = to_work_on(session, actor, ticket_id, if_version)
    if parent_id is not None:
        visible(session, actor, parent_id)
        if row.id in _above(session, parent_id):
            raise LinksInACircle(row.number)
    tie(session, actor, row, kind, parent_id, parent_as, now)
    return row


def people_for(session: Session, actor: Actor, ticket_id: int) -> list[ColleagueShown]:
    """Whom `offer` and `assign` take, by name. Raises NotFound."""
    row, kind = visible(session, actor, ticket_id)
    found = session.execute(select(User, AgentRow.name, AgentRow.team).outerjoin(
        AgentRow, (AgentRow.user_id == User.id) & AgentRow.active).where(User.active).order_by(User.name)).all()
    return [ColleagueShown(user.name, name or user.name, tuple(user.roles), team) for user, name, team in found
            if set(user.roles) & STAFF and user.id != row.about_id and not barred(kind, row.fields, user.name)
            and (user.estates is None or row.estate_id is None or row.estate_id in user.estates)]


def _above(session: Session, ticket_id: int) -> set[int]:
    """The ticket and its parents."""
    found: set[int] = set()
    at: int | None = ticket_id
    while at is not None and at not in found and len(found) < LONGEST_CHAIN:
        found.add(at)
        at = session.scalar(select(Ticket.parent_id).where(Ticket.id == at))
    return found


def _still_open(row: Ticket) -> None:
    if row.state == "closed":
        raise TicketClosed(row.number)
