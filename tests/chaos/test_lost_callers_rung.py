"""Asterisk is killed while two callers are on the line: both are rung back, once each, by the line itself (C4)."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from hotline.instance import free_offset
from hotline.line import Line
from hotline.sites import TestSite
from hotline.whole import Whole

from callcenter.phones import PATIENCE_S
from callcenter.runtime.pids import alive
from callcenter.runtime.programs import pid_file
from callcenter.settings import CHECKOUT

SOUNDS = CHECKOUT / "asterisk-config/sounds"
TALKED, WAITED = "2901", "2902"
SITE = TestSite(ring_seconds=2, seat_ring=1, overflow_after=12, backup_for=30, survey=False, callback_numbers=("2XXX",),
                more={"outages": {"look_every": 1, "well_for": 1, "starting": 1, "components": {"asterisk": {"down": 1}},
                                  "backup": None}})

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.rule("C2", "C4")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole() -> AsyncIterator[Whole]:
    with free_offset() as offset:
        async with Whole(SITE.text(), offset) as whole:
            yield whole


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(whole: Whole) -> AsyncIterator[Line]:
    async with whole.phones() as phones:
        yield Line(whole, phones, SOUNDS)


async def test_whom_a_dying_asterisk_cut_off_or_left_waiting_is_rung_back_once(whole: Whole, line: Line) -> None:
    seat = await line.seat("1003")
    phones = {number: await line.outside(number) for number in (TALKED, WAITED)}
    seat.answers_after(0)
    guests = {number: await line.call(number=number) for number in (TALKED, WAITED)}
    for number, event in ((TALKED, "CONNECT"), (WAITED, "ENTERQUEUE")):
        await guests[number].hears_a_voice()
        await guests[number].chooses("2")
        await guests[number].has(event)
    killed = alive(pid_file(whole.settings, "asterisk"))
    assert killed is not None
    os.kill(killed.pid, signal.SIGKILL)
    async with asyncio.timeout(PATIENCE_S):
        while (again := alive(pid_file(whole.settings, "asterisk"))) is None or again.pid == killed.pid:
            await asyncio.sleep(0.1)
    await line.phones.hang_up_all()          # they talked to nobody
    seat.answers_after(0)

    for _ in guests:                         # one after the other: there is one seat
        rung = {asyncio.ensure_future(phone.rings()): number for number, phone in phones.items()}
        done, others = await asyncio.wait(rung, return_when=asyncio.FIRST_COMPLETED)
        for other in others:
            other.cancel()
        [first] = done
        number = rung[first]
        leg = first.result()
        await leg.answer()
        ident = guests[number].call_id
        await state_is(whole, ident, "talking")
        await leg.hang_up()
        await state_is(whole, ident, "done")
        phones.pop(number)
    assert {row.call_id for row in whole.rows("SELECT call_id FROM lost_callers")} == {guest.call_id for guest in guests.values()}
    for guest in guests.values():
        [row] = whole.rows("SELECT state, reason FROM tickets WHERE cause = :cause", cause=f"callback:{guest.call_id}")
        assert tuple(row) == ("closed", "lost")
    assert {row.attempts for row in whole.rows("SELECT attempts FROM callbacks")} == {1}


async def state_is(whole: Whole, ident: str, state: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while [row.state for row in whole.rows("SELECT state FROM callbacks WHERE callback_id = :id", id=ident)] != [state]:
            await asyncio.sleep(0.1)
