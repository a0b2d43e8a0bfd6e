"""One fault costs itself: an event, a listener, a link that is cut again. What is shown and who is told go on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import cast

import pytest

from acd.ami import events as ami
from acd.ami.errors import AmiLost
from acd.ami.headers import Headers
from acd.ami.link import AmiLink
from acd.ami.news import LinkDown, LinkEvents, LinkItem, LinkUp
from acd.floor import fold
from acd.floor.service import INBOX_LIMIT, FloorService
from acd.plan import FloorPlan, QueuePlan, SeatPlan
from callcenter.clock import FakeClock
from callcenter.events import AnyEvent, Board, CallEnded, FloorReset

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
PLAN = FloorPlan("node1", {"1001": SeatPlan("1001", "1001", "primary")}, {"repair": QueuePlan("repair", 10)}, 30)
CALL = "node1-1795406300.1"
CALLER = {"event": "Status", "uniqueid": CALL, "linkedid": CALL, "channel": "PJSIP/trunk-1", "channelstate": "6",
          "variable": f"CALL_ID={CALL}"}
PATIENCE_S = 60


class Link:
    """Answers with `there`, and not before `may_answer`; cut while `cut`."""

    node = "node1"

    def __init__(self) -> None:
        self.there: list[Headers] = []
        self.cut, self.dropped, self.readings, self.breaks = False, 0, 0, 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def ask_list(self, action: str, headers: Mapping[str, str] | None = None) -> list[Headers]:
        self.readings += action == "Status"
        await self.may_answer.wait()
        if self.cut:
            raise AmiLost(action)
        if self.breaks:
            self.breaks -= 1
            raise KeyError(action)
        return list(self.there) if action == "Status" else []

    def drop(self) -> None:
        self.dropped += 1


class Scene:
    def __init__(self) -> None:
        self.clock, self.link, self.told, self.links = FakeClock(NOW), Link(), list[AnyEvent](), list[str | None]()
        self.service = FloorService({"node1": PLAN}, self.clock, put=self.told.append, remembered=Board,
                                    on_link=lambda node, reason: self.links.append(reason), on_reachability=lambda: None)
        self.service.add(cast(AmiLink, self.link))

    def says(self, *events: ami.AmiEvent) -> None:
        self.service.deliver(LinkEvents("node1", [(event, self.clock.now()) for event in events]))

    async def until_read(self, times: int) -> None:
        while sum(isinstance(event, FloorReset) for event in self.told) < times:
            await asyncio.sleep(0.001)

    async def until_handled(self, item: LinkItem) -> None:
        self.service.deliver(item)
        while not self.service.is_idle:
            await asyncio.sleep(0)
        await asyncio.sleep(0)


def played(play: object) -> None:
    async def run() -> None:
        scene = Scene()
        running = asyncio.create_task(scene.service.run())
        try:
            async with asyncio.timeout(PATIENCE_S):
                await play(scene)     # type: ignore[operator]
            assert not running.done(), "the loop goes on"
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    asyncio.run(run())


@pytest.mark.rule("C4", part="told live; the journal decides")
def test_calls_of_an_asterisk_that_was_started_anew_are_lost_though_the_link_was_cut_again_before_it_could_be_read() -> None:
    async def play(scene: Scene) -> None:
        scene.link.there = [CALLER]
        scene.service.deliver(LinkUp("node1"))
        scene.says(ami.FullyBooted(3600))
        await scene.until_read(1)
        scene.link.there, scene.link.cut = [], True
        await scene.until_handled(LinkDown("node1", "ami_lost"))
        scene.clock.advance(10)
        scene.says(ami.FullyBooted(2))
        await scene.until_handled(LinkDown("node1", "ami_lost"))
        scene.link.cut = False
        scene.clock.advance(5)
        scene.service.deliver(LinkUp("node1"))
        scene.says(ami.FullyBooted(7))
        await scene.until_read(2)
        assert [event.outcome for event in scene.told if isinstance(event, CallEnded)] == ["lost"]

    played(play)


def test_neither_a_listener_nor_an_event_that_breaks_keeps_the_others_from_what_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []

    def breaks(*_: object) -> None:
        heard.append("breaks")
        raise KeyError("1001")

    monkeypatch.setattr(fold, "FOLDS", {**fold.FOLDS, ami.HungUp: breaks})

    async def play(scene: Scene) -> None:
        scene.service.listen({ami.FullyBooted: breaks})
        scene.service.listen({ami.FullyBooted: lambda node, event: heard.append("hears")})
        scene.link.may_answer.clear()
        scene.service.deliver(LinkUp("node1"))
        scene.says(ami.FullyBooted(3600))
        scene.says(ami.HungUp("node1-1.9", 16), ami.ChannelCreated(CALL, "PJSIP/trunk-1", CALL, 4, "", "from-trunk", "4001"))
        while not scene.link.readings:
            await asyncio.sleep(0.001)
        scene.link.may_answer.set()
        await scene.until_read(1)
        reset = next(event for event in scene.told if isinstance(event, FloorReset))
        assert [call.call_id for call in reset.calls] == [CALL], "what came while it was read is folded onto it"
        assert heard[:2] == ["breaks", "hears"]

    played(play)


def test_a_reading_that_breaks_is_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acd.floor.service.RESYNC_RETRY_S", 0.0)

    async def play(scene: Scene) -> None:
        scene.link.breaks = 2
        scene.service.deliver(LinkUp("node1"))
        scene.says(ami.FullyBooted(3600))
        await scene.until_read(1)

    played(play)


def test_who_is_on_hold_stays_so_when_something_else_was_found_to_have_drifted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acd.floor.service.LATE_S", 0.0)
    leg = {**CALLER, "uniqueid": "node1-2.2", "channel": "PJSIP/1001-2", "bridgeid": "b", "variable": ""}

    async def play(scene: Scene) -> None:
        scene.link.there = [{**CALLER, "bridgeid": "b"}, leg]
        scene.service.deliver(LinkUp("node1"))
        scene.says(ami.FullyBooted(3600))
        await scene.until_read(1)
        scene.says(ami.HeldOrNot("node1-2.2", True))
        scene.link.there.append({**CALLER, "uniqueid": "node1-3.3", "linkedid": "node1-3.3", "variable": "CALL_ID=node1-3.3"})
        scene.says(ami.Reloaded("app_queue"))
        await scene.until_read(2)
        [floor] = scene.service.floors()
        assert (len(floor.calls), floor.channels["node1-2.2"].on_hold) == (2, True)

    played(play)


def test_a_reader_that_cannot_follow_still_hears_that_the_link_was_cut() -> None:
    async def play(scene: Scene) -> None:
        flood = LinkEvents("node1", [(ami.HungUp("x", 16), NOW)] * INBOX_LIMIT)
        scene.service.deliver(flood)
        scene.service.deliver(flood)
        await scene.until_handled(LinkDown("node1", "ami_lost"))
        assert (scene.link.dropped, scene.links) == (1, ["ami_lost"])

    played(play)
