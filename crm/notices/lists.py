"""The notices of one user."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.site.parts import Words
from crm.clocks.models import TicketClock
from crm.clocks.terms import read
from crm.notices.models import Notice, NoticePerson
from crm.notices.service import UNHEARD_IS_WELL
from crm.paging import Order, Page
from crm.staff.actor import Actor
from crm.staff.models import User
from crm.tickets.listing import not_about
from crm.tickets.models import Ticket

ORDER: Final[Order[Any]] = Order("notices", Notice.at, Notice.id, newest_first=True)


@dataclass(frozen=True)
class NoticeShown:
    notice_id: int
    ticket_id: int
    number: str
    kind: str
    estate_id: int | None
    clock: str
    name: Words                      # the clock's
    what: str                        # told (it has begun); warned; broken (a rung); climbed (nobody below acknowledged)
    whom: str                        # why you: your role, `owner` or `assignee`
    at: datetime
    due_at: datetime | None
    is_waiting: bool                 # for somebody to acknowledge it
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    climbed_at: datetime | None      # nobody acknowledged in time
    settled_at: datetime | None      # its clock ended


def notices(session: Session, actor: Actor, *, all_of_them: bool = False, cursor: str | None = None,
            limit: int = 50) -> Page[NoticeShown]:
    """The actor's own, newest first: those that wait for nobody else, or all. Raises BadCursor."""
    query = _told(actor)
    if not all_of_them:
        query = query.where(Notice.acknowledged_at.is_(None), Notice.settled_at.is_(None))
    rows = session.execute(ORDER.after(query, cursor).limit(limit + 1)).all()
    of = {notice.id: (notice, ticket, clock, name) for notice, ticket, clock, name in rows}
    return ORDER.page([row[0] for row in rows], limit, lambda notice: _shown(*of[notice.id]))


def one(session: Session, actor: Actor, notice_id: int) -> NoticeShown:
    """Of which it is known that it is the actor's."""
    return _shown(*session.execute(_told(actor).where(Notice.id == notice_id)).one())


def _told(actor: Actor) -> Any:
    return (select(Notice, Ticket, TicketClock, User.name).join(NoticePerson, NoticePerson.notice_id == Notice.id)
            .join(Ticket, Ticket.id == Notice.ticket_id).join(TicketClock, TicketClock.id == Notice.clock_id)
            .outerjoin(User, User.id == Notice.acknowledged_by).where(NoticePerson.user_id == actor.user_id, *not_about(actor)))


def _shown(notice: Notice, ticket: Ticket, clock: TicketClock, acknowledged_by: str | None) -> NoticeShown:
    return NoticeShown(
        notice_id=notice.id, ticket_id=ticket.id, number=ticket.number, kind=ticket.kind, estate_id=ticket.estate_id,
        clock=clock.clock, name=read(clock.terms).name, what=notice.what, whom=notice.whom, at=notice.at, due_at=clock.due_at,
        is_waiting=notice.what not in UNHEARD_IS_WELL and notice.acknowledged_at is None and notice.settled_at is None,
        acknowledged_at=notice.acknowledged_at, acknowledged_by=acknowledged_by, climbed_at=notice.climbed_at,
        settled_at=notice.settled_at)
