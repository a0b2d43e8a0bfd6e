"""One soak: the whole system, a play of so many seconds, its audit."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass

from hotline.instance import PHONE_RTP, free_offset
from hotline.sites import BACKUP, PRIMARY, TestSite
from hotline.whole import Whole

from callcenter.phones import Phones, Switch
from soak.audit import audit
from soak.floor import Agents, agents_of_site
from soak.memory import PROGRAMS, Memory
from soak.play import Play

SEATS = (*PRIMARY, "1005", "1006", "1007", *BACKUP)
DESKS = SEATS[:7]
SITE = TestSite(primary=DESKS, survey=False, wrapup=1, message=6, agents=agents_of_site(len(DESKS) - 1))
SAMPLES = 60
KEPT_S = 1.0                 # of sound a phone: nobody listens


@dataclass(frozen=True)
class Result:
    calls: int
    answered_legs: int
    did: dict[str, int]
    memory: dict[str, tuple[float, float, float]]
    wrong: list[str]


async def soak(seconds: float, *, seed: int, rate: float) -> Result:
    with free_offset() as offset:
        async with Whole(SITE.text(), offset) as whole, \
                Phones(Switch(whole.settings.ports.sip), rtp_ports=PHONE_RTP, keep_s=KEPT_S) as phones:
            play = Play(whole, phones, SEATS, seed, rate, Agents(whole, DESKS, seed))
            memory = Memory(whole, every_s=max(seconds / SAMPLES, 1.0))
            watching = asyncio.create_task(memory.watch())
            before = set(whole.processes(*PROGRAMS)) - {os.getpid()}
            await play.run(seconds)
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
            wrong = await audit(whole, play, memory, before)
            did = dict(sorted((play.did | play.agents.did).items()))
            return Result(len(play.made), len(play.talked), did, memory.growth(), wrong)
