"""Nobody answers: the backup seats, a message, a callback. Rings last a second; test_six_rings.py has the real ones."""

from __future__ import annotations

import asyncio

import pytest
from hotline.line import Line
from hotline.sites import TestSite

from callcenter.phones import PATIENCE_S
from callcenter.phones.hearing import has_tone
from callcenter.phones.sound import read_wav, tone

SITE = TestSite(ring_seconds=1, overflow_after=2, backup_for=2)
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_backup_seats_ring_after_the_last_ring_and_one_of_them_answers(line: Line) -> None:
    seat, backup = await line.seats("1003", "1101")
    backup.answers_after(0.2)
    guest = await line.call_and_press("2")
    first = await seat.rings()
    second = await backup.rings()
    waited = second.began_at - first.began_at
    assert 1.5 < waited < SITE.overflow_after * SITE.ring_seconds + 1
    assert (await guest.has("OVERFLOW")).queue == "complaint"
    assert (await guest.has("CONNECT")).agent == "1101"


async def test_primary_seats_go_on_ringing_in_the_backup_stage(line: Line) -> None:
    seat, _ = await line.seats("1003", "1101")
    guest = await line.call_and_press("2")
    await seat.rings()
    await guest.has("OVERFLOW")
    again = await seat.rings()
    await again.answer()
    assert (await guest.has("CONNECT")).agent == "1003"


async def test_with_no_seat_at_work_the_backup_seats_ring_at_once(line: Line) -> None:
    await line.leave("1003")
    backup = await line.seat("1102")
    guest = await line.call_and_press("2")
    entered = asyncio.get_running_loop().time()
    ring = await backup.rings()
    assert ring.began_at - entered < 3    # the word "connecting" takes 1.2 s of it; two rings would be 2 s more
    assert (await guest.has("OVERFLOW")).queue == "complaint"


async def test_nobody_answers_and_the_caller_leaves_a_message(line: Line) -> None:
    await line.seats("1003", "1101")
    guest = await line.call_and_press("2")
    await guest.has("NOBODY")
    await guest.hears("all-busy-choice")
    await guest.presses("1")
    await guest.hears("voicemail-start")
    guest.leg.say(tone(900, 3))
    await guest.leg.said()
    await guest.hangs_up()
    left = await guest.has("VOICEMAIL")
    message = read_wav(line.hotline.settings.voicemail / left.data[0])
    assert left.queue == "complaint"
    assert int(left.data[1]) >= 1
    assert has_tone(message, 900)


@pytest.mark.rule("A11", part="wrong keys cost nobody their place")
async def test_who_presses_wrong_keys_goes_on_waiting_where_seats_are_there(line: Line) -> None:
    await line.seats("1003", "1101")
    guest = await line.call_and_press("2")
    await guest.has("NOBODY")
    for _ in range(2):
        await guest.hears("all-busy-choice")
        await guest.presses("7")
        await guest.hears("wrong-key")
    waits = guest.events.count("ENTERQUEUE")
    async with asyncio.timeout(PATIENCE_S):
        while guest.events.count("ENTERQUEUE") == waits:
            await asyncio.sleep(0.05)
    assert line.journal.entries(guest.call_id)[-1].queue == "complaint.backup"


async def test_nobody_at_all_is_registered_and_the_caller_is_told_so(line: Line) -> None:
    await line.leave("1003", "1101", "1102")
    guest = await line.call_and_press("2")
    await guest.has("NOBODY")
    await guest.hears("nobody-choice")


async def test_a_caller_asks_to_be_rung_back_on_the_own_number(line: Line) -> None:
    await line.leave("1003", "1101", "1102")
    guest = await line.call_and_press("2")
    await guest.hears("nobody-choice")
    await guest.presses("2")
    await guest.hears("callback-confirm")
    await guest.presses("1")
    assert (await guest.has("CALLBACK")).data == (guest.number, "")
    await guest.hears("callback-thanks")


async def test_a_caller_asks_to_be_rung_back_on_another_number_which_may_not_be_abroad(line: Line) -> None:
    await line.leave("1003", "1101", "1102")
    guest = await line.call_and_press("2")
    await guest.hears("nobody-choice")
    await guest.presses("2")
    await guest.hears("callback-confirm")
    await guest.presses("2")
    await guest.hears("callback-ask-number")
    await guest.presses("00442079460000#")
    await guest.hears("wrong-key")
    await guest.hears("nobody-choice")
    await guest.presses("2")
    await guest.hears("callback-confirm")
    await guest.presses("2")
    await guest.hears("callback-ask-number")
    await guest.presses("051288886666#")
    assert (await guest.has("CALLBACK")).data == ("051288886666", "")


async def test_who_shows_a_dear_number_is_asked_for_another(line: Line) -> None:
    await line.leave("1003", "1101", "1102")
    guest = await line.call(number="09001234567")
    await guest.hears_a_voice()
    await guest.presses("2")
    await guest.hears("nobody-choice")
    await guest.presses("2")
    await guest.hears("callback-ask-number")


async def test_a_withheld_number_is_asked_for_a_number_to_ring(line: Line) -> None:
    await line.leave("1003", "1101", "1102")
    guest = await line.call(number="")
    await guest.hears_a_voice()
    await guest.presses("2")
    await guest.hears("nobody-choice")
    await guest.presses("2")
    await guest.hears("callback-ask-number")
    await guest.presses("13800138000#")
    assert (await guest.has("CALLBACK")).data == ("13800138000", "")


async def test_a_caller_who_stays_goes_on_waiting_and_is_answered(line: Line) -> None:
    _, backup = await line.seats("1003", "1101")
    guest = await line.call_and_press("2")
    await guest.has("NOBODY")
    await guest.hears("all-busy-choice")
    backup.answers_after(0)
    assert (await guest.has("CONNECT")).agent == "1101"
