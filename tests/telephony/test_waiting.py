"""What a waiting caller hears: the expected wait when there is a fresh estimate and nobody is free, and the way out."""

from __future__ import annotations

import time
from typing import Any

import pytest
import pytest_asyncio
from hotline.line import Guest, Line
from hotline.sites import TestSite

SITE = TestSite(ring_seconds=1, overflow_after=12, backup_for=12, survey=False, more={"desk": {"callback_offer": 100}})
pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.rule("A11")]


async def estimate(line: Line, value: str) -> None:
    async with line.hotline.ami() as ami:
        await ami.act("DBPut", Family="sixring", Key="wait/complaint", Val=value)


@pytest_asyncio.fixture(loop_scope="module")
async def all_talk(line: Line) -> Any:
    """The only seat of `complaint` talks."""
    seat = await line.seat("1003")
    seat.answers_after(0)
    talking = await line.call_and_press("2")
    await talking.has("CONNECT")


async def calls(line: Line) -> Guest:
    return await line.call_and_press("2")


@pytest.mark.usefixtures("all_talk")
async def test_a_caller_who_must_wait_hears_for_how_long_and_the_journal_keeps_what_was_said(line: Line) -> None:
    await estimate(line, f"80|{int(time.time())}")
    guest = await calls(line)
    await guest.hears("expected-wait-prefix")
    await guest.hears("digits/1")
    await guest.hears("queue-minute")
    told = await guest.has("ESTIMATE")
    assert (told.queue, told.data) == ("complaint", ("80",))
    await guest.has("ENTERQUEUE")
    assert guest.likeness("all-busy-choice") < 0.6


@pytest.mark.usefixtures("all_talk")
async def test_more_than_ten_minutes_are_said_so_and_a_message_can_be_left_at_once(line: Line) -> None:
    await estimate(line, f"900|{int(time.time())}")
    guest = await calls(line)
    await guest.hears("expected-wait-long")
    await guest.hears("all-busy-choice")
    await guest.presses("1")
    await guest.hears("voicemail-start")
    assert "ENTERQUEUE" not in guest.events


@pytest.mark.usefixtures("all_talk")
async def test_an_estimate_that_nobody_keeps_fresh_is_not_said(line: Line) -> None:
    await estimate(line, f"900|{int(time.time()) - 61}")
    guest = await calls(line)
    await guest.has("ENTERQUEUE")
    assert "ESTIMATE" not in guest.events


async def test_a_call_for_which_a_seat_is_free_is_not_delayed_by_a_word(line: Line) -> None:
    await estimate(line, f"900|{int(time.time())}")
    seat = await line.seat("1003")
    guest = await calls(line)
    await seat.rings()
    assert "ESTIMATE" not in guest.events
    assert guest.likeness("expected-wait-long") < 0.6
