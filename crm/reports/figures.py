"""The figures of architecture.md, "Words for figures": each one function with its formula and source. Pure.

A call counts once its fate is known: it was answered or it has ended. Calls that still wait are the live board's to
show; counted here they would drag every rate down until someone answers.

Figures of a queue count visits (`crm.reports.visits`): a call that was transferred or moved into another queue, or back, is
offered to each queue once a visit. All others (agents, teams, estates, the live board's comparison) count calls.

What makes a call count for a figure is a rule of its own (`RULES`), so that the calls behind a figure can be listed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from callcenter.events import Figures
from crm.calls.record import Outcome


@dataclass(frozen=True)
class Limits:
    """Of a queue, from the site file."""

    two_rings_s: float       # ring.seconds × ring.answer_within
    service_level_s: float   # the queue's T
    wrapup_s: float          # app_queue blocks the seat for just that long; for calls of which the agent log says nothing


@dataclass(frozen=True)
class Rules:
    """Limits of all queues, and of those that the site no longer has."""

    otherwise: Limits
    queues: Mapping[str, Limits] = field(default_factory=dict)
    one_ring_s: float = 5

    def of(self, queue: str) -> Limits:
        return self.queues.get(queue, self.otherwise)


@dataclass(frozen=True, slots=True)
class Counted:
    """What a figure needs to know of a call that entered a queue, or of one visit of it."""

    queue: str
    queued_at: datetime
    outcome: Outcome | None
    rang_at: datetime | None = None
    answered_at: datetime | None = None
    wait_s: float | None = None
    talk_s: float | None = None          # holds included
    stage: int = 0
    call_id: str = ""
    agent: str | None = None             # who answered
    ring_s: float | None = None          # how long the seat that answered was rung
    hold_s: float | None = None          # None: the agent log says nothing of this call
    wrapup_s: float | None = None
    estate: str | None = None
    expected_wait_s: int | None = None   # as the caller was first told
    moved: bool = False                  # of a visit: the call went on to another queue unanswered


@dataclass(frozen=True, slots=True)
class Missed:
    """A ring that was not answered. `ring_s` 0: refused at the phone."""

    ring_s: float | None


@dataclass(frozen=True, slots=True)
class Handled:
    """An agent's part in a call, in seconds, from the agent log; a call that was transferred has several."""

    talk_s: float = 0
    hold_s: float = 0
    wrapup_s: float = 0


@dataclass(frozen=True)
class Spent:
    """Seconds of agents' time, from the agent log (AGENTSTATE)."""

    talking_s: float = 0
    held_s: float = 0
    wrapup_s: float = 0
    breaks_s: float = 0          # paused for a break or a meal
    signed_in_s: float = 0       # all but signed out


def settled(calls: Iterable[Counted]) -> list[Counted]:
    """Calls whose fate is known."""
    return [call for call in calls if call.answered_at or call.outcome or call.moved]


# --- what makes a call count ----------------------------------------------------------------------------------------

Rule = Callable[[Counted, Rules], bool]


def _is_offered(_call: Counted, _rules: Rules) -> bool:
    return True


def _is_short_abandon(call: Counted, _rules: Rules) -> bool:
    return call.outcome is Outcome.SHORT_ABANDON


def _is_answered(call: Counted, _rules: Rules) -> bool:
    return call.answered_at is not None


def _is_abandoned(call: Counted, _rules: Rules) -> bool:
    return call.outcome is Outcome.ABANDONED


def _is_overflowed(call: Counted, _rules: Rules) -> bool:
    return call.stage > 0


def _is_message(call: Counted, _rules: Rules) -> bool:
    return call.outcome is Outcome.MESSAGE


def _is_answered_in_2_rings(call: Counted, rules: Rules) -> bool:
    within = timedelta(seconds=rules.of(call.queue).two_rings_s)
    return call.answered_at is not None and call.rang_at is not None and call.answered_at - call.rang_at <= within


def _is_within_service_level(call: Counted, rules: Rules) -> bool:
    return call.answered_at is not None and call.wait_s is not None and call.wait_s <= rules.of(call.queue).service_level_s


RULES: Final[dict[str, Rule]] = {
    "offered": _is_offered, "short_abandons": _is_short_abandon, "answered": _is_answered, "abandoned": _is_abandoned,
    "overflowed": _is_overflowed, "messages": _is_message, "answered_in_2_rings": _is_answered_in_2_rings,
    "service_level": _is_within_service_level,
}


def count(figure: str, calls: Iterable[Counted], rules: Rules) -> int:
    """How many calls count for it; for a share, its numerator. Raises KeyError."""
    rule = RULES[figure]
    return sum(rule(call, rules) for call in calls)


# --- the figures ----------------------------------------------------------------------------------------------------

def offered(calls: Sequence[Counted]) -> int:
    """Calls that entered a queue, or would have, had any seat been there; of a queue, the visits to it. So the queues' sum is
    above the number of calls by those that went on to another queue. Source: ENTERQUEUE, OVERFLOW."""
    return len(calls)


def short_abandons(calls: Sequence[Counted], rules: Rules) -> int:
    """Gave up within `limits.short_abandon` of entering the queue; not in the rates. Source: ABANDON − ENTERQUEUE."""
    return count("short_abandons", calls, rules)


def answered(calls: Sequence[Counted], rules: Rules) -> int:
    """Talked to a seat, also when Asterisk died later; of a queue, visits in which somebody of it answered. Source: CONNECT."""
    return count("answered", calls, rules)


