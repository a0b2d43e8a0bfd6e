"""The demo's callers: each plays one plan on one call and is gone, whatever happens to the line."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass

import structlog

from callcenter.demo.plan import CallerPlan
from callcenter.phones import Leg, PhoneError, Phones
from callcenter.phones.hearing import LIKE, Ear, Prompt, Search
from callcenter.phones.phone import WITHHELD
from callcenter.phones.sound import Sound, silence

AT_ONCE = 16                 # callers on the line together; more dial another time
LONGEST_CALL_S = 420.0
LOOK_AGAIN_S = 0.5
MESSAGE_KEY = "1"
RATING_AFTER_S = (2.5, 4.5)

log = structlog.get_logger()


@dataclass(frozen=True)
class Script:
    """What a caller needs to know about the line."""

    dialled: str
    voices: list[Sound]
    message_offers: list[Prompt]  # that offer to leave a message


class Callers:
    def __init__(self, phones: Phones, script: Script, rng: random.Random) -> None:
        self._phones, self._script, self._rng = phones, script, rng
        self._on_line: set[asyncio.Task[None]] = set()
        self._numbers: set[str] = set()
        self._talking: Counter[str] = Counter()

    def on_talk(self, number: str, begins: bool) -> None:
        """From the seats: the caller of this number talks, or no longer does."""
        self._talking[number] += 1 if begins else -1

    def send(self, plan: CallerPlan) -> bool:
        """False when the line has enough callers, or this one is calling already."""
        if len(self._on_line) >= AT_ONCE or plan.number in self._numbers:
            return False
        self._numbers.add(plan.number)
        task = asyncio.create_task(self._call(plan))
        self._on_line.add(task)
        task.add_done_callback(self._on_line.discard)
        return True

    async def _call(self, plan: CallerPlan) -> None:
        try:
            async with asyncio.timeout(LONGEST_CALL_S):
                caller = await self._phones.caller(plan.number or WITHHELD)
                leg = await caller.dial(self._script.dialled)
                try:
                    await leg.answered(10)
                    await self._play(leg, plan)
                finally:
                    await leg.hang_up()
        except (PhoneError, TimeoutError) as error:
            log.info("call_cut_short", number=plan.number, error=type(error).__name__)
        finally:
            self._numbers.discard(plan.number)

    async def _play(self, leg: Leg, plan: CallerPlan) -> None:
        for listen_s, key in plan.keys:
            await asyncio.sleep(listen_s)
            await leg.press(key)
        if await self._answered(leg, plan):
            await self._talk(leg, plan)

    async def _answered(self, leg: Leg, plan: CallerPlan) -> bool:
        """Waits in the queue; leaves a message when one is offered, gives up when patience ends."""
        loop = asyncio.get_running_loop()
        until = loop.time() + plan.patience_s
        ear = Ear()
        offers = [Search(ear, offer) for offer in self._script.message_offers]
        while not leg.is_over and loop.time() < until:
            if self._talking[plan.number] > 0:
                return True
            ear.hear(leg.heard_since(ear.samples))
            if any(offer.best.score >= LIKE for offer in offers):
                await self._leave_message(leg, plan)
                return False
            await asyncio.sleep(LOOK_AGAIN_S)
        return False

    async def _leave_message(self, leg: Leg, plan: CallerPlan) -> None:
        await leg.press(MESSAGE_KEY)
        await asyncio.sleep(4.0)
        leg.say(silence(1.0) + self._rng.choice(self._script.voices).repeated(plan.message_s))
        await asyncio.sleep(plan.message_s + 2.0)

    async def _talk(self, leg: Leg, plan: CallerPlan) -> None:
        loop = asyncio.get_running_loop()
        leg.say(self._rng.choice(self._script.voices), forever=True)
        until = loop.time() + plan.talk_s
        while self._talking[plan.number] > 0 and not leg.is_over:
            if loop.time() > until:
                return
            await asyncio.sleep(LOOK_AGAIN_S)
        leg.be_silent()
        if plan.rating and not leg.is_over:
            await asyncio.sleep(self._rng.uniform(*RATING_AFTER_S))
            if not leg.is_over:
                await leg.press(plan.rating)
                await leg.ended(15)
