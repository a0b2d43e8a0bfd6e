"""C1: a phone that dies in mid-talk leaves no caller in silence; one that is only out of reach and talks on is left alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from hotline.control import Control
from hotline.instance import Hotline
from hotline.line import Guest, Line
from hotline.lone_phone import LonePhone
from hotline.sites import TestSite

from callcenter.commands import Conference, RingBack, Target
from callcenter.events import AgentState, SeatState
from callcenter.phones import PATIENCE_S
from callcenter.phones.hearing import has_tone
from callcenter.phones.sound import tone

SITE = TestSite(ring_seconds=5, seat_ring=6, callback_numbers=("2XXX",), more={"desk": {"fault_after": 3}})
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
    leg = await seat.rings()
    await leg.answered()
    leg.say(tone(900, 1), forever=True)
    await line.leave("1001")
    await line.journal.happens("NONE", "SEATFAULT", times=1)
    assert has_tone(await guest.leg.heard_seconds(5), 900)
    assert leg.is_talking
    assert "RESCUED" not in guest.events


async def test_the_caller_of_a_phone_that_died_is_at_another_seat_within_20_s(control: Control, line: Line) -> None:
    async with lone_phone(line, "1001") as dying:
        guest = await line.call_and_press("1", "1")
        await answered(dying)
        other = await line.seat("1002")
        await control.board_where(lambda board: any(call.seat == "1001" for call in board.calls.values()), "they talk")
    died = asyncio.get_running_loop().time()
    ring = await other.rings()
    assert ring.began_at - died <= 20
    assert ring.shows
    assert ring.shows.number == guest.number
    assert (await guest.has("RESCUED")).data == ("1001", "unreachable")
    assert guest.likeness("transfer-failed") > 0.7
    assert (await guest.has("PRIORITY")).data[0] == "1000"
    await ring.answer()
    ring.say(tone(900, 3))
    await guest.leg.hears(lambda heard: has_tone(heard, 900), "the other agent")
    assert guest.events.count("SURVEY") == 0


async def test_a_phone_that_dies_with_a_caller_on_hold_or_in_a_conference_loses_nobody(control: Control, line: Line) -> None:
    await asyncio.gather(from_hold(control, line), from_a_conference(control, line))


@pytest.mark.rule("A11", part="the agent's phone dies")
@pytest.mark.parametrize("meanwhile", ["rings", "talks"])
async def test_who_is_rung_back_loses_nobody_when_the_agents_phone_dies(control: Control, line: Line, meanwhile: str) -> None:
    number = {"rings": "2001", "talks": "2002"}[meanwhile]
    phone = await line.outside(number)
    async with lone_phone(line, "1001") as dying:
        asked = f"{line.hotline.settings.node}-1795000000.{number}"
        await control.board_where(lambda board: board.seats["1001"].state is SeatState.READY, "an agent is there")
        await control.orders(RingBack(asked, 1, number, "repair"))
        await answered(dying)
        rung = await phone.rings()
        [place] = [entry.call_id for entry in line.journal.entries() if entry.event == "PLACE" and entry.data[0] == asked]
        home = Guest(rung, number, place, line.journal, line.sounds)
        if meanwhile == "talks":
            await picks_up(home)
        await control.board_where(lambda board: any(call.seat == "1001" for call in board.calls.values()), "it is the agent's")
        other = await line.seat("1002")
    ring = await other.rings(2 * PATIENCE_S)
    assert (await home.has("RESCUED")).data == ("1001", "unreachable")
    if meanwhile == "rings":
        await picks_up(home)
    await ring.answer()
    ring.say(tone(900, 1), forever=True)
    await rung.hears(lambda heard: has_tone(heard.part(-1), 900), "the other agent")
    assert home.events.count("RANGBACK") == 1
    await rung.hang_up()
    await ring.ended()


async def picks_up(home: Guest) -> None:
    await home.leg.answer()
    await home.hears("callback-hello")
    assert (await home.has("RANGBACK")).data[2] == "answered"


async def from_hold(control: Control, line: Line) -> None:
    """A phone on hold sends nothing by right: it is given half a minute."""
    async with lone_phone(line, "1001") as dying:
        guest = await line.call_and_press("1", "1")
        await answered(dying)
        await dying.does("hold")
        await dying.says("hold done")
        await control.board_where(lambda board: board.agents["1001"].state is AgentState.HELD, "the caller is on hold")
        other = await line.seat("1002")
    ring = await other.rings(2 * PATIENCE_S)
    assert (await guest.has("RESCUED")).data == ("1001", "unreachable")
    await ring.answer()
    ring.say(tone(900, 3))
    await guest.leg.hears(lambda heard: has_tone(heard, 900), "the other agent")


async def from_a_conference(control: Control, line: Line) -> None:
    """Nobody but the dead one is cut: the caller goes on with whoever is left."""
    async with lone_phone(line, "1003") as dying:
        guest = await line.call_and_press("2")
        await answered(dying)
        await control.board_where(lambda board: any(call.seat == "1003" for call in board.calls.values()), "they talk")
        third = await line.seat("1004")
        third.answers_after(0)
        await control.orders(Conference("1003", Target("seat", "1004")))
        leg = await third.rings()
        await leg.answered()
        leg.say(tone(900, 1), forever=True)
        await guest.leg.hears(lambda heard: has_tone(heard.part(-1), 900), "the third")
    await control.board_where(lambda board: (call := board.calls.get(guest.call_id)) is not None and call.seat == "1004",
                              "the caller talks with who is left", 2 * PATIENCE_S)
    assert has_tone(await guest.leg.heard_seconds(2), 900)
    assert leg.is_talking
    assert "RESCUED" not in guest.events
    async with line.hotline.ami() as ami:
        names = [channel["Channel"] for channel in await ami.channels()]
    assert not any(name.startswith("PJSIP/1003-") for name in names), names


def lone_phone(line: Line, seat: str) -> LonePhone:
    settings = line.hotline.settings
    return LonePhone(settings.ports.sip, seat, settings.secrets()[f"seat-{seat}"])


async def answered(phone: LonePhone) -> None:
    await phone.says("rings")
    await phone.does("answer")
    await phone.says("answer done")
