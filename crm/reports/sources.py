"""Reads what figures are made from: one query a table, each by an index on time, none for each call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, case, exists, literal_column, null, select
from sqlalchemy.orm import Session

from callcenter.events import AgentState
from callcenter.site import Site
from crm.agentlog.entries import Act
from crm.agentlog.models import AgentEvent, AgentStateRow, MissedRing
from crm.calls.models import CallRow, QueueVisit, TalkSegment
from crm.calls.record import Outcome
from crm.calls.store import record_of
from crm.households.models import Estate, Household
from crm.reports.figures import Counted, Handled, Missed
from crm.reports.slices import HandledBy, Happened, Ring, Sources, Stay
from crm.reports.visits import Worked, visit_at, visits_of, with_visits
from crm.staff.agents_models import AgentRow

AT_WORK: Final = frozenset({AgentState.TALKING, AgentState.HELD, AgentState.WRAPUP})
AT_ONCE: Final = 500         # ids in one query
LONGEST_CALL: Final = timedelta(hours=2)     # a call that came so long before may go on to another queue in the time
Which = tuple[ColumnElement[bool], ...]      # conditions on calls


@dataclass(frozen=True, slots=True)
class State:
    stay: Stay
    call_id: str | None


_NO_ESTATES: Final[Mapping[int, str]] = {}
# By household; by the call's own estate where the household is forgotten.
_ESTATE: Final = case((CallRow.household_id.is_not(None), Household.estate_id), else_=CallRow.estate_id)


def sources(session: Session, site: Site, begin: datetime, end: datetime, now: datetime) -> Sources:
    """Of calls that entered a queue in the time, and of agents' time in it."""
    states = _states(session, begin, end + LONGEST_CALL, now)
    talk = read_talk(session, queued(begin, end))
    handled = _with_talk(handled_of(states), talk)
    keys = estate_keys(session, site)
    calls = with_agents(read_calls(session, queued(begin, end), keys), handled, talk)
    known = {call.call_id: call for call in calls}
    estates = _estates_of(session, queued(begin - LONGEST_CALL, begin), keys) | {call.call_id: call.estate for call in calls}
    visits = {call_id: found if call_id in known else [replace(visit, estate=estates.get(call_id)) for visit in found]
              for call_id, found in read_visits(session, queued(begin - LONGEST_CALL, end), calls, handled,
                                                site.limits.short_abandon).items()}
    missed = session.execute(select(MissedRing.at, MissedRing.queue, MissedRing.agent, MissedRing.call_id, MissedRing.ring_s)
                             .where(MissedRing.at >= begin, MissedRing.at < end))
    rings = [Ring(at, queue or "", agent, estates.get(call_id), Missed(ring_s))
             for at, queue, agent, call_id, ring_s in missed]
    passed = session.execute(select(AgentEvent.at, AgentEvent.call_id, AgentEvent.agent).where(
        AgentEvent.act == Act.TRANSFERRED, AgentEvent.at >= begin, AgentEvent.at < end))
    transfers = [_happened(known, visits, estates, at, call_id, agent) for at, call_id, agent in passed]
    holds = [_happened(known, visits, estates, state.stay.began_at, state.call_id, state.stay.agent) for state in states
             if state.stay.state is AgentState.HELD]
    return Sources(calls, rings, transfers, holds, [state.stay for state in states],
                   [HandledBy(work.at, agent, work.part) for (_, agent), work in handled.items()],
                   with_visits(calls, visits, begin, end), estates)


def teams(session: Session) -> dict[str, str]:
    """An agent's team as it is today; which it was then is not kept."""
    return {code: team for code, team in session.execute(select(AgentRow.code, AgentRow.team)) if team}


def compared(session: Session, begin: datetime, end: datetime, upto: datetime,
             call_ids: Iterable[str]) -> list[tuple[Counted, datetime | None]]:
    """Calls that entered a queue in the time, one each as the live figures have them, and their ends: those since `upto`, and
    of those before only the named."""
    wanted = select(CallRow.queue, CallRow.queued_at, CallRow.outcome, CallRow.rang_at, CallRow.answered_at, CallRow.wait_s,
                    CallRow.stage, CallRow.call_id, CallRow.ended_at).where(
        CallRow.queued_at >= begin, CallRow.queued_at < end, CallRow.entered_at.is_not(None))
    ids = sorted(call_ids)
    parts = [wanted.where(CallRow.queued_at >= upto),
             *(wanted.where(CallRow.queued_at < upto, CallRow.call_id.in_(ids[place:place + AT_ONCE]))
               for place in range(0, len(ids), AT_ONCE))]
    return [(Counted(queue or "", queued_at, Outcome(outcome) if outcome else None, rang_at, answered_at, wait_s, None, stage,
                     call_id), ended_at)
            for part in parts
            for queue, queued_at, outcome, rang_at, answered_at, wait_s, stage, call_id, ended_at in session.execute(part)
            if queued_at]


