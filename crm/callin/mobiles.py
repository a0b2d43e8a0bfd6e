"""Who was called in and takes calls on their own mobile: lent a seat, signed in there, signed out when it is over (B3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.commands import Answer, Command, SignIn, SignOut
from callcenter.errors import Unavailable
from callcenter.numbers import as_dialled
from callcenter.site import Site
from callcenter.storm import Coming
from crm.callin import lists
from crm.callin.models import CalledRow, CallInPerson, CallInRow
from crm.database import Database

# acd will not, however often it is asked.
NEVER: Final = frozenset({"unknown_agent", "unknown_seat", "seat_unreachable", "refused"})
TAKEN: Final = "seat_taken"

log = structlog.get_logger("call_in")


@dataclass(frozen=True)
class Lent:
    """A mobile seat and for whom. `over`: the call-in is; `sits_at` None: the agent is signed in nowhere."""

    called_id: int
    agent: str
    number: str
    seat: str
    state: Coming
    over: bool
    sits_at: str | None


def order_for(lent: Lent) -> SignIn | SignOut | None:
    """Signed in once, when they accept: who signs out by hand afterwards, or sits elsewhere, is left alone."""
    if _holds(lent):
        waits = lent.state is Coming.ACCEPTED and lent.sits_at is None
        return SignIn(lent.agent, lent.seat, as_dialled(lent.number)) if waits else None
    return SignOut(lent.agent) if lent.sits_at == lent.seat else None


def is_given_back(lent: Lent) -> bool:
    """The seat is another's to take: they do not come, or sit there no more."""
    there = lent.sits_at == lent.seat
    return not there and (not _holds(lent) or lent.state is Coming.ARRIVED)


def _holds(lent: Lent) -> bool:
    return not lent.over and lent.state in (Coming.ACCEPTED, Coming.ARRIVED)


class Mobiles:
    """`ask` gives acd an order. A crash anywhere leaves the seat noted with its person, and the next step goes on."""

    def __init__(self, database: Database, site: Site, ask: Callable[[Command], Answer]) -> None:
        self._database, self._site, self._ask = database, site, ask

    def step(self) -> None:
        """Raises SQLAlchemyError."""
        if not self._site.mobile_seats:
            return
        with self._database.reading() as session:
            found = lent(session, self._site)
        for one in found:
            if is_given_back(one):
                self._moves(one, None)
            elif (order := order_for(one)) is not None:
                self._asks(one, order)

    def _asks(self, one: Lent, order: SignIn | SignOut) -> None:
        try:
            answer = self._ask(order)
        except Unavailable as error:
            log.info("mobile_waits", called=one.called_id, reason=error.code)      # the next second
            return
        if answer.is_done or isinstance(order, SignOut):
            return
        log.warning("mobile_not_signed_in", called=one.called_id, code=answer.code)
        if answer.code == TAKEN or answer.code in NEVER:
            with self._database.reading() as session:
                other = lists.spare_seat(session, self._site, lists.kept(session), mobile=answer.code == TAKEN)
            self._moves(one, other)

    def _moves(self, one: Lent, seat: str | None) -> None:
        with self._database.writing.begin() as session:
            row = session.get(CalledRow, one.called_id, with_for_update=True)
            if row is not None and row.seat == one.seat:
                row.seat = seat


def lent(session: Session, site: Site) -> list[Lent]:
    """Also of call-ins that are over, until everything is given back."""
    rows = session.execute(
        select(CalledRow, CallInPerson, CallInRow.released_at).join(CallInPerson, CallInPerson.id == CalledRow.person_id)
        .join(CallInRow, CallInRow.id == CalledRow.call_in_id)
        .where(CalledRow.seat.in_(site.mobile_seats)).order_by(CalledRow.id)).all()
    here = lists.signed_in(session) if rows else {}
    return [Lent(row.id, person.agent or "", person.number, row.seat or "", Coming(row.state), released_at is not None,
                 here.get(person.agent or "")) for row, person, released_at in rows]


def may_choose(session: Session, site: Site, person: CallInPerson) -> bool:
    """Whether a mobile can be offered: the person is an agent with a number, and a seat is left, also when everybody who is being
    asked now should take one."""
    if not (site.mobile_seats and site.free_seating and person.agent and person.number):
        return False
    asked = session.scalars(select(CalledRow.id).where(CalledRow.state == Coming.RINGING.value, CalledRow.person_id != person.id))
    return len(lists.spare_seats(session, site, lists.kept(session), mobile=True)) > len(asked.all())
