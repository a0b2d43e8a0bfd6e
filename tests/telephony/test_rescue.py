"""C1: a phone that dies in mid-talk leaves no caller in silence; one that is only out of reach and talks on is left alone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from hotline.control import Control
from hotline.instance import Hotline
from hotline.line import Line
from hotline.lone_phone import LonePhone
from hotline.sites import TestSite

from callcenter.phones.hearing import has_tone
from callcenter.phones.sound import tone

SITE = TestSite(ring_seconds=5, seat_ring=6, more={"desk": {"fault_after": 3}})
pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.rule("C1")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def control(hotline: Hotline) -> AsyncIterator[Control]:
    async with Control(hotline) as control:
        yield control


@pytest.mark.usefixtures("control")
async def test_a_phone_out_of_reach_that_still_talks_keeps_its_caller(line: Line) -> None:
    seat = await line.seat("1001")
    seat.answers_after(0)
    guest = await line.call_and_press("1", "1")
    leg = await seat.rings(5)
    await leg.answered(3)
    leg.say(tone(900, 1), forever=True)
    await line.leave("1001")
    await line.journal.happens("NONE", "SEATFAULT", times=1, within=10)
    assert has_tone(await guest.leg.heard_seconds(5, 8), 900)
    assert leg.is_talking
    assert "RESCUED" not in guest.events


async def test_the_caller_of_a_phone_that_died_is_at_another_seat_within_20_s(control: Control, line: Line) -> None:
    settings = line.hotline.settings
    async with LonePhone(settings.ports.sip, "1001", settings.secrets()["seat-1001"]) as dying:
        guest = await line.call_and_press("1", "1")
        await dying.says("rings")
        await dying.does("answer")
        await dying.says("answer done")
        other = await line.seat("1002")
        await control.board_where(lambda board: any(call.seat == "1001" for call in board.calls.values()), 5, "they talk")
    ring = await other.rings(20)
    assert ring.shows
    assert ring.shows.number == guest.number
    assert (await guest.has("RESCUED")).data == ("1001", "unreachable")
    assert guest.likeness("transfer-failed") > 0.7
    assert (await guest.has("PRIORITY")).data[0] == "1000"
    await ring.answer()
    ring.say(tone(900, 3))
    await guest.leg.hears(lambda heard: has_tone(heard, 900), 5, "the other agent")
    assert guest.events.count("SURVEY") == 0
