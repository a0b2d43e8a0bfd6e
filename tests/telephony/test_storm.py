"""A surge and an evacuation on a real Asterisk: who rings, what callers hear, where the line goes; mostly with Python dead."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from hotline.control import Control
from hotline.instance import SWITCH_PIN, Hotline
from hotline.line import Guest, Line
from hotline.peers import agi_peer, answers
from hotline.sites import TestSite
from typer.testing import CliRunner

from callcenter.cli.app import app
from callcenter.commands import Pause, PauseReason, SetNotice, SetSurge, SignIn, SwitchLine
from callcenter.events import AgentState, Board, SeatState
from callcenter.phones import PATIENCE_S, Leg, Seat
from callcenter.phones.hearing import speech_seconds
from callcenter.runtime.switch import line_of

ELSEWHERE, WRAPUP_S, CUT_S = "13900009999", 12, 1
SITE = TestSite(
    wrapup=WRAPUP_S, backup_for=20,
    agents=[{"code": "801", "name": "陈静", "skills": {"complaint": 1}},
            {"code": "802", "name": "李晓梅", "skills": {"repair": 2}}],
    more={"estates": [{"id": "yunqi", "name": {"zh": "云栖花园", "en": "Yunqi Garden"}}],
          "posture": {"wrapup": CUT_S, "menu_wait": 1, "evacuation": {"numbers": [ELSEWHERE]}}})
PULLED_IN = {(queue, seat): ("0" if "." in queue else penalty, "", str(CUT_S))
             for seat, own, level in (("1003", "complaint", "0"), ("1002", "repair", "1"))
             for name in ("repair", "complaint", "enquiry") for queue in (name, f"{name}.backup")
             for penalty in (level if name == own else "9",)}
CALLER = "13812340001"
BLOCKED, WARNED = "13812340006", "13812340007"
Members = dict[tuple[str, str], tuple[str, str, str]]      # (queue, seat) → penalty, reason of the pause, wrap-up of its own
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def said(line: Line, key: str, value: str) -> None:
    async with line.hotline.ami() as ami:
        await ami.act("DBPut", Family="sixring", Key=key, Val=value)


@asynccontextmanager
async def written(line: Line, **keys: str) -> AsyncIterator[None]:
    """These in Asterisk's own database, as long as it lasts: `notice__yunqi` is `notice/yunqi`."""
    for key, value in keys.items():
        await said(line, key.replace("__", "/"), value)
    try:
        yield
    finally:
        for key in keys:
            await said(line, key.replace("__", "/"), "")


async def sixring(hotline: Hotline, *words: str) -> tuple[int, str]:
    """Exit status and what it says; the command itself, without a new Python's start."""
    done = await asyncio.to_thread(CliRunner().invoke, app, words, env={"SIXRING_STATE": str(hotline.settings.state)})
    return done.exit_code, done.output


def switchings(line: Line) -> list[tuple[str, str, tuple[str, ...]]]:
    """What the journal says of it besides calls."""
    return [(entry.event, entry.agent, entry.data) for entry in line.journal.entries() if entry.event in (
        "LINESWITCHED", "SWITCHREFUSED")]


async def dials(line: Line, seat: Seat, code: str, pin: str) -> None:
    """Returns when the journal has what came of it."""
    before = len(switchings(line))
    leg = await seat.dial(code)
    await leg.answered()
    await leg.hears(lambda heard: speech_seconds(heard) > 0.2, "a voice")
    await leg.press(f"{pin}#")
    async with asyncio.timeout(PATIENCE_S):
        while len(switchings(line)) == before:
            await asyncio.sleep(0.02)
    await leg.hang_up()


