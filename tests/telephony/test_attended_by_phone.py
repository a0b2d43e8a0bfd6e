"""Attended transfers that a phone makes by itself (A9): by the keys of features.conf, and by REFER with Replaces. acd looks on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio
from hotline.control import Control
from hotline.instance import Hotline
from hotline.line import Guest, Line
from hotline.sites import TestSite

from callcenter.commands import CompleteTransfer
from callcenter.events import AgentState, CallState, SeatState
from callcenter.phones import Leg
from callcenter.phones.hearing import has_tone
from callcenter.phones.sound import tone

SEATS = ("1001", "1002", "1003", "1004", "1005", "1006", "1007", "1008")
SITE = TestSite(ring_seconds=1, overflow_after=6, seat_ring=6, survey=False, primary=SEATS, more={
    "queues": [{"id": queue, "name": {"zh": queue, "en": queue}, "seats": seats, "backup": ["1101"], "wrapup": 0}
               for queue, seats in (("repair", ["1001"]), ("complaint", ["1003"]), ("enquiry", ["1004"]))],
    "desk": {"misses": 20}})
pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.rule("A9")]

AGENT_HZ, CALLER_HZ, THIRD_HZ = 700.0, 1300.0, 1000.0
KEYS = {"1001": ("1", "1"), "1003": ("2",), "1004": ("3",)}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def control(hotline: Hotline) -> AsyncIterator[Control]:
    async with Control(hotline) as control:
        yield control


async def talk(line: Line, control: Control, seat: str) -> tuple[Guest, Leg]:
    phone = await line.seat(seat)
    phone.answers_after(0)
    guest = await line.call_and_press(*KEYS[seat])
    leg = await phone.rings()
    phone.never_answers()
    await talking(control, guest, seat)
    return guest, leg


async def talking(control: Control, guest: Guest, seat: str) -> None:
    await control.board_where(lambda board: (call := board.calls.get(guest.call_id)) is not None
                              and call.state is CallState.TALKING and call.seat == seat, f"talks with {seat}")


async def consulting(control: Control, seat: str, now: bool = True) -> None:
    await control.board_where(lambda board: board.agents[seat].consulting is now, f"{seat} asks somebody: {now}")


async def ready(control: Control, *seats: str) -> None:
    await control.board_where(
        lambda board: all(board.seats[seat].state is SeatState.READY for seat in seats)
        and all(board.agents[seat].state is AgentState.READY for seat in seats), f"{seats} ready")


async def hear_each_other(*legs: Leg) -> None:
    """Everybody hears everybody else."""
    tones = (AGENT_HZ, CALLER_HZ, THIRD_HZ)[:len(legs)]
    for leg, hz in zip(legs, tones, strict=True):
        leg.say(tone(hz, 1), forever=True)
    await asyncio.gather(*(
        leg.hears(lambda heard, hz=hz: has_tone(heard.part(-1), hz, at_least=0.1), f"{hz:g} Hz")  # type: ignore[misc]
        for leg in legs for other, hz in zip(legs, tones, strict=True) if other is not leg))
    for leg in legs:
        leg.be_silent()


async def asks(line: Line, first: Leg, seat: str) -> Leg:
    """By keys; returns the leg of who was asked, once they talk."""
    phone = await line.seat(seat)
    phone.answers_after(0)
    await first.press(f"*2{seat}")
    leg = await phone.rings()
    phone.never_answers()
    await leg.answered()
    await hear_each_other(first, leg)
    return leg


def transferred(line: Line, guest: Guest) -> Sequence[tuple[str, ...]]:
    return [entry.data for entry in line.journal.entries(guest.call_id) if entry.event == "TRANSFERRED"]


async def test_by_keys_the_agent_asks_and_hands_over_or_goes_back_or_makes_three(line: Line, control: Control) -> None:
    async def hands_over() -> None:
        guest, first = await talk(line, control, "1003")
        second = await asks(line, first, "1005")
        await consulting(control, "1003")
        await talking(control, guest, "1003")
        await first.hang_up()
        await talking(control, guest, "1005")
        await hear_each_other(second, guest.leg)
        await ready(control, "1003")
        assert transferred(line, guest) == [("1003", "seat", "1005", "attended")]
        await guest.hangs_up()
        await ready(control, "1005")

    async def goes_back() -> None:
        guest, first = await talk(line, control, "1004")
        second = await asks(line, first, "1006")
        await consulting(control, "1004")
        await first.press("*1")
        await second.ended()
        await hear_each_other(first, guest.leg)
        await consulting(control, "1004", now=False)
        await ready(control, "1006")
        assert transferred(line, guest) == []

    async def makes_three() -> None:
        guest, first = await talk(line, control, "1001")
        second = await asks(line, first, "1007")
        await first.press("*3")
        await hear_each_other(first, guest.leg, second)
        await first.hang_up()
        await talking(control, guest, "1007")
        await hear_each_other(second, guest.leg)

    await asyncio.gather(hands_over(), goes_back(), makes_three())


async def test_what_keys_began_the_page_completes(line: Line, control: Control) -> None:
    guest, first = await talk(line, control, "1003")
    second = await asks(line, first, "1005")
    await consulting(control, "1003")
    await control.orders(CompleteTransfer("1003"))
    await first.ended()
    await talking(control, guest, "1005")
    await hear_each_other(second, guest.leg)
    assert transferred(line, guest) == [("1003", "seat", "1005", "attended")]


async def test_by_keys_a_caller_goes_to_who_still_rings_and_comes_back_when_nobody_answers(line: Line, control: Control) -> None:
    async def answered() -> None:
        phone = await line.seat("1005")
        guest, first = await talk(line, control, "1003")
        await first.press("*21005")
        second = await phone.rings()
        await consulting(control, "1003")            # hanging up before that is another story: acd/calls/stranded.py
        await first.hang_up()
        await consulting(control, "1003", now=False)
        await second.answer()
        await talking(control, guest, "1005")
        await hear_each_other(second, guest.leg)

    async def nobody() -> None:
        phone = await line.seat("1006")
        guest, first = await talk(line, control, "1004")
        await first.press("*21006")
        await phone.rings()
        await hear_each_other(first, guest.leg)      # three rings later the agent has the caller back
        await consulting(control, "1004", now=False)

    await asyncio.gather(answered(), nobody())


async def test_a_phone_with_two_lines_hands_over_by_refer_with_replaces(line: Line, control: Control) -> None:
    guest, first = await talk(line, control, "1003")
    other = await line.seat("1005")
    other.answers_after(0)
    await first.hold()
    consulted = await (await line.seat("1003")).dial("1005")
    second = await other.rings()
    await consulted.answered()
    await hear_each_other(consulted, second)
    await first.hand_over(consulted)
    await consulted.ended()
    await talking(control, guest, "1005")
    await hear_each_other(second, guest.leg)
    await ready(control, "1003")
    assert transferred(line, guest) == [("1003", "seat", "1005", "attended")]
    await guest.hangs_up()
    await guest.has("ENDED")
    await ready(control, "1005")
    assert len(line.hotline.recording(guest.call_id)) == 1
