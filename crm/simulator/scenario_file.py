"""A scenario as a person writes one: YAML that the simulator runs, in the terms of the site file so that the real line can too.

Times are seconds; times of day count from the scenario's midnight. docs/simulator.md has an example with every key.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from callcenter.site.parts import AgentCode, Ident, Part
from callcenter.site.surge import SurgePolicy
from callcenter.yamlfile import Broken, read_yaml
from crm.simulator.chance import Empirical, Exponential, Times, lognormal_of
from crm.simulator.fit import Fitted, Kind
from crm.simulator.generate import Rates, generated
from crm.simulator.past import DAY_S
from crm.simulator.scenario import Agent, Caller, Level, Pause, Posture, Queue, Reserve, Ringing, Scenario, Span, Step

STEP_S: Final = 1800.0
Length = Annotated[float, Field(ge=0, le=86_400)]
Share = Annotated[float, Field(ge=0, le=1)]
_LEVELS: Final = {"backup": Level.BACKUP, "teams": Level.TEAMS}


class TimesGiven(Part):
    """Exactly one: `mean` alone is exponential, with `median` lognormal; `fixed`; or `values`, each as likely."""

    mean: Annotated[float, Field(gt=0, le=86_400)] | None = None
    median: Annotated[float, Field(gt=0, le=86_400)] | None = None
    fixed: Length | None = None
    values: Annotated[tuple[Length, ...], Field(max_length=10_000)] = ()

    @model_validator(mode="after")
    def one_of(self) -> Self:
        if (self.mean is not None) + (self.fixed is not None) + bool(self.values) != 1:
            raise ValueError("give exactly one of mean, fixed, values")
        if self.median is not None and (self.mean is None or self.median > self.mean):
            raise ValueError("`median` goes with a `mean` that is not below it")
        return self

    def times(self) -> Times:
        if self.values:
            return Empirical(tuple(sorted(self.values)))
        if self.fixed is not None:
            return Empirical((self.fixed,))
        assert self.mean is not None
        return Exponential(self.mean) if self.median is None else lognormal_of(self.mean, self.median)


class StepGiven(Part):
    to: Literal["backup", "teams"]
    seconds: Annotated[float, Field(alias="for", gt=0, le=3600)] = 60


class QueueGiven(Part):
    id: Ident
    priority: int = 0
    wrapup: Length = 10
    seat_ring: Length = 10
    overflow: Length = 30
    chain: tuple[StepGiven, ...] = (StepGiven.model_validate({"to": "backup"}),)
    press: bool = False
    callback_offer: Length = 60
    callback_share: Share = 0
    message_share: Share = 0


class PauseGiven(Part):
    begin: time = Field(alias="from")
    end: time = Field(alias="to")
    is_break: Annotated[bool, Field(alias="break")] = True


class AgentsGiven(Part):
    """`count` agents, numbered on from `code`. A shift that ends at or before its beginning goes over midnight."""

    code: AgentCode
    count: Annotated[int, Field(ge=0, le=5000)] = 1
    begin: Annotated[time, Field(alias="from")] = time(0)
    end: Annotated[time, Field(alias="to")] = time(0)
    skills: dict[Ident, Annotated[int, Field(ge=1, le=9)]] = Field(default={})
    backup: tuple[Ident, ...] = ()
    pauses: tuple[PauseGiven, ...] = ()
    called_in_at: Annotated[int | None, Field(ge=2, le=3, description="off duty; called in at this tier")] = None
    accepts: bool = True
    comes_after: Length = 1800


class CallersGiven(Part):
    queue: Ident
    kind: Ident = "caller"
    begin: Annotated[time, Field(alias="from")] = time(0)
    end: Annotated[time, Field(alias="to")] = time(0)
    calls: Annotated[float, Field(gt=0, le=1_000_000, description="expected in all")]
    patience: TimesGiven
    talk: TimesGiven
    points: Annotated[int, Field(ge=-100, le=100)] = 0


class RingingGiven(Part):
    quickest: Length = 2
    slowest: Length = 8
    missed: Share = 0


class PostureGiven(Part):
    wrapup: Length = 5
    callback_offer: Length = 30


class ScenarioGiven(Part):
    name: str
    seed: int = 0
    day: date = date(2026, 11, 22)
    queues: Annotated[tuple[QueueGiven, ...], Field(min_length=1)]
    agents: tuple[AgentsGiven, ...]
    callers: Annotated[tuple[CallersGiven, ...], Field(min_length=1)]
    ringing: RingingGiven = RingingGiven()
    posture: PostureGiven = PostureGiven()
    surge: SurgePolicy | None = None
    app_queue: Annotated[bool, Field(description="seats are found as Asterisk does it; else who is free is rung at once")] = True
    look_every: Annotated[float, Field(ge=1, le=600)] = 10

    @property
    def begins_at(self) -> datetime:
        return datetime.combine(self.day, time(0), UTC)


def load_scenario(text: str, file: str) -> ScenarioGiven:
    """Raises callcenter.yamlfile.FileFaults with every fault found."""
    return read_yaml(text, file, ScenarioGiven, begin="name: …", broken=_broken, patterns={}, aliases=False)


def scenario_of(given: ScenarioGiven) -> Scenario:
    def means(queue: str) -> tuple[float, float]:
        mine = [one for one in given.callers if one.queue == queue]
        whole = sum(one.calls for one in mine) or 1.0
        return (sum(one.calls * one.talk.times().mean for one in mine) / whole,
                sum(one.calls * one.patience.times().mean for one in mine) / whole)

    queues = []
    for one in given.queues:
        talk, patience = means(one.id)
        queues.append(Queue(one.id, one.priority, one.wrapup, one.seat_ring, one.overflow,
                            tuple(Step(_LEVELS[step.to], step.seconds) for step in one.chain), one.press, one.callback_offer,
                            one.callback_share, one.message_share, talk or 180.0, patience or 180.0))
    agents, reserves = [], []
    for group in given.agents:
        shift = _span(group.begin, group.end)
        pauses = tuple(Pause(*_from(shift[0], _span(each.begin, each.end)), not each.is_break) for each in group.pauses)
        for place in range(group.count):
            code = str(int(group.code) + place).zfill(len(group.code))
            agent = Agent(code, (shift,), group.skills, frozenset(group.backup), pauses)
            if group.called_in_at is None:
                agents.append(agent)
            else:
                reserves.append(Reserve(agent, group.called_in_at, group.accepts, group.comes_after))
    ringing = Ringing(given.ringing.quickest, given.ringing.slowest, given.ringing.missed)
    window = given.surge.arrivals.window if given.surge else 900
    return Scenario(tuple(queues), tuple(agents), tuple(reserves), ringing,
                    Posture(given.posture.wrapup, given.posture.callback_offer), given.look_every, window)


def expected_of(group: CallersGiven) -> list[float]:
    """Expected calls by half hour of the day; over midnight into the next one."""
    begin, end = _span(group.begin, group.end)
    found = [0.0] * int(2 * DAY_S // STEP_S)
    for place in range(len(found)):
        share = min(end, (place + 1) * STEP_S) - max(begin, place * STEP_S)
        found[place] = group.calls * max(share, 0.0) / (end - begin)
    return found


def callers_of(given: ScenarioGiven, seed: int, patience: float = 1.0) -> list[Caller]:
    """Drawn; `patience` times as patient. Wrap-up is the queue's."""
    kinds, rates = {}, {}
    for number, group in enumerate(given.callers):
        name = f"{number}-{group.kind}"
        kinds[name] = Kind(group.kind, group.queue, ((group.points, 1.0),), {group.points: group.patience.times()},
                           group.talk.times())
        rates[name] = expected_of(group)
    some = next(iter(kinds.values()))
    fitted = Fitted(kinds, None, some.patience[some.points[0][0]], some.talk)
    return generated(Rates(STEP_S, rates), fitted, seed, patience=None if patience == 1 else lambda seconds: seconds * patience)


def _span(begin: time, end: time) -> Span:
    first, last = _seconds(begin), _seconds(end)
    return first, last if last > first else last + DAY_S


def _from(begin: float, span: Span) -> Span:
    """A pause at 02:00 of a shift that begins at 22:00 is the next day's."""
    return span if span[0] >= begin else (span[0] + DAY_S, span[1] + DAY_S)


def _seconds(moment: time) -> float:
    return moment.hour * 3600.0 + moment.minute * 60 + moment.second


def _broken(given: ScenarioGiven) -> Iterator[Broken]:
    names = {queue.id for queue in given.queues}
    for place, group in enumerate(given.callers):
        if group.queue not in names:
            yield ("callers", place, "queue"), f"no queue {group.queue}", f"one of {', '.join(sorted(names))}"
    for place, agents in enumerate(given.agents):
        for queue in {*agents.skills, *agents.backup} - names:
            yield ("agents", place, "skills"), f"no queue {queue}", f"one of {', '.join(sorted(names))}"
