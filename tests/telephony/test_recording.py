"""A8: of whoever talks with the caller the file has the voice, however they came: Asterisk's recorder is renewed for each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from hotline.control import Control
from hotline.instance import Hotline
from hotline.line import Guest, Line
from hotline.sites import TestSite

from callcenter.commands import CompleteTransfer, Conference, Park, Retrieve, Target, Transfer
from callcenter.events import Board, CallState, SeatState
from callcenter.phones import PATIENCE_S, Leg, Seat
from callcenter.phones.hearing import has_tone
from callcenter.phones.sound import Sound, read_wav, tone

SITE = TestSite(ring_seconds=1, overflow_after=2, backup_for=3, survey=False, primary=("1001", "1003", "1005", "1006"), more={
    "queues": [{"id": queue, "name": {"zh": queue, "en": queue}, "seats": seats, "backup": ["1101"], "wrapup": 0}
               for queue, seats in (("repair", ["1001"]), ("complaint", ["1003"]), ("enquiry", ["1001"]))]})
pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.rule("A8", part="after the call was passed on")]

LEADS_TO_1003 = "2"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def control(hotline: Hotline) -> AsyncIterator[Control]:
    async with Control(hotline) as control:
        yield control


async def begins(line: Line, control: Control) -> tuple[Guest, dict[str, Seat]]:
    """The caller talks with 1003 and has heard it; whoever is rung answers at once."""
    numbers = ("1003", "1005", "1006")
    phones = dict(zip(numbers, await line.seats(*numbers), strict=True))
    for phone in phones.values():
        phone.answers_after(0)
    guest = await line.call_and_press(LEADS_TO_1003)
    await talks(control, guest, phones["1003"], 500)
    return guest, phones


async def talks(control: Control, guest: Guest, phone: Seat, hz: float) -> Leg:
    """Who was rung last at this phone has the caller, who hears them for a second and more."""
    leg = await phone.rings()

    def there(board: Board) -> bool:
        call = board.calls.get(guest.call_id)
        return call is not None and call.state is CallState.TALKING and call.seat == phone.seat
    await control.board_where(there, f"talks with {phone.seat}")
    leg.say(tone(hz, 1), forever=True)
    await guest.leg.hears(lambda heard: has_tone(heard.part(-1), hz), f"{hz} Hz")
    since = guest.leg.heard.seconds
    await guest.leg.hears(lambda heard: heard.seconds > since + 1, "more of it")
    leg.be_silent()
    return leg


async def recorded(line: Line, guest: Guest) -> Sound:
    await guest.hangs_up()
    await guest.has("ENDED")
    assert guest.events.count("RECORDING") == 1
    file, size = line.hotline.settings.recordings / (await guest.has("RECORDING")).data[0], -1
    async with asyncio.timeout(PATIENCE_S):
        while size != (size := file.stat().st_size) or size < 1000:     # the last samples are written after the call
            await asyncio.sleep(0.2)
    return read_wav(file)


async def missing(line: Line, guest: Guest) -> list[int]:
    """Of the five who talked."""
    sound = await recorded(line, guest)
    return [hz for hz in (500, 700, 900, 1100, 1300) if not has_tone(sound, hz)]


async def test_who_comes_by_order_is_in_the_file(line: Line, control: Control) -> None:
    """Blind, attended, from the parking place, and who is left of three: each of them was lost one time in two."""
    guest, phones = await begins(line, control)
    await control.orders(Transfer("1003", Target("seat", "1005")))
    await talks(control, guest, phones["1005"], 700)

    await control.orders(Transfer("1005", Target("seat", "1006"), attended=True))
    await control.orders(CompleteTransfer("1005"))
    await talks(control, guest, phones["1006"], 900)

    slot = (await control.orders(Park("1006"))).detail
    await control.orders(Retrieve("1005", slot))
    leg = await talks(control, guest, phones["1005"], 1100)

    await control.board_where(lambda board: board.seats["1003"].state is SeatState.READY, "1003 is free")
    await control.orders(Conference("1005", Target("seat", "1003")))
    await control.board_where(lambda board: board.seats["1003"].state is SeatState.TALKING, "three talk")
    await leg.hang_up()
    await talks(control, guest, phones["1003"], 1300)
    assert await missing(line, guest) == []


async def test_who_comes_by_the_phones_own_transfers_is_in_the_file(line: Line, control: Control) -> None:
    """To and fro by REFER; needs no Python."""
    guest, phones = await begins(line, control)
    leg = phones["1003"].legs[-1]
    for to, hz in (("1005", 700), ("1006", 900), ("1003", 1100), ("1005", 1300)):
        await control.board_where(lambda board, to=to: board.seats[to].state is SeatState.READY, f"{to} is free")
        await leg.transfer(line.phones.switch.uri(to))
        leg = await talks(control, guest, phones[to], hz)
    assert await missing(line, guest) == []
