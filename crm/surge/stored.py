"""The machine's state in the database, and the rows that tell how it came there. Callers commit; nothing is decided here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.outbox.service import note
from crm.surge.models import SurgeChange, SurgeLine, SurgeRow
from crm.surge.tiers import Signals, State

STATE: Final[TypeAdapter[State]] = TypeAdapter(State)
SIGNALS: Final[TypeAdapter[Signals]] = TypeAdapter(Signals)


class Act(StrEnum):
    DECLARED = "declared"        # by its thresholds
    ROSE = "rose"
    FELL = "fell"                # from tier 1: it is over
    RAISED = "raised"            # by hand; from tier 0: declared
    LOWERED = "lowered"          # … from tier 1: ended
    HELD = "held"
    LET_GO = "let_go"
    HOLD_OVER = "hold_over"      # nobody let go, and it was forgotten


@dataclass(frozen=True)
class Holding:
    """What holds: `version` is what people see, `writes` tells the keeper whether somebody else wrote."""

    state: State
    surge_id: int | None
    version: int
    writes: int
    signals: Signals | None
    drill: bool


@dataclass(frozen=True)
class Step:
    """From one state to the next, of its own accord or by somebody's hand."""

    before: State
    after: State
    at: datetime
    act: Act | None                      # None: as the states show, by itself
    by: str = ""
    reason: str = ""


def holding(session: Session) -> Holding:
    return _held(session, session.get_one(SurgeLine, 1, populate_existing=True))


def locked(session: Session) -> SurgeLine:
    return session.get_one(SurgeLine, 1, with_for_update=True, populate_existing=True)


def of_line(session: Session, line: SurgeLine) -> Holding:
    return _held(session, line)


def keep(session: Session, line: SurgeLine, steps: list[Step], state: State, signals: Signals | None, *, drill: bool) -> None:
    """Of a row that is locked: the newest state, and a row for each change of tier or hold on the way to it."""
    for step in steps:
        act = step.act or _act(step.before, step.after)
        if act is not None:
            _change(session, line, step, act, signals, drill=drill)
    line.state = STATE.dump_python(state, mode="json")
    if signals is not None:
        line.signals = SIGNALS.dump_python(signals, mode="json")
    line.writes += 1
    session.flush()


def _change(session: Session, line: SurgeLine, step: Step, act: Act, signals: Signals | None, *, drill: bool) -> None:
    if line.surge_id is None:
        surge = SurgeRow(declared_at=step.at, ended_at=None, highest=step.after.tier, drill=drill)
        session.add(surge)
        session.flush()
        line.surge_id = surge.id
    else:
        surge = session.get_one(SurgeRow, line.surge_id)
    surge.highest = max(surge.highest, step.after.tier)
    why = step.after.why or step.before.why
    session.add(SurgeChange(
        surge_id=surge.id, at=step.at, act=act.value, before=step.before.tier, tier=step.after.tier,
        why=[each.value for each in why], reason=step.reason, by=step.by[:40],
        signals=line.signals if signals is None else SIGNALS.dump_python(signals, mode="json"), acted_at=None))
    note(session, step.at, "surge.changed", f"surge:{surge.id}", did=act.value, before=step.before.tier, tier=step.after.tier,
         drill=surge.drill)
    if step.after.tier == 0:
        surge.ended_at, line.surge_id = step.at, None
    line.version += 1
    session.flush()


def _act(before: State, after: State) -> Act | None:
    """What happened by itself."""
    if after.tier > before.tier:
        return Act.ROSE if before.tier else Act.DECLARED
    if after.tier < before.tier:
        return Act.FELL
    return Act.HOLD_OVER if before.held and not after.held else None


def _held(session: Session, line: SurgeLine) -> Holding:
    surge = None if line.surge_id is None else session.get_one(SurgeRow, line.surge_id)
    return Holding(STATE.validate_python(line.state), line.surge_id, line.version, line.writes,
                   None if line.signals is None else SIGNALS.validate_python(line.signals), surge is not None and surge.drill)


def changes_of(session: Session, surge_id: int) -> list[SurgeChange]:
    return list(session.scalars(select(SurgeChange).where(SurgeChange.surge_id == surge_id).order_by(SurgeChange.id)))
