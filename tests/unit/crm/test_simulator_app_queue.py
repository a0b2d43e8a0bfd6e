"""What app_queue does to callers, in the simulator: each manner by itself, to the hundredth of a second."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crm.simulator.app_queue import AppQueue, simulate_app_queue
from crm.simulator.result import Passed
from crm.simulator.scenario import EMERGENCY, INFINITE, Agent, Caller, Level, Queue, Scenario, Step

ALWAYS = ((0.0, 1e6),)
MUTE = AppQueue(look_s=1, retry_s=1, next_s=0, there_are_s=0, waiting_s=0, numbers_s=(0.0,), busy_s=0, offer_s=10, acd=False)
ONE_SECOND = (1.0,) * 9


def played(queues: tuple[Queue, ...], agents: tuple[Agent, ...], callers: list[Caller], manners: AppQueue = MUTE) -> list[Passed]:
    return list(simulate_app_queue(Scenario(queues, agents), callers, manners).calls)


def at(when: float, *, talk: float = 100, points: int = 0, queue: str = "calls", rings: tuple[float, ...] = ONE_SECOND,
       patience: float = 900) -> Caller:
    return Caller(when, queue, patience, talk, points, picked_after=rings)


ONE = (Agent("1", ALWAYS, {"calls": 1}),)


def test_who_waits_looks_once_a_second_and_a_wrap_up_is_counted_in_seconds_of_the_clock() -> None:
    queue = Queue("calls", wrapup_s=5, overflow_s=INFINITE, chain=())
    first, second = played((queue,), ONE, [at(0.25, talk=20.5), at(10.75)])
    assert (first.answered_at, first.left_at) == (1.25, 21.75)
    assert second.rang_at == 26.75, "hung up in second 21, ready in second 26, looked at 26.75"


def test_a_seat_stands_idle_while_the_first_caller_is_told_the_place_and_nobody_behind_has_a_turn() -> None:
    queue = Queue("calls", wrapup_s=0, overflow_s=INFINITE, chain=())
    tells = replace(MUTE, next_s=4, there_are_s=1, waiting_s=1, numbers_s=(2.0,))
    _, second, third = played((queue,), ONE, [at(0, talk=20), at(20.5, talk=50), at(20.9)], tells)
    assert (second.rang_at, third.rang_at) == (25.5, 76.9), (second, third)


def test_a_ring_that_nobody_answers_is_followed_by_a_pause_and_by_the_next_seat_in_turn() -> None:
    queue = Queue("calls", overflow_s=INFINITE, chain=())
    three = tuple(Agent(str(code), ALWAYS, {"calls": 1}) for code in (1, 2, 3))
    deaf = at(0, rings=(INFINITE, INFINITE, 2.0))
    first, second = played((queue,), three, [deaf, at(5)])
    assert (second.agent, second.answered_at) == ("2", 6)
    assert (first.agent, first.answered_at) == ("1", 24), "ten seconds at 1, then at 3, a second after each"


def test_backups_ring_together_and_their_caller_comes_before_any_priority() -> None:
    plain = Queue("calls", wrapup_s=0, chain=(Step(Level.BACKUP, 60),))
    urgent = Queue("urgent", priority=100, wrapup_s=0, chain=(Step(Level.BACKUP, 60),))
    both = (Agent("1", ALWAYS, {"calls": 1, "urgent": 1}),)
    calls = [at(0, talk=39.5), at(1), at(35.5, queue="urgent", points=50)]
    _, waited, emergency = played((plain, urgent), both, calls)
    assert (waited.stage, waited.rang_at) == (1, 41), "at the backup stage since 31"
    assert emergency.rang_at == 142.5, "whatever its points, a caller waits while one of the chain is there"
    two = (*ONE, Agent("8", ALWAYS, backup=frozenset({"calls"})), Agent("9", ALWAYS, backup=frozenset({"calls"})))
    _, second, third = played((plain,), two, [at(0), at(1), at(1.5)])
    assert (second.agent, second.answered_at, third.agent, third.answered_at) == ("8", 32, "9", 33.5), "one caller at a time"


def test_a_phone_that_nobody_picks_up_holds_up_its_stage_for_six_rings_and_then_all_who_are_free_ring() -> None:
    queue = Queue("calls", wrapup_s=0, overflow_s=30, chain=(Step(Level.BACKUP, 60),))
    backup = Agent("8", ALWAYS, backup=frozenset({"calls"}))
    deaf = at(1, rings=(INFINITE, 2.0))
    _, waited = played((queue,), (*ONE, backup), [at(0, talk=45), deaf])
    assert (waited.rang_at, waited.answered_at, waited.agent) == (31, 64, "1"), "by 8 alone, from 62 by both"


@pytest.mark.rule("F5", part="in the simulator")
def test_an_emergency_rings_the_backups_at_once_and_comes_before_callers_of_every_stage() -> None:
    queue = Queue("calls", wrapup_s=0, chain=(Step(Level.BACKUP, 60),))
    danger = replace(at(42.5, talk=20), kind=EMERGENCY)
    _, waited, emergency = played((queue,), ONE, [at(0, talk=50.25), at(1), danger])
    assert (emergency.stage, emergency.rang_at, waited.stage, waited.rang_at) == (0, 51.5, 1, 73), "waits since 1"
    backup = Agent("8", ALWAYS, backup=frozenset({"calls"}))
    *_, emergency = played((queue,), (*ONE, backup), [at(0, talk=50.5), at(1), replace(at(5.5), kind=EMERGENCY)])
    assert (emergency.rang_at, emergency.agent) == (5.5, "8")


@pytest.mark.rule("A2", part="in the simulator as app_queue has it")
def test_at_the_chain_s_end_the_offer_takes_its_time_and_who_stays_waits_in_the_last_stage_again() -> None:
    queue = Queue("calls", wrapup_s=0, chain=(Step(Level.BACKUP, 20),), stay_s=30)
    _, second = played((queue,), ONE, [at(0, talk=54), at(0.5)])
    assert (second.stage, second.rang_at) == (1, 60.5), "30 and 20 seconds, ten of the offer, in which the seat stands idle"
