"""Real rings, five seconds each: the promise of the name."""

from __future__ import annotations

import asyncio

import pytest
from hotline.line import Line
from hotline.sites import TestSite

from callcenter.phones import Seat

SITE = TestSite(ring_seconds=5, overflow_after=6, seat_ring=2, backup_for=10)
pytestmark = pytest.mark.asyncio(loop_scope="module")

SIX_RINGS = 30.0


@pytest.mark.rule("A2")
async def test_two_idle_seats_that_do_not_answer_give_way_to_a_backup_seat_by_the_seventh_ring(line: Line) -> None:
    first, second, backup = await line.seats("1001", "1002", "1101")
    backup.answers_after(0.5)
    guest = await line.call_and_press("1", "1")
    rings = await asyncio.gather(*(_first_ring(seat) for seat in (first, second)))
    ring = await backup.rings(2 * SIX_RINGS)
    waited = ring.began_at - min(rings)
    assert SIX_RINGS - 1 <= waited <= SIX_RINGS + 1
    assert (await guest.has("CONNECT")).agent == "1101"


async def _first_ring(seat: Seat) -> float:
    return (await seat.rings()).began_at
