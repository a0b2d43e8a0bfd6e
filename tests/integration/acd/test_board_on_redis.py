"""acd from AMI to the board in Redis: epoch, cursor, everybody's events, and what a Redis that died gets back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio

from acd import loops
from acd.ami.link import AmiAddress, LinkLimits
from acd.app import AcdPlan, run
from acd.bus.publish import STORED, Pacing, StoredBoard
from acd.health.counters import Counters
from acd.health.watch import WatchPlan
from acd.plan import FloorPlan, QueuePlan, SeatPlan
from callcenter.board import BOARD_KEY, apply_event
from callcenter.bus import Bus, Publisher
from callcenter.clock import SystemClock
from callcenter.events import CallState, Figures, FiguresUpdated, FloorReset, Health, HealthChanged, SeatState
from callcenter.line import LineSwitch
from callcenter.sign import Sign, silent_for, since_boot

FakeAsterisk = Any     # conftest.py
RedisServer = Any
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
QUICK = LinkLimits(connect=5, answer=1, ping_every=0.2, ping_reply=0.5, first_retry=0.01, last_retry=0.05)
PATIENT = replace(QUICK, answer=10, ping_reply=10)     # where nothing hangs: a busy machine may take long
FLOOR = FloorPlan("node1", {"1001": SeatPlan("1001", "陈静", "primary")}, {"repair": QueuePlan("repair", 4)}, 30)
CALL = "node1-1795365014.1"
SWITCHED = LineSwitch("announcement", datetime.fromtimestamp(1795420800, UTC), "phone-1001")


def answers(fake: FakeAsterisk) -> None:
    """What the actual state is: one caller waiting for 12 s, one registered seat, the line switched by its phone."""
    def listing(*rows: str) -> Callable[[dict[str, str]], bytes]:
        def script(action: dict[str, str]) -> bytes:
            parts = ["Response: Success\r\nEventList: start", *rows, "Event: ListComplete\r\nEventList: Complete"]
            return "".join(f"{part}\r\nActionID: {action['ActionID']}\r\n\r\n" for part in parts).encode()
        return script

    fake.scripts["Status"] = listing(
        f"Event: Status\r\nChannel: PJSIP/trunk-00000001\r\nChannelState: 6\r\nCallerIDNum: 13800138000\r\n"
        f"Uniqueid: {CALL}\r\nLinkedid: {CALL}\r\nSeconds: 20\r\nApplication: Queue\r\nData: repair,cr\r\n"
        f"Variable: CALL_ID={CALL}\r\nVariable: SIXRING_CALLER=17|zh|0|张三丰 3-2-1201")
    fake.scripts["QueueStatus"] = listing(
        "Event: QueueMember\r\nQueue: repair\r\nLocation: PJSIP/1001\r\nPaused: 0\r\nLastCall: 0",
        f"Event: QueueEntry\r\nQueue: repair\r\nUniqueid: {CALL}\r\nWait: 12")
    fake.scripts["ParkedCalls"] = listing()
    fake.scripts["DBGetTree"] = listing(
        "Event: DBGetTreeResponse\r\nKey: /sixring/switched\r\nVal: announcement|1795420800|phone-1001")
    fake.scripts["PJSIPShowEndpoints"] = listing(
        "Event: EndpointList\r\nObjectName: 1001\r\nDeviceState: Not in use",
        "Event: EndpointList\r\nObjectName: trunk\r\nDeviceState: Unavailable")


@asynccontextmanager
async def acd(fake: FakeAsterisk, server: RedisServer, folder: Path, sign: Sign | None = None, *,
              limits: LinkLimits = PATIENT) -> AsyncIterator[None]:
    plan = AcdPlan(
        nodes=((FLOOR, AmiAddress("node1", "127.0.0.1", fake.port, "sixring", "s")),),
        watch=WatchPlan("loopback", folder, every_s=0.1, sign=sign), redis_url=server.url, limits=limits,
        pacing=Pacing(retry=0.05, board_every=0.02, board_at_least=0.2))
    task = asyncio.create_task(run(plan, SystemClock()))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def until(server: RedisServer, true_of: Callable[[StoredBoard], bool]) -> StoredBoard:
    """The first stored board that is as wanted; the caller's timeout ends the wait."""
    while True:
        client = redis.asyncio.Redis.from_url(server.url)
        try:
            raw = await client.get(BOARD_KEY)
            if raw and true_of(stored := STORED.validate_json(raw)):
                return stored
        except redis.RedisError:
            pass
        finally:
            await client.aclose()
        await asyncio.sleep(0.01)


