"""From the entry into the queue to the first ring: the whole system against the same Asterisk with bare app_queue.

Both stand side by side, and calls go to one and the other in turn, each to a queue with one free seat. Measured from AMI's
QueueCallerJoin to the INVITE at the seat's phone, both with the clock of this process. Bar: medians within 30 ms.

Part `ring` of bench/acd.py.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))  # instances and raw callers are the tests'

from acd_result import Result
from hotline.ami import Ami
from hotline.instance import Hotline, free_offset
from hotline.light_phones import LightSeat
from hotline.raw_sip import RawCaller
from hotline.whole import Whole

BAR_MS: Final = 30.0
CALLS: Final = 100             # to each side; 7 s each until it is in the queue
SEAT: Final = "1001"
SITE: Final = """
version: 1
company: {name: {zh: 测量, en: Bench}}
numbers: [{number: "8000", menu: main}]
schedule: {hours: [{from: "00:00", to: "00:00"}], calendar: none}
limits: {survey: false}
seats: [{seat: "1001", name: "1001"}, {seat: "1101", name: "1101", kind: backup}]
queues: [{id: enquiry, name: {zh: 咨询, en: Enquiries}, seats: ["1001"], backup: ["1101"], wrapup: 0}]
menus: [{id: main, prompts: [for-english], wait: 1, tries: 1, keys: {"3": {queue: enquiry}}, silent: {queue: enquiry}}]
"""
BARE_DIALPLAN: Final = """
[from-trunk]
exten => 8000,1,Answer()
 same => n,Queue(enquiry,cr,,,30)
 same => n,Hangup()
"""
BARE_QUEUES: Final = """
[general]
autofill = yes
[enquiry]
strategy = rrmemory
timeout = 15
retry = 1
ringinuse = no
member => PJSIP/1001,0,1001,PJSIP/1001
"""


@dataclass
class Side:
    name: str
    sip: int
    joined: asyncio.Queue[float]
    rang: asyncio.Queue[float]       # monotonic time, of the seat's phone, which is never answered
    shows: Callable[[str], str]      # what Asterisk's console answers

    async def delay_ms(self, number: str) -> float:
        """Of one call; it gives up when it has rung."""
        while not self.rang.empty() or not self.joined.empty():
            raise RuntimeError(f"{self.name}: something rang or joined that was not called")
        async with RawCaller(self.sip, number) as caller:
            status = await caller.dials()
            if status != 200:
                raise RuntimeError(f"{self.name}: the call was answered with {status}")
            try:
                async with asyncio.timeout(30):
                    joined = await self.joined.get()
                    rang = await self.rang.get()
            except TimeoutError:
                raise RuntimeError(f"{self.name}: the call of {number} rang nobody\n{self.shows('queue show')}\n"
                                   f"{self.shows('pjsip show contacts')}") from None
        return (rang - joined) * 1000


@asynccontextmanager
async def side(name: str, instance: Hotline | Whole) -> AsyncIterator[Side]:
    settings = instance.settings
    joined: asyncio.Queue[float] = asyncio.Queue()
    rang: asyncio.Queue[float] = asyncio.Queue()

    async def listen(ami: Ami) -> None:
        while True:
            message = await ami.message()
            if message.get("Event") == "QueueCallerJoin":
                joined.put_nowait(time.monotonic())

    async with instance.ami() as ami:
        await ami.act("Events", EventMask="on")
        task = asyncio.create_task(listen(ami))
        try:
            async with LightSeat(settings.ports.sip, SEAT, settings.secrets()[f"seat-{SEAT}"],
                                 lambda _: rang.put_nowait(time.monotonic())):
                yield Side(name, settings.ports.sip, joined, rang, instance.console)
        finally:
            task.cancel()


def bare(folder: Path, offset: int) -> Hotline:
    """Rendered as ours; then the queue and the dialplan of a bare one, no channel events."""
    line = Hotline(folder, SITE, offset)
    line.prepare()
    etc = line.settings.asterisk / "etc"
    (etc / "extensions.conf").write_text(BARE_DIALPLAN)
    (etc / "queues.conf").write_text(BARE_QUEUES)
    (etc / "cel.conf").write_text("[general]\nenable = no\n")
    return line


async def delays_ms(calls: int) -> dict[str, list[float]]:
    delays: dict[str, list[float]] = {"whole": [], "bare": []}
    with free_offset() as first, free_offset() as second, tempfile.TemporaryDirectory(prefix="sixring-bench-") as name:
        line = bare(Path(name) / "bare", first)
        await line.start()
        try:
            async with Whole(SITE, second) as hotline, side("bare", line) as one, side("whole", hotline) as other:
                await asyncio.sleep(3)           # what a start does is over
                for index in range(calls):
                    for each in (one, other) if index % 2 else (other, one):
                        delays[each.name].append(await each.delay_ms(f"1380000{index:04}"))
        finally:
            line.stop()
    return delays


def measure() -> Result:
    delays = asyncio.run(delays_ms(CALLS))
    result = Result(met=False, figures={"calls": CALLS, "bar_ms": BAR_MS})
    for name, found in delays.items():
        median, p95 = statistics.median(found), statistics.quantiles(found, n=20)[-1]
        result.figures |= {f"{name}_median_ms": median, f"{name}_p95_ms": p95}
        result.lines.append(f"{name:6} queue entry to first ring: median {median:.1f} ms, p95 {p95:.1f} ms, {len(found)} calls")
    difference = result.figures["whole_median_ms"] - result.figures["bare_median_ms"]
    result.figures["difference_ms"] = difference
    result.lines.append(f"difference of the medians {difference:+.1f} ms (bar {BAR_MS:g} ms)")
    result.met = abs(difference) <= BAR_MS
    return result
