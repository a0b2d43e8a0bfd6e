"""C1 with every Python dead: Asterisk itself misses the phone's sound, and the caller goes back to the queue."""

from __future__ import annotations

import pytest
from hotline.line import Line
from hotline.lone_phone import LonePhone
from hotline.sites import TestSite

SITE = TestSite(ring_seconds=5, seat_ring=6, more={"desk": {"phone_silent": 3}})
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.rule("C1")
async def test_the_caller_of_a_phone_that_fell_silent_is_rung_elsewhere_and_a_later_talk_ends_as_ever(line: Line) -> None:
    settings = line.hotline.settings
    async with LonePhone(settings.ports.sip, "1001", settings.secrets()["seat-1001"]) as dying:
        guest = await line.call_and_press("1", "1")
        await dying.says("rings")
        await dying.does("answer")
        await dying.says("answer done")
        other = await line.seat("1002")
    ring = await other.rings()
    assert (await guest.has("RESCUED")).data == ("1001", "timeout")
    await ring.answer()
    await guest.journal.happens(guest.call_id, "CONNECT", times=2)
    await ring.hang_up()
    await guest.hears("survey")
    assert guest.events.count("RESCUED") == 1
