"""AMI bytes to live floor state, losing nothing, beside what panoramisk needs to parse the same bytes and do nothing with them.

Theirs: AMIProtocol.data_received with an empty dispatcher. Ours: everything that happens in acd, from the bytes over the inbox to
the folded floor, what the bus is to be told, and the listeners: the reconciler, which knows a wanted floor and looks for
contradictions to it. CPU time, in interleaved rounds of one run; the ratio is the median of the rounds' own, since a machine is not
equally fast all the time.

    a demo minute   recorded (ami_minute.txt.gz): the busiest of four minutes of `sixring up` with its nine seats, without
                    the TestEvent that manager.conf keeps away, over and over
    all news        QueueMemberStatus, 19 headers, with another penalty in every message: each one goes the whole way
    as it comes     the same with one message in a hundred that changes the picture: a floor of many queues, where app_queue tells
                    every queue's member of every change of a phone (bar of old, too kind: it hardly measures the folding)

Bar: ours at least 2 × theirs, nothing lost. It is put on the demo minute (19 headers a message on the average) and on `all news`
alike: the first is what acd is really sent, so that reading, folding and telling weigh what they do weigh; the second is the bar's
own event, and shuts the cheapest way, to find out that nothing has changed. Nothing is lost when what was heard and what was told,
in order, in a round that notes it, and the floor at the end of every round are those of reading and folding every message the slow
way (`plainly`).
"""

from __future__ import annotations

import asyncio
import gc
import gzip
import logging
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final, get_args

import structlog
import uvloop
from acd_result import Result
from panoramisk.ami_protocol import AMIProtocol

from acd.ami.events import AmiEvent, FullyBooted, MemberChanged, MemberRemoved, parse
from acd.ami.headers import Headers, happened_at, headers_of
from acd.ami.link import AmiAddress, AmiLink
from acd.ami.members import Place
from acd.ami.news import LinkEvents, LinkItem, LinkUp
from acd.ami.protocol import Protocol
from acd.app import COLLECT_AFTER
from acd.desired.book import Book, SignedIn
from acd.desired.state import Desired
from acd.floor.facts import Floor
from acd.floor.fold import fold
from acd.floor.service import FloorService
from acd.plan import FloorPlan, QueuePlan, SeatPlan
from acd.reconcile.reconciler import Reconciler
from callcenter.clock import FakeClock
from callcenter.events import AnyEvent, Board
from callcenter.roster import Agent, Roster

NOON: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)
EVENTS: Final = 40_000
ROUNDS: Final = 7
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


@dataclass(frozen=True)
class Outcome:
    """What came of a stream: the floor at the end, every word for the bus, and what the listeners heard."""

    floor: Floor
    told: list[AnyEvent]
    heard: list[AmiEvent]


def plainly(floor: Floor, stream: bytes) -> Outcome:
    """The slow way: all of every message is read, every event that is handled is folded, be it news or not, and before each the
    floor is made anew of its facts. Heard is all of it, a member's state only when it is not the last one again."""
    told: list[AnyEvent] = []
    heard: list[AmiEvent] = []
    last: dict[Place, AmiEvent] = {}
    for message in stream.split(b"\r\n\r\n"):
        event, at = parse(headers_of(message)), happened_at(message)
        if event is None or at is None:
            continue
        floor = floor.copy()
        told += fold(floor, event, at)
        if isinstance(event, MemberRemoved):
            last.pop(event.place, None)
        if isinstance(event, MemberChanged):
            if last.get(event.place) == event:
                continue
            last[event.place] = event
        heard.append(event)
    return Outcome(floor, told, heard)


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
    """A link whose Asterisk is empty but for its registered seats, and does whatever it is told, so that all is known at once."""

    def __init__(self, deliver: Callable[[LinkItem], None]) -> None:
        super().__init__(AmiAddress("node1", "", 0, "", ""), deliver)
        self.told = asyncio.Event()

    async def ask(self, action: str, headers: Any = None, *, deadline: float | None = None) -> Headers:
        self.told.set()
        return {}

    async def ask_list(self, action: str, headers: Any = None, *, deadline: float | None = None) -> list[Headers]:
        rows = [{"objectname": seat, "devicestate": "Not in use"} for seat in SEATS]
        return list(rows) if action == "PJSIPShowEndpoints" else []


def _unheard(event: AnyEvent) -> None: ...


