"""The simulator against theory, against the rules of the line, and against itself."""

from __future__ import annotations

import math
import random
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from statistics import fmean, stdev
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.erlang import erlang_a
from callcenter.site.surge import SurgePolicy
from callcenter.yamlfile import FileFaults
from crm.reports.figures import Limits
from crm.simulator.app_queue import simulate_app_queue
from crm.simulator.chance import kaplan_meier, lognormal, lognormal_of
from crm.simulator.engine import simulate
from crm.simulator.fit import fit
from crm.simulator.generate import Rates, arrivals, generated
from crm.simulator.past import Past, pauses_between, stints
from crm.simulator.plan import WhatIf, of_file, of_trace, told
from crm.simulator.plot import plot
from crm.simulator.result import Result, queue_figures
from crm.simulator.scenario import INFINITE, Agent, Caller, Level, Pause, Posture, Queue, Reserve, Ringing, Scenario, Step
from crm.simulator.scenario_file import load_scenario, scenario_of
from crm.simulator.surge import TierWatch
from crm.simulator.traces import BadTrace, read_trace

ALWAYS = ((0.0, 1e9),)
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
CHAIN = (Step(Level.BACKUP, 60.0),)


def agents(count: int, queue: str = "calls", first: int = 1) -> tuple[Agent, ...]:
    return tuple(Agent(str(first + place), ALWAYS, {queue: 1}) for place in range(count))


def callers(count: int, rate: float, talk_s: float, patience_s: float, seed: int) -> list[Caller]:
    chance = random.Random(seed)
    at, found = 0.0, []
    for _ in range(count):
        at += chance.expovariate(rate)
        found.append(Caller(at, "calls", chance.expovariate(1 / patience_s), chance.expovariate(1 / talk_s)))
    return found


def waits(result: Result) -> list[float]:
    return [call.wait_s or 0.0 for call in result.calls]


@pytest.mark.parametrize(("count", "load", "patience_s"), [(3, 2.5, 120.0), (10, 12.0, 90.0), (40, 41.0, 150.0)])
@pytest.mark.rule("H12", part="the simulator is right where there is a formula")
def test_a_simple_floor_agrees_with_erlang_a_within_three_standard_errors(count: int, load: float, patience_s: float) -> None:
    """A dozen runs of their own: their spread says how far their mean may be off."""
    theory = erlang_a(count, load / 180, 1 / 180, 1 / patience_s)
    scenario = Scenario((Queue("calls", wrapup_s=0, chain=()),), agents(count))
    runs = [simulate(scenario, callers(2_500, load / 180, 180.0, patience_s, seed)) for seed in range(12)]
    lost = [sum(call.outcome == "abandoned" for call in run.calls[500:]) / len(run.calls[500:]) for run in runs]
    waited = [fmean(waits(run)[500:]) for run in runs]
    for found, expected in ((lost, theory.abandoned), (waited, theory.wait_s)):
        assert abs(fmean(found) - expected) < 3 * stdev(found) / math.sqrt(len(found)), (fmean(found), expected)


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Scenario, list[Caller]]:
    """Two queues, agents of either or both who come and go, backups, chains, missed rings, callbacks and messages, reserves."""
    spans = st.tuples(st.floats(0, 3000), st.floats(1, 4000)).map(lambda span: (span[0], span[0] + span[1]))
    skills = st.dictionaries(st.sampled_from(["a", "b"]), st.integers(1, 3), max_size=2)
    queues = tuple(Queue(name, priority=draw(st.integers(0, 1)), chain=draw(st.sampled_from(
        [(), CHAIN, (*CHAIN, Step(Level.TEAMS, 30.0))])), callback_share=draw(st.sampled_from([0.0, 0.4])),
        message_share=draw(st.sampled_from([0.0, 0.3]))) for name in ("a", "b"))
    floor = tuple(Agent(str(place), (draw(spans),), draw(skills), frozenset(draw(st.sets(st.sampled_from(["a", "b"])))),
                        tuple(Pause(*span, lifted=place % 2 == 0) for span in draw(st.lists(spans, max_size=1))))
                  for place in range(draw(st.integers(0, 6))))
    reserves = (Reserve(Agent("99", (), {"a": 1}), 2, comes_after_s=100.0),)
    ringing = draw(st.sampled_from([Ringing(), Ringing(1, 14, 0.2)]))
    chance = random.Random(draw(st.integers(0, 10_000)))
    calls = [Caller(at, chance.choice("ab"), chance.choice([chance.uniform(0, 300), INFINITE]), chance.uniform(1, 400),
                    chance.choice([0, 0, 9]), choice=chance.random())
             for at in sorted(chance.uniform(0, 3000) for _ in range(draw(st.integers(0, 60))))]
    return Scenario(queues, floor, reserves, ringing, until=3000.0), calls