def visited(session: Session, begin: datetime, end: datetime, short_abandon_s: float, now: datetime) -> list[Counted]:
    """Visits by when they began: what a queue's figures count."""
    calls = visited_by_call(session, begin - LONGEST_CALL, end, short_abandon_s, min(now, end))
    return [visit for _, visits in calls for visit in visits if begin <= visit.queued_at < end]


def visited_by_call(session: Session, since: datetime, end: datetime, short_abandon_s: float,
                    now: datetime) -> list[tuple[datetime, list[Counted]]]:
    """When a call entered its first queue, and all its visits; of calls that did in the time."""
    handled = handled_of(_states(session, since, end, now, AT_WORK))
    calls = with_agents(read_calls(session, queued(since, end), _NO_ESTATES), handled, read_talk(session, queued(since, end)))
    visits = read_visits(session, queued(since, end), calls, handled, short_abandon_s)
    return [(call.queued_at, visits.get(call.call_id) or [call]) for call in calls]


def queued(begin: datetime, end: datetime) -> Which:
    return CallRow.queued_at >= begin, CallRow.queued_at < end


def went_on() -> ColumnElement[bool]:
    """Calls that made more than one visit. Not a parameter: the index of such visits is of this very condition."""
    return exists().where(QueueVisit.call_id == CallRow.call_id, QueueVisit.place == literal_column("1"))


def read_visits(session: Session, which: Which, calls: Iterable[Counted],
                handled: Mapping[tuple[str, str], Work], short_abandon_s: float) -> dict[str, list[Counted]]:
    """Of the calls that made more than one visit, which are few, all of them."""
    known = {call.call_id: call for call in calls}
    several = (*which, CallRow.entered_at.is_not(None), went_on())
    rows = list(session.scalars(select(CallRow).where(*several)))
    if not rows:
        return {}
    worked: dict[str, list[Worked]] = defaultdict(list)
    for call_id, began_at, ended_at in session.execute(
            select(TalkSegment.call_id, TalkSegment.began_at, TalkSegment.ended_at)
            .join(CallRow, CallRow.call_id == TalkSegment.call_id).where(*several, TalkSegment.seat.is_not(None))):
        worked[call_id].append(Worked(began_at, (ended_at - began_at).total_seconds()))
    for (call_id, _), work in handled.items():
        worked[call_id].append(Worked(work.at, wrapup_s=work.part.wrapup_s))
    return {row.call_id: visits_of(known.get(row.call_id) or _counted(row), record_of(row), worked[row.call_id], short_abandon_s)
            for row in rows if row.queued_at}


def _counted(row: CallRow) -> Counted:
    """A call that came before the time: only its later visits count, which say for themselves what they know."""
    assert row.queued_at is not None  # the caller has only such
    return Counted(row.queue or "", row.queued_at, None, call_id=row.call_id)


def read_calls(session: Session, which: Which, estates: Mapping[int, str]) -> list[Counted]:
    query = (
        select(CallRow.queue, CallRow.queued_at, CallRow.outcome, CallRow.rang_at, CallRow.answered_at, CallRow.wait_s,
               CallRow.talk_s, CallRow.stage, CallRow.call_id, CallRow.answered_agent, CallRow.ring_s,
               CallRow.expected_wait_s, _ESTATE if estates else null())
        .where(*which, CallRow.entered_at.is_not(None)))
    if estates:
        query = query.outerjoin(Household, Household.id == CallRow.household_id)
    return [Counted(queue or "", queued_at, Outcome(outcome) if outcome else None, rang_at, answered_at, wait_s, talk_s, stage,
                    call_id, agent, ring_s, estate=estates.get(estate_id), expected_wait_s=told)
            for (queue, queued_at, outcome, rang_at, answered_at, wait_s, talk_s, stage, call_id, agent, ring_s, told,
                 estate_id) in session.execute(query) if queued_at]


def _states(session: Session, begin: datetime, end: datetime, now: datetime,
            only: frozenset[AgentState] | None = None) -> list[State]:
    """Of each agent in order of time; what goes on lasts until `now`."""
    query = (select(AgentStateRow.agent, AgentStateRow.state, AgentStateRow.reason, AgentStateRow.began_at,
                    AgentStateRow.ended_at, AgentStateRow.call_id)
             .where(AgentStateRow.began_at < end, AgentStateRow.ended_at.is_(None) | (AgentStateRow.ended_at > begin))
             .order_by(AgentStateRow.agent, AgentStateRow.began_at, AgentStateRow.id))
    if only is not None:
        query = query.where(AgentStateRow.state.in_(sorted(only)))
    return [State(Stay(agent, AgentState(state), reason, began_at, max(ended_at or now, began_at)), call_id)
            for agent, state, reason, began_at, ended_at, call_id in session.execute(query)]


