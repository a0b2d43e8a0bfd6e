"""Skills, shifts and leave: who may change them, who is on duty. Callers commit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, delete, or_, select
from sqlalchemy.orm import Session

from callcenter.errors import Conflict, Forbidden, NotFound, check_version
from callcenter.roles import Role
from crm.households.models import Estate
from crm.outbox.service import note
from crm.paging import Order, Page
from crm.roster import duty as pure
from crm.roster.models import Leave, Shift, Skill, UserSkill
from crm.staff.actor import Actor
from crm.staff.audit import record_audit
from crm.staff.models import User

CHANGES: Final = frozenset({Role.LEADER, Role.SUPERVISOR, Role.DUTY_LEAD, Role.MANAGER, Role.OFFICE, Role.ADMIN})
LONGEST_SHIFT: Final = timedelta(hours=48)
LONGEST_LEAVE: Final = timedelta(days=730)
_SHIFTS: Final[Order[Shift]] = Order("shifts", Shift.begins_at, Shift.id)
_LEAVES: Final[Order[Leave]] = Order("leaves", Leave.begins_at, Leave.id)


class UnknownUser(Conflict):
    code = "unknown_user"
    status = 422


class UnknownSkill(Conflict):
    code = "unknown_skill"
    status = 422


class WrongTimes(Conflict):
    """Ends before it begins, or is too long."""

    code = "wrong_times"
    status = 422


class ShiftOverlaps(Conflict):
    """The same person has the same duty then already."""

    code = "shift_overlaps"


@dataclass(frozen=True)
class SkillShown:
    code: str
    zh: str
    en: str
    serves: tuple[str, ...]
    retired: bool


@dataclass(frozen=True)
class ShiftShown:
    shift_id: int
    user: str
    duty: str
    estate_id: int | None
    begins_at: datetime
    ends_at: datetime
    version: int


@dataclass(frozen=True)
class LeaveShown:
    """`why` for who keeps that person's roster, and the person; others need to know only that they are away."""

    leave_id: int
    user: str
    why: str | None
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class NewShift:
    user: str
    duty: str
    estate_id: int | None
    begins_at: datetime
    ends_at: datetime


# --- skills ------------------------------------------------------------------------------------------------------------

def skills(session: Session) -> list[SkillShown]:
    return [_skill(row) for row in session.scalars(select(Skill).order_by(Skill.code))]


def put_skill(session: Session, actor: Actor, new: SkillShown, now: datetime) -> SkillShown:
    """A new one, or other words and categories of one that is there."""
    _may(actor)
    row = session.get(Skill, new.code, with_for_update=True)
    if row is None:
        row = Skill(code=new.code)
        session.add(row)
    row.zh, row.en, row.serves, row.retired = new.zh, new.en, list(new.serves), new.retired
    session.flush()
    _audit(session, actor, now, "skill.written", f"skill:{new.code}", f"serves={','.join(new.serves)} retired={new.retired}")
    return _skill(row)


def set_skills(session: Session, actor: Actor, name: str, codes: Collection[str], now: datetime) -> list[str]:
    """All that the user can. Raises NotFound, UnknownSkill."""
    _may(actor)
    user = session.scalar(select(User).where(User.name == name).with_for_update(key_share=True))
    if user is None or not _has(actor, user):
        raise NotFound(f"user {name}")
    wanted = set(codes)
    if wanted - set(session.scalars(select(Skill.code).where(Skill.retired.is_(False)))):
        raise UnknownSkill
    session.execute(delete(UserSkill).where(UserSkill.user_id == user.id, UserSkill.skill.not_in(wanted)))
    there = set(session.scalars(select(UserSkill.skill).where(UserSkill.user_id == user.id)))
    session.add_all(UserSkill(user_id=user.id, skill=code) for code in sorted(wanted - there))
    session.flush()
    _audit(session, actor, now, "user.skills_set", f"user:{name}", ",".join(sorted(wanted)))
    return sorted(wanted)


def _skill(row: Skill) -> SkillShown:
    return SkillShown(row.code, row.zh, row.en, tuple(row.serves), row.retired)


# --- shifts ------------------------------------------------------------------------------------------------------------

def shifts(session: Session, actor: Actor, since: datetime, before: datetime, *, user: str | None = None,
           estate_id: int | None = None, duty: str | None = None, cursor: str | None = None, limit: int = 50) -> Page[ShiftShown]:
    """Those of which a part lies in the time, of the actor's estates and of all estates. Raises BadCursor."""
    query = _seen(select(Shift), actor).where(Shift.ends_at > since, Shift.begins_at < before)
    if user is not None:
        query = query.where(Shift.user_id == select(User.id).where(User.name == user).scalar_subquery())
    if estate_id is not None:
        query = query.where(or_(Shift.estate_id.is_(None), Shift.estate_id == estate_id))
    if duty is not None:
        query = query.where(Shift.duty == duty)
    rows = session.scalars(_SHIFTS.after(query, cursor).limit(limit + 1)).all()
    names = _names(session, rows)
    return _SHIFTS.page(rows, limit, lambda row: _shift(row, names))


