"""Agents' days (K3): what of an agent's conduct is measured, and what was heard of it: greetings in calls that a leader checked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.agentlog.models import MissedRing
from crm.calls.models import CallRow
from crm.complaints.record import upheld_of_agents
from crm.notices.words import Named
from crm.recordings.greeting import checks
from crm.reports import figures as f
from crm.reports.narrowed import narrowed
from crm.reports.service import day_bounds, rules_of
from crm.reports.shelf.of_calls import agent_names, behind, narrow_of
from crm.reports.shelf.report import LEADS, Ask, Cell, Column, Headline, Name, Parameter, Report, Row, Sheet, Type, api
from crm.reports.slices import By, FigureRow, Interval, Sources, edges, empty_row, rows
from crm.reports.sources import sources

FAIR: Final = 2      # of 1 satisfied, 2 fair, 3 not satisfied


@dataclass(frozen=True)
class Counted:
    """Something that counts in an agent's day: when it happened, to whom, and the address of it."""

    agent: str
    at: datetime


@dataclass(frozen=True)
class More:
    """A column of another domain: what it counts, and where what was counted of an agent's day is read."""

    column: Column
    counted: Callable[[Session, Ask], Iterable[Counted]]
    link: Callable[[Ask, str, date], str]


def _upheld(session: Session, ask: Ask) -> Iterable[Counted]:
    return (Counted(agent, at) for agent, at in upheld_of_agents(session, ask.view.actor, ask.begin, ask.end))


def _greetings(said: bool) -> More:
    """Calls that a leader listened to, with or without the greeting."""
    def counted(session: Session, ask: Ask) -> Iterable[Counted]:
        return (Counted(agent, at) for agent, at, was in checks(session, ask.view.actor, ask.begin, ask.end) if was is said)

    def link(ask: Ask, agent: str, on: date) -> str:
        since, before = day_bounds(on, ask.tz)
        return api("/recordings", agent=agent, greeting=str(said).lower(), since=since.isoformat(), before=before.isoformat())

    words = Named("抽听有问候", "Greeted, of checked") if said else Named("抽听无问候", "Not greeted, of checked")
    return More(Column("greeted" if said else "not_greeted", words, Type.INTEGER), counted, link)


MORE: Final[tuple[More, ...]] = (
    _greetings(True), _greetings(False),
    More(Column("upheld", Named("投诉成立", "Complaints upheld"), Type.INTEGER), _upheld,
         lambda _ask, agent, on: api("/complaints/record/rows", agent=agent, **{"from": on.isoformat(), "to": on.isoformat()})),
)


@dataclass
class _Day:
    calls: int = 0
    long: int = 0
    rated: int = 0
    satisfied: int = 0
    not_satisfied: int = 0
    more: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def agent_days(session: Session, ask: Ask) -> Sequence[Sheet]:
    at = edges(ask.days.first, ask.days.last, Interval.DAY, lambda day: day_bounds(day, ask.tz)[0])
    narrow, rules = narrow_of(session, ask), rules_of(ask.site)
    found = narrowed(sources(session, ask.site, at[0], at[-1], ask.now), narrow)
    days = _days(session, ask, found)
    shown = rows(By.AGENT, found, at, rules, narrow.team_of)
    # What is counted of an agent may fall on a day on which they were not there: a complaint is closed when it is.
    there = {(row.key, _local(ask, row.begin)) for row in shown}
    away = [(agent, *day_bounds(on, ask.tz)) for agent, on in days.keys() - there]
    shown += [empty_row(agent, begin, end, rules) for agent, begin, end in away if narrow.takes("", agent, None, begin)]
    shown.sort(key=lambda row: (row.key, row.begin))
    agent = Column("agent", Named("座席员", "Agent"), words=agent_names(session), width=1.4)
    return [Sheet("days", Named("座席员日报", "Agents' days"), (agent, *_COLUMNS, *(more.column for more in MORE)),
                  (_row(ask, row, days[row.key, _local(ask, row.begin)]) for row in shown), _headlines(ask, found, days, rules),
                  Named("开场问候只计组长抽听过的通话。", "Greetings are counted in the calls that a leader has listened to."))]


