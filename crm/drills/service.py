"""Drills by people's hands: begun, stopped, noted; what there was. Callers commit; each act is audited.

Who is called when, and what ends by itself, is the keeper's (crm/drills/keeper.py); acd begins and ends the calls themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.errors import Conflict, NotFound
from callcenter.site import Site
from callcenter.storm import Drill
from crm.drills.models import DrillCallRow, DrillNote, DrillRow
from crm.drills.scenario import Scenario, callers, fitted
from crm.drills.summary import DrillCalled, Summary, compared, summed
from crm.outbox.service import note
from crm.paging import Order, Page
from crm.reports.figures import Rules
from crm.staff.actor import Actor
from crm.staff.audit import record_audit
from crm.surge.stored import holding

ORDER: Final[Order[Any]] = Order("drills", DrillRow.began_at, DrillRow.id, newest_first=True)
SUMMARY: Final[TypeAdapter[Summary]] = TypeAdapter(Summary)


class DrillOn(Conflict):
    """One at a time."""

    code = "drill_on"


class SurgeOn(Conflict):
    """The line has other cares."""

    code = "surge_on"


@dataclass(frozen=True)
class NoteShown:
    at: datetime
    by: str
    text: str


@dataclass(frozen=True)
class DrillShown:
    """`begun`: callers that were asked for so far; `differs`: each figure's difference to `against`, the last drill of the name."""

    drill_id: int
    name: str
    state: str
    reason: str
    by: str
    began_at: datetime
    stopped_at: datetime | None
    stopped_by: str
    why: str
    ended_at: datetime | None
    planned: int
    begun: int
    on_the_line: int
    scenario: Scenario
    summary: Summary | None = None
    against: int | None = None
    changed: tuple[str, ...] = ()            # fields of the scenario that were others then
    differs: dict[str, float | None] | None = None
    notes: tuple[NoteShown, ...] = ()


def begin(session: Session, site: Site, actor: Actor, scenario: Scenario, reason: str, now: datetime) -> DrillRow:
    """The keeper begins to call within a second. Raises FieldsUnfit, DrillOn, SurgeOn."""
    scenario = fitted(scenario, site)
    if running(session) is not None:
        raise DrillOn
    held = holding(session)
    if held.state.tier and not held.drill:
        raise SurgeOn
    row = DrillRow(name=scenario.name, scenario=scenario.model_dump(mode="json"), reason=reason, by=actor.name, began_at=now,
                   state="running", on=True, asked=0, refused={}, stopped_by="", why="")
    session.add(row)
    session.flush()
    _told(session, row, actor, "begun", now, f"{scenario.name}: {reason}")
    return row


def stop(session: Session, actor: Actor, drill_id: int, now: datetime) -> DrillRow:
    """No caller is begun after it; acd ends those on the line. One that is stopped or over stays as it is."""
    row = held(session, drill_id)
    if row.state == "running":
        call_off(row, "by_hand", now, actor.name)
        _told(session, row, actor, "stopped", now, row.name)
    return row


def call_off(row: DrillRow, why: str, now: datetime, by: str = "") -> None:
    """One that is held."""
    row.state, row.why, row.stopped_at, row.stopped_by = "stopping", why, now, by


def add_note(session: Session, actor: Actor, drill_id: int, text: str, now: datetime) -> None:
    row = held(session, drill_id)
    session.add(DrillNote(drill_id=row.id, at=now, by=actor.name, text=text))
    session.flush()
    _told(session, row, actor, "noted", now, row.name)


def end(session: Session, row: DrillRow, rules: Rules, now: datetime) -> None:
    """It is over: the summary writes itself."""
    scenario = Scenario.model_validate(row.scenario)
    summary = summed(calls_of(session, row.id), len(callers(scenario)), row.refused, rules)
    row.state, row.on, row.ended_at, row.stopped_at = "over", None, now, row.stopped_at or now
    row.summary = SUMMARY.dump_python(summary, mode="json")
    note(session, now, "drill.ended", f"drill:{row.id}", why=row.why)


def running(session: Session) -> DrillRow | None:
    return session.scalar(select(DrillRow).where(DrillRow.on.is_(True)))


def held(session: Session, drill_id: int) -> DrillRow:
    """Locked. Raises NotFound."""
    row = session.get(DrillRow, drill_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(f"drill {drill_id}")
    return row


def calls_of(session: Session, drill_id: int) -> Sequence[DrillCalled]:
    rows = session.scalars(select(DrillCallRow).where(DrillCallRow.drill_id == drill_id, DrillCallRow.entered_at.is_not(None))
                           .order_by(DrillCallRow.number))
    return [DrillCalled(row.queue, row.entered_at, row.queued_at, row.rang_at, row.answered_at, row.outcome, row.stage, row.wait_s,
                        row.talk_s, row.over) for row in rows]


def on_the_line(session: Session, drill_id: int) -> int:
    return session.scalar(select(func.count()).select_from(DrillCallRow).where(
        DrillCallRow.drill_id == drill_id, DrillCallRow.entered_at.is_not(None), DrillCallRow.ended_at.is_(None))) or 0


def drills(session: Session, *, cursor: str | None, limit: int) -> Page[DrillShown]:
    """Newest first, without notes. Raises BadCursor."""
    rows = session.scalars(ORDER.after(select(DrillRow), cursor).limit(limit + 1)).all()
    return ORDER.page(rows, limit, lambda row: _shown(session, row))


def drill(session: Session, drill_id: int) -> DrillShown:
    """Raises NotFound."""
    row = session.get(DrillRow, drill_id)
    if row is None:
        raise NotFound(f"drill {drill_id}")
    notes = session.scalars(select(DrillNote).where(DrillNote.drill_id == drill_id).order_by(DrillNote.id))
    return _shown(session, row, tuple(NoteShown(each.at, each.by, each.text) for each in notes))


def on_board(row: DrillRow) -> Drill:
    return Drill(row.id, row.name, row.began_at, row.by, row.asked, row.ended_at, surge=bool(row.scenario.get("surge")))


def _shown(session: Session, row: DrillRow, notes: tuple[NoteShown, ...] = ()) -> DrillShown:
    scenario = Scenario.model_validate(row.scenario)
    summary = SUMMARY.validate_python(row.summary) if row.summary else None
    planned = summary.planned if summary else len(callers(scenario))
    last = _last_of_the_name(session, row) if summary else None
    differs: dict[str, float | None] | None = None
    changed: tuple[str, ...] = ()
    if summary and last is not None:
        before = Scenario.model_validate(last.scenario)
        differs = compared(summary.all, SUMMARY.validate_python(last.summary).all)
        changed = tuple(name for name in Scenario.model_fields if getattr(scenario, name) != getattr(before, name))
    return DrillShown(
        row.id, row.name, row.state, row.reason, row.by, row.began_at, row.stopped_at, row.stopped_by, row.why, row.ended_at,
        planned, row.asked, 0 if row.ended_at else on_the_line(session, row.id), scenario, summary,
        last.id if last else None, changed, differs, notes)


def _last_of_the_name(session: Session, row: DrillRow) -> DrillRow | None:
    return session.scalar(select(DrillRow).where(DrillRow.name == row.name, DrillRow.id < row.id, DrillRow.summary.is_not(None))
                          .order_by(DrillRow.id.desc()).limit(1))


def _told(session: Session, row: DrillRow, actor: Actor, what: str, now: datetime, detail: str) -> None:
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action=f"drill.{what}", subject=f"drill:{row.id}",
                 detail=detail[:200])
    note(session, now, f"drill.{what}", f"drill:{row.id}")
