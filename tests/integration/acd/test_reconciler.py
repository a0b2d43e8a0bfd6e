"""Rounds against a scripted Asterisk: what fails is never sent blindly again, and what nobody asked for is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from acd.ami.link import AmiAddress, AmiLink, LinkLimits
from acd.desired.book import Book, SignedIn
from acd.desired.state import Desired
from acd.floor.service import FloorService
from acd.plan import FloorPlan, QueuePlan, SeatPlan
from acd.reconcile.reconciler import AT_ONCE, Reconciler, Rhythm
from callcenter.clock import SystemClock
from callcenter.events import Board, DriftMended
from callcenter.roster import Agent, Roster

FakeAsterisk = Any     # conftest.py
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
# How long a ping may take is not what is shown, and a busy machine may take long.
QUICK = LinkLimits(connect=5, answer=0.5, ping_every=0.1, ping_reply=10, first_retry=0.01, last_retry=0.05)
RHYTHM = Rhythm(every=60, settle=0.005, first_retry=0.01, last_retry=0.05, answer=0.15)
SEATS = tuple(str(1001 + place) for place in range(80))
PLAN = FloorPlan("node1", {seat: SeatPlan(seat, seat, "primary") for seat in SEATS}, {"repair": QueuePlan("repair", 0)}, 30,
                 free_seating=True)
ROSTER = Roster({f"8{seat}": Agent(f"8{seat}", seat, skills={"repair": 1}) for seat in SEATS})
ALL = Book({f"8{seat}": SignedIn(f"8{seat}", seat, NOW) for seat in SEATS})
ONE = Book({"81001": SignedIn("81001", "1001", NOW)})


@dataclass
class Queues:
    """As much of app_queue and its database as reconciling needs, behind the scripted Asterisk."""

    members: dict[str, tuple[str, str, str]] = field(default_factory=dict)      # interface → penalty, paused, reason
    switches: dict[str, str] = field(default_factory=dict)
    refuse: int = 0                                                             # so many additions

    def behind(self, fake: FakeAsterisk) -> None:
        fake.scripts |= {"QueueStatus": self._status, "DBGetTree": self._tree, "QueueAdd": self._add, "QueueRemove": self._remove,
                         "DBPut": self._put, "DBDel": self._delete, "QueuePause": self._pause}

    def _status(self, action: dict[str, str]) -> bytes:
        rows = [f"Event: QueueMember\r\nQueue: repair\r\nLocation: {interface}\r\nMembership: dynamic\r\nPenalty: {penalty}\r\n"
                f"Paused: {paused}\r\nPausedReason: {reason}" for interface, (penalty, paused, reason) in self.members.items()]
        return _list(action, ["Event: QueueParams\r\nQueue: repair", *rows])

    def _tree(self, action: dict[str, str]) -> bytes:
        return _list(action, [f"Event: DBGetTreeResponse\r\nKey: /sixring/{key}\r\nVal: {value}"
                              for key, value in self.switches.items()])

    def _add(self, action: dict[str, str]) -> bytes:
        if self.refuse:
            self.refuse -= 1
            return _said(action, "Error")
        self.members[action["Interface"]] = (action["Penalty"], str(int(action["Paused"] == "true")), action.get("Reason", ""))
        return _said(action)

    def _remove(self, action: dict[str, str]) -> bytes:
        return _said(action, "Success" if self.members.pop(action["Interface"], None) else "Error")

    def _pause(self, action: dict[str, str]) -> bytes:
        penalty, _, _ = self.members[action["Interface"]]
        self.members[action["Interface"]] = (penalty, str(int(action["Paused"] == "true")), action.get("Reason", ""))
        return _said(action)

    def _put(self, action: dict[str, str]) -> bytes:
        self.switches[action["Key"]] = action["Val"]
        return _said(action)

    def _delete(self, action: dict[str, str]) -> bytes:
        self.switches.pop(action["Key"], None)
        return _said(action)


def _said(action: dict[str, str], response: str = "Success") -> bytes:
    return f"Response: {response}\r\nActionID: {action['ActionID']}\r\nMessage: so\r\n\r\n".encode()


def _list(action: dict[str, str], rows: list[str]) -> bytes:
    parts = ["Response: Success\r\nEventList: start", *rows, "Event: ListComplete\r\nEventList: Complete"]
    return "".join(f"{part}\r\nActionID: {action['ActionID']}\r\n\r\n" for part in parts).encode()


@dataclass
class Stage:
    fake: FakeAsterisk
    queues: Queues
    desired: Desired
    told: list[DriftMended]

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not true():
                await asyncio.sleep(0.005)

    async def has(self, book: Book) -> None:
        await self.until(lambda: self.queues.members.keys() == {f"PJSIP/{entry.seat}" for entry in book.agents.values()})


@asynccontextmanager
async def staged(fake: FakeAsterisk, book: Book) -> AsyncIterator[Stage]:
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    fake.port = server.sockets[0].getsockname()[1]
    stage = Stage(fake, Queues(), Desired(book, ROSTER), [])
    stage.queues.behind(fake)
    fake.scripts["Status"] = fake.scripts["PJSIPShowEndpoints"] = lambda action: _list(action, [])
    clock = SystemClock()
    service = FloorService({"node1": PLAN}, clock, put=lambda event: None, remembered=Board, on_link=lambda node, reason: None,
                           on_reachability=lambda: None)
    reconciler = Reconciler(stage.desired, clock, put=stage.told.append, rhythm=RHYTHM)
    service.listen(reconciler.listeners())
    link = AmiLink(AmiAddress("node1", "127.0.0.1", fake.port, "sixring", "s"), service.deliver,
                   limits=QUICK)
    service.add(link)
    reconciler.add(PLAN, link)
    tasks = [asyncio.create_task(part.run()) for part in (service, reconciler, link)]
    try:
        yield stage
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        server.close()


def played(fake: FakeAsterisk, scene: Callable[[Stage], Any], book: Book = ONE) -> None:
    async def play() -> None:
        async with asyncio.timeout(60), staged(fake, book) as stage:
            await scene(stage)

    asyncio.run(play())


def test_a_floor_of_many_is_filled_in_order_and_nothing_is_sent_twice(fake_asterisk: FakeAsterisk) -> None:
    async def scene(stage: Stage) -> None:
        await stage.has(ALL)
        await stage.until(lambda: len(stage.queues.switches) == 2 * len(SEATS))
        assert len(SEATS) > AT_ONCE
        assert len(stage.fake.asked("QueueAdd")) == len(SEATS)
        assert not stage.told

    played(fake_asterisk, scene, ALL)


def test_a_refused_command_leads_to_a_new_reading_and_only_what_is_missing_is_sent(fake_asterisk: FakeAsterisk) -> None:
    async def scene(stage: Stage) -> None:
        await stage.has(ONE)
        readings = len(stage.fake.asked("DBGetTree"))
        stage.queues.refuse = 3
        stage.desired.set(ALL)
        await stage.has(ALL)
        added = [action["Interface"] for action in stage.fake.asked("QueueAdd")]
        assert len(stage.fake.asked("DBGetTree")) >= readings + 2
        assert sorted(set(added)) == sorted(f"PJSIP/{seat}" for seat in SEATS)
        assert len(added) == len(SEATS) + 3

    played(fake_asterisk, scene)


@pytest.mark.rule("A2", part="commands have deadlines")
def test_a_command_without_an_answer_is_over_at_its_deadline_and_the_next_reading_decides(fake_asterisk: FakeAsterisk) -> None:
    async def scene(stage: Stage) -> None:
        await stage.has(ONE)
        carry_out = stage.queues._add

        def in_silence(action: dict[str, str]) -> bytes:
            carry_out(action)
            return b""

        stage.fake.scripts["QueueAdd"] = in_silence        # it is done, and nobody says so
        stage.desired.set(ALL)
        await stage.has(ALL)
        await stage.until(lambda: len(stage.queues.switches) == 2 * len(SEATS))
        assert len(stage.fake.asked("QueueAdd")) == len(SEATS)

    played(fake_asterisk, scene)


def test_while_the_link_is_down_nothing_piles_up_and_only_the_end_of_it_is_sent(fake_asterisk: FakeAsterisk) -> None:
    async def scene(stage: Stage) -> None:
        await stage.has(ONE)
        await stage.until(lambda: len(stage.queues.switches) == 2)
        stage.fake.silent.add("Login")
        stage.fake.cut()
        await stage.fake.until_asked("Login", times=2)
        before = len(stage.fake.asked("QueueAdd"))
        for _ in range(50):
            stage.desired.set(ALL)
            await asyncio.sleep(0)
            stage.desired.set(Book())
            await asyncio.sleep(0)
        stage.fake.silent.clear()
        await stage.has(Book())
        assert len(stage.fake.asked("QueueAdd")) == before
        assert len(stage.fake.asked("QueueRemove")) == 1
        assert not stage.told

    played(fake_asterisk, scene)


def test_a_pause_by_hand_is_mended_at_once_and_told_as_drift_and_one_that_was_asked_for_is_not(fake_asterisk: FakeAsterisk) -> None:
    async def scene(stage: Stage) -> None:
        await stage.has(ONE)
        await stage.until(lambda: len(stage.queues.switches) == 2)
        stage.queues.members["PJSIP/1001"] = ("0", "1", "lunch")
        stage.fake.say(b"Event: QueueMemberPause\r\nQueue: repair\r\nMemberName: 1001\r\nInterface: PJSIP/1001\r\n"
                       b"Membership: dynamic\r\nPenalty: 0\r\nPaused: 1\r\nPausedReason: lunch\r\n\r\n")
        await stage.until(lambda: stage.queues.members["PJSIP/1001"] == ("0", "0", ""))
        await stage.until(lambda: bool(stage.told))
        assert stage.told[0].mended == ("QueuePause Interface=PJSIP/1001 Paused=false Reason= Queue=repair",)
        stage.desired.set(Book({"81001": SignedIn("81001", "1001", NOW, away=True)}))
        await stage.until(lambda: stage.queues.members["PJSIP/1001"] == ("0", "1", "away"))
        assert len(stage.told) == 1

    played(fake_asterisk, scene)


def test_what_was_lost_while_the_link_was_down_is_drift_too(fake_asterisk: FakeAsterisk) -> None:
    async def scene(stage: Stage) -> None:
        await stage.has(ONE)
        await stage.until(lambda: len(stage.queues.switches) == 2)
        stage.queues.members.clear()
        stage.fake.cut()
        await stage.has(ONE)
        await stage.until(lambda: bool(stage.told))
        assert "QueueAdd" in stage.told[0].mended[0]

    played(fake_asterisk, scene)
