"""Erlang-A against its closed special cases and against a simulation."""

from __future__ import annotations

import heapq
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.erlang import erlang_a, erlang_c, expected_wait_s, expected_wait_until_s

MU = 1 / 180
pytestmark = pytest.mark.rule("A11")


def simulated(agents: int, arrival: float, service: float, abandon: float, callers: int) -> tuple[float, float, float]:
    """(share who wait, mean wait, share who give up): first come, first served, exponential patience."""
    chance = random.Random(20261122)
    free_at = [0.0] * agents
    now = waits = 0.0
    waited = gave_up = 0
    for _ in range(callers):
        now += chance.expovariate(arrival)
        begins = max(free_at[0], now)
        patience = chance.expovariate(abandon) if abandon else math.inf
        waited += begins > now
        if begins - now > patience:
            gave_up += 1
            waits += patience
            continue
        waits += begins - now
        heapq.heapreplace(free_at, begins + chance.expovariate(service))
    return waited / callers, waits / callers, gave_up / callers


@pytest.mark.parametrize(("agents", "load", "patience"), [(3, 2.5, 120), (10, 12, 90), (40, 42, 120), (5, 9, 60)])
def test_the_stationary_figures_agree_with_a_simulation(agents: int, load: float, patience: float) -> None:
    found = erlang_a(agents, load * MU, MU, 1 / patience)
    delayed, wait, gave_up = simulated(agents, load * MU, MU, 1 / patience, 150_000)
    assert found.delayed == pytest.approx(delayed, abs=0.02)
    assert found.wait_s == pytest.approx(wait, rel=0.06)
    assert found.abandoned == pytest.approx(gave_up, abs=0.01)


@pytest.mark.parametrize(("agents", "load"), [(1, 0.5), (10, 8.0), (300, 285.0), (800, 790.0)])
def test_without_abandonment_it_is_erlang_c(agents: int, load: float) -> None:
    found = erlang_a(agents, load * MU, MU, 0)
    chance = erlang_c(agents, load)
    assert found.delayed == pytest.approx(chance, rel=1e-6)
    assert found.wait_s == pytest.approx(chance / (agents * MU - load * MU), rel=1e-5)
    assert found.busy == pytest.approx(load, rel=1e-6)


def test_erlang_c_has_the_textbook_s_values() -> None:
    assert erlang_c(1, 0.5) == pytest.approx(0.5)          # M/M/1: the chance to wait is the load
    assert erlang_c(2, 1.0) == pytest.approx(1 / 3)
    assert erlang_c(5, 5.0) == 1.0


def test_callers_as_impatient_as_calls_are_long_make_an_endless_row_of_servers() -> None:
    """With θ = μ every state j is left at j·μ: the number present is Poisson."""
    load = 4.0
    found = erlang_a(4, load * MU, MU, MU)
    fewer = sum(math.exp(-load) * load ** j / math.factorial(j) for j in range(4))
    assert found.delayed == pytest.approx(1 - fewer)


def test_a_queue_that_would_grow_for_ever_has_no_steady_state() -> None:
    with pytest.raises(ValueError, match="without bound"):
        erlang_a(3, 4 * MU, MU, 0)


@given(agents=st.integers(1, 600), load=st.floats(0.1, 900), patience=st.floats(5, 3600))
def test_who_comes_is_served_or_gives_up(agents: int, load: float, patience: float) -> None:
    found = erlang_a(agents, load * MU, MU, 1 / patience)
    assert 0 <= found.delayed <= 1
    assert found.busy <= agents + 1e-6
    assert found.busy * MU == pytest.approx(load * MU * (1 - found.abandoned), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("ahead", [0, 1, 7])
def test_the_wait_at_a_place_agrees_with_a_simulation(ahead: int) -> None:
    agents, theta = 4, 1 / 100
    chance = random.Random(7)

    def one() -> float:
        now, before = 0.0, ahead
        while True:
            now += chance.expovariate(agents * MU + before * theta)
            if before == 0:
                return now
            before -= 1

    mean = sum(one() for _ in range(40_000)) / 40_000
    assert expected_wait_s(ahead, agents, MU, theta) == pytest.approx(mean, rel=0.03)


def test_without_abandonment_each_caller_ahead_costs_one_service() -> None:
    assert expected_wait_s(4, 5, MU, 0) == pytest.approx(5 * 180 / 5)


def test_with_nobody_at_work_there_is_no_estimate() -> None:
    assert expected_wait_s(2, 0, MU, 1 / 60) is None


@given(ahead=st.integers(0, 300), agents=st.floats(0.25, 300), patience=st.floats(1, 3600))
def test_one_more_ahead_is_a_longer_wait_and_one_more_agent_a_shorter(ahead: int, agents: float, patience: float) -> None:
    here = expected_wait_s(ahead, agents, MU, 1 / patience)
    longer = expected_wait_s(ahead + 1, agents, MU, 1 / patience)
    shorter = expected_wait_s(ahead, agents + 1, MU, 1 / patience)
    assert here is not None
    assert longer is not None
    assert shorter is not None
    assert shorter < here < longer


@pytest.mark.parametrize(("ahead", "agents"), [(0, 2.0), (1, 2.0), (4, 3.5), (12, 6.0)])
def test_a_wait_that_is_cut_has_the_mean_that_a_simulation_has_and_without_a_limit_the_whole_one(ahead: int, agents: float) -> None:
    chance, theta = random.Random(20261122), 1 / 120
    waits = [math.fsum(chance.expovariate(agents * MU + place * theta) for place in range(ahead + 1)) for _ in range(40_000)]
    cut = math.fsum(min(wait, 30) for wait in waits) / len(waits)
    assert expected_wait_until_s(30, ahead, agents, MU, theta) == pytest.approx(cut, rel=0.02)
    assert expected_wait_until_s(900, ahead, agents, MU, theta) == pytest.approx(
        expected_wait_s(ahead, agents, MU, theta) or 0, rel=0.01)


def test_one_who_is_next_and_is_cut_waits_as_the_exponential_says_and_with_nobody_at_work_nobody_knows() -> None:
    assert expected_wait_until_s(30, 0, 2, 1 / 50, 1 / 100) == pytest.approx(25 * (1 - math.exp(-30 / 25)), rel=1e-6)
    assert expected_wait_until_s(30, 0, 0, MU, MU) is None
