"""The hotline as app_queue keeps it: the engine's callers, agents and chain, with Asterisk's looks, whole seconds and prompts.

The engine alone gives a free agent to whoever is first, at once. app_queue (22.10) does this instead, each point read in its
source and met in play (docs/simulator.md):

- A caller who waits looks once a second whether it is their turn: fewer wait before them, not rung, than seats are free.
- While a prompt tells them their place, they do not look, and no one behind them has their turn: the seat stands idle.
- A ring that nobody answered is followed by a second's pause (`retry`), then by the next seat in turn (`rrmemory`).
- Wrap-up and the time in a stage are counted in whole seconds of the clock.
- Each stage is a queue of its own. Backup and teams ring all who are free at once (`ringall`), for one caller at a time, and
  after six rings and the pause all who are free then.
- A seat is not rung for a queue while callers wait in one of more weight that it is in too. A later stage has more than any
  priority; emergencies, who are rung for as in the backup stage at once, have the most.
- At the chain's end the offer takes its time, in which nobody is rung; who stays waits in the last stage again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor
from typing import Final

from callcenter.expected import Pace, Staffed, estimate_s
from crm.simulator.engine import A_DAY_S, ABANDONED, CALLBACK, MESSAGE, Run, Watch
from crm.simulator.floor import AgentIs, Call, CallIs, Waiting, Worker
from crm.simulator.result import Result
from crm.simulator.scenario import EMERGENCY, INFINITE, Caller, Level, Pause, Scenario
from crm.simulator.stage_queue import Entry, Line, Members, free_of, points_of

AN_HOUR_S: Final = 3600.0
AGEING_LOOKS_S: Final = 2.0           # acd's
LATE_S: Final = 0.01
LONG_S: Final = 600


@dataclass(frozen=True)
class AppQueue:
    """Lengths as queues.conf, the dialplan and the Chinese prompts have them, in seconds."""

    look_s: float = 1.0006            # a second, and what waking takes (measured on a machine that has other things to do)
    retry_s: float = 1.0006
    late_share: float = 0.0           # of rings that are cut, whose seat is not yet known to be free when the caller looks next
    next_s: float = 2.41              # "you are next"
    there_are_s: float = 1.3          # what is said before one's place, and after it
    waiting_s: float = 0.95
    numbers_s: tuple[float, ...] = (*(0.45,) * 10, *(0.91,) * 9)     # "one" to "nineteen"; the last: for all behind
    place_every_s: int = 20
    busy_s: float = 5.18              # "all are busy", which keys there are
    busy_every_s: int = 30
    offer_s: float = 11.18            # the same at the chain's end, with six seconds for a key
    urgent_s: float = 3.34            # what is said to callers in danger instead, and no place
    told_s: float = 1.77              # "you will wait … minutes", before each stage in which nobody is free
    told_from_s: float = 30.0         # of expected wait
    long_s: float = 2.43              # "more than ten minutes"
    acd: bool = True                  # is there: points age, and there is an expected wait to be told
    ageing_phase_s: float = 0.0       # of acd's looks, in the clock's even seconds

    def number_s(self, number: int) -> float:
        return self.numbers_s[min(number, len(self.numbers_s)) - 1]

    def told(self, expected_s: int) -> float:
        """How long it takes to say for how long it will be."""
        if expected_s < self.told_from_s:
            return 0.0
        return self.long_s if expected_s > LONG_S else self.told_s + self.number_s((expected_s + 30) // 60)


def simulate_app_queue(scenario: Scenario, callers: Sequence[Caller], manners: AppQueue = AppQueue(), *,
                       watch: Watch | None = None, seed: int = 0) -> Result:
    """As `simulate`; second 0 is a whole second of Asterisk's clock."""
    return _AppQueueRun(scenario, callers, manners, watch, seed).result()