_COLUMNS: Final = (
    Column("day", Named("日期", "Day"), Type.DAY, width=1.2),
    Column("rang", Named("振铃", "Rang"), Type.INTEGER), Column("answered", Named("接听", "Answered"), Type.INTEGER),
    Column("misses", Named("未接", "Missed"), Type.INTEGER),
    Column("answered_in_2_rings", Named("两声内接听率", "In 2 rings"), Type.SHARE),
    Column("long", Named("超时通话", "Over the limit"), Type.INTEGER),
    Column("aht_s", Named("平均处理时长", "AHT"), Type.SECONDS),
    Column("rated", Named("评价数", "Rated"), Type.INTEGER),
    Column("satisfied", Named("满意率", "Satisfied"), Type.SHARE),
    Column("not_satisfied", Named("不满意", "Not satisfied"), Type.INTEGER),
    Column("occupancy", Named("占用率", "Occupancy"), Type.SHARE),
    Column("signed_in_s", Named("在岗时长", "At work"), Type.SECONDS))


def _days(session: Session, ask: Ask, found: Sources) -> Mapping[tuple[str, date], _Day]:
    """What the calls and other domains add to the figures, by agent and local day."""
    days: dict[tuple[str, date], _Day] = defaultdict(_Day)
    wanted = {call.call_id: call for call in found.calls if call.agent}
    query = select(CallRow.call_id, CallRow.rating, CallRow.talk_s).where(
        CallRow.queued_at >= ask.begin, CallRow.queued_at < ask.end, CallRow.answered_agent.is_not(None))
    limit = ask.site.desk.call_minutes * 60
    for call_id, rating, talk_s in session.execute(query):
        if (call := wanted.get(call_id)) is None or call.agent is None:
            continue
        day = days[call.agent, _local(ask, call.queued_at)]
        day.calls += 1
        day.long += (talk_s or 0) > limit
        if rating is not None:
            day.rated += 1
            day.satisfied += rating < FAIR
            day.not_satisfied += rating > FAIR
    for more in MORE:
        for counted in more.counted(session, ask):
            days[counted.agent, _local(ask, counted.at)].more[more.column.id] += 1
    return days


def _row(ask: Ask, row: FigureRow, day: _Day) -> Row:
    on = _local(ask, row.begin)
    behind = {"by": "agent", "key": row.key, "from": on.isoformat(), "to": on.isoformat(), Name.ESTATE.value: ask.get(Name.ESTATE),
              Name.QUEUE.value: ask.get(Name.QUEUE)}
    log = api(f"/agents/{row.key}/log", day=on.isoformat())
    own = {"from": on.isoformat(), "to": on.isoformat(), "agent": row.key, "team": None}
    return [
        row.key, on, Cell(row.offered, ask.link("rings", **own)),
        Cell(row.answered, api("/figures/rows", figure="answered", **behind)),
        Cell(row.misses, ask.link("rings", **own, which="missed")),
        Cell(row.answered_in_2_rings, api("/figures/rows", figure="answered", **behind)),
        Cell(day.long, ask.link("call-list", **own, which="long")),
        Cell(row.aht_s, log), Cell(day.rated, ask.link("call-list", **own, which="rated")),
        Cell(day.satisfied / day.rated if day.rated else None, ask.link("call-list", **own, which="rated")),
        Cell(day.not_satisfied, ask.link("call-list", **own, which="not_satisfied")),
        Cell(row.occupancy, log), Cell(row.signed_in_s, log),
        *(Cell(day.more[more.column.id], more.link(ask, row.key, on)) for more in MORE)]


