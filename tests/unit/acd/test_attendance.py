"""What may happen to the book while somebody waits for Asterisk, and what is still believed when the link comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from acd.agents.attendance import Attendance, Keeping
from acd.agents.transitions import Rules
from acd.ami import events as ami
from acd.desired.book import Book, SignedIn
from acd.desired.state import Desired
from acd.floor.facts import Floor, WrapUp
from acd.plan import FloorPlan, QueuePlan, SeatPlan
from callcenter.clock import FakeClock
from callcenter.commands import Command, Order, Resume
from callcenter.events import AnyEvent, Board, FloorReset
from callcenter.roster import Agent, Roster

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
SEATS = ("1001", "1002")
PLAN = FloorPlan("node1", {seat: SeatPlan(seat, seat, "primary") for seat in SEATS},
                 {"repair": QueuePlan("repair", 30), "enquiry": QueuePlan("enquiry", 5)}, 30, free_seating=True)
RULES = Rules(free_seating=True, seats=frozenset(SEATS), queues=frozenset(PLAN.queues))
ROSTER = Roster({"801": Agent("801", "陈静"), "802": Agent("802", "李晓梅")})
FIRST = Book({"801": SignedIn("801", "1001", NOW)})


async def nothing() -> None:
    return None


class OneFloor:
    def __init__(self) -> None:
        self.floor = Floor(PLAN, online=set(SEATS))

    def floors(self) -> list[Floor]:
        return [self.floor]

    def seat(self, agents: dict[str, str]) -> None:
        self.floor.agents = agents

    def end_wrapup(self, seat: str) -> None:
        self.floor.wrapups.pop(seat, None)


class Asterisk:
    """`meanwhile` is what happens while it ends a wrap-up."""

    def __init__(self) -> None:
        self.journalled, self.released = list[str](), list[str]()
        self.meanwhile: Callable[[], None] = lambda: None

    def journal(self, event: str, *, call_id: str | None, seat: str | None, data: Sequence[str]) -> None:
        self.journalled.append(event)

    async def end_wrapup(self, seat: str) -> None:
        self.released.append(seat)
        self.meanwhile()

    async def forget_emergency(self, seat: str) -> None:
        return None


class Room:
    def __init__(self, book: Book = FIRST, *, lost: bool = False) -> None:
        self.clock, self.place, self.asterisk = FakeClock(NOW), OneFloor(), Asterisk()
        self.desired, self.events = Desired(book, ROSTER), list[AnyEvent]()
        self.attendance = Attendance(self.desired, RULES, self.clock, self.place, self.asterisk,
                                     Keeping(lambda book: None, nothing, Board, lost=lost), self.events.append)

    @property
    def seated(self) -> Mapping[str, str]:
        return {entry.seat: entry.agent for entry in self.desired.book.agents.values()}

    async def ask(self, command: Command) -> str:
        return (await self.attendance.carry_out(Order("one", "somebody", NOW, NOW + timedelta(seconds=4), command))).code

    def hears(self, event: ami.AmiEvent) -> None:
        self.attendance.listeners()[type(event)]("node1", event)

    def reads_all_anew(self) -> None:
        self.attendance.told(FloorReset(self.clock.now(), (), (), ()))


def test_what_others_change_while_a_wrapup_is_being_ended_stays() -> None:
    room = Room()
    room.place.floor.wrapups["1001"] = WrapUp(NOW + timedelta(seconds=30), None)
    room.attendance.look_at_all()
    room.asterisk.meanwhile = lambda: room.attendance.change(
        replace(room.desired.book, tier=1, agents={**room.desired.book.agents, "802": SignedIn("802", "1002", NOW)}), "802")
    assert asyncio.run(room.ask(Resume("801"))) == "done"
    assert (room.seated, room.desired.book.tier) == ({"1001": "801", "1002": "802"}, 1)


@pytest.mark.rule("C1", part="a phone that came back while the link was cut")
def test_what_was_heard_of_a_phone_before_the_link_was_cut_is_not_believed_afterwards() -> None:
    room = Room()
    room.reads_all_anew()
    room.hears(ami.ReachabilityChanged("1001", "Unreachable", "sip:1001@10.0.0.7"))
    room.clock.advance(RULES.fault_after.total_seconds())
    room.attendance.tick()
    assert set(room.desired.book.faults) == {"1001"}
    room.hears(ami.FullyBooted(3600))       # the link is back, and nobody says again what was said meanwhile
    room.reads_all_anew()
    assert (room.desired.book.faults, room.asterisk.journalled[-1]) == ({}, "SEATFAULTEND")


def test_who_signs_in_with_everything_dead_does_not_keep_a_lost_book_from_being_read_from_asterisk() -> None:
    room = Room(Book(), lost=True)

    async def scene() -> None:
        room.attendance.came_back("1002", "802")       # *11 in the very moment in which acd is back
        room.attendance.adopt("node1", {"at-seat/1001": "801", "emergency-sign-in/1002": "802", "tier": "2", "closed/repair": "1"})
        assert (room.seated, room.desired.book.tier) == ({"1001": "801", "1002": "802"}, 2)
        assert room.desired.book.closed == {"repair"}, "what a person has closed is not opened by a disk"
        room.attendance.came_back("1002", "801")
        assert room.seated == {"1002": "801"}, "with a book it is believed at once"
        await asyncio.sleep(0)

    asyncio.run(scene())


def test_an_earlier_calls_wrapup_ends_no_later_ones() -> None:
    room = Room()
    room.hears(ami.SeatCompleted("a", "enquiry", "PJSIP/1001", "leg"))       # 5 s, and the longer queue is to let go then
    room.clock.advance(3)
    room.hears(ami.SeatCompleted("b", "repair", "PJSIP/1001", "leg"))        # 30 s
    room.clock.advance(3)

    async def tick() -> None:
        room.attendance.tick()
        await asyncio.sleep(0)

    asyncio.run(tick())
    assert room.asterisk.released == []
    room.hears(ami.SeatCompleted("c", "enquiry", "PJSIP/1001", "leg"))
    room.clock.advance(5)
    asyncio.run(tick())
    assert room.asterisk.released == ["1001"]
