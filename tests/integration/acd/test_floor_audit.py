"""The audit of the live picture: Asterisk's answer may be newer than its events, which is no drift; what never comes is mended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from acd.ami.link import AmiAddress, AmiLink, LinkLimits
from acd.floor.service import FloorService
from acd.plan import FloorPlan, QueuePlan, SeatPlan
from callcenter.clock import SystemClock
from callcenter.events import AnyEvent, Board, FloorReset, SeatChanged, SeatState

FakeAsterisk = Any     # conftest.py
# Quick to come back. Nothing hangs here: how long an answer may take is not what is shown, and a busy machine may take long.
QUICK = LinkLimits(connect=5, answer=10, ping_every=0.1, ping_reply=10, first_retry=0.01, last_retry=0.05)
SEATS = ("1001", "1002", "1003")
PLAN = FloorPlan("node1", {seat: SeatPlan(seat, seat, "primary") for seat in SEATS}, {"repair": QueuePlan("repair", 0)}, 30)


def _list(action: dict[str, str], rows: list[str]) -> bytes:
    parts = ["Response: Success\r\nEventList: start", *rows, "Event: ListComplete\r\nEventList: Complete"]
    return "".join(f"{part}\r\nActionID: {action['ActionID']}\r\n\r\n" for part in parts).encode()


def gone(seat: str) -> bytes:
    return f"Event: DeviceStateChange\r\nDevice: PJSIP/{seat}\r\nState: UNAVAILABLE\r\n\r\n".encode()


def test_what_an_answer_knew_before_its_event_came_is_no_drift_and_what_is_never_told_is_shown_all_the_same(
        fake_asterisk: FakeAsterisk) -> None:
    there = set(SEATS)
    told: list[AnyEvent] = []

    def endpoints(action: dict[str, str]) -> bytes:
        return _list(action, [f"Event: EndpointList\r\nObjectName: {seat}\r\nDeviceState: "
                              f"{'Not in use' if seat in there else 'Unavailable'}" for seat in SEATS])

    async def until(true: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not true():
                await asyncio.sleep(0.005)

    def resets() -> int:
        return sum(isinstance(event, FloorReset) for event in told)

    async def play() -> None:
        server = await asyncio.start_server(fake_asterisk.serve, "127.0.0.1", 0)
        fake_asterisk.scripts |= {"PJSIPShowEndpoints": endpoints} | dict.fromkeys(
            ("Status", "QueueStatus", "ParkedCalls"), lambda action: _list(action, []))
        service = FloorService({"node1": PLAN}, SystemClock(), put=told.append, remembered=Board,
                               on_link=lambda node, reason: None, on_reachability=lambda: None)
        link = AmiLink(AmiAddress("node1", "127.0.0.1", server.sockets[0].getsockname()[1], "sixring", "s"), service.deliver,
                       limits=QUICK)
        service.add(link)
        tasks = [asyncio.create_task(part.run()) for part in (service, link)]
        try:
            await until(lambda: resets() == 1)
            there.clear()                                   # all three; their events come one by one
            fake_asterisk.say(gone("1001"))                 # which is doubted, and so everything is read
            await fake_asterisk.until_asked("ParkedCalls", times=2)
            fake_asterisk.say(gone("1002"))                 # late: the answer said so already
            await until(lambda: resets() == 2)              # of 1003 nothing is ever told
            shown = [event.seat.seat for event in told if isinstance(event, SeatChanged)]
            assert shown == ["1001", "1002"]
            assert isinstance(told[-1], FloorReset)
            assert {seat.seat: seat.state for seat in told[-1].seats} == dict.fromkeys(SEATS, SeatState.OFFLINE)
            # The same again, with nothing lost: read, and nothing to mend.
            there.update(SEATS)
            asked = len(fake_asterisk.asked("ParkedCalls"))
            fake_asterisk.say(gone("1003") + b"".join(gone(seat).replace(b"UNAVAILABLE", b"NOT_INUSE") for seat in SEATS[:2]))
            await fake_asterisk.until_asked("ParkedCalls", times=asked + 1)
            fake_asterisk.say(gone("1003").replace(b"UNAVAILABLE", b"NOT_INUSE"))
            fake_asterisk.say(gone("1001"))
            await fake_asterisk.until_asked("ParkedCalls", times=asked + 2)     # the next is read only when that one is done with
            assert resets() == 2
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            server.close()

    asyncio.run(play())


def test_a_loop_that_begins_again_in_the_middle_of_a_reading_reads_anew(fake_asterisk: FakeAsterisk) -> None:
    async def play() -> None:
        server = await asyncio.start_server(fake_asterisk.serve, "127.0.0.1", 0)
        fake_asterisk.scripts |= dict.fromkeys(("Status", "QueueStatus", "PJSIPShowEndpoints"), lambda action: _list(action, []))
        fake_asterisk.silent.add("ParkedCalls")             # the reading hangs there
        told: list[AnyEvent] = []
        service = FloorService({"node1": PLAN}, SystemClock(), put=told.append, remembered=Board,
                               on_link=lambda node, reason: None, on_reachability=lambda: None)
        link = AmiLink(AmiAddress("node1", "127.0.0.1", server.sockets[0].getsockname()[1], "sixring", "s"), service.deliver,
                       limits=LinkLimits(connect=1, answer=60, ping_every=0.1, ping_reply=60, first_retry=0.01, last_retry=0.05))
        service.add(link)
        linking, first = asyncio.create_task(link.run()), asyncio.create_task(service.run())
        async with asyncio.timeout(60):
            await fake_asterisk.until_asked("ParkedCalls")
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            fake_asterisk.silent.clear()
            fake_asterisk.scripts["ParkedCalls"] = lambda action: _list(action, [])
            again = asyncio.create_task(service.run())
            while not told:
                await asyncio.sleep(0.005)
        assert isinstance(told[0], FloorReset)
        for task in (linking, again):
            task.cancel()
        await asyncio.gather(linking, again, return_exceptions=True)
        server.close()

    asyncio.run(play())
