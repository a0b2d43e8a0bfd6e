"""Calls of our own accord at real phones: rung once, heard, a key pressed, one result in the database; whatever dies meanwhile."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from hotline.control import Control
from hotline.instance import Hotline
from hotline.line import Guest, Line
from hotline.sites import TestSite
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.clock import SystemClock
from callcenter.commands import LATE, Dial, StopDialling
from callcenter.orders import Asker
from callcenter.phones import PATIENCE_S, Leg
from callcenter.phones.hearing import speech_seconds
from callcenter.roles import Role
from callcenter.site import load_site
from crm.calls.journal import parse_cel, parse_queue_log
from crm.calls.models import CallRow, JournalReject
from crm.calls.recorder import Recorder, Source
from crm.database import open_database
from crm.dialling.caller import Dialler
from crm.dialling.models import DialTask, DialTry
from crm.dialling.schemas import CallWanted, Result
from crm.dialling.service import ask_for
from crm.households.models import Building, Estate, Household, Person, PhoneNumber
from crm.incidents.declared import broadcast, dialled
from crm.incidents.declared.load import types_of
from crm.incidents.declared.schemas import BroadcastShown, Declaration, Rules
from crm.incidents.declared.service import declare
from crm.kinds.service import put_shipped
from crm.migrate import migrate
from crm.staff.actor import SYSTEM, Actor
from crm.staff.service import add_user

SITE = TestSite(survey=False, more={
    "dialling": {"numbers": ["29XX"], "ring": 3, "tries": 2, "retry": 1, "at_once": 6, "a_minute": 600}})
ASK: dict[str, Any] = {"prompts": ("callin-ask",), "keys": "12", "thanks": {"1": "callin-accepted", "2": "callin-declined"}}
LATER: dict[str, Any] = {**ASK, "thanks": {**ASK["thanks"], LATE: "callin-not-needed"}}
pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.rule("B3", part="the call")]


class Desk:
    """crm's two parts of it, against a real acd and the journal of a real Asterisk."""

    def __init__(self, hotline: Hotline, folder: Path) -> None:
        self.database = open_database(f"sqlite:///{folder}/crm.db")
        migrate(self.database)
        settings, clock = hotline.settings, SystemClock()
        self.site = site = load_site(settings.site_file)
        self.rule, self.clock = site.dialling, clock
        self.heard: list[tuple[str, Result]] = []
        purposes = {"call_in": self._hear, broadcast.PURPOSE: dialled.heard}
        self.recorder = Recorder(
            self.database, (Source("queue_log", settings.queue_log, parse_queue_log), Source("cel", settings.cel_log, parse_cel)),
            node=settings.node, tz=ZoneInfo(site.timezone), short_abandon_s=5, clock=clock, purposes=purposes)
        asker = Asker(settings.redis_url, clock)
        self.dialler = Dialler(self.database, site, purposes, clock, ask=lambda command: asker.ask(command, "crm"),
                               read_until=lambda: self.recorder.read_until)

    def _hear(self, _: Session, task: DialTask, result: Result, __: object) -> None:
        self.heard.append((task.subject, result))

    def wants(self, number: str) -> None:
        with self.database.writing.begin() as session:
            ask_for(session, CallWanted("call_in", f"called_in:{number}", number, **ASK, urgent=True, staff=True, tries=1),
                    self.rule, self.clock.now())

    def _goes_on(self) -> None:
        self.recorder.poll()
        self.dialler.step()

    async def until(self, count: int) -> dict[str, tuple[str, str]]:
        """What the purpose was told, by number."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.heard) < count:
                await asyncio.to_thread(self._goes_on)
                await asyncio.sleep(0.05)
        for _ in range(3):       # and nothing more, however often it looks
            await asyncio.to_thread(self._goes_on)
        assert len(self.heard) == count
        return {subject.partition(":")[2]: (result.outcome.value, result.key) for subject, result in self.heard}

    def flooded(self, *numbers: str) -> int:
        """A household for each number is told of a flood; who has the last one said "do not call". The emergency's id."""
        now, policy = self.clock.now(), self.site.incidents
        with self.database.writing.begin() as session:
            put_shipped(session, now)
            leads = Actor("li", add_user(session, "li", [Role.MANAGER], "long enough to be one", now).user_id,
                          roles=frozenset({Role.MANAGER}))
            session.add(Estate(id=1, name="云栖"))
            session.flush()
            session.add(Building(id=1, estate_id=1, name="3"))
            session.flush()
            for ident, number in enumerate(numbers, 1):
                session.add(Household(id=ident, building_id=1, estate_id=1, unit="1", room=number, label=number, room_key=number,
                                      tags=[]))
                session.flush()
                session.add(Person(id=ident, household_id=ident, name=number, role="owner",
                                   no_call_since=now if number == numbers[-1] else None))
                session.flush()
                session.add(PhoneNumber(number=number, person_id=ident, added_at=now))
            rules = Rules(types_of(Path("none")).types, policy, ZoneInfo(self.site.timezone), self.site.company.name, 4)
            row = declare(session, leads, rules, Declaration("flooding", "3", "水管爆裂", level=1, estate_id=1, building_id=1), now)
            broadcast.start(session, leads, policy, row.id, None, now, None, whole_estate=False)
            return row.id

    async def told(self, emergency_id: int) -> BroadcastShown:
        """When everybody was rung."""
        rings = dialled.Dialled(self.rule)

        def look() -> BroadcastShown:
            with self.database.writing.begin() as session:
                broadcast.give_out(session, rings, self.clock.now(), 10)
            self._goes_on()
            with self.database.reading() as session:
                [shown] = broadcast.broadcasts(session, SYSTEM, emergency_id)
            return shown

        async with asyncio.timeout(PATIENCE_S):
            while (shown := await asyncio.to_thread(look)).state != "over":
                await asyncio.sleep(0.05)
        return shown

    def in_the_database(self) -> list[tuple[int, str, str]]:
        with self.database.reading() as session:
            assert session.scalars(select(JournalReject)).all() == []
            assert session.scalars(select(CallRow).where(CallRow.entered_at.is_not(None))).all() == [], "no call of the hotline"
            return [(row.attempt, row.result, row.key) for row in session.scalars(select(DialTry).order_by(DialTry.dial_task_id))]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def control(hotline: Hotline) -> AsyncIterator[Control]:
    async with Control(hotline) as control:
        yield control


