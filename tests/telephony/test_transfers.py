"""Transfers, conference, parking (A9): by acd's orders and by the phones alone. Nobody is lost by one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

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
    JoinOffice,
    Park,
    Retrieve,
    Target,
    TargetKind,
    Transfer,
)
from callcenter.events import CallState, SeatState
from callcenter.phones import Leg, PhoneError, Seat
from callcenter.phones.hearing import has_tone
from callcenter.phones.sound import tone

OUTSIDE = "13911110001"
SEATS = ("1001", "1002", "1003", "1004", "1005", "1006", "1007", "1008")
SITE = TestSite(ring_seconds=1, overflow_after=2, backup_for=3, survey=False, primary=SEATS, more={
    "queues": [{"id": queue, "name": {"zh": queue, "en": queue}, "seats": seats, "backup": ["1101", "1102"], "wrapup": 0}
               for queue, seats in (("repair", ["1001", "1002"]), ("complaint", ["1003"]), ("enquiry", ["1004"]))],
    "departments": [{"id": "guards", "name": {"zh": "保安", "en": "Guards"}, "seat": "1006"},
                    {"id": "lifts", "name": {"zh": "电梯", "en": "Lifts"}, "number": OUTSIDE}],
    "office": "guards", "desk": {"park": 8, "misses": 20},
})
pytestmark = pytest.mark.asyncio(loop_scope="module")

AGENT_HZ, CALLER_HZ = 700.0, 1300.0
KEYS = {"1001": ("1", "1"), "1003": ("2",), "1004": ("3",)}     # what a caller presses to be answered there


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def control(hotline: Hotline) -> AsyncIterator[Control]:
    async with Control(hotline) as control:
        yield control


async def talk(line: Line, control: Control, seat: str = "1003") -> tuple[Guest, Leg]:
    """The caller talks with this seat, and acd knows."""
    phone = await line.seat(seat)
    phone.answers_after(0)
    guest = await line.call_and_press(*KEYS[seat])
    leg = await phone.rings()
    phone.never_answers()
    await talking(control, guest, seat)
    return guest, leg


async def talking(control: Control, guest: Guest, seat: str | None) -> None:
    await control.board_where(lambda board: (call := board.calls.get(guest.call_id)) is not None
                              and call.state is CallState.TALKING and call.seat == seat, f"talks with {seat}")


async def idle(control: Control, *seats: str) -> None:
    await control.board_where(lambda board: all(board.seats[seat].state is SeatState.READY for seat in seats), f"{seats} ready")


async def hear_each_other(one: Leg, other: Leg, hz: float = AGENT_HZ) -> None:
    one.say(tone(hz, 1), forever=True)
    other.say(tone(CALLER_HZ, 1), forever=True)
    await asyncio.gather(
        other.hears(lambda heard: has_tone(heard.part(-1), hz), "the one"),
        one.hears(lambda heard: has_tone(heard.part(-1), CALLER_HZ), "the other"))
    one.be_silent()
    other.be_silent()


async def answering(line: Line, *numbers: str) -> Sequence[Seat]:
    phones = await line.seats(*numbers)
    for phone in phones:
        phone.answers_after(0)
    return phones


def transferred(line: Line, guest: Guest) -> list[tuple[str, ...]]:
    return [entry.data for entry in line.journal.entries(guest.call_id) if entry.event == "TRANSFERRED"]


def to(kind: TargetKind, value: str) -> Target:
    return Target(kind, value)


@pytest.mark.rule("A9")
async def test_a_call_passes_from_agent_to_agent_to_agent_with_its_recording_and_its_data(line: Line, control: Control) -> None:
    second, third = await answering(line, "1005", "1006")
    guest, first = await talk(line, control)
    await control.orders(Transfer("1003", to("seat", "1005")))
    await first.ended()
    two = await second.rings()
    await talking(control, guest, "1005")
    assert two.shows is not None
    assert two.shows.number == guest.number
    await idle(control, "1003")
    await control.orders(Transfer("1005", to("agent", "1006")))
    three = await third.rings()
    await talking(control, guest, "1006")
    await hear_each_other(three, guest.leg)
    await idle(control, "1003", "1005")
    assert transferred(line, guest) == [("1003", "seat", "1005", "blind"), ("1005", "seat", "1006", "blind")]
    await guest.hangs_up()
    await guest.has("ENDED")
    assert guest.events.count("RECORDING") == 1
    assert len(line.hotline.recording(guest.call_id)) == 1
    entries = line.journal.entries(guest.call_id)
    assert [entry.agent for entry in entries if entry.event == "CONNECT"] == ["1003", "1005", "1006"]
    assert [entry.agent for entry in entries if entry.event in {"BLINDTRANSFER", "COMPLETECALLER"}] == ["1003", "1005", "1006"]


async def test_nobody_answers_at_the_other_end_and_the_caller_goes_on_as_any_caller_does(line: Line, control: Control) -> None:
    """To a queue: its chain applies again. To a seat, and the agent has gone home meanwhile: the front of the queue."""
    async def to_a_queue() -> None:
        backup = await line.seat("1101")
        await line.seats("1001", "1002")
        guest, _ = await talk(line, control)
        await control.orders(Transfer("1003", to("queue", "repair")))
        backup.answers_after(0)
        assert (await guest.has("OVERFLOW")).queue == "repair"
        await talking(control, guest, "1101")
        assert (await guest.has("PRIORITY")).data == ("40", "transferred")

    async def to_a_seat() -> None:
        await line.seat("1007")
        guest, _ = await talk(line, control, "1004")
        await control.orders(Transfer("1004", to("seat", "1007")))
        await line.leave("1004")
        backup = await line.seat("1102")
        await guest.hears("transfer-failed")
        backup.answers_after(0)
        await guest.has("OVERFLOW")
        await talking(control, guest, "1102")

    await asyncio.gather(to_a_queue(), to_a_seat())


@pytest.mark.rule("A9")
async def test_a_transfer_that_nobody_takes_comes_back_to_the_agent(line: Line, control: Control) -> None:
    async def comes_back(seat: str, target: Target) -> None:
        guest, first = await talk(line, control, seat)
        await control.orders(Transfer(seat, target))
        await first.ended()
        await guest.hears("transfer-failed")
        again = await (await line.seat(seat)).rings()
        await again.answer()
        await talking(control, guest, seat)
        assert (await guest.has("TRANSFERFAILED")).data == (target.kind, target.value)

    for phone in [*await line.seats("1005", "1006"), await line.outside(OUTSIDE)]:
        phone.rejects()
    await line.leave("1002")
    await asyncio.gather(comes_back("1003", to("seat", "1005")), comes_back("1004", to("department", "guards")),
                         comes_back("1001", to("outside", OUTSIDE)))


async def test_an_outside_number_sees_the_hotlines_own(line: Line, control: Control) -> None:
    phone = await line.outside(OUTSIDE)
    phone.answers_after(0)
    guest, _ = await talk(line, control)
    await control.orders(Transfer("1003", to("department", "lifts")))
    leg = await phone.rings()
    assert leg.shows is not None
    assert leg.shows.number == "8000"
    await leg.answered()
    await hear_each_other(leg, guest.leg)


async def test_what_makes_no_sense_is_refused_and_nothing_happens(line: Line, control: Control) -> None:
    assert (await control.asks(Transfer("1003", to("seat", "1001")))).code == "no_call"
    guest, leg = await talk(line, control)
    wrong: list[tuple[TargetKind, str, str]] = [
        ("seat", "9999", "unknown_seat"), ("queue", "cats", "unknown_queue"), ("agent", "777", "unknown_agent"),
        ("department", "cats", "refused"), ("outside", "0;rm", "refused"), ("seat", "1003", "refused")]
    codes = [(await control.asks(Transfer("1003", to(kind, value)))).code for kind, value, _ in wrong]
    assert codes == [code for _, _, code in wrong]
    assert (await control.asks(Transfer("1003", to("queue", "repair"), attended=True))).code == "refused"
    assert (await control.asks(CompleteTransfer("1003"))).code == "not_now"
    assert (await control.asks(Retrieve("1005", "701"))).code == "no_call"
    assert leg.is_talking
    assert guest.leg.is_talking


@pytest.mark.rule("A9")
async def test_an_attended_transfer_asks_first(line: Line, control: Control) -> None:
    """Then it is completed, or taken back; and an agent who leaves before anybody answered loses nobody."""
    async def completed() -> None:
        (second,) = await answering(line, "1005")
        guest, first = await talk(line, control)
        await control.orders(Transfer("1003", to("seat", "1005"), attended=True))
        two = await second.rings()
        await hear_each_other(first, two)
        await talking(control, guest, "1003")
        await control.orders(CompleteTransfer("1003"))
        await first.ended()
        await talking(control, guest, "1005")
        await hear_each_other(two, guest.leg)
        await idle(control, "1003")
        assert transferred(line, guest) == [("1003", "seat", "1005", "attended")]

    async def taken_back() -> None:
        (second,) = await answering(line, "1006")
        guest, first = await talk(line, control, "1004")
        await control.orders(Transfer("1004", to("seat", "1006"), attended=True))
        two = await second.rings()
        await two.answered()
        await control.orders(CancelTransfer("1004"))
        await two.ended()
        await hear_each_other(first, guest.leg)
        await idle(control, "1006")

    async def left_too_early() -> None:
        second = await line.seat("1007")
        guest, first = await talk(line, control, "1001")
        await control.orders(Transfer("1001", to("seat", "1007"), attended=True))
        await second.rings()
        await first.hang_up()
        again = await (await line.seat("1001")).rings()
        await again.answer()
        await talking(control, guest, "1001")

    await line.leave("1002")
    await asyncio.gather(completed(), taken_back(), left_too_early())


async def test_three_talk_and_the_agent_leaves_the_others(line: Line, control: Control) -> None:
    async def a_third_is_called() -> None:
        (second,) = await answering(line, "1005")
        guest, first = await talk(line, control)
        await control.orders(Conference("1003", to("seat", "1005")))
        two = await second.rings()
        await two.answered()
        await hear_each_other(two, guest.leg)
        assert (await control.asks(Park("1003"))).code == "not_now"
        await first.hang_up()
        await talking(control, guest, "1005")
        await hear_each_other(two, guest.leg)

    async def who_was_asked_joins() -> None:
        (second,) = await answering(line, "1006")
        guest, first = await talk(line, control, "1004")
        await control.orders(Transfer("1004", to("seat", "1006"), attended=True))
        two = await second.rings()
        await two.answered()
        await control.orders(Conference("1004"))
        await hear_each_other(two, guest.leg)
        await hear_each_other(first, two)

    await asyncio.gather(a_third_is_called(), who_was_asked_joins())


@pytest.mark.rule("F5", part="the management office joins the emergency's talk in one act")
async def test_the_management_office_joins_the_talk_in_one_act(line: Line, control: Control) -> None:
    (office,) = await answering(line, "1006")
    guest, first = await talk(line, control)
    answer = await control.asks(JoinOffice("1003"))
    assert (answer.code, answer.detail) == ("done", "guards")
    two = await office.rings()
    await two.answered()
    await hear_each_other(two, guest.leg)
    await hear_each_other(first, two)
    await first.hang_up()
    await hear_each_other(two, guest.leg)


async def test_a_parked_caller_is_taken_back_or_comes_back(line: Line, control: Control) -> None:
    async def taken_back() -> None:
        (second,) = await answering(line, "1005")
        guest, first = await talk(line, control)
        slot = (await control.orders(Park("1003"))).detail
        await control.orders(Retrieve("1005", slot))
        await first.ended()
        two = await second.rings()
        await talking(control, guest, "1005")
        await hear_each_other(two, guest.leg)

    async def comes_back() -> None:
        guest, first = await talk(line, control, "1004")
        await control.orders(Park("1004"))
        await first.ended()
        again = await (await line.seat("1004")).rings()
        await again.answer()
        await talking(control, guest, "1004")
        await guest.has("PARKTIMEOUT")

    async def by_keys() -> None:
        second = await line.seat("1007")
        guest, first = await talk(line, control, "1001")
        await first.press("*0")
        await first.ended()
        await control.board_where(lambda board: board.calls[guest.call_id].state is CallState.QUEUED, "parked")
        await idle(control, "1001")
        async with line.hotline.ami() as ami:
            parked = await ami.act("ParkedCalls", ends_with="ParkedCallsComplete")
        slot = next(one["ParkingSpace"] for one in parked if one.get("ParkeeUniqueid") == guest.call_id)
        two = await second.dial(f"*3{slot}")
        await talking(control, guest, "1007")
        await hear_each_other(two, guest.leg)

    await line.leave("1002")
    await asyncio.gather(taken_back(), comes_back(), by_keys())


async def test_phones_transfer_by_keys_and_by_refer_without_python_and_callers_cannot(line: Line, control: Control) -> None:
    async def phones() -> None:
        second, third = await answering(line, "1005", "1006")
        guest, first = await talk(line, control)
        await first.press("##1005")
        two = await second.rings()
        await talking(control, guest, "1005")
        await two.transfer(line.hotline.switch.uri("1006"))
        three = await third.rings()
        await talking(control, guest, "1006")
        await hear_each_other(three, guest.leg)
        assert transferred(line, guest) == [("1003", "seat", "1005", "blind"), ("1005", "seat", "1006", "blind")]

    async def a_caller() -> None:
        other = await line.seat("1007")
        guest, agent = await talk(line, control, "1004")
        await guest.leg.press("##1007")
        with pytest.raises(PhoneError, match="603"):
            await guest.leg.transfer(line.hotline.switch.uri("1007"))
        await hear_each_other(agent, guest.leg)
        assert not other.has_rung

    await asyncio.gather(phones(), a_caller())


async def test_a_phone_passes_nobody_on_to_a_number_that_the_site_does_not_allow(line: Line, control: Control) -> None:
    abroad, national = await line.outside("00442079460000"), await line.outside("13911110009")
    guest, agent = await talk(line, control)
    await agent.transfer(line.hotline.switch.uri("*900442079460000"))
    await guest.hears("transfer-failed")
    assert (await guest.has("TRANSFERFAILED")).data == ("outside", "00442079460000")
    assert not abroad.has_rung
    again = await (await line.seat("1003")).rings()
    await again.answer()
    await talking(control, guest, "1003")
    await again.transfer(line.hotline.switch.uri("*913911110009"))
    await national.rings()
