"""What follows from a change of tier, once each: people are called in or let go again, the report writes itself and goes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from callcenter.site import Site
from callcenter.storm import CalledIn
from crm.reports.figures import Rules
from crm.surge.models import SurgeChange, SurgeReport, SurgeRow
from crm.surge.reports import at_change
from crm.surge.stored import Holding, holding
from crm.surge.telling import tell

CALLS_IN_FROM: Final = 2         # B3, B4

log = structlog.get_logger("surge")

Coming = Callable[[Session, int], tuple[CalledIn, ...]]


class CallsIn(Protocol):
    """Who is called in, from the roster (`crm/callin`). All of it in the caller's transaction."""

    def call_in(self, session: Session, surge_id: int, tier: int, now: datetime) -> object: ...
    def release(self, session: Session, surge_id: int, tier: int, now: datetime) -> object: ...
    def coming(self, session: Session, surge_id: int) -> tuple[CalledIn, ...]: ...


@dataclass(frozen=True)
class Followed:
    """`last`: the change that was looked at last; None: there are no further ones."""

    last: int | None
    callin_failed: bool
    report_failed: bool


def follow(session: Session, site: Site, rules: Rules, calls_in: CallsIn | None, now: datetime, above: int = 0,
           limit: int = 10) -> Followed:
    """Of changes that nobody followed up yet, oldest first, those above an id. A call-in that fails is tried again in the next
    round, and holds up neither the report nor later changes, however many fail: the caller goes on above the last one.
    A report that cannot be written is said and does not come back: whoever is called in for the tier is not to wait for it, and the
    next change has one again."""
    rows = session.scalars(select(SurgeChange).where(SurgeChange.acted_at.is_(None), SurgeChange.id > above)
                           .order_by(SurgeChange.id).limit(limit).with_for_update(skip_locked=True)).all()
    # Before anybody is let go: then they are on no list any more, and the report is to tell who came.
    there = {surge_id: _coming(session, calls_in, surge_id) for surge_id in {row.surge_id for row in rows}}
    failed, unreported = None in there.values(), False
    for row in rows:
        well = calls_in is None or _called(session, site, calls_in, row, now)
        failed = failed or not well
        if row.tier != row.before and not _is_passed_over(session, row):
            here = _coming(session, calls_in, row.surge_id)
            failed = failed or here is None
            people = (*(there[row.surge_id] or ()), *(here or ()))
            unreported = not _reported(session, site, rules, row, people, now) or unreported
        if well:
            row.acted_at = now
    session.flush()
    return Followed(rows[-1].id if len(rows) == limit else None, failed, unreported)


def is_anything(session: Session) -> bool:
    return session.scalar(select(SurgeChange.id).where(SurgeChange.acted_at.is_(None)).limit(1)) is not None


def _called(session: Session, site: Site, calls_in: CallsIn, row: SurgeChange, now: datetime) -> bool:
    """Nobody is called in for a tier that has been taken back meanwhile, nor by a drill unless the site says so."""
    held, highest = holding(session), max(row.tier, row.before)
    if row.tier == row.before or highest < CALLS_IN_FROM or _is_only_drill(session, site, row.surge_id):
        return True
    try:
        with session.begin_nested():
            if row.tier > row.before:
                if _still(held, row):
                    calls_in.call_in(session, row.surge_id, row.tier, now)
            else:
                calls_in.release(session, row.surge_id, row.before, now)
    except Exception as error:     # of another part: seen, tried again, and no reason to leave the line without its report
        log.critical("callin_failed", surge=row.surge_id, tier=row.tier, error=repr(error), exc_info=error)
        return False
    return True


def _reported(session: Session, site: Site, rules: Rules, row: SurgeChange, people: tuple[CalledIn, ...], now: datetime) -> bool:
    try:
        with session.begin_nested():
            report = at_change(session, site.surge, rules, row, people, now)
            letters = tell(session, site, report, now)
    except SQLAlchemyError:
        raise
    except Exception as error:
        log.critical("surge_report_failed", surge=row.surge_id, tier=row.tier, error=repr(error), exc_info=error)
        return False
    log.info("surge_reported", report=report.id, surge=row.surge_id, tier=row.tier, letters=letters)
    return True


def _coming(session: Session, calls_in: CallsIn | None, surge_id: int) -> tuple[CalledIn, ...] | None:
    """None: it could not say. Then the report goes out without them."""
    if calls_in is None:
        return ()
    try:
        with session.begin_nested():
            return calls_in.coming(session, surge_id)
    except Exception as error:
        log.critical("callin_failed", surge=surge_id, error=repr(error), exc_info=error)
        return None


def _still(held: Holding, row: SurgeChange) -> bool:
    return held.surge_id == row.surge_id and held.state.tier >= row.tier


def _is_only_drill(session: Session, site: Site, surge_id: int) -> bool:
    return session.get_one(SurgeRow, surge_id).drill and not site.surge.drill_calls_in


def _is_passed_over(session: Session, row: SurgeChange) -> bool:
    """There is a report already, or it is a step of one act (an end from tier 3): the last one is reported."""
    there = select(SurgeReport.id).where(SurgeReport.change_id == row.id)
    further = select(SurgeChange.id).where(SurgeChange.surge_id == row.surge_id, SurgeChange.at == row.at, SurgeChange.id > row.id)
    return session.scalar(there.limit(1)) is not None or session.scalar(further.limit(1)) is not None
