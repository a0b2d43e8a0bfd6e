"""Notices: told, acknowledged, climbing when nobody does, settled when their clock ends. Callers commit.

Order of locks everywhere: the ticket, then its clocks, then their notices.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from callcenter.errors import NotFound
from crm.clocks.models import TicketClock
from crm.kinds.schema import Kind
from crm.kinds.service import kind_of
from crm.notices.ladder import Known, above, people
from crm.notices.models import Notice, NoticePerson
from crm.outbox.service import note
from crm.staff.actor import Actor
from crm.staff.models import User
from crm.tickets.listing import not_about
from crm.tickets.models import Ticket, TicketEvent
from crm.tickets.rules import barred

UNHEARD_IS_WELL = ("told", "warned")     # need no acknowledgement


class Telling:
    """What one transaction tells: users and kinds are asked for once, and rows written together. `finish` writes them.

    A thousand clocks may come due at nine, and on SQLite nobody else writes while they are told of.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._users: list[Known] | None = None
        self._kinds: dict[tuple[str, int], Kind | None] = {}
        self._told: list[tuple[Notice, tuple[int, ...], Ticket, str]] = []

    def tell(self, ticket: Ticket, clock: TicketClock, what: str, whom: str, now: datetime, *, rung: int | None = None,
             parent: Notice | None = None) -> None:
        """To `whom` (role, `owner`, `assignee`); where that is nobody, at once to who stands above. A warning, or that the clock
        has begun, climbs no further than that and needs no acknowledgement. Whom the ticket is about is not told of it (D3)."""
        users = self._may_know(ticket)
        above_it: str | None = whom
        while above_it is not None:
            found = people(above_it, users, estate_id=ticket.estate_id, owner_id=ticket.owner_id,
                           assignee_id=ticket.assignee_id)
            notice = Notice(ticket_id=ticket.id, clock_id=clock.id, round=clock.round, rung=rung, what=what, whom=above_it,
                            at=now, waits_since=now if found and what not in UNHEARD_IS_WELL else None,
                            parent_id=parent.id if parent else None, climbed_at=None if found else now,
                            fanned_out_at=None if found else now)
            self._session.add(notice)
            self._told.append((notice, found, ticket, clock.clock))
            if found:
                return
            self._session.flush()     # the next one names it
            parent, what, above_it = notice, what if what in UNHEARD_IS_WELL else "climbed", above(above_it)

    def finish(self) -> None:
        if not self._told:
            return
        self._session.flush()
        for notice, found, ticket, clock in self._told:
            self._session.add_all(NoticePerson(user_id=user_id, notice_id=notice.id) for user_id in found)
            note(self._session, notice.at, "notice.sent", f"notice:{notice.id}", estate_id=ticket.estate_id, ticket=ticket.id,
                 number=ticket.number, clock=clock, about=notice.what, whom=notice.whom, users=list(found))
        self._told.clear()
        self._session.flush()

    def _may_know(self, ticket: Ticket) -> list[Known]:
        """Active users, without those whom the ticket is about."""
        if self._users is None:
            rows = self._session.execute(select(User.id, User.name, User.roles, User.estates).where(User.active)
                                         .order_by(User.id))
            self._users = [Known(row.id, row.name, frozenset(row.roles), None if row.estates is None else frozenset(row.estates))
                           for row in rows]
        version = (ticket.kind, ticket.kind_version)
        if version not in self._kinds:
            try:
                self._kinds[version] = kind_of(self._session, *version).kind
            except NotFound:      # of a ticket older than its kind's definition
                self._kinds[version] = None
        kind = self._kinds[version]
        return [user for user in self._users if user.user_id != ticket.about_id
                and (kind is None or not barred(kind, ticket.fields, user.name))]


def acknowledge(session: Session, actor: Actor, notice_id: int, now: datetime) -> Notice:
    """By one whom it told; the first one is kept. Raises NotFound, also when its ticket has come to be about them since (D3)."""
    told = select(NoticePerson).where(NoticePerson.notice_id == notice_id, NoticePerson.user_id == actor.user_id)
    ticket = session.scalars(
        select(Ticket).join(Notice, Notice.ticket_id == Ticket.id).where(Notice.id == notice_id, told.exists(), *not_about(actor))
        .with_for_update(key_share=True, of=Ticket)).one_or_none()
    if ticket is None:
        raise NotFound(f"notice {notice_id}")
    notice = session.scalars(select(Notice).where(Notice.id == notice_id).with_for_update()
                             .execution_options(populate_existing=True)).one()
    if notice.acknowledged_at is None:
        notice.acknowledged_at, notice.acknowledged_by, notice.waits_since = now, actor.user_id, None
        session.add(TicketEvent(ticket_id=ticket.id, at=now, who=actor.name, user_id=actor.user_id, what="acknowledged",
                                data={"notice": notice.id, "whom": notice.whom}))
        note(session, now, "notice.acknowledged", f"notice:{notice.id}", estate_id=ticket.estate_id, ticket=ticket.id,
             number=ticket.number, by=actor.user_id)
        session.flush()
    return notice


def climb(session: Session, now: datetime, within: timedelta, limit: int = 200) -> int:
    """What nobody acknowledged `within` goes one up; how many notices were looked at."""
    rows = session.execute(unheard(now - within, limit)).all()
    telling = Telling(session)
    for notice, ticket, clock in rows:
        notice.waits_since, notice.climbed_at = None, now
        up = above(notice.whom)
        if up is None:      # the top was told; it stays on its page until it is acknowledged or the clock ends
            continue
        if not _is_told(session, clock, up):
            telling.tell(ticket, clock, "climbed", up, now, rung=notice.rung, parent=notice)
    telling.finish()
    return len(rows)


def unheard(before: datetime, limit: int) -> Select[Notice, Ticket, TicketClock]:
    """Waiting since before then, longest first; without those whose ticket somebody is working on this moment."""
    return (select(Notice, Ticket, TicketClock).join(Ticket, Ticket.id == Notice.ticket_id)
            .join(TicketClock, TicketClock.id == Notice.clock_id)
            .where(Notice.waits_since <= before).order_by(Notice.waits_since).limit(limit)
            .with_for_update(key_share=True, skip_locked=True, of=(Ticket, Notice))
            .execution_options(populate_existing=True))


def settle(session: Session, ticket: Ticket, clock: TicketClock, now: datetime) -> None:
    """The clock ended: nobody need acknowledge any more, nothing climbs, and all who were told are told."""
    open_ones = list(session.scalars(select(Notice.id).where(Notice.clock_id == clock.id, Notice.settled_at.is_(None))))
    if not open_ones:
        return
    session.execute(update(Notice).where(Notice.id.in_(open_ones)).values(settled_at=now, waits_since=None))
    users = session.scalars(select(NoticePerson.user_id).where(NoticePerson.notice_id.in_(open_ones)).distinct()
                            .order_by(NoticePerson.user_id))
    note(session, now, "notice.settled", f"ticket:{ticket.id}", estate_id=ticket.estate_id, number=ticket.number,
         clock=clock.clock, users=list(users))


def _is_told(session: Session, clock: TicketClock, whom: str) -> bool:
    """That it is broken, by the clock's own ladder, in this round: who was told an hour ago is not told again because somebody
    below slept. Who was told that it has begun, or warned, has not been told."""
    return session.scalars(select(Notice.id).where(
        Notice.clock_id == clock.id, Notice.round == clock.round, Notice.whom == whom,
        Notice.what.not_in(UNHEARD_IS_WELL)).limit(1)).first() is not None