def add_shift(session: Session, actor: Actor, new: NewShift, now: datetime) -> ShiftShown:
    """Raises Forbidden, NotFound (an estate that the actor does not see), UnknownUser, WrongTimes, ShiftOverlaps."""
    _may(actor)
    _sees(session, actor, new.estate_id)
    user = _user(session, new.user)
    _within(new.begins_at, new.ends_at, LONGEST_SHIFT)
    _no_overlap(session, pure.Duty(user.id, new.duty, new.estate_id, new.begins_at, new.ends_at), None)
    row = Shift(user_id=user.id, duty=new.duty, estate_id=new.estate_id, begins_at=new.begins_at, ends_at=new.ends_at, made_at=now,
                made_by=actor.name)
    session.add(row)
    session.flush()
    _changed(session, row, now)
    return _shift(row, {user.id: user.name})


def change_shift(session: Session, actor: Actor, shift_id: int, begins_at: datetime, ends_at: datetime, now: datetime,
                 if_version: int | None = None) -> ShiftShown:
    """Other times; another person is another shift. Raises NotFound, Forbidden, Changed, WrongTimes, ShiftOverlaps."""
    row = _own(session, actor, shift_id)
    check_version(row.version, if_version)
    _within(begins_at, ends_at, LONGEST_SHIFT)
    _no_overlap(session, pure.Duty(row.user_id, row.duty, row.estate_id, begins_at, ends_at), row.id)
    row.begins_at, row.ends_at, row.version = begins_at, ends_at, row.version + 1
    session.flush()
    _changed(session, row, now)
    return _shift(row, _names(session, [row]))


def drop_shift(session: Session, actor: Actor, shift_id: int, now: datetime, if_version: int | None = None) -> None:
    row = _own(session, actor, shift_id)
    check_version(row.version, if_version)
    _changed(session, row, now)
    session.delete(row)
    session.flush()


def read_shift(session: Session, actor: Actor, shift_id: int) -> ShiftShown:
    row = session.get(Shift, shift_id)
    if row is None or not actor.sees(row.estate_id):
        raise NotFound(f"shift {shift_id}")
    return _shift(row, _names(session, [row]))


# --- leave -------------------------------------------------------------------------------------------------------------

def leaves(session: Session, actor: Actor, since: datetime, before: datetime, *, cursor: str | None = None,
           limit: int = 50) -> Page[LeaveShown]:
    query = select(Leave).where(Leave.ends_at > since, Leave.begins_at < before)
    rows = session.scalars(_LEAVES.after(query, cursor).limit(limit + 1)).all()
    people = {user.id: user for user in session.scalars(select(User).where(User.id.in_({row.user_id for row in rows})))}
    knows = {ident for ident, user in people.items() if ident == actor.user_id or (actor.has(*CHANGES) and _has(actor, user))}
    return _LEAVES.page(rows, limit, lambda row: LeaveShown(
        row.id, people[row.user_id].name, row.why if row.user_id in knows else None, row.begins_at, row.ends_at))


def add_leave(session: Session, actor: Actor, name: str, why: str, begins_at: datetime, ends_at: datetime,
              now: datetime) -> LeaveShown:
    """Raises Forbidden, UnknownUser, NotFound (of an estate that the actor does not see), WrongTimes."""
    _may(actor)
    user = _user(session, name)
    if not _has(actor, user):
        raise NotFound(f"user {name}")
    _within(begins_at, ends_at, LONGEST_LEAVE)
    row = Leave(user_id=user.id, why=why, begins_at=begins_at, ends_at=ends_at, made_at=now, made_by=actor.name)
    session.add(row)
    session.flush()
    _audit(session, actor, now, "leave.added", f"user:{user.name}", f"{begins_at.isoformat()} {ends_at.isoformat()}")
    return LeaveShown(row.id, user.name, row.why, row.begins_at, row.ends_at)


def drop_leave(session: Session, actor: Actor, leave_id: int, now: datetime) -> None:
    _may(actor)
    row = session.get(Leave, leave_id, with_for_update=True)
    if row is None or not _has(actor, session.get_one(User, row.user_id)):
        raise NotFound(f"leave {leave_id}")
    _audit(session, actor, now, "leave.dropped", f"leave:{leave_id}", f"user_id={row.user_id}")
    session.delete(row)
    session.flush()


# --- on duty -----------------------------------------------------------------------------------------------------------

