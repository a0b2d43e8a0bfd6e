"""What a drill plays, and from it every simulated caller: when each comes, what they press, how long they wait and talk. Pure.

The same scenario has the same callers each time (`seed`), so that what differs between two drills is the floor.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from callcenter.site import Site
from callcenter.site.drills import DrillPolicy
from callcenter.text_types import lines
from crm.tickets.errors import Fault, FieldsUnfit

Keys = Annotated[str, StringConstraints(pattern=r"^[0-9*#]{0,10}$")]
Mean = Annotated[int, Field(ge=1, le=1800)]


class Scenario(BaseModel):
    """Times are seconds, and means."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, lines(60), Field(
        description="drills of one name are compared with each other")]
    calls_a_minute: Annotated[float, Field(gt=0, le=120)] = 4
    minutes: Annotated[int, Field(ge=1, le=240)] = 10
    number: Annotated[str, StringConstraints(pattern=r"^(\+?[0-9]{2,20})?$"), Field(
        description="of the hotline, which is dialled; the site's first when left out")] = ""
    keys: Annotated[tuple[Keys, ...], Field(min_length=1, max_length=20, description=(
        "what callers press, one key a menu; each caller takes one of them, so that a line that stands twice is twice as frequent. "
        "An empty one presses nothing"))] = ("1",)
    patience: Annotated[Mean, Field(description="how long they wait in a queue before they give up")] = 90
    talk: Annotated[Mean, Field(description="how long they talk, and then hang up")] = 60
    seats: Annotated[Literal["simulated", "real"], Field(description=(
        "`real`: who is signed in and ready takes part, behind every real caller; `simulated`: no phone rings"))] = "simulated"
    agents: Annotated[int, Field(ge=1, le=99, description="simulated seats")] = 4
    picks_up: Annotated[int, Field(ge=0, le=120, description="after how long a simulated seat answers")] = 5
    surge: Annotated[bool, Field(description="tiers are exercised: a surge that begins while it lasts is a drill too")] = False
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 1


@dataclass(frozen=True)
class Caller:
    number: int              # 1, 2, …
    at: timedelta            # after the drill's beginning
    keys: str
    thinks_s: int
    patience_s: int
    talks_s: int
    rings_s: int             # until a simulated seat picks up


def fitted(scenario: Scenario, site: Site) -> Scenario:
    """Raises FieldsUnfit for what this site does not let a drill do."""
    policy, numbers = site.drills, [number.number for number in site.numbers]
    faults = [Fault(name, code) for name, code, wrong in (
        ("minutes", "too_much", scenario.minutes > policy.minutes),
        ("calls_a_minute", "too_much", scenario.calls_a_minute > policy.a_minute),
        ("agents", "too_much", scenario.seats == "simulated" and scenario.agents > policy.seats),
        ("number", "no_option", bool(scenario.number) and scenario.number not in numbers)) if wrong]
    if faults:
        raise FieldsUnfit(faults)
    return scenario.model_copy(update={"number": scenario.number or numbers[0]})


def callers(scenario: Scenario) -> tuple[Caller, ...]:
    """Arrivals are a Poisson process; patience is exponential, as the simulator's; talk has half of that spread."""
    rng = random.Random(scenario.seed)      # noqa: S311 - a play, no secret
    return tuple(_callers(scenario, rng))


def _callers(scenario: Scenario, rng: random.Random) -> Iterator[Caller]:
    at, number = 0.0, 0
    while (at := at + rng.expovariate(scenario.calls_a_minute / 60)) < scenario.minutes * 60:
        number += 1
        yield Caller(
            number, timedelta(seconds=round(at, 1)), keys=rng.choice(scenario.keys), thinks_s=rng.randint(1, 4),
            patience_s=max(1, round(rng.expovariate(1 / scenario.patience))),
            talks_s=max(1, round(rng.gammavariate(4, scenario.talk / 4))),
            rings_s=round(rng.uniform(0.5, 1.5) * scenario.picks_up))


def longest(policy: DrillPolicy) -> timedelta:
    """No drill lasts for longer, whatever its callers do: acd's limit of a call and the minutes in which they come."""
    return timedelta(minutes=policy.minutes, hours=1)
