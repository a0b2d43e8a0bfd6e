"""Codes dialled at a seat's phone become orders, and the phone is told how each ended."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import cast

import pytest

from acd.agents.attendance import Attendance
from acd.agents.keypad import WAITS, Keypad, command_of
from acd.agents.line import AgentLine
from acd.ami.events import DialplanSaid
from acd.bus.orders import OrderDesk, done
from acd.desired.book import Book, SignedIn
from acd.desired.state import Desired
from callcenter.clock import FakeClock
from callcenter.commands import Answer, AskHelp, Command, EndHelp, ExtendWrapUp, Order, Pause, PauseReason, Resume, SignIn, SignOut
from callcenter.events import OrderCarriedOut
from callcenter.roster import Roster

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def said(what: str, *, seat: str = "1001", agent: str = "", reason: str = "") -> DialplanSaid:
    return DialplanSaid("u", f"order-{what}", "", "", "", seat=seat, agent=agent, reason=reason, channel="PJSIP/1001-1")


@pytest.mark.parametrize(("code", "command"), [
    (said("sign-in", agent="801"), SignIn("801", "1001")), (said("sign-out"), SignOut("901")),
    (said("pause", reason="2"), Pause("901", PauseReason.MEAL)), (said("resume"), Resume("901")),
    (said("help"), AskHelp("901")), (said("extend"), ExtendWrapUp("901", 60)),
    (said("pause", reason="9"), None), (said("sign-in"), None), (said("dance"), None),
])
def test_a_code_asks_for_whoever_sits_at_the_phone(code: DialplanSaid, command: Command | None) -> None:
    assert command_of(code, "901", asks_help=False) == command


def test_the_help_code_ends_help_that_is_asked_for_and_at_an_empty_seat_only_signing_in_means_anything() -> None:
    assert command_of(said("help"), "901", asks_help=True) == EndHelp("901")
    assert command_of(said("pause", reason="1"), None, asks_help=False) is None
    assert command_of(said("sign-in", agent="801"), None, asks_help=False) == SignIn("801", "1001")


class Phones:
    """Stands in for the line and for attendance; `all_told` is set once that many phones were told."""

    def __init__(self, wanted: int) -> None:
        self.told: list[tuple[str, str, str]] = []
        self.adopted: list[tuple[str, str]] = []
        self.all_told = asyncio.Event()
        self._wanted = wanted

    async def tell_phone(self, seat: str, channel: str, code: str) -> None:
        self.told.append((seat, channel, code))
        if len(self.told) == self._wanted:
            self.all_told.set()

    def came_back(self, seat: str, agent: str) -> None:
        self.adopted.append((seat, agent))


def after_hearing(*codes: DialplanSaid) -> tuple[Phones, list[Order], list[OrderCarriedOut]]:
    answered = sum(code.what != "order-emergency" for code in codes)
    phones, orders, events = Phones(answered), list[Order](), list[OrderCarriedOut]()

    async def scene() -> None:
        clock = FakeClock(NOW)

        async def handle(order: Order) -> Answer:
            orders.append(order)
            return done(order)

        desk = OrderDesk({SignIn: handle, Pause: handle}, clock, events.append)
        desired = Desired(Book({"801": SignedIn("801", "1001", NOW)}), Roster())
        keypad = Keypad(desk, cast(Attendance, phones), desired, cast(AgentLine, phones), clock)
        for code in codes:
            keypad.heard("node1", code)
        if answered:
            await phones.all_told.wait()

    asyncio.run(asyncio.wait_for(scene(), 5))
    return phones, orders, events


def test_an_order_from_a_phone_lasts_as_long_as_the_dialplan_waits_and_the_phone_hears_its_code() -> None:
    phones, [order], [event] = after_hearing(said("pause", reason="1"))
    assert (order.by, order.command, order.deadline - NOW) == ("phone", Pause("801", PauseReason.BREAK), WAITS)
    assert phones.told == [("1001", "PJSIP/1001-1", "done")]
    assert (event.by, event.code, event.order_id) == ("phone", "done", order.order_id)


def test_a_code_that_means_nothing_there_is_refused_at_once() -> None:
    phones, orders, events = after_hearing(said("pause", seat="1002", reason="1"))
    assert (phones.told, orders, events) == ([("1002", "PJSIP/1001-1", "refused")], [], [])


def test_who_signed_in_while_python_was_dead_is_taken_over_and_needs_no_answer() -> None:
    phones, orders, _ = after_hearing(said("emergency", agent="801"))
    assert (phones.adopted, phones.told, orders) == ([("1001", "801")], [], [])
