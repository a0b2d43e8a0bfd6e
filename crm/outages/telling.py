"""Sends what is due by the story, one at a time, and notes each (C2): a process that ends, started by the guard.

Two at once would tell twice: the second waits for the first and then looks anew. What was taken by a robot or a mail server is on
the disk before the next is sent, and nothing is sent that the disk would not take, its reserve given up; only a crash between the
two sends one again (a mail then with the same Message-ID).
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from callcenter.clock import Clock
from callcenter.site import Site
from crm.notices.channels import Channel, NotSentError
from crm.outages.guard import kept, tries
from crm.outages.ladder import Outage
from crm.outages.plan import plan_of
from crm.outages.story import TOLD, Log
from crm.outages.ways import CLEAR, Message, Story, Tried, due
from crm.outages.words import Alarm

LOCK: Final = "told.lock"


def tell(folder: Path, site: Site, channels: Mapping[str, Channel], clock: Clock) -> list[Tried]:
    """All that is due now; what became of each. Raises OSError."""
    ways, done = plan_of(site).ways, list[Tried]()
    with _alone(folder / LOCK):
        log = Log(folder / TOLD)
        log.open()
        while True:
            story = kept(folder)
            tried = tries(folder)
            waiting = due(story, tried, ways, clock.now())
            if not waiting:
                return done
            if not log.is_ready():
                raise OSError("the disk would not take what is told")     # sent without a note it would be sent again and again
            one = _sent(waiting[0], story, site, channels, clock)
            done.append(one)
            if not log.add([one.written()]):
                raise OSError("the disk does not take what was told")     # to go on would be to tell it again and again


def _sent(message: Message, story: Story, site: Site, channels: Mapping[str, Channel], clock: Clock) -> Tried:
    outage, now = story.outages[message.outage_id], clock.now()
    alarm = Alarm(outage, message.what, message.address, now, _vendors(message, story, outage, site))
    channel = channels.get(message.channel)
    try:
        if channel is None:
            raise NotSentError("no_channel")     # taken out of the site file since
        channel.send(alarm, message.address, now)
    except NotSentError as error:
        return Tried(message, clock.now(), error.code)
    except Exception as error:     # a fault of one channel: the others are told all the same
        return Tried(message, clock.now(), f"fault_{type(error).__name__}")
    return Tried(message, clock.now())


def _vendors(message: Message, story: Story, outage: Outage, site: Site) -> tuple[str, ...]:
    if message.what == CLEAR or not any(told.vendor and str(told.rung) == message.what for told in story.rungs[outage.outage_id]):
        return ()
    return tuple(f"{vendor.name} {vendor.phone or vendor.address or ''}".strip() for vendor in site.outages.vendors
                 if not vendor.components or outage.component in vendor.components)


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    with file.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