@dataclass(frozen=True, slots=True)
class Work:
    at: datetime
    part: Handled


def handled_of(states: Iterable[State]) -> dict[tuple[str, str], Work]:
    """(call, agent) → the agent's part in it. A wrap-up that names no call is that of the agent's last one."""
    found: dict[tuple[str, str], Work] = {}
    last: dict[str, str] = {}
    for state in states:
        stay = state.stay
        if stay.state not in AT_WORK:
            continue
        call_id = state.call_id or (last.get(stay.agent) if stay.state is AgentState.WRAPUP else None)
        if call_id is None or (stay.state is AgentState.WRAPUP and (call_id, stay.agent) not in found):
            continue
        seconds = (stay.ended_at - stay.began_at).total_seconds()
        work = found.get((call_id, stay.agent), Work(stay.began_at, Handled()))
        part = work.part
        match stay.state:
            case AgentState.TALKING:
                part = replace(part, talk_s=part.talk_s + seconds)
            case AgentState.HELD:
                part = replace(part, hold_s=part.hold_s + seconds)
            case _:
                part = replace(part, wrapup_s=part.wrapup_s + seconds)
        last[stay.agent] = call_id
        found[call_id, stay.agent] = replace(work, part=part)
    return found


def read_talk(session: Session, which: Which) -> dict[tuple[str, str | None], float]:
    """(call, agent) → seconds that seats talked, holds included, by CEL; agent None: at a seat where nobody was signed in."""
    found = session.execute(
        select(TalkSegment.call_id, TalkSegment.agent, TalkSegment.began_at, TalkSegment.ended_at)
        .join(CallRow, CallRow.call_id == TalkSegment.call_id)
        .where(*which, TalkSegment.seat.is_not(None)))
    talk: dict[tuple[str, str | None], float] = defaultdict(float)
    for call_id, agent, began_at, ended_at in found:
        talk[call_id, agent] += (ended_at - began_at).total_seconds()
    return talk


def _with_talk(handled: dict[tuple[str, str], Work], talk: Mapping[tuple[str, str | None], float]) -> dict[tuple[str, str], Work]:
    """CEL's talk, to the microsecond, for the agent log's, to the second."""
    return {key: replace(work, part=replace(work.part, talk_s=max(talk[key] - work.part.hold_s, 0))) if key in talk else work
            for key, work in handled.items()}


def with_agents(calls: list[Counted], handled: Mapping[tuple[str, str], Work],
                talk: Mapping[tuple[str, str | None], float]) -> list[Counted]:
    """Talk, hold and wrap-up of all agents who had to do with the call, right through transfers."""
    hold: dict[str, float] = defaultdict(float)
    wrapup: dict[str, float] = defaultdict(float)
    talked: dict[str, float] = defaultdict(float)
    for (call_id, _), work in handled.items():
        hold[call_id] += work.part.hold_s
        wrapup[call_id] += work.part.wrapup_s
    for (call_id, _), seconds in talk.items():
        talked[call_id] += seconds
    return [replace(call, hold_s=hold.get(call.call_id), wrapup_s=wrapup.get(call.call_id),
                    talk_s=talked.get(call.call_id, call.talk_s))
            for call in calls]


def estate_keys(session: Session, site: Site) -> dict[int, str]:
    """Estate → the site's estate id, or its name where the site file has none of that name."""
    ids = site.estate_ids
    return {estate_id: ids.get(name, name) for estate_id, name in session.execute(select(Estate.id, Estate.name))}


def _estates_of(session: Session, which: Which, estates: Mapping[int, str]) -> dict[str, str | None]:
    """By call: of one that came before the time, what rings and goes on in it is of its caller's estate all the same."""
    found = session.execute(select(CallRow.call_id, _ESTATE).outerjoin(Household, Household.id == CallRow.household_id)
                            .where(*which, CallRow.entered_at.is_not(None)))
    return {call_id: estates.get(estate_id) for call_id, estate_id in found}


def _happened(known: Mapping[str, Counted], visits: Mapping[str, list[Counted]], estates: Mapping[str, str | None], at: datetime,
              call_id: str | None, agent: str | None) -> Happened:
    call = known.get(call_id or "")
    visit = visit_at(visits.get(call_id or "", ()), at) or call
    return Happened(at, visit.queue if visit else "", agent, estates.get(call_id or ""))
