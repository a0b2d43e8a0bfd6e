"""Numbers that are treated in their own way: reported by agents, set and lifted by leaders, all of it audited (D1)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.errors import Conflict, NotFound
from callcenter.numbers import normalise
from crm.callers.models import Treatment
from crm.callers.schemas import Level, State, TreatmentShown
from crm.staff.audit import record_audit
from crm.staff.schemas import UserShown


class NumberUnusable(Conflict):
    """A withheld or unreadable number cannot be recognised when it calls again."""

    code = "number_unusable"
    status = 422


class UntilIsPast(Conflict):
    code = "until_is_past"
    status = 422


def report(session: Session, number: str, reason: str, by: UserShown, now: datetime, *,
           call_id: str | None = None) -> TreatmentShown:
    """An agent's word: a proposal to warn the number, which changes nothing until a leader has decided."""
    return _add(session, number, "warn", "reported", reason, by, now, call_id=call_id)


def treat(session: Session, number: str, level: Level, reason: str, by: UserShown, now: datetime, *,
          until: datetime | None = None, call_id: str | None = None) -> TreatmentShown:
    """In place of what held for the number before; reports about it are settled with it."""
    if until is not None and until <= now:
        raise UntilIsPast
    key = _key(number)
    before = session.scalars(select(Treatment).where(
        Treatment.number == key, Treatment.state.in_(("active", "reported"))).with_for_update()).all()
    for row in before:
        _lift(row, by, now)
    session.flush()
    return _add(session, number, level, "active", reason, by, now, until=until, call_id=call_id)


def lift(session: Session, treatment_id: int, reason: str, by: UserShown, now: datetime) -> TreatmentShown:
    """Of one that holds, or of a report that was not followed."""
    row = session.get(Treatment, treatment_id, with_for_update=True)
    if row is None:
        raise NotFound(f"treatment {treatment_id}")
    if row.state == "lifted":
        raise Conflict(f"treatment {treatment_id} is lifted")
    _lift(row, by, now)
    record_audit(session, at=now, who=by.name, user_id=by.user_id, action="caller.lifted", subject=f"treatment:{row.id}",
                 detail=f"{row.level}: {reason}")
    session.flush()
    return _shown(row)


def treatments(session: Session, *, state: State | None = None, number: str | None = None, before_id: int | None = None,
               limit: int = 50) -> list[TreatmentShown]:
    """Newest first; for the next page give the last one's id as `before_id`."""
    query = select(Treatment).order_by(Treatment.id.desc()).limit(limit)
    if state is not None:
        query = query.where(Treatment.state == state)
    if number is not None:
        query = query.where(Treatment.number == normalise(number))
    if before_id is not None:
        query = query.where(Treatment.id < before_id)
    return [_shown(row) for row in session.scalars(query)]


def _add(session: Session, number: str, level: Level, state: State, reason: str, by: UserShown, now: datetime, *,
         until: datetime | None = None, call_id: str | None = None) -> TreatmentShown:
    row = Treatment(number=_key(number), level=level, state=state, reason=reason, by=by.name, at=now, until=until,
                    call_id=call_id)
    session.add(row)
    session.flush()
    record_audit(session, at=now, who=by.name, user_id=by.user_id,
                 action="caller.reported" if state == "reported" else "caller.treated", subject=f"treatment:{row.id}",
                 detail=f"{level}: {reason}")
    return _shown(row)


def _lift(row: Treatment, by: UserShown, now: datetime) -> None:
    row.state, row.lifted_by, row.lifted_at = "lifted", by.name, now


def _key(number: str) -> str:
    key = normalise(number)
    if not key:
        raise NumberUnusable
    return key


def _shown(row: Treatment) -> TreatmentShown:
    return TreatmentShown(row.id, row.number, _LEVELS[row.level], _STATES[row.state], row.reason, row.call_id, row.by, row.at,
                          row.until, row.lifted_by, row.lifted_at)


_LEVELS: dict[str, Level] = {"warn": "warn", "queue": "queue", "block": "block", "press": "press"}
_STATES: dict[str, State] = {"reported": "reported", "active": "active", "lifted": "lifted"}
