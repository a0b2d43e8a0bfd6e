"""The play: callers and seats that do in minutes what a hotline sees in a day. One seed, one play."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

from hotline.whole import Whole

from callcenter.phones import PATIENCE_S, Leg, PhoneError, Phones, Seat
from callcenter.phones.hearing import has_tone
from soak.callbacks import Customers
from soak.dying import lives_and_dies
from soak.floor import Agents

MAIN: Final = "8000"
LONGEST_CALL_S: Final = 45.0
DIED: Final = "died"
LONGEST_LEG_S: Final = 40.0
PATIENT_S: Final = 15.0      # with a customer who is rung back, who may not answer
# What callers do, and how often: (weight, name).
CALLERS: Final = ((50, "talks"), (12, "gives up soon"), (8, "hangs up in the menu"), (10, "presses nothing"),
                  (8, "leaves a message"), (12, "asks for a callback"))
# What a seat does with a ring, and then with the call.
RINGS: Final = ((76, "answers"), (12, "rejects"), (12, "lets it ring"))
TALKS: Final = ((45, "waits"), (30, "hangs up"), (15, "blind"), (10, "attended"))


@dataclass
class Made:
    """A call that a caller made, as the caller's phone saw it. Times are the wall's."""

    index: int
    number: str
    what: str
    at: float
    refused: str = ""


@dataclass
class Talked:
    """A seat's leg that was answered."""

    call: int | str          # index of the caller's call, or the number that is rung back
    seat: str
    did: str
    answered_at: float
    ended_at: float


