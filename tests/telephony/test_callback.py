"""A callback keeps the caller's place, and rings the caller only when an agent has taken it. No Python of ours runs here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import count

import pytest
import pytest_asyncio
from hotline.line import Guest, Line
from hotline.sites import TestSite

from acd.ami.errors import AmiLost
from acd.ami.link import AmiAddress, AmiLink
from acd.floor.resync import floor_from, take_snapshot
from acd.plan import FloorPlan
from acd.waiting.callbacks import CallbackDesk
from callcenter.clock import SystemClock
from callcenter.commands import Order, RingBack
from callcenter.events import Board
from callcenter.phones import PATIENCE_S, Seat
from callcenter.phones.hearing import has_tone, speech_seconds
from callcenter.phones.sound import tone
from callcenter.site import load_site

NUMBERS = ("2XXX",)
SITE = TestSite(ring_seconds=2, seat_ring=1, overflow_after=12, backup_for=30, survey=False, callback_numbers=NUMBERS)
pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.rule("A11")]


_SHORT = count(2001)    # numbers are read out, digit by digit


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def no_place_is_left(line: Line) -> AsyncIterator[None]:
    """A kept place waits without an end."""
    yield
    async with line.hotline.ami() as ami:
        for channel in await ami.channels():
            if channel["Channel"].startswith("Local/"):
                await ami.act("Hangup", Channel=channel["Channel"])


async def waits(line: Line, number: str | None = None) -> Guest:
    """A caller who is in the queue `complaint`, where seat 1003 does not answer."""
    guest = await line.call(number=number or str(next(_SHORT)))
    await guest.hears_a_voice()
    await guest.chooses("2")
    await guest.has("ENTERQUEUE")
    await guest.leg.hears(lambda heard: has_tone(heard, 450), "ringback: keys are taken")
    return guest


async def asks_for_a_callback(guest: Guest) -> None:
    await guest.presses("2")
    await guest.hears("callback-confirm")
    await guest.presses("1")
    await guest.has("CALLBACK", guest.number, "kept")


async def place_of(line: Line, guest: Guest) -> str:
    """The call that waits for this caller."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            for entry in line.journal.entries():
                if entry.event == "PLACE" and entry.data[0] == guest.call_id:
                    return entry.call_id
            await asyncio.sleep(0.02)


async def taken(line: Line, guest: Guest, seat: Seat) -> str:
    place = await place_of(line, guest)
    seat.answers_after(0)
    await line.journal.has(place, "CONNECT")
    return place


async def test_the_caller_is_rung_once_an_agent_has_taken_the_callback_and_both_talk(line: Line) -> None:
    seat, guest = await line.seat("1003"), await waits(line)
    phone = await line.outside(guest.number)
    await asks_for_a_callback(guest)
    await guest.hears("callback-thanks")
    await guest.hangs_up()
    await place_of(line, guest)
    assert not phone.has_rung
    place = await taken(line, guest, seat)
    rung = await phone.rings()
    assert rung.peer == "8000"
    assert (await line.journal.has(place, "PLACE")).data == (guest.call_id, "1", guest.number, "")
    await rung.answer()
    answered = await line.journal.has(place, "RANGBACK")
    assert answered.data == (guest.call_id, "1", "answered")
    assert (answered.queue, answered.agent) == ("complaint", "1003")
    home = Guest(rung, guest.number, place, line.journal, line.sounds)
    await home.hears("callback-hello")
    rung.say(tone(900, 2))
    agent = seat.legs[-1]
    await agent.hears(lambda heard: has_tone(heard, 900), "the caller's tone")
    agent.say(tone(600, 1), forever=True)
    await rung.hears(lambda heard: has_tone(heard.part(-1), 600), "the agent's tone", 10)
    await rung.hang_up()
    await line.journal.has(place, "ENDED")
    recorded = (await line.journal.has(place, "RECORDING")).data[0]
    assert (line.hotline.settings.recordings / recorded).stat().st_size > 8_000


async def test_the_callback_is_ahead_of_who_called_later_and_behind_who_called_before(line: Line) -> None:
    await line.seat("1003")
    first, asking, later = await waits(line), await waits(line), await waits(line)
    await line.outside(asking.number)
    await asks_for_a_callback(asking)
    place = await place_of(line, asking)
    async with line.hotline.ami() as ami:
        entries = [entry for entry in await ami.act("QueueStatus", Queue="complaint", ends_with="QueueStatusComplete")
                   if entry.get("Event") == "QueueEntry"]
    assert [entry["Uniqueid"] for entry in entries] == [first.call_id, place, later.call_id]


async def test_a_second_request_of_the_same_number_hears_that_there_is_one(line: Line) -> None:
    await line.seat("1003")
    guest = await waits(line)
    await asks_for_a_callback(guest)
    await place_of(line, guest)
    again = await waits(line, guest.number)
    await again.presses("2")
    await again.hears("callback-confirm")
    await again.presses("1")
    await again.has("CALLBACK", guest.number, "already")
    await again.hears("callback-already")
    assert len([entry for entry in line.journal.entries() if entry.event == "PLACE" and entry.data[2] == guest.number]) == 1


