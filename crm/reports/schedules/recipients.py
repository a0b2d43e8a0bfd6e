"""Who may be sent a report, and how it is masked: nobody is sent what they could not ask for themselves. All are sent one file."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from callcenter.site import Site
from crm.clocks.models import TicketClock
from crm.households.models import Estate
from crm.reports.shelf.service import Asked
from crm.staff.models import User
from crm.staff.service import as_actor
from crm.tickets.models import Ticket


def users_for(session: Session, names: Collection[str], asked: Asked) -> list[str]:
    """Active ones of the report's roles who see all of its estates."""
    return [user.name for user in _users(session, names, asked)]


def users_not_in_it(session: Session, names: Collection[str], asked: Asked) -> list[str]:
    """Of those, without whom a ticket is about of which it may tell (D3): not only of these days. What is open is listed as it is
    now, a call's entry has the ticket that was opened later, and a promise is listed by the day that was promised. It is made as
    its owner, of whom it tells nothing."""
    ask = asked.ask
    due = select(TicketClock.id).where(TicketClock.ticket_id == Ticket.id, TicketClock.due_at >= ask.begin)
    about = select(User.name).join(Ticket, Ticket.about_id == User.id).where(
        User.id != ask.view.actor.user_id,
        or_(Ticket.closed_at.is_(None), Ticket.closed_at >= ask.begin, due.exists()))
    hidden = set(session.scalars(about)) if asked.report.of_tickets else set()
    return [name for name in users_for(session, names, asked) if name not in hidden]


def masked_for(session: Session, names: Collection[str], asked: Asked) -> Asked:
    """What one of them sees masked is masked for all, and tickets of a kind that one of them does not see are in no file."""
    view = asked.ask.view
    others = [as_actor(user) for user in _users(session, names, asked) if user.id != view.actor.user_id]
    return replace(asked, ask=replace(asked.ask, view=replace(view, actor=view.actor.read_by(others))))


def robots_for(session: Session, site: Site, ids: Collection[str], asked: Asked) -> list[str]:
    """Of the site file; those that are of some estates get what is of no other."""
    known = site.estate_ids
    of = None if asked.ask.estates is None else {
        known.get(name) for name in session.scalars(select(Estate.name).where(Estate.id.in_(asked.ask.estates)))}
    return [robot.id for robot in site.notices.robots
            if robot.id in ids and (not robot.estates or (of is not None and of <= set(robot.estates)))]


def _users(session: Session, names: Collection[str], asked: Asked) -> list[User]:
    roles, estates = {role.value for role in asked.report.roles}, asked.ask.estates
    return [user for user in session.scalars(select(User).where(User.name.in_(names), User.active).order_by(User.name))
            if roles & set(user.roles) and (user.estates is None or (estates is not None and estates <= set(user.estates)))]
