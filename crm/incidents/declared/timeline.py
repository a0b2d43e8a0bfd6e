"""An emergency as its timeline tells it: phase, level, one commander, checklist with clocks (H1-H4, H9, H10). Pure.

The timeline is only ever added to; what stands is folded from it. `NEXT` says what may follow what, `STEPS` what may be said of
a step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from crm.incidents.declared.errors import NotCommander, NotNow, StillOpen


class Phase(StrEnum):
    NONE = "none"
    ACTIVE = "active"
    OVER = "over"            # declared over; what is left to do: causes, lessons, households, insurance, report (H10)
    CLOSED = "closed"


class What(StrEnum):
    DECLARED = "declared"
    LEVEL = "level"
    HANDED_OVER = "handed_over"
    BEGUN = "begun"              # of a step
    DONE = "done"
    LATE = "late"                # its clock is over and it is not done
    NOT_NEEDED = "not_needed"
    CONDITIONS = "conditions"    # children, no answer: what they raise is raised at once (H9)
    RECORDED = "recorded"        # times of start and rescue, the hospital
    NOTED = "noted"
    CALLED = "called"            # a further call was tied to it (H6)
    BROADCAST = "broadcast"      # households are rung, or no longer (H5)
    CHAT = "chat"
    OVER = "over"
    LEARNT = "learnt"            # causes, lessons, insurance (H10)
    FOLLOWED_UP = "followed_up"
    REPORT = "report"            # drafted, changed, signed, approved (H7)
    CLOSED = "closed"


class Standing(StrEnum):
    WAITING = "waiting"      # for another step
    OPEN = "open"
    BEGUN = "begun"
    DONE = "done"
    NOT_NEEDED = "not_needed"


_DURING: Final = (What.LEVEL, What.HANDED_OVER, What.BEGUN, What.DONE, What.LATE, What.NOT_NEEDED, What.CONDITIONS, What.RECORDED,
                  What.NOTED, What.CALLED, What.BROADCAST, What.CHAT, What.REPORT, What.LEARNT)
_AFTER: Final = (What.HANDED_OVER, What.RECORDED, What.NOTED, What.CALLED, What.BROADCAST, What.CHAT, What.LEARNT,
                 What.FOLLOWED_UP, What.REPORT)
NEXT: Final[Mapping[tuple[Phase, What], Phase]] = {
    (Phase.NONE, What.DECLARED): Phase.ACTIVE,
    **{(Phase.ACTIVE, what): Phase.ACTIVE for what in _DURING},
    (Phase.ACTIVE, What.OVER): Phase.OVER,
    **{(Phase.OVER, what): Phase.OVER for what in _AFTER},
    (Phase.OVER, What.CLOSED): Phase.CLOSED,
    (Phase.CLOSED, What.NOTED): Phase.CLOSED,
    (Phase.CLOSED, What.BROADCAST): Phase.CLOSED,        # that it was stopped; none is begun any more
}
STEPS: Final[Mapping[tuple[Standing, What], Standing]] = {
    (Standing.OPEN, What.BEGUN): Standing.BEGUN,
    (Standing.OPEN, What.DONE): Standing.DONE,
    (Standing.BEGUN, What.DONE): Standing.DONE,
    (Standing.WAITING, What.NOT_NEEDED): Standing.NOT_NEEDED,
    (Standing.OPEN, What.NOT_NEEDED): Standing.NOT_NEEDED,
    (Standing.BEGUN, What.NOT_NEEDED): Standing.NOT_NEEDED,
    (Standing.OPEN, What.LATE): Standing.OPEN,
    (Standing.BEGUN, What.LATE): Standing.BEGUN,
}
SETTLED: Final = frozenset({Standing.DONE, Standing.NOT_NEEDED})


@dataclass(frozen=True)
class StepPlan:
    within: timedelta | None = None
    after: str | None = None
    needed: bool = True
    on_raise: bool = False


@dataclass(frozen=True)
class Plan:
    """What of its type decides. `raises_to`: the level, once one of the conditions holds."""

    steps: Mapping[str, StepPlan]
    raises_to: int | None = None
    must_record: frozenset[str] = frozenset()
    must_report: bool = False


@dataclass(frozen=True)
class Entry:
    """A line of the timeline. `level`: of declared, level and conditions; `by_id`, `to_id`: users; `said`: names and codes."""

    at: datetime
    what: What
    by_id: int | None = None
    step: str = ""
    level: int | None = None
    to_id: int | None = None
    said: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True)
class StepState:
    standing: Standing
    since: datetime | None = None        # its clock's begin
    due_at: datetime | None = None
    ended_at: datetime | None = None
    is_late: bool = False                # was not, or is not, done in time: it stays so
    by_id: int | None = None             # who settled it


@dataclass(frozen=True)
class State:
    phase: Phase = Phase.NONE
    level: int = 0
    commander_id: int | None = None
    declared_at: datetime | None = None
    over_at: datetime | None = None
    steps: Mapping[str, StepState] = field(default_factory=dict)
    conditions: frozenset[str] = frozenset()
    recorded: frozenset[str] = frozenset()
    learnt: frozenset[str] = frozenset()         # of LEARN
    followed_up: bool = False
    report: str = ""                             # the last that was done to it
    entries: int = 0


LEARN: Final = ("causes", "lessons", "insurance")


def fold(plan: Plan, entries: Iterable[Entry]) -> State:
    """Raises what `after` raises: of a timeline that was written by `after`, nothing."""
    state = State()
    for entry in entries:
        state = after(plan, state, entry)
    return state


def after(plan: Plan, state: State, entry: Entry) -> State:
    """What stands after one more line. Raises NotNow, NotCommander, StillOpen."""
    phase = NEXT.get((state.phase, entry.what))
    if phase is None:
        raise NotNow(f"{entry.what} while {state.phase}")
    state = replace(state, phase=phase, entries=state.entries + 1)
    match entry.what:
        case What.DECLARED:
            if entry.by_id is None or not entry.level:
                raise NotNow("somebody declares it, at a level")
            state = replace(state, level=entry.level, commander_id=entry.to_id or entry.by_id, declared_at=entry.at)
            return _opened(plan, state, entry.at)
        case What.LEVEL:
            if not entry.level or entry.level == state.level:
                raise NotNow("the level is that already")
            return replace(state, level=entry.level)
        case What.HANDED_OVER:
            return _handed_over(state, entry)
        case What.BEGUN | What.DONE | What.LATE | What.NOT_NEEDED:
            return _opened(plan, _stepped(state, entry), entry.at)
        case What.CONDITIONS:
            return _raised(plan, state, entry)
        case What.RECORDED:
            return replace(state, recorded=state.recorded | set(entry.said))
        case What.LEARNT:
            return replace(state, learnt=state.learnt | set(entry.said))
        case What.FOLLOWED_UP:
            return replace(state, followed_up=True)
        case What.REPORT:
            if state.report == "approved":
                raise NotNow("the report was approved")
            return replace(state, report=entry.said[0] if entry.said else "")
        case What.BROADCAST:
            if phase is Phase.CLOSED and entry.said != ("stopped",):
                raise NotNow(f"{entry.what} while {phase}")
        case What.OVER:
            if open_now := hindering(plan, state):
                raise StillOpen(" ".join(open_now))
            return replace(state, over_at=entry.at)
        case What.CLOSED:
            if left := left_over(plan, state):
                raise StillOpen(" ".join(left))
    return state


def hindering(plan: Plan, state: State) -> tuple[str, ...]:
    """Why it is not over: needed steps that are not settled, times that must be recorded."""
    return (*(f"step:{name}" for name, step in state.steps.items() if plan.steps[name].needed and step.standing not in SETTLED),
            *(f"record:{name}" for name in sorted(plan.must_record - state.recorded)))


def left_over(plan: Plan, state: State) -> tuple[str, ...]:
    """What is left to do once it is over (H10, H7)."""
    return (*(name for name in LEARN if name not in state.learnt), *(() if state.followed_up else ("followed_up",)),
            *(("report",) if plan.must_report and state.report != "approved" else ()))


def late_now(state: State, now: datetime) -> tuple[str, ...]:
    """Steps whose time is over and of which the timeline does not say so yet."""
    return tuple(name for name, step in state.steps.items()
                 if step.due_at is not None and step.due_at <= now and step.standing not in SETTLED and not step.is_late)


def next_late(state: State) -> datetime | None:
    """When the next step will be late."""
    return min((step.due_at for step in state.steps.values()
                if step.due_at is not None and step.standing not in SETTLED and not step.is_late), default=None)


def open_steps(state: State) -> int:
    return sum(step.standing not in SETTLED for step in state.steps.values())


def late_steps(state: State) -> int:
    """Not done and late: those that were late and are done are history."""
    return sum(step.is_late and step.standing not in SETTLED for step in state.steps.values())


def _handed_over(state: State, entry: Entry) -> State:
    """One at a time (H4): from who has it, to somebody else."""
    if entry.said != (str(state.commander_id),):
        raise NotCommander(f"user {state.commander_id} commands")
    if entry.to_id is None or entry.to_id == state.commander_id:
        raise NotNow("to somebody else")
    return replace(state, commander_id=entry.to_id)


def _stepped(state: State, entry: Entry) -> State:
    step = state.steps.get(entry.step)
    standing = STEPS.get((step.standing, entry.what)) if step else None
    if step is None or standing is None:
        raise NotNow(f"{entry.what} of {entry.step}")
    if entry.what is What.LATE and (step.is_late or step.due_at is None or entry.at < step.due_at):
        raise NotNow(f"{entry.step} is not late now")
    is_late = step.is_late or entry.what is What.LATE or (
        entry.what is What.DONE and step.due_at is not None and entry.at > step.due_at)
    settled = standing in SETTLED
    changed = replace(step, standing=standing, is_late=is_late, ended_at=entry.at if settled else None,
                      by_id=entry.by_id if settled else None)
    return replace(state, steps={**state.steps, entry.step: changed})


def _raised(plan: Plan, state: State, entry: Entry) -> State:
    """More conditions hold; none is taken back. The level only becomes worse by them."""
    new = set(entry.said) - state.conditions
    if not new:
        raise NotNow("known already")
    worse = plan.raises_to if plan.raises_to is not None and plan.raises_to < state.level else state.level
    state = replace(state, conditions=state.conditions | new, level=worse)
    return _opened(plan, state, entry.at)


def _opened(plan: Plan, state: State, now: datetime) -> State:
    """The clocks of steps that wait for nothing any more begin now."""
    steps = dict(state.steps)
    for name, step in plan.steps.items():
        before = steps.get(name)
        if step.on_raise and not state.conditions:
            continue
        if before is not None and before.standing is not Standing.WAITING:
            continue
        first = steps.get(step.after) if step.after is not None else None
        if step.after is not None and (first is None or first.standing not in SETTLED):
            steps[name] = before or StepState(Standing.WAITING)
            continue
        steps[name] = StepState(Standing.OPEN, now, now + step.within if step.within is not None else None)
    if steps == state.steps:
        return state
    return _opened(plan, replace(state, steps=steps), now)
