"""Surges by people's hands: raise, hold, let go, lower, end; and what there was. Callers commit; each act is audited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.errors import check_version
from callcenter.site.surge import SurgePolicy
from crm.paging import Order, Page
from crm.staff.actor import Actor
from crm.staff.audit import record_audit
from crm.surge.models import SurgeChange, SurgeRow
from crm.surge.stored import SIGNALS, Act, Holding, Step, holding, keep, locked, of_line
from crm.surge.tiers import NoSurge, Signals, State, held, let_go, lowered, raised

ORDER: Final[Order[Any]] = Order("surges", SurgeRow.declared_at, SurgeRow.id, newest_first=True)


@dataclass(frozen=True)
class Hand:
    """Who acts, when and why, on what they have seen (`version`), and whether a drill is on."""

    actor: Actor
    at: datetime
    reason: str
    version: int | None = None
    drill: bool = False


@dataclass(frozen=True)
class ChangeShown:
    at: datetime
    act: Act
    before: int
    tier: int
    why: tuple[str, ...]
    reason: str
    by: str                      # "": by itself
    signals: Signals | None      # the figures then


@dataclass(frozen=True)
class SurgePast:
    surge_id: int
    declared_at: datetime
    ended_at: datetime | None
    highest: int
    drill: bool
    changes: tuple[ChangeShown, ...]


def raise_tier(session: Session, policy: SurgePolicy, hand: Hand) -> Holding:
    """One tier up; from none: declared. Raises TopTier, Changed."""
    return _acted(session, hand, Act.RAISED, "surge.raised",
                  lambda state: raised(policy, state, hand.at, hand.actor.name, hand.reason))


def hold(session: Session, policy: SurgePolicy, hand: Hand) -> Holding:
    """Raises NoSurge, Changed."""
    return _acted(session, hand, Act.HELD, "surge.held", lambda state: held(policy, state, hand.at, hand.actor.name))


def let_it_go(session: Session, policy: SurgePolicy, hand: Hand) -> Holding:
    """Raises NoSurge, NotHeld, Changed."""
    return _acted(session, hand, Act.LET_GO, "surge.let_go", lambda state: let_go(policy, state, hand.at))


def lower(session: Session, policy: SurgePolicy, hand: Hand) -> Holding:
    """One tier down; from tier 1 it is over. Raises NoSurge, Changed."""
    return _acted(session, hand, Act.LOWERED, "surge.lowered", lambda state: lowered(policy, state, hand.at))


def end(session: Session, policy: SurgePolicy, hand: Hand) -> Holding:
    """Down to none, each tier giving back what it took. Raises NoSurge, Changed."""
    line = locked(session)
    check_version(line.version, hand.version)
    now = of_line(session, line)
    if now.state.tier == 0:
        raise NoSurge
    steps, state = [], now.state
    while state.tier:
        below = lowered(policy, state, hand.at)
        steps.append(Step(state, below, hand.at, Act.LOWERED, hand.actor.name, hand.reason))
        state = below
    keep(session, line, steps, state, None, drill=hand.drill)
    _audited(session, hand, "surge.ended", now, state, now.surge_id)
    return holding(session)


def history(session: Session, *, cursor: str | None, limit: int) -> Page[SurgePast]:
    """Newest first. Raises BadCursor."""
    rows = session.scalars(ORDER.after(select(SurgeRow), cursor).limit(limit + 1)).all()
    changes: dict[int, list[SurgeChange]] = {row.id: [] for row in rows}
    for change in session.scalars(select(SurgeChange).where(SurgeChange.surge_id.in_(changes)).order_by(SurgeChange.id)):
        changes[change.surge_id].append(change)
    return ORDER.page(rows, limit, lambda row: SurgePast(row.id, row.declared_at, row.ended_at, row.highest, row.drill,
                                                         tuple(_shown(change) for change in changes[row.id])))


def _acted(session: Session, hand: Hand, act: Act, action: str, move: Callable[[State], State]) -> Holding:
    line = locked(session)
    check_version(line.version, hand.version)
    now = of_line(session, line)
    after = move(now.state)
    keep(session, line, [Step(now.state, after, hand.at, act, hand.actor.name, hand.reason)], after, None, drill=hand.drill)
    _audited(session, hand, action, now, after, now.surge_id or line.surge_id)
    return holding(session)


def _audited(session: Session, hand: Hand, action: str, before: Holding, after: State, surge_id: int | None) -> None:
    record_audit(session, at=hand.at, who=hand.actor.name, user_id=hand.actor.user_id, action=action, subject=f"surge:{surge_id}",
                 detail=f"{before.state.tier} > {after.tier}: {hand.reason}"[:200])


def _shown(change: SurgeChange) -> ChangeShown:
    return ChangeShown(change.at, Act(change.act), change.before, change.tier, tuple(change.why), change.reason, change.by,
                       None if change.signals is None else SIGNALS.validate_python(change.signals))
