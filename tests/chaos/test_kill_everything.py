"""Twenty calls on the line, and everything that is not Asterisk is killed: nobody notices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import pytest
import pytest_asyncio
from hotline.instance import free_offset
from hotline.line import Guest, Line
from hotline.sites import PRIMARY, TestSite
from hotline.whole import Whole

from callcenter.events import Board, CallState
from callcenter.phones import PATIENCE_S
from callcenter.phones.hearing import has_tone
from callcenter.phones.sound import tone
from callcenter.settings import CHECKOUT

SOUNDS = CHECKOUT / "asterisk-config/sounds"
DESKS = tuple(str(1004 + place) for place in range(10))     # the enquiry seats
SITE = TestSite(primary=(*PRIMARY[:3], *DESKS), enquiry_backup=False, backup_for=300, survey=False,
                more={"desk": {"callback_offer": 3600}})    # who waits is told how long, and goes into the queue
OVERFLOW_S = SITE.ring_seconds * SITE.overflow_after
CALLS = 20
AGENT_HZ = 700.0

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class BusyHour:
    """Ten callers talk, ten wait; seats 1001 to 1003 and the backup are free."""

    whole: Whole
    line: Line
    guests: Sequence[Guest]

    def nobody_was_dropped(self) -> None:
        assert [guest for guest in self.guests if guest.leg.is_over] == []

    async def hears_still(self) -> None:
        """Whoever talks hears the agent in this very second."""
        heard = await asyncio.gather(*(guest.leg.heard_seconds(0.6) for guest in self.guests[:len(DESKS)]))
        assert [has_tone(sound, AGENT_HZ) for sound in heard] == [True] * len(DESKS)

    async def new_calls_are_served(self) -> list[Guest]:
        """One is answered by a free seat, one by the backup seat once its time has come."""
        seat, idle, backup = await self.line.seats("1003", "1001", "1101")
        seat.answers_after(0.2)
        backup.answers_after(0.2)
        first, second = await asyncio.gather(self.line.call_and_press("2"), self.line.call_and_press("1", "1"))
        assert (await first.has("CONNECT")).agent == "1003"
        ring = await idle.rings()
        reached = await backup.rings()
        assert reached.began_at - ring.began_at < OVERFLOW_S + 2      # a second, and one for five programs that start meanwhile
        assert (await second.has("CONNECT")).agent == "1101"
        return [first, second]

    async def board_is_right(self, within: float = PATIENCE_S) -> Board:
        """It shows exactly the calls that are on the line, each as it is."""
        ids = {guest.call_id for guest in self.guests}
        talking = {guest.call_id for guest in self.guests if _connected(guest)}

        def right(board: Board) -> bool:
            return set(board.calls) == ids and talking == {
                call.call_id for call in board.calls.values() if call.state is CallState.TALKING}

        return await self.whole.board_where(right, f"{len(ids)} calls, {len(talking)} of them talking", within)

    async def one_record_each(self) -> None:
        answered = {guest.call_id for guest in self.guests if _connected(guest)}
        ids = {guest.call_id for guest in self.guests}
        for guest in sorted(self.guests, key=_connected):  # who waits gives up first: no seat gets free for them
            await guest.hangs_up()
        for guest in self.guests:
            await guest.has("ENDED")
        async with asyncio.timeout(2 * PATIENCE_S):
            while not ids <= self.whole.records().keys():
                await asyncio.sleep(0.2)
        outcomes = {call_id: outcome for call_id, outcome in self.whole.records().items() if call_id in ids}
        assert {call_id for call_id, outcome in outcomes.items() if outcome == "answered"} == answered


def _connected(guest: Guest) -> bool:
    return "CONNECT" in guest.events


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole() -> AsyncIterator[Whole]:
    with free_offset() as offset:
        async with Whole(SITE.text(), offset) as whole:
            yield whole


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def module_line(whole: Whole) -> AsyncIterator[Line]:
    async with whole.phones() as phones:
        yield Line(whole, phones, SOUNDS)


@pytest_asyncio.fixture(loop_scope="module")
async def busy(whole: Whole, module_line: Line) -> AsyncIterator[BusyHour]:
    """However its beginning goes: nobody is on the line when the next one begins."""
    try:
        yield await _fill(whole, module_line)
    finally:
        await module_line.rest()


async def _fill(whole: Whole, module_line: Line) -> BusyHour:
    for seat in await module_line.seats(*DESKS):
        seat.answers_after(0.2)
    await module_line.seats("1001", "1002", "1003", "1101", "1102")
    guests = list(await asyncio.gather(*(module_line.call_and_press("3") for _ in range(CALLS))))
    for guest in guests:
        await guest.has("ENTERQUEUE")
    async with asyncio.timeout(PATIENCE_S):
        while sum(map(_connected, guests)) < len(DESKS):
            await asyncio.sleep(0.1)
    guests.sort(key=_connected, reverse=True)
    for seat in await module_line.seats(*DESKS):
        seat.never_answers()
    async with asyncio.timeout(PATIENCE_S):     # the journal may say so before the seat's phone knows
        while len(talking := [leg for leg in module_line.phones.legs if leg.shows and leg.is_talking]) < len(DESKS):
            await asyncio.sleep(0.1)
    for leg in talking:
        leg.say(tone(AGENT_HZ, 1.0), forever=True)
    for guest in guests[:len(DESKS)]:
        await guest.leg.hears(lambda heard: has_tone(heard.part(-0.6), AGENT_HZ, at_least=0.9), "the agent")
    return BusyHour(whole, module_line, guests)


@pytest.mark.rule("A2", "C3", part="the desk's offline form is the page's")
@pytest.mark.rule("C5", part="what may be switched off to save the batteries: all of Python")
async def test_every_python_process_is_killed_and_no_call_is(busy: BusyHour) -> None:
    await busy.board_is_right()
    assert busy.whole.kill_every_python() >= 5
    await busy.hears_still()
    busy.guests = [*busy.guests, *await busy.new_calls_are_served()]
    busy.nobody_was_dropped()
    await busy.board_is_right(within=2 * PATIENCE_S)
    await busy.one_record_each()


async def test_redis_is_killed_and_no_call_is(busy: BusyHour) -> None:
    await busy.board_is_right()
    assert busy.whole.kill_redis() >= 1
    await busy.hears_still()
    busy.guests = [*busy.guests, *await busy.new_calls_are_served()]
    busy.nobody_was_dropped()
    await busy.board_is_right(within=2 * PATIENCE_S)
    await busy.one_record_each()


async def test_the_manager_connection_is_cut_and_the_board_is_right_again(busy: BusyHour) -> None:
    await busy.board_is_right()
    assert busy.whole.cut_ami() >= 1
    busy.guests = [*busy.guests, *await busy.new_calls_are_served()]
    busy.nobody_was_dropped()
    await busy.board_is_right(within=2 * PATIENCE_S)
    await busy.one_record_each()