def abandoned(calls: Sequence[Counted], rules: Rules) -> int:
    """Gave up after the short-abandon limit; of a queue, visits in which the caller did, though another queue had answered
    before. Source: ABANDON or ENDED, without CONNECT or message."""
    return count("abandoned", calls, rules)


def overflowed(calls: Sequence[Counted], rules: Rules) -> int:
    """Moved to the backup seats (A2) or further. Source: OVERFLOW."""
    return count("overflowed", calls, rules)


def messages(calls: Sequence[Counted], rules: Rules) -> int:
    """Left the queue for voicemail or a callback (A11). Source: VOICEMAIL, CALLBACK."""
    return count("messages", calls, rules)


def answered_in_2_rings(calls: Sequence[Counted], rules: Rules) -> float | None:
    """Answered within 10 s of the first ring ÷ (offered − short abandons), A1. Source: CEL, CHAN_START and ANSWER."""
    return _share(count("answered_in_2_rings", calls, rules), calls, rules)


def service_level(calls: Sequence[Counted], rules: Rules) -> float | None:
    """Answered within T s of entering the queue ÷ (offered − short abandons). Source: CONNECT − ENTERQUEUE."""
    return _share(count("service_level", calls, rules), calls, rules)


def abandonment(calls: Sequence[Counted], rules: Rules) -> float | None:
    """Gave up after 5 s ÷ (offered − short abandons)."""
    return _share(abandoned(calls, rules), calls, rules)


def asa_s(calls: Sequence[Counted]) -> float | None:
    """Mean wait of answered calls, in seconds. Source: CONNECT − first ENTERQUEUE."""
    return _mean(waits_s(calls))


def waits_s(calls: Iterable[Counted]) -> list[float]:
    return [call.wait_s for call in calls if call.answered_at and call.wait_s is not None]


def estimate_error_s(calls: Sequence[Counted]) -> float | None:
    """Mean of |expected wait as the caller was first told − wait|, in seconds, of answered calls that were told one: who gave
    up has not shown how long the wait would have been. Source: ESTIMATE; CONNECT − first ENTERQUEUE."""
    return _mean([abs(call.wait_s - call.expected_wait_s) for call in calls
                  if call.answered_at and call.wait_s is not None and call.expected_wait_s is not None])


def aht_s(calls: Sequence[Counted], rules: Rules) -> float | None:
    """Mean talk + hold + wrap-up, in seconds, of calls whose talk is over. Talk with hold: everybody's
    segments of talk (CEL), so also of those to whom it was passed on; wrap-up: theirs by the agent log, and where that says
    nothing of the call, the queue's fixed time."""
    return _mean(handling_s(calls, rules))


def handling_s(calls: Iterable[Counted], rules: Rules) -> list[float]:
    return [call.talk_s + (rules.of(call.queue).wrapup_s if call.wrapup_s is None else call.wrapup_s)
            for call in calls if call.answered_at and call.talk_s is not None]


def agents_aht_s(handled: Sequence[Handled]) -> float | None:
    """Of an agent: mean talk + hold + wrap-up of the calls in which it talked, also those that were passed on to it; each
    counts only what the agent did itself. Source: AGENTSTATE."""
    return _mean([part.talk_s + part.hold_s + part.wrapup_s for part in handled])


def mean_ring_s(calls: Sequence[Counted]) -> float | None:
    """Mean time for which the seats that answered were rung. Source: CEL, CHAN_START to ANSWER of the seat's channel."""
    return _mean([call.ring_s for call in calls if call.answered_at and call.ring_s is not None])


def misses(rings: Sequence[Missed], rules: Rules) -> int:
    """Rings that a seat did not answer: it was rung for one ring at least, or refused. Shorter ones were cut off by the
    stage's end or taken by another seat. Source: RINGNOANSWER."""
    return sum(not ring.ring_s or ring.ring_s >= rules.one_ring_s for ring in rings)


def occupancy(spent: Spent) -> float | None:
    """(Talk + hold + wrap-up) ÷ signed-in time without breaks. Source: AGENTSTATE; breaks: paused for a break or a meal."""
    at_work = spent.signed_in_s - spent.breaks_s
    return (spent.talking_s + spent.held_s + spent.wrapup_s) / at_work if at_work > 0 else None


def agents_answered_in_2_rings(calls: Sequence[Counted], rings: Sequence[Missed], rules: Rules) -> float | None:
    """Of an agent: answered within 10 s of ringing at its own seat ÷ calls that rang there (answered + missed). How long
    the caller had rung elsewhere before is not the agent's. Source: CEL; RINGNOANSWER."""
    rang = answered(calls, rules) + misses(rings, rules)
    kept = sum(call.ring_s is not None and call.ring_s <= rules.of(call.queue).two_rings_s for call in calls)
    return kept / rang if rang else None


def figures_of(queue: str, calls: Iterable[Counted], limits: Limits) -> Figures:
    """`calls`: visits."""
    rules = Rules(limits)
    known = settled(call for call in calls if call.queue == queue)
    return Figures(
        queue=queue, offered=offered(known), short_abandons=short_abandons(known, rules), answered=answered(known, rules),
        abandoned=abandoned(known, rules), overflowed=overflowed(known, rules), messages=messages(known, rules),
        answered_in_2_rings=answered_in_2_rings(known, rules), service_level=service_level(known, rules),
        abandonment=abandonment(known, rules), asa_s=asa_s(known), aht_s=aht_s(known, rules))


def _share(part: int, calls: Sequence[Counted], rules: Rules) -> float | None:
    whole = offered(calls) - short_abandons(calls, rules)
    return part / whole if whole else None


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
