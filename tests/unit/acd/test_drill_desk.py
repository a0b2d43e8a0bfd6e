"""acd's part of a drill: each simulated caller at most once, none after the stop, and every real caller first (H12)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from acd.ami.errors import AmiRefused
from acd.ami.events import ChannelState
from acd.drilling import DrillDesk, DrillRules, GivesWay, gives_way
from acd.floor.channels import Channel
from acd.floor.facts import CallFacts, Floor, WrapUp
from acd.floor.telling import Touched, tell
from acd.plan import FloorPlan, SeatPlan
from callcenter.clock import FakeClock
from callcenter.commands import BeginDrill, DrillCall, Order, StopDrill
from callcenter.drills import RANK, drill_call_id, drill_of, is_drill
from callcenter.site.drills import DrillPolicy

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
pytestmark = pytest.mark.rule("H12", part="at most once, and behind every real caller")


class Link:
    node = "node1"

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.asked: list[tuple[str, Mapping[str, str]]] = []

    async def ask(self, action: str, headers: Mapping[str, str]) -> None:
        self.asked.append((action, headers))
        if action == "DBPut":
            self.kept[headers["Key"]] = headers["Val"]

    async def ask_list(self, action: str, headers: Mapping[str, str] | None = None) -> list[dict[str, str]]:
        self.asked.append((action, headers or {}))
        if action == "DBGet" and (headers or {})["Key"] not in self.kept:
            raise AmiRefused("none")
        return [{"val": self.kept["drill"]}] if action == "DBGet" else []

    def begun(self) -> list[str]:
        return [headers["ChannelId"] for action, headers in self.asked if action == "Originate"]


class Acd:
    def __init__(self, **limits: int) -> None:
        self.link, self.clock = Link(), FakeClock(NOON)
        self.floor = Floor(FloorPlan("node1", {"1001": SeatPlan("1001", "a", "primary")}, {}, 30))
        self.rules = DrillRules(DrillPolicy(**limits), ("drill.repair",), frozenset({"8000"}))
        self.restart()

    def restart(self) -> None:
        async def free(_: str) -> None: ...

        self.desk = DrillDesk([self.link], lambda: [(self.link, self.floor)], self.rules, self.clock, free)     # type: ignore[list-item]

    def asks(self, command: BeginDrill | DrillCall | StopDrill) -> tuple[str, str]:
        order = Order("o", "crm", self.clock.now(), self.clock.now() + timedelta(seconds=4), command)
        answer = asyncio.run(self.desk.handlers()[type(command)](order))
        return answer.code, answer.detail

    def call(self, call_id: str, queue: str, seat: str = "", *, talks: bool = False, waited: float = 5) -> None:
        """A caller who waits in Asterisk's queue, with a phone ringing at the seat, or talks there."""
        self.floor.channels.add(Channel(call_id, "x", call_id, ChannelState.UP, NOON, bridge="b" + call_id if talks else None))
        if seat:
            state = ChannelState.UP if talks else ChannelState.RINGING
            self.floor.channels.add(Channel(call_id + "9", f"PJSIP/{seat}-1", call_id, state, NOON,
                                            bridge="b" + call_id if talks else None, seat=seat))
        self.floor.calls[call_id] = CallFacts(call_id, NOON, queue="repair", waiting=not talks, in_queue=queue,
                                              queued_at=self.clock.now() - timedelta(seconds=waited))
        tell(self.floor, Touched((call_id,)), NOON)

    def gives_way(self) -> GivesWay:
        return gives_way(self.floor, self.clock.now())


def caller(number: int, drill: int = 5, *, simulated: bool = True, did: str = "8000") -> DrillCall:
    return DrillCall(drill, number, did, "1", 1, 30, 20, 4, simulated)


def test_the_mark_is_read_from_the_id_and_from_no_real_one() -> None:
    marked = drill_call_id(12, "node-1", NOON, 7)
    assert (drill_of(marked), is_drill(marked)) == ((12, 7), True)
    for real in ("node1-1763800000.7", "drill-1763800000.7", "node1-drill-1-1763800000.7", "1763800000.7", None):
        assert not is_drill(real)
    assert RANK < -1_000


def test_a_caller_is_begun_once_whatever_died_and_none_after_the_stop() -> None:
    acd = Acd()
    assert acd.asks(caller(1)) == ("too_late", "stopped"), "nobody has begun it"
    assert acd.asks(BeginDrill(5, 2)) == ("done", "")
    assert [headers["Interface"] for action, headers in acd.link.asked if action == "QueueAdd"] == [
        "Local/01@drill-seat/n", "Local/02@drill-seat/n"]
    assert acd.asks(caller(1)) == ("done", "node1")
    acd.restart()
    assert acd.asks(BeginDrill(5, 2)) == ("done", "")
    assert acd.asks(caller(1)) == ("done", "begun")
    assert acd.asks(caller(2, did="13900000001")) == ("refused", "number")
    assert acd.asks(caller(2)) == ("done", "node1")
    assert [drill_of(each) for each in acd.link.begun()] == [(5, 1), (5, 2)]
    assert acd.asks(StopDrill(5)) == ("done", "")
    assert ("Hangup", {"Channel": "/^Local/s@drill-caller-.*$/"}) in acd.link.asked
    acd.restart()
    assert acd.asks(caller(3)) == ("too_late", "stopped")
    assert acd.asks(BeginDrill(5, 2)) == ("too_late", "stopped")
    assert acd.asks(BeginDrill(6, 0)) == ("done", "")
    assert acd.asks(StopDrill(5)) == ("done", "")
    assert acd.link.kept["drill"] == "6|0", "another is on since"


def test_only_so_many_are_on_the_line_and_with_real_seats_none_begins_while_a_real_caller_waits() -> None:
    acd = Acd(at_once=2)
    acd.asks(BeginDrill(5, 0))
    assert [acd.asks(caller(number))[0] for number in (1, 2, 3)] == ["done", "done", "not_now"]
    acd.clock.advance(10)
    acd.call("node1-1.1", "repair")
    assert acd.asks(caller(4, simulated=False)) == ("not_now", "callers")
    assert acd.asks(caller(4)) == ("done", "node1")


def test_a_drill_gives_way_only_to_a_real_caller_for_whom_no_phone_rings_and_only_where_real_seats_are() -> None:
    acd = Acd()
    acd.floor.paused["1001"] = {"repair": False}
    acd.call("drill-5-node1-1.1", "repair", "1001", talks=True)
    acd.call("drill-5-node1-1.2", "repair")
    acd.call("drill-5-node1-1.3", "drill.repair")
    acd.call("drill-5-node1-1.4", "complaint.backup", "1002", talks=True)
    assert acd.gives_way() == GivesWay()
    acd.call("node1-1.1", "repair", "1001")
    assert acd.gives_way() == GivesWay(), "a phone rings for that one"
    acd.call("node1-1.2", "repair", waited=0.5)
    assert acd.gives_way() == GivesWay(), "perhaps one is about to ring"
    acd.call("node1-1.2", "repair", waited=1.5)
    acd.floor.wrapups["1003"] = WrapUp(NOON + timedelta(seconds=20), "drill-5-node1-1.0")
    acd.floor.wrapups["1004"] = WrapUp(NOON + timedelta(seconds=20), "node1-1.0")
    assert acd.gives_way() == GivesWay(("drill-5-node1-1.2", "drill-5-node1-1.1"), ("1003",))
