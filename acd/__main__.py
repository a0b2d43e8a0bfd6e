"""`python -m acd`: runs in the foreground until SIGTERM."""

from __future__ import annotations

import asyncio
import gc
import signal
from functools import partial
from zoneinfo import ZoneInfo

import structlog
import uvloop

from acd.agents.roster_keeper import read_roster
from acd.agents.storm import StormRules
from acd.agents.transitions import Rules
from acd.ami.link import AmiAddress
from acd.app import COLLECT_AFTER, AcdPlan, run
from acd.calls.rules import CallRules
from acd.desired.bookfile import BookFile
from acd.desired.state import first_book, first_roster
from acd.dialling import DialRules
from acd.drilling import DrillRules
from acd.health.watch import WatchPlan
from acd.plan import FloorPlan
from callcenter.clock import SystemClock
from callcenter.logs import configure_logs
from callcenter.runtime.announce import has_sound
from callcenter.settings import Settings
from callcenter.sign import Sign
from callcenter.site import load_site

AMI_USER = "sixring"


def plan_of(settings: Settings) -> AcdPlan:
    """Raises SiteErrors or OSError when the instance's files cannot be read."""
    site = load_site(settings.site_file)
    address = AmiAddress(settings.node, *settings.ami_address, AMI_USER, settings.secrets()["ami"])
    return AcdPlan(
        nodes=((FloorPlan.of(site, settings.node), address),),
        watch=WatchPlan(trunk=site.trunk.kind, recordings=settings.recordings, disk=site.outages.disk.limits,
                        tz=ZoneInfo(site.timezone), sign=Sign(settings.state, "acd")),
        redis_url=settings.redis_url,
        book=first_book(site, SystemClock().now()),
        roster=(read_roster(settings.roster_file) if site.free_seating else None) or first_roster(site),
        roster_file=settings.roster_file,
        calls=CallRules.of(site),
        callback_numbers=site.limits.callback_numbers,
        callback_codecs=site.trunk.codecs,
        dialling=DialRules.of(site),
        drilling=DrillRules.of(site),
        book_file=BookFile(settings.book_file),
        rules=Rules.of(site),
        storm=StormRules.of(site, partial(has_sound, settings)),
    )


async def _until_sigterm(plan: AcdPlan) -> None:
    task = asyncio.create_task(run(plan, SystemClock()))
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        structlog.get_logger(__name__).info("acd_ended")


if __name__ == "__main__":
    configure_logs("acd")
    gc.set_threshold(*COLLECT_AFTER)
    uvloop.run(_until_sigterm(plan_of(Settings.load())))
