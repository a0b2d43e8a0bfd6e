"""The overflow chain of a queue, stage by stage: strict in time, nobody waited for who is not there. Rings last a second."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hotline.line import Guest, Line
from hotline.sites import TestSite

from callcenter.phones.hearing import has_tone
from callcenter.phones.sound import tone

RINGS = 3
CROWD = ("1003", "1004", "1005", "1006", "1007", "1008", "1009", "1010")
ALONE, OTHER, BACKUP, NOBODY = "1001", "1002", "1101", "1011"
GUARD, MANAGER = "13911112222", "13911113333"


def queue(name: str, seats: tuple[str, ...], chain: list[dict[str, Any]]) -> dict[str, Any]:
    return {"id": name, "name": {"zh": name, "en": name}, "seats": list(seats), "backup": [BACKUP], "seat_ring": 1,
            "wrapup": 0, "chain": chain}


SITE = TestSite(
    primary=(ALONE, OTHER, *CROWD, NOBODY), ring_seconds=1, overflow_after=RINGS,
    queues=[
        queue("crowd", CROWD, [{"to": "backup", "for": 2}, {"to": "teams", "for": 3}]),
        queue("deserted", (NOBODY,), [{"to": "backup", "for": 2}, {"to": "outside", "for": 20, "numbers": [GUARD, MANAGER]}]),
        queue("daytime", (NOBODY,), [{"to": "backup", "for": 2, "when": "closed"}, {"to": "teams", "for": 3, "when": "open"}]),
        queue("alone", (ALONE,), [{"to": "backup", "for": 2}]),
    ],
    more={"menus": [
        {"id": "main", "prompts": ["welcome"], "wait": 1, "tries": 1, "silent": {"queue": "crowd"},
         "keys": {"1": {"queue": "crowd"}, "2": {"queue": "deserted"}, "3": {"queue": "daytime"}, "4": {"queue": "alone"}}},
        {"id": "night", "prompts": ["welcome-night"], "wait": 1, "tries": 1, "keys": {}, "silent": {"message": True}},
    ], "numbers": [{"number": "8000", "menu": "main"}]},
)
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.rule("A2")
async def test_eight_idle_seats_that_do_not_answer_hold_the_call_for_no_more_than_its_rings(line: Line) -> None:
    seats = await line.seats(*CROWD)
    backup, other = await line.seats(BACKUP, OTHER)
    guest = await line.call_and_press("1")
    ring = await backup.rings()
    first = min(leg.began_at for seat in seats for leg in seat.legs)
    assert RINGS - 1 <= ring.began_at - first <= RINGS + 1
    assert sum(seat.has_rung for seat in seats) >= 2, "the call went round"
    other.answers_after(0)
    last = await other.rings()
    assert 1 <= last.began_at - ring.began_at <= 3
    assert (await guest.has("CONNECT")).agent == OTHER
    assert overflows(line, guest) == [("1",), ("2",)]


@pytest.mark.rule("A2")
async def test_stages_with_nobody_in_them_are_skipped_at_once_and_an_outside_phone_takes_the_call_with_one(
        line: Line) -> None:
    await line.leave(NOBODY, BACKUP)
    guard, manager = await line.outside(GUARD), await line.outside(MANAGER)
    guest = await line.call_and_press("2")
    await guest.has("RECORDING")
    began = asyncio.get_running_loop().time()
    guard.answers_after(0)
    ring = await guard.rings()
    assert ring.began_at - began < 4     # the word "connecting" takes 1.2 s of it; a stage that is not skipped 2 s or 3 s more
    other = await manager.rings()
    await Guest(ring, GUARD, guest.call_id, line.journal, line.sounds).hears("outside-accept")
    await ring.press("1")
    assert (await guest.has("OUTSIDE")).data == (GUARD,)
    assert await other.ended()
    ring.say(tone(900, 5))
    await guest.leg.hears(lambda heard: has_tone(heard, 900), "the outside phone")


async def test_a_mailbox_that_answers_for_an_outside_number_does_not_swallow_the_call(line: Line) -> None:
    await line.leave(NOBODY, BACKUP)
    mailbox, manager = await line.outside(GUARD), await line.outside(MANAGER)
    mailbox.answers_after(0)
    guest = await line.call_and_press("2")
    swallowed = await mailbox.rings()
    ring = await manager.rings()
    await swallowed.answered()
    await ring.answer()
    await Guest(ring, MANAGER, guest.call_id, line.journal, line.sounds).hears("outside-accept")
    await ring.press("1")
    assert (await guest.has("OUTSIDE")).data == (MANAGER,)
    ring.say(tone(900, 5))
    await guest.leg.hears(lambda heard: has_tone(heard, 900), "the outside phone")


@pytest.mark.rule("A12")
async def test_a_stage_of_other_hours_is_left_out(line: Line) -> None:
    await line.leave(NOBODY)
    _, other = await line.seats(BACKUP, OTHER)
    other.answers_after(0)
    guest = await line.call_and_press("3")
    assert (await guest.has("CONNECT")).agent == OTHER
    assert overflows(line, guest) == [("2",)]


async def test_nobody_new_enters_a_closed_queue_and_it_opens_again(line: Line) -> None:
    seat = await line.seat(ALONE)
    async with line.hotline.ami() as ami:
        await ami.act("DBPut", Family="sixring", Key="closed/alone", Val="1")
        guest = await line.call_and_press("4")
        await guest.hears("nobody-choice")
        assert not seat.has_rung
        await ami.act("DBDel", Family="sixring", Key="closed/alone")
    await line.call_and_press("4")
    await seat.rings()


def overflows(line: Line, guest: Guest) -> list[tuple[str, ...]]:
    return [entry.data for entry in line.journal.entries(guest.call_id) if entry.event == "OVERFLOW"]