class Tiers:
    """Up and down, whatever is seen."""

    def __init__(self) -> None:
        self._looks = 0

    def tier(self, _seen: object) -> int:
        self._looks += 1
        return (0, 1, 2, 1)[self._looks // 60 % 4] if self._looks < 400 else 0


@given(scenes(), st.booleans(), st.booleans())
@settings(max_examples=60)
def test_every_caller_has_one_end_and_no_agent_two_callers_whatever_happens(
        scene: tuple[Scenario, list[Caller]], surge: bool, app_queue: bool) -> None:
    scenario, calls = scene
    plays = simulate_app_queue if app_queue else simulate
    result = plays(scenario, calls, watch=Tiers() if surge else None, seed=1)
    assert [call.caller for call in result.offered] == calls
    ends = Counter(call.outcome for call in result.offered)
    assert ends["answered"] + ends["abandoned"] + ends["message"] + ends["callback"] + ends[""] == len(calls)
    assert sum(call.is_place for call in result.calls) == ends["callback"]
    talks: dict[str, list[tuple[float, float]]] = {}
    for call in result.calls:
        if call.outcome == "abandoned":
            assert call.wait_s == pytest.approx(call.caller.patience_s)
        if call.answered_at is not None:
            assert call.queued_at <= (call.rang_at or 0) <= call.answered_at
            assert call.is_place or call.answered_at - call.queued_at <= call.caller.patience_s
            talks.setdefault(call.agent or "", []).append((call.answered_at, call.left_at or math.inf))
    for mine in talks.values():
        mine.sort()
        assert all(end <= begin for (_, end), (begin, _) in pairwise(mine))
    assert plays(scenario, calls, watch=Tiers() if surge else None, seed=1) == result, "the same again"


@given(st.integers(0, 500), st.integers(1, 8))
@settings(max_examples=15)
def test_with_the_same_callers_one_agent_more_keeps_no_patient_caller_waiting_longer(seed: int, count: int) -> None:
    """First come first served and nobody gives up: then every single wait is shorter or the same (Kiefer and Wolfowitz)."""
    calls = [Caller(one.at, "calls", INFINITE, one.talk_s) for one in callers(120, 5 / 180, 180.0, 60.0, seed)]
    queue = Queue("calls", wrapup_s=10, chain=(), overflow_s=INFINITE)
    few, more = (simulate(Scenario((queue,), agents(n)), calls) for n in (count, count + 1))
    assert all(with_more <= with_few + 1e-6 for with_few, with_more in zip(waits(few), waits(more), strict=True))


def test_with_the_same_callers_more_agents_lose_fewer_of_a_day() -> None:
    calls = callers(3_000, 12 / 180, 180.0, 90.0, 7)
    lost = [sum(call.outcome == "abandoned" for call in simulate(Scenario((Queue("calls"),), agents(n)), calls).calls)
            for n in range(4, 20, 3)]
    assert lost == sorted(lost, reverse=True)
    assert lost[0] > 10 * lost[-1]


@pytest.mark.rule("A2", part="in the simulator")
def test_two_agents_who_do_not_pick_up_give_way_to_a_backup_at_the_sixth_ring() -> None:
    backup = Agent("9", ALWAYS, {}, frozenset({"calls"}))
    deaf = Scenario((Queue("calls", chain=CHAIN),), (*agents(2), backup), ringing=Ringing(missed=1.0))
    [call] = simulate(deaf, [Caller(0, "calls", 45.0, 60)]).calls
    assert (call.outcome, call.stage, call.rang_at) == ("abandoned", 1, 0)
    slow = Scenario((Queue("calls", chain=CHAIN),), (Agent("1", ALWAYS, {"other": 1}), backup), ringing=Ringing(4, 4))
    [call] = simulate(slow, [Caller(0, "calls", 45.0, 60)]).calls
    assert (call.agent, call.answered_at) == ("9", 4), "nobody of the first stage is there: the backup rings at once"
    busy = Scenario((Queue("calls", chain=CHAIN),), (*agents(1), backup))
    first, second = simulate(busy, [Caller(0, "calls", 99, 300), Caller(1, "calls", 99, 300)]).calls
    assert (first.agent, second.agent, second.answered_at, second.stage) == ("1", "9", 31, 1)


def test_points_outweigh_ten_seconds_each_and_no_more() -> None:
    calls = [Caller(0, "calls", 900, 100), *(Caller(at, "calls", 900, 10) for at in (1, 5)), Caller(12, "calls", 900, 10, 1)]
    done = simulate(Scenario((Queue("calls", wrapup_s=0),), agents(1)), calls).calls
    assert sorted((call.answered_at, call.caller.at) for call in done) == [(0, 0), (100, 1), (110, 12), (120, 5)]


def test_a_callback_keeps_its_place_and_who_reaches_the_chain_s_end_may_leave_a_message() -> None:
    queue = Queue("calls", wrapup_s=0, chain=CHAIN, callback_share=0.5, message_share=0.3, callback_offer_s=30, talk_s=100)
    calls = [Caller(0, "calls", 900, 200), Caller(1, "calls", 20, 50, choice=0.1), Caller(2, "calls", 900, 50, choice=0.9),
             Caller(3, "calls", 900, 50, choice=0.7)]
    result = simulate(Scenario((queue,), agents(1)), calls)
    assert [call.outcome for call in result.offered] == ["answered", "callback", "answered", "message"]
    [place] = [call for call in result.calls if call.is_place]
    assert (place.answered_at, result.offered[2].answered_at, result.offered[3].wait_s) == (200, 250, 90)


@pytest.mark.rule("B1", part="in the simulator: declared by its thresholds, and over when the storm is")
def test_a_storm_raises_tiers_that_pull_in_pauses_others_and_reserves_and_gives_all_of_it_back() -> None:
    policy = SurgePolicy.model_validate({"tier_2_after": 600, "tier_3_after": 900, "down_after": 300})
    floor = (*agents(2), Agent("7", ALWAYS, {"calls": 1}, pauses=(Pause(0, 3e4, lifted=True),)),
             Agent("8", ALWAYS, {"calls": 1}, pauses=(Pause(0, 3e4),)), Agent("9", ALWAYS, {"other": 1}))
    reserves = (Reserve(Agent("50", (), {"calls": 1}), 2, comes_after_s=300),
                Reserve(Agent("51", (), {"calls": 1}), 2, accepts=False),
                Reserve(Agent("60", (), {"calls": 1}), 3, comes_after_s=300))
    storm = [Caller(3600 + 12.0 * place, "calls", 400, 120) for place in range(250)]
    calls = sorted([*callers(60, 1 / 300, 120.0, 200.0, 1), *storm], key=lambda caller: caller.at)
    scenario = Scenario((Queue("calls"), Queue("other")), floor, reserves, posture=Posture(wrapup_s=2), until=20_000)
    watch = TierWatch(policy, NOON, [6.0] * 48)
    result = simulate(scenario, calls, watch=watch)
    tiers = [tier for _, tier in result.tiers]
    assert tiers[:2] == [1, 2]
    assert all(abs(one - other) == 1 for one, other in zip([0, *tiers], tiers, strict=False)), "never skips"
    assert tiers[-1] == 0
    declared, over = result.tiers[0][0], result.tiers[-1][0]
    helped = {agent: [call.answered_at or 0 for call in result.calls if call.agent == agent]
              for agent in ("7", "8", "9", "50", "51")}
    assert min(helped["7"]) >= declared, "its pause is lifted then and not before"
    assert max(helped["7"]) <= over
    assert min(helped["9"]) >= declared
    assert helped["50"]
    assert min(helped["50"]) >= declared + 600 + 300
    assert not helped["8"], "a break is a break"
    assert not helped["51"]
    plain = simulate(scenario, calls)
    assert sum(call.outcome == "answered" for call in result.calls) > 1.2 * sum(call.outcome == "answered" for call in plain.calls)


def test_its_figures_are_the_hotline_s_own() -> None:
    result = simulate(Scenario((Queue("calls", wrapup_s=12, message_share=0.2),), agents(4), ringing=Ringing(2, 14, 0.1)),
                      [Caller(one.at, "calls", one.patience_s, one.talk_s, choice=place % 10 / 10)
                       for place, one in enumerate(callers(900, 5 / 180, 180.0, 60.0, 5))], seed=5)
    ours = told([result], short_abandon_s=5, service_level_s=20, two_rings_s=10)
    theirs = queue_figures(result, "calls", Limits(10, 20, 12), 5, NOON)
    assert ours.short_abandons > 5
    assert ours.messages > 5
    assert (ours.offered, ours.short_abandons, ours.answered, ours.abandoned, ours.messages) == (
        theirs.offered, theirs.short_abandons, theirs.answered, theirs.abandoned, theirs.messages)
    assert [ours.abandonment, ours.service_level, ours.answered_in_2_rings, ours.asa_s, ours.aht_s] == pytest.approx(
        [theirs.abandonment, theirs.service_level, theirs.answered_in_2_rings, theirs.asa_s, theirs.aht_s])


def test_patience_is_read_from_waits_that_mostly_end_in_an_answer() -> None:
    chance = random.Random(3)
    both = [(chance.expovariate(1 / 120), chance.uniform(0, 90)) for _ in range(20_000)]
    seen = [(min(patient, answered), patient < answered) for patient, answered in both]
    found = kaplan_meier(seen)
    assert found.at(0.25) == pytest.approx(-120 * math.log(0.75), rel=0.05)
    assert found.mean == pytest.approx(120, rel=0.08), "its tail is the last callers' rate"
    assert kaplan_meier([(2, True), (3, False), (4, True), (5, False)]).left == (0.75, 0.375), "by hand"
    assert lognormal([math.exp(value) for value in (1, 2, 3)]).mu == pytest.approx(2)
    assert lognormal_of(200, 100).mean == pytest.approx(200)
    assert lognormal_of(200, 100).at(0.5) == pytest.approx(100)


def test_who_was_at_work_and_how_long_a_wrap_up_lasts_is_read_from_the_calls() -> None:
    calls = [Past(0, 0, True, 100, "1"), Past(90, 30, True, 60, "1"), Past(150, 40, True, 10, "1"), Past(5000, 0, True, 20, "1"),
             Past(10, 0, True, 50, "2")]
    assert stints(calls) == {"1": ((0, 200), (5000, 5020)), "2": ((10, 60),)}
    assert sorted(pauses_between(calls)) == [(10, True), (20, True)], "while somebody waited; nobody did before 5000"


def test_points_that_nobody_looked_up_are_not_taken_for_none() -> None:
    calls = [*(Past(place, 0, True, 60, "1", "vip") for place in range(50)),
             *(Past(100 + place, 10 + place % 30, place % 3 > 0, 60, "1", "vip", 9) for place in range(150))]
    assert fit(calls).kinds["vip"].points == ((9, 1.0),)
    with pytest.raises(ValueError, match="nobody was answered"):
        fit([Past(0, 10, False)])


def test_arrivals_come_as_often_as_their_rates_say_and_spread_widens_them() -> None:
    chance = random.Random(1)
    found = arrivals([3.0, 0.0, 40.0] * 400, 10.0, chance)
    third = Counter(int(moment // 10) % 3 for moment in found)
    assert third[0] / 400 == pytest.approx(3, rel=0.1)
    assert third[1] == 0
    assert third[2] / 400 == pytest.approx(40, rel=0.03)
    fitted = fit([Past(0, 5, True, 60, "1", "k"), Past(1, 5, False, 0, "", "k")])
    counts = [len(generated(Rates(1800, {"k": [50.0]}, 48, spread=0.2), fitted, seed)) for seed in range(300)]
    assert fmean(counts) == pytest.approx(50, rel=0.08)
    assert stdev(counts) == pytest.approx(math.sqrt(50 + 0.2 * 50 ** 2), rel=0.15)


SCENARIO = """
name: storm
seed: 7
queues: [{id: repair, wrapup: 10, chain: [{to: backup, for: 60}], callback_share: 0.1}]
agents:
  - {code: "801", count: 4, from: "08:00", to: "20:00", skills: {repair: 1}}
  - {code: "880", from: "08:00", to: "20:00", backup: [repair]}
  - {code: "901", count: 3, skills: {repair: 1}, called_in_at: 2, comes_after: 900}
callers:
  - {queue: repair, from: "08:00", to: "20:00", calls: 600, patience: {mean: 150}, talk: {mean: 180, median: 120}}
  - {queue: repair, kind: outage, from: "10:00", to: "11:00", calls: 300, patience: {mean: 90}, talk: {fixed: 60}}
surge: {tier_2_after: 600}
"""


@pytest.mark.rule("H12", part="a scenario that a person writes, and what if")
def test_a_scenario_file_says_a_day_and_what_if_there_were_more_and_its_faults_are_named() -> None:
    given_ = load_scenario(SCENARIO, "storm.yaml")
    plan = of_file(given_, WhatIf())
    result = plan.run(7)
    assert plan.run(7) == result
    assert 780 < len(result.offered) < 1020
    assert max(tier for _, tier in result.tiers) >= 2
    few, many = (told([of_file(given_, WhatIf(count)).run(7)], short_abandon_s=5, service_level_s=20, two_rings_s=10)
                 for count in (2, 9))
    assert few.abandonment > 2 * many.abandonment
    patient = of_file(given_, WhatIf(patience=3.0)).run(7)
    lost, lost_now = (sum(call.outcome == "abandoned" for call in run.offered) for run in (patient, result))
    assert lost < lost_now
    root = ElementTree.fromstring(plot(result, "storm <&>", expected=plan.expected))
    assert len(root.findall(".//{http://www.w3.org/2000/svg}rect")) > 50
    night = ('code: "008", count: 2, from: "22:00", to: "06:00", '
             'pauses: [{from: "23:00", to: "00:30"}, {from: "02:00", to: "03:00"}]')
    first, *_ = scenario_of(load_scenario(SCENARIO.replace('code: "801", count: 4, from: "08:00", to: "20:00"', night), "x")).agents
    assert (first.code, first.at_work) == ("008", ((79_200, 108_000),))
    assert first.pauses == (Pause(82_800, 88_200), Pause(93_600, 97_200)), "after midnight, when the agent is at work"
    wrong = SCENARIO.replace("queue: repair, kind", "queue: repare, kind").replace("mean: 150", "maen: 150")
    with pytest.raises(FileFaults, match="did you mean `mean`"):
        load_scenario(wrong, "storm.yaml")
    with pytest.raises(FileFaults, match="no queue repare"):
        load_scenario(wrong.replace("maen", "mean"), "storm.yaml")


def test_files_of_calls_are_read_in_either_form_and_a_bad_line_is_named() -> None:
    ours = read_trace(["at,wait_s,answered,talk_s,agent\n", "2026-11-22T09:00:03+08:00,12,yes,184,801\n",
                       "2026-11-23T00:00:01+08:00,7,no,0,\n"])
    assert (ours.first.isoformat(), ours.days, [call.at for call in ours.calls]) == ("2026-11-22", 2, [32403, 86401])
    names = ["vru+line", "call_id", "customer_id", "priority", "type", "date", "vru_entry", "vru_exit", "vru_time", "q_start",
             "q_exit", "q_time", "outcome", "ser_start", "ser_exit", "ser_time", "server"]
    head = "\t".join(names) + "\n"
    row = "A\t1\t0\t{}\tPS\t990201\t7:00:00\t7:00:10\t10\t{}\t7:00:40\t{}\t{}\t{}\t7:05:00\t{}\t{}\n"
    theirs = read_trace([head, row.format(2, "7:00:10", 30, "AGENT", "7:00:39", 100, "x"),
                         row.format(0, "0:00:00", 0, "AGENT", "7:00:09", 9, "x"),
                         row.format(0, "0:00:00", 0, "HANG", "0:00:00", 0, ""),
                         row.format(0, "7:00:10", 9, "PHANTOM", "0:00:00", 0, "")])
    said = [(call.at, call.wait_s, call.points, call.answered) for call in theirs.calls]
    assert said == [(25209, 30, 9, True), (25209, 0, 0, True)]
    assert theirs.left_out == 2, "hung up before there was a queue, and a phantom"
    for lines, said in ((["a,b\n"], "line 1"), (["at,wait_s,answered,talk_s\n", "soon,1,yes,1\n"], "line 2"),
                        (["at,wait_s,answered,talk_s\n", "2026-11-22T09:00:03,1,Y,1\n"], "line 2: answered is one of yes"),
                        (["at,wait_s,answered,talk_s\n", "2026-11-22T09:00:03,nan,yes,1\n"], "line 2: nan is no length"),
                        (["at,wait_s,answered,talk_s\n"], "no call")):
        with pytest.raises(BadTrace, match=said):
            read_trace(lines)
    plan = of_trace(ours, WhatIf(agents=3))
    assert [call.outcome for call in plan.run(1).calls] == ["answered", "answered"]
