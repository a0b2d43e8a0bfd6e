"""AMI bytes to live floor state, losing nothing, beside what panoramisk needs to parse the same bytes and do nothing with them.

Theirs: AMIProtocol.data_received with an empty dispatcher. Ours: everything that happens in acd, from the bytes over the inbox to
the folded floor and its listeners (the reconciler looks for contradictions). CPU time, in interleaved rounds of one run.

    a demo minute   recorded (ami_minute.txt.gz): the busiest of four minutes of `sixring up` with its nine seats, without
                    the TestEvent that manager.conf keeps away, over and over
    all news        QueueMemberStatus, 19 headers, with another penalty in every message: each one goes the whole way
    as it comes     the same with one message in a hundred that changes the picture: a floor of many queues, where app_queue tells
                    every queue's member of every change of a phone (bar of old, too kind: it hardly measures the folding)

Bar: ours at least 2 × theirs, everything that is new heard in order. It is put on the demo minute (19 headers a message on the
average) and on `all news` alike: the first is what acd is really sent, half of it news, so that reading, folding and telling weigh
what they do weigh; the second is the bar's own event, and shuts the cheapest way, to find out that nothing has changed.
Neither meets it yet: reading is fast enough, folding a call's news in plain Python costs as much as panoramisk's whole parsing.
"""

from __future__ import annotations

import asyncio
import gzip
import logging
import statistics
import time
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

import structlog
import uvloop
from acd_result import Result
from panoramisk.ami_protocol import AMIProtocol

from acd.ami import AmiAddress, AmiLink, LinkEvent, LinkUp, _Protocol
from acd.ami_events import AmiEvent, FullyBooted, MemberChanged, MemberRemoved, parse
from acd.apply import Reconciler
from acd.book import Book
from acd.desired import Desired
from acd.facts import Floor
from acd.floor import fold
from acd.headers import Headers, happened_at, headers_of
from acd.plan import FloorPlan, QueuePlan, SeatPlan
from acd.service import FloorService
from callcenter.clock import SystemClock
from callcenter.events import Board
from callcenter.roster import Roster

EVENTS: Final = 40_000
ROUNDS: Final = 5
BAR: Final = 2.0
CHUNK: Final = 65_536
SEATS: Final = (*(str(1001 + place) for place in range(100)), "1101", "1102", "1201")
MINUTE: Final = Path(__file__).parent / "ami_minute.txt.gz"
QUEUES: Final = ("repair", "enquiry", "complaint", "moving")
STATUS: Final = (
    "Event: QueueMemberStatus\r\nPrivilege: agent,all\r\nTimestamp: 1795365014.{number:06}\r\nQueue: {queue}\r\n"
    "MemberName: {seat}\r\nInterface: PJSIP/{seat}\r\nStateInterface: PJSIP/{seat}\r\nMembership: static\r\nPenalty: {penalty}\r\n"
    "CallsTaken: {number}\r\nLastCall: 1795364{low:03}\r\nLastPause: 0\r\nLoginTime: 1795360000\r\nInCall: 0\r\n"
    "Status: {status}\r\nPaused: {paused}\r\nPausedReason: {reason}\r\nRinginuse: 0\r\nWrapuptime: 0\r\n\r\n")


