"""One acd, whole, at two scripted Asterisks: each has its own seats, one that is down is no matter of the other's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from acd.agents.transitions import Rules
from acd.ami.link import AmiAddress, LinkLimits
from acd.app import AcdPlan, run
from acd.bus.publish import BOARD_KEY, STORED, Pacing
from acd.desired.book import Book, SignedIn
from acd.health.watch import WatchPlan
from acd.plan import FloorPlan, QueuePlan, SeatPlan
from acd.reconcile.reconciler import Rhythm
from callcenter.board import Board
from callcenter.bus import START, Bus
from callcenter.clock import SystemClock
from callcenter.commands import Command, Pause, PauseReason
from callcenter.events import FloorReset
from callcenter.expected import PRIOR_HANDLING_S, PRIOR_PATIENCE_S
from callcenter.orders import Asker
from callcenter.roster import Agent, Roster

FakeAsterisk = Any     # conftest.py
RedisServer = Any
# Quick to come back. Nothing hangs here: how long an answer may take is not what is shown, and a busy machine may take long.
QUICK = LinkLimits(connect=5, answer=10, ping_every=0.1, ping_reply=10, first_retry=0.01, last_retry=0.05)
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SEAT_OF = {"801": "1001", "802": "2001"}
BOTH = Book({agent: SignedIn(agent, seat, NOW) for agent, seat in SEAT_OF.items()})
ROSTER = Roster({agent: Agent(agent, agent, skills={"repair": 1}) for agent in SEAT_OF})


def plan_of(node: str, seat: str) -> FloorPlan:
    return FloorPlan(node, {seat: SeatPlan(seat, seat, "primary")}, {"repair": QueuePlan("repair", 0)}, 30, free_seating=True)


@dataclass
class Node:
    """A scripted Asterisk with as much of app_queue, astdb and phones as acd looks at; every phone is registered."""

    name: str
    seat: str
    fake: FakeAsterisk
    members: dict[str, str] = field(default_factory=dict)      # interface → reason of the pause
    database: dict[str, str] = field(default_factory=dict)
    server: asyncio.Server | None = None

    async def up(self) -> None:
        self.server = await asyncio.start_server(self.fake.serve, "127.0.0.1", self.fake.port)
        self.fake.port = self.server.sockets[0].getsockname()[1]

    def down(self) -> None:
        if self.server:
            self.server.close()
            self.server = None
        if self.fake.writers:
            self.fake.cut()

    def behind(self) -> None:
        self.fake.scripts |= {
            "Status": _rows(list), "ParkedCalls": _rows(list),
            "QueueStatus": _rows(lambda: ["Event: QueueParams\r\nQueue: repair", *map(self._member, self.members)]),
            "DBGetTree": _rows(lambda: [f"Event: DBGetTreeResponse\r\nKey: /sixring/{key}\r\nVal: {value}"
                                        for key, value in self.database.items()]),
            "PJSIPShowEndpoints": _rows(lambda: [f"Event: EndpointList\r\nObjectName: {self.seat}\r\nDeviceState: Not in use"]),
            "QueueAdd": self._queue, "QueuePause": self._queue, "DBPut": self._put}

    def _member(self, interface: str) -> str:
        reason = self.members[interface]
        return (f"Event: QueueMember\r\nQueue: repair\r\nLocation: {interface}\r\nInterface: {interface}\r\nMembership: dynamic\r\n"
                f"Penalty: 0\r\nPaused: {int(bool(reason))}\r\nPausedReason: {reason}")

    def _queue(self, action: dict[str, str]) -> bytes:
        self.members[action["Interface"]] = action["Reason"] if action["Paused"] == "true" else ""
        told = self._member(action["Interface"]).replace("QueueMember\r\n", "QueueMemberPause\r\n", 1)
        return f"{told}\r\n\r\n".encode() + _done(action)

    def _put(self, action: dict[str, str]) -> bytes:
        self.database[action["Key"]] = action["Val"]
        return _done(action)

    def talks(self) -> None:
        """The seat's phone has dialled somebody."""
        channel = f"Channel: PJSIP/{self.seat}-00000001\r\nUniqueid: {self.name}-1795365030.1\r\nLinkedid: {self.name}-1795365030.1"
        self.fake.say(f"Event: Newchannel\r\n{channel}\r\nChannelState: 4\r\n\r\n"
                      f"Event: Newstate\r\n{channel}\r\nChannelState: 6\r\n\r\n".encode())

    def waits(self) -> None:
        """Somebody has called and waits."""
        ident = f"{self.name}-1795365031.2"
        channel = f"Channel: PJSIP/trunk-00000002\r\nUniqueid: {ident}\r\nLinkedid: {ident}\r\nCallerIDNum: 13800138000"
        self.fake.say(f"Event: Newchannel\r\n{channel}\r\nChannelState: 4\r\n\r\n"
                      f"Event: QueueCallerJoin\r\n{channel}\r\nQueue: repair\r\n\r\n".encode())

    def has_journalled(self, beginning: str) -> bool:
        return any(action["Message"].startswith(beginning) for action in self.fake.asked("QueueLog"))

    @property
    def estimate(self) -> str:
        """What its dialplan would tell a caller, in s."""
        return self.database.get("wait/repair", "|").partition("|")[0]


