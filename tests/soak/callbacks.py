"""Callbacks of the play: who asks for one types another number, and that one's phone is rung back.

So a seat's phone tells by the number it shows whether it was rung for a caller or for the place of a callback.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from hotline.whole import Whole

from callcenter.phones import Leg, NotInTime, PhoneError, Phones, Seat
from callcenter.phones.sound import read_wav
from callcenter.settings import CHECKOUT

NUMBERS: Final = tuple(str(number) for number in range(2001, 2013))
PATTERN: Final = "2XXX"
RETRY_S: Final = 5
TRIES: Final = 3
LAST_ONE_S: Final = 3.0      # until the database has the last request
# After the customer has picked up: from then on the two can talk.
HELLO_S: Final = 1.0 + read_wav(CHECKOUT / "asterisk-config/sounds/zh/callback-hello.wav").seconds
SERVED_S: Final = 120.0
# What a customer does who is rung back.
RUNG: Final = ((65, "answers"), (15, "rejects"), (20, "lets it ring"))
OPEN = "SELECT callback_id, number, state, attempts FROM callbacks WHERE state NOT IN ('done', 'failed', 'cancelled')"


@dataclass
class Asked:
    """A callback that was asked for by keys, as the caller's phone saw it. `sure`: no seat had answered meanwhile."""

    call: int
    number: str
    sure: bool


@dataclass
class Rung:
    """The customer's phone rang. Times are the wall's."""

    number: str
    did: str
    rang_at: float
    answered_at: float | None
    ended_at: float


@dataclass
class Customers:
    whole: Whole
    lines: Phones
    seed: int
    asked: list[Asked] = field(default_factory=list)
    rung: list[Rung] = field(default_factory=list)
    did: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    phones: dict[str, Seat] = field(default_factory=dict)
    talking: dict[str, bool] = field(default_factory=dict)      # to the hotline, not to a prompt

    def __post_init__(self) -> None:
        self._times: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._wall = time.time() - asyncio.get_running_loop().time()
        self._waited_for = False

    async def plug_in(self) -> None:
        for number in NUMBERS:
            phone = await self.lines.outside(number)
            phone.on_ring = lambda leg, number=number: self._start(self._rings(number, leg))
            self.phones[number] = phone

    async def request(self, leg: Leg, call: int, answered: asyncio.Event, draw: random.Random) -> None:
        """Key 2, the number, #. Who does not hang up is told thanks and hung up on."""
        number = draw.choice(NUMBERS)
        patience = draw.choice((4.0, 15.0))
        try:
            await leg.press("2")
            await asyncio.sleep(0.8)
            if answered.is_set():
                return
            await leg.press(f"{number}#")
            await leg.ended(patience)
        except PhoneError:
            await leg.hang_up()
        self.asked.append(Asked(call, number, not answered.is_set()))
        self._count("callback asked for")

    async def served(self) -> list[str]:
        """Waits until no callback is open; customers answer now. What is left over is a fault."""
        self._waited_for = True
        await asyncio.sleep(LAST_ONE_S)
        try:
            async with asyncio.timeout(SERVED_S):
                while self.whole.rows(OPEN):
                    await asyncio.sleep(0.5)
                while self._tasks:
                    await asyncio.wait(self._tasks)
        except TimeoutError:
            return [f"callback still open after {SERVED_S:g} s: {tuple(row)}" for row in self.whole.rows(OPEN)] or [
                "a customer's phone is still in a call"]
        return []

    async def _rings(self, number: str, leg: Leg) -> None:
        self._times[number] = self._times.get(number, 0) + 1
        draw = random.Random(f"{self.seed}/customer/{number}/{self._times[number]}")
        did = draw.choices([name for _, name in RUNG], [weight for weight, _ in RUNG])[0]
        if self._waited_for:
            did = "answers"
        self._count(f"customer {did}")
        try:
            await asyncio.sleep(draw.uniform(0.2, 1.5))
            if did == "rejects":
                await leg.reject()
            elif did == "answers" and not leg.is_over:
                await leg.answer()
                await leg.answered()
                await self._talks(number, leg, draw.uniform(2.0, HELLO_S + 7.0))
        except PhoneError:
            pass
        if did == "answers":
            await leg.hang_up()
        await leg.ended(60)
        assert leg.ended_at is not None
        self.rung.append(Rung(number, did, self._wall + leg.began_at,
                              self._wall + leg.answered_at if leg.answered_at else None, self._wall + leg.ended_at))

    async def _talks(self, number: str, leg: Leg, seconds: float) -> None:
        until = time.monotonic() + seconds
        with suppress(NotInTime):
            await leg.ended(min(HELLO_S + 0.3, seconds))
        if seconds > HELLO_S + 0.3 and not leg.is_over:
            self.talking[number] = True
            with suppress(NotInTime):
                await leg.ended(max(until - time.monotonic(), 0.1))
            self.talking[number] = False

    def _count(self, what: str) -> None:
        self.did[what] = self.did.get(what, 0) + 1

    def _start(self, act: Coroutine[Any, Any, None]) -> None:
        async def noted() -> None:
            try:
                await act
            except Exception as error:  # told by the audit: a task's error would be told to nobody
                self.faults.append(f"customer: {type(error).__name__}: {error}")

        task = asyncio.create_task(noted())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
