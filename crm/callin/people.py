"""The list of who can be called in: kept by who decides about staff. Callers commit; every change is audited."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.errors import NotFound, check_version
from callcenter.numbers import as_dialled, fits, normalise
from callcenter.private import Private
from callcenter.site import Site
from crm.callin.models import CallInPerson
from crm.callin.schemas import (
    CallInPersonShown,
    NewCallInPerson,
    NumberUnusable,
    PersonThere,
    UnknownPerson,
    UnknownSkill,
)
from crm.paging import Order, Page
from crm.privacy.masks import is_mask_of
from crm.privacy.service import View
from crm.staff.actor import Actor
from crm.staff.agents_models import AgentRow
from crm.staff.audit import record_audit
from crm.staff.models import User

_ORDER: Final[Order[CallInPerson]] = Order("call_in_people", CallInPerson.place, CallInPerson.id)


def people(session: Session, view: View, *, tier: int | None = None, cursor: str | None = None,
           limit: int = 50) -> Page[CallInPersonShown]:
    """Those who are active, in the order in which they are called. Raises BadCursor."""
    query = select(CallInPerson).where(CallInPerson.active)
    if tier is not None:
        query = query.where(CallInPerson.tier == tier)
    rows = session.scalars(_ORDER.after(query, cursor).limit(limit + 1)).all()
    names = _users(session, rows)
    return _ORDER.page(rows, limit, lambda row: _shown(row, names, view))


def person(session: Session, view: View, person_id: int) -> CallInPersonShown:
    row = session.get(CallInPerson, person_id)
    if row is None:
        raise NotFound(f"call-in person {person_id}")
    return _shown(row, _users(session, [row]), view)


def add(session: Session, view: View, site: Site, new: NewCallInPerson, now: datetime) -> CallInPersonShown:
    """Raises NumberUnusable, UnknownPerson, PersonThere, UnknownSkill."""
    row = CallInPerson(name=new.name, tier=new.tier, number=_number(site, new.number), user_id=_user(session, new.user),
                       agent=_agent(session, new.agent), skills=_skills(site, new.skills), language=new.language, place=new.place,
                       active=True)
    _is_free(session, row)
    session.add(row)
    session.flush()
    _audit(session, view.actor, row, "call_in.person_added", now)
    return person(session, view, row.id)


def change(session: Session, view: View, site: Site, person_id: int, wanted: Mapping[str, Any], now: datetime,
           if_version: int | None) -> CallInPersonShown:
    """`wanted`: what is to be different, by field of NewCallInPerson. A number that is sent back masked stays."""
    row = _held(session, person_id)
    check_version(row.version, if_version)
    for name in ("name", "tier", "language", "place"):
        if name in wanted:
            setattr(row, name, wanted[name])
    if "number" in wanted and not is_mask_of(wanted["number"], row.number, Private.PHONE):
        row.number = _number(site, wanted["number"])
    if "skills" in wanted:
        row.skills = _skills(site, wanted["skills"])
    if "user" in wanted:
        row.user_id = _user(session, wanted["user"])
    if "agent" in wanted:
        row.agent = _agent(session, wanted["agent"])
    with session.no_autoflush:
        _is_free(session, row)
    row.version += 1
    session.flush()
    _audit(session, view.actor, row, "call_in.person_changed", now, ",".join(sorted(wanted)))
    return person(session, view, row.id)


def remove(session: Session, actor: Actor, person_id: int, now: datetime, if_version: int | None) -> None:
    """Is called in no more, and the number goes; lists of the past keep the name."""
    row = _held(session, person_id)
    check_version(row.version, if_version)
    row.active, row.number, row.user_id, row.agent, row.version = False, "", None, None, row.version + 1
    session.flush()
    _audit(session, actor, row, "call_in.person_removed", now)


def _held(session: Session, person_id: int) -> CallInPerson:
    row = session.get(CallInPerson, person_id, with_for_update=True)
    if row is None or not row.active:
        raise NotFound(f"call-in person {person_id}")
    return row


def _number(site: Site, given: str) -> str:
    number = normalise(given)
    if given and not (number and fits(site.dialling.numbers, as_dialled(number))):
        raise NumberUnusable
    return number


def _user(session: Session, name: str | None) -> int | None:
    if name is None:
        return None
    ident = session.scalar(select(User.id).where(User.name == name, User.active))
    if ident is None:
        raise UnknownPerson(name)
    return ident


def _agent(session: Session, code: str | None) -> str | None:
    if code is not None and session.scalar(select(AgentRow.id).where(AgentRow.code == code, AgentRow.active)) is None:
        raise UnknownPerson(code)
    return code


def _skills(site: Site, given: Any) -> list[str]:
    wanted = sorted(set(given))
    if set(wanted) - {queue.id for queue in site.queues}:
        raise UnknownSkill
    return wanted


def _is_free(session: Session, row: CallInPerson) -> None:
    others = select(CallInPerson.id).where(CallInPerson.id != (row.id or 0))
    for column, value in ((CallInPerson.user_id, row.user_id), (CallInPerson.agent, row.agent)):
        if value is not None and session.scalar(others.where(column == value).limit(1)) is not None:
            raise PersonThere


def _users(session: Session, rows: Any) -> dict[int, str]:
    idents = [row.user_id for row in rows if row.user_id is not None]
    return dict(session.execute(select(User.id, User.name).where(User.id.in_(idents))).all()) if idents else {}


def _shown(row: CallInPerson, users: Mapping[int, str], view: View) -> CallInPersonShown:
    number, user = view.show(row.number, Private.PHONE), users.get(row.user_id or 0)
    return CallInPersonShown(row.id, row.name, row.tier, number, user, row.agent, tuple(row.skills), row.language, row.place,
                             row.active, row.version)


def _audit(session: Session, actor: Actor, row: CallInPerson, action: str, now: datetime, detail: str | None = None) -> None:
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action=action, subject=f"call_in_person:{row.id}",
                 detail=detail)