def around(session: Session, moments: Sequence[datetime]) -> tuple[list[pure.Duty], list[pure.Away]]:
    """All shifts and leaves that one of the moments may fall into."""
    first, last = min(moments), max(moments)
    found = [pure.Duty(row.user_id, row.duty, row.estate_id, row.begins_at, row.ends_at) for row in session.scalars(
        select(Shift).where(Shift.ends_at > first, Shift.begins_at <= last))]
    away = [pure.Away(row.user_id, row.begins_at, row.ends_at, row.why) for row in session.scalars(
        select(Leave).where(Leave.ends_at > first, Leave.begins_at <= last))]
    return found, away


def on_duty(session: Session, actor: Actor, moment: datetime, *, estate_id: int | None = None,
            duty: str | None = None) -> list[ShiftShown]:
    """By name. Those of the actor's estates and of all estates; without who has leave, or is a user no more."""
    query = _seen(select(Shift), actor).join(User, User.id == Shift.user_id).where(
        User.active, Shift.begins_at <= moment, Shift.ends_at > moment)
    rows = session.scalars(query).all()
    away = [pure.Away(row.user_id, row.begins_at, row.ends_at, row.why) for row in session.scalars(
        select(Leave).where(Leave.ends_at > moment, Leave.begins_at <= moment))]
    by_duty = {pure.Duty(row.user_id, row.duty, row.estate_id, row.begins_at, row.ends_at): row for row in rows}
    names = _names(session, rows)
    going = pure.on_duty(by_duty, away, moment, estate_id=estate_id, duty=duty)
    return sorted((_shift(by_duty[one], names) for one in going), key=lambda one: (one.user, one.shift_id))


# --- inside ------------------------------------------------------------------------------------------------------------

def _may(actor: Actor) -> None:
    if not actor.has(*CHANGES):
        raise Forbidden


def _has(actor: Actor, user: User) -> bool:
    """Whose skills and leave the actor keeps: who works for the actor's estates and for no other."""
    return actor.estates is None or bool(user.estates and set(user.estates) <= actor.estates)


def _sees(session: Session, actor: Actor, estate_id: int | None) -> None:
    """A shift of all estates is for who sees all of them."""
    if estate_id is None and actor.estates is not None:
        raise Forbidden
    if estate_id is not None and (session.get(Estate, estate_id) is None or not actor.sees(estate_id)):
        raise NotFound(f"estate {estate_id}")


def _seen(query: Select[Shift], actor: Actor) -> Select[Shift]:
    return query if actor.estates is None else query.where(
        or_(Shift.estate_id.is_(None), Shift.estate_id.in_(sorted(actor.estates))))


def _own(session: Session, actor: Actor, shift_id: int) -> Shift:
    user_id = session.scalar(select(Shift.user_id).where(Shift.id == shift_id))
    # Its user before it, as `_user` for a new one: two shifts of the same person are looked at one after the other.
    session.execute(select(User.id).where(User.id == user_id).with_for_update())
    row = session.get(Shift, shift_id, with_for_update=True)
    if row is None or not actor.sees(row.estate_id):
        raise NotFound(f"shift {shift_id}")
    _may(actor)
    _sees(session, actor, row.estate_id)
    return row


def _user(session: Session, name: str) -> User:
    """Locked, so that two shifts for the same person are looked at one after the other."""
    user = session.scalar(select(User).where(User.name == name).with_for_update())
    if user is None or not user.active:
        raise UnknownUser
    return user


def _within(begins_at: datetime, ends_at: datetime, longest: timedelta) -> None:
    if not begins_at < ends_at <= begins_at + longest:
        raise WrongTimes


def _no_overlap(session: Session, new: pure.Duty, but: int | None) -> None:
    near = session.scalars(select(Shift).where(Shift.user_id == new.user_id, Shift.begins_at < new.ends_at,
                                               Shift.ends_at > new.begins_at))
    for row in near:
        if row.id != but and pure.overlap(new, pure.Duty(row.user_id, row.duty, row.estate_id, row.begins_at, row.ends_at)):
            raise ShiftOverlaps


def _changed(session: Session, row: Shift, now: datetime) -> None:
    note(session, now, "roster.changed", f"shift:{row.id}", estate_id=row.estate_id, user=row.user_id, duty=row.duty)


def _audit(session: Session, actor: Actor, now: datetime, action: str, subject: str, detail: str) -> None:
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action=action, subject=subject, detail=detail)


def _names(session: Session, rows: Sequence[Any]) -> dict[int, str]:
    people = {row.user_id for row in rows}
    return dict(session.execute(select(User.id, User.name).where(User.id.in_(people))).all()) if people else {}


def _shift(row: Shift, names: dict[int, str]) -> ShiftShown:
    return ShiftShown(row.id, names[row.user_id], row.duty, row.estate_id, row.begins_at, row.ends_at, row.version)
