"""Reads the few calls that `crm.reports.summed` cannot sum, as `crm.reports.sources` reads all: by their names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from callcenter.events import AgentState
from crm.agentlog.models import AgentStateRow
from crm.calls.models import CallRow
from crm.reports import sources as s
from crm.reports.figures import Counted
from crm.reports.slices import Stay
from crm.reports.visits import with_visits

AT_ONCE: Final = 10_000      # ids in one query: each looks through all that agents did in the time
TALK: Final = (AgentState.TALKING, AgentState.HELD)


@dataclass(frozen=True)
class Time:
    """Of which figures are made. Who works for a call of it begins at most `LONGEST_CALL` before it."""

    begin: datetime
    end: datetime
    now: datetime

    @property
    def since(self) -> datetime:
        return self.begin - s.LONGEST_CALL

    @property
    def until(self) -> datetime:
        return self.end + s.LONGEST_CALL

    def at_work(self, state: type[AgentStateRow] = AgentStateRow) -> tuple[ColumnElement[bool], ...]:
        """The agents' work that `sources.sources` looks at, by the index on when it began."""
        return (state.began_at >= self.since, state.began_at < self.until,
                or_(state.ended_at.is_(None), state.ended_at > self.begin))


@dataclass(frozen=True)
class Unnamed:
    """A wrap-up that named no call, and the call whose it is."""

    call_id: str
    seconds: float


@dataclass
class Few:
    counted: list[Counted] = field(default_factory=list)             # what they count for, those without `also`
    calls: dict[str, Counted] = field(default_factory=dict)          # that entered a queue in the time
    visits: dict[str, list[Counted]] = field(default_factory=dict)   # of those that made several


def unnamed_wrapups(session: Session, time: Time) -> dict[int, Unnamed]:
    """By the row's id. As `sources` has it: of the agent's last work for a call; a wrap-up is some if talk went before."""
    wrapup, last, talk = AgentStateRow, aliased(AgentStateRow), aliased(AgentStateRow)
    talked = exists().where(
        talk.agent == last.agent, talk.call_id == last.call_id, talk.state.in_(TALK), *time.at_work(talk), _before(talk, last))
    call_id = (
        select(last.call_id)
        .where(last.agent == wrapup.agent, last.call_id.is_not(None), *time.at_work(last), _before(last, wrapup),
               or_(last.state.in_(TALK), and_(last.state == AgentState.WRAPUP, talked)))
        .order_by(last.began_at.desc(), last.id.desc()).limit(1).correlate(wrapup).scalar_subquery())
    found = session.execute(
        select(wrapup.id, wrapup.began_at, wrapup.ended_at, call_id)
        .where(wrapup.state == AgentState.WRAPUP, wrapup.call_id.is_(None), *time.at_work()))
    return {ident: Unnamed(call, (max(ended_at or time.now, began_at) - began_at).total_seconds())
            for ident, began_at, ended_at, call in found if call is not None}


def few(session: Session, odd: Collection[str], unnamed: Mapping[int, Unnamed], time: Time, short_abandon_s: float) -> Few:
    """Of the `odd` and of those that went on to another queue in the time what they count for; the calls of `unnamed`, too."""
    early = session.scalars(select(CallRow.call_id).where(
        CallRow.queued_at >= time.since, CallRow.queued_at < time.begin, CallRow.entered_at.is_not(None), s.went_on()))
    counting = {*odd, *early}
    ids = sorted(counting | {one.call_id for one in unnamed.values()})
    found = Few()
    for place in range(0, len(ids), AT_ONCE):
        part = ids[place:place + AT_ONCE]
        named = CallRow.call_id.in_(part)
        in_time = (named, *s.queued(time.begin, time.end))
        handled = s.handled_of(_states(session, part, unnamed, time))
        calls = s.with_agents(s.read_calls(session, in_time, {}), handled, s.read_talk(session, in_time))
        visits = s.read_visits(session, (named, *s.queued(time.since, time.end)), calls, handled, short_abandon_s)
        own = [call for call in calls if call.call_id in counting]
        found.counted += with_visits(own, visits, time.begin, time.end)
        found.calls |= {call.call_id: call for call in calls}
        found.visits |= visits
    return found


def _states(session: Session, call_ids: Collection[str], unnamed: Mapping[int, Unnamed], time: Time) -> list[s.State]:
    """The work for these calls, of each agent in order of time."""
    wanted = set(call_ids)
    without = [ident for ident, one in unnamed.items() if one.call_id in wanted]
    found: list[Any] = []
    parts = [AgentStateRow.call_id.in_(call_ids),
             *(AgentStateRow.id.in_(without[place:place + AT_ONCE]) for place in range(0, len(without), AT_ONCE))]
    for part in parts:
        found += session.execute(
            select(AgentStateRow.agent, AgentStateRow.began_at, AgentStateRow.id, AgentStateRow.state, AgentStateRow.ended_at,
                   AgentStateRow.call_id)
            .where(part, AgentStateRow.state.in_(sorted(s.AT_WORK)), *time.at_work())).all()
    return [s.State(Stay(agent, AgentState(state), "", began_at, max(ended_at or time.now, began_at)),
                    call_id or unnamed[ident].call_id)
            for agent, began_at, ident, state, ended_at, call_id in sorted(found, key=lambda row: row[:3])]


def _before(one: type[AgentStateRow], other: type[AgentStateRow]) -> ColumnElement[bool]:
    return and_(one.began_at <= other.began_at, or_(one.began_at < other.began_at, one.id < other.id))
