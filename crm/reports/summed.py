"""Figures of queues summed by the database: what `slices.rows` counts one by one, at the cost of a query.

Calls of one visit, one agent and a plain order of talk and wrap-up, which are nearly all, are summed in SQL by the rules of
`figures.RULES`. Those few that are not are named by the same query, read as objects and added.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from itertools import pairwise
from math import gcd
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Float,
    Select,
    and_,
    case,
    cast,
    extract,
    func,
    literal,
    or_,
    select,
    text,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from callcenter.events import AgentState
from callcenter.site import Site
from crm.agentlog.entries import Act
from crm.agentlog.models import AgentEvent, AgentStateRow, MissedRing
from crm.calls.models import CallRow, TalkSegment
from crm.calls.record import Outcome
from crm.database import UtcDateTime
from crm.reports import figures as f
from crm.reports.few import Few, Time, few, unnamed_wrapups
from crm.reports.slices import FigureRow
from crm.reports.sources import AT_WORK, queued, went_on
from crm.reports.visits import visit_at

MICRO: Final = 1_000_000
WORK_MEM: Final = "64MB"     # of PostgreSQL, a month of 85,000 calls takes 23
_Moment = ColumnElement[Any] | InstrumentedAttribute[Any]


@dataclass(slots=True)
class _Sums:
    """Of one queue and interval: what a row is made of. Microseconds are whole, so that their sum does not depend on the order."""

    offered: int = 0
    short_abandons: int = 0
    answered: int = 0
    abandoned: int = 0
    overflowed: int = 0
    messages: int = 0
    answered_in_2_rings: int = 0
    service_level: int = 0
    waited: int = 0
    waited_s: float = 0
    told: int = 0
    told_off_s: float = 0
    rung: int = 0
    rung_s: float = 0
    handled: int = 0
    handled_s: float = 0
    misses: int = 0
    transfers: int = 0
    holds: int = 0

    def add(self, other: _Sums) -> None:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))

    def row(self, queue: str, begin: datetime, end: datetime) -> FigureRow:
        rated = self.offered - self.short_abandons
        return FigureRow(
            key=queue, begin=begin, end=end, offered=self.offered, short_abandons=self.short_abandons, answered=self.answered,
            abandoned=self.abandoned, overflowed=self.overflowed, messages=self.messages, misses=self.misses,
            transfers=self.transfers, holds=self.holds, answered_in_2_rings=_share(self.answered_in_2_rings, rated),
            service_level=_share(self.service_level, rated), abandonment=_share(self.abandoned, rated),
            asa_s=_share(self.waited_s, self.waited), estimate_error_s=_share(self.told_off_s, self.told),
            aht_s=_share(self.handled_s, self.handled), mean_ring_s=_share(self.rung_s, self.rung), occupancy=None,
            talking_s=0, held_s=0, wrapup_s=0, signed_in_s=0)


def _share(part: float, whole: int) -> float | None:
    return part / whole if whole else None


@dataclass
class _Found:
    at: Sequence[datetime]
    sums: dict[tuple[str, int], _Sums] = field(default_factory=lambda: defaultdict(_Sums))

    def add(self, queue: str, moment: datetime, sums: _Sums) -> None:
        self.sums[queue, bisect_right(self.at, moment) - 1].add(sums)


def queue_rows(session: Session, site: Site, at: Sequence[datetime], rules: f.Rules, now: datetime) -> list[FigureRow]:
    """As `slices.rows` by queue."""
    time, found = Time(at[0], at[-1], now), _Found(at)
    lite = session.get_bind().dialect.name == "sqlite"
    if not lite:
        session.execute(text(f"SET LOCAL work_mem = '{WORK_MEM}'"))      # 4 MB sorts a month's calls on the disk
    unnamed = unnamed_wrapups(session, time)
    odd = _add_plain(session, found, Grain.of(at, lite=lite), time, rules, lite=lite)
    rest = few(session, odd, unnamed, time, site.limits.short_abandon)
    for call in f.settled(rest.counted):
        found.add(call.queue, call.queued_at, _of_call(call, rules))
    for one in unnamed.values():
        call_too = rest.calls.get(one.call_id)
        if one.call_id not in odd and call_too and f.handling_s([call_too], rules):      # else it is counted above, or not at all
            found.add(call_too.queue, call_too.queued_at, _Sums(handled_s=one.seconds))
    _add_rings(session, found, Grain.of(at, lite=lite), time, rules)
    _add_happened(session, found, rest, time)
    return [found.sums[key].row(key[0], at[key[1]], at[key[1] + 1]) for key in sorted(found.sums)]


def _add_plain(session: Session, found: _Found, grain: Grain, time: Time, rules: f.Rules, *, lite: bool) -> set[str]:
    """The ids of those that it could not add."""
    each = _each(time, grain, lite=lite).cte("each").prefix_with("MATERIALIZED")
    c = each.c
    limit = case({queue: of.service_level_s for queue, of in rules.queues.items()}, value=c.queue,
                 else_=rules.otherwise.service_level_s)
    two_rings = case({queue: round(of.two_rings_s * MICRO) for queue, of in rules.queues.items()}, value=c.queue,
                     else_=round(rules.otherwise.two_rings_s * MICRO))
    answered = c.answered == 1
    handled = and_(answered, c.talk_us.is_not(None))
    off = func.abs(c.wait_s - c.expected_wait_s)
    figures = {
        "offered": func.count(), "short_abandons": _count(c.outcome == Outcome.SHORT_ABANDON), "answered": _count(answered),
        "abandoned": _count(c.outcome == Outcome.ABANDONED), "overflowed": _count(c.stage > 0),
        "messages": _count(c.outcome == Outcome.MESSAGE), "answered_in_2_rings": _count(and_(answered, c.rang_us <= two_rings)),
        "service_level": _count(and_(answered, c.wait_s <= limit)), "waited": _count(and_(answered, c.wait_s.is_not(None))),
        "waited_s": _sum(answered, c.wait_s), "told": _count(and_(answered, off.is_not(None))), "told_off_s": _sum(answered, off),
        "rung": _count(and_(answered, c.ring_s.is_not(None))), "rung_s": _sum(answered, c.ring_s), "handled": _count(handled),
    }
    rows = session.execute(
        select(c.queue, c.place, c.odd, _sum(handled, c.talk_us), _sum(handled, c.wrapup_us),
               _count(and_(handled, c.wrapup_us.is_(None))), func.aggregate_strings(case((c.odd == 1, c.call_id)), "\n"),
               *figures.values())
        .where(or_(c.odd == 1, c.answered == 1, c.outcome != ""))
        .group_by(c.queue, c.place, c.odd))
    names: set[str] = set()
    for queue, place, odd, talk_us, wrapup_us, unsaid, call_ids, *values in rows:
        if odd:
            names.update(call_ids.split("\n"))
            continue
        sums = _Sums(**dict(zip(figures, values, strict=True)))
        sums.handled_s = float(talk_us + wrapup_us) / MICRO + unsaid * rules.of(queue).wrapup_s
        found.add(queue, grain.moment(place), sums)
    return names


def _each(time: Time, grain: Grain, *, lite: bool) -> Select[Any]:
    """What figures need of each call; `odd`: several visits, work of several agents, none before the wrap-up, or a call so long
    that its talk may have begun later than is looked at."""
    state = AgentStateRow
    is_wrapup = state.state == AgentState.WRAPUP
    until = func.coalesce(state.ended_at, literal(time.now, UtcDateTime))
    work = (
        select(state.call_id, func.min(state.agent).label("first"), func.max(state.agent).label("last"),
               func.min(case((is_wrapup, state.began_at))).label("wrapup_at"),
               func.min(case((is_wrapup, None), else_=state.began_at)).label("talk_at"),
               func.sum(case((and_(is_wrapup, until > state.began_at), _span(state.began_at, until, lite=lite))))
               .label("wrapup"))
        .where(state.call_id.is_not(None), state.state.in_(sorted(AT_WORK)), *time.at_work())
        .group_by(state.call_id).subquery("work"))
    each_talk, talked_us = TalkSegment.seat.is_not(None), _us(
        func.sum(_span(TalkSegment.began_at, TalkSegment.ended_at, lite=lite)), lite=lite)
    talked = (select(TalkSegment.call_id, talked_us.label("us"))
              .where(each_talk, TalkSegment.began_at >= time.begin, TalkSegment.began_at < time.until)
              .group_by(TalkSegment.call_id).subquery("talked"))
    # Call by call SQLite is a quarter quicker, PostgreSQL half as quick.
    talk_us = select(talked_us).where(TalkSegment.call_id == CallRow.call_id, each_talk).scalar_subquery() if lite else talked.c.us
    odd = case((went_on(), 1), (work.c.first != work.c.last, 1), (work.c.wrapup_at <= work.c.talk_at, 1),
               (CallRow.ended_at >= time.until, 1), else_=0)
    found = (
        select(CallRow.call_id, func.coalesce(CallRow.queue, "").label("queue"), grain.place(CallRow.queued_at).label("place"),
               odd.label("odd"), case((CallRow.answered_at.is_not(None), 1), else_=0).label("answered"), CallRow.outcome,
               CallRow.stage, CallRow.wait_s, CallRow.expected_wait_s, CallRow.ring_s,
               _us(_span(CallRow.rang_at, CallRow.answered_at, lite=lite), lite=lite).label("rang_us"),
               func.coalesce(talk_us, CallRow.talk_s * MICRO).label("talk_us"),
               case((work.c.talk_at.is_not(None), func.coalesce(_us(work.c.wrapup, lite=lite), 0.0))).label("wrapup_us"))
        .outerjoin(work, work.c.call_id == CallRow.call_id)
        .where(*queued(time.begin, time.end), CallRow.entered_at.is_not(None)))
    return found if lite else found.outerjoin(talked, talked.c.call_id == CallRow.call_id)


def _of_call(call: f.Counted, rules: f.Rules) -> _Sums:
    one = [call]
    waits, times = f.waits_s(one), f.handling_s(one, rules)
    off, rung = f.estimate_error_s(one), f.mean_ring_s(one)
    return _Sums(**{figure: f.count(figure, one, rules) for figure in f.RULES}, waited=len(waits), waited_s=sum(waits),
                 told=int(off is not None), told_off_s=off or 0, rung=int(rung is not None), rung_s=rung or 0,
                 handled=len(times), handled_s=sum(times))


def _add_rings(session: Session, found: _Found, grain: Grain, time: Time, rules: f.Rules) -> None:
    ring = MissedRing
    is_missed = or_(ring.ring_s.is_(None), ring.ring_s == 0, ring.ring_s >= rules.one_ring_s)
    queue, place = func.coalesce(ring.queue, "").label("queue"), grain.place(ring.at).label("place")
    each = select(queue, place, case((is_missed, 1), else_=0).label("missed")).where(
        ring.at >= time.begin, ring.at < time.end).subquery()
    for key, where, count in session.execute(
            select(each.c.queue, each.c.place, func.sum(each.c.missed)).group_by(each.c.queue, each.c.place)):
        found.add(key, grain.moment(where), _Sums(misses=int(count)))


def _add_happened(session: Session, found: _Found, rest: Few, time: Time) -> None:
    """Transfers and holds, in the queue in which the call was then."""
    for moment, call_id, which, sums in (
            (AgentEvent.at, AgentEvent.call_id, (AgentEvent.act == Act.TRANSFERRED,), _Sums(transfers=1)),
            (AgentStateRow.began_at, AgentStateRow.call_id,
             (AgentStateRow.state == AgentState.HELD, *time.at_work()), _Sums(holds=1))):
        query = (select(moment, call_id, CallRow.queue)
                 .outerjoin(CallRow, and_(CallRow.call_id == call_id, CallRow.entered_at.is_not(None),
                                          *queued(time.begin, time.end)))
                 .where(moment >= time.begin, moment < time.end, *which))
        for at, call, queue in session.execute(query):
            visit = visit_at(rest.visits.get(call or "", ()), at)
            found.add(visit.queue if visit else queue or "", at, sums)


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _sum(condition: ColumnElement[bool], value: ColumnElement[Any]) -> ColumnElement[float]:
    return func.coalesce(func.sum(case((condition, value))), 0.0)


# --- time, exactly ----------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Grain:
    """The longest time of which all intervals are whole multiples, counted from the first: what the database groups by."""

    begin: datetime
    seconds: int
    lite: bool

    @classmethod
    def of(cls, at: Sequence[datetime], *, lite: bool) -> Grain:
        return cls(at[0], gcd(*(round((end - begin).total_seconds()) for begin, end in pairwise(at))), lite)

    def place(self, moment: _Moment) -> ColumnElement[Any]:
        if self.lite:
            return (_whole_seconds(moment) - round(self.begin.timestamp())) // self.seconds
        return func.date_bin(timedelta(seconds=self.seconds), moment, literal(self.begin, UtcDateTime), type_=UtcDateTime)

    def moment(self, place: int | datetime) -> datetime:
        return place if isinstance(place, datetime) else self.begin + timedelta(seconds=place * self.seconds)


def _span(begin: _Moment, end: _Moment, *, lite: bool) -> ColumnElement[Any]:
    """From one moment to the other: microseconds in SQLite, else an interval."""
    if not lite:
        return cast(end, DateTime(timezone=True)) - cast(begin, DateTime(timezone=True))
    begin_us, end_us = (cast(func.substr(moment, 21, 6), BigInteger) for moment in (begin, end))
    return (_whole_seconds(end) - _whole_seconds(begin)) * MICRO + end_us - begin_us


def _us(span: ColumnElement[Any], *, lite: bool) -> ColumnElement[float]:
    """Of a span or of a sum of spans."""
    return cast(span, Float) if lite else cast(extract("epoch", span), Float) * MICRO


def _whole_seconds(moment: _Moment) -> ColumnElement[int]:
    """Since 1970, SQLite's. Its reading of a moment is rounded to milliseconds: fractions of a second are left out before."""
    return func.unixepoch(func.substr(moment, 1, 19), type_=BigInteger)
