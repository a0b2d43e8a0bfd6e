"""A month's roster from a file (CSV, XLSX): all of it or, when a single row has a fault, nothing; every bad row is named."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.errors import Forbidden
from crm.households.models import Estate
from crm.households.sheet import FaultShown
from crm.outbox.service import note
from crm.roster import duty as pure
from crm.roster.models import Shift
from crm.roster.service import CHANGES, LONGEST_SHIFT
from crm.roster.table import FileReport, Row, fault, read_rows
from crm.staff.actor import Actor
from crm.staff.audit import record_audit
from crm.staff.models import User

COLUMNS: Final = ("user", "duty", "estate", "from", "to")
HEADINGS: Final = {"用户": "user", "人员": "user", "班次": "duty", "岗位": "duty", "小区": "estate", "项目": "estate",
                   "开始": "from", "结束": "to"}
DUTY: Final = re.compile(r"[a-z][a-z0-9_-]{0,19}")
_LOCAL: Final = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})[ T]([0-9]{1,2}):([0-9]{2})(:[0-9]{2})?")


def bring_in(session: Session, actor: Actor, data: bytes, now: datetime, tz: tzinfo, *, dry_run: bool) -> FileReport:
    """Columns user, duty, estate (empty: all), from, to; times are the site's, or have an offset. A row that is there already is
    none: safe to repeat. Raises Forbidden."""
    if not actor.has(*CHANGES):
        raise Forbidden
    rows, faults, count = read_rows(data, COLUMNS, (), HEADINGS)
    users: dict[str, int] = dict(session.execute(select(User.name, User.id).where(User.active)).all())
    estates = estates_by_name(session)
    wanted = [(row, one) for row in rows if (one := _duty(users, estates, actor, row, tz)) is not None]
    if faults:
        return FileReport(dry_run, count, tuple(faults))
    if not dry_run:      # as for a single shift: who changes the same people's is waited for, before theirs are read
        session.execute(select(User.id).where(User.id.in_({one.user_id for _, one in wanted})).order_by(User.id).with_for_update())
    new = _new(session, wanted, faults)
    if faults:
        return FileReport(dry_run, count, tuple(faults))
    if not dry_run and new:
        session.add_all(Shift(user_id=one.user_id, duty=one.duty, estate_id=one.estate_id, begins_at=one.begins_at,
                              ends_at=one.ends_at, made_at=now, made_by=actor.name) for one in new)
        session.flush()
        record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action="roster.imported", subject="roster",
                     detail=f"rows={count} sha256={hashlib.sha256(data).hexdigest()}")
        for estate_id in sorted({one.estate_id for one in new if one.estate_id is not None}):
            note(session, now, "roster.imported", f"estate:{estate_id}", estate_id=estate_id)
    return FileReport(dry_run, count, (), len(new), count - len(new))


def _duty(users: Mapping[str, int], estates: Mapping[str, int], actor: Actor, row: Row, tz: tzinfo) -> pure.Duty | None:
    name, duty, estate = row.text("user", 40), row.text("duty", 20), row.text("estate", 60, required=False)
    begins, ends = _moment(row, "from", tz), _moment(row, "to", tz)
    user_id = users.get(name)
    if name and user_id is None:
        row.fault("user", "user_unknown", name)
    if duty and not DUTY.fullmatch(duty):
        row.fault("duty", "code", duty)
    estate_id = estates.get(estate)
    if estate and estate_id is None:
        row.fault("estate", "estate_unknown", estate)
    elif (estate_id is None and actor.estates is not None) or not actor.sees(estate_id):
        row.fault("estate", "estate_forbidden", estate)
    if begins is not None and ends is not None:
        if ends <= begins:
            row.fault("to", "order")
        elif ends - begins > LONGEST_SHIFT:
            row.fault("to", "too_far")
    if not row.is_good or user_id is None or begins is None or ends is None:
        return None
    return pure.Duty(user_id, duty, estate_id, begins, ends)


def estates_by_name(session: Session) -> dict[str, int]:
    """In both languages."""
    found = session.execute(select(Estate.id, Estate.name, Estate.name_en)).all()
    return {name: ident for ident, _, name in found if name} | {name: ident for ident, name, _ in found}


def _moment(row: Row, column: str, tz: tzinfo) -> datetime | None:
    text = row.text(column, 40)
    if not text:
        return None
    try:
        if parts := _LOCAL.fullmatch(text):
            year, month, day, hour, minute = (int(part) for part in parts.groups()[:5])
            return datetime(year, month, day, hour, minute, tzinfo=tz).astimezone(UTC)
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError(text)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        row.fault(column, "moment", text)
        return None


def _new(session: Session, wanted: list[tuple[Row, pure.Duty]], faults: list[FaultShown]) -> list[pure.Duty]:
    """Those that are not there yet; whoever has two at once is a fault."""
    if not wanted:
        return []
    first, last = min(one.begins_at for _, one in wanted), max(one.ends_at for _, one in wanted)
    there: dict[int, list[pure.Duty]] = {}
    for shift in session.scalars(select(Shift).where(Shift.ends_at > first, Shift.begins_at < last)):
        there.setdefault(shift.user_id, []).append(
            pure.Duty(shift.user_id, shift.duty, shift.estate_id, shift.begins_at, shift.ends_at))
    new: list[pure.Duty] = []
    for row, one in wanted:
        own = there.setdefault(one.user_id, [])
        if one in own:
            continue
        if any(pure.overlap(one, other) for other in own):
            faults.append(fault(row.number, "from", "overlaps"))
            continue
        own.append(one)
        new.append(one)
    return new
