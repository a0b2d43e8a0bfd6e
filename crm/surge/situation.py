"""The facts of a situation report (B7): what, since when, why, figures, who was called, who came, what next. No words. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import TypeAdapter

from callcenter.storm import CalledIn, Coming
from crm.surge.readings import Tally
from crm.surge.tiers import Signals

CAME: Final = (Coming.ARRIVED,)
COMES: Final = (Coming.ACCEPTED, Coming.LATE)


@dataclass(frozen=True)
class Turn:
    """A change that there was before, and the one that is reported."""

    at: datetime
    act: str
    before: int
    tier: int
    why: tuple[str, ...] = ()
    by: str = ""                     # "": by itself
    reason: str = ""


@dataclass(frozen=True)
class Situation:
    """`before` is None when somebody asked for the report and nothing has changed. With tier 0 and a surge, it is over."""

    at: datetime
    tier: int
    surge_id: int | None
    before: int | None = None
    declared_at: datetime | None = None
    tier_since: datetime | None = None
    under_control_since: datetime | None = None
    held: bool = False
    next_at: datetime | None = None
    down_at: datetime | None = None
    signals: Signals | None = None
    tally: Tally | None = None       # since it was declared
    people: tuple[CalledIn, ...] = ()
    turns: tuple[Turn, ...] = ()     # oldest first
    waiting_limit: int = 0           # what "under control" means here
    longest_limit_s: int = 0
    level_limit: float | None = None
    drill: bool = False

    @property
    def last(self) -> Turn | None:
        return self.turns[-1] if self.turns else None

    @property
    def why(self) -> tuple[str, ...]:
        """Of the newest turn that rose: what is reported while it goes down again too."""
        return next((turn.why for turn in reversed(self.turns) if turn.tier > turn.before), ())

    @property
    def counts(self) -> dict[Coming, int]:
        """Only what there is, in the order of `Coming`."""
        counted = Counter(person.state for person in self.people)
        return {state: counted[state] for state in Coming if counted[state]}


SITUATION: Final[TypeAdapter[Situation]] = TypeAdapter(Situation)


def named(people: Sequence[CalledIn], *states: Coming) -> list[str]:
    return [person.name for person in people if person.state in states]
