"""A seat's phone that dies without a word: in its own process, killed while it talks, rings or rests."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from hotline.lone_phone import LonePhone
from hotline.whole import Whole

# An agent's phone is believed dead, and the caller taken from it, within this (tests/telephony/test_rescue.py).
NOTICED_S = 20.0
RINGS_WITHIN_S = 12.0


@dataclass(frozen=True)
class Died:
    """What it did last. Times are the wall's; `peer` had rung."""

    peer: str = ""
    answered_at: float | None = None
    died_at: float = 0.0


async def lives_and_dies(whole: Whole, seat: str, draw: random.Random, answers: Callable[[str], None]) -> Died:
    """Takes the seat's place, answers the first that rings, and is killed: mostly in mid-talk."""
    password = whole.settings.secrets()[f"seat-{seat}"]
    async with LonePhone(whole.settings.ports.sip, seat, password) as phone:
        try:
            peer = await phone.rung_by(RINGS_WITHIN_S)
        except TimeoutError:
            return Died()
        if draw.random() < 0.25:
            return Died(peer)
        await phone.does("answer")
        said = await phone.says_one_of("answer done", "answer failed")
        if said == "answer failed":
            return Died(peer)
        answered_at = time.time()
        answers(peer)
        await phone.lives_on(draw.uniform(0.5, 2.5))
        died_at = time.time()
    return Died(peer, answered_at, died_at)
