"""Who is rung first, and who waits: the last agent, the estate's team, the language, points, treatments, the press."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hotline.ami import Ami, Message
from hotline.line import Guest, Line
from hotline.peers import agi_peer, answers
from hotline.sites import TestSite

from acd.ami.link import AmiAddress, AmiLink
from acd.floor.facts import CallFacts, Floor
from acd.plan import FloorPlan
from acd.waiting.ageing import Ageing
from callcenter.phones import PATIENCE_S
from callcenter.site import load_site

RINGS = 6
YUNQI, ENGLISH, ANYBODY, PRESS, LEADER = "1001", "1002", "1003", "1004", "1101"
CALLER, OTHER, THIRD = "13812340001", "13812340002", "13812340003"


def queue(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "name": {"zh": name, "en": name}, "seats": [ANYBODY], "seat_ring": 1, "wrapup": 0, "backup_for": 3,
            **more}


SITE = TestSite(
    primary=(YUNQI, ENGLISH, ANYBODY, PRESS), ring_seconds=1, overflow_after=RINGS, survey=False,
    agents=[{"code": code, "name": f"agent {code}", "skills": {"repair": 1}} for code in ("901", "902", "903", "904")],
    queues=[
        queue("repair", backup=[LEADER], last_agent=2, estate_first=3, language_first=3),
        queue("plain", seats=[ANYBODY], backup=[LEADER], backup_for=60),
        queue("press", press=True, backup=[]),
    ],
    more={
        "estates": [{"id": "yunqi", "name": {"zh": "云栖花园", "en": "Yunqi Garden"}}],
        "numbers": [{"number": "8000", "menu": "main"}],
        "menus": [{"id": "main", "prompts": ["welcome"], "wait": 1, "tries": 1, "silent": {"queue": "repair"}, "keys": {
            "1": {"queue": "repair"}, "2": {"queue": "plain"}, "3": {"queue": "plain", "emergency": True},
            "4": {"queue": "press"}}}],
    },
)
pytestmark = pytest.mark.asyncio(loop_scope="module")


@asynccontextmanager
async def members(line: Line, **queues: str) -> AsyncIterator[Ami]:
    """These seats, and no others, are in these queues: `repair__at_yunqi` is `repair.at-yunqi`."""
    async with line.hotline.ami() as ami:
        placed = [(name.replace("__", ".").replace("_", "-"), f"PJSIP/{seat}")
                  for name, seats in queues.items() for seat in seats.split()]
        for name, interface in placed:
            answer = await ami.act("QueueAdd", Queue=name, Interface=interface, MemberName=interface[6:],
                                   StateInterface=interface)
            assert answer[0]["Response"] == "Success", answer
        try:
            yield ami
        finally:
            for name, interface in placed:
                await ami.act("QueueRemove", Queue=name, Interface=interface)


async def call(line: Line, told: str, key: str, number: str = CALLER) -> Guest:
    """A caller whom the look-up knows as `told`."""
    async with agi_peer(line.hotline.settings.ports.agi, answers({number: told})):
        guest = await line.call(number=number)
        await guest.hears_a_voice()
    await guest.chooses(key)
    return guest


def routes(line: Line, guest: Guest) -> list[tuple[str, ...]]:
    return [entry.data for entry in line.journal.entries(guest.call_id) if entry.event == "ROUTED"]


@pytest.mark.rule("A9", part="an estate's own team and the caller's language come first")
async def test_the_estates_team_rings_first_then_who_speaks_the_language_then_everybody_until_the_sixth_ring(
        line: Line) -> None:
    team, speaker, anybody, backup = await line.seats(YUNQI, ENGLISH, ANYBODY, LEADER)
    async with members(line, repair=f"{YUNQI} {ENGLISH} {ANYBODY}", repair__at_yunqi=YUNQI, repair__in_en=ENGLISH):
        guest = await call(line, "7|en|0|John 3-1|yunqi", "1")
        first, second = await team.rings(), await speaker.rings()
        assert 2 <= second.began_at - first.began_at <= 4
        last = await backup.rings()
    assert all(leg.began_at - second.began_at >= 2 for leg in anybody.legs)
    assert RINGS - 1 <= last.began_at - first.began_at <= RINGS + 1, "the pools took nothing from the sixth ring"
    assert routes(line, guest) == [("at", "yunqi"), ("in", "en")]


async def test_a_team_that_is_not_there_or_busy_is_not_waited_for(line: Line) -> None:
    anybody = await line.seat(ANYBODY)
    await line.leave(YUNQI)
    async with members(line, repair=ANYBODY, repair__at_yunqi=YUNQI):
        guest = await call(line, "7|zh|0|张三 3-1|yunqi", "1")
        began = asyncio.get_running_loop().time()
        # The word "connecting" takes 1.2 s of it; to wait for the team would take 3 s more.
        assert (await anybody.rings()).began_at - began < 4
    assert routes(line, guest) == []


async def test_the_agent_of_an_open_matter_rings_first_at_the_seat_where_the_agent_sits_now(line: Line) -> None:
    own, anybody = await line.seats(PRESS, ANYBODY)
    async with members(line, repair=f"{ANYBODY}") as ami:
        await ami.act("DBPut", Family="sixring", Key="agent-at/904", Val=PRESS)
        guest = await call(line, "7|zh|0|张三 3-1||904", "1")
        first = await own.rings()
        second = await anybody.rings()
        await ami.act("DBDel", Family="sixring", Key="agent-at/904")
    assert 1 <= second.began_at - first.began_at <= 3
    assert routes(line, guest) == [("seat", PRESS)]
    assert (await guest.has("ENTERQUEUE")).queue == f"seat.{PRESS}"


async def entries(ami: Ami, queue: str) -> list[Message]:
    """Who waits, the next first."""
    answers = await ami.act("QueueStatus", ends_with="QueueStatusComplete", Queue=queue)
    waiting = [answer for answer in answers if answer.get("Event") == "QueueEntry"]
    return sorted(waiting, key=lambda entry: int(entry["Position"]))


async def places(ami: Ami, queue: str) -> list[str]:
    return [entry["Uniqueid"] for entry in await entries(ami, queue)]


async def test_who_has_more_points_is_answered_before_who_came_earlier(line: Line) -> None:
    anybody = await line.seat(ANYBODY)
    async with members(line, plain=ANYBODY) as ami:
        early = await call(line, "1|zh|0|甲 1-1", "2", CALLER)
        await anybody.rings()
        vip = await call(line, "2|zh|10|乙 2-2||||vip", "2", OTHER)
        frail = await call(line, "3|zh|20|丙 3-3||||frail", "2", THIRD)
        await frail.has("ENTERQUEUE")
        assert (await places(ami, "plain"))[:2] == [frail.call_id, vip.call_id]
        anybody.answers_after(0)
        await frail.has("CONNECT")
        await frail.hangs_up()
        await vip.has("CONNECT")
    assert "CONNECT" not in early.events
    assert (await frail.has("PRIORITY")).data == ("20", "frail")
    assert "PRIORITY" not in early.events


@pytest.mark.rule("F5", part="the key comes before everybody else")
async def test_the_emergency_key_comes_before_who_has_waited_beyond_the_sixth_ring_and_says_so(line: Line) -> None:
    anybody = await line.seat(ANYBODY)
    await line.leave(LEADER)
    async with members(line, plain=ANYBODY, plain__backup=ANYBODY, plain__emergency=ANYBODY):
        first = await call(line, "1|zh|0|甲 1-1", "2", CALLER)
        await (await anybody.rings()).answer()
        await first.has("CONNECT")
        frail = await call(line, "3|zh|20|丙 3-3||||frail", "2", THIRD)
        await frail.has("OVERFLOW")
        trapped = await call(line, "2|zh|10|乙 2-2||||vip", "3", OTHER)
        await trapped.hears("connecting-emergency")
        await trapped.has("ENTERQUEUE")
        await first.hangs_up()
        await (await anybody.rings()).answer()
        await trapped.has("CONNECT")
    assert [entry.queue for entry in line.journal.entries(trapped.call_id) if entry.event == "ENTERQUEUE"] == ["plain.emergency"]
    assert frail.events.count("ENTERQUEUE") == 2
    assert "CONNECT" not in frail.events
    assert (await trapped.has("PRIORITY")).data == ("60", "vip+emergency")


@pytest.mark.rule("F5", part="the key rings the backup seats at once")
async def test_an_emergency_rings_the_backup_seats_with_the_first_ring(line: Line) -> None:
    anybody, backup = await line.seats(ANYBODY, LEADER)
    async with members(line, plain=ANYBODY, plain__backup=ANYBODY, plain__emergency=ANYBODY):
        guest = await call(line, "2|zh|0|乙 2-2", "3", OTHER)
        first, second = await anybody.rings(), await backup.rings()
        assert abs(first.began_at - second.began_at) < 1
        await second.answer()
        assert (await guest.has("CONNECT")).agent == LEADER
    assert "OVERFLOW" not in guest.events


class MinutesLater:
    """What acd takes for now."""

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(minutes=5)


async def test_who_has_waited_for_minutes_is_not_overtaken_by_one_with_a_few_points_more(line: Line) -> None:
    """acd's ageing on a real queue, its clock set on: nobody here waits for five minutes."""
    anybody = await line.seat(ANYBODY)
    settings = line.hotline.settings
    link = AmiLink(AmiAddress("node1", "127.0.0.1", settings.ports.ami, "sixring", settings.secrets()["ami"]),
                   lambda _: None)
    async with members(line, plain=ANYBODY) as ami, asyncio.TaskGroup() as tasks:
        patient = await call(line, "1|zh|0|甲 1-1", "2", CALLER)
        await anybody.rings()
        facts = CallFacts(patient.call_id, datetime.now(UTC), queue="plain", waiting=True, queued_at=datetime.now(UTC))
        floor = Floor(FloorPlan.of(load_site(settings.site_file), "node1"), calls={patient.call_id: facts})
        running = [tasks.create_task(link.run()),
                   tasks.create_task(Ageing(lambda: [(link, floor)], MinutesLater(), every_s=0.1).run())]
        async with asyncio.timeout(PATIENCE_S):
            while (await entries(ami, "plain"))[0]["Priority"] != "30":
                await asyncio.sleep(0.05)
        vip = await call(line, "2|zh|10|乙 2-2||||vip", "2", OTHER)
        await vip.has("ENTERQUEUE")
        assert await places(ami, "plain") == [patient.call_id, vip.call_id]
        for task in running:
            task.cancel()


