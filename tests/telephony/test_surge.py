"""A surge on the whole hotline, its clocks scaled down by the site file and nothing else: sixty callers, four agents (B).

Tier 1 pulls in who works elsewhere, tier 2 rings the phones of who is off duty, they press 1, come and take calls; then tier by
tier everything is given back, and every caller has one record.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from hotline.instance import free_offset
from hotline.line import Guest, Line
from hotline.sites import TestSite
from hotline.whole import Whole

from callcenter.clock import SystemClock
from callcenter.commands import Command, SignIn
from callcenter.events import AgentState, Board, SeatState
from callcenter.orders import Asker
from callcenter.phones import PATIENCE_S
from callcenter.settings import CHECKOUT
from callcenter.site import load_site
from callcenter.site.desk import Privacy
from callcenter.storm import Coming
from crm.callin.people import add
from crm.callin.schemas import NewCallInPerson
from crm.database import open_database
from crm.privacy.service import View
from crm.staff.actor import SYSTEM

CALLERS, AT_ONCE = 60, 20
ON_DUTY = {"901": ("1001", "repair"), "902": ("1002", "repair"), "903": ("1003", "complaint"), "904": ("1004", "enquiry")}
OFF_DUTY = {"905": ("1005", "2901"), "906": ("1006", "2902")}
REFUSES = ("907", "2903")
SITE = TestSite(survey=False, primary=("1001", "1002", "1003", "1004", "1005", "1006"), agents=[
    {"code": code, "name": f"坐席{code}", "skills": {skill: 1}}
    for code, skill in [*((code, skill) for code, (_, skill) in ON_DUTY.items()),
                        *((code, "repair") for code in (*OFF_DUTY, REFUSES[0]))]
], more={
    "desk": {"misses": 20},
    "surge": {
        "arrivals": {"enabled": False}, "service_level": {"enabled": False}, "longest_wait": {"enabled": False},
        "waiting": {"above": 3, "sustained": 1},
        "under_control": {"waiting": 0, "longest_wait": 180, "service_level": None, "gained_after": 1, "lost_after": 1},
        "tier_2_after": 3, "highest_by_itself": 2, "down_after": 3, "blind_after": 60},
    "dialling": {"numbers": ["29XX"], "ring": 20},
    "call_in": {"come_within": 600},
})
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole() -> AsyncIterator[Whole]:
    with free_offset() as offset:
        async with Whole(SITE.text(), offset) as whole:
            yield whole


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def module_line(whole: Whole) -> AsyncIterator[Line]:
    async with whole.phones() as phones:
        yield Line(whole, phones, CHECKOUT / "asterisk-config/sounds")


def on_the_list(whole: Whole) -> None:
    """Who can be called in: three people who are off duty."""
    site, database = load_site(whole.settings.site_file), open_database(whole.settings.database_url)
    view = View(SYSTEM, Privacy())
    with database.writing.begin() as session:
        for code, number in (*((code, number) for code, (_, number) in OFF_DUTY.items()), REFUSES):
            add(session, view, site, NewCallInPerson(name=f"坐席{code}", tier=2, number=number, agent=code), datetime.now(UTC))
    database.close()


class Floor:
    def __init__(self, whole: Whole, line: Line) -> None:
        self.whole, self.line = whole, line
        self._asker = Asker(whole.settings.redis_url, SystemClock())

    async def orders(self, command: Command) -> None:
        answer = await asyncio.to_thread(self._asker.ask, command, "liufang")
        assert answer.is_done, answer

    async def sits_down(self, code: str, seat: str) -> None:
        """Signs in at a phone that answers at once."""
        phone = await self.line.seat(seat)
        phone.answers_after(0)
        await self.whole.board_where(lambda board: seat in board.seats and board.seats[seat].state != SeatState.OFFLINE,
                                     f"{seat} registered")
        await self.orders(SignIn(code, seat))
        await self.whole.board_where(lambda board: board.agents[code].state != AgentState.SIGNED_OUT, f"{code} signed in")

    async def tier(self, right: Callable[[int], bool]) -> Board:
        return await self.whole.board_where(lambda board: right(board.surge.tier), "the tier", 2 * PATIENCE_S)

    def members(self, queue: str) -> set[str]:
        return {seat for seat in ("1001", "1002", "1003", "1004", "1005", "1006")
                if f"PJSIP/{seat}" in self.whole.console(f"queue show {queue}")}

    async def rung_for(self, queue: str, *seats: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while self.members(queue) != set(seats):
                await asyncio.sleep(0.1)

    def answered_by(self) -> set[str]:
        return {entry.agent for entry in self.line.journal.entries() if entry.event == "CONNECT"}

    async def have_answered(self, seats: Iterable[str]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not set(seats) <= self.answered_by():
                await asyncio.sleep(0.1)


async def comes(line: Line, number: str, key: str) -> None:
    """Somebody off duty is rung, hears what is asked, and presses a key."""
    phone = await line.outside(number)
    leg = await phone.rings()
    await leg.answer()
    asked = Guest(leg, number, "", line.journal, line.sounds)
    await asked.hears("callin-ask")
    await asked.presses(key)
    await asked.hears("callin-accepted" if key == "1" else "callin-declined")
    await leg.ended()


@pytest.mark.rule("B1")
@pytest.mark.rule("B2")
@pytest.mark.rule("B3")
@pytest.mark.rule("B5")
@pytest.mark.timeout(600)
async def test_sixty_callers_and_four_agents_tiers_come_people_come_and_all_is_given_back(whole: Whole, line: Line) -> None:
    on_the_list(whole)
    floor = Floor(whole, line)
    for code, (seat, _) in ON_DUTY.items():
        await floor.sits_down(code, seat)
    await floor.rung_for("repair", "1001", "1002")
    enough = asyncio.Event()
    room = asyncio.Semaphore(AT_ONCE)

    async def calls() -> str:
        async with room:
            guest = await line.call_and_press("1", dialled="8001")
            await guest.has("CONNECT", within=4 * PATIENCE_S)
            await enough.wait()          # all who are answered talk until the others have come
            await guest.hangs_up()
            await guest.has("ENDED")
        return guest.call_id

    callers = [asyncio.create_task(calls()) for _ in range(CALLERS)]
    asked = [asyncio.create_task(comes(line, number, key)) for number, key in (("2901", "1"), ("2902", "1"), (REFUSES[1], "2"))]
    one = await floor.tier(lambda tier: tier >= 1)
    assert one.surge.why == ("waiting",)
    await floor.have_answered({"1001", "1002", "1003", "1004"})
    two = await floor.tier(lambda tier: tier == 2)
    assert two.surge.since == one.surge.since
    await asyncio.gather(*asked)
    said = await whole.board_where(lambda board: [one.state for one in board.surge.coming].count(Coming.ACCEPTED) == 2
                                   and Coming.REFUSED in [one.state for one in board.surge.coming], "two come, one does not")
    assert {one.agent: one.state for one in said.surge.coming} == {"905": "accepted", "906": "accepted", "907": "refused"}
    for code, (seat, _) in OFF_DUTY.items():
        await floor.sits_down(code, seat)
    await floor.have_answered({"1005", "1006"})
    await whole.board_where(lambda board: [one.state for one in board.surge.coming].count(Coming.ARRIVED) == 2, "both are there")
    enough.set()
    answered = await asyncio.gather(*callers)
    await floor.tier(lambda tier: tier == 0)
    await floor.rung_for("repair", "1001", "1002", "1005", "1006")
    await floor.rung_for("complaint", "1003")
    await floor.rung_for("enquiry", "1004")
    for call_id in answered:
        assert await whole.recorded(call_id) == "answered"
    assert len(set(answered)) == CALLERS
    changes = whole.rows("SELECT before, tier FROM surge_changes WHERE before <> tier ORDER BY id")
    tiers = [(row.before, row.tier) for row in changes]
    # While the last callers come through the prompts in groups it may go up once more: never by more than one.
    assert tiers[:2] == [(0, 1), (1, 2)]
    assert tiers[-1] == (1, 0)
    assert all(abs(after - before) == 1 for before, after in tiers)
    assert len(whole.rows("SELECT id FROM surge_reports")) >= 3, "situation reports at the changes of tier (B7)"
