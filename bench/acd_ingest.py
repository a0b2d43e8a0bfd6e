"""AMI bytes to live floor state, losing nothing, beside what panoramisk needs to parse the same bytes and do nothing with them.

Theirs: AMIProtocol.data_received with an empty dispatcher. Ours: everything that happens in acd, from the bytes over the inbox to
the folded floor and its listeners (the reconciler looks for contradictions). CPU time, in interleaved rounds of one run.

The 19-header event is QueueMemberStatus, which app_queue sends for every queue of a member at every change of its phone: nearly
all of AMI on a floor of many queues. As there, counts and the phone's state differ from one to the next, and one in a hundred
brings a pause that changes the picture. Bar: ours at least 2 × theirs, all that is new heard in order. Also shown, with no bar:
the same stream with another penalty in every message, so that each one is news and goes the whole way.
"""

from __future__ import annotations

import asyncio
import logging
import statistics
import time
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Any, Final

import structlog
import uvloop
from acd_result import Result
from panoramisk.ami_protocol import AMIProtocol

from acd.ami import AmiAddress, AmiLink, Headers, LinkMessage, LinkUp, _Protocol
from acd.ami_events import HANDLED, AmiEvent, MemberChanged
from acd.apply import Reconciler
from acd.book import Book
from acd.desired import Desired
from acd.plan import FloorPlan, QueuePlan, SeatPlan
from acd.service import FloorService
from callcenter.clock import SystemClock
from callcenter.events import Board
from callcenter.roster import Roster

EVENTS: Final = 40_000
ROUNDS: Final = 5
BAR: Final = 2.0
CHUNK: Final = 65_536
SEATS: Final = tuple(str(1001 + place) for place in range(100))
QUEUES: Final = ("repair", "enquiry", "complaint", "moving")
STATUS: Final = (
    "Event: QueueMemberStatus\r\nPrivilege: agent,all\r\nTimestamp: 1795365014.{number:06}\r\nQueue: {queue}\r\n"
    "MemberName: {seat}\r\nInterface: PJSIP/{seat}\r\nStateInterface: PJSIP/{seat}\r\nMembership: static\r\nPenalty: {penalty}\r\n"
    "CallsTaken: {number}\r\nLastCall: 1795364{low:03}\r\nLastPause: 0\r\nLoginTime: 1795360000\r\nInCall: 0\r\n"
    "Status: {status}\r\nPaused: {paused}\r\nPausedReason: {reason}\r\nRinginuse: 0\r\nWrapuptime: 0\r\n\r\n")


News = tuple[str, str, bool, int]        # queue, seat, paused, penalty


def statuses(*, all_news: bool) -> tuple[bytes, list[News]]:
    """The stream, with a pause at every hundredth message and perhaps another penalty at each, and what is new in it."""
    last: dict[tuple[str, str], News] = {}
    news: list[News] = []
    parts = []
    for number in range(EVENTS):
        queue, seat = QUEUES[number % len(QUEUES)], SEATS[number // len(QUEUES) % len(SEATS)]
        _, _, paused, penalty = last.get((queue, seat), ("", "", False, 0))
        now = (queue, seat, not paused if number % 100 == 0 else paused, 1 - penalty if all_news else penalty)
        if last.get((queue, seat)) != now:
            news.append(now)
        last[queue, seat] = now
        parts.append(STATUS.format(number=number, queue=queue, seat=seat, low=number % 1000, status=1 + number % 2, penalty=now[3],
                                   paused=int(now[2]), reason="会议" if now[2] else ""))
    assert parts[0].count("\r\n") == 20, "19 headers and the end"
    return "".join(parts).encode(), news


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
    link = Canned(AmiAddress("node1", "", 0, "", ""), service.deliver, wanted=frozenset(HANDLED))
    service.add(link)
    reconciler.add(plan, link)
    service.listen(reconciler.heard)
    service.listen(lambda node, news: heard.append(news))  # type: ignore[arg-type]
    reader = asyncio.create_task(service.run())
    service.deliver(LinkUp("node1"))
    service.deliver(LinkMessage("node1", {"event": "FullyBooted", "uptime": "9"}))
    while not service.truth():
        await asyncio.sleep(0)
    heard.clear()
    protocol = _Protocol(link._on_event, frozenset(HANDLED))
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


def lost(heard: Iterable[AmiEvent], service: FloorService, news: list[News]) -> int:
    """News that were not heard in their turn, and members whose pause is not shown at the end."""
    told = [(event.queue, event.interface.removeprefix("PJSIP/"), event.paused, event.penalty) for event in heard
            if isinstance(event, MemberChanged)]
    at_end = {(queue, seat): paused for queue, seat, paused, _ in news}
    there = service.floors()[0].paused
    return (sum(one != other for one, other in zip_longest(told, news))
            + sum(there[key] != now for key, now in at_end.items()))


def measure() -> Result:
    logging.disable(logging.INFO)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    result = Result(met=True, lines=["stream         events headers  panoramisk/s     ours/s  ratio  lost"])
    for name, all_news in (("as it comes", False), ("all news", True)):
        stream, news = statuses(all_news=all_news)
        bare, full, missing = [], [], 0
        for _ in range(ROUNDS):
            took, seen = theirs(stream)
            assert seen == EVENTS
            bare.append(EVENTS / took)
            took, heard, service = played(stream)
            full.append(EVENTS / took)
            missing += lost(heard, service, news)
        ratio = statistics.median(full) / statistics.median(bare)
        result.lines.append(f"{name:<12} {EVENTS:>8} {19:>7} {statistics.median(bare):>13.0f} {statistics.median(full):>10.0f} "
                            f"{ratio:>6.2f} {missing:>5}")
        key = name.replace(" ", "_")
        result.figures |= {f"{key}_panoramisk_per_s": round(statistics.median(bare)), f"{key}_lost": missing,
                           f"{key}_ours_per_s": round(statistics.median(full)), f"{key}_ratio": round(ratio, 2)}
        result.met = result.met and not missing and (all_news or ratio >= BAR)
    result.lines.append(f"rates by CPU time of one core; bar {BAR:g} × as it comes, nothing lost")
    return result