def play(scene: Callable[[], Any], fake: FakeAsterisk) -> None:
    async def main() -> None:
        listener = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
        fake.port = listener.sockets[0].getsockname()[1]
        answers(fake)
        try:
            async with asyncio.timeout(60):
                await scene()
        finally:
            listener.close()

    asyncio.run(main())


@pytest.mark.rule("B8", part="the board is live")
def test_the_board_holds_the_floor_and_what_crm_published_at_its_cursor(
        fake_asterisk: FakeAsterisk, redis_server: RedisServer, tmp_path: Path) -> None:
    async def scene() -> None:
        async with acd(fake_asterisk, redis_server, tmp_path):
            Publisher(redis_server.url).publish(FiguresUpdated(NOW, Figures("repair", offered=7)))
            stored = await until(redis_server, lambda s: CALL in s.board.calls and "repair" in s.board.figures)
            call = stored.board.calls[CALL]
            assert (call.state, call.name, call.room) == (CallState.QUEUED, "张三丰", "3-2-1201")
            assert stored.board.seats["1001"].state is SeatState.READY
            assert stored.board.queues == ("repair",)
            assert stored.board.figures["repair"].offered == 7
            before = stored

            fake_asterisk.say(f"Event: Newchannel\r\nChannel: PJSIP/1001-00000002\r\nChannelState: 5\r\n"
                              f"Uniqueid: node1-1795365030.2\r\nLinkedid: {CALL}\r\n\r\n".encode())
            after = await until(redis_server, lambda s: s.board.calls[CALL].ringing == ("1001",))
            # A page that was given the first board comes to the same floor through the events after its cursor.
            bus = Bus(redis_server.url)
            board = before.board
            for cursor, event in await bus.read(before.cursor, block_ms=1):
                board = apply_event(board, event)
                if cursor == after.cursor:
                    break
            await bus.close()
            assert board == after.board
            assert after.epoch == before.epoch

    play(scene, fake_asterisk)


@pytest.mark.rule("C4")
@pytest.mark.rule("C7", part="that the line is switched is read from Asterisk when acd begins, and told a new Redis again")
def test_a_redis_that_comes_back_empty_is_given_the_whole_truth_in_a_new_epoch(
        fake_asterisk: FakeAsterisk, redis_server: RedisServer, tmp_path: Path) -> None:
    async def scene() -> None:
        async with acd(fake_asterisk, redis_server, tmp_path):
            Publisher(redis_server.url).publish(FiguresUpdated(NOW, Figures("repair", offered=7)))
            first = await until(redis_server, lambda s: CALL in s.board.calls and "repair" in s.board.figures
                                and s.board.line == SWITCHED)
            redis_server.lose()
            fake_asterisk.say(f"Event: Newchannel\r\nChannel: PJSIP/1001-00000002\r\nChannelState: 5\r\n"
                              f"Uniqueid: node1-1795365030.2\r\nLinkedid: {CALL}\r\n\r\n".encode())
            redis_server.start()
            second = await until(redis_server, lambda s: s.epoch != first.epoch
                                 and s.board.calls[CALL].ringing == ("1001",) and "asterisk" in s.board.health
                                 and s.board.line == SWITCHED)
            assert second.board.figures["repair"].offered == 7
            bus = Bus(redis_server.url)
            kinds = [type(event) for _, event in await bus.read("0-0", block_ms=1)]
            await bus.close()
            assert FloorReset in kinds
            assert HealthChanged in kinds
            assert len(fake_asterisk.writers) == 1      # AMI never noticed

    play(scene, fake_asterisk)


def test_a_redis_that_was_flushed_is_noticed_though_no_connection_broke(
        fake_asterisk: FakeAsterisk, redis_server: RedisServer, tmp_path: Path) -> None:
    async def scene() -> None:
        async with acd(fake_asterisk, redis_server, tmp_path):
            first = await until(redis_server, lambda s: CALL in s.board.calls)
            client = redis.asyncio.Redis.from_url(redis_server.url)
            await client.flushall()
            second = await until(redis_server, lambda s: s.epoch != first.epoch and CALL in s.board.calls)
            bus = Bus(redis_server.url)
            while not await bus.read("0-0", block_ms=1000):     # until the first event of the new stream
                pass
            await bus.close()
            await client.aclose()
            assert second.epoch

    play(scene, fake_asterisk)


