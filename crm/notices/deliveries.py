"""Which deliveries a notice makes by the site file, which are due, and what became of one. Callers commit.

A delivery is taken for a while before it is sent, in a transaction of its own: two processes do not send the same one, and one
that dies while sending leaves it to be sent again, under the same id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.errors import NotFound
from callcenter.roles import Role
from callcenter.site import Site
from crm.clocks.models import TicketClock
from crm.clocks.terms import read
from crm.households.models import Estate
from crm.kinds.service import kind_of
from crm.notices.channels import MAIL as MAIL
from crm.notices.models import Delivery, Notice, NoticePerson
from crm.notices.words import Letter, Message, Named
from crm.staff.models import User
from crm.tickets.models import Ticket

TAKEN_FOR: Final = timedelta(seconds=60)
TRIES: Final = 8
LONGEST_WAIT: Final = timedelta(minutes=30)


@dataclass(frozen=True)
class Taken:
    delivery_id: int
    tries: int
    channel: str
    address: str
    message: Letter


def wait(tries: int) -> timedelta:
    """Before the next try: 10 s, 30 s, 90 s … up to half an hour; all tries together take about an hour and a half."""
    return min(timedelta(seconds=10 * 3 ** (tries - 1)), LONGEST_WAIT)


def fan_out(session: Session, site: Site, now: datetime, limit: int = 200) -> int:
    """Makes the deliveries of new notices. Those whose clock has ended since are told to nobody outside any more."""
    notices = session.scalars(select(Notice).where(Notice.fanned_out_at.is_(None)).order_by(Notice.id).limit(limit)
                              .with_for_update(skip_locked=True)).all()
    for notice in notices:
        notice.fanned_out_at = now
        if notice.settled_at is None:
            session.add_all(Delivery(notice_id=notice.id, channel=channel, address=address, next_at=now)
                            for channel, address in sorted(set(_ways(session, site, notice))))
    session.flush()
    return len(notices)


def is_anything(session: Session, now: datetime) -> bool:
    """To be made or to be sent."""
    new = session.scalar(select(Notice.id).where(Notice.fanned_out_at.is_(None)).limit(1))
    due = session.scalar(select(Delivery.id).where(Delivery.next_at <= now).limit(1))
    return new is not None or due is not None


def take(session: Session, now: datetime, limit: int = 20) -> list[Taken]:
    rows = session.execute(
        select(Delivery, Notice, Ticket, TicketClock).join(Notice, Notice.id == Delivery.notice_id)
        .join(Ticket, Ticket.id == Notice.ticket_id).join(TicketClock, TicketClock.id == Notice.clock_id)
        .where(Delivery.next_at <= now).order_by(Delivery.next_at).limit(limit)
        .with_for_update(skip_locked=True, of=Delivery)).all()
    taken = []
    for delivery, notice, ticket, clock in rows:
        delivery.tries, delivery.next_at = delivery.tries + 1, now + TAKEN_FOR
        taken.append(Taken(delivery.id, delivery.tries, delivery.channel, delivery.address,
                           _message(session, delivery, notice, ticket, clock)))
    session.flush()
    return taken


def sent(session: Session, taken: Taken, now: datetime) -> None:
    if (delivery := _still(session, taken)) is not None:
        delivery.sent_at, delivery.next_at, delivery.error = now, None, None


def not_sent(session: Session, taken: Taken, code: str, now: datetime) -> None:
    if (delivery := _still(session, taken)) is None:
        return
    delivery.error = code[:80]
    if taken.tries >= TRIES:
        delivery.next_at, delivery.failed_at = None, now
    else:
        delivery.next_at = now + wait(taken.tries)


def failing(session: Session, since: datetime) -> int:
    """Deliveries that were given up since, or whose last try failed."""
    given_up = select(func.count()).select_from(Delivery).where(Delivery.failed_at >= since)
    again = select(func.count()).select_from(Delivery).where(Delivery.next_at.is_not(None), Delivery.error.is_not(None))
    return (session.scalar(given_up) or 0) + (session.scalar(again) or 0)


def _still(session: Session, taken: Taken) -> Delivery | None:
    """None when it took so long that another process has taken it since."""
    row = session.get_one(Delivery, taken.delivery_id, with_for_update=True, populate_existing=True)
    return row if row.tries == taken.tries and row.sent_at is None else None


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


def _message(session: Session, delivery: Delivery, notice: Notice, ticket: Ticket, clock: TicketClock) -> Message:
    estate = session.get(Estate, ticket.estate_id) if ticket.estate_id is not None else None
    name = read(clock.terms).name
    return Message(
        notice_id=notice.id, delivery_id=delivery.id, number=ticket.number, kind=_kind(session, ticket),
        estate=Named(estate.name, estate.name_en or estate.name) if estate else None, clock=Named(name.zh, name.en),
        what=notice.what, due_at=clock.due_at)


def _kind(session: Session, ticket: Ticket) -> Named:
    try:
        name = kind_of(session, ticket.kind, ticket.kind_version).kind.name
    except NotFound:      # of a ticket older than its kind's definition
        return Named(ticket.kind, ticket.kind)
    return Named(name.zh, name.en)