def _headlines(ask: Ask, found: Sources, days: Mapping[tuple[str, date], _Day], rules: f.Rules) -> tuple[Headline, ...]:
    calls = f.settled(call for call in found.calls if call.agent)
    rated = sum(day.rated for day in days.values())
    satisfied = sum(day.satisfied for day in days.values())
    rings = [ring.missed for ring in found.rings if ring.agent]
    return (
        Headline(Named("接听", "Answered"), Type.INTEGER, f.answered(calls, rules), behind(ask, "answered")),
        Headline(Named("两声内接听率", "In 2 rings"), Type.SHARE, f.agents_answered_in_2_rings(calls, rings, rules),
                 ask.link("rings")),
        Headline(Named("超时通话", "Over the limit"), Type.INTEGER, sum(day.long for day in days.values()),
                 ask.link("call-list", which="long")),
        Headline(Named("满意率", "Satisfied"), Type.SHARE, satisfied / rated if rated else None,
                 ask.link("call-list", which="rated")))


def _local(ask: Ask, at: datetime) -> date:
    return at.astimezone(ask.tz).date()


# --- rings at agents' seats ----------------------------------------------------------------------------------------

_RESULTS: Final = {"answered": Named("接听", "answered"), "missed": Named("未接", "missed")}


def rings(session: Session, ask: Ask) -> Sequence[Sheet]:
    """Calls that rang at agents' seats: answered there, or missed."""
    return [Sheet("rings", Named("振铃明细", "Rings"), (
        Column("at", Named("时间", "At"), Type.TIME, width=1.4), Column("call_id", Named("通话", "Call"), width=1.6),
        Column("queue", Named("队列", "Queue")), Column("agent", Named("座席员", "Agent"), words=agent_names(session), width=1.4),
        Column("seat", Named("座席", "Seat")), Column("ring_s", Named("振铃时长", "Rang for"), Type.SECONDS),
        Column("answered", Named("结果", "Result"), words=_RESULTS)),
        _rings(session, ask))]


def _rings(session: Session, ask: Ask) -> Iterator[Row]:
    narrow, rules = narrow_of(session, ask), rules_of(ask.site)
    calls = select(CallRow.call_id, CallRow.queued_at, CallRow.queue, CallRow.answered_agent, CallRow.answered_by,
                   CallRow.ring_s).where(
        CallRow.queued_at >= ask.begin, CallRow.queued_at < ask.end, CallRow.answered_agent.is_not(None))
    whole = sources(session, ask.site, ask.begin, ask.end, ask.now)
    found = {call.call_id for call in narrowed(whole, narrow).calls}
    if ask.given[Name.WHICH] == "all":
        for call_id, at, queue, agent, seat, ring_s in session.execute(calls.order_by(CallRow.queued_at, CallRow.call_id)):
            if call_id in found:
                yield [at, Cell(call_id, api(f"/calls/{call_id}")), queue, agent, seat, ring_s, "answered"]
    query = select(MissedRing.at, MissedRing.call_id, MissedRing.queue, MissedRing.agent, MissedRing.seat, MissedRing.ring_s).where(
        MissedRing.at >= ask.begin, MissedRing.at < ask.end, MissedRing.agent.is_not(None)).order_by(MissedRing.at, MissedRing.id)
    for at, call_id, queue, agent, seat, ring_s in session.execute(query):
        # The caller's estate, though somebody else answered the call or nobody did.
        if f.misses([f.Missed(ring_s)], rules) and narrow.takes(queue or "", agent, whole.estates.get(call_id), at):
            yield [at, Cell(call_id, api(f"/calls/{call_id}")), queue, agent, seat, ring_s, "missed"]


_WHO: Final = (Parameter(Name.TEAM), Parameter(Name.AGENT), Parameter(Name.QUEUE), Parameter(Name.ESTATE))
REPORTS: Final = (
    Report("agent-days", Named("座席员日报", "Agents' days"), LEADS, agent_days, _WHO,
           Named("两声、十分钟、满意度等服务规范指标（K3）。", "Conduct: two rings, ten minutes, satisfaction (K3)."),
           most_days=92),
    Report("rings", Named("座席振铃明细", "Rings at agents' seats"), LEADS, rings,
           (Parameter(Name.WHICH, ("all", "missed")), *_WHO), most_days=92, of_tickets=False),
)