async def test_a_caller_who_is_busy_now_is_journalled_so_and_the_agent_is_free_again(line: Line) -> None:
    seat, guest = await line.seat("1003"), await waits(line)
    phone = await line.outside(guest.number)
    phone.rejects()
    await asks_for_a_callback(guest)
    await guest.hangs_up()
    place = await taken(line, guest, seat)
    assert (await line.journal.has(place, "RANGBACK")).data == (guest.call_id, "1", "busy")
    await line.journal.has(place, "ENDED")
    await seat.legs[-1].ended()


async def test_an_agent_who_hangs_up_before_the_caller_answers_leaves_a_failed_try(line: Line) -> None:
    seat, guest = await line.seat("1003"), await waits(line)
    phone = await line.outside(guest.number)
    await asks_for_a_callback(guest)
    await guest.hangs_up()
    place = await taken(line, guest, seat)
    await phone.rings()
    await seat.legs[-1].hang_up()
    assert (await line.journal.has(place, "RANGBACK")).data == (guest.call_id, "1", "failed")
    await phone.legs[-1].ended()


async def test_to_whom_the_customer_is_transferred_is_shown_the_customers_number(line: Line) -> None:
    seat, other, guest = await line.seat("1003"), await line.seat("1004"), await waits(line)
    phone = await line.outside(guest.number)
    await asks_for_a_callback(guest)
    await guest.hangs_up()
    place = await taken(line, guest, seat)
    rung = await phone.rings()
    await rung.answer()
    await line.journal.has(place, "RANGBACK")
    await seat.legs[-1].transfer(line.phones.switch.uri("1004"))
    leg = await other.rings()
    assert leg.shows
    assert leg.shows.number == guest.number
    await leg.answer()
    rung.say(tone(900, 2))
    await leg.hears(lambda heard: has_tone(heard, 900), "the customer")
    leg.say(tone(600, 1), forever=True)
    await rung.hears(lambda heard: has_tone(heard.part(-1), 600), "the other agent", 10)
    await rung.hang_up()
    await leg.ended()


@pytest.mark.parametrize("who", ["agent", "customer"])
async def test_who_leaves_while_the_customer_is_told_who_calls_has_talked_to_nobody(line: Line, who: str) -> None:
    seat, guest = await line.seat("1003"), await waits(line)
    phone = await line.outside(guest.number)
    await asks_for_a_callback(guest)
    await guest.hangs_up()
    place = await taken(line, guest, seat)
    rung = await phone.rings()
    await rung.answer()
    await rung.hears(lambda heard: speech_seconds(heard) > 0.5, "the prompt")
    await (seat.legs[-1] if who == "agent" else rung).hang_up()
    assert (await line.journal.has(place, "RANGBACK")).data == (guest.call_id, "1", "failed")
    await line.journal.has(place, "ENDED")
    await rung.ended()
    await seat.legs[-1].ended()
    assert line.journal.events(place).count("RANGBACK") == 1


async def test_a_retry_comes_into_the_queue_by_order_and_only_once_an_attempt(line: Line) -> None:
    seat = await line.seat("1003")
    phone = await line.outside("2901")
    settings, clock = line.hotline.settings, SystemClock()
    plan = FloorPlan.of(load_site(settings.site_file), settings.node)
    link = AmiLink(AmiAddress(settings.node, *settings.ami_address, "sixring", settings.secrets()["ami"]), lambda _: None)
    running = asyncio.create_task(link.run())
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    floor = floor_from(plan, await take_snapshot(link), Board(), clock.now())
                    break
                except AmiLost:
                    await asyncio.sleep(0.02)
        desk = CallbackDesk(tuple(plan.queues), [link], lambda: [floor], NUMBERS, SystemClock(), ("alaw", "ulaw"))
        ring = desk.handlers()[RingBack]
        asked = f"{settings.node}-1795000000.1"
        order = Order("o1", "crm", clock.now(), clock.now(), RingBack(asked, 2, "2901", "complaint", 30, 7, "en"))
        assert (await ring(order)).detail == ""
        assert (await ring(order)).detail == "begun"
    finally:
        running.cancel()
    seat.answers_after(0)
    await (await phone.rings()).answer()
    [place] = [entry for entry in line.journal.entries() if entry.event == "PLACE" and entry.data[0] == asked]
    assert place.data == (asked, "2", "2901", "7")
    home = Guest(phone.legs[-1], "2901", place.call_id, line.journal, line.sounds)
    await home.hears("callback-hello", language="en")
    assert (await line.journal.has(place.call_id, "RANGBACK")).data == (asked, "2", "answered")
