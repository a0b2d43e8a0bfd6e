"""One leader leads at a time. A shift is handed over in two acts, so that nobody believes that the other has it: whoever goes
says what is to be known, whoever comes accepts it with what is open. From one who left without a word it is taken, with a
reason."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from callcenter.errors import Conflict, Forbidden, NotFound, check_version
from callcenter.roles import Role
from crm.outbox.service import note
from crm.paging import Order, Page
from crm.shifts.matters import MATTERS, hidden, open_now, shown
from crm.shifts.models import LeaderShift, ShiftEntry
from crm.shifts.schemas import EntryShown, How, NewEntry, ShiftRead, ShiftShown, Sort
from crm.staff.actor import Actor
from crm.staff.audit import record_audit
from crm.staff.models import User

LEADS: Final = frozenset({Role.LEADER, Role.SUPERVISOR, Role.DUTY_LEAD, Role.MANAGER})      # who may have a shift
ORDER: Final[Order[LeaderShift]] = Order("leader_shifts", LeaderShift.began_at, LeaderShift.id, newest_first=True)


class ShiftOn(Conflict):
    """Somebody leads already: it is handed over, or taken with a reason."""

    code = "shift_on"


class NoShift(Conflict):
    """Nobody leads now, or not in this shift any more."""

    code = "no_shift"


class NotOffered(Conflict):
    """Its leader has not handed it over, or to somebody else, or is oneself."""

    code = "not_offered"


class NobodyToLead(NotFound):
    """No such user who may lead."""

    code = "nobody_to_lead"


def now_on(session: Session) -> LeaderShift | None:
    return session.scalar(select(LeaderShift).where(LeaderShift.on.is_(True)))


def begin(session: Session, actor: Actor, reason: str | None, now: datetime) -> ShiftRead:
    """Where nobody leads; with a reason, from whoever does. Raises ShiftOn."""
    before = _held(session, None)
    if before is None:
        row = _led(session, actor, How.BEGUN, now)
    elif before.user_id == actor.user_id or not reason:
        raise ShiftOn
    else:
        _over(session, before, now)
        row = _led(session, actor, How.TAKEN, now, before, reason)
    return read(session, actor, row.id, now)


def add_entry(session: Session, actor: Actor, given: NewEntry, now: datetime) -> EntryShown:
    """Into the log of the shift that lasts, whoever leads. Raises NoShift."""
    row = _held(session, None)
    if row is None:
        raise NoShift
    entry = ShiftEntry(shift_id=row.id, at=now, who=actor.name, user_id=actor.user_id, sort=given.sort.value, text=given.text,
                       subject=given.subject)
    session.add(entry)
    session.flush()
    _told(session, row, actor, "noted", now)
    return _entry(entry)


def hand_over(session: Session, actor: Actor, shift_id: int, words: str, to: str | None, now: datetime,
              if_version: int) -> ShiftRead:
    """Offers it; until somebody accepts it stays where it is, and may be offered anew. Raises NoShift, Forbidden, NobodyToLead,
    Changed."""
    row = _own(session, actor, shift_id, if_version)
    if to is not None:
        user = session.scalar(select(User).where(User.name == to, User.active.is_(True)))
        if user is None or user.id == row.user_id or not LEADS & {Role(role) for role in user.roles}:
            raise NobodyToLead(to)
    row.words, row.to, row.offered_at = words, to, now
    row.version += 1
    _told(session, row, actor, "offered", now, to or "")
    return read(session, actor, row.id, now)


def withdraw(session: Session, actor: Actor, shift_id: int, now: datetime, if_version: int) -> None:
    """The offer. Raises NoShift, Forbidden, Changed."""
    row = _own(session, actor, shift_id, if_version)
    row.words = row.to = row.offered_at = None
    row.version += 1
    _told(session, row, actor, "withdrawn", now)


def accept(session: Session, actor: Actor, shift_id: int, now: datetime, if_version: int) -> ShiftRead:
    """The new shift. Raises NoShift, NotOffered, Changed."""
    row = _on(session, shift_id)
    check_version(row.version, if_version)
    if row.offered_at is None or row.user_id == actor.user_id or row.to not in (None, actor.name):
        raise NotOffered
    _over(session, row, now)
    return read(session, actor, _led(session, actor, How.HANDED, now, row).id, now)


def shifts(session: Session, *, cursor: str | None, limit: int) -> Page[ShiftShown]:
    """Newest first. Raises BadCursor."""
    rows = session.scalars(ORDER.after(select(LeaderShift), cursor).limit(limit + 1)).all()
    return ORDER.page(rows, limit, _shown)


def read(session: Session, actor: Actor, shift_id: int, now: datetime) -> ShiftRead:
    """With its log, oldest first, without lines on what the actor must not know of. Raises NotFound."""
    row = session.get(LeaderShift, shift_id)
    if row is None:
        raise NotFound(f"shift {shift_id}")
    entries = session.scalars(select(ShiftEntry).where(ShiftEntry.shift_id == row.id).order_by(ShiftEntry.id)).all()
    unread = hidden(session, actor) if any(entry.subject for entry in entries) else frozenset()
    matters = open_now(session, now) if row.matters is None else MATTERS.validate_python(row.matters)
    read_out = tuple(_entry(entry) for entry in entries if entry.subject not in unread)
    return ShiftRead(_shown(row), read_out, shown(session, actor, matters))


def _held(session: Session, shift_id: int | None) -> LeaderShift | None:
    """The one that lasts, locked."""
    row = session.scalar(select(LeaderShift).where(LeaderShift.on.is_(True)).with_for_update()
                         .execution_options(populate_existing=True))
    return row if row is not None and shift_id in (None, row.id) else None


def _on(session: Session, shift_id: int) -> LeaderShift:
    row = _held(session, shift_id)
    if row is None:
        raise NoShift
    return row


def _own(session: Session, actor: Actor, shift_id: int, if_version: int) -> LeaderShift:
    """One's own; those above a leader may act for one who is gone."""
    row = _on(session, shift_id)
    if row.user_id != actor.user_id and not actor.has(*(LEADS - {Role.LEADER})):
        raise Forbidden
    check_version(row.version, if_version)
    return row


def _over(session: Session, row: LeaderShift, now: datetime) -> None:
    row.on, row.ended_at = None, now
    row.matters = MATTERS.dump_python(open_now(session, now), mode="json")
    row.version += 1
    session.flush()


def _led(session: Session, actor: Actor, how: How, now: datetime, before: LeaderShift | None = None,
         reason: str | None = None) -> LeaderShift:
    row = LeaderShift(user_id=actor.user_id, who=actor.name, began_at=now, how=how.value, after_id=before.id if before else None,
                      reason=reason, on=True)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:      # PostgreSQL: two began at once
        raise ShiftOn from error
    _told(session, row, actor, how.value, now, f"{before.who if before else ''}: {reason or ''}" if before else "")
    return row


def _told(session: Session, row: LeaderShift, actor: Actor, what: str, now: datetime, detail: str = "") -> None:
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action=f"shift.{what}", subject=f"shift:{row.id}",
                 detail=detail[:200] or None)
    note(session, now, f"shift.{what}", f"shift:{row.id}")


def _shown(row: LeaderShift) -> ShiftShown:
    return ShiftShown(row.id, row.who, row.began_at, How(row.how), row.after_id, row.reason, row.words, row.to, row.offered_at,
                      row.ended_at, row.version)


def _entry(row: ShiftEntry) -> EntryShown:
    return EntryShown(row.id, row.at, row.who, Sort(row.sort), row.text, row.subject)
