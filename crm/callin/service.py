"""Call-ins as the pages have them: listed, begun and ended by hand, answered by whoever is asked. Callers commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from callcenter.errors import NotFound
from callcenter.site import Site
from callcenter.storm import Coming
from crm.callin.calling import CallingIn, How
from crm.callin.mobiles import may_choose
from crm.callin.models import CalledRow, CallInPerson, CallInRow
from crm.callin.rounds import Act
from crm.callin.schemas import CalledShown, CallInOver, CallInShown, MyCallIn, NoMobile, NotNow, UnknownSkill
from crm.callin.words import PLAN
from crm.notices.words import Named
from crm.paging import Order, Page
from crm.staff.actor import Actor
from crm.staff.audit import record_audit

_ORDER: Final[Order[CallInRow]] = Order("call_ins", CallInRow.begun_at, CallInRow.id, newest_first=True)
_IS: Final = {Act.ACCEPT: Coming.ACCEPTED, Act.REFUSE: Coming.REFUSED, Act.ARRIVE: Coming.ARRIVED}


def call_ins(session: Session, *, open_only: bool = False, cursor: str | None = None, limit: int = 50) -> Page[CallInShown]:
    query = select(CallInRow).where(CallInRow.released_at.is_(None)) if open_only else select(CallInRow)
    rows = session.scalars(_ORDER.after(query, cursor).limit(limit + 1)).all()
    return _ORDER.page(rows, limit, lambda row: _shown(session, row))


def call_in(session: Session, call_in_id: int) -> CallInShown:
    row = session.get(CallInRow, call_in_id)
    if row is None:
        raise NotFound(f"call-in {call_in_id}")
    return _shown(session, row)


def begin(session: Session, actor: Actor, site: Site, tier: int, reason: str, skills: Sequence[str], now: datetime) -> CallInShown:
    """By hand, without a surge."""
    if set(skills) - {queue.id for queue in site.queues}:
        raise UnknownSkill
    row = CallingIn(site).call_in(session, None, tier, now, by=actor.name, reason=reason, skills=skills)
    _audit(session, actor, row.id, "call_in.begun", now, f"tier={tier} {reason}")
    return _shown(session, row)


def end(session: Session, actor: Actor, site: Site, call_in_id: int, now: datetime) -> CallInShown:
    """Whoever began it. Raises NotFound, CallInOver."""
    call_in(session, call_in_id)
    if not CallingIn(site).let_go(session, call_in_id, now, by=actor.name):
        raise CallInOver
    _audit(session, actor, call_in_id, "call_in.released", now)
    return call_in(session, call_in_id)


def mine(session: Session, actor: Actor, site: Site) -> list[MyCallIn]:
    """Where the user is asked now, or is on the way."""
    rows = session.execute(
        select(CalledRow, CallInRow, CallInPerson).join(CallInRow, CallInRow.id == CalledRow.call_in_id)
        .join(CallInPerson, CallInPerson.id == CalledRow.person_id)
        .where(CallInRow.released_at.is_(None), _is_own(actor)).order_by(CallInRow.id))
    plans = {3: Named(PLAN["zh"], PLAN["en"])}
    return [MyCallIn(row.id, row.tier, Coming(called.state), called.since, called.due_at, called.seat, plans.get(row.tier),
                     on_mobile=(own := called.seat in site.mobile_seats), mobile=not own and may_choose(session, site, person))
            for called, row, person in rows]


def answer_own(session: Session, actor: Actor, site: Site, call_in_id: int, act: Act, now: datetime, *,
               mobile: bool = False) -> CallInShown:
    """By the person. `mobile`: calls are to come to their own phone. Raises NotFound for who is not on that list, CallInOver,
    NotNow, NoMobile."""
    person = session.scalar(select(CallInPerson).join(CalledRow, CalledRow.person_id == CallInPerson.id)
                            .where(CalledRow.call_in_id == call_in_id, _is_own(actor)))
    if person is None:
        raise NotFound(f"call-in {call_in_id}")
    if mobile and not may_choose(session, site, person):
        raise NoMobile
    return answer(session, actor, site, call_in_id, person.id, act, now, how="page", mobile=mobile)


def answer(session: Session, actor: Actor, site: Site, call_in_id: int, person_id: int, act: Act, now: datetime, *,
           how: How = "leader", mobile: bool = False) -> CallInShown:
    """For somebody, by a leader who was told. Saying the same again is as good as once."""
    shown = call_in(session, call_in_id)
    if person_id not in {one.person_id for one in shown.called}:
        raise NotFound(f"call-in {call_in_id} person {person_id}")
    called = CallingIn(site).answer(session, call_in_id, person_id, act, now, how=how, mobile=mobile)
    if called is None:
        raise CallInOver
    if called.state != _IS[act]:
        raise NotNow
    _audit(session, actor, call_in_id, f"call_in.{called.state}", now, f"person={person_id} how={how}")
    return call_in(session, call_in_id)


def _is_own(actor: Actor) -> ColumnElement[bool]:
    return or_(CallInPerson.user_id == actor.user_id, CallInPerson.agent == actor.agent) if actor.agent is not None \
        else CallInPerson.user_id == actor.user_id


def _shown(session: Session, row: CallInRow) -> CallInShown:
    called = session.execute(select(CalledRow, CallInPerson).join(CallInPerson, CallInPerson.id == CalledRow.person_id)
                             .where(CalledRow.call_in_id == row.id).order_by(CalledRow.place))
    people = tuple(CalledShown(person.id, person.name, Coming(one.state), one.since, person.agent, one.tries, one.due_at,
                               one.arrived_at, one.how, one.seat) for one, person in called)
    return CallInShown(
        row.id, row.surge_id, row.tier, row.reason, tuple(row.skills), row.wanted, row.begun_at, row.begun_by, row.released_at,
        row.released_by, people)


def _audit(session: Session, actor: Actor, call_in_id: int, action: str, now: datetime, detail: str | None = None) -> None:
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action=action, subject=f"call_in:{call_in_id}",
                 detail=detail)
