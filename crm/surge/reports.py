"""Situation reports (B7): made of the facts at a change of tier or when somebody asks, kept, read again. Callers commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.errors import NotFound
from callcenter.site.surge import SurgePolicy
from callcenter.storm import CalledIn
from crm.outbox.service import note
from crm.paging import Order, Page
from crm.reports.figures import Rules
from crm.staff.actor import Actor
from crm.staff.audit import record_audit
from crm.surge.lately import tally_since
from crm.surge.models import SurgeChange, SurgeReport, SurgeRow
from crm.surge.situation import SITUATION, Situation, Turn
from crm.surge.stored import SIGNALS, Holding, changes_of, holding
from crm.surge.tiers import down_at, next_at

ORDER: Final[Order[Any]] = Order("surge-reports", SurgeReport.at, SurgeReport.id, newest_first=True)


@dataclass(frozen=True)
class SurgeReportShown:
    report_id: int
    at: datetime
    by: str                      # "": it wrote itself
    situation: Situation


def at_change(session: Session, policy: SurgePolicy, rules: Rules, change: SurgeChange, people: Sequence[CalledIn],
              now: datetime) -> SurgeReport:
    """Writes itself."""
    surge = session.get_one(SurgeRow, change.surge_id)
    of = _situation(session, policy, rules, holding(session), surge, people, now)
    turns = tuple(turn for turn, row in zip(of.turns, changes_of(session, surge.id), strict=True) if row.id <= change.id)
    if of.tier != change.tier:       # it went on since: what comes next is the next report's to say
        of = replace(of, tier=change.tier, tier_since=change.at, next_at=None, down_at=None, under_control_since=None, held=False)
    signals = None if change.signals is None else SIGNALS.validate_python(change.signals)
    return _kept(session, replace(of, before=change.before, turns=turns, signals=signals or of.signals), change.id, "")


def asked(session: Session, policy: SurgePolicy, rules: Rules, actor: Actor, people: Sequence[CalledIn],
          now: datetime) -> SurgeReport:
    """By somebody, at any time."""
    held = holding(session)
    surge = None if held.surge_id is None else session.get_one(SurgeRow, held.surge_id)
    report = _kept(session, _situation(session, policy, rules, held, surge, people, now), None, actor.name)
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action="surge.reported",
                 subject=f"surge_report:{report.id}")
    return report


def reports(session: Session, *, cursor: str | None, limit: int) -> Page[SurgeReportShown]:
    """Newest first. Raises BadCursor."""
    rows = session.scalars(ORDER.after(select(SurgeReport), cursor).limit(limit + 1)).all()
    return ORDER.page(rows, limit, shown)


def report(session: Session, report_id: int) -> SurgeReportShown:
    """Raises NotFound."""
    row = session.get(SurgeReport, report_id)
    if row is None:
        raise NotFound(f"surge report {report_id}")
    return shown(row)


def shown(row: SurgeReport) -> SurgeReportShown:
    return SurgeReportShown(row.id, row.at, row.by, SITUATION.validate_python(row.facts))


def _situation(session: Session, policy: SurgePolicy, rules: Rules, held: Holding, surge: SurgeRow | None,
               people: Sequence[CalledIn], now: datetime) -> Situation:
    state, control = held.state, policy.under_control
    rows = [] if surge is None else changes_of(session, surge.id)
    called = () if surge is None else _called(session, surge.id, people)
    return Situation(
        at=now, tier=state.tier, surge_id=surge.id if surge else None, declared_at=surge.declared_at if surge else None,
        tier_since=state.tier_since, under_control_since=state.controlled_since, held=state.held,
        next_at=next_at(policy, state), down_at=down_at(policy, state), signals=held.signals,
        tally=tally_since(session, surge.declared_at, now, rules) if surge else None, people=called,
        turns=tuple(Turn(row.at, row.act, row.before, row.tier, tuple(row.why), row.by, row.reason) for row in rows),
        waiting_limit=control.waiting, longest_limit_s=control.longest_wait, level_limit=control.service_level,
        drill=surge.drill if surge else False)


def _called(session: Session, surge_id: int, now: Sequence[CalledIn]) -> tuple[CalledIn, ...]:
    """Everybody who was called in by this surge, as they are now: who was let go again as the report before had them."""
    before = session.scalar(select(SurgeReport.facts).where(SurgeReport.surge_id == surge_id)
                            .order_by(SurgeReport.id.desc()).limit(1))
    known = () if before is None else SITUATION.validate_python(before).people
    return tuple({(person.tier, person.person_id): person for person in (*known, *now)}.values())


def _kept(session: Session, of: Situation, change_id: int | None, by: str) -> SurgeReport:
    row = SurgeReport(surge_id=of.surge_id, change_id=change_id, at=of.at, by=by[:40], tier=of.tier,
                      facts=SITUATION.dump_python(of, mode="json"))
    session.add(row)
    session.flush()
    note(session, of.at, "surge.reported", f"surge_report:{row.id}", surge=of.surge_id, tier=of.tier)
    return row