@pytest.mark.rule("B6")
@pytest.mark.rule("H5", part="the notice on the IVR for callers from there")
async def test_in_a_surge_callers_hear_the_notices_and_few_words_and_are_asked_nothing_afterwards(line: Line) -> None:
    await line.leave("1101")
    emergency = {"notice__-all": "nuisance-warning", "notice__yunqi": "recording-notice"}
    async with written(line, tier="1", notice="welcome-night", **emergency), \
            agi_peer(line.hotline.settings.ports.agi, answers({CALLER: "7|zh|0|张三 3-1|yunqi"})):
        stranger, guest = await line.call(), await line.call(number=CALLER)
        await stranger.hears("welcome-night")
        await stranger.hangs_up()
        await stranger.has("ENDED")             # or the seat might ring for it
        seat = await line.seat("1101")
        for prompt in ("recording-notice", "nuisance-warning", "welcome-night", "surge-notice", "welcome", "connecting"):
            await guest.hears(prompt)
        await (leg := await seat.rings()).answer()
        await guest.has("CONNECT")
        await leg.hang_up()
        await guest.hears("goodbye")
    assert guest.events.count("MENU") == 1, "it has asked once"
    assert max(guest.likeness("menu-main"), guest.likeness("no-key"), guest.likeness("survey")) < 0.6
    assert stranger.likeness("recording-notice") < 0.6, "that one is for its estate"
    assert stranger.likeness("welcome-night") > 0.75


@pytest.mark.rule("C7", "D1")
async def test_the_line_is_switched_by_a_code_with_every_python_process_dead_and_a_wrong_pin_switches_nothing(
        hotline: Hotline, line: Line) -> None:
    seat, elsewhere = await line.seat("1101"), await line.outside(ELSEWHERE)
    settings = hotline.settings
    await said(line, "switch-wrong/1101", f"4|{int(time.time())}")
    await dials(line, seat, "*191", "314159")
    locked = await seat.dial("*191")                                 # five were wrong: it is not asked, or the journal knew
    await locked.ended()
    await said(line, "switch-wrong/1101", f"5|{int(time.time()) - 61}")      # a minute later
    assert line_of(settings).to == ""
    await dials(line, seat, "*191", SWITCH_PIN)
    there = line_of(settings)
    assert (there.to, there.by) == ("announcement", "phone-1101")
    guest = await line.call()
    async with written(line, **{f"treat__{BLOCKED}": "block", f"treat__{WARNED}": "warn"}):
        blocked, warned = await line.call(number=f"0086{BLOCKED}"), await line.call(number=f"0{WARNED}")
        await asyncio.gather(blocked.hears("nuisance-closing"), warned.hears("nuisance-warning"))
        await warned.hears("site-emergency")
    assert [(await one.has("NUISANCE")).data for one in (blocked, warned)] == [("block",), ("warn",)]
    assert (blocked.events.count("SWITCHED"), warned.events.count("SWITCHED")) == (0, 1)
    await dials(line, seat, "*19", SWITCH_PIN)
    moved = await line.call()
    leg = await elsewhere.rings()
    await moved.hears("line-switched")
    await leg.answer()
    await moved.has("OUTSIDE", ELSEWHERE)
    await leg.hang_up()
    await moved.leg.ended()
    elsewhere.rejects()
    refused = await line.call()
    await asyncio.gather(guest.hears("site-emergency"), refused.hears("site-emergency"))
    calls = [(guest, "announcement"), (moved, ELSEWHERE), (refused, ELSEWHERE)]
    assert [(await one.has("SWITCHED")).data for one, _ in calls] == [(to,) for _, to in calls]
    assert not {"MENU", "ENTERQUEUE"} & {event for one, _ in calls for event in one.events}
    assert (await sixring(hotline, "switch", "--to", "110"))[0] == 1, "a number that the site file does not name"
    assert (await sixring(hotline, "switch", "--back"))[0] == 0
    code, told = await sixring(hotline, "switch")
    assert (code, told[:27]) == (0, "new calls: as always since ")
    assert (line_of(settings).to, line_of(settings).by) == ("", "console")
    back = await line.call()
    await back.hears("menu-main")
    assert max(back.likeness("surge-notice"), back.likeness("recording-notice"), back.likeness("welcome-night")) < 0.6, (
        "tier and notices of the test before are over")
    files = [path for folder in ("etc", "log") for path in (settings.asterisk / folder).rglob("*") if path.is_file()]
    assert not [path for path in (*files, settings.state / "asterisk.out") if SWITCH_PIN.encode() in path.read_bytes()]
    assert switchings(line) == [("SWITCHREFUSED", "1101", ("announcement",)), ("LINESWITCHED", "1101", ("announcement", "phone")),
                       ("LINESWITCHED", "1101", (ELSEWHERE, "phone"))]


