"""A browser as a seat's phone: a real Chromium, a real Asterisk, acd, the dashboard and a caller with a real phone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from hotline.line import Guest
from playwright.async_api import Dialog, expect
from wall.chromium import NEEDS
from wall.page_phone import PagePhone, page_phone
from wall.room import AGENT, MICROPHONE_HZ, PASSWORD, Room

from callcenter.commands import SignIn
from callcenter.events import AgentState as S
from callcenter.events import SeatState
from callcenter.phones.hearing import has_tone, is_silent
from callcenter.phones.sound import tone

pytestmark = [pytest.mark.asyncio(loop_scope="module"), *NEEDS]

CALLER_HZ = 700.0


@pytest_asyncio.fixture(loop_scope="module")
async def chen(room: Room) -> AsyncIterator[PagePhone]:
    async with page_phone(room.browser, room.url, AGENT, PASSWORD) as phone:
        yield phone


async def hears_the_agent(guest: Guest) -> None:
    await guest.leg.hears(lambda heard: has_tone(heard.part(-1), MICROPHONE_HZ), "the agent")


def journalled(room: Room, event: str) -> int:
    return sum(entry.event == event for entry in room.line.journal.entries())


@pytest.mark.rule("A1", part="a browser as the seat's phone")
async def test_an_agent_at_a_browser_seat_answers_in_the_page_and_both_hear_each_other(room: Room, chen: PagePhone) -> None:
    await chen.sits_down("1002")
    await room.floor.agent_is("801", S.READY, seat="1002")
    guest = await room.guest()
    await chen.call_is("ringing")
    assert "☎" in await chen.page.title()
    await chen.is_heard_ringing()
    await chen.picture("phone-ringing")
    await chen.act("answer").click()
    await chen.call_is("talking")
    await room.floor.agent_is("801", S.TALKING)
    assert "☎" not in await chen.page.title()
    guest.leg.say(tone(CALLER_HZ, 1), forever=True)
    await chen.hears(CALLER_HZ)
    await hears_the_agent(guest)
    await chen.act("hang-up").click()
    await guest.leg.ended()
    await chen.has_no_call()
    await guest.has("COMPLETEAGENT")
    assert len(room.floor.hotline.recording(guest.call_id)) == 1
    assert journalled(room, "SEATFAULT") == 0


@pytest.mark.rule("A9", part="hold, and a blind transfer by the page's keys")
async def test_hold_mute_and_keys_of_the_page_reach_the_caller(room: Room, chen: PagePhone) -> None:
    other = await room.line.seat("1101")
    await chen.sits_down("1002")
    guest = await room.guest()
    await chen.answers()
    await room.floor.agent_is("801", S.TALKING)
    await chen.act("hold").click()
    await room.floor.agent_is("801", S.HELD)
    assert not has_tone(await guest.leg.heard_seconds(2), MICROPHONE_HZ)
    await chen.act("hold").click()
    await room.floor.agent_is("801", S.TALKING)
    await hears_the_agent(guest)
    await chen.act("mute").click()
    await expect(chen.act("mute")).to_have_attribute("aria-pressed", "true")
    await guest.leg.hears(lambda heard: is_silent(heard.part(-1.5)), "nothing")
    await chen.act("mute").click()
    await hears_the_agent(guest)
    other.answers_after(0)
    await chen.act("keypad").click()
    await chen.picture("phone-talking")
    for key in "##1101":
        await chen.page.locator(f'[data-key="{key}"]').click()
    leg = await other.rings()
    await chen.has_no_call()
    leg.say(tone(500, 1), forever=True)
    await guest.leg.hears(lambda heard: has_tone(heard.part(-1), 500), "the other seat")
    await guest.has("TRANSFERRED", "801", "seat", "1101", "blind")


@pytest.mark.rule("C1", part="a page that is a phone, and is closed in mid-talk")
async def test_the_caller_of_a_tab_that_is_closed_is_at_another_seat_within_20_s(room: Room) -> None:
    other = await room.seat_of("802", "1001")
    async with page_phone(room.browser, room.url, AGENT, PASSWORD) as chen:
        await chen.sits_down("1002")
        guest = await room.guest()
        await chen.answers()
        await room.floor.agent_is("801", S.TALKING)
        closed = asyncio.get_running_loop().time()
    ring = await other.rings()
    assert ring.began_at - closed <= 20
    assert (await guest.has("RESCUED")).data == ("801", "unreachable")
    await room.floor.agent_is("801", S.FAULT, seat="1002")
    await ring.answer()
    ring.say(tone(500, 1), forever=True)
    await guest.leg.hears(lambda heard: has_tone(heard.part(-1), 500), "the other agent")


@pytest.mark.rule("C1", part="a page that is a phone, and is loaded anew in mid-talk")
async def test_a_page_that_is_loaded_anew_in_mid_talk_says_so_and_rings_again(room: Room, chen: PagePhone) -> None:
    await chen.sits_down("1002")
    guest = await room.guest()
    await chen.answers()
    await room.floor.agent_is("801", S.TALKING)
    asked: list[str] = []

    async def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.accept()

    chen.page.on("dialog", leave)
    await chen.page.reload()
    assert asked == ["beforeunload"]
    await chen.is_phone("rescue")
    await expect(chen.page.locator("[data-phone]")).to_contain_text("来电正被放回队首")
    await chen.picture("phone-rescue")
    assert (await guest.has("RESCUED")).data == ("801", "unreachable")
    await chen.is_phone("ready")
    await chen.answers()
    await hears_the_agent(guest)


async def test_nobody_sits_down_at_a_page_that_gets_no_microphone(room: Room) -> None:
    async with page_phone(room.browser, room.url, AGENT, PASSWORD, microphone=False) as chen:
        await chen.page.locator('[data-take="1002"]').click()
        fault = chen.page.locator("[data-test=fault]")
        await expect(fault).to_contain_text("浏览器不允许使用麦克风")
        await chen.page.get_by_role("button", name="English").click()
        await expect(fault).to_contain_text("The browser refuses the microphone")
        await chen.picture("phone-no-microphone-en")
        await room.floor.agent_is("801", S.SIGNED_OUT)
        await chen.context.grant_permissions(["microphone"])
        await chen.sits_down("1002")


async def test_a_microphone_that_is_refused_later_is_told_and_tried_again(room: Room) -> None:
    assert (await room.floor.ask(SignIn("801", "1002"), phone_first=False)).is_done
    async with page_phone(room.browser, room.url, AGENT, PASSWORD, microphone=False) as chen:
        await chen.is_phone("fault")
        await expect(chen.page.locator("[data-test=phone-fault]")).to_contain_text("浏览器不允许使用麦克风")
        await chen.picture("phone-fault")
        await chen.context.grant_permissions(["microphone"])
        await chen.act("again").click()
        await chen.is_phone("ready")
        await room.floor.agent_is("801", S.READY)


async def test_one_tab_is_the_phone_and_another_takes_over_when_it_is_closed(room: Room, chen: PagePhone) -> None:
    await chen.sits_down("1002")
    second = await chen.context.new_page()
    await second.goto(f"{room.url}/desk")
    phone = second.locator("[data-phone]")
    await expect(phone).to_have_attribute("data-phone", "elsewhere")
    await chen.page.goto(f"{room.url}/lead")
    await chen.page.close()
    await expect(phone).to_have_attribute("data-phone", "ready")


async def test_the_phone_goes_on_while_its_agent_looks_at_the_wall_and_ends_with_the_signing_out(
        room: Room, chen: PagePhone) -> None:
    await chen.sits_down("1002")
    await chen.page.get_by_role("link", name="看板").click()
    guest = await room.guest()
    await chen.answers()
    await hears_the_agent(guest)
    await chen.act("hang-up").click()
    await guest.leg.ended()
    await chen.page.get_by_role("link", name="坐席").click()
    await chen.page.locator("[data-order=sign-out]").click()
    await expect(chen.page.locator("[data-phone]")).to_have_count(0)
    await room.floor.board_where(lambda board: board.seats["1002"].state is SeatState.OFFLINE, "the page is no phone any more")