def test_acd_started_anew_goes_on_in_the_same_epoch_and_remembers_when_things_happened(
        fake_asterisk: FakeAsterisk, redis_server: RedisServer, tmp_path: Path) -> None:
    async def scene() -> None:
        async with acd(fake_asterisk, redis_server, tmp_path):
            first = await until(redis_server, lambda s: CALL in s.board.calls)
        async with acd(fake_asterisk, redis_server, tmp_path):
            second = await until(redis_server, lambda s: s.cursor != first.cursor and CALL in s.board.calls)
            await fake_asterisk.until_asked("Status", times=2)
            assert second.epoch == first.epoch
            assert second.board.calls[CALL].queued_at == first.board.calls[CALL].queued_at

    play(scene, fake_asterisk)


@pytest.mark.rule("C2")
def test_health_says_who_beats_and_who_does_not(
        fake_asterisk: FakeAsterisk, redis_server: RedisServer, tmp_path: Path) -> None:
    async def scene() -> None:
        client = redis.asyncio.Redis.from_url(redis_server.url)
        beat = {"component": "agi", "state": "ok", "since": NOW.isoformat(), "detail": ""}
        await client.set("sixring:health:agi", json.dumps(beat))
        async with acd(fake_asterisk, redis_server, tmp_path, limits=QUICK):
            stored = await until(redis_server, lambda s: {"agi", "crm", "disk", "redis", "acd"} <= s.board.health.keys() and all(
                name in s.board.health and s.board.health[name].state is Health.OK for name in ("ami", "asterisk", "trunk")))
            states = {name: health.state for name, health in stored.board.health.items()}
            assert states["agi"] is Health.OK
            assert states["crm"] is Health.DOWN
            assert await client.ttl("sixring:health:acd") > 0
            fake_asterisk.silent.add("Ping")
            fake_asterisk.silent.add("Login")
            await until(redis_server, lambda s: s.board.health["ami"].state is Health.DOWN)
        await client.aclose()

    play(scene, fake_asterisk)


@pytest.mark.rule("C3")
def test_a_loop_that_fails_again_and_again_is_shown_and_ends_neither_acd_nor_the_others(
        fake_asterisk: FakeAsterisk, redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[int] = []

    async def fails(self: Counters) -> None:
        runs.append(1)
        raise ZeroDivisionError

    monkeypatch.setattr(Counters, "run", fails)
    monkeypatch.setattr(loops, "FIRST_RETRY_S", 3.0)

    async def scene() -> None:
        async with acd(fake_asterisk, redis_server, tmp_path, Sign(tmp_path, "acd")):
            stored = await until(redis_server, lambda s: "acd" in s.board.health and s.board.health["acd"].state is Health.DEGRADED)
            assert stored.board.health["acd"].detail == "counters:ZeroDivisionError"
            Publisher(redis_server.url).publish(FiguresUpdated(NOW, Figures("repair", offered=7)))
            await until(redis_server, lambda s: CALL in s.board.calls and "repair" in s.board.figures)
            assert 1 <= len(runs) < loops.TRIES
            silent = silent_for(tmp_path, "acd", since_boot())
            assert silent is not None, "its sign of life needs no Redis"

    play(scene, fake_asterisk)


@pytest.mark.rule("C4")
@pytest.mark.parametrize(("uptime", "outcome"), [(60, "abandoned"), (0, "lost")], ids=["link lost", "restarted"])
def test_a_reconnect_reads_the_floor_anew_and_ends_the_calls_that_are_gone(
        fake_asterisk: FakeAsterisk, redis_server: RedisServer, tmp_path: Path, uptime: int, outcome: str) -> None:
    async def scene() -> None:
        async with acd(fake_asterisk, redis_server, tmp_path):
            await until(redis_server, lambda s: CALL in s.board.calls)
            fake_asterisk.uptime = uptime
            fake_asterisk.scripts["Status"] = fake_asterisk.scripts["QueueStatus"] = lambda action: (
                f"Response: Success\r\nActionID: {action['ActionID']}\r\nEventList: start\r\n\r\n"
                f"Event: Done\r\nActionID: {action['ActionID']}\r\nEventList: Complete\r\n\r\n").encode()
            fake_asterisk.cut()
            stored = await until(redis_server, lambda s: not s.board.calls)
            assert stored.board.seats["1001"].state is SeatState.READY
            bus = Bus(redis_server.url)
            ended = [event for _, event in await bus.read("0-0", block_ms=1) if type(event).__name__ == "CallEnded"]
            await bus.close()
            assert [(event.call_id, event.outcome) for event in ended] == [(CALL, outcome)]  # type: ignore[union-attr]

    play(scene, fake_asterisk)
