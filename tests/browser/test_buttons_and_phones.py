"""The desk's and the leader's buttons down to the phones: pressed in a real Chromium, heard at real phones, told apart by tones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from hotline.line import Guest
from playwright.async_api import Locator, Page, expect
from wall.chromium import NEEDS
from wall.page_phone import page_phone
from wall.room import AGENT, LEADER, LEADERS_SEAT, PASSWORD, Room

from callcenter.events import AgentState as S
from callcenter.phones import Leg, Seat
from callcenter.phones.hearing import has_tone
from callcenter.phones.sound import tone

pytestmark = [pytest.mark.asyncio(loop_scope="module"), *NEEDS]

AGENT_HZ, OTHER_HZ, LEADER_HZ, CALLER_HZ = 700.0, 900.0, 1100.0, 1300.0


@dataclass(frozen=True)
class Chen:
    """Agent 801, at a telephone, with the desk's page open."""

    room: Room
    page: Page
    phone: Seat

    async def talks(self) -> tuple[Guest, Leg]:
        """With a caller; each has a tone."""
        guest = await self.room.guest()
        leg = await self.phone.rings()
        await leg.answered()
        await expect(self.page.locator("[data-state=talking]")).to_be_visible()
        leg.say(tone(AGENT_HZ, 1), forever=True)
        guest.leg.say(tone(CALLER_HZ, 1), forever=True)
        return guest, leg

    def order(self, name: str) -> Locator:
        return self.page.locator(f'[data-order="{name}"]')


@pytest_asyncio.fixture(loop_scope="module")
async def chen(room: Room) -> AsyncIterator[Chen]:
    phone = await room.line.seat("1001")
    phone.answers_after(0)
    async with page_phone(room.browser, room.url, AGENT, PASSWORD) as opened:
        await opened.page.locator('[data-take="1001"]').click()
        await expect(opened.page.locator("[data-state=ready]")).to_be_visible()
        yield Chen(room, opened.page, phone)


@pytest_asyncio.fixture(loop_scope="module")
async def other(room: Room) -> Seat:
    """Agent 802, who answers at once."""
    phone = await room.seat_of("802", "1003")
    phone.answers_after(0)
    return phone


async def hears(leg: Leg, hz: float) -> None:
    await leg.hears(lambda heard: has_tone(heard.part(-1), hz, at_least=0.1), f"{hz:g} Hz")


async def hears_nothing_of(leg: Leg, hz: float) -> None:
    assert not has_tone(await leg.heard_seconds(1.5), hz, at_least=0.02)


async def consulted(chen: Chen, other: Seat) -> Leg:
    await chen.page.locator('[data-target="802"]').click()
    await chen.order("attended").click()
    leg = await other.rings()
    leg.say(tone(OTHER_HZ, 1), forever=True)
    await expect(chen.order("complete")).to_be_visible()
    return leg


@pytest.mark.rule("A9", part="attended by the desk's buttons, to the phones")
async def test_ask_first_then_hand_over(chen: Chen, other: Seat) -> None:
    guest, own = await chen.talks()
    leg = await consulted(chen, other)
    await hears(own, OTHER_HZ)
    await hears(leg, AGENT_HZ)
    await hears_nothing_of(guest.leg, OTHER_HZ)
    await chen.order("complete").click()
    await own.ended()
    await hears(guest.leg, OTHER_HZ)
    await hears(leg, CALLER_HZ)
    await expect(chen.page.locator("[data-state=ready]")).to_be_visible()
    await guest.has("TRANSFERRED", "801", "agent", "802", "attended")


@pytest.mark.rule("A9", part="a conference by the desk's buttons, to the phones")
async def test_ask_first_then_go_back_or_talk_all_three(chen: Chen, other: Seat) -> None:
    guest, own = await chen.talks()
    leg = await consulted(chen, other)
    await chen.order("cancel").click()
    await leg.ended()
    await hears(guest.leg, AGENT_HZ)
    await expect(chen.order("conference-with")).to_be_visible()
    leg = await consulted(chen, other)
    await chen.order("conference").click()
    await hears(guest.leg, OTHER_HZ)
    await hears(guest.leg, AGENT_HZ)
    await hears(leg, CALLER_HZ)
    await hears(own, OTHER_HZ)
    await guest.has("CONFERENCE", "801", "agent", "802")
    assert "TRANSFERRED" not in guest.events


@pytest.mark.rule("D2", part="listen, whisper, join and take over by the leader's buttons, to the phones")
async def test_the_leader_listens_whispers_joins_and_takes_over(room: Room, chen: Chen) -> None:
    guest, own = await chen.talks()
    await chen.order("help").click()
    leaders = await room.line.seat(LEADERS_SEAT)
    leaders.answers_after(0)
    async with page_phone(room.browser, room.url, LEADER, PASSWORD, path="/lead") as opened:
        card = opened.page.locator('[data-help="801"]')
        await expect(card).to_be_visible()
        await opened.page.locator("[data-test=my-seat]").select_option(LEADERS_SEAT)
        await card.locator("[data-monitor=listen]").click()
        leg = await leaders.rings()
        await leg.answered()
        leg.say(tone(LEADER_HZ, 1), forever=True)
        await hears(leg, AGENT_HZ)
        await hears(leg, CALLER_HZ)
        await hears_nothing_of(own, LEADER_HZ)
        await card.locator("[data-monitor=whisper]").click()
        await hears(own, LEADER_HZ)
        await hears_nothing_of(guest.leg, LEADER_HZ)
        await card.locator("[data-monitor=join]").click()
        await hears(guest.leg, LEADER_HZ)
        await card.locator("[data-monitor=take-over]").click()
        await own.ended()
        await hears(guest.leg, LEADER_HZ)
    await room.floor.agent_is("801", S.READY)
    await expect(chen.page.locator("[data-state=ready]")).to_be_visible()
    assert {entry.data[1] for entry in room.line.journal.entries(guest.call_id) if entry.event == "MONITORED"} == {
        "listen", "whisper", "join"}
    await guest.has("TAKENOVER")
