"""Signals from what is known: the board says who waits now, the journal what came lately, the forecast what was expected. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from callcenter.drills import is_drill
from callcenter.events import AgentState, Board, Call, CallState
from callcenter.site.surge import SurgePolicy
from crm.reports.figures import Counted, Rules, asa_s, count, service_level, settled
from crm.surge.tiers import Signals

WAITS: Final = frozenset({CallState.QUEUED, CallState.RINGING})
AT_WORK: Final = frozenset({AgentState.READY, AgentState.RINGING, AgentState.TALKING, AgentState.HELD, AgentState.WRAPUP})


@dataclass(frozen=True)
class Lately:
    """What the database says: calls that entered a queue in the longest window, and how many were expected in the arrivals' one."""

    calls: Sequence[Counted] = ()
    expected: float | None = None


@dataclass(frozen=True)
class Tally:
    """What came of the calls of a surge so far."""

    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    messages: int = 0                    # voicemail or callback request
    asa_s: float | None = None
    service_level: float | None = None


def signals_of(board: Board, lately: Lately | None, policy: SurgePolicy, rules: Rules, now: datetime) -> Signals:
    """`lately` None: the database is away, and nobody can say."""
    waiting = [call for call in board.calls.values()
               if call.state in WAITS and call.callback_id is None and not is_drill(call.call_id)]
    return Signals(
        at=now, waiting=len(waiting), longest_wait_s=max((_waited(call, now) for call in waiting), default=0.0),
        arrivals_ratio=None if lately is None else _ratio(lately, policy, now),
        service_level=None if lately is None else _level(lately.calls, policy, rules, now),
        agents=sum(agent.state in AT_WORK for agent in board.agents.values()))


def longest_window(policy: SurgePolicy) -> timedelta:
    return timedelta(seconds=max(policy.arrivals.window, policy.service_level.window))


def tally(calls: Iterable[Counted], rules: Rules) -> Tally:
    known = settled(calls)
    return Tally(len(known), count("answered", known, rules), count("abandoned", known, rules), count("messages", known, rules),
                 asa_s(known), service_level(known, rules))


def _waited(call: Call, now: datetime) -> float:
    return max(0.0, (now - (call.queued_at or call.since)).total_seconds())


def _ratio(lately: Lately, policy: SurgePolicy, now: datetime) -> float | None:
    if lately.expected is None:
        return None
    begin = now - timedelta(seconds=policy.arrivals.window)
    came = sum(begin <= call.queued_at <= now for call in lately.calls)
    return came / max(lately.expected, float(policy.arrivals.least))


def _level(calls: Sequence[Counted], policy: SurgePolicy, rules: Rules, now: datetime) -> float | None:
    """Answered within T ÷ (calls whose fate is known − short abandons + calls that have waited for longer than T)."""
    begin = now - timedelta(seconds=policy.service_level.window)
    recent = [call for call in calls if begin <= call.queued_at <= now]
    known = settled(recent)
    too_long = sum(now - call.queued_at > timedelta(seconds=rules.of(call.queue).service_level_s) for call in recent
                   if call.answered_at is None and call.outcome is None)
    whole = len(known) - count("short_abandons", known, rules) + too_long
    return count("service_level", known, rules) / whole if whole >= policy.service_level.least else None