async def ours(stream: bytes, *, noting: bool) -> tuple[float, Outcome, Floor]:
    """(CPU s, what came of it, the floor at the beginning). What was told and heard is only kept when `noting`: acd keeps none."""
    plan = FloorPlan("node1", {seat: SeatPlan(seat, seat, "primary") for seat in SEATS},
                     {queue: QueuePlan(queue, 0, SEATS) for queue in QUEUES}, 30)
    clock, told, heard = FakeClock(NOON), list[AnyEvent](), list[AmiEvent]()
    service = FloorService({"node1": plan}, clock, put=told.append if noting else _unheard, remembered=Board,
                           on_link=lambda node, reason: None, on_reachability=lambda: None)
    roster = Roster({seat: Agent(seat, seat) for seat in SEATS})
    reconciler = Reconciler(Desired(Book({seat: SignedIn(seat, seat, clock.now()) for seat in SEATS}), roster), clock,
                            put=lambda event: None)
    link = Canned(service.deliver)
    service.add(link)
    reconciler.add(plan, link)
    service.listen(reconciler.listeners())
    if noting:
        service.listen(dict.fromkeys(get_args(AmiEvent), lambda node, event: heard.append(event)))
    reader, keeper = asyncio.create_task(service.run()), asyncio.create_task(reconciler.run())
    service.deliver(LinkUp("node1"))
    service.deliver(LinkEvents("node1", [(FullyBooted(9), None)]))
    while not service.truth() or not link.told.is_set():
        await asyncio.sleep(0.01)
    keeper.cancel()      # from now on it only looks for contradictions: rounds ask Asterisk, and are not ingest
    heard.clear()
    told.clear()
    before = service.floors()[0].copy()
    protocol = Protocol("node1", service.deliver)
    protocol.connection_made(Nothing())  # type: ignore[arg-type]
    began = time.process_time()
    for chunk in chunks(stream):
        protocol.data_received(chunk)
        await asyncio.sleep(0)
    while not service.is_idle:
        await asyncio.sleep(0)
    took = time.process_time() - began
    reader.cancel()
    await asyncio.gather(reader, keeper, return_exceptions=True)
    return took, Outcome(service.floors()[0], told, heard), before


def played(stream: bytes, *, noting: bool = False) -> tuple[float, Outcome, Floor]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(ours(stream, noting=noting))


def lost(ours: Outcome, plain: Outcome) -> int:
    """How much differs: of what was heard, of what was told, each in its turn, and of the floor at the end."""
    return (sum((type(one), one) != (type(other), other) for one, other in zip_longest(ours.heard, plain.heard))
            + sum(one != other for one, other in zip_longest(ours.told, plain.told)) + (ours.floor != plain.floor))


def measure() -> Result:
    logging.disable(logging.INFO)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    gc.set_threshold(*COLLECT_AFTER)     # theirs too
    result = Result(met=True, lines=["stream         events  news  headers  panoramisk/s     ours/s  ratio  wrong"])
    for name, stream, bar in (("a demo minute", demo_minutes(), BAR), ("all news", statuses(all_news=True), BAR),
                              ("as it comes", statuses(all_news=False), 0.0)):
        events = stream.count(b"\r\n\r\n")
        _, noted, before = played(stream, noting=True)
        plain = plainly(before, stream)
        missing = lost(noted, plain)
        bare, full = [], []
        gc.collect()
        gc.freeze()      # the streams and what is expected of them are the bench's, not work of theirs or ours
        for _ in range(ROUNDS):
            took, seen = theirs(stream)
            assert seen == events
            bare.append(events / took)
            took, outcome, _ = played(stream)
            full.append(events / took)
            missing += outcome.floor != plain.floor
        gc.unfreeze()
        ratio = statistics.median(one / other for one, other in zip(full, bare, strict=True))
        news = len(plain.heard) / events
        headers = (stream.count(b"\r\n") - events) / events
        result.lines.append(f"{name:<13} {events:>7} {news:>5.0%} {headers:>8.0f} {statistics.median(bare):>13.0f} "
                            f"{statistics.median(full):>10.0f} {ratio:>6.2f} {missing:>6}")
        key = name.replace(" ", "_")
        result.figures |= {f"{key}_panoramisk_per_s": round(statistics.median(bare)), f"{key}_wrong": missing,
                           f"{key}_ours_per_s": round(statistics.median(full)), f"{key}_ratio": round(ratio, 2)}
        result.met = result.met and not missing and ratio >= bar
    result.lines.append(f"rates by CPU time of one core; bar {BAR:g} × in a demo minute and with all news; wrong: of what was "
                        "heard, of what was told and of the floor at the end, against the slow way")
    return result