def statuses(*, all_news: bool) -> bytes:
    """The stream, with a pause at every hundredth message and perhaps another penalty at each."""
    last: dict[tuple[str, str], tuple[bool, int]] = {}
    parts = []
    for number in range(EVENTS):
        queue, seat = QUEUES[number % len(QUEUES)], SEATS[number // len(QUEUES) % len(SEATS)]
        paused, penalty = last.get((queue, seat), (False, 0))
        now = last[queue, seat] = (not paused if number % 100 == 0 else paused, 1 - penalty if all_news else penalty)
        parts.append(STATUS.format(number=number, queue=queue, seat=seat, low=number % 1000, status=1 + number % 2, penalty=now[1],
                                   paused=int(now[0]), reason="会议" if now[0] else ""))
    assert parts[0].count("\r\n") == 20, "19 headers and the end"
    return "".join(parts).encode()


def demo_minutes() -> bytes:
    minute = gzip.decompress(MINUTE.read_bytes())
    return minute * (EVENTS // minute.count(b"\r\n\r\n"))


def plainly(floor: Floor, stream: bytes) -> tuple[Floor, list[object]]:
    """(the floor at the end, what the bus is told), the slow way: all of every message is read, and every event that is handled,
    old news or not, is folded into a floor made anew of the facts before it."""
    told: list[object] = []
    for message in stream.split(b"\r\n\r\n"):
        if event := parse(headers_of(message)):
            floor = floor.copy()
            told += fold(floor, event, happened_at(message) or NOON)
    return floor, told


def news_in(stream: bytes) -> list[AmiEvent]:
    """What has to be heard, read the long way: all that is handled, a member's state only when it is not the last one again."""
    last: dict[tuple[str, str], AmiEvent] = {}
    news: list[AmiEvent] = []
    for message in stream.split(b"\r\n\r\n"):
        event = parse(headers_of(message))
        if isinstance(event, MemberRemoved):
            last.pop((event.queue, event.interface), None)
        if isinstance(event, MemberChanged):
            if last.get((event.queue, event.interface)) == event:
                continue
            last[event.queue, event.interface] = event
        if event is not None:
            news.append(event)
    return news


def chunks(stream: bytes) -> Iterator[bytes]:
    return (stream[start:start + CHUNK] for start in range(0, len(stream), CHUNK))


class Nothing:
    """panoramisk's factory, as bare as it can be; and a transport that nobody uses."""

    def __init__(self) -> None:
        self.heard = 0

    def dispatch(self, message: Any) -> None:
        self.heard += 1

    def abort(self) -> None: ...


def theirs(stream: bytes) -> tuple[float, int]:
    protocol, factory = AMIProtocol(), Nothing()
    protocol.connection_made(factory)
    protocol.factory, protocol.encoding = factory, "utf-8"
    began = time.process_time()
    for chunk in chunks(stream):
        protocol.data_received(chunk)
    return time.process_time() - began, factory.heard


class Canned(AmiLink):
    """A link whose Asterisk is empty but for its registered seats, so that the floor is known at once."""

    async def ask_list(self, action: str, headers: Any = None, *, deadline: float | None = None) -> list[Headers]:
        rows = [{"objectname": seat, "devicestate": "Not in use"} for seat in SEATS]
        return list(rows) if action == "PJSIPShowEndpoints" else []


async def ours(stream: bytes) -> tuple[float, list[AmiEvent], FloorService]:
    """(CPU s, all events as a listener heard them, the service with its floor)."""
    plan = FloorPlan("node1", {seat: SeatPlan(seat, seat, "primary") for seat in SEATS},
                     {queue: QueuePlan(queue, 0, SEATS) for queue in QUEUES}, 30)
    clock, heard = SystemClock(), list[AmiEvent]()
    service = FloorService({"node1": plan}, clock, put=lambda event: None, remembered=Board, on_link=lambda node, reason: None,
                           on_reachability=lambda: None)
    reconciler = Reconciler(Desired(Book(), Roster()), clock, put=lambda event: None)
    link = Canned(AmiAddress("node1", "", 0, "", ""), service.deliver)
    service.add(link)
    reconciler.add(plan, link)
    service.listen(reconciler.heard)
    service.listen(lambda node, news: heard.append(news))  # type: ignore[arg-type]
    reader = asyncio.create_task(service.run())
    service.deliver(LinkUp("node1"))
    service.deliver(LinkEvent("node1", FullyBooted(9), None))
    while not service.truth():
        await asyncio.sleep(0)
    heard.clear()
    protocol = _Protocol("node1", service.deliver)
    protocol.connection_made(Nothing())  # type: ignore[arg-type]
    began = time.process_time()
    for chunk in chunks(stream):
        protocol.data_received(chunk)
        await asyncio.sleep(0)
    while not service.is_idle:
        await asyncio.sleep(0)
    took = time.process_time() - began
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)
    return took, heard, service


def played(stream: bytes) -> tuple[float, list[AmiEvent], FloorService]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(ours(stream))


def lost(heard: Iterable[AmiEvent], service: FloorService, news: list[AmiEvent]) -> int:
    """News that were not heard in their turn, and members whose pause is not shown at the end."""
    at_end: dict[tuple[str, str], bool | None] = {}
    for event in news:
        if isinstance(event, MemberChanged | MemberRemoved):
            paused = event.paused if isinstance(event, MemberChanged) else None
            at_end[event.queue, event.interface.removeprefix("PJSIP/")] = paused
    there = service.floors()[0].paused
    return (sum(one != other for one, other in zip_longest(heard, news))
            + sum(there.get(key) is not now for key, now in at_end.items()))


def measure() -> Result:
    logging.disable(logging.INFO)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    result = Result(met=True, lines=["stream         events  news  headers  panoramisk/s     ours/s  ratio  lost"])
    for name, stream, bar in (("a demo minute", demo_minutes(), BAR), ("all news", statuses(all_news=True), BAR),
                              ("as it comes", statuses(all_news=False), 0.0)):
        news, events = news_in(stream), stream.count(b"\r\n\r\n")
        bare, full, missing = [], [], 0
        for _ in range(ROUNDS):
            took, seen = theirs(stream)
            assert seen == events
            bare.append(events / took)
            took, heard, service = played(stream)
            full.append(events / took)
            missing += lost(heard, service, news)
        ratio = statistics.median(full) / statistics.median(bare)
        headers = (stream.count(b"\r\n") - events) / events
        result.lines.append(f"{name:<13} {events:>7} {len(news) / events:>5.0%} {headers:>8.0f} {statistics.median(bare):>13.0f} "
                            f"{statistics.median(full):>10.0f} {ratio:>6.2f} {missing:>5}")
        key = name.replace(" ", "_")
        result.figures |= {f"{key}_panoramisk_per_s": round(statistics.median(bare)), f"{key}_lost": missing,
                           f"{key}_ours_per_s": round(statistics.median(full)), f"{key}_ratio": round(ratio, 2)}
        result.met = result.met and not missing and ratio >= bar
    result.lines.append(f"rates by CPU time of one core; bar {BAR:g} × in a demo minute and with all news, nothing lost")
    return result
