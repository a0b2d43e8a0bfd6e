"""Agents at real phones: codes, missed calls, dead phones, moves; and Asterisk rings accordingly."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from hotline.instance import Hotline
from hotline.line import Line
from hotline.lone_phone import LonePhone
from hotline.manned import Manned
from hotline.sites import TestSite

from callcenter.commands import Resume, SignIn, SignOut
from callcenter.events import AgentState as S
from callcenter.phones import Leg, Seat

PINS = {"801": "246810", "802": "135791"}
QUEUE = {"backup": ["1101", "1102"], "seat_ring": 2, "backup_for": 4}
SITE = TestSite(
    overflow_after=12,
    queues=[
        {"id": "repair", "name": {"zh": "r", "en": "r"}, "seats": ["1001", "1002"], "wrapup": 3, **QUEUE},
        {"id": "complaint", "name": {"zh": "c", "en": "c"}, "seats": ["1003"], "wrapup": 0, **QUEUE},
        {"id": "enquiry", "name": {"zh": "e", "en": "e"}, "seats": ["1004"], "wrapup": 0, **QUEUE},
    ],
    agents=[{"code": "801", "name": "陈静", "skills": {"repair": 1, "complaint": 1}},
            {"code": "802", "name": "李晓梅", "skills": {"enquiry": 1}}])
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def manned(hotline: Hotline) -> AsyncIterator[Manned]:
    async with Manned(hotline, PINS) as floor:
        yield floor


@pytest_asyncio.fixture(loop_scope="module")
async def floor(manned: Manned, line: Line) -> AsyncIterator[Manned]:
    """Nobody is signed in at its beginning."""
    yield manned
    await line.rest()
    for code in PINS:
        await manned.ask(SignOut(code))


async def dials(seat: Seat, code: str, pin: str = "") -> Leg:
    leg = await seat.dial(code)
    await leg.answered(5)
    if pin:
        await leg.press(f"{pin}#")
    return leg


@pytest.mark.rule("A7", part="free seating")
async def test_an_agent_signs_in_by_code_at_any_seat_and_rings_there(floor: Manned, line: Line) -> None:
    seat = await line.seat("1004")                       # home of another queue
    leg = await dials(seat, "*11801", PINS["801"])
    await floor.agent_is("801", S.READY, seat="1004")
    await leg.ended(8)
    seat.answers_after(0)
    guest = await line.call_and_press("2")
    await seat.rings(5)
    await floor.agent_is("801", S.TALKING)
    board = await floor.board_where(lambda board: guest.call_id in board.calls, 2, "the call")
    assert board.calls[guest.call_id].agent == "801"
    states = [entry.data for entry in floor.hotline.journal.entries() if entry.event == "AGENTSTATE"]
    assert [state[:2] for state in states] == [("801", "READY"), ("801", "RINGING"), ("801", "TALKING")]
    assert states[0][3] == "phone"


async def test_a_wrong_pin_signs_nobody_in(floor: Manned, line: Line) -> None:
    seat = await line.seat("1001")
    leg = await dials(seat, "*11801", "000000")
    await leg.ended(10)
    await floor.agent_is("801", S.SIGNED_OUT)


async def test_the_codes_of_pauses_ready_help_and_out(floor: Manned, line: Line) -> None:
    seat = await line.seat("1001")
    assert (await floor.ask(SignIn("801", "1001"))).code == "done"
    for code, reason in (("*131", "break"), ("*135", "back_office")):
        await (await dials(seat, code)).hang_up()
        shown = await floor.agent_is("801", S.PAUSED)
        await floor.board_where(lambda board, reason=reason: board.agents["801"].reason == reason, 3, reason)  # type: ignore[misc]
        assert shown.seat == "1001"
    await (await dials(seat, "*14")).hang_up()
    await floor.agent_is("801", S.READY)
    await (await dials(seat, "*15")).hang_up()
    await floor.board_where(lambda board: board.agents["801"].help_since is not None, 3, "asks for help")
    await (await dials(seat, "*12")).hang_up()
    await floor.agent_is("801", S.SIGNED_OUT)


async def test_who_misses_calls_is_away_until_resumed(floor: Manned, line: Line) -> None:
    seat = await line.seat("1001")
    await floor.ask(SignIn("801", "1001"))
    await line.call_and_press("2")
    shown = await floor.agent_is("801", S.AWAY, within=15)
    assert shown.missed == 3
    assert len(seat.legs) == 3
    await floor.ask(Resume("801"))
    shown = await floor.agent_is("801", S.READY)
    assert shown.missed == 0


async def test_two_queues_ring_one_agent_at_once_and_one_wins(floor: Manned, line: Line) -> None:
    seat = await line.seat("1001")
    seat.answers_after(0)
    await floor.ask(SignIn("801", "1001"))
    talking = await line.call_and_press("2")
    await floor.agent_is("801", S.TALKING)
    first, second = await line.call_and_press("2"), await line.call_and_press("1", "1")
    await asyncio.gather(first.has("ENTERQUEUE"), second.has("ENTERQUEUE"))
    seat.forget()
    await talking.hangs_up()
    guests = [guest.call_id for guest in (first, second)]
    board = await floor.board_where(lambda board: any(board.calls[one].agent for one in guests), 8, "one of them talks")
    await asyncio.sleep(1.5)     # another ring would have come: app_queue tries again every second
    assert [board.calls[one].agent for one in guests].count("801") == 1
    assert len(seat.legs) == 1


@pytest.mark.rule("C1")
@pytest.mark.parametrize("while_", ["ready", "ringing", "talking", "on hold"])
async def test_a_phone_that_dies_is_a_fault_within_15_s_and_ready_when_it_is_back(
        floor: Manned, line: Line, while_: str) -> None:
    secret = floor.settings.secrets()["seat-1002"]
    async with LonePhone(floor.settings.ports.sip, "1002", secret) as phone:
        await floor.board_where(lambda board: board.seats["1002"].state != "offline", 3, "the phone is there")
        await floor.ask(SignIn("801", "1002"))
        if while_ != "ready":
            await line.call_and_press("2")
            await phone.says("rings")
        if while_ in ("talking", "on hold"):
            await phone.does("answer")
            await floor.agent_is("801", S.TALKING)
        if while_ == "on hold":
            await phone.does("hold")
            await floor.agent_is("801", S.HELD)
        await phone.dies()
    began = time.monotonic()
    await floor.agent_is("801", S.FAULT, within=15)
    print("fault after", while_, time.monotonic() - began)
    async with LonePhone(floor.settings.ports.sip, "1002", secret):
        await floor.board_where(lambda board: board.agents["801"].state is not S.FAULT, 3, "no fault any more")
        await line.rest()
        await floor.ask(Resume("801"))
        await floor.agent_is("801", S.READY)
