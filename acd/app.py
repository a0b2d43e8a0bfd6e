"""Constructs acd from settings and site; runs it until cancelled."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import structlog

from acd.ami import AmiAddress, AmiLink, LinkLimits
from acd.ami_events import HANDLED
from acd.apply import Reconciler, Rhythm
from acd.book import Book
from acd.desired import Desired
from acd.orders import Handlers, OrderDesk, OrderIntake
from acd.plan import FloorPlan
from acd.publish import BoardKeeper, Outbox, Pacing
from acd.service import FloorService
from acd.watch import Watch, WatchPlan
from callcenter.bus import Bus
from callcenter.clock import Clock
from callcenter.events import AnyEvent
from callcenter.roster import Roster

log = structlog.get_logger(__name__)

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
    book: Book = field(default_factory=Book)           # with which acd begins
    roster: Roster = field(default_factory=Roster)
    rhythm: Rhythm = field(default_factory=Rhythm)


async def run(plan: AcdPlan, clock: Clock) -> None:
    bus = Bus(plan.redis_url)
    links: list[AmiLink] = []

    def truth() -> list[AnyEvent]:
        reset = service.truth()
        return [*([reset] if reset else []), *watch.truth()]

    outbox = Outbox(bus, truth, plan.pacing)
    keeper = BoardKeeper(bus, plan.pacing)
    watch = Watch(links, bus, plan.watch, clock, outbox.put)
    service = FloorService(
        {floor.node: floor for floor, _ in plan.nodes}, clock, put=outbox.put, remembered=lambda: keeper.board,
        on_link=watch.on_link, on_reachability=watch.on_reachability, audit_every_s=plan.audit_every_s)
    desired = Desired(plan.book, plan.roster)
    reconciler = Reconciler(desired, clock, put=outbox.put, rhythm=plan.rhythm)
    service.listen(reconciler.heard)
    # Who carries out which kind of order: one line for each owner.
    handlers: Handlers = {}
    desk = OrderDesk(handlers, clock, outbox.put)
    intake = OrderIntake(bus, desk)
    for floor, address in plan.nodes:
        link = AmiLink(address, service.deliver, wanted=frozenset(HANDLED), limits=plan.limits)
        links.append(link)
        service.add(link)
        reconciler.add(floor, link)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(keeper.run(outbox.announce))
            await keeper.wait_known(FIRST_BOARD_S)
            tasks.create_task(outbox.run())
            tasks.create_task(service.run())
            tasks.create_task(reconciler.run())
            tasks.create_task(watch.run())
            tasks.create_task(intake.run())
            for link in links:
                tasks.create_task(link.run())
            log.info("acd_started", nodes=[link.node for link in links])
    finally:
        await bus.close()
