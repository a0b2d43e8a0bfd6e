"""AMI bytes to live floor state, losing nothing, beside what panoramisk needs to parse the same bytes and do nothing with them.

Theirs: AMIProtocol.data_received with an empty dispatcher. Ours: everything that happens in acd, from the bytes over the inbox to
the folded floor and its listeners (the reconciler looks for contradictions). CPU time, in interleaved rounds of one run.

The 19-header event is QueueMemberStatus, which app_queue sends for every member of every queue at every change of a
device, the most frequent one on a floor; one in a hundred brings a pause that changes the picture. Bar: ours at least 2 × theirs.
The mix is the whole traffic of a call (as Asterisk 22.10 told it: menu, queue, ring, talk), call after call: shown, no bar.
"""

from __future__ import annotations

import asyncio
import logging
import statistics
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import structlog
import uvloop
from acd_result import Result
from panoramisk.ami_protocol import AMIProtocol

from acd.ami import AmiAddress, AmiLink, Headers, LinkMessage, LinkUp, _Protocol
from acd.ami_events import HANDLED, AmiEvent, HungUp, MemberChanged
from acd.apply import Reconciler
from acd.book import Book
from acd.desired import Desired
from acd.plan import FloorPlan, QueuePlan, SeatPlan
from acd.service import FloorService
from callcenter.clock import SystemClock
from callcenter.events import Board
from callcenter.roster import Roster

EVENTS: Final = 40_000
CALLS: Final = 400
ROUNDS: Final = 5
BAR: Final = 2.0
CHUNK: Final = 65_536
SEATS: Final = tuple(str(1001 + place) for place in range(100))
QUEUES: Final = ("repair", "enquiry", "complaint", "moving")
CALL_FILE: Final = Path(__file__).with_name("acd_call.ami")
EPOCH: Final = b"-1700000000."
STATUS: Final = (
    "Event: QueueMemberStatus\r\nPrivilege: agent,all\r\nTimestamp: 1795365014.{number:06}\r\nQueue: {queue}\r\n"
    "MemberName: {seat}\r\nInterface: PJSIP/{seat}\r\nStateInterface: PJSIP/{seat}\r\nMembership: static\r\nPenalty: 0\r\n"
    "CallsTaken: {number}\r\nLastCall: 1795364{low:03}\r\nLastPause: 0\r\nLoginTime: 1795360000\r\nInCall: 0\r\n"
    "Status: {status}\r\n"
    "Paused: {paused}\r\nPausedReason: {reason}\r\nRinginuse: 0\r\nWrapuptime: 0\r\n\r\n")


def statuses() -> tuple[bytes, dict[tuple[str, str], bool]]:
    """The stream, and the pauses that a reader who lost nothing knows at its end."""
    paused: dict[tuple[str, str], bool] = {}
    parts = []
    for number in range(EVENTS):
        queue, seat = QUEUES[number % len(QUEUES)], SEATS[number // len(QUEUES) % len(SEATS)]
        if number % 100 == 0:
            paused[queue, seat] = not paused.get((queue, seat), False)
        now = paused.setdefault((queue, seat), False)
        parts.append(STATUS.format(number=number, queue=queue, seat=seat, low=number % 1000, status=1 + number % 2,
                                   paused=int(now), reason="会议" if now else ""))
    assert parts[0].count("\r\n") == 20, "19 headers and the end"
    return "".join(parts).encode(), paused


def calls() -> bytes:
    one = CALL_FILE.read_bytes()
    return b"".join(one.replace(EPOCH, b"-%d." % (1_700_000_000 + number)) for number in range(CALLS))


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


def lost_statuses(heard: Iterable[AmiEvent], service: FloorService, paused: dict[tuple[str, str], bool]) -> int:
    there = service._nodes["node1"].floor.paused
    return EVENTS - sum(isinstance(event, MemberChanged) for event in heard) + sum(there[key] != now for key, now in paused.items())


def lost_calls(heard: Iterable[AmiEvent], service: FloorService, stream: bytes) -> int:
    ended = sum(isinstance(event, HungUp) for event in heard)
    return stream.count(b"Event: Hangup\r\n") - ended + len(service._nodes["node1"].floor.channels)


def measure() -> Result:
    logging.disable(logging.INFO)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    status_stream, paused = statuses()
    streams = {"19 headers": status_stream} | ({"a call's mix": calls()} if CALL_FILE.exists() else {})
    result = Result(met=True, lines=["stream          events  headers  panoramisk/s     ours/s  ratio   lost"])
    for name, stream in streams.items():
        count = stream.count(b"\r\n\r\n")
        rates: dict[str, list[float]] = {"theirs": [], "ours": []}
        lost = 0
        for _ in range(ROUNDS):
            took, seen = theirs(stream)
            assert seen == count
            rates["theirs"].append(count / took)
            took, heard, service = played(stream)
            rates["ours"].append(count / took)
            lost += lost_statuses(heard, service, paused) if name == "19 headers" else lost_calls(heard, service, stream)
        bare, full = statistics.median(rates["theirs"]), statistics.median(rates["ours"])
        headers = stream.count(b": ") / count
        result.lines.append(f"{name:<14} {count:>7} {headers:>8.1f} {bare:>13.0f} {full:>10.0f} {full / bare:>6.2f} {lost:>6}")
        key = name.replace(" ", "_").replace("'", "")
        result.figures |= {f"{key}_panoramisk_per_s": round(bare), f"{key}_ours_per_s": round(full), f"{key}_lost": lost}
        if lost or (name == "19 headers" and full < BAR * bare):
            result.met = False
    result.lines.append(f"{datetime.now(UTC):%Y-%m-%d}: CPU seconds of one core, bar {BAR:g} × at 19 headers")
    return result
