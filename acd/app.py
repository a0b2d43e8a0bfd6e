"""Constructs acd from settings and site; runs it until cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC
from pathlib import Path

import structlog

from acd.agents.attendance import Attendance, Keeping
from acd.agents.keypad import Keypad
from acd.agents.line import AgentLine
from acd.agents.roster_keeper import RosterKeeper
from acd.agents.storm import StormDesk, StormRules
from acd.agents.transitions import Rules
from acd.agents.treated import TreatedKeeper
from acd.ami.link import AmiAddress, AmiLink, LinkLimits
from acd.bus.orders import Handlers, OrderDesk, OrderIntake
from acd.bus.publish import BoardKeeper, Outbox, Pacing
from acd.calls.desk import CallsDesk
from acd.calls.rules import CallRules
from acd.desired.book import Book
from acd.desired.bookfile import BookFile, BookKeeper, fitted
from acd.desired.state import Desired
from acd.dialling import DialDesk, DialRules
from acd.drilling import DrillDesk, DrillRules
from acd.floor.service import FloorService
from acd.health.counters import Counters
from acd.health.watch import Watch, WatchPlan
from acd.loops import Loops, Run
from acd.plan import FloorPlan
from acd.reconcile.reconciler import Reconciler, Rhythm
from acd.waiting.ageing import Ageing
from acd.waiting.callbacks import CallbackDesk
from acd.waiting.keeper import WaitKeeper
from callcenter.bus import Bus
from callcenter.clock import Clock
from callcenter.events import AnyEvent
from callcenter.roster import Roster
from callcenter.site.dialling import Dialling
from callcenter.site.drills import DrillPolicy
from callcenter.site.parts import PRIVATE_NUMBERS

log = structlog.get_logger(__name__)

# For gc.set_threshold: AMI's events are thousands of short-lived values without cycles; looking through them every 700 takes a
# tenth of the time that reading and folding them takes.
COLLECT_AFTER = (20_000, 20, 50)
FIRST_BOARD_S = 1.0      # how long the start waits for what the last process knew


@dataclass(frozen=True)
class AcdPlan:
    """One floor plan and one address a node."""

    nodes: tuple[tuple[FloorPlan, AmiAddress], ...]
    watch: WatchPlan
    redis_url: str
    limits: LinkLimits = field(default_factory=LinkLimits)
    pacing: Pacing = field(default_factory=Pacing)
    audit_every_s: float = 60.0
    book: Book = field(default_factory=Book)           # with which acd begins when the file holds none
    book_file: BookFile | None = None
    rules: Rules = field(default_factory=Rules)
    roster: Roster = field(default_factory=Roster)     # with which acd begins
    roster_file: Path | None = None
    rhythm: Rhythm = field(default_factory=Rhythm)
    calls: CallRules = field(default_factory=CallRules)
    callback_numbers: tuple[str, ...] = PRIVATE_NUMBERS
    callback_codecs: tuple[str, ...] = ("alaw", "ulaw")
    storm: StormRules = field(default_factory=StormRules)
    dialling: DialRules = field(default_factory=lambda: DialRules(Dialling(), UTC))
    drilling: DrillRules = field(default_factory=lambda: DrillRules(DrillPolicy(), (), frozenset()))


async def run(plan: AcdPlan, clock: Clock) -> None:
    bus = Bus(plan.redis_url)
    links: list[AmiLink] = []

    def truth() -> list[AnyEvent]:
        reset = service.truth()
        return [*([reset] if reset else []), *watch.truth(), *waits.truth(), *storm.truth()]

    outbox = Outbox(bus, truth, plan.pacing)
    keeper = BoardKeeper(bus, plan.pacing)
    def put(event: AnyEvent) -> None:
        outbox.put(event)
        attendance.told(event)
        waits.heard(event)

    def link_of(seat: str | None) -> AmiLink:
        return next((link for link, (floor, _) in zip(links, plan.nodes, strict=True) if seat in floor.seats), links[0])

    loops = Loops()
    watch = Watch(links, bus, plan.watch, clock, outbox.put, loops.verdict)
    service = FloorService(
        {floor.node: floor for floor, _ in plan.nodes}, clock, put=put, remembered=lambda: keeper.board,
        on_link=watch.on_link, on_reachability=watch.on_reachability, audit_every_s=plan.audit_every_s,
        agents=lambda: attendance.shown())
    kept = plan.book_file.read() if plan.book_file else None
    desired = Desired(
        fitted(kept, plan.book, plan.rules.seats, free_seating=plan.rules.free_seating), plan.roster)
    books = BookKeeper(plan.book_file)
    line = AgentLine(
        link_of, max((queue.wrapup_s for floor, _ in plan.nodes for queue in floor.queues.values()), default=0), clock)
    attendance = Attendance(
        desired, plan.rules, clock, service, line, Keeping(books.save, books.saved, lambda: keeper.board, lost=kept is None),
        outbox.put)
    def adopt(node: str, switches: Mapping[str, str]) -> None:
        attendance.adopt(node, switches)
        storm.adopt(switches)

    def take_treated(treated: dict[str, str]) -> None:
        attendance.change(replace(desired.book, treated=treated), "crm")

    reconciler = Reconciler(desired, clock, put=outbox.put, adopt=adopt, rhythm=plan.rhythm)
    storm = StormDesk(
        desired, attendance, links, plan.storm, clock,
        lambda data: line.journal("LINESWITCHED", call_id=None, seat=None, data=data), reconciler.wake, outbox.put)
    # Who carries out which kind of order: one line for each owner.
    calls = CallsDesk(service.views, desired, plan.calls, clock, outbox.put)
    queues = plan.nodes[0][0]      # every node has every queue of the site
    waits = WaitKeeper(queues, links, clock, floors=service.floors, closed=lambda: desired.book.closed, put=outbox.put)
    callbacks = CallbackDesk(tuple(queues.queues), links, service.floors, plan.callback_numbers, clock, plan.callback_codecs)
    dialling = DialDesk(links, service.floors, lambda: desired.book.tier, plan.dialling, clock)
    drilling = DrillDesk(links, service.views, plan.drilling, clock, attendance.free)
    handlers: Handlers = {**attendance.handlers(), **calls.handlers(), **callbacks.handlers(), **storm.handlers(),
                          **dialling.handlers(), **drilling.handlers()}
    desk = OrderDesk(handlers, clock, outbox.put)
    intake = OrderIntake(bus, desk)
    keypad = Keypad(desk, attendance, desired, line, clock)
    for listeners in (attendance.listeners(), keypad.listeners(), line.listeners(), reconciler.listeners(), calls.listeners(),
                      storm.listeners()):
        service.listen(listeners)
    for floor, address in plan.nodes:
        link = AmiLink(address, service.deliver, limits=plan.limits)
        links.append(link)
        service.add(link)
        reconciler.add(floor, link)
    try:
        async with asyncio.TaskGroup() as tasks:
            def keep(name: str, run: Run) -> None:
                tasks.create_task(loops.keep(name, run))

            keep("board", lambda: keeper.run(outbox.announce))
            await keeper.wait_known(FIRST_BOARD_S)
            keep("outbox", outbox.run)
            keep("floor", service.run)
            keep("reconcile", reconciler.run)
            keep("attendance", attendance.run)
            keep("book", books.run)
            if plan.rules.free_seating:
                keep("roster", RosterKeeper(bus, plan.roster_file, attendance.take_roster).run)
            keep("treated", TreatedKeeper(bus, take_treated).run)
            keep("watch", watch.run)
            keep("counters", Counters(links, clock, outbox.put).run)
            keep("orders", intake.run)
            keep("calls", calls.run)
            keep("ageing", Ageing(service.views, clock).run)
            keep("waits", waits.run)
            keep("storm", lambda: storm.run(bus))
            keep("dialling", dialling.run)
            keep("drilling", drilling.run)
            for link in links:
                keep(f"link-{link.node}", link.run)
            log.info("acd_started", nodes=[link.node for link in links])
    finally:
        await bus.close()
