"""Writes a line of a timeline, and what follows from it: the row's columns, the checklist's clocks, the outbox. Callers commit.

Order of locks everywhere: the ticket, then the emergency, then its clocks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.errors import NotFound, check_version
from callcenter.roles import Role
from callcenter.site.parts import Words
from crm.clocks.service import OWN, start_own, stop_own
from crm.clocks.terms import Terms
from crm.incidents.declared.models import Emergency, EmergencyAct
from crm.incidents.declared.schema import STAFF, Definition, Said
from crm.incidents.declared.timeline import (
    SETTLED,
    Entry,
    Plan,
    Standing,
    State,
    StepPlan,
    What,
    after,
    fold,
    late_steps,
    next_late,
    open_steps,
)
from crm.kinds.schema import Rung, Span
from crm.outbox.service import note
from crm.staff.actor import SYSTEM, Actor
from crm.tickets.models import Ticket

REPORT_CLOCK: Final = f"{OWN}report"
_NO_LABEL: Final = re.compile(r"[\r\n\";,|$\[\]{}()\\]+")
# Outbox: what other systems are told of one by one; the rest is `emergency.changed`.
_VERSIONED: Final = frozenset({What.DECLARED, What.LEVEL, What.HANDED_OVER, What.OVER, What.LEARNT, What.FOLLOWED_UP, What.REPORT,
                               What.CLOSED})
_TOLD: Final = frozenset({What.DECLARED, What.LEVEL, What.HANDED_OVER, What.OVER, What.CLOSED})


@dataclass
class Held:
    """An emergency and its ticket, both locked, with what its timeline says."""

    session: Session
    ticket: Ticket
    row: Emergency
    definition: Definition
    plan: Plan
    state: State

    def write(self, actor: Actor, entry: Entry) -> State:
        """One more line. Raises NotNow, NotCommander, StillOpen: then nothing is written."""
        before, now = self.state, entry.at
        self.state = after(self.plan, before, entry)
        self.session.add(EmergencyAct(
            emergency_id=self.row.id, place=self.state.entries, at=now, who=actor.name[:40], user_id=actor.user_id,
            what=entry.what.value, step=entry.step, level=entry.level, to_id=entry.to_id, said=list(entry.said), text=entry.text))
        self._columns(entry.what, before, now)
        _follow(self, before, now)
        what = entry.what.value if entry.what in _TOLD else "changed"
        note(self.session, now, f"emergency.{what}", f"emergency:{self.row.id}", estate_id=self.row.estate_id, type=self.row.type,
             level=self.row.level, phase=self.row.phase, drill=self.row.drill, did=entry.what.value, version=self.row.version)
        self.session.flush()
        return self.state

    def _columns(self, what: What, before: State, now: datetime) -> None:
        row, state = self.row, self.state
        row.phase, row.level = state.phase.value, state.level
        row.steps_open, row.steps_late = open_steps(state), late_steps(state)
        row.late_at = next_late(state) if state.over_at is None else None
        row.over_at = state.over_at
        if row.phase == "closed" and row.closed_at is None:
            row.closed_at = now
        # Who hands over or ends it must not be held up because somebody ticks off a step meanwhile.
        row.version += what in _VERSIONED or before.level != state.level


def plan_of(definition: Definition) -> Plan:
    return Plan(
        steps={name: StepPlan(timedelta(seconds=step.within) if step.within else None, step.after, step.needed, step.on_raise)
               for name, step in definition.steps.items()},
        raises_to=definition.raises_to,
        must_record=frozenset(name for name, record in definition.records.items() if record.needed),
        must_report=definition.report)


def entries(session: Session, emergency_id: int) -> list[EmergencyAct]:
    return list(session.scalars(select(EmergencyAct).where(EmergencyAct.emergency_id == emergency_id).order_by(EmergencyAct.place)))


def entry_of(act: EmergencyAct) -> Entry:
    return Entry(act.at, What(act.what), act.user_id, act.step, act.level, act.to_id, tuple(act.said), act.text)


def held(session: Session, actor: Actor, emergency_id: int, if_version: int | None = None) -> Held:
    """To be written to. Raises NotFound, Changed."""
    ticket_id = session.scalar(select(Emergency.ticket_id).where(Emergency.id == emergency_id))
    if ticket_id is None:
        raise NotFound(f"emergency {emergency_id}")
    ticket = session.get_one(Ticket, ticket_id, with_for_update=True, populate_existing=True)
    row = session.get_one(Emergency, emergency_id, with_for_update=True, populate_existing=True)
    if not actor.sees(row.estate_id):
        raise NotFound(f"emergency {emergency_id}")
    check_version(row.version, if_version)
    return holding(session, ticket, row)


def holding(session: Session, ticket: Ticket, row: Emergency) -> Held:
    definition = Definition.model_validate(row.definition)
    plan = plan_of(definition)
    return Held(session, ticket, row, definition, plan, fold(plan, map(entry_of, entries(session, row.id))))


def active_of(session: Session, ticket_id: int) -> int | None:
    """The emergency that a ticket carries and that is not over."""
    return session.scalar(select(Emergency.id).where(Emergency.ticket_id == ticket_id, Emergency.phase == "active"))


def call_tied(session: Session, actor: Actor, ticket_id: int, now: datetime, callers: int) -> None:
    """A further call was tied to its ticket (H6): a line of its timeline. The caller holds the ticket."""
    emergency_id = active_of(session, ticket_id)
    if emergency_id is not None:
        held(session, SYSTEM, emergency_id).write(actor, Entry(now, What.CALLED, actor.user_id, said=(str(callers),)))


def label(words: Said) -> Words:
    """As a clock is called: short, and without what means something to a dialplan."""
    return Words(zh=_NO_LABEL.sub(" ", words.zh)[:60].strip(), en=_NO_LABEL.sub(" ", words.en)[:60].strip())


def _follow(held: Held, before: State, now: datetime) -> None:
    """The ticket's clocks are those of the checklist: who is late is told of by crm/clocks and crm/notices."""
    is_over = held.state.over_at is not None and before.over_at is None
    for name, step in held.state.steps.items():
        was = before.steps.get(name)
        settled = step.standing in SETTLED
        if settled and (was is None or was.standing not in SETTLED):
            stop_own(held.session, held.ticket, OWN + name, now, withdrawn=step.standing is Standing.NOT_NEEDED)
        elif is_over and not settled:
            stop_own(held.session, held.ticket, OWN + name, now, withdrawn=True)
        elif step.due_at is not None and not settled and (was is None or was.due_at is None):
            of_type = held.definition.steps[name]
            ladder = [Rung(after=Span(), tell=Role(of_type.tell))]
            if of_type.tell != Role.MANAGER and held.state.level == 1:
                ladder.append(Rung(after=Span(), tell=Role.MANAGER))      # of the worst the centre manager hears at once
            seconds = max(int((step.due_at - now).total_seconds()), 0)
            start_own(held.session, held.ticket, OWN + name, Terms(
                label(of_type.does), Span(length=timedelta(seconds=seconds)), None, ladder=tuple(ladder)), now,
                announce=of_type.who if name.startswith("scene_") and of_type.who in STAFF else None)
