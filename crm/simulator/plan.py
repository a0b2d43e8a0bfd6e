"""What is asked of the simulator, from a scenario's file or from past calls, with "what if": other agents, other patience. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from statistics import fmean

from callcenter.site.surge import SurgePolicy
from crm.forecast.arrivals import STEP_S
from crm.simulator.app_queue import AppQueue, simulate_app_queue
from crm.simulator.engine import Watch, simulate
from crm.simulator.fit import fit
from crm.simulator.generate import again
from crm.simulator.past import A_STINT_ENDS, DAY_S, stints
from crm.simulator.result import Result
from crm.simulator.scenario import Agent, Caller, Posture, Queue, Scenario
from crm.simulator.scenario_file import ScenarioGiven, callers_of, expected_of, scenario_of
from crm.simulator.surge import TierWatch
from crm.simulator.traces import Trace


@dataclass(frozen=True)
class WhatIf:
    """`agents`: so many, in the place of those at work; `patience`: times as patient; `surge`: with tiers, by this policy."""

    agents: int | None = None
    patience: float = 1.0
    surge: SurgePolicy | None = None


@dataclass(frozen=True)
class Plan:
    """Ready to be run as often as wanted: `callers` draws those of a seed."""

    scenario: Scenario
    callers: Callable[[int], list[Caller]]
    begins_at: datetime
    expected: Sequence[float]          # arrivals by half hour
    surge: SurgePolicy | None
    manners: AppQueue | None = None    # None: the engine's own

    def watch(self) -> Watch | None:
        return TierWatch(self.surge, self.begins_at, self.expected, STEP_S) if self.surge else None

    def run(self, seed: int) -> Result:
        if self.manners is None:
            return simulate(self.scenario, self.callers(seed), watch=self.watch(), seed=seed)
        return simulate_app_queue(self.scenario, self.callers(seed), self.manners, watch=self.watch(), seed=seed)


def of_file(given: ScenarioGiven, what_if: WhatIf) -> Plan:
    """`agents` counts those of the first group, which is made larger or smaller."""
    surge = what_if.surge or given.surge
    changed = given
    if what_if.agents is not None and given.agents:
        groups = (given.agents[0].model_copy(update={"count": what_if.agents}), *given.agents[1:])
        changed = given.model_copy(update={"agents": groups})
    scenario = scenario_of(changed)
    parts = [expected_of(group) for group in given.callers]
    return Plan(_looked(scenario, surge), lambda seed: callers_of(given, seed, what_if.patience), given.begins_at,
                [sum(each) for each in zip(*parts, strict=True)], surge, AppQueue() if given.app_queue else None)


def of_trace(trace: Trace, what_if: WhatIf, queues: Mapping[str, Queue] | None = None,
             posture: Posture | None = None) -> Plan:
    """The calls as they came, patience and talk drawn anew. Agents are at work as the calls tell, for the queues whose calls they
    answered; with `agents`, so many from each day's first call to its last, for every queue. `queues`: as the site has them."""
    fitted = fit(trace.calls)
    names = sorted({call.queue for call in trace.calls})
    until = trace.days * DAY_S
    plans = tuple((queues or {}).get(name) or Queue(name, chain=()) for name in names)
    plans = tuple(replace(plan, talk_s=fitted.talk.mean, patience_s=min(fitted.patience.mean, 3600.0)) for plan in plans)
    at_work = stints(trace.calls)
    answered: dict[str, set[str]] = defaultdict(set)
    for call in trace.calls:
        answered[call.agent].add(call.queue)
    if what_if.agents is None:
        agents = tuple(Agent(code, spans, dict.fromkeys(answered[code], 1)) for code, spans in at_work.items())
    else:
        days = [[call for call in trace.calls if int(call.at // DAY_S) == day] for day in range(trace.days)]
        open_ = tuple((min(call.at for call in day), max(call.talk_until for call in day) + A_STINT_ENDS) for day in days if day)
        agents = tuple(Agent(str(number), open_, dict.fromkeys(names, 1)) for number in range(1, what_if.agents + 1))
    counts = Counter(int(call.at // STEP_S) for call in trace.calls)
    patience = None if what_if.patience == 1 else lambda seconds: seconds * what_if.patience
    return Plan(_looked(Scenario(plans, agents, posture=posture or Posture(), until=until), what_if.surge),
                lambda seed: again(trace.calls, fitted, seed, patience=patience), datetime.combine(trace.first, time(0), UTC),
                [float(counts[place]) for place in range(int(until // STEP_S))], what_if.surge)


def _looked(scenario: Scenario, surge: SurgePolicy | None) -> Scenario:
    return replace(scenario, window_s=float(surge.arrivals.window)) if surge else scenario


@dataclass(frozen=True)
class Told:
    """The architecture's figures of all queues together, means of the runs."""

    offered: float
    short_abandons: float
    answered: float
    abandoned: float
    messages: float
    waiting: float                     # still, when everything was over
    abandonment: float
    service_level: float
    answered_in_2_rings: float
    asa_s: float
    aht_s: float
    occupancy: float
    highest_tier: float


def told(results: Sequence[Result], *, short_abandon_s: float, service_level_s: float, two_rings_s: float) -> Told:
    return Told(*(fmean(values) for values in zip(*(
        _told(result, short_abandon_s, service_level_s, two_rings_s) for result in results), strict=True)))


def _told(result: Result, short_abandon_s: float, service_level_s: float, two_rings_s: float) -> tuple[float, ...]:
    """By the formulas of crm/reports/figures.py, which a test compares these with; a day of ten thousand calls in one pass."""
    outcomes: Counter[str] = Counter()
    waits = talks = 0.0
    short = in_time = quick = 0
    for call in result.offered:
        outcomes[call.outcome] += 1
        wait = call.wait_s or 0.0
        if call.answered_at is not None:
            waits += wait
            talks += call.caller.talk_s + (call.wrapup_s or 0.0)
            in_time += wait <= service_level_s
            quick += call.rang_at is not None and call.answered_at - call.rang_at <= two_rings_s
        elif call.outcome == "abandoned" and wait <= short_abandon_s:
            short += 1
    offered, answered = len(result.offered), outcomes["answered"]
    rated, gave_up = max(offered - outcomes[""] - short, 1), outcomes["abandoned"] - short
    return (offered, short, answered, gave_up, outcomes["message"] + outcomes["callback"], outcomes[""], gave_up / rated,
            in_time / rated, quick / rated, waits / max(answered, 1), talks / max(answered, 1), result.occupancy or 0.0,
            max((tier for _, tier in result.tiers), default=0))
