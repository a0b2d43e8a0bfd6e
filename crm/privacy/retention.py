"""What the site file's `retention` forgets by itself: rule by rule, some rows a transaction, with how far it has come.

So whoever kills it in the middle loses nothing, and nothing is done twice. A dry run counts what the next run would do.
A rule that the site file does not name forgets nothing, and none does while the clock may be wrong.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final

import structlog
from sqlalchemy import ColumnElement, Select, delete, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from callcenter.site.desk import Retention
from crm.callbacks.models import CallbackRow
from crm.callbacks.store import OPEN
from crm.calls.models import CallRow, ContactEntry, JournalReject
from crm.database import Database
from crm.dialling.models import DialTask
from crm.followups.models import Rating
from crm.knowledge.models import KnowledgeSearch
from crm.privacy.erase import finish_erasures
from crm.privacy.forget import (
    forget_call,
    forget_callback,
    forget_dialled,
    forget_entry,
    forget_search,
    forget_text,
    forget_ticket,
)
from crm.privacy.models import RetentionProgress
from crm.staff.audit import record_audit
from crm.staff.models import AuditEntry
from crm.staff.verify import prunable, prune
from crm.texts.models import Text
from crm.tickets.models import Ticket

AT_ONCE: Final = 50              # SQLite has one writer: callers wait no longer than this takes
ROUNDS: Final = 400              # transactions a run and rule: the rest waits for the next run
BETWEEN_S: Final = 0.02          # between two transactions, in which who waits for the writer's lock gets it
SILENT: Final = timedelta(days=60)      # no line is: a clock that says so is ahead, and would forget what is young
SEEN_FOR: Final = timedelta(days=1)     # before a call vouches for the clock: the first one after a wrong boot does not
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)

log = structlog.get_logger("retention")


@dataclass(frozen=True)
class Planned:
    rule: str
    before: datetime         # what ended before is forgotten
    count: int


@dataclass(frozen=True)
class _Rule:
    """`at`: the time that decides; `forget` takes a row."""

    name: str
    months: Callable[[Retention], int | None]      # None: kept for ever
    table: Any
    at: InstrumentedAttribute[Any]
    only: tuple[ColumnElement[bool], ...]
    forget: Callable[[Session, Any, datetime], None]


def _drop_reject(session: Session, row: JournalReject, _now: datetime) -> None:
    session.execute(delete(JournalReject).where(JournalReject.id == row.id))


def _drop_opinion(_session: Session, row: Rating, _now: datetime) -> None:
    row.said = None


RULES: Final = (
    _Rule("calls", lambda keep: keep.calls_months, CallRow, CallRow.entered_at, (),
          lambda session, row, now: forget_call(session, row, now, sound=False)),
    _Rule("contact_log", lambda keep: keep.calls_months, ContactEntry, ContactEntry.at, (),
          lambda _session, row, _now: forget_entry(row)),
    _Rule("callbacks", lambda keep: keep.calls_months, CallbackRow, CallbackRow.asked_at,
          (CallbackRow.state.not_in(OPEN),), lambda _session, row, _now: forget_callback(row)),
    _Rule("dialled", lambda keep: keep.calls_months, DialTask, DialTask.made_at, (DialTask.state == "over",), forget_dialled),
    _Rule("texts", lambda keep: keep.calls_months, Text, Text.made_at, (Text.next_at.is_(None),), forget_text),
    _Rule("searches", lambda keep: keep.calls_months, KnowledgeSearch, KnowledgeSearch.at, (),
          lambda _session, row, _now: forget_search(row)),
    _Rule("journal_rejects", lambda keep: keep.calls_months, JournalReject, JournalReject.at, (), _drop_reject),
    _Rule("ratings", lambda keep: keep.tickets_months, Rating, Rating.at, (Rating.said.is_not(None),), _drop_opinion),
    _Rule("tickets", lambda keep: keep.tickets_months, Ticket, Ticket.closed_at, (Ticket.state == "closed",),
          lambda session, row, now: forget_ticket(session, row, now)),
)
AUDIT: Final = "audit"


def months_before(moment: datetime, months: int, tz: tzinfo) -> datetime:
    """The beginning of the local day so many months earlier; of a shorter month its last day."""
    local = moment.astimezone(tz)
    year, month = divmod(local.year * 12 + local.month - 1 - months, 12)
    day = local.day
    while True:
        try:
            return datetime(year, month + 1, day, tzinfo=tz).astimezone(UTC)
        except ValueError:
            day -= 1


def believable(session: Session, now: datetime) -> bool:
    """Whether the calls agree with the clock: a machine that boots years ahead must not forget everything at once."""
    newest = session.scalar(select(func.max(CallRow.entered_at)).where(CallRow.entered_at <= now - SEEN_FOR))
    return newest is not None and now - newest <= SILENT


def plan(session: Session, keep: Retention, now: datetime, tz: tzinfo) -> list[Planned]:
    """What `run` would do now, without doing it; a rule that keeps for ever is not in it."""
    found = []
    for rule in RULES:
        before = _limit(rule.months(keep), now, tz)
        if before is not None:
            wanted = _due(rule, _through(session, rule.name), before).subquery()
            found.append(Planned(rule.name, before, session.scalar(select(func.count()).select_from(wanted)) or 0))
    before = _audit_limit(keep, now, tz)
    if before is not None:
        through = prunable(session, before)
        rows = session.scalar(select(func.count()).where(AuditEntry.place <= through)) if through else 0
        found.append(Planned(AUDIT, before, rows or 0))
    return found


def run(database: Database, keep: Retention, now: datetime, tz: tzinfo) -> dict[str, int]:
    """How many rows each rule has taken people out of; what is left waits for the next run."""
    done: dict[str, int] = {}
    with database.reading() as session:
        believed = believable(session, now)
    if believed:
        for rule in RULES:
            before = _limit(rule.months(keep), now, tz)
            if before is not None:
                done[rule.name] = _follow(database, rule, before, now)
    else:
        log.warning("clock_not_believed", now=now.isoformat())
    pruned_before = _audit_limit(keep, now, tz) if believed else None
    with database.writing.begin() as session:
        done["erasures"] = finish_erasures(session, now, AT_ONCE)
        if pruned_before is not None:
            done[AUDIT] = prune(session, pruned_before, now)
    return {name: count for name, count in done.items() if count}


def _follow(database: Database, rule: _Rule, before: datetime, now: datetime) -> int:
    done = 0
    for _ in range(ROUNDS):
        with database.writing.begin() as session:
            count = _step(session, rule, before, now)
        if count == 0:
            break
        done += count
        time.sleep(BETWEEN_S)
    return done


def _limit(months: int | None, now: datetime, tz: tzinfo) -> datetime | None:
    return None if months is None else months_before(now, months, tz)


def _audit_limit(keep: Retention, now: datetime, tz: tzinfo) -> datetime | None:
    return None if keep.audit_years is None else months_before(now, keep.audit_years * 12, tz)


def _step(session: Session, rule: _Rule, before: datetime, now: datetime) -> int:
    through = _through(session, rule.name)
    times = list(session.scalars(_due(rule, through, before, rule.at).order_by(rule.at).limit(AT_ONCE)))
    if not times:
        return 0
    last = times[-1]         # with all that ended at the same moment, so that none is left behind it
    rows = session.scalars(_due(rule, through, before).where(rule.at <= last)).all()
    for row in rows:
        rule.forget(session, row, now)
    progress = session.get(RetentionProgress, rule.name)
    if progress is None:
        session.add(RetentionProgress(rule=rule.name, through=last))
    else:
        progress.through = last
    record_audit(session, at=now, who="retention", action=f"retention.{rule.name}", subject=f"retention:{rule.name}",
                 detail=f"{len(rows)} rows up to {last.isoformat()}")
    return len(rows)


def _through(session: Session, rule: str) -> datetime:
    found = session.get(RetentionProgress, rule)
    return found.through if found is not None else _BEGINNING - timedelta(days=1)


def _due(rule: _Rule, through: datetime, before: datetime, what: Any = None) -> Select[Any]:
    return select(rule.table if what is None else what).where(rule.at > through, rule.at < before, *rule.only)
