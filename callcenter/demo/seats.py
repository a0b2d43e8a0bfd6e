"""The demo's seats: registered whatever happens to Asterisk, each with its habits."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import structlog
from baresip.errors import BaresipError

from callcenter.demo.plan import SeatPlan
from callcenter.phones import Leg, PhoneError, Seat
from callcenter.phones.sound import Sound

RETRY_S = 3.0
SIGN_IN = "*11"
READY = "*14"
PAUSES = ("*131", "*132", "*135")
WORKS_S = (60.0, 240.0)          # between two pauses
RESTS_S = (15.0, 45.0)
CODE_S = 15.0                    # what a code may take, with all that is spoken
LONGEST_RING_S = 180.0

log = structlog.get_logger()


class DemoSeat:
    """`on_talk` is told the caller's number as the phone shows it, and whether the talk begins or is over."""

    def __init__(self, seat: Seat, plan: SeatPlan, rng: random.Random, voices: list[Sound],
                 on_talk: Callable[[str, bool], None]) -> None:
        self._seat, self._plan, self._rng, self._voices, self._on_talk = seat, plan, rng, voices, on_talk
        self._tasks: set[asyncio.Task[None]] = set()
        seat.on_ring = self._on_ring

    async def stay_registered(self) -> None:
        """Until the first registration has succeeded; the SIP stack then refreshes it by itself, through outages too.

        Registering by hand again would withdraw the old registration first: Asterisk would see the phone go and come.
        """
        while True:
            try:
                await self._seat.register()
            except (PhoneError, BaresipError):
                await asyncio.sleep(RETRY_S)
            else:
                log.info("seat_registered", seat=self._seat.seat)
                return

    async def work(self, agent: str, pin: str) -> None:
        """Signs the agent in; then a pause now and then, and ready again, which also ends an absence."""
        await self.stay_registered()
        await self._dial(f"{SIGN_IN}{agent}", pin)
        log.info("agent_dialled_in", agent=agent, seat=self._seat.seat)
        while True:
            await asyncio.sleep(self._rng.uniform(*WORKS_S))
            if self._plan.answers_s is not None and self._rng.random() < 0.5:
                await self._dial(self._rng.choice(PAUSES))
                await asyncio.sleep(self._rng.uniform(*RESTS_S))
            await self._dial(READY)

    async def _dial(self, code: str, pin: str = "") -> None:
        """Not while the phone is in use: it is done when it is free."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        try:
            leg = await self._seat.dial(code)
            try:
                await leg.answered(5)
                if pin:
                    await leg.press(f"{pin}#")
                await leg.ended(CODE_S)
            finally:
                await leg.hang_up()
        except (PhoneError, BaresipError) as error:
            log.info("code_not_taken", seat=self._seat.seat, error=type(error).__name__)

    def _on_ring(self, leg: Leg) -> None:
        task = asyncio.create_task(self._take(leg))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take(self, leg: Leg) -> None:
        try:
            if self._plan.answers_s is None:
                await leg.ended(LONGEST_RING_S)
                return
            await asyncio.sleep(self._rng.uniform(*self._plan.answers_s))
            if not leg.is_over:
                await leg.answer()
                await leg.answered(5)
                await self._talk(leg)
        except (PhoneError, BaresipError) as error:
            log.info("ring_missed", seat=self._seat.seat, error=type(error).__name__)
        finally:
            await leg.hang_up()

    async def _talk(self, leg: Leg) -> None:
        shown = leg.shows.number if leg.shows else ""
        number = shown if shown.isdigit() else ""  # a withheld number is shown as a word
        self._on_talk(number, True)
        try:
            leg.say(self._rng.choice(self._voices), forever=True)
            try:
                await leg.ended(self._rng.uniform(*self._plan.talk_s))
            except PhoneError:
                await leg.hang_up()  # said all there was to say
        finally:
            self._on_talk(number, False)