def heard_by(line: Line, leg: Leg, number: str) -> Guest:
    return Guest(leg, number, "", line.journal, line.sounds)


def journalled(line: Line, task: str) -> list[tuple[str, ...]]:
    return [entry.data for entry in line.journal.entries() if entry.event == "DIALLED" and entry.data[0] == task]


async def one_result(line: Line, task: str) -> tuple[str, ...]:
    async with asyncio.timeout(PATIENCE_S):
        while not journalled(line, task):
            await asyncio.sleep(0.02)
    await line.rest()
    [data] = journalled(line, task)
    return data[1:]


async def test_every_way_in_which_a_call_can_end_is_one_result_in_the_database(
        line: Line, control: Control, hotline: Hotline, tmp_path: Path) -> None:
    desk = Desk(hotline, tmp_path)
    accepts, busy, silent, leaves, thinks = [await line.outside(number) for number in ("2901", "2902", "2903", "2904", "2905")]
    busy.rejects()
    for number in ("2901", "2902", "2903", "2904", "2905"):
        desk.wants(number)
    await asyncio.to_thread(desk._goes_on)
    running = asyncio.create_task(desk.until(5))
    rung = await accepts.rings()
    assert rung.peer == "8000"
    await rung.answer()
    at_home = heard_by(line, rung, "2901")
    gone, unsure = await leaves.rings(), await thinks.rings()
    await gone.answer()
    await unsure.answer()
    thinking = heard_by(line, unsure, "2905")
    await at_home.hears("callin-ask")
    await at_home.presses("1")
    await gone.hears(lambda heard: speech_seconds(heard) > 0.3, "the prompt")
    await gone.hang_up()
    await thinking.hears_a_voice()
    await thinking.presses("5")
    await thinking.hears("wrong-key")
    await thinking.presses("*")
    await thinking.hears("callin-ask")
    await thinking.presses("2")
    await thinking.hears("callin-declined")
    await at_home.hears("callin-accepted")
    assert await running == {"2901": ("answered", "1"), "2902": ("busy", ""), "2903": ("noanswer", ""), "2904": ("answered", ""),
                             "2905": ("answered", "2")}
    await silent.legs[-1].ended()
    assert desk.in_the_database() == [(1, "answered", "1"), (1, "busy", ""), (1, "noanswer", ""), (1, "answered", ""),
                                      (1, "answered", "2")]


