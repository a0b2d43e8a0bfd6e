"""A callback's whole life on the whole system: asked for, taken, not answered, tried again by itself, done; or cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from hotline.instance import free_offset
from hotline.journal import Entry
from hotline.line import Guest, Line
from hotline.sites import TestSite
from hotline.whole import Whole

from callcenter.phones import PATIENCE_S
from callcenter.phones.hearing import has_tone
from callcenter.phones.sound import tone
from callcenter.settings import CHECKOUT
from crm.callbacks.service import cancel
from crm.database import open_database
from crm.staff.actor import SYSTEM

SOUNDS = CHECKOUT / "asterisk-config/sounds"
SITE = TestSite(ring_seconds=2, seat_ring=1, overflow_after=12, backup_for=30, survey=False, callback_numbers=("2XXX",),
                more={"desk": {"callback_retry": 5}})
NUMBER, OTHER = "2901", "2902"     # short: they are read out, digit by digit

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.rule("A11")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole() -> AsyncIterator[Whole]:
    with free_offset() as offset:
        async with Whole(SITE.text(), offset) as whole:
            yield whole


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(whole: Whole) -> AsyncIterator[Line]:
    async with whole.phones() as phones:
        yield Line(whole, phones, SOUNDS)


async def asks_for_a_callback(line: Line, number: str) -> Guest:
    """In the queue `complaint`, whose seat 1003 does not answer; hangs up when the place is kept."""
    guest = await line.call(number=number)
    await guest.hears_a_voice()
    await guest.chooses("2")
    await guest.has("ENTERQUEUE")
    await guest.leg.hears(lambda heard: has_tone(heard, 450), "ringback: keys are taken")
    await guest.presses("2")
    await guest.hears("callback-confirm")
    await guest.presses("1")
    await guest.has("CALLBACK", number, "kept")
    await guest.hangs_up()
    return guest


async def place(line: Line, guest: Guest, attempt: int) -> Entry:
    """The call that waits for this caller."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            for entry in line.journal.entries():
                if entry.event == "PLACE" and entry.data[:2] == (guest.call_id, str(attempt)):
                    return entry
            await asyncio.sleep(0.05)


async def callback_is(whole: Whole, guest: Guest, state: str) -> int:
    """The attempts that were made, once the database says so."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            rows = whole.rows("SELECT state, attempts FROM callbacks WHERE callback_id = :id", id=guest.call_id)
            if rows and rows[0].state == state:
                return int(rows[0].attempts)
            await asyncio.sleep(0.1)


def ticket(whole: Whole, guest: Guest) -> str:
    [row] = whole.rows("SELECT state FROM tickets WHERE cause = :cause", cause=f"callback:{guest.call_id}")
    return str(row.state)


def cancels(whole: Whole, guest: Guest) -> None:
    """As the page does it; crm then asks acd for the rest."""
    database = open_database(whole.settings.database_url)
    try:
        with database.writing.begin() as session:
            cancel(session, SYSTEM, guest.call_id, datetime.now(UTC))
    finally:
        database.engine.dispose()


async def test_a_customer_who_does_not_answer_is_tried_again_and_the_ticket_closes_when_both_have_talked(
        whole: Whole, line: Line) -> None:
    seat, phone = await line.seat("1003"), await line.outside(NUMBER)
    phone.rejects()
    guest = await asks_for_a_callback(line, NUMBER)
    await callback_is(whole, guest, "waiting")
    assert ticket(whole, guest) == "open"
    seat.answers_after(0)
    first = await place(line, guest, 1)
    assert (await line.journal.has(first.call_id, "RANGBACK")).data == (guest.call_id, "1", "busy")
    assert await callback_is(whole, guest, "retry") == 1
    assert ticket(whole, guest) == "open"
    phone.never_answers()
    phone.forget()
    second = await place(line, guest, 2)        # nobody asked but crm, over the bus
    rung = await phone.rings()
    await callback_is(whole, guest, "ringing")
    await rung.answer()
    await Guest(rung, NUMBER, second.call_id, line.journal, line.sounds).hears("callback-hello")
    assert await callback_is(whole, guest, "talking") == 2
    rung.say(tone(900, 2))
    await seat.legs[-1].hears(lambda heard: has_tone(heard, 900), "the customer")
    await rung.hang_up()
    await callback_is(whole, guest, "done")
    assert ticket(whole, guest) == "closed"
    await whole.board_where(lambda board: not board.calls and guest.call_id not in board.callbacks, "nobody is left")


async def test_a_cancelled_callback_leaves_the_queue_and_nobody_is_rung(whole: Whole, line: Line) -> None:
    await line.seat("1003")
    phone = await line.outside(OTHER)
    guest = await asks_for_a_callback(line, OTHER)
    waiting = await place(line, guest, 1)
    await whole.board_where(lambda board: waiting.call_id in board.calls, "its place is shown")
    await callback_is(whole, guest, "waiting")
    cancels(whole, guest)
    await line.journal.has(waiting.call_id, "ENDED")
    await whole.board_where(lambda board: waiting.call_id not in board.calls, "its place is gone")
    assert await callback_is(whole, guest, "cancelled") == 1
    assert not phone.has_rung