@pytest.mark.rule("D1", part="treated by rule")
async def test_a_nuisance_caller_is_warned_and_then_served(line: Line) -> None:
    anybody = await line.seat(ANYBODY)
    async with members(line, plain=ANYBODY), agi_peer(line.hotline.settings.ports.agi, answers({CALLER: "||0||||warn"})):
        guest = await line.call(number=CALLER)
        await guest.hears("nuisance-warning")
        await guest.hears("welcome")
        await guest.chooses("2")
        await anybody.rings()
    assert (await guest.has("NUISANCE")).data == ("warn",)


@pytest.mark.rule("D1", part="treated by rule")
async def test_a_blocked_caller_hears_the_polite_closing_and_rings_nobody(line: Line) -> None:
    async with agi_peer(line.hotline.settings.ports.agi, answers({CALLER: "||0||||block"})):
        guest = await line.call(number=CALLER)
        await guest.hears("nuisance-closing")
        await guest.leg.ended()
    assert (await guest.has("NUISANCE")).data == ("block",)
    assert "ENTERQUEUE" not in guest.events
    await guest.has("ENDED")


@pytest.mark.rule("D1", part="treated by rule")
async def test_a_caller_sent_behind_everybody_is_behind_who_came_later(line: Line) -> None:
    anybody = await line.seat(ANYBODY)
    async with members(line, plain=ANYBODY) as ami:
        nuisance = await call(line, "||0||||queue", "2", OTHER)
        await anybody.rings()
        decent = await call(line, "", "2", THIRD)
        await decent.has("ENTERQUEUE")
        assert await places(ami, "plain") == [decent.call_id, nuisance.call_id]
    assert (await nuisance.has("PRIORITY")).data == ("-50", "nuisance")


@pytest.mark.rule("D4", part="the spokesperson, and nobody else")
async def test_the_press_reaches_a_spokesperson_and_nobody_else(line: Line) -> None:
    speaker, *others = await line.seats(PRESS, ANYBODY, LEADER)
    async with members(line, repair=ANYBODY, press=PRESS), \
            agi_peer(line.hotline.settings.ports.agi, answers({CALLER: "||0||||press"})):
        guest = await line.call(number=CALLER)
        await speaker.rings()
        await guest.has("NOBODY")
    assert not any(seat.has_rung for seat in others)
    assert [entry.queue for entry in line.journal.entries(guest.call_id) if entry.event == "ENTERQUEUE"] == ["press"]
