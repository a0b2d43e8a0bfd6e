"""A drill through the real Asterisk: simulated callers and seats, a real seat, a real caller meanwhile, the stop (H12)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from hotline.control import Control
from hotline.instance import Hotline
from hotline.line import Line
from hotline.sites import TestSite
from sqlalchemy import select

from callcenter.clock import SystemClock
from callcenter.drills import is_drill
from callcenter.events import Board, DrillChanged
from callcenter.orders import Asker
from callcenter.phones import PATIENCE_S
from callcenter.runtime.drill import stop_by_hand
from callcenter.site import load_site
from crm.calls.journal import parse_cel, parse_queue_log
from crm.calls.models import CallRow, JournalReject, TalkSegment
from crm.calls.recorder import Recorder, Source
from crm.database import open_database
from crm.drills import service
from crm.drills.keeper import DrillKeeper
from crm.drills.models import DrillCallRow
from crm.drills.scenario import Scenario
from crm.drills.service import DrillShown
from crm.migrate import migrate
from crm.staff.actor import SYSTEM
from crm.surge.board import BoardReader
from crm.tickets.models import Ticket

SITE = TestSite(seat_ring=4, more={"drills": {"a_minute": 120, "real_waits": 60}})
pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.rule("H12", part="on a real Asterisk")]


class Desk:
    """crm's part of it, against a real acd and the journal of a real Asterisk."""

    def __init__(self, hotline: Hotline, folder: Path) -> None:
        self.database = open_database(f"sqlite:///{folder}/crm.db")
        migrate(self.database)
        settings, self.clock = hotline.settings, SystemClock()
        self.site = load_site(settings.site_file)
        self.recorder = Recorder(
            self.database, (Source("queue_log", settings.queue_log, parse_queue_log), Source("cel", settings.cel_log, parse_cel)),
            node=settings.node, tz=ZoneInfo(self.site.timezone), short_abandon_s=5, clock=self.clock)
        asker = Asker(settings.redis_url, self.clock)
        self.told: list[DrillChanged] = []
        self.keeper = DrillKeeper(
            self.database, self.site, self.clock, lambda *_: None, board=BoardReader(settings.redis_url),
            ask=lambda command: asker.ask(command, "crm"), tell=self.told.append,     # type: ignore[arg-type]
            read_until=lambda: self.recorder.read_until)

    def begin(self, **given: object) -> int:
        scenario = Scenario.model_validate(
            {"name": "x", "calls_a_minute": 120, "minutes": 1, "number": "8001", "keys": ["1"], "talk": 2} | given)
        with self.database.writing.begin() as session:
            return service.begin(session, self.site, SYSTEM, scenario, "test", self.clock.now()).id

    def stop(self, drill_id: int) -> None:
        with self.database.writing.begin() as session:
            service.stop(session, SYSTEM, drill_id, self.clock.now())

    async def plays(self) -> None:
        while True:
            await asyncio.to_thread(self._round)
            await asyncio.sleep(0.1)

    def _round(self) -> None:
        self.recorder.poll()
        self.keeper.step()

    async def over(self, drill_id: int) -> DrillShown:
        async with asyncio.timeout(PATIENCE_S):
            while (found := self.shown(drill_id)).state != "over":
                await asyncio.sleep(0.1)
        return found

    async def until(self, drill_id: int, outcome: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while outcome not in self.outcomes(drill_id):
                await asyncio.sleep(0.1)

    def outcomes(self, drill_id: int) -> list[str | None]:
        with self.database.reading() as session:
            return list(session.scalars(select(DrillCallRow.outcome).where(DrillCallRow.drill_id == drill_id)))

    def shown(self, drill_id: int) -> DrillShown:
        with self.database.reading() as session:
            return service.drill(session, drill_id)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def control(hotline: Hotline) -> AsyncIterator[Control]:
    async with Control(hotline) as control:
        yield control


@pytest_asyncio.fixture(loop_scope="module")
async def desk(hotline: Hotline, control: Control, tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(hotline, tmp_path)
    playing = asyncio.create_task(desk.plays())
    yield desk
    playing.cancel()
    desk.database.close()


def drilled(board: Board) -> list[str]:
    return [call_id for call_id in board.calls if is_drill(call_id)]


async def test_simulated_callers_meet_simulated_seats_and_a_real_caller_is_first_at_a_real_one_until_the_stop(
        line: Line, control: Control, desk: Desk) -> None:
    phone = await line.seat("1003")
    other = await line.seat("1001")
    simulated = desk.begin(agents=1, picks_up=1, patience=3, seed=3)
    await desk.until(simulated, "answered")
    await desk.until(simulated, "abandoned")
    await control.board_where(lambda board: bool(drilled(board)), "a drill's caller is on the line")
    control.kill_acd()
    assert await asyncio.to_thread(stop_by_hand, line.hotline.settings) >= 1, "with acd dead, by the console"
    await control.start_acd()
    first = await desk.over(simulated)
    assert first.why == "by_hand"
    async with line.hotline.ami() as ami:
        assert [each["Channel"] for each in await ami.channels() if "drill" in each["Channel"]] == []
    assert first.summary is not None
    assert abs(first.begun - first.summary.calls - sum(first.summary.refused.values())) <= 1, "one may be asked for as acd dies"
    assert first.summary.all.answered >= 1 <= first.summary.all.abandoned
    assert first.summary.stopped >= 1
    assert (first.summary.lost, first.summary.open, set(first.summary.queues)) == (0, 0, {"repair"})
    assert other.legs == [], "no real phone has rung"

    real = desk.begin(seats="real", number="8000", keys=["2"], talk=60, patience=90, seed=4)
    drill_rings = await phone.rings()
    assert drill_rings.shows is not None
    assert "DRILL" in drill_rings.shows.name
    await drill_rings.answer()
    await control.board_where(lambda board: len(drilled(board)) >= 2, "others wait behind it")
    guest = await line.call_and_press("2")
    await drill_rings.ended()                     # the talk gives way, and those who waited are gone
    rings = await phone.rings()
    assert rings.peer == guest.number
    await rings.answer()
    await guest.has("CONNECT")
    await guest.hangs_up()
    desk.stop(real)
    second = await desk.over(real)
    assert second.summary is not None
    assert second.summary.gave_way >= 2
    assert second.summary.open == 0
    assert (second.against, second.differs is not None) == (simulated, True)
    assert desk.told[-1].drill.ended_at is not None
    await line.rest()
    await asyncio.to_thread(desk.recorder.poll)
    with desk.database.reading() as session:
        assert [row.call_id for row in session.scalars(select(CallRow).where(CallRow.entered_at.is_not(None)))] == [guest.call_id]
        assert session.scalars(select(JournalReject)).all() == []
        assert session.scalars(select(Ticket)).all() == []
        assert set(session.scalars(select(TalkSegment.call_id))) <= {guest.call_id}
    recordings = [path.name for path in line.hotline.settings.recordings.rglob("*.wav")]
    assert all(name.startswith(guest.call_id) for name in recordings), recordings