def _done(action: dict[str, str]) -> bytes:
    return f"Response: Success\r\nActionID: {action['ActionID']}\r\n\r\n".encode()


def _rows(rows: Callable[[], list[str]]) -> Callable[[dict[str, str]], bytes]:
    def script(action: dict[str, str]) -> bytes:
        parts = ["Response: Success\r\nEventList: start", *rows(), "Event: ListComplete\r\nEventList: Complete"]
        return "".join(f"{part}\r\nActionID: {action['ActionID']}\r\n\r\n" for part in parts).encode()
    return script


@dataclass
class Site:
    north: Node
    south: Node
    url: str

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not true():
                await asyncio.sleep(0.01)

    async def orders(self, command: Command) -> None:
        answer = await asyncio.to_thread(Asker(self.url, SystemClock()).ask, command, "liufang")
        assert answer.is_done, answer.code

    async def resets(self) -> list[FloorReset]:
        bus = Bus(self.url)
        try:
            return [event for _, event in await bus.read(START, block_ms=1) if isinstance(event, FloorReset)]
        finally:
            await bus.close()

    async def board_where(self, right: Callable[[Board], bool]) -> Board:
        bus = Bus(self.url)
        try:
            async with asyncio.timeout(60):
                while True:
                    raw = await bus.redis.get(BOARD_KEY)
                    if raw and right(board := STORED.validate_json(raw).board):
                        return board
                    await asyncio.sleep(0.02)
        finally:
            await bus.close()

    @property
    def members_are_right(self) -> bool:
        return (self.north.members.keys(), self.south.members.keys()) == ({"PJSIP/1001"}, {"PJSIP/2001"})


@asynccontextmanager
async def two(fake: FakeAsterisk, redis_server: RedisServer, folder: Path) -> AsyncIterator[tuple[Site, Callable[[], None]]]:
    """Both nodes, of which neither is up yet, and what starts acd."""
    north, south = Node("north", "1001", fake), Node("south", "2001", type(fake)())
    async with AsyncExitStack() as stack:
        for node in (north, south):
            node.behind()
            await node.up()
            stack.callback(node.down)
        plan = AcdPlan(
            nodes=tuple((plan_of(node.name, node.seat), AmiAddress(node.name, "127.0.0.1", node.fake.port, "sixring", "s"))
                        for node in (north, south)),
            watch=WatchPlan("loopback", folder, every_s=0.1), redis_url=redis_server.url, limits=QUICK,
            pacing=Pacing(retry=0.05, board_every=0.02, board_at_least=0.2), book=BOTH, roster=ROSTER,
            rules=Rules(free_seating=True, seats=frozenset(SEAT_OF.values()), queues=frozenset({"repair"})),
            rhythm=Rhythm(every=60, settle=0.005, first_retry=0.01, last_retry=0.05, answer=0.3))
        tasks: list[asyncio.Task[None]] = []
        try:
            yield Site(north, south, redis_server.url), lambda: tasks.append(asyncio.create_task(run(plan, SystemClock())))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def played(fake_asterisk: FakeAsterisk, redis_server: RedisServer, tmp_path: Path) -> Callable[[Callable[..., Any]], None]:
    def play(scene: Callable[[Site, Callable[[], None]], Any]) -> None:
        async def main() -> None:
            async with asyncio.timeout(60), two(fake_asterisk, redis_server, tmp_path) as (site, start):
                await scene(site, start)

        asyncio.run(main())

    return play