async def members(line: Line) -> Members:
    async with line.hotline.ami() as ami:
        rows = await ami.act("QueueStatus", ends_with="QueueStatusComplete")
    return {(row["Queue"], row["Name"]): (row["Penalty"], row["PausedReason"] if row["Paused"] == "1" else "", row["Wrapuptime"])
            for row in rows if row.get("Membership") == "dynamic"}


async def become(line: Line, right: Callable[[Members], bool]) -> None:
    there: Members = {}
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not right(there := await members(line)):
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(there) from None


def is_(agent: str, state: AgentState, reason: str = "") -> Callable[[Board], bool]:
    def right(board: Board) -> bool:
        shown = board.agents.get(agent)
        return bool(shown and shown.state is state and shown.reason == reason)
    return right


@pytest.mark.rule("B2")
@pytest.mark.rule("B5", part="what acd takes and gives back")
async def test_a_surge_pulls_in_another_team_and_the_back_office_cuts_their_wrap_up_and_gives_everything_back(
        hotline: Hotline, line: Line) -> None:
    await line.leave("1101")
    other_team, back_office = await line.seats("1003", "1002")
    async with Control(hotline) as control:
        online = {"1002", "1003"}
        await control.board_where(lambda board: all(board.seats[seat].state is not SeatState.OFFLINE for seat in online), "phones")
        await control.orders(SignIn("801", "1003"))
        await control.orders(SignIn("802", "1002"))
        await control.orders(Pause("802", PauseReason.BACK_OFFICE))
        await control.board_where(is_("802", AgentState.PAUSED, "back_office"), "802 works elsewhere")
        before = await members(line)

        await control.orders(SetSurge(1))
        assert (await control.orders(SetSurge(1))).detail == "already"
        await control.board_where(is_("802", AgentState.READY), "802 is pulled in")
        assert (await control.asks(Pause("802", PauseReason.TRAINING))).code == "surge"
        await become(line, lambda now: now == PULLED_IN)
        await control.orders(SetSurge(0))
        await control.board_where(is_("802", AgentState.PAUSED, "back_office"), "802 has it back")
        await become(line, lambda now: now == before)

        settings = hotline.settings
        assert (await control.orders(SetNotice("yunqi", "recording-notice"))).is_done
        assert (await control.asks(SetNotice("yunqi", "welcome,8000"))).code == "unknown_prompt"
        assert (await control.asks(SetNotice("../tier", "welcome"))).code == "unknown_estate"
        assert (await control.asks(SwitchLine("110"))).code == "unknown_number"
        await control.orders(SwitchLine(ELSEWHERE))
        assert (line_of(settings).to, line_of(settings).by) == (ELSEWHERE, "test")
        await control.orders(SwitchLine(""))

        await control.orders(SetSurge(1))
        await become(line, lambda now: now == PULLED_IN)
        control.kill_acd()                      # nothing of it needs Python any more
        for seat in (other_team, back_office):
            seat.answers_after(0)
        guests = await asyncio.gather(*(line.call_and_press("3") for _ in range(2)))
        legs: list[Leg] = [await other_team.rings(), await back_office.rings()]
        await asyncio.gather(*(guest.has("CONNECT") for guest in guests))
        waiting: Guest = await line.call_and_press("3")
        await waiting.has("ENTERQUEUE")
        ended = time.monotonic()
        await legs[1].hang_up()
        await back_office.rings()
        took = time.monotonic() - ended
        assert took < WRAPUP_S / 2, f"rang {took:.2f} s after a talk; the wrap-up is {CUT_S} s, at tier 0 it is {WRAPUP_S} s"
