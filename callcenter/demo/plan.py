"""Who calls when, and what they do: plain decisions from a seeded random, no phone in sight."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from callcenter.site.schema import Choice, Menu, Site

CALLS_A_MINUTE: Final = 4.0
WAVE_S: Final = 480.0        # busy and quiet take turns, so that the board has something to show
WAVE_HEIGHT: Final = 0.7
_DEEPEST_MENU: Final = 4
RARE: Final = 0.1


@dataclass(frozen=True)
class Way:
    """Keys that lead from a number's menu to a queue or to leaving a message."""

    keys: tuple[str, ...]
    leaves_message: bool
    rare: bool = False           # for people in danger


@dataclass(frozen=True)
class CallerPlan:
    number: str                          # "" withheld
    english: bool
    keys: tuple[tuple[float, str], ...]  # (seconds to listen first, key)
    patience_s: float                    # in the queue, from the last key
    talk_s: float                        # says goodbye after this, if the agent does not before
    rating: str | None
    message_s: float                     # what a message takes, when one can be left


@dataclass(frozen=True)
class SeatPlan:
    """`answers_s` None: nobody sits there."""

    answers_s: tuple[float, float] | None
    talk_s: tuple[float, float] = (15.0, 60.0)


QUICK: Final = SeatPlan((1.0, 8.0))
SLOW: Final = SeatPlan((6.0, 14.0))     # now and then later than the two rings that a seat is given
ABSENT: Final = SeatPlan(None)


def seat_plans(site: Site) -> dict[str, SeatPlan]:
    """Of the primary seats the last but one is slow and the last never answers; all others are quick. A browser's is left to
    whoever looks at the demo."""
    primary = _telephones(site, "primary")
    plans = {seat.seat: QUICK for seat in site.seats if seat.phone == "sip"}
    if len(primary) >= 3:
        plans[primary[-2]], plans[primary[-1]] = SLOW, ABSENT
    return plans


def seating(site: Site) -> dict[str, str]:
    """Seat → code of the agent who sits there: agents at primary seats, leaders at leaders' seats, in the site file's order."""
    places = {False: _telephones(site, "primary"), True: _telephones(site, "leader")}
    return {seat: agent.code for leads, seats in places.items()
            for seat, agent in zip(seats, (one for one in site.agents if one.leader is leads), strict=False)}


def _telephones(site: Site, kind: str) -> list[str]:
    return [seat.seat for seat in site.seats if seat.kind == kind and seat.phone == "sip"]


def calls_a_minute(at_s: float) -> float:
    return CALLS_A_MINUTE * (1 + WAVE_HEIGHT * math.sin(2 * math.pi * at_s / WAVE_S))


def next_arrival(rng: random.Random, at_s: float) -> float:
    """When the next caller dials: a Poisson process whose rate is `calls_a_minute`, by thinning."""
    highest = CALLS_A_MINUTE * (1 + WAVE_HEIGHT)
    while True:
        at_s += rng.expovariate(highest / 60)
        if rng.random() < calls_a_minute(at_s) / highest:
            return at_s


def ways(site: Site, menu_id: str) -> list[Way]:
    """Every way through the menus that ends in a queue or a message; shortest first."""
    menus = {menu.id: menu for menu in site.menus}
    return sorted(_ways(menus, menus[menu_id], (), (menu_id,)), key=lambda way: (len(way.keys), way.keys))


def english_key(site: Site, menu_id: str) -> str | None:
    menu = next(menu for menu in site.menus if menu.id == menu_id)
    return next((key for key, choice in menu.keys.items() if choice.language == "en"), None)


def next_caller(rng: random.Random, numbers: Sequence[str], choices: Sequence[Way],
                english: str | None) -> CallerPlan:
    """One in twelve withholds the number, one in eight is a stranger, one in eight wants English, one in five is
    impatient.
    """
    speaks_english = english is not None and rng.random() < 1 / 8
    way = rng.choices(choices, weights=[RARE if way.rare else 0.2 if way.leaves_message else 1.0 for way in choices])[0]
    keys = [(rng.uniform(3, 9) if place == 0 else rng.uniform(2, 5), key) for place, key in enumerate(way.keys)]
    if speaks_english and english is not None:
        keys.insert(0, (rng.uniform(2, 6), english))
    return CallerPlan(
        number=_number(rng, numbers),
        english=speaks_english,
        keys=tuple(keys),
        patience_s=rng.uniform(5, 40) if rng.random() < 0.2 else rng.uniform(60, 150),
        talk_s=rng.uniform(20, 90) if rng.random() < 0.2 else 300.0,
        rating=rng.choices(["1", "2", "3", None], weights=[5, 3, 1, 3])[0],
        message_s=rng.uniform(6, 14),
    )


def _number(rng: random.Random, numbers: Sequence[str]) -> str:
    drawn = rng.random()
    if drawn < 1 / 12:
        return ""
    if drawn < 1 / 12 + 1 / 8 or not numbers:
        return f"1{rng.choice('3578')}{rng.randrange(10 ** 9):09}"
    return rng.choice(numbers)


def _ways(menus: dict[str, Menu], menu: Menu, keys: tuple[str, ...], seen: tuple[str, ...]) -> Iterator[Way]:
    for key, choice in menu.keys.items():
        yield from _way(menus, choice, (*keys, key), seen)


def _way(menus: dict[str, Menu], choice: Choice, keys: tuple[str, ...], seen: tuple[str, ...]) -> Iterator[Way]:
    if choice.queue or choice.message:
        yield Way(keys, leaves_message=choice.message, rare=choice.emergency)
    elif choice.menu and choice.menu not in seen and len(keys) < _DEEPEST_MENU:
        yield from _ways(menus, menus[choice.menu], keys, (*seen, choice.menu))
