"""The hotline as it routes, one event after the other: queues, points that age, rings of ten seconds, six rings, the chain,
patience, wrap-up, callbacks that keep their place, shifts, pauses, surge tiers with what they change.

| event  | what happens                                                                                     |
|--------|--------------------------------------------------------------------------------------------------|
| arrive | a caller enters a queue: rings whoever is free, else waits                                       |
| stage  | unanswered so long: whatever rings is cut, the next stage's agents are rung too; at the end offers |
| picked | the phone is picked up                                                                           |
| missed | nobody picked it up: the next agent                                                              |
| leave  | patience is at its end                                                                           |
| hang   | the talk is over: wrap-up                                                                        |
| ready  | wrap-up is over: whoever is first                                                                |
| begin, end, pause, resume | of agents                                                                     |
| look   | the surge's signals are looked at                                                                |
| come   | somebody who was called in arrives                                                               |
"""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from collections.abc import Sequence
from typing import Any, Final, Protocol

from callcenter.erlang import expected_wait_s
from crm.simulator.floor import AgentIs, Call, CallIs, Waiting, Worker
from crm.simulator.result import Passed, Result, Seen, Work
from crm.simulator.scenario import INFINITE, Agent, Caller, Level, Pause, Reserve, Scenario

A_DAY_S: Final = 86_400.0
LONG_QUEUE: Final = 50                # from there the sum of expected waits is taken as its integral
ANSWERED, ABANDONED, MESSAGE, CALLBACK = "answered", "abandoned", "message", "callback"


class Watch(Protocol):
    """The surge's machine: which tier it is, now that this was seen."""

    def tier(self, seen: Seen) -> int: ...


class NoSurge:
    def tier(self, _seen: Seen) -> int:
        return 0


def simulate(scenario: Scenario, callers: Sequence[Caller], *, watch: Watch | None = None, seed: int = 0) -> Result:
    """`callers` in the order of their coming. The same arguments give the same result."""
    return Run(scenario, callers, watch, seed).result()


