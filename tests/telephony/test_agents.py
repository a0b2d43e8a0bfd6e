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

from callcenter.commands import MoveSeat, Pause, PauseReason, Resume, SignIn, SignOut
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
