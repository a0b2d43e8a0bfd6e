"""The fold of an agent's states into intervals: pure. They follow each other without gap or overlap; only the last is open.

acd says every change of state. When acd is dead, a call's end or Asterisk's restart still ends what cannot have gone on:
then the agent is taken to be ready, which is what app_queue takes him for, until acd says what is true.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from callcenter.drills import is_drill
from callcenter.events import AgentState
from crm.agentlog.entries import AgentStated

BY_JOURNAL: Final = "journal"
# acd says it within a second; what it says of the moment of a guess replaces the guess.
GUESS_HOLDS: Final = timedelta(seconds=3)
IN_CALL: Final = frozenset({AgentState.RINGING, AgentState.TALKING, AgentState.HELD})
DRILL: Final = "drill"       # reason of the pause that an agent's part in a drill is, in the log: it is no work of theirs (H12)


@dataclass(frozen=True)
class Interval:
    agent: str
    state: AgentState
    seat: str | None
    call_id: str | None
    reason: str
    by: str
    began_at: datetime
    ended_at: datetime | None = None

    def same_as(self, said: AgentStated) -> bool:
        return (self.state, self.seat, self.call_id, self.reason) == (said.state, said.seat, said.call_id, said.reason)


@dataclass(frozen=True)
class Step:
    """`closed` None: `open` is the interval that was open, or stands in its place."""

    closed: Interval | None
    open: Interval


def in_drill(said: AgentStated) -> AgentStated:
    if not is_drill(said.call_id) or said.state not in IN_CALL | {AgentState.WRAPUP}:
        return said
    return replace(said, state=AgentState.PAUSED, reason=DRILL)


def follow(current: Interval | None, said: AgentStated) -> Step:
    """A clock that went back makes an interval of no length, never one that ends before it begins."""
    begins = said.at if current is None else max(said.at, current.began_at)
    after = Interval(said.agent, said.state, said.seat, said.call_id, said.reason, said.by, begins)
    if current is None:
        return Step(None, after)
    if current.by == BY_JOURNAL and begins - current.began_at <= GUESS_HOLDS:
        return Step(None, replace(after, began_at=current.began_at))
    if current.same_as(said):
        return Step(None, current)
    return Step(replace(current, ended_at=begins), after)


def out_of_call(current: Interval, at: datetime) -> Step:
    """The call that the agent was in has ended; the same interval for one who is in none."""
    if current.state not in IN_CALL and not (current.reason == DRILL and current.call_id):
        return Step(None, current)
    begins = max(at, current.began_at)
    return Step(replace(current, ended_at=begins),
                Interval(current.agent, AgentState.READY, current.seat, None, "", BY_JOURNAL, begins))