def test_an_agent_is_a_member_at_the_node_of_the_seat_only_and_the_floor_that_is_told_has_both(
        played: Callable[[Callable[..., Any]], None]) -> None:
    async def scene(site: Site, start: Callable[[], None]) -> None:
        start()
        await site.until(lambda: site.members_are_right)
        await site.board_where(lambda board: board.seats.keys() == {"1001", "2001"})
        for node, other in ((site.north, "2001"), (site.south, "1001")):
            asked = [{name: value for name, value in action.items() if name != "ActionID"} for action in node.fake.actions]
            assert not [action for action in asked if other in json.dumps(action)]        # an id may have any digits
        assert {seat.seat for seat in (await site.resets())[-1].seats} == {"1001", "2001"}
        assert site.north.database["at-seat/1001"] == "801"
        assert "at-seat/1001" not in site.south.database

    played(scene)


def test_while_one_node_is_down_the_other_is_kept_and_what_was_asked_for_meanwhile_is_done_when_it_is_back(
        played: Callable[[Callable[..., Any]], None]) -> None:
    async def scene(site: Site, start: Callable[[], None]) -> None:
        site.south.down()
        start()
        await site.until(lambda: site.north.members == {"PJSIP/1001": ""})      # one that never was there stops nobody
        await site.south.up()
        await site.until(lambda: site.members_are_right)
        site.south.down()
        for agent in ("802", "801"):       # the one whose node is down first: nobody queues behind it
            await site.orders(Pause(agent, PauseReason.MEAL))
        await site.until(lambda: site.north.members == {"PJSIP/1001": "meal"})
        await site.until(lambda: site.north.has_journalled("801|PAUSED|meal"))
        assert site.south.members == {"PJSIP/2001": ""}
        await site.south.up()
        await site.until(lambda: site.south.members == {"PJSIP/2001": "meal"})
        await site.until(lambda: site.south.has_journalled("802|PAUSED|meal"))

    played(scene)


@pytest.mark.rule("A11", part="the estimate of a queue whose callers and agents are spread over nodes")
def test_every_node_s_dialplan_is_told_what_the_whole_queue_has_to_expect(played: Callable[[Callable[..., Any]], None]) -> None:
    service, patience = 2 / PRIOR_HANDLING_S, 1 / PRIOR_PATIENCE_S
    next_one, after_one = round(1 / service), round(1 / service + 1 / (service + patience))

    async def scene(site: Site, start: Callable[[], None]) -> None:
        start()
        nodes = (site.north, site.south)
        await site.until(lambda: [node.estimate for node in nodes] == ["0", "0"])
        site.north.talks()
        site.south.talks()
        await site.until(lambda: [node.estimate for node in nodes] == [str(next_one)] * 2)
        site.south.waits()
        await site.until(lambda: [node.estimate for node in nodes] == [str(after_one)] * 2)
        board = await site.board_where(lambda board: "repair" in board.waits and board.waits["repair"].waiting == 1)
        assert (round(board.waits["repair"].expected_s or 0), board.waits["repair"].agents) == (after_one, 2)

    played(scene)
