"""How long a caller waits when callers also give up: Erlang-A (M/M/n+M). Pure functions, in seconds and per second.

Callers come at rate λ, an agent ends calls at rate μ, a waiting caller gives up at rate θ (1 ÷ mean patience), `n` agents
work. Sources: Garnett, Mandelbaum & Reiman, "Designing a Call Center with Impatient Customers", M&SOM 4 (2002), for the
stationary quantities; Whitt, "Improving Service by Informing Customers About Anticipated Delays", Management Science 45
(1999), for the wait of a caller who sees the queue. With θ = 0 they are Erlang-C's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

NEGLIGIBLE: Final = 1e-14      # of the largest term: further states cannot be seen in a float's sum
SIMPSON_STEPS: Final = 32        # even
LONGEST_QUEUE: Final = 200_000  # states; only met with hardly any abandonment and more load than agents


def expected_wait_s(ahead: int, agents: float, service_rate: float, abandon_rate: float) -> float | None:
    """Mean wait of a patient caller who finds all agents busy and `ahead` callers waiting; None with nobody at work.

    Σ_{i=0..k} 1 ÷ (n·μ + i·θ): with i others still ahead, the next of them leaves at that rate, served or giving up.
    `agents` need not be whole: an agent shared between queues counts by the share.
    """
    served = agents * service_rate
    if served <= 0:
        return None
    return math.fsum(1 / (served + i * abandon_rate) for i in range(ahead + 1))


def expected_wait_until_s(limit_s: float, ahead: int, agents: float, service_rate: float, abandon_rate: float) -> float | None:
    """Mean of min(wait, limit) for the same caller: somebody else serves who has waited so long. `abandon_rate` > 0.

    E[min(W, T)] = ∫₀ᵀ P(W > t) dt, by Simpson's rule. W is a sum of exponentials at the rates n·μ + i·θ, i = 0..k; with
    a = n·μ ÷ θ and x = e^(−θt) therefore P(W > t) = x^a · Σ_{j=0..k} (a)_j ÷ j! · (1 − x)^j: e^(−θW) is Beta(a, k + 1)
    distributed, as its moments show.
    """
    served = agents * service_rate
    if served <= 0:
        return None
    step = limit_s / SIMPSON_STEPS
    heights = [_still_waits(place * step, ahead, served, abandon_rate) for place in range(SIMPSON_STEPS + 1)]
    return step / 3 * (heights[0] + heights[-1] + 4 * math.fsum(heights[1:-1:2]) + 2 * math.fsum(heights[2:-1:2]))


def _still_waits(seconds: float, ahead: int, served: float, abandon_rate: float) -> float:
    a, x = served / abandon_rate, math.exp(-abandon_rate * seconds)
    term = total = 1.0
    for j in range(1, ahead + 1):
        term *= (a + j - 1) / j * (1 - x)
        total += term
    return min(float(x ** a * total), 1.0)


@dataclass(frozen=True)
class Stationary:
    """Of a queue that has gone on like this for long."""

    delayed: float           # share of callers who find no free agent: P(W > 0)
    wait_s: float            # mean time in the queue, of all, given up or served
    abandoned: float         # share of callers who give up
    busy: float              # mean number of busy agents


def erlang_a(agents: int, arrival_rate: float, service_rate: float, abandon_rate: float) -> Stationary:
    """Steady state of M/M/n+M. Without abandonment and with λ ≥ n·μ there is none: ValueError.

    State j holds j callers; π_j ∝ Π λ ÷ d_i, with d_i = min(i, n)·μ + max(i − n, 0)·θ (Garnett et al., §2). Summed from
    the most likely state outwards, as ratios to it, so that neither n! nor a power of λ ever appears. Then
    P(W>0) = Σ_{j≥n} π_j, E[queue] = Σ_{j>n} (j−n)·π_j, E[W] = E[queue] ÷ λ (Little), P(abandon) = θ·E[W].
    """
    if agents < 0 or arrival_rate < 0 or service_rate <= 0 or abandon_rate < 0:
        raise ValueError("rates and agents cannot be negative, and calls must end")
    if arrival_rate == 0:
        return Stationary(0.0 if agents else 1.0, 0.0, 0.0, 0.0)
    if abandon_rate == 0 and arrival_rate >= agents * service_rate:
        raise ValueError("the queue grows without bound")

    def leaving(state: int) -> float:
        return min(state, agents) * service_rate + max(state - agents, 0) * abandon_rate

    top = _most_likely(agents, arrival_rate, service_rate, abandon_rate)
    weights = {top: 1.0}
    weight, state = 1.0, top
    while state > 0 and weight > NEGLIGIBLE:
        weight *= leaving(state) / arrival_rate
        state -= 1
        weights[state] = weight
    weight, state = 1.0, top
    while weight > NEGLIGIBLE and state < top + LONGEST_QUEUE:
        state += 1
        weight *= arrival_rate / leaving(state)
        weights[state] = weight
    whole = math.fsum(weights.values())
    delayed = math.fsum(w for j, w in weights.items() if j >= agents) / whole
    queue = math.fsum((j - agents) * w for j, w in weights.items() if j > agents) / whole
    busy = math.fsum(min(j, agents) * w for j, w in weights.items()) / whole
    wait = queue / arrival_rate
    return Stationary(delayed, wait, min(abandon_rate * wait, 1.0), busy)


def _most_likely(agents: int, arrival_rate: float, service_rate: float, abandon_rate: float) -> int:
    """The state where as many leave as come."""
    load = arrival_rate / service_rate
    if load <= agents or abandon_rate == 0:
        return int(min(load, agents))
    return agents + int((arrival_rate - agents * service_rate) / abandon_rate)


def erlang_c(agents: int, load: float) -> float:
    """Probability of waiting in M/M/n with `load` = λ ÷ μ < n, by Erlang-B's recursion
    B(i) = load·B(i−1) ÷ (i + load·B(i−1)), C = n·B ÷ (n − load·(1 − B))."""
    if load >= agents:
        return 1.0
    blocked = 1.0
    for i in range(1, agents + 1):
        blocked = load * blocked / (i + load * blocked)
    return agents * blocked / (agents - load * (1 - blocked))
