"""Cuts calls and agents' time into slices (whose, and which interval) and counts each: pure, one pass over all of them."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from callcenter.commands import PauseReason
from callcenter.events import AgentState
from crm.reports import figures as f

BREAKS: Final = frozenset({PauseReason.BREAK, PauseReason.MEAL})
NOBODY: Final = ""           # of a call that no agent answered, of a caller whose estate is not known


class By(StrEnum):
    QUEUE = "queue"
    AGENT = "agent"
    TEAM = "team"
    ESTATE = "estate"


class Interval(StrEnum):
    QUARTER = "15m"
    HALF = "30m"
    HOUR = "60m"
    DAY = "day"


MINUTES: Final = {Interval.QUARTER: 15, Interval.HALF: 30, Interval.HOUR: 60}


@dataclass(frozen=True, slots=True)
class Ring:
    at: datetime
    queue: str
    agent: str | None
    estate: str | None
    missed: f.Missed


@dataclass(frozen=True, slots=True)
class Happened:
    """A hold or a transfer: by whom, in which call."""

    at: datetime
    queue: str
    agent: str | None
    estate: str | None


@dataclass(frozen=True, slots=True)
class HandledBy:
    """An agent's part in a call; `at`: when it began to talk."""

    at: datetime
    agent: str
    part: f.Handled


@dataclass(frozen=True, slots=True)
class Stay:
    """An agent in a state; `ended_at` is the present for one that goes on."""

    agent: str
    state: AgentState
    reason: str
    began_at: datetime
    ended_at: datetime


@dataclass(frozen=True)
class Sources:
    """All that figures of a time are made from."""

    calls: Sequence[f.Counted] = ()
    rings: Sequence[Ring] = ()
    transfers: Sequence[Happened] = ()
    holds: Sequence[Happened] = ()
    stays: Sequence[Stay] = ()
    handled: Sequence[HandledBy] = ()
    visits: Sequence[f.Counted] | None = None    # those of the time; None: every call made one
    estates: Mapping[str, str | None] = field(default_factory=dict)    # by call, of those too that came just before the time

    def counted(self, by: By) -> Sequence[f.Counted]:
        """What figures by this count: of queues visits, of all others calls."""
        return self.visits if by is By.QUEUE and self.visits is not None else self.calls


@dataclass(frozen=True)
class FigureRow:
    """`key` is a queue's id, an agent's code, a team's or an estate's id; "" for calls that are nobody's. Of a queue a call counts
    once a visit. Of an agent and a team `offered` is what rang at their seats: answered and missed; rates of waiting callers are
    not theirs: None."""

    key: str
    begin: datetime
    end: datetime
    offered: int
    short_abandons: int
    answered: int
    abandoned: int
    overflowed: int
    messages: int
    misses: int
    transfers: int
    holds: int
    answered_in_2_rings: float | None
    service_level: float | None
    abandonment: float | None
    asa_s: float | None
    estimate_error_s: float | None   # expected wait as told against the real one; of agents and teams None
    aht_s: float | None
    mean_ring_s: float | None
    occupancy: float | None      # of agents and teams; queues share their agents
    talking_s: float
    held_s: float
    wrapup_s: float
    signed_in_s: float           # without breaks


@dataclass
class _Slice:
    calls: list[f.Counted] = field(default_factory=list)
    missed: list[f.Missed] = field(default_factory=list)
    handled: list[f.Handled] = field(default_factory=list)
    transfers: int = 0
    holds: int = 0
    spent: dict[str, float] = field(default_factory=lambda: defaultdict(float))


def edges(first: date, last: date, interval: Interval, midnight: Callable[[date], datetime]) -> list[datetime]:
    """Where intervals begin, and the end of the last: whole local days; `midnight` knows the zone."""
    found: list[datetime] = []
    day = first
    while day <= last:
        begin, end = midnight(day), midnight(day + timedelta(days=1))
        step = end - begin if interval is Interval.DAY else timedelta(minutes=MINUTES[interval])
        while begin < end:
            found.append(begin)
            begin += step
        day += timedelta(days=1)
    return [*found, midnight(last + timedelta(days=1))]


