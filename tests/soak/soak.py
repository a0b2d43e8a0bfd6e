"""One soak: the whole system, a play of so many seconds, its audit."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from hotline.instance import PHONE_RTP, free_offset
from hotline.sites import BACKUP, PRIMARY, TestSite
from hotline.whole import Whole

from callcenter.phones import Phones
from soak.audit import audit, audit_records
from soak.callbacks import PATTERN, RETRY_S, TRIES, Customers
from soak.drift import Drift
from soak.floor import Agents, agents_of_site
from soak.memory import MIB, PROGRAMS, Memory
from soak.play import Play

SEATS = (*PRIMARY, "1005", "1006", "1007", *BACKUP)
DESKS = SEATS[:7]
SITE = TestSite(primary=DESKS, survey=False, wrapup=1, message=6, agents=agents_of_site(len(DESKS) - 1),
                callback_numbers=(PATTERN,), more={"surge": {"declares_itself": True},
                                                   "desk": {"callback_retry": RETRY_S, "callback_tries": TRIES}})
SAMPLES = 60
SETTLES_S = 2.0              # what the bus tells of the end is heard too
TELL_S = 60.0
KEPT_S = 1.0                 # of sound a phone: nobody listens


Tell = Callable[[str], None]


@dataclass(frozen=True)
class Result:
    calls: int
    answered_legs: int
    did: dict[str, int]
    memory: dict[str, tuple[float, float, float]]
    wrong: list[str]


async def soak(seconds: float, *, seed: int, rate: float, deaths: float = 0.2,
               tell: Tell | None = None) -> Result:
    with free_offset() as offset:
        async with Whole(SITE.text(), offset) as whole, \
                Phones(whole.switch, rtp_ports=PHONE_RTP, listen=whole.settings.ports.outside, keep_s=KEPT_S) as phones:
            play = Play(whole, phones, SEATS, seed, rate, Agents(whole, DESKS, seed), Customers(whole, phones, seed),
                        deaths)
            memory = Memory(whole, every_s=max(seconds / SAMPLES, 1.0))
            drift = Drift(whole)
            watching = [asyncio.create_task(memory.watch()), asyncio.create_task(drift.listen())]
            if tell:
                watching.append(asyncio.create_task(_tell(whole, play, memory, drift, tell)))
            before = set(whole.processes(*PROGRAMS)) - {os.getpid()}
            await play.run(seconds)
            await asyncio.sleep(SETTLES_S)
            for task in watching:
                task.cancel()
            ended = await asyncio.gather(*watching, return_exceptions=True)
            wrong = [f"{type(error).__name__}: {error}" for error in ended if not isinstance(error, asyncio.CancelledError)]
            wrong += await audit(whole, play, memory, drift, before)
            did = dict(sorted((play.did | play.agents.did | play.customers.did).items()))
            return Result(len(play.made), len(play.talked), did, memory.growth(), wrong)


async def _tell(whole: Whole, play: Play, memory: Memory, drift: Drift, tell: Tell) -> None:
    """A line a minute. Wrong is what the audit finds twice running: what is under way has another word a minute later."""
    before: set[str] = set()
    told: set[str] = set()
    began = time.monotonic()
    while True:
        await asyncio.sleep(TELL_S)
        found = set(await asyncio.to_thread(audit_records, whole, play)) | set(drift.wrong)
        for line in sorted((found & before) - told):
            tell(f"WRONG {line}")
        told |= found & before
        before = found
        held = ", ".join(f"{name} {memory.samples[pid][-1][1] / MIB:.0f}" for pid, name in memory.long_lived().items())
        tell(f"{(time.monotonic() - began) / 60:.0f} min: {len(play.made)} calls, {len(play.talked)} legs answered, "
             f"{len(play.customers.asked)} callbacks asked for, {drift.events} events, {len(told)} wrong; MiB: {held}")