async def test_an_acd_that_is_killed_rings_nobody_twice_and_the_call_goes_on_without_it(line: Line, control: Control) -> None:
    phone = await line.outside("2911")
    order = Dial("0a1b", 1, "2911", **ASK, urgent=True)
    assert (await control.orders(order)).detail == "node1"
    control.kill_acd()
    rung = await phone.rings()
    await rung.answer()
    at_home = heard_by(line, rung, "2911")
    await at_home.hears("callin-ask")
    await at_home.presses("1")
    await at_home.hears("callin-accepted")
    assert await one_result(line, "0a1b") == ("1", "answered", "1")
    await control.start_acd()
    assert (await control.orders(order)).detail == "begun"
    assert len(phone.legs) == 1, "nobody is rung a second time"
    async with line.hotline.ami() as ami:
        kept = {entry["Key"]: entry["Val"] for entry in await ami.act(
            "DBGetTree", Family="sixring", Key="dialled", ends_with="DBGetTreeComplete") if "Key" in entry}
    assert re.fullmatch(r"1\|[0-9]{10}", kept["/sixring/dialled/0a1b"]), "as acd sweeps it"


async def test_what_is_called_off_stops_ringing_and_what_nobody_may_dial_is_not_dialled(line: Line, control: Control) -> None:
    phone, late, other = await line.outside("2921"), await line.outside("2922"), await line.outside("3001")
    await control.orders(Dial("0c1", 1, "2921", **ASK, urgent=True))
    leg = await phone.rings()
    await control.orders(StopDialling("0c1"))
    await leg.ended()
    assert await one_result(line, "0c1") == ("1", "failed", "")
    await control.orders(Dial("0c4", 1, "2922", **LATER, urgent=True))
    answered = await late.rings()
    await answered.answer()
    hears = heard_by(line, answered, "2922")
    await hears.hears_a_voice()
    await control.orders(StopDialling("0c4"))
    await hears.presses("1")
    await hears.hears("callin-not-needed")
    assert await one_result(line, "0c4") == ("1", "answered", "1"), "what was pressed is told, and that they are not needed"
    for unfit in (("0c2", "3001", "callin-ask", ""), ("0c2", "2921", "../secret", ""), ("0c2", "2921", "callin-ask", "1,2"),
                  ("0c2|x", "2921", "callin-ask", "")):
        task, number, prompt, keys = unfit
        answer = await control.asks(Dial(task, 1, number, (prompt,), keys, urgent=True))
        assert answer.code == "refused", unfit
    async with line.hotline.ami() as ami:      # and were acd broken, the dialplan would not either
        await ami.act("Originate", Channel="Local/dial@dialled/n", Context="dialled", Exten="held", Priority="1", Async="true",
                      Variable="__DIAL_TASK=0c3,__DIAL_ATTEMPT=1,__DIAL_NUMBER=3001,__DIAL_SAY=callin-ask")
    assert await one_result(line, "0c3") == ("1", "failed", "")
    assert not other.has_rung


@pytest.mark.rule("H5", part="households rung, who presses 1, who is rung again, who is not rung, on real phones")
async def test_households_are_rung_press_1_and_who_did_not_answer_is_rung_again(
        line: Line, control: Control, hotline: Hotline, tmp_path: Path) -> None:
    desk = Desk(hotline, tmp_path)
    at_home, in_the_bath, not_asked = [await line.outside(number) for number in ("2931", "2932", "2933")]
    told = asyncio.create_task(desk.told(desk.flooded("2931", "2932", "2933")))
    first = await at_home.rings()
    await first.answer()
    owner = heard_by(line, first, "2931")
    for prompt in ("broadcast-hello", "broadcast-flooding", "broadcast-confirm"):
        await owner.hears(prompt)
    await owner.presses("1")
    await owner.hears("goodbye")
    await (await in_the_bath.rings()).ended()
    again = await in_the_bath.rings()
    await again.answer()
    late = heard_by(line, again, "2932")
    await late.hears("broadcast-flooding")
    await late.presses("1")
    shown = await told
    assert (shown.households, shown.numbers, shown.households_pressed, shown.missed, shown.refused) == (3, 2, 2, 0, 1)
    assert not not_asked.has_rung, "who said so is left alone"
    with desk.database.reading() as session:
        tries = session.execute(select(DialTask.number, DialTry.attempt, DialTry.result, DialTry.key).join(
            DialTask, DialTask.id == DialTry.dial_task_id).order_by(DialTask.number, DialTry.attempt)).all()
    assert [tuple(row) for row in tries] == [
        ("2931", 1, "answered", "1"), ("2932", 1, "noanswer", ""), ("2932", 2, "answered", "1")]