def rows(by: By, sources: Sources, at: Sequence[datetime], rules: f.Rules, team_of: Mapping[str, str]) -> list[FigureRow]:
    """A row for each key and interval in which something happened, by key and time."""
    slices: dict[tuple[str, int], _Slice] = defaultdict(_Slice)

    def key(queue: str, agent: str | None, estate: str | None) -> str:
        match by:
            case By.QUEUE:
                return queue
            case By.AGENT:
                return agent or NOBODY
            case By.TEAM:
                return team_of.get(agent or NOBODY, NOBODY)
            case By.ESTATE:
                return estate or NOBODY

    def place(moment: datetime) -> int | None:
        found = bisect_right(at, moment) - 1
        return found if 0 <= found < len(at) - 1 else None

    people = by in (By.AGENT, By.TEAM)
    for call in f.settled(sources.counted(by)):
        if (where := place(call.queued_at)) is not None and (call.agent or not people):
            slices[key(call.queue, call.agent, call.estate), where].calls.append(call)
    for ring in sources.rings:
        if (where := place(ring.at)) is not None and (ring.agent or not people):
            slices[key(ring.queue, ring.agent, ring.estate), where].missed.append(ring.missed)
    for happened in sources.transfers:
        if (where := place(happened.at)) is not None:
            slices[key(happened.queue, happened.agent, happened.estate), where].transfers += 1
    for happened in sources.holds:
        if (where := place(happened.at)) is not None:
            slices[key(happened.queue, happened.agent, happened.estate), where].holds += 1
    if people:
        for done in sources.handled:
            if (where := place(done.at)) is not None:
                slices[key("", done.agent, None), where].handled.append(done.part)
        for stay in sources.stays:
            for where, seconds in _parts(stay, at):
                for kind in _kinds(stay):
                    slices[key("", stay.agent, None), where].spent[kind] += seconds
    return [_row(name, at[where], at[where + 1], slices[name, where], rules, people=people) for name, where in sorted(slices)]


def empty_row(key: str, begin: datetime, end: datetime, rules: f.Rules) -> FigureRow:
    """Of an agent or a team of whom nothing in the interval is known."""
    return _row(key, begin, end, _Slice(), rules, people=True)


def _kinds(stay: Stay) -> Iterator[str]:
    """For which sums of `Spent` the time counts."""
    if stay.state is AgentState.SIGNED_OUT:
        return
    yield "signed_in_s"
    if stay.state is AgentState.PAUSED and stay.reason in BREAKS:
        yield "breaks_s"
    if stay.state in (AgentState.TALKING, AgentState.HELD, AgentState.WRAPUP):
        yield f"{stay.state.value}_s"


def _parts(stay: Stay, at: Sequence[datetime]) -> Iterator[tuple[int, float]]:
    """(interval, seconds) of the stay's parts within the intervals."""
    where = max(bisect_right(at, stay.began_at) - 1, 0)
    while where < len(at) - 1 and at[where] < stay.ended_at:
        seconds = (min(stay.ended_at, at[where + 1]) - max(stay.began_at, at[where])).total_seconds()
        if seconds > 0:
            yield where, seconds
        where += 1


def _row(key: str, begin: datetime, end: datetime, part: _Slice, rules: f.Rules, *, people: bool) -> FigureRow:
    calls, spent = part.calls, f.Spent(**part.spent)
    missed = f.misses(part.missed, rules)
    return FigureRow(
        key=key, begin=begin, end=end,
        offered=f.answered(calls, rules) + missed if people else f.offered(calls),
        short_abandons=f.short_abandons(calls, rules), answered=f.answered(calls, rules),
        abandoned=f.abandoned(calls, rules), overflowed=f.overflowed(calls, rules), messages=f.messages(calls, rules),
        misses=missed, transfers=part.transfers, holds=part.holds,
        answered_in_2_rings=(f.agents_answered_in_2_rings(calls, part.missed, rules) if people
                             else f.answered_in_2_rings(calls, rules)),
        service_level=None if people else f.service_level(calls, rules),
        abandonment=None if people else f.abandonment(calls, rules),
        asa_s=f.asa_s(calls), estimate_error_s=None if people else f.estimate_error_s(calls),
        aht_s=f.agents_aht_s(part.handled) if part.handled else f.aht_s(calls, rules),
        mean_ring_s=f.mean_ring_s(calls),
        occupancy=f.occupancy(spent) if people else None,
        talking_s=spent.talking_s, held_s=spent.held_s, wrapup_s=spent.wrapup_s,
        signed_in_s=spent.signed_in_s - spent.breaks_s)


def calls_behind(by: By, key: str, figure: str, calls: Iterable[f.Counted], rules: f.Rules,
                 team_of: Mapping[str, str]) -> list[f.Counted]:
    """The settled calls of a key that count for a figure (`figures.RULES`). Raises KeyError for another figure."""
    rule = f.RULES[figure]
    own: dict[By, Callable[[f.Counted], str | None]] = {
        By.QUEUE: lambda call: call.queue, By.AGENT: lambda call: call.agent, By.ESTATE: lambda call: call.estate or NOBODY,
        By.TEAM: lambda call: team_of.get(call.agent or NOBODY, NOBODY) if call.agent else None}
    return [call for call in f.settled(calls) if own[by](call) == key and rule(call, rules)]