class Run:
    def __init__(self, scenario: Scenario, callers: Sequence[Caller], watch: Watch | None, seed: int) -> None:
        self._scenario, self._callers, self._watch = scenario, callers, watch
        self._chance = random.Random(seed)  # noqa: S311 — a simulation
        self._queues = {queue.name: Waiting(queue) for queue in scenario.queues}
        self._ordered = sorted(self._queues.values(), key=lambda queue: -queue.plan.priority)
        self._heap: list[tuple[float, int, Any, Any, int]] = []
        self._serial = 0
        self._events = 0
        self._now = 0.0
        self._tier = 0
        self._tiers: list[tuple[float, int]] = []
        self._calls: list[Call] = []
        self._workers: list[Worker] = []
        self._asked: set[int] = set()
        self._arrived: deque[float] = deque()
        self._settled: deque[tuple[float, bool]] = deque()
        self._in_order: deque[Call] = deque()     # who waits, who came first at the left
        for agent in scenario.agents:
            worker = self._worker(agent)
            for begin, end in agent.at_work:
                self._at(begin, self._begin, worker)
                self._at(end, self._end, worker)
            for pause in agent.pauses:
                self._at(pause.begin, self._pause, (worker, pause))
                self._at(pause.end, self._resume, (worker, pause))
        if watch is not None:
            self._at(scenario.look_every_s, self._look, None)

    def result(self) -> Result:
        self._run()
        work = []
        for worker in self._workers:
            if worker.shifts:
                worker.here_s += self._now - worker.here_since
            work.append(Work(worker.plan.code, worker.here_s, worker.busy_s))
        passed = [Passed(call.caller, call.entered_at, call.rang_at, call.answered_at, call.left_at, call.stage, call.outcome,
                         call.agent.plan.code if call.agent else None, call.is_place, call.wrapup_s) for call in self._calls]
        return Result(tuple(passed), tuple(work), tuple(self._tiers), self._events)

    def _run(self) -> None:
        callers, heap = self._callers, self._heap
        place, count = 0, len(callers)
        next_at = callers[0].at if count else INFINITE
        while True:
            if next_at < INFINITE and (not heap or next_at < heap[0][0]):
                self._now = next_at
                caller = callers[place]
                place += 1
                next_at = callers[place].at if place < count else INFINITE
                self._events += 1
                self._arrive(caller)
            elif heap:
                self._now, _, act, subject, mark = heapq.heappop(heap)
                if mark < 0 or subject.mark == mark:     # else it is of a ring or a state that is over
                    self._events += 1
                    act(subject)
            else:
                return

    def _at(self, when: float, act: Any, subject: Any, mark: int = -1) -> None:
        self._serial += 1
        heapq.heappush(self._heap, (when, self._serial, act, subject, mark))

    # --- callers ----------------------------------------------------------------------------------------------------------

    def _arrive(self, caller: Caller) -> None:
        queue = self._queues[caller.queue]
        call = Call(caller, queue, self._now)
        self._calls.append(call)
        if self._watch is not None:
            self._arrived.append(self._now)
            self._in_order.append(call)
        offer = self._scenario.posture.callback_offer_s if self._tier else queue.plan.callback_offer_s
        if caller.choice < queue.plan.callback_share and self._expected(queue) >= offer:
            call.state, call.outcome, call.left_at = CallIs.OVER, CALLBACK, self._now
            self._keep_place(call)
            return
        self._wait(call)

    def _wait(self, call: Call) -> None:
        queue = call.queue
        queue.count += 1
        if queue.heads[0] and (worker := queue.agent_for(Level.PRIMARY)) is not None:
            self._ring(call, worker)
            if call.state is CallIs.TALKING:
                return
        else:
            self._serial += 1
            queue.put(call, self._serial)
        if call.caller.patience_s < INFINITE and not call.is_place:
            self._at(self._now + call.caller.patience_s, self._leave, call)
        if queue.plan.overflow_s < INFINITE:
            self._at(self._now + (queue.plan.overflow_s if queue.heads[0] else 0.0), self._stage, call)

    def _stage(self, call: Call) -> None:
        if call.state > CallIs.RINGING:
            return
        queue, chain = call.queue, call.queue.plan.chain
        while call.stage < len(chain):
            step = chain[call.stage]
            call.stage += 1
            if not any(queue.heads[: step.level + 1]):
                continue                 # nobody is there: on to the next at once
            cut = self._cut(call)
            self._serial += 1
            queue.widen(call, step.level, self._serial)
            self._seek_agent(call)
            if call.state is not CallIs.TALKING:
                self._at(self._now + step.seconds, self._stage, call)
            self._free_again(cut)
            return
        if call.is_place or call.caller.choice >= queue.plan.callback_share + queue.plan.message_share:
            return                       # stays on the line
        wants_callback = call.caller.choice < queue.plan.callback_share
        self._out(call, CALLBACK if wants_callback else MESSAGE)
        if wants_callback:
            self._keep_place(call)

    def _leave(self, call: Call) -> None:
        if call.state <= CallIs.RINGING:
            self._out(call, ABANDONED)

    def _out(self, call: Call, outcome: str) -> None:
        cut = self._cut(call)
        call.queue.count -= 1
        call.state, call.outcome, call.left_at = CallIs.OVER, outcome, self._now
        if self._watch is not None:
            self._settled.append((self._now, False))
        self._free_again(cut)

    def _keep_place(self, call: Call) -> None:
        """The caller has left; a place with nobody on the line waits where the caller stood (A11)."""
        place = Call(call.caller, call.queue, self._now, is_place=True)
        self._calls.append(place)
        self._wait(place)

    def _expected(self, queue: Waiting) -> float:
        """What a caller who comes now is told."""
        heads = queue.heads[0] or queue.heads[1]
        if not heads:
            return INFINITE
        if queue.agent_for(Level.PRIMARY) is not None:
            return 0.0
        service, abandon, ahead = 1 / (queue.plan.talk_s + queue.plan.wrapup_s), 1 / queue.plan.patience_s, queue.count
        if ahead > LONG_QUEUE:
            return math.log1p((ahead + 0.5) * abandon / (heads * service)) / abandon
        return expected_wait_s(ahead, heads, service, abandon) or 0.0

    # --- calls and agents ---------------------------------------------------------------------------------------------------

    def _seek_agent(self, call: Call) -> None:
        if (worker := call.queue.agent_for(call.level)) is not None:
            self._ring(call, worker)

    def _seek_call(self, worker: Worker) -> None:
        """Of an agent who has become free: the highest queue's caller, there who has waited longest by points."""
        best: Call | None = None
        for queue, level, _ in worker.reach:
            if queue.count and (call := queue.first(level)) is not None and (
                    best is None or (-queue.plan.priority, call.key) < (-best.queue.plan.priority, best.key)):
                best = call
        if best is not None:
            self._ring(best, worker)

    def _ring(self, call: Call, worker: Worker) -> None:
        call.rang_at = self._now if call.rang_at is None else call.rang_at
        call.agent, worker.call, worker.rung_at = worker, call, self._now
        call.state, worker.state, worker.mark = CallIs.RINGING, AgentIs.RINGING, worker.mark + 1
        takes, limit = self._takes(call), call.queue.plan.seat_ring_s
        if not takes:
            self._picked(worker)
        elif takes > limit:
            self._at(self._now + limit, self._missed, worker, worker.mark)
        else:
            self._at(self._now + takes, self._picked, worker, worker.mark)

    def _takes(self, call: Call) -> float:
        """How long this ring goes on until it is picked up."""
        if (known := call.picked_after()) is not None:
            return known
        return self._scenario.ringing.drawn(self._chance)

    def _cut(self, call: Call) -> Worker | None:
        """What rings for the call rings no more. The agent is kept back until the call has sought another: then `_free_again`."""
        worker = call.agent
        if call.state is not CallIs.RINGING or worker is None:
            return None
        call.state, call.agent, worker.call = CallIs.WAITING, None, None
        worker.state, worker.mark = AgentIs.OFF, worker.mark + 1
        self._serial += 1
        call.queue.put(call, self._serial)
        return worker

    def _free_again(self, cut: Worker | None) -> None:
        if cut is not None:
            self._free(cut)

    def _missed(self, worker: Worker) -> None:
        call = worker.call
        assert call is not None
        cut = self._cut(call)
        self._seek_agent(call)
        self._free_again(cut)

    def _picked(self, worker: Worker) -> None:
        call = worker.call
        assert call is not None
        call.state, call.answered_at, call.outcome = CallIs.TALKING, self._now, ANSWERED
        call.queue.count -= 1
        worker.state, worker.mark, worker.since = AgentIs.TALKING, worker.mark + 1, self._now
        if self._watch is not None and not call.is_place:
            self._settled.append((self._now, self._now - call.entered_at <= self._scenario.service_level_s))
        self._at(self._now + call.caller.talk_s, self._hang, worker, worker.mark)

    def _hang(self, worker: Worker) -> None:
        call = worker.call
        assert call is not None
        call.state, call.left_at, worker.call = CallIs.OVER, self._now, None
        wrapup = call.queue.plan.wrapup_s if call.caller.wrapup_s is None else call.caller.wrapup_s
        if self._tier:
            wrapup = min(wrapup, self._scenario.posture.wrapup_s)
        call.wrapup_s = wrapup
        worker.state, worker.mark = AgentIs.WRAPUP, worker.mark + 1
        self._at(self._wrapped_up_at(wrapup), self._ready, worker, worker.mark)

    def _wrapped_up_at(self, wrapup_s: float) -> float:
        return self._now + wrapup_s

    def _ready(self, worker: Worker) -> None:
        worker.busy_s += self._now - worker.since
        self._free(worker)

    def _free(self, worker: Worker) -> None:
        """Rung for whoever is first, else free for whoever comes; or gone, when the shift is over or a pause has begun."""
        worker.mark += 1
        if not worker.works(self._tier):
            worker.state = AgentIs.OFF
            return
        worker.state = AgentIs.FREE
        self._seek_call(worker)
        if worker.state is AgentIs.FREE:
            for queue, level, penalty in worker.reach:
                queue.offer_agent(worker, level, penalty, len(self._workers))

    # --- agents -----------------------------------------------------------------------------------------------------------

    def _worker(self, agent: Agent, reserve_tier: int = 0) -> Worker:
        worker = Worker(agent, len(self._workers), reserve_tier)
        self._workers.append(worker)
        return worker

    def _reaches(self, worker: Worker) -> list[tuple[Waiting, Level, int]]:
        """In a surge every agent is for every queue's callers at once, but the press's (B2)."""
        found = []
        for queue in self._ordered:
            name = queue.plan.name
            if name in worker.plan.skills:
                found.append((queue, Level.PRIMARY, worker.plan.skills[name] - 1))
            elif queue.plan.press:
                continue
            elif self._tier:
                found.append((queue, Level.PRIMARY, 9))
            elif name in worker.plan.backup:
                found.append((queue, Level.BACKUP, 0))
            elif any(step.level is Level.TEAMS for step in queue.plan.chain):
                found.append((queue, Level.TEAMS, 0))
        return found

    def _changes(self, worker: Worker, *, pause: Pause | None = None, over: Pause | None = None) -> None:
        """What an agent is there for; keeps count of who is there for which queue."""
        for queue, level, _ in worker.reach:
            queue.heads[level] -= 1
        if pause is not None:
            worker.pauses.append(pause)
        if over is not None:
            worker.pauses.remove(over)
        worker.reach = self._reaches(worker) if worker.works(self._tier) else []
        for queue, level, _ in worker.reach:
            queue.heads[level] += 1
        if worker.state in (AgentIs.OFF, AgentIs.FREE):
            self._free(worker)

    def _begin(self, worker: Worker) -> None:
        worker.shifts += 1               # they may overlap
        if worker.shifts == 1:
            worker.here_since = self._now
            self._changes(worker)

    def _end(self, worker: Worker) -> None:
        worker.shifts -= 1
        if worker.shifts == 0:
            worker.here_s += self._now - worker.here_since
            self._changes(worker)

    def _pause(self, which: tuple[Worker, Pause]) -> None:
        self._changes(which[0], pause=which[1])

    def _resume(self, which: tuple[Worker, Pause]) -> None:
        self._changes(which[0], over=which[1])

    # --- surge ------------------------------------------------------------------------------------------------------------

    def _look(self, _: None) -> None:
        assert self._watch is not None
        scenario, now = self._scenario, self._now
        since = now - scenario.window_s
        while self._arrived and self._arrived[0] < since:
            self._arrived.popleft()
        while self._settled and self._settled[0][0] < since:
            self._settled.popleft()
        while self._in_order and self._in_order[0].state > CallIs.RINGING:
            self._in_order.popleft()
        level = sum(well for _, well in self._settled) / len(self._settled) if self._settled else None
        seen = Seen(now, sum(queue.count for queue in self._queues.values()),
                    now - self._in_order[0].entered_at if self._in_order else 0.0, len(self._arrived), level,
                    sum(worker.works(self._tier) for worker in self._workers))
        tier = self._watch.tier(seen)
        if tier != self._tier:
            self._change_tier(tier)
        if now < scenario.until or (now < scenario.until + A_DAY_S and (self._in_order or self._tier)):
            self._at(now + scenario.look_every_s, self._look, None)

    def _change_tier(self, tier: int) -> None:
        before, self._tier = self._tier, tier
        self._tiers.append((self._now, tier))
        for place, reserve in enumerate(self._scenario.reserves):
            if reserve.tier <= tier and place not in self._asked:
                self._asked.add(place)
                if reserve.accepts:
                    self._at(self._now + reserve.comes_after_s, self._come, reserve)
            elif reserve.tier > tier:
                self._asked.discard(place)
        for worker in self._workers:
            if worker.reserve_tier > tier and worker.shifts:
                self._end(worker)
        if bool(before) != bool(tier):
            for worker in self._workers:
                self._changes(worker)

    def _come(self, reserve: Reserve) -> None:
        if self._tier < reserve.tier:
            return                       # no longer needed
        known = next((one for one in self._workers if one.reserve_tier and one.plan.code == reserve.agent.code), None)
        worker = known or self._worker(reserve.agent, reserve.tier)
        if not worker.shifts:
            self._begin(worker)