@dataclass
class Play:
    whole: Whole
    phones: Phones
    seats: tuple[str, ...]
    seed: int
    rate: float
    agents: Agents
    customers: Customers
    deaths: float = 0.2                                 # of the phones that go, so many go without a word
    made: list[Made] = field(default_factory=list)
    talked: list[Talked] = field(default_factory=list)
    did: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)     # of the play itself: then it has shown nothing

    def __post_init__(self) -> None:
        self._free = deque(f"1391000{place:04}" for place in range(60))
        self._current: dict[str, int] = {}              # number → call
        self._answered: dict[int, asyncio.Event] = {}
        self._consulting: dict[str, int | str] = {}     # seat that asks → call
        self._phones: dict[str, Seat] = {}
        self._rung: dict[str, int] = {}
        self._away: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._wall = time.time() - asyncio.get_running_loop().time()
        self._over = False

    async def run(self, seconds: float) -> None:
        """Returns when every call is over and every seat is at its desk again."""
        for number in self.seats:
            [seat] = await self.whole.seats(self.phones, number)
            seat.on_ring = lambda leg, seat=seat: self._start(self._seat_acts(seat, leg))
            self._phones[number] = seat
        await self.customers.plug_in()
        await self.agents.sign_in()
        living = asyncio.create_task(self.agents.live())
        calls: set[asyncio.Task[None]] = set()
        until = time.monotonic() + seconds
        draw = random.Random(f"{self.seed}/arrivals")
        phones_fail = asyncio.create_task(self._phones_fail())
        index = 0
        while (left := until - time.monotonic()) > 0:
            await asyncio.sleep(min(draw.expovariate(self.rate), left))
            if self._free:
                calls.add(asyncio.create_task(self._call(index)))
                index += 1
            else:
                self._count("no caller free")
        async with asyncio.timeout(LONGEST_CALL_S + PATIENCE_S):
            await asyncio.gather(*calls)
        self.faults += await self.customers.served()
        phones_fail.cancel()
        living.cancel()
        await asyncio.wait((living,))
        if not living.cancelled() and (error := living.exception()):
            self.faults.append(f"agents: {type(error).__name__}: {error}")
        self._over = True
        await self.phones.hang_up_all()
        for number in sorted(self._away):
            await self._phones[number].register()
        async with asyncio.timeout(PATIENCE_S):
            while self._tasks:
                await asyncio.wait(self._tasks)
        await self.agents.come_back()
        self.faults += self.agents.faults + self.customers.faults

    # --- callers

    async def _call(self, index: int) -> None:
        draw = random.Random(f"{self.seed}/call/{index}")
        what = _drawn(draw, CALLERS)
        number = self._free.popleft()
        made = Made(index, number, what, time.time())
        self._current[number] = index
        self._answered[index] = asyncio.Event()
        leg = await (await self.phones.caller(number)).dial(MAIN)
        self.made.append(made)
        self._count(what)
        try:
            async with asyncio.timeout(LONGEST_CALL_S):
                await leg.answered()
                await self._acts(leg, index, what, draw)
        except PhoneError as error:
            if leg.answered_at is None:
                made.refused = str(error)
        except TimeoutError:
            self.faults.append(f"call {index} of {number} would not end: {leg!r}")
        finally:
            await leg.hang_up()
            if not leg.is_over:
                await leg.ended()
            del self._answered[index]
            self._free.append(number)

    async def _acts(self, leg: Leg, index: int, what: str, draw: random.Random) -> None:
        if what == "hangs up in the menu":
            await self._until_over(leg, draw.uniform(0.3, 2))
            return
        if what != "presses nothing":
            await asyncio.sleep(draw.uniform(1.2, 2))
            key = draw.choice(("2", "3", "3", "1"))
            await leg.press(key)
            if key == "1":               # the menu of what is broken; in a queue it would be a key that leaves it
                await asyncio.sleep(1)
                await leg.press("1")
        if what == "asks for a callback" and await self._asks(leg, index, draw):
            return
        patience = {"gives up soon": draw.uniform(0.5, 4), "leaves a message": 14.0}.get(what, draw.uniform(8, 22))
        if not await self._is_answered(leg, index, patience):
            if what != "leaves a message":
                return
            for _ in range(3):
                if not leg.is_over:
                    await leg.press("1")
                await self._until_over(leg, 2.5)
            return
        await self._until_over(leg, draw.uniform(1.0, 7.0))

    async def _asks(self, leg: Leg, index: int, draw: random.Random) -> bool:
        """Once keys are taken: where the ringback tone is heard. True when this call is over, or was answered after all."""
        if await self._is_answered(leg, index, draw.uniform(1.0, 3.0)):
            return False
        try:
            await leg.hears(lambda heard: has_tone(heard, 450), "ringback: keys are taken", 8)
        except PhoneError:
            return leg.is_over
        if self._answered[index].is_set():
            return False
        await self.customers.request(leg, index, self._answered[index], draw)
        return leg.is_over

    async def _is_answered(self, leg: Leg, index: int, within: float) -> bool:
        over, answered = asyncio.create_task(self._until_over(leg, within)), asyncio.create_task(self._answered[index].wait())
        done, waiting = await asyncio.wait((over, answered), return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        return answered in done

    async def _until_over(self, leg: Leg, seconds: float) -> None:
        try:
            if not leg.is_over:
                await leg.ended(seconds)
        except PhoneError:
            return

    # --- seats

    async def _seat_acts(self, seat: Seat, leg: Leg) -> None:
        self._rung[seat.seat] = self._rung.get(seat.seat, 0) + 1
        draw = random.Random(f"{self.seed}/seat/{seat.seat}/{self._rung[seat.seat]}")
        what = _drawn(draw, RINGS)
        consulted = leg.peer in self._phones
        call = self._call_of(leg.peer)
        self._count(f"seat {what}")
        if what == "lets it ring":
            return
        await asyncio.sleep(draw.uniform(0.1, 1.2))
        if leg.is_over:
            return
        try:
            await (leg.reject() if what == "rejects" else leg.answer())
            if what == "rejects":
                return
            await leg.answered()
        except PhoneError:
            self._note(call, seat, "caller was quicker", leg)     # after all it may have been answered for a moment
            return
        did = "waits" if consulted else _drawn(draw, TALKS)
        self._tell_answered(leg.peer)
        try:
            await self._talks(seat, leg, did, call, draw)
        except PhoneError:
            self._count(f"seat {did}: refused")
        await self._until_over(leg, PATIENT_S if isinstance(call, str) else LONGEST_LEG_S)
        await leg.hang_up()
        await self._until_over(leg, 5)
        self._note(call, seat, did, leg)

    def _call_of(self, peer: str) -> int | str | None:
        """By the number that a seat's phone shows: the caller's call, the one it is asked about, or the number rung back."""
        if peer in self._phones:
            return self._consulting.get(peer)
        return peer if peer in self.customers.phones else self._current.get(peer)

    def _tell_answered(self, peer: str) -> None:
        call = self._call_of(peer)
        if isinstance(call, int) and call in self._answered:
            self._answered[call].set()

    def _note(self, call: int | str | None, seat: Seat, did: str, leg: Leg) -> None:
        if call is not None and leg.answered_at and leg.ended_at:
            self.talked.append(Talked(call, seat.seat, did, self._wall + leg.answered_at, self._wall + leg.ended_at))

    async def _talks(self, seat: Seat, leg: Leg, did: str, call: int | str | None, draw: random.Random) -> None:
        self._count(f"seat {did}")
        if did == "waits" or self._over:
            return
        await self._until_over(leg, draw.uniform(0.8, 3))
        if isinstance(call, str) and did in ("blind", "attended"):       # nobody to transfer before
            while not leg.is_over and not self.customers.talking.get(call) and leg.answered_at is not None \
                    and asyncio.get_running_loop().time() - leg.answered_at < PATIENT_S:
                await self._until_over(leg, 0.5)
        if leg.is_over or (isinstance(call, str) and did != "hangs up" and not self.customers.talking.get(call)):
            return
        other = draw.choice([number for number in self.seats if number != seat.seat])
        match did:
            case "hangs up":
                await leg.hang_up()
            case "blind":
                await leg.transfer(self.phones.switch.uri(other))
            case "attended" if call is not None:
                await self._attended(seat, leg, other, call)

    async def _attended(self, seat: Seat, leg: Leg, other: str, call: int | str) -> None:
        if any(line.is_talking for line in seat.legs if line is not leg):
            # About which of two callers it asks, nobody but the one who dials can know.
            self._count("seat has two callers")
            return
        await leg.hold()
        self._consulting[seat.seat] = call
        consulted = await seat.dial(other)
        try:
            await consulted.answered()
            await self._until_over(leg, 1.5)
            await leg.hand_over(consulted)
        finally:
            if not consulted.is_over:
                await consulted.hang_up()
            if leg.is_talking:
                await leg.resume()

    # --- seats' phones go and come back

    async def _phones_fail(self) -> None:
        draw = random.Random(f"{self.seed}/phones")
        while True:
            await asyncio.sleep(draw.uniform(4, 12))
            number = draw.choice(self.seats)
            if number not in self._away and len(self._away) < 2:
                dies = draw.random() < self.deaths and not any(leg.is_talking for leg in self._phones[number].legs)
                self._start(self._dies(number, draw.uniform(3, 12)) if dies else self._goes(number, draw.uniform(2, 8)))

    async def _goes(self, number: str, seconds: float) -> None:
        self._away.add(number)
        try:
            await self._phones[number].unregister()
            self._count("phone gone and back")
        except PhoneError:
            self._count("phone could not go")        # an old nonce; it stays registered
        await asyncio.sleep(seconds)
        if not self._over:
            await self._phones[number].register()
            self._away.discard(number)

    async def _dies(self, number: str, seconds: float) -> None:
        """Another phone takes the seat's place and dies there, without a word."""
        self._away.add(number)
        try:
            await self._phones[number].unregister()
        except PhoneError:
            self._count("phone could not go")
            self._away.discard(number)
            return
        draw = random.Random(f"{self.seed}/dies/{number}/{self.did.get('phone died', 0)}")
        died = await lives_and_dies(self.whole, number, draw, self._tell_answered)
        self._count("phone died")
        if died.answered_at is not None:
            self._count("phone died in mid-talk")
        call = self._call_of(died.peer)
        if call is not None and died.answered_at is not None:
            self.talked.append(Talked(call, number, DIED, died.answered_at, died.died_at))
        await asyncio.sleep(seconds)
        if not self._over:
            await self._phones[number].register()
            self._away.discard(number)

    def _count(self, what: str) -> None:
        self.did[what] = self.did.get(what, 0) + 1

    def _start(self, act: Coroutine[Any, Any, None]) -> None:
        async def noted() -> None:
            try:
                await act
            except Exception as error:  # told by the audit: a task's error would be told to nobody
                self.faults.append(f"{type(error).__name__}: {error}")

        task = asyncio.create_task(noted())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _drawn(draw: random.Random, weights: tuple[tuple[int, str], ...]) -> str:
    return draw.choices([name for _, name in weights], [weight for weight, _ in weights])[0]