class _AppQueueRun(Run):
    def __init__(self, scenario: Scenario, callers: Sequence[Caller], manners: AppQueue, watch: Watch | None, seed: int) -> None:
        super().__init__(scenario, callers, watch, seed)
        self._manners = manners
        self._lines = {(name, level): Line(queue, level) for name, queue in self._queues.items() for level in Level}
        self._urgent = {name: Line(queue, Level.BACKUP, urgent=True) for name, queue in self._queues.items()}
        self._all_lines = (*self._lines.values(), *self._urgent.values())
        self._lines_of = {name: [line for line in self._all_lines if line.queue is queue] for name, queue in self._queues.items()}
        self._looks_at_age = False
        self._paces = dict.fromkeys(self._queues, Pace())
        self._entries: dict[Call, tuple[Line, Entry]] = {}
        self._last: dict[Call, Line] = {}         # where a call waited last
        self._rung: dict[Call, list[Worker]] = {}

    # --- who is where

    def _changes(self, worker: Worker, *, pause: Pause | None = None, over: Pause | None = None) -> None:
        super()._changes(worker, pause=pause, over=over)
        for line in self._all_lines:
            line.members = [(penalty, one) for one in self._workers for queue, level, penalty in one.reach
                            if queue is line.queue and level <= line.level]
            line.ready = free_of(line.members)

    def _free(self, worker: Worker) -> None:
        worker.mark += 1
        was, worker.state = worker.state, AgentIs.FREE if worker.works(self._tier) else AgentIs.OFF
        self._counts(worker, (worker.state is AgentIs.FREE) - (was is AgentIs.FREE))
        if worker.state is AgentIs.OFF:
            return
        for queue, level, penalty in worker.reach:
            queue.offer_agent(worker, level, penalty, len(self._workers))

    def _counts(self, worker: Worker, more: int) -> None:
        for queue, least, _ in worker.reach if more else ():
            for line in self._lines_of[queue.plan.name]:
                if line.level >= least:
                    line.ready += more

    def _wrapped_up_at(self, wrapup_s: float) -> float:
        return max(self._now, floor(self._now) + round(wrapup_s))

    # --- stages

    def _wait(self, call: Call) -> None:
        call.queue.count += 1
        if call.caller.patience_s < INFINITE and not call.is_place:
            self._at(self._now + call.caller.patience_s, self._leave, call)
        plan = call.queue.plan
        if call.caller.kind == EMERGENCY:
            line, seconds = self._urgent[plan.name], sum(step.seconds for step in plan.chain if step.level is Level.BACKUP)
        else:
            line, seconds = self._lines[plan.name, Level.PRIMARY], 0.0
        if not self._joins(call, line, plan.overflow_s + seconds):
            self._stage(call)

    def _joins(self, call: Call, line: Line, seconds: float) -> bool:
        """Unless nobody is there."""
        if not line.members:
            return False
        now = floor(self._now)
        entry = Entry(call, points_of(call, self._now), now + round(seconds) if seconds < INFINITE else INFINITE, now)
        line.insert(entry)
        if self._manners.acd and not self._looks_at_age:
            self._looks_at_age = True
            phase = self._manners.ageing_phase_s
            self._at(((self._now - phase) // AGEING_LOOKS_S + 1) * AGEING_LOOKS_S + phase, self._ages, None)
        self._entries[call], self._last[call] = (line, entry), line
        call.level, call.state = line.level, CallIs.WAITING
        self._turn(call)
        return True

    def _ages(self, _: None) -> None:
        for line in self._all_lines:
            line.age(self._now)
        self._looks_at_age = any(line.entries for line in self._all_lines)
        if self._looks_at_age:
            self._at(self._now + AGEING_LOOKS_S, self._ages, None)

    def _stage(self, call: Call) -> None:
        if call.state > CallIs.RINGING:
            return
        waited = self._leaves_line(call)
        chain = call.queue.plan.chain
        while call.stage < len(chain):
            step = chain[call.stage]
            call.stage += 1
            if call.caller.kind == EMERGENCY and step.level is Level.BACKUP:
                continue                 # is over
            line = self._lines[call.queue.plan.name, step.level]
            if told := self._told_s(call.queue, line):
                self._at(self._now + told, self._comes_to, call, call.mark)
                return
            if self._joins(call, line, step.seconds):
                return
        plan, choice = call.queue.plan, call.caller.choice
        if not call.is_place and choice < plan.callback_share:
            self._out(call, CALLBACK)
            self._keep_place(call)
        elif not call.is_place and choice < plan.callback_share + plan.message_share:
            self._out(call, MESSAGE)
        elif waited or self._now < self._scenario.until + A_DAY_S:
            self._at(self._now + (self._manners.offer_s if waited else AN_HOUR_S), self._stays, call, call.mark)

    def _comes_to(self, call: Call) -> None:
        step = call.queue.plan.chain[call.stage - 1]
        if not self._joins(call, self._lines[call.queue.plan.name, step.level], step.seconds):
            self._stage(call)

    def _told_s(self, queue: Waiting, stage: Line) -> float:
        """How long it takes to say how long it will take: nothing where somebody is free, or nothing is known."""
        lines = (stage, self._lines[queue.plan.name, Level.PRIMARY])
        if not self._manners.acd or any(line.ready > len(line.entries) for line in lines):
            return 0.0
        expected = self._estimate(queue)
        return 0.0 if expected is None else self._manners.told(round(expected))

    def _estimate(self, queue: Waiting) -> float | None:
        first, backup = (self._lines[queue.plan.name, level].members for level in (Level.PRIMARY, Level.BACKUP))
        rung = sum(entry.pending for line in self._lines_of[queue.plan.name] for entry in line.entries)
        people = Staffed(queue.count, rung, len(first or backup), self._share(first, Level.PRIMARY), free_of(first),
                         self._share(backup, Level.BACKUP), free_of(backup))
        return estimate_s(people, self._paces[queue.plan.name], queue.plan.overflow_s)

    def _share(self, members: Members, level: Level) -> float:
        """An agent of several queues counts for each by its part."""
        return sum(1 / sum(each <= level for _, each, _ in worker.reach) for _, worker in members)

    def _learns(self, queue: Waiting, of: Callable[[Pace], Pace]) -> None:
        self._paces[queue.plan.name] = of(self._paces[queue.plan.name])

    def _picked(self, worker: Worker) -> None:
        super()._picked(worker)
        assert worker.call is not None
        wait = self._now - worker.call.entered_at
        self._learns(worker.call.queue, lambda pace: pace.after_wait(wait, gave_up=False))

    def _hang(self, worker: Worker) -> None:
        call = worker.call
        assert call is not None
        self._learns(call.queue, lambda pace: pace.after_call(self._now - worker.since + call.queue.plan.wrapup_s))
        super()._hang(worker)

    def _out(self, call: Call, outcome: str) -> None:
        wait = self._now - call.entered_at
        self._learns(call.queue, lambda pace: pace.after_wait(wait, gave_up=outcome == ABANDONED))
        super()._out(call, outcome)

    def _stays(self, call: Call) -> None:
        """In the last stage again: the queue in which the caller had waited."""
        line = self._last.get(call, self._lines[call.queue.plan.name, Level.PRIMARY])
        if call.state <= CallIs.RINGING and not self._joins(call, line, call.queue.plan.stay_s):
            self._stage(call)

    def _leaves_line(self, call: Call) -> bool:
        """Whatever rings is cut. False: it was in none."""
        call.mark += 1
        line, entry = self._entries.pop(call, (None, None))
        if line is None or entry is None:
            return False
        line.entries.remove(entry)
        self._stops_ringing(call, line, entry)
        return True

    def _stops_ringing(self, call: Call, line: Line, entry: Entry) -> None:
        if call in self._rung:
            line.goes_round(entry.after)
        late = bool(self._manners.late_share) and self._chance.random() < self._manners.late_share
        for worker in self._rung.pop(call, ()):
            worker.call = None
            if late:
                self._at(self._now + LATE_S, self._free, worker, worker.mark)
            else:
                self._free(worker)

    def _cut(self, call: Call) -> Worker | None:
        self._leaves_line(call)
        return None

    # --- turns

    def _looks(self, call: Call) -> None:
        if self._now >= self._entries[call][1].expires:
            self._stage(call)
        else:
            self._turn(call)

    def _turn(self, call: Call) -> None:
        line, entry = self._entries[call]
        if line.has_turn(entry):
            self._try(call)
        else:
            self._hears_place(call)

    def _hears_place(self, call: Call) -> None:
        line, entry = self._entries[call]
        if self._now >= entry.expires or not line.members:
            self._stage(call)
        elif line.urgent or floor(self._now) - entry.said_at < self._manners.place_every_s:
            self._hears_rest(call, 0.0)
        else:
            entry.said_at = floor(self._now)
            if line.entries[0] is entry:
                self._hears_rest(call, self._manners.next_s)
            else:
                self._at(self._now + self._manners.there_are_s, self._hears_number, call, call.mark)

    def _hears_number(self, call: Call) -> None:
        """The place is the one that holds when the number is said: others may have come in before it meanwhile."""
        line, entry = self._entries[call]
        self._hears_rest(call, self._manners.number_s(line.entries.index(entry) + 1) + self._manners.waiting_s)

    def _hears_rest(self, call: Call, takes: float) -> None:
        line, entry = self._entries[call]
        manners, second = self._manners, floor(self._now + takes)
        if second < entry.expires and second - entry.last_busy >= manners.busy_every_s:
            entry.last_busy = second
            takes += manners.urgent_s if line.urgent else manners.busy_s
        over = self._now + takes
        self._at(over if over >= entry.expires else over + manners.look_s, self._looks, call, call.mark)

    def _try(self, call: Call) -> None:
        line, entry = self._entries[call]
        if self._now >= entry.expires:
            self._stage(call)
            return
        turns = line.in_turn()
        chosen: list[Worker] = []
        entry.after = None
        for number, (_, worker) in enumerate(turns):
            if worker.state is AgentIs.FREE and not self._is_wanted_more(worker, line):
                chosen.append(worker)
                if not line.rings_all:
                    entry.after = turns[number + 1][0] if number + 1 < len(turns) else None
                    break
        if not chosen:
            line.goes_round(None)
            self._rests(call)
            return
        entry.pending = True
        plan = call.queue.plan
        self._rings(call, chosen, min(AN_HOUR_S, plan.overflow_s if line.rings_all else plan.seat_ring_s,
                                      entry.expires - floor(self._now)))

    def _is_wanted_more(self, worker: Worker, mine: Line) -> bool:
        """By callers of a queue of more weight, as many as it has free seats."""
        return any(line.entries and line.weight > mine.weight and len(line.entries) >= line.free()
                   and any(one is worker for _, one in line.members) for line in self._all_lines)

    def _rings(self, call: Call, workers: list[Worker], limit: float) -> None:
        call.rang_at = self._now if call.rang_at is None else call.rang_at
        call.state, call.agent = CallIs.RINGING, workers[0]
        self._rung[call] = workers
        for worker in workers:
            worker.call, worker.rung_at = call, self._now
            self._counts(worker, -1)
            worker.state, worker.mark = AgentIs.RINGING, worker.mark + 1
        takes = self._takes(call)
        call.mark += 1
        self._at(self._now + min(takes, limit), self._answered if takes < limit else self._unanswered, call, call.mark)

    def _answered(self, call: Call) -> None:
        first = self._rung[call].pop(0)
        self._leaves_line(call)
        self._picked(first)

    def _unanswered(self, call: Call) -> None:
        line, entry = self._entries[call]
        self._stops_ringing(call, line, entry)
        call.state, call.agent, entry.pending = CallIs.WAITING, None, False
        self._rests(call)

    def _rests(self, call: Call) -> None:
        """The pause that follows a ring without an answer."""
        line, entry = self._entries[call]
        if self._now >= entry.expires or not line.members:
            self._stage(call)
        else:
            self._at(self._now + self._manners.retry_s, self._turn, call, call.mark)
