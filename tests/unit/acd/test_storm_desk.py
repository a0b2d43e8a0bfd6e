"""The storm's orders: what is asked of every node, what is refused, and that a switch by hand is told once a switch."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from acd.agents.attendance import Attendance, Keeping
from acd.agents.storm import StormDesk, StormRules
from acd.agents.surge import at_tier
from acd.agents.transitions import Rules
from acd.ami.errors import AmiLost
from acd.ami.events import DialplanSaid
from acd.desired.book import Book, SignedIn
from acd.desired.state import Desired
from acd.floor.facts import Floor
from acd.plan import FloorPlan
from acd.reconcile.wanted import is_switch, wanted_floor
from callcenter.clock import FakeClock
from callcenter.commands import Answer, Command, Order, PauseReason, SetNotice, SetSurge, SwitchLine
from callcenter.events import Board, LineSwitched, OrderCarriedOut
from callcenter.line import LineSwitch
from callcenter.roster import Roster

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
PAUSED = Book({"801": SignedIn("801", "1001", NOW, PauseReason.TRAINING)})


@dataclass
class Node:
    down: bool = False
    written: dict[str, str] = field(default_factory=dict)

    async def ask(self, action: str, headers: Mapping[str, str]) -> None:
        if self.down:
            raise AmiLost("down")
        assert (action, headers["Family"]) == ("DBPut", "sixring")
        self.written[headers["Key"]] = headers["Val"]


class Scene:
    """Its book is changed as attendance does it."""

    def __init__(self, book: Book = PAUSED) -> None:
        self.desired, self.nodes = Desired(book, Roster()), [Node(), Node()]
        self.journal: list[list[str]] = []
        self.put: list[OrderCarriedOut | LineSwitched] = []
        self.looks = self.saves = 0
        links: Any = self.nodes
        self.desk = StormDesk(
            self.desired, self, links, StormRules(frozenset({"yunqi"}), ("051288880001",), lambda prompt: prompt == "notice-water"),
            FakeClock(NOW), lambda data: self.journal.append(list(data)), self._look, self.put.append)

    @property
    def told(self) -> list[OrderCarriedOut]:
        return [event for event in self.put if isinstance(event, OrderCarriedOut)]

    @property
    def shown(self) -> list[LineSwitch]:
        return [event.line for event in self.put if isinstance(event, LineSwitched)]

    def _look(self) -> None:
        self.looks += 1

    def surge(self, tier: int) -> bool:
        before = self.desired.book
        self.desired.set(at_tier(before, tier))
        return self.desired.book != before

    def change(self, book: Book, by: str) -> None:
        assert by == "liufang"
        self.desired.set(book)

    async def saved(self) -> None:
        self.saves += 1

    def asks(self, command: Command) -> tuple[str, str]:
        order = Order("o1", "liufang", NOW, NOW + timedelta(seconds=4), command)
        answer: Answer = asyncio.run(self.desk.handlers()[type(command)](order))  # type: ignore[arg-type]
        return answer.code, answer.detail


@pytest.mark.rule("B2")
def test_a_tier_is_taken_once_kept_and_said_again_for_nothing() -> None:
    scene = Scene()
    assert [scene.asks(SetSurge(tier)) for tier in (1, 1, 4, -1, 3, 0)] == [
        ("done", ""), ("done", "already"), ("refused", "tier"), ("refused", "tier"), ("done", ""), ("done", "")]
    assert (scene.saves, scene.desired.book) == (3, PAUSED)


@pytest.mark.rule("H5", part="the notice on the IVR for callers from there")
def test_a_notice_is_for_an_estate_and_a_prompt_that_there_are() -> None:
    scene = Scene()
    asked = [("yunqi", "notice-water"), ("yunqi", "notice-water"), ("", "notice-water"), ("", ""), ("hupan", "notice-water"),
             ("yunqi", "notice-fire"), ("", "notice-water,8000"), ("yunqi", "../../etc"), ("yunqi", "")]
    assert [scene.asks(SetNotice(*one)) for one in asked[:4]] == [("done", ""), ("done", "already"), ("done", ""), ("done", "")]
    assert scene.desired.book.notices == {"yunqi": "notice-water"}
    assert [node.written for node in scene.nodes] == [{}] * 2, "what a person has set for all is nobody else's"
    assert [scene.asks(SetNotice(*one))[0] for one in asked[4:]] == [
        "unknown_estate", "unknown_prompt", "unknown_prompt", "unknown_prompt", "done"]
    assert scene.desired.book == PAUSED


@pytest.mark.rule("C7")
def test_the_line_goes_where_the_site_file_says_on_every_node_or_the_order_has_failed() -> None:
    scene = Scene()
    assert [scene.asks(SwitchLine(to)) for to in ("051288880001", "110", "announcement|1|x", "")] == [
        ("done", ""), ("unknown_number", ""), ("unknown_number", ""), ("done", "")]
    assert scene.journal == [["051288880001", "liufang"], ["", "liufang"]]
    assert [node.written for node in scene.nodes] == [{"switched": f"|{int(NOW.timestamp())}|liufang"}] * 2
    scene.nodes[0].down = True
    with pytest.raises(AmiLost):
        scene.asks(SwitchLine("announcement"))
    assert scene.nodes[1].written["switched"].startswith("announcement|"), "the other node has it"
    assert scene.told == []
    assert scene.shown == [LineSwitch("number", NOW, "liufang"), LineSwitch("", NOW, "liufang")], "no wall is told a mobile"


@pytest.mark.rule("C7", part="the boards are told, after a restart of acd too")
def test_the_boards_are_told_of_a_switched_line_once_a_change_and_anew_at_each_start() -> None:
    scene, again = Scene(), Scene()
    assert scene.desk.truth() == [], "nothing is said before Asterisk was asked"
    for value in ("", "announcement|1795420800|phone-1001", "announcement|1795420800|phone-1001", "13900000001", "??", ""):
        scene.desk.adopt({"switched": value} if value else {})
    by_phone = LineSwitch("announcement", datetime.fromtimestamp(1795420800, UTC), "phone-1001")
    assert scene.shown == [LineSwitch(), by_phone, LineSwitch("number"), LineSwitch("announcement"), LineSwitch()]
    again.desk.adopt({"switched": "announcement|1795420800|phone-1001"})
    assert again.shown == [by_phone]
    assert again.desk.truth() == [LineSwitched(NOW, by_phone)], "a Redis that was emptied hears it again"


@pytest.mark.rule("C7")
def test_a_switch_by_a_phones_code_or_on_the_console_is_looked_at_once_it_is_heard_and_told_under_one_id() -> None:
    scene, again = Scene(), Scene()
    scene.desk.listeners()[DialplanSaid]("node1", DialplanSaid("1.1", "line-switched", "", "", "", seat="1001"))
    scene.desk.listeners()[DialplanSaid]("node1", DialplanSaid("1.1", "entered", "", "", ""))
    assert scene.looks == 1
    for value in ("announcement|1795420800|phone-1001", "announcement|1795420800|phone-1001", "|1795420900|console",
                  "|1795420999|liufang", "by hand"):
        scene.desk.adopt({"switched": value})
    again.desk.adopt({"switched": "announcement|1795420800|phone-1001"})
    again.desk.adopt({})
    first = OrderCarriedOut(NOW, "line-1795420800", "phone", "SwitchLine", "line", "done", "announcement phone-1001")
    assert [event.order_id for event in scene.told] == ["line-1795420800", "line-1795420900"]
    assert [scene.told[0], *again.told] == [first, first], "a start tells it again, and the audit has it already"


class Nowhere:
    """Floors and line of an acd that knows no phone yet."""

    def floors(self) -> list[Floor]:
        return []

    def seat(self, agents: dict[str, str]) -> None:
        pass

    end_wrapup: Any = None
    journal: Any = None
    forget_emergency: Any = None


async def nothing() -> None:
    pass


@pytest.mark.rule("B5", part="what acd takes and gives back")
@pytest.mark.parametrize("lost", [True, False])
def test_a_book_that_was_lost_has_tier_and_notices_back_from_asterisk_and_one_that_was_not_keeps_its_own(lost: bool) -> None:
    desired = Desired(Book(tier=0 if lost else 1), Roster())
    attendance = Attendance(desired, Rules(), FakeClock(NOW), Nowhere(), Nowhere(),
                            Keeping(lambda book: None, nothing, Board, lost=lost), lambda event: None)
    said = {"tier": "2", "notice/yunqi": "notice-water", "notice/-all": "notice-gas", "treat/13900000006": "block"}
    attendance.adopt("node1", said | {"notice": "notice-power"})
    attendance.adopt("node1", {"tier": "3"})
    lost_book = Book(tier=2, notices={"yunqi": "notice-water", "": "notice-gas"}, treated={"13900000006": "block"})
    assert desired.book == (lost_book if lost else Book(tier=1))
    if lost:
        wanted = wanted_floor(FloorPlan("node1", {}, {}, 30), desired.book, Roster(), NOW)
        assert wanted.switches == said, "and it is what stands there already"
        assert [is_switch(key) for key in (*said, "notice")] == [True] * 4 + [False]
