"""Who is called in and presses 3 takes callers on their own mobile, as at any other seat, until the call-in is over (B3)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hotline.control import Control
from hotline.instance import Hotline
from hotline.line import Guest, Line
from hotline.sites import BACKUP, PRIMARY, TestSite
from sqlalchemy import select

from callcenter.clock import SystemClock
from callcenter.events import AgentState, Board
from callcenter.orders import Asker
from callcenter.phones import PATIENCE_S, Leg
from callcenter.phones.hearing import speech_seconds
from callcenter.site import load_site
from callcenter.site.desk import Privacy
from crm.callin.calling import CallingIn
from crm.callin.keeper import CallInKeeper
from crm.callin.mobiles import Mobiles
from crm.callin.models import CalledRow
from crm.callin.people import add
from crm.callin.schemas import NewCallInPerson
from crm.calls.journal import parse_cel, parse_queue_log
from crm.calls.models import CallRow, JournalReject, TalkSegment
from crm.calls.recorder import Recorder, Source
from crm.database import open_database
from crm.dialling.caller import Dialler
from crm.migrate import migrate
from crm.privacy.service import View
from crm.purposes import purposes
from crm.staff.actor import SYSTEM
from crm.staff.agents import seed_agents

MOBILE, SEAT, AGENT, SURGE = "2901", "1401", "801", 1
SKILLED = {"code": AGENT, "name": "坐席", "skills": {"repair": 1}}
SITE = TestSite(survey=False, ring_seconds=2, backup_for=60, agents=[SKILLED], more={
    "seats": [*({"seat": seat, "name": seat} for seat in PRIMARY),
              *({"seat": seat, "name": seat, "kind": "backup"} for seat in BACKUP),
              {"seat": SEAT, "name": "手机席", "phone": "mobile"}],
    "dialling": {"numbers": ["29XX"], "ring": 20}})
pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.rule("B3", part="on one's own mobile")]


class Crm:
    """Its parts of a call-in, against a real acd and the journal of a real Asterisk."""

    def __init__(self, hotline: Hotline, folder: Path) -> None:
        settings, self.clock = hotline.settings, SystemClock()
        site = load_site(settings.site_file)
        self.database = open_database(f"sqlite:///{folder}/crm.db")
        migrate(self.database)
        with self.database.writing.begin() as session:
            seed_agents(session, site, {}, self.clock.now())
            add(session, View(SYSTEM, Privacy()), site, NewCallInPerson(name="坐席", tier=2, number=MOBILE, agent=AGENT),
                self.clock.now())
        asker = Asker(settings.redis_url, self.clock)
        self.calling = CallingIn(site)
        self._recorder = Recorder(
            self.database, (Source("queue_log", settings.queue_log, parse_queue_log), Source("cel", settings.cel_log, parse_cel)),
            node=settings.node, tz=ZoneInfo(site.timezone), short_abandon_s=5, clock=self.clock, purposes=purposes(site))
        self._dialler = Dialler(self.database, site, purposes(site), self.clock, ask=lambda command: asker.ask(command, "crm"),
                                read_until=lambda: self._recorder.read_until)
        self._keeper = CallInKeeper(self.database, self.calling, self.clock,
                                    Mobiles(self.database, site, lambda command: asker.ask(command, "crm")))

    def step(self) -> None:
        self._recorder.poll()
        self._keeper.step()
        self._dialler.step()

    async def run(self) -> None:
        while True:
            await asyncio.to_thread(self.step)
            await asyncio.sleep(0.05)


def is_(state: AgentState) -> Callable[[Board], bool]:
    return lambda board: AGENT in board.agents and board.agents[AGENT].state is state


async def where_it_rings(line: Line) -> tuple[set[str], set[str]]:
    """(queues that ring the mobile, keys of astdb about it)."""
    async with line.hotline.ami() as ami:
        rows = await ami.act("QueueStatus", ends_with="QueueStatusComplete")
        kept = await ami.act("DBGetTree", ends_with="DBGetTreeComplete", Family="sixring")
    queues = {row["Queue"] for row in rows if row.get("Name") == SEAT and row["Membership"] == "dynamic"}
    return queues, {row["Key"].removeprefix("/sixring/") for row in kept if SEAT in row.get("Key", "") or row.get("Val") == SEAT}


async def test_a_caller_is_put_through_to_the_mobile_of_who_pressed_3_and_it_is_given_back_when_the_call_in_is_over(
        hotline: Hotline, line: Line, tmp_path: Path) -> None:
    before = await where_it_rings(line)
    mobile = await line.outside(MOBILE)

    def heard_by(leg: Leg) -> Guest:
        return Guest(leg, MOBILE, "", line.journal, line.sounds)

    async with Control(hotline) as control, asyncio.TaskGroup() as tasks:
        crm = Crm(hotline, tmp_path)
        running = tasks.create_task(crm.run())
        with crm.database.writing.begin() as session:
            crm.calling.call_in(session, SURGE, 2, crm.clock.now())
        asked = await mobile.rings()
        await asked.answer()
        person = heard_by(asked)
        await person.hears("callin-ask-mobile")
        await person.presses("3")
        await person.hears("callin-mobile")
        await control.board_where(is_(AgentState.READY), "signed in by one key")
        assert (await where_it_rings(line))[0] == {"repair.backup"}, "where there is time to find it and to press a key"

        guest = await line.call(dialled="8001")
        await guest.hears_a_voice()
        await guest.chooses("1")
        leg = await mobile.rings()
        assert leg.peer == "8000"
        await leg.answer()
        at_home = heard_by(leg)
        await at_home.hears("mobile-accept")
        board = await control.board_where(is_(AgentState.RINGING), "picked up is not answered: an answering machine does that too")
        assert "CONNECT" not in guest.events
        await at_home.presses("1")
        assert (await guest.has("CONNECT")).agent == SEAT
        board = await control.board_where(is_(AgentState.TALKING), "they talk")
        assert board.agents[AGENT].call_id == guest.call_id
        await guest.leg.hears(lambda heard: speech_seconds(heard) > 0.2, "the agent")
        await leg.hears(lambda heard: speech_seconds(heard) > 0.2, "the caller")
        await leg.hang_up()
        await guest.leg.ended()
        await control.board_where(is_(AgentState.READY), "and then the next one")

        mobile.rejects()
        other = await line.call(dialled="8001")
        await other.hears_a_voice()
        await other.chooses("1")
        await control.board_where(lambda board: board.agents[AGENT].missed >= 1, "who refuses a call has missed one")
        await other.hangs_up()

        with crm.database.writing.begin() as session:
            crm.calling.release(session, SURGE, 2, crm.clock.now())
        await control.board_where(is_(AgentState.SIGNED_OUT), "signed out with the end of the call-in")
        async with asyncio.timeout(PATIENCE_S):
            while await where_it_rings(line) != before:
                await asyncio.sleep(0.05)
        await line.rest()
        async with asyncio.timeout(PATIENCE_S):
            while _seats_lent(crm) or _talks(crm, guest.call_id) != [(SEAT, AGENT)]:
                await asyncio.sleep(0.05)
        running.cancel()
        with crm.database.reading() as session:
            assert session.scalars(select(JournalReject)).all() == []
            row = session.get_one(CallRow, guest.call_id)
            assert (row.answered_by, row.answered_agent) == (SEAT, AGENT)
            assert {row.call_id for row in session.scalars(select(CallRow).where(CallRow.entered_at.is_not(None)))} == {
                guest.call_id, other.call_id}, "what the mobile is rung by is no call of the hotline"


def _seats_lent(crm: Crm) -> list[str | None]:
    with crm.database.reading() as session:
        return list(session.scalars(select(CalledRow.seat).where(CalledRow.seat.is_not(None))))


def _talks(crm: Crm, call_id: str) -> list[tuple[str | None, str | None]]:
    with crm.database.reading() as session:
        return [(row.seat, row.agent) for row in session.scalars(select(TalkSegment).where(TalkSegment.call_id == call_id))]
