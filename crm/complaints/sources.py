"""Complaints as the figures need them, read from tickets, timeline and clocks: those that the actor sees."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from crm.clocks.models import TicketClock
from crm.complaints.figures import Complaint, Ended
from crm.kinds.schema import Kind
from crm.kinds.service import all_versions, may_see, newest
from crm.staff.actor import Actor
from crm.tickets.listing import not_about
from crm.tickets.models import Ticket, TicketEvent

COUNTS_AS: Final = "complaint"


def kinds_counted(session: Session, actor: Actor) -> dict[str, Kind]:
    """By name, in their newest version: kinds of complaints that the actor's roles see."""
    return {one.kind.kind: one.kind for one in newest(session)
            if one.kind.counts_as == COUNTS_AS and (actor.is_system or may_see(one.kind, actor))}


def complaints(session: Session, actor: Actor, since: datetime, before: datetime, estate_id: int | None = None) -> list[Complaint]:
    """Received from `since`, before `before`; oldest first."""
    kinds = kinds_counted(session, actor)
    where = [Ticket.kind.in_(list(kinds)), Ticket.created_at >= since, Ticket.created_at < before, *of_estates(actor, estate_id),
             *not_about(actor)]
    rows = session.execute(select(
        Ticket.id, Ticket.kind, Ticket.kind_version, Ticket.created_at, Ticket.category, Ticket.household_id, Ticket.estate_id,
        Ticket.fields["cause"].as_string(), Ticket.fields["validity"].as_string()).where(*where)
        .order_by(Ticket.created_at, Ticket.id)).all()
    if not rows:
        return []
    versions = {(one.kind.kind, one.version): one.kind for one in all_versions(session) if one.kind.kind in kinds}
    mine = select(Ticket.id).where(*where)
    handled, withdrawn = _ends(session, mine, {row[0]: versions.get((row[1], row[2]), kinds[row[1]]) for row in rows})
    clocks: dict[int, list[Ended]] = {}
    for ticket_id, at, kept in session.execute(select(TicketClock.ticket_id, TicketClock.ended_at, TicketClock.kept).where(
            TicketClock.ticket_id.in_(mine), TicketClock.ended_at.is_not(None), TicketClock.kept.is_not(None))):
        if at is not None and kept is not None:
            clocks.setdefault(ticket_id, []).append(Ended(at, kept))
    return [Complaint(ident, kind, at, category, cause, validity, household, estate, handled.get(ident), withdrawn.get(ident),
                      tuple(clocks.get(ident, ())))
            for ident, kind, _, at, category, household, estate, cause, validity in rows]


def of_estates(actor: Actor, estate_id: int | None) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if actor.estates is not None:
        found.append(or_(Ticket.estate_id.is_(None), Ticket.estate_id.in_(sorted(actor.estates))))
    if estate_id is not None:
        found.append(Ticket.estate_id == estate_id)
    return found


def _ends(session: Session, mine: object, kinds: dict[int, Kind]) -> tuple[dict[int, datetime], dict[int, datetime]]:
    """(first answered or closed, withdrawn) by ticket."""
    handled: dict[int, datetime] = {}
    withdrawn: dict[int, datetime] = {}
    events = session.execute(select(TicketEvent.ticket_id, TicketEvent.at, TicketEvent.data["to"].as_string()).where(
        TicketEvent.ticket_id.in_(mine), TicketEvent.what == "moved").order_by(TicketEvent.id))  # type: ignore[arg-type]
    for ticket_id, at, to in events:
        kind = kinds[ticket_id]
        stage = kind.stages.get(to)
        if stage is None:
            continue
        if stage.follow_up or to == kind.first_final:
            handled.setdefault(ticket_id, at)
        elif stage.final:
            withdrawn[ticket_id] = at
        else:
            withdrawn.pop(ticket_id, None)       # opened again
    return handled, withdrawn
