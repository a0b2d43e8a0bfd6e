"""Which letters a notice makes by the site file, and what one says. Callers commit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.errors import NotFound
from callcenter.roles import Role
from callcenter.site import Site
from crm.clocks.models import TicketClock
from crm.clocks.terms import read
from crm.households.models import Estate
from crm.kinds.service import kind_of
from crm.letters.service import Letters, Needless
from crm.notices.channels import MAIL
from crm.notices.models import Delivery, Notice, NoticePerson
from crm.notices.words import Message, Named
from crm.staff.models import User
from crm.tickets.models import Ticket


def fan_out(session: Session, site: Site, now: datetime, limit: int = 200) -> int:
    """Makes the deliveries of new notices. Those whose clock has ended since, or that somebody has acknowledged, are told to
    nobody outside any more: neither now nor at a letter's next try."""
    notices = session.scalars(select(Notice).where(Notice.fanned_out_at.is_(None)).order_by(Notice.id).limit(limit)
                              .with_for_update(skip_locked=True)).all()
    for notice in notices:
        notice.fanned_out_at = now
        if _over(notice) is None:
            session.add_all(Delivery(notice_id=notice.id, channel=channel, address=address, next_at=now)
                            for channel, address in sorted(set(_ways(session, site, notice))))
    session.flush()
    return len(notices)


def is_any_new(session: Session) -> bool:
    return session.scalar(select(Notice.id).where(Notice.fanned_out_at.is_(None)).limit(1)) is not None


def _ways(session: Session, site: Site, notice: Notice) -> Iterator[tuple[str, str]]:
    mail = site.notices.mail
    if mail is not None:
        names = session.scalars(select(User.name).join(NoticePerson, NoticePerson.user_id == User.id)
                                .where(NoticePerson.notice_id == notice.id))
        yield from ((MAIL, mail.people[name]) for name in names if name in mail.people)
    if notice.what == "warned" or notice.whom not in set(Role):
        return      # a warning, and what concerns one person, is nothing for a group
    estate = _site_estate(session, site, notice)
    for to in mail.to if mail is not None else ():
        if Role(notice.whom) in to.tell and _concerns(to.estates, estate):
            yield MAIL, to.address
    for robot in site.notices.robots:
        if Role(notice.whom) in robot.tell and _concerns(robot.estates, estate):
            yield f"robot:{robot.id}", ""


def _concerns(estates: Iterable[str], estate: str | None) -> bool:
    """What belongs to no estate concerns all."""
    named = set(estates)
    return not named or estate is None or estate in named


def _site_estate(session: Session, site: Site, notice: Notice) -> str | None:
    """The estate's id in the site file; its name where the file has none: then only those of all estates are told."""
    name = session.scalar(select(Estate.name).join(Ticket, Ticket.estate_id == Estate.id).where(Ticket.id == notice.ticket_id))
    return None if name is None else site.estate_ids.get(name, name)


def _over(notice: Notice) -> str | None:
    return "settled" if notice.settled_at is not None else "acknowledged" if notice.acknowledged_at is not None else None


def _says(session: Session, row: Delivery, _now: datetime) -> Message:
    notice = session.get_one(Notice, row.notice_id)
    if (why := _over(notice)) is not None:
        raise Needless(why)
    ticket, clock = session.get_one(Ticket, notice.ticket_id), session.get_one(TicketClock, notice.clock_id)
    estate = session.get(Estate, ticket.estate_id) if ticket.estate_id is not None else None
    name = read(clock.terms).name
    return Message(
        notice_id=notice.id, delivery_id=row.id, number=ticket.number, kind=_kind(session, ticket),
        estate=Named(estate.name, estate.name_en or estate.name) if estate else None, clock=Named(name.zh, name.en),
        what=notice.what, due_at=clock.due_at)


def _kind(session: Session, ticket: Ticket) -> Named:
    try:
        name = kind_of(session, ticket.kind, ticket.kind_version).kind.name
    except NotFound:      # of a ticket older than its kind's definition
        return Named(ticket.kind, ticket.kind)
    return Named(name.zh, name.en)


NOTICES: Final = Letters("notices", Delivery, _says)
