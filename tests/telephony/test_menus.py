"""Keys, wrong keys, silence, a menu in a menu, and languages, as callers meet them."""

from __future__ import annotations

import asyncio

import pytest
from hotline.line import Line
from hotline.sites import TestSite

SITE = TestSite()
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.rule("A3", part="the IVR's greeting")
async def test_a_caller_hears_the_welcome_and_then_the_menu(line: Line) -> None:
    guest = await line.call()
    await guest.hears("welcome")
    await guest.hears("menu-main")


async def test_every_key_leads_to_its_queue(line: Line) -> None:
    await line.seats("1001", "1003", "1004")
    ways = {("2",): "complaint", ("3",): "enquiry", ("0",): "enquiry", ("1", "1"): "repair", ("1", "2"): "repair",
            ("1", "#", "2"): "complaint"}

    async def reached(keys: tuple[str, ...]) -> tuple[str, list[str]]:
        guest = await line.call_and_press(*keys)
        queue = (await guest.has("ENTERQUEUE")).queue
        return queue, [entry.data[1] for entry in line.journal.entries(guest.call_id) if entry.event == "MENU"]

    found = await asyncio.gather(*(reached(keys) for keys in ways))
    assert found == [(queue, list(keys)) for keys, queue in ways.items()]


async def test_a_wrong_key_is_told_and_asked_again(line: Line) -> None:
    await line.seat("1003")
    guest = await line.call_and_press("7")
    await guest.has("MENU", "main", "i")
    await guest.hears("wrong-key")
    await guest.hears("menu-main")
    await guest.presses("2")
    assert (await guest.has("ENTERQUEUE")).queue == "complaint"


async def test_a_caller_who_presses_nothing_is_helped_all_the_same(line: Line) -> None:
    seat = await line.seat("1004")
    guest = await line.call()
    await guest.has("MENU", "main", "t")
    await guest.hears("no-key")
    assert (await guest.has("ENTERQUEUE")).queue == "enquiry"
    assert (await seat.rings()).shows is not None


async def test_star_says_the_menu_again(line: Line) -> None:
    guest = await line.call()
    await guest.hears("menu-main")
    await guest.presses("*")
    await guest.hears("menu-main")


async def test_a_key_may_play_a_notice_and_come_back_to_the_menu(line: Line) -> None:
    guest = await line.call_and_press("5")
    await guest.hears("recording-notice")
    await guest.hears("menu-main")


async def test_key_nine_speaks_english_from_then_on(line: Line) -> None:
    guest = await line.call_and_press("9")
    await guest.has("LANGUAGE", "en")
    await guest.hears("menu-main", language="en")
    await guest.presses("1")
    await guest.hears("menu-repair", language="en")
    assert guest.likeness("menu-repair", "zh") < 0.75


async def test_english_chosen_in_a_nested_menu_lasts_into_the_queue(line: Line) -> None:
    await line.seat("1001")
    guest = await line.call_and_press("1", "9")
    await guest.hears("menu-repair", language="en")
    await guest.presses("1")
    await guest.hears("connecting", language="en")
