"""A8: of whoever talks with the caller the file has the voice, however they came: Asterisk's recorder is renewed for each."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from hotline.control import Control
from hotline.instance import Hotline
from hotline.line import Guest, Line
from hotline.sites import TestSite

from callcenter.commands import CompleteTransfer, Conference, Park, PauseRecording, ResumeRecording, Retrieve, Target, Transfer
from callcenter.events import Board, CallState, SeatState
from callcenter.phones import Leg, Seat
from callcenter.phones.hearing import has_tone
from callcenter.phones.sound import tone

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
    """Who was rung last at this phone has the caller, who hears them."""
    leg = await phone.rings()
    await has(control, guest, phone)
    await is_heard(guest, leg, hz)
    return leg


async def has(control: Control, guest: Guest, phone: Seat) -> None:
    def there(board: Board) -> bool:
        call = board.calls.get(guest.call_id)
        return call is not None and call.state is CallState.TALKING and call.seat == phone.seat
    await control.board_where(there, f"talks with {phone.seat}")


async def is_heard(guest: Guest, leg: Leg, hz: float) -> None:
    """For a second and more."""
    leg.say(tone(hz, 1), forever=True)
    await guest.leg.hears(lambda heard: has_tone(heard.part(-1), hz), f"{hz} Hz")
    since = guest.leg.heard.seconds
    await guest.leg.hears(lambda heard: heard.seconds > since + 1, "more of it")
    leg.be_silent()


async def missing(line: Line, guest: Guest) -> list[int]:
    """Of the five who talked."""
    sound = await line.recording_of(guest)
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


async def test_a_pause_in_the_moment_of_a_transfer_is_silence(line: Line, control: Control) -> None:
    """The recorder is being renewed then, and the new one does not know of a pause of the old one."""
    guest, phones = await begins(line, control)
    await control.orders(Transfer("1003", Target("seat", "1005"), attended=True))
    await control.orders(CompleteTransfer("1003"))
    leg = await phones["1005"].rings()
    await has(control, guest, phones["1005"])
    await control.orders(PauseRecording("1005"))
    guest.leg.say(tone(1100, 1), forever=True)
    await leg.hears(lambda heard: has_tone(heard.part(-1), 1100), "the secret")
    guest.leg.be_silent()
    await is_heard(guest, leg, 900)         # nothing of the secret is on its way any more
    await control.orders(ResumeRecording("1005"))
    await is_heard(guest, leg, 700)
    sound = await line.recording_of(guest)
    assert [hz for hz in (500, 700, 900, 1100) if has_tone(sound, hz)] == [500, 700]


async def test_who_comes_by_the_phones_own_transfers_is_in_the_file(line: Line, control: Control) -> None:
    """To and fro by REFER; needs no Python."""
    guest, phones = await begins(line, control)
    leg = phones["1003"].legs[-1]
    for to, hz in (("1005", 700), ("1006", 900), ("1003", 1100), ("1005", 1300)):
        await control.board_where(lambda board, to=to: board.seats[to].state is SeatState.READY, f"{to} is free")
        await leg.transfer(line.phones.switch.uri(to))
        leg = await talks(control, guest, phones[to], hz)
    assert await missing(line, guest) == []
