"""Transfers, conference, parking (A9): by acd's orders and by the phones alone. Nobody is lost by one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from hotline.control import Control
from hotline.instance import Hotline
from hotline.line import Guest, Line
from hotline.sites import TestSite

from callcenter.commands import (
    CancelTransfer,
    CompleteTransfer,
    Conference,
    Park,
    Retrieve,
    Target,
    TargetKind,
    Transfer,
)
from callcenter.events import CallState, SeatState
from callcenter.phones import Leg, PhoneError
from callcenter.phones.hearing import has_tone
from callcenter.phones.sound import tone

OUTSIDE = "13911110001"
SITE = TestSite(ring_seconds=1, overflow_after=2, backup_for=3, survey=False, more={
    "departments": [{"id": "guards", "name": {"zh": "保安", "en": "Guards"}, "seat": "1004"},
                    {"id": "lifts", "name": {"zh": "电梯", "en": "Lifts"}, "number": OUTSIDE}],
    "desk": {"park": 5},
})
pytestmark = pytest.mark.asyncio(loop_scope="module")

AGENT_HZ, OTHER_HZ, CALLER_HZ = 700.0, 1000.0, 1300.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def control(hotline: Hotline) -> AsyncIterator[Control]:
    async with Control(hotline) as control:
        yield control


async def talk(line: Line, control: Control, seat: str = "1003", key: str = "2") -> tuple[Guest, Leg]:
    """The caller talks with this seat, and acd knows."""
    phone = await line.seat(seat)
    phone.answers_after(0)
    guest = await line.call_and_press(key)
    leg = await phone.rings(6)
    phone.never_answers()
    await talking(control, guest, seat)
    return guest, leg


async def talking(control: Control, guest: Guest, seat: str | None, within: float = 6) -> None:
    await control.board_where(lambda board: (call := board.calls.get(guest.call_id)) is not None
                              and call.state is CallState.TALKING and call.seat == seat, within, f"talks with {seat}")


async def idle(control: Control, *seats: str) -> None:
    await control.board_where(lambda board: all(board.seats[seat].state is SeatState.READY for seat in seats), 5, f"{seats} ready")


async def hear_each_other(one: Leg, other: Leg, hz: float = AGENT_HZ) -> None:
    one.say(tone(hz, 1), forever=True)
    other.say(tone(CALLER_HZ, 1), forever=True)
    await asyncio.gather(
        other.hears(lambda heard: has_tone(heard.part(-1), hz), 5, "the one"),
        one.hears(lambda heard: has_tone(heard.part(-1), CALLER_HZ), 5, "the other"))
    one.be_silent()
    other.be_silent()


def to(kind: TargetKind, value: str) -> Target:
    return Target(kind, value)


@pytest.mark.rule("A9")
async def test_a_call_passes_from_agent_to_agent_to_agent_with_its_recording_and_its_data(line: Line, control: Control) -> None:
    second, third = await line.seats("1001", "1002")
    second.answers_after(0)
    third.answers_after(0)
    guest, first = await talk(line, control)
    await control.orders(Transfer("1003", to("seat", "1001")))
    await first.ended(3)
    two = await second.rings(5)
    await talking(control, guest, "1001")
    assert two.shows is not None
    assert two.shows.number == guest.number
    await idle(control, "1003")
    await control.orders(Transfer("1001", to("agent", "1002")))
    three = await third.rings(5)
    await talking(control, guest, "1002")
    await hear_each_other(three, guest.leg)
    await idle(control, "1001", "1003")
    assert [entry.data for entry in line.journal.entries(guest.call_id) if entry.event == "TRANSFERRED"] == [
        ("1003", "seat", "1001", "blind"), ("1001", "seat", "1002", "blind")]
    await guest.hangs_up()
    await guest.has("ENDED")
    assert guest.events.count("RECORDING") == 1
    assert len(line.hotline.recording(guest.call_id)) == 1
    assert [entry.agent for entry in line.journal.entries(guest.call_id) if entry.event == "CONNECT"] == ["1003", "1001", "1002"]
    assert [entry.agent for entry in line.journal.entries(guest.call_id)
            if entry.event in {"BLINDTRANSFER", "COMPLETECALLER", "COMPLETEAGENT"}] == ["1003", "1001", "1002"]


async def test_a_queue_whose_agents_do_not_answer_overflows_as_it_does_for_any_caller(line: Line, control: Control) -> None:
    backup = await line.seat("1101")
    await line.seats("1001", "1002")
    guest, _ = await talk(line, control)
    await control.orders(Transfer("1003", to("queue", "repair")))
    backup.answers_after(0)
    assert (await guest.has("OVERFLOW", within=8)).queue == "repair"
    await backup.rings(4)
    await talking(control, guest, "1101")
    assert (await guest.has("PRIORITY")).data == ("40", "transferred")


@pytest.mark.parametrize("nobody", [("seat", "1002"), ("department", "guards"), ("outside", OUTSIDE)], ids=str)
async def test_a_transfer_that_nobody_answers_comes_back_to_the_agent(line: Line, control: Control,
                                                                     nobody: tuple[TargetKind, str]) -> None:
    phones = [await line.seat("1002"), await line.seat("1004"), await line.outside(OUTSIDE)]
    for phone in phones:
        phone.rejects()
    guest, first = await talk(line, control)
    await control.orders(Transfer("1003", to(*nobody)))
    await first.ended(3)
    await guest.hears("transfer-failed", within=10)
    again = await (await line.seat("1003")).rings(5)
    await again.answer()
    await talking(control, guest, "1003")
    assert (await guest.has("TRANSFERFAILED")).data == nobody


async def test_a_transfer_that_fails_goes_to_the_front_of_the_queue_when_the_agent_is_gone(line: Line, control: Control) -> None:
    await line.seat("1002")
    guest, _ = await talk(line, control)
    await control.orders(Transfer("1003", to("seat", "1002")))
    await line.leave("1003")
    backup = await line.seat("1101")
    backup.answers_after(0)
    await guest.hears("transfer-failed", within=8)
    await backup.rings(6)
    await talking(control, guest, "1101")


async def test_an_outside_number_and_a_department_are_reached_with_the_hotlines_own_number(line: Line, control: Control) -> None:
    phone = await line.outside(OUTSIDE)
    phone.answers_after(0)
    guest, _ = await talk(line, control)
    await control.orders(Transfer("1003", to("department", "lifts")))
    leg = await phone.rings(5)
    assert leg.shows is not None
    assert leg.shows.number == "8000"
    await leg.answered(5)
    await hear_each_other(leg, guest.leg)


async def test_what_makes_no_sense_is_refused_and_nothing_happens(line: Line, control: Control) -> None:
    assert (await control.asks(Transfer("1003", to("seat", "1001")))).code == "no_call"
    guest, leg = await talk(line, control)
    wrong: list[tuple[TargetKind, str, str]] = [
        ("seat", "9999", "unknown_seat"), ("queue", "cats", "unknown_queue"), ("agent", "777", "unknown_agent"),
        ("department", "cats", "refused"), ("outside", "0;rm", "refused"), ("seat", "1003", "refused")]
    codes = [(await control.asks(Transfer("1003", to(kind, value)))).code for kind, value, _ in wrong]
    assert codes == [code for _, _, code in wrong]
    assert (await control.asks(CompleteTransfer("1003"))).code == "not_now"
    assert leg.is_talking
    assert guest.leg.is_talking


@pytest.mark.rule("A9")
async def test_an_attended_transfer_asks_first_and_then_leaves(line: Line, control: Control) -> None:
    second = await line.seat("1001")
    second.answers_after(0)
    guest, first = await talk(line, control)
    await control.orders(Transfer("1003", to("seat", "1001"), attended=True))
    two = await second.rings(5)
    await hear_each_other(first, two)
    await talking(control, guest, "1003")
    await control.orders(CompleteTransfer("1003"))
    await first.ended(3)
    await talking(control, guest, "1001")
    await hear_each_other(two, guest.leg)
    await idle(control, "1003")
    assert (await guest.has("TRANSFERRED")).data == ("1003", "seat", "1001", "attended")


async def test_an_attended_transfer_is_taken_back(line: Line, control: Control) -> None:
    second = await line.seat("1001")
    second.answers_after(0)
    guest, first = await talk(line, control)
    await control.orders(Transfer("1003", to("seat", "1001"), attended=True))
    two = await second.rings(5)
    await two.answered(5)
    await control.orders(CancelTransfer("1003"))
    await two.ended(3)
    await hear_each_other(first, guest.leg)
    await idle(control, "1001")


async def test_an_agent_who_leaves_before_the_other_answers_loses_nobody(line: Line, control: Control) -> None:
    second = await line.seat("1001")
    guest, first = await talk(line, control)
    await control.orders(Transfer("1003", to("seat", "1001"), attended=True))
    await second.rings(5)
    await first.hang_up()
    again = await (await line.seat("1003")).rings(10)
    await again.answer()
    await talking(control, guest, "1003")


async def test_three_talk_and_the_agent_leaves_the_others(line: Line, control: Control) -> None:
    second = await line.seat("1001")
    second.answers_after(0)
    guest, first = await talk(line, control)
    await control.orders(Conference("1003", to("seat", "1001")))
    two = await second.rings(5)
    await two.answered(5)
    await hear_each_other(two, guest.leg)
    await hear_each_other(first, guest.leg)
    await first.hang_up()
    await talking(control, guest, "1001")
    await hear_each_other(two, guest.leg)


async def test_a_consultation_becomes_a_conference(line: Line, control: Control) -> None:
    second = await line.seat("1001")
    second.answers_after(0)
    guest, first = await talk(line, control)
    await control.orders(Transfer("1003", to("seat", "1001"), attended=True))
    two = await second.rings(5)
    await two.answered(5)
    await control.orders(Conference("1003"))
    await hear_each_other(two, guest.leg)
    await hear_each_other(first, two)


async def test_a_parked_caller_is_taken_back_at_another_phone(line: Line, control: Control) -> None:
    second = await line.seat("1001")
    guest, first = await talk(line, control)
    slot = (await control.orders(Park("1003"))).detail
    assert slot.isdigit()
    await first.ended(5)
    second.answers_after(0)
    await control.orders(Retrieve("1001", slot))
    two = await second.rings(5)
    await talking(control, guest, "1001")
    await hear_each_other(two, guest.leg)


async def test_a_parked_caller_whom_nobody_takes_back_rings_where_it_was_parked(line: Line, control: Control) -> None:
    guest, first = await talk(line, control)
    await control.orders(Park("1003"))
    await first.ended(5)
    again = await (await line.seat("1003")).rings(8)
    await again.answer()
    await talking(control, guest, "1003")
    await guest.has("PARKTIMEOUT")


async def test_phones_transfer_by_keys_and_by_refer_without_python(line: Line, control: Control) -> None:
    second, third = await line.seats("1001", "1002")
    second.answers_after(0)
    third.answers_after(0)
    guest, first = await talk(line, control)
    await first.press("##1001")
    two = await second.rings(8)
    await talking(control, guest, "1001")
    await two.transfer(line.hotline.switch.uri("1002"))
    three = await third.rings(5)
    await talking(control, guest, "1002")
    await hear_each_other(three, guest.leg)
    assert [entry.data for entry in line.journal.entries(guest.call_id) if entry.event == "TRANSFERRED"] == [
        ("1003", "seat", "1001", "blind"), ("1001", "seat", "1002", "blind")]


async def test_a_caller_may_not_transfer(line: Line, control: Control) -> None:
    second = await line.seat("1001")
    guest, first = await talk(line, control)
    await guest.leg.press("##1001")
    with pytest.raises(PhoneError, match="603"):
        await guest.leg.transfer(line.hotline.switch.uri("1001"))
    await hear_each_other(first, guest.leg)
    assert not second.has_rung
