"""The rounds of a call-in: who is rung next, who has accepted, who is late and replaced. Pure: the time is passed in.

| state                        | act              | next                                                                  |
|------------------------------|------------------|-----------------------------------------------------------------------|
| WAITING                      | rung             | RINGING, so many at once, and no more than are still wanted           |
| RINGING                      | no answer        | WAITING for another round after `retry`; NO_ANSWER after `tries`      |
| WAITING, RINGING, NO_ANSWER, | accepts (a key,  | ACCEPTED, due after `come_within`                                     |
| REFUSED                      | or the page)     |                                                                       |
| all but ARRIVED, RELEASED    | refuses          | REFUSED: the next one is rung at once                                 |
| ACCEPTED                     | is due           | LATE: counts as nobody, so a replacement is rung                      |
| all but RELEASED             | signs in         | ARRIVED                                                               |
| all but REFUSED, NO_ANSWER   | no longer needed | RELEASED                                                              |
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from callcenter.storm import Coming


class Act(StrEnum):
    RING = "ring"
    NO_ANSWER = "no_answer"
    ACCEPT = "accept"
    REFUSE = "refuse"
    LATE = "late"
    ARRIVE = "arrive"
    RELEASE = "release"


_FROM: Final[dict[Act, frozenset[Coming]]] = {
    Act.RING: frozenset({Coming.WAITING}),
    Act.NO_ANSWER: frozenset({Coming.RINGING}),
    Act.ACCEPT: frozenset({Coming.WAITING, Coming.RINGING, Coming.NO_ANSWER, Coming.REFUSED}),
    Act.REFUSE: frozenset(Coming) - {Coming.REFUSED, Coming.ARRIVED, Coming.RELEASED},
    Act.LATE: frozenset({Coming.ACCEPTED}),
    Act.ARRIVE: frozenset(Coming) - {Coming.ARRIVED, Coming.RELEASED},
    Act.RELEASE: frozenset(Coming) - {Coming.REFUSED, Coming.NO_ANSWER, Coming.RELEASED},
}
_TO: Final = {Act.RING: Coming.RINGING, Act.ACCEPT: Coming.ACCEPTED, Act.REFUSE: Coming.REFUSED, Act.LATE: Coming.LATE,
              Act.ARRIVE: Coming.ARRIVED, Act.RELEASE: Coming.RELEASED}
COME: Final = frozenset({Coming.ACCEPTED, Coming.ARRIVED})      # who counts as coming


@dataclass(frozen=True)
class Rule:
    """`wanted` None: everybody who is on the list."""

    at_once: int
    wanted: int | None
    tries: int
    retry: timedelta
    come_within: timedelta


@dataclass(frozen=True)
class Person:
    """Of the list; `place` is the order in which it is gone through. Without a number only a message reaches them."""

    person_id: int
    place: int
    state: Coming
    since: datetime
    tries: int = 0               # rings that were not answered
    tried_at: datetime | None = None
    due_at: datetime | None = None
    has_number: bool = True


def may(person: Person, act: Act) -> bool:
    return person.state in _FROM[act]


def after(person: Person, act: Act, now: datetime, rule: Rule) -> Person:
    """As they were, when the act is none for their state."""
    if not may(person, act):
        return person
    if act is Act.NO_ANSWER:
        tries = person.tries + 1
        state = Coming.NO_ANSWER if tries >= rule.tries else Coming.WAITING
        return replace(person, state=state, since=now, tries=tries, tried_at=now)
    due_at = now + rule.come_within if act is Act.ACCEPT else person.due_at
    return replace(person, state=_TO[act], since=now, due_at=due_at)


def go_on(people: Sequence[Person], now: datetime, rule: Rule) -> tuple[Person, ...]:
    """Who is due and not there is late; then as many are rung as may be and are still needed: first those who were rung less
    often, in the list's order."""
    looked = [after(one, Act.LATE, now, rule) if one.due_at is not None and one.due_at <= now else one for one in people]
    free = min(rule.at_once, still_needed(looked, rule)) - sum(one.state is Coming.RINGING for one in looked)
    waiting = sorted((one for one in looked if is_to_be_rung(one, now, rule)), key=lambda one: (one.tries, one.place))
    chosen = {one.person_id for one in waiting[:max(free, 0)]}
    return tuple(after(one, Act.RING, now, rule) if one.person_id in chosen else one for one in looked)


def still_needed(people: Iterable[Person], rule: Rule) -> int:
    """How many more would have to accept."""
    everybody = list(people)
    wanted = len(everybody) if rule.wanted is None else rule.wanted
    return max(wanted - sum(one.state in COME for one in everybody), 0)


def is_to_be_rung(person: Person, now: datetime, rule: Rule) -> bool:
    return (person.state is Coming.WAITING and person.has_number
            and (person.tried_at is None or person.tried_at + rule.retry <= now))
