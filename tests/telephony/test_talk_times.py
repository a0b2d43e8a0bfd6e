"""A call goes from hand to hand, by the phones' own keys alone: talk time belongs to who talked.

The real recorder reads the real files of a real Asterisk; the truth is what the phones saw.
"""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hotline.line import Guest, Line
from hotline.sites import TestSite

from callcenter.clock import SystemClock
from callcenter.phones import PATIENCE_S, Leg, Seat
from crm.calls import service
from crm.calls.journal import parse_cel, parse_queue_log
from crm.calls.record import Outcome
from crm.calls.recorder import Recorder, Source
from crm.calls.schemas import CallShown
from crm.database import Database, open_database
from crm.migrate import migrate

SITE = TestSite(survey=False)
TOLERANCE_S = 1.0

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Desk:
    """The seats, who pick up at once, and the recorder over the line's journal."""

    def __init__(self, line: Line, folder: Path) -> None:
        self._line = line
        self._database: Database = open_database(f"sqlite:///{folder}/talk.db")
        migrate(self._database)
        settings = line.hotline.settings
        self._recorder = Recorder(
            self._database,
            (Source("queue_log", settings.queue_log, parse_queue_log), Source("cel", settings.cel_log, parse_cel)),
            node="node1", tz=ZoneInfo("Asia/Shanghai"), short_abandon_s=5, clock=SystemClock())

    async def seat(self, number: str) -> Seat:
        seat = await self._line.seat(number)
        seat.answers_after(0)
        return seat

    async def takes(self, seat: Seat) -> Leg:
        leg = await seat.rings()
        await leg.answered()
        return leg

    def uri(self, number: str) -> str:
        return self._line.phones.switch.uri(number)

    async def record(self, guest: Guest) -> CallShown:
        """Once both files have told of its end."""
        await guest.has("ENDED")
        async with asyncio.timeout(PATIENCE_S):
            while True:
                self._recorder.poll()
                with self._database.reading() as session:
                    call = next((call for call in service.calls(session) if call.call_id == guest.call_id), None)
                if call and call.ended_at and call.talk:
                    return call
                await asyncio.sleep(0.05)

    def close(self) -> None:
        self._database.close()


def talked(call: CallShown, kind: str = "talk") -> list[tuple[str | None, float]]:
    return [(one.seat, (one.ended_at - one.began_at).total_seconds()) for one in call.talk if one.kind.value == kind]


def lasted(leg: Leg) -> float:
    assert leg.answered_at is not None
    assert leg.ended_at is not None
    return leg.ended_at - leg.answered_at


async def blind_chain(desk: Desk, line: Line) -> None:
    """The caller is sent on twice, and hangs up on the third."""
    first, second, third = [await desk.seat(number) for number in ("1003", "1101", "1102")]
    guest = await line.call_and_press("2")
    legs = [await desk.takes(first)]
    await asyncio.sleep(1.5)
    await legs[0].transfer(desk.uri("1101"))
    legs.append(await desk.takes(second))
    await asyncio.sleep(3)
    await legs[1].transfer(desk.uri("1102"))
    legs.append(await desk.takes(third))
    await asyncio.sleep(1)
    await guest.hangs_up()
    for leg in legs:
        await leg.ended()
    call = await desk.record(guest)
    assert talked(call) == [(seat, pytest.approx(lasted(leg), abs=TOLERANCE_S))
                            for seat, leg in zip(("1003", "1101", "1102"), legs, strict=True)]
    assert call.talk_s == pytest.approx(lasted(legs[0]), abs=TOLERANCE_S)
    assert (call.answered_by, call.outcome) == ("1003", Outcome.ANSWERED)


async def attended_chain(desk: Desk, line: Line) -> None:
    """Each asks the next one first, with the caller on hold; the last hangs up."""
    order = ("1004", "1001", "1002")
    seats = [await desk.seat(number) for number in order]
    guest = await line.call_and_press("3")
    leg = await desk.takes(seats[0])
    consulted: list[Leg] = []
    for asks, asked in pairwise(seats):
        await asyncio.sleep(1.5)
        await leg.hold()
        consulted.append(await asks.dial(asked.seat))
        theirs = await desk.takes(asked)
        await asyncio.sleep(2)
        await leg.hand_over(consulted[-1])
        await consulted[-1].ended()
        leg = theirs
    await asyncio.sleep(1)
    await leg.hang_up()
    await guest.leg.ended()
    call = await desk.record(guest)
    assert [seat for seat, _ in talked(call)] == list(order)
    assert talked(call, "consult") == [
        (seat, pytest.approx(lasted(leg), abs=TOLERANCE_S))
        for pair, leg in zip(pairwise(order), consulted, strict=True) for seat in sorted(pair)]
    whole = sum(seconds for _, seconds in talked(call)) + sum(map(lasted, consulted))
    assert call.answered_at is not None
    assert call.ended_at is not None
    assert whole == pytest.approx((call.ended_at - call.answered_at).total_seconds(), abs=2 * TOLERANCE_S)


async def test_talk_time_belongs_to_who_talked_through_a_chain_of_three(line: Line, tmp_path: Path) -> None:
    desk = Desk(line, tmp_path)
    try:
        await asyncio.gather(blind_chain(desk, line), attended_chain(desk, line))
    finally:
        desk.close()
