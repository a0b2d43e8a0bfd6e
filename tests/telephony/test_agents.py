"""Agents at real phones: codes, missed calls, dead phones, moves; and Asterisk rings accordingly."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
import redis
from hotline.instance import Hotline
from hotline.line import Line
from hotline.lone_phone import LonePhone
from hotline.manned import Manned
from hotline.sites import TestSite

from callcenter.commands import MoveSeat, Pause, PauseReason, Resume, SignIn, SignOut
from callcenter.events import AgentState as S
from callcenter.phones import Leg, NotInTime, Seat
from callcenter.roster import ROSTER, ROSTER_KEY, Agent, Roster

PINS = {"801": "246810", "802": "135791", "803": "112233", "804": "445566"}
QUEUE = {"backup": ["1101", "1102"], "seat_ring": 2, "backup_for": 4}
SITE = TestSite(
    primary=tuple(str(seat) for seat in range(1001, 1009)), overflow_after=12,
    more={"desk": {"misses": 3, "fault_after": 3, "callback_offer": 3600}},
    queues=[
        {"id": "repair", "name": {"zh": "r", "en": "r"}, "seats": ["1001", "1002"], "wrapup": 45, **QUEUE},
        {"id": "complaint", "name": {"zh": "c", "en": "c"}, "seats": ["1003"], "wrapup": 0, **QUEUE},
        {"id": "enquiry", "name": {"zh": "e", "en": "e"}, "seats": ["1004"], "wrapup": 0, **QUEUE},
    ],
    agents=[{"code": "801", "name": "陈静", "skills": {"repair": 1, "complaint": 2}},
            {"code": "802", "name": "李晓梅", "skills": {"enquiry": 1}},
            {"code": "803", "name": "王磊", "skills": {"complaint": 1}},
            {"code": "804", "name": "赵敏", "skills": {"enquiry": 9}}])
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def manned(hotline: Hotline) -> AsyncIterator[Manned]:
    async with Manned(hotline, PINS) as floor:
        yield floor


@pytest_asyncio.fixture(loop_scope="module")
async def floor(manned: Manned, line: Line) -> AsyncIterator[Manned]:
    """Nobody is signed in at its beginning."""
    yield manned
    await line.rest()
    for code in PINS:
        await manned.ask(SignOut(code))


async def dials(seat: Seat, code: str, pin: str = "") -> Leg:
    leg = await seat.dial(code)
    await leg.answered()
    if pin:
        await leg.press(f"{pin}#")
    return leg


@pytest.mark.rule("A7", part="free seating")
async def test_an_agent_signs_in_by_code_at_any_seat_and_rings_there(floor: Manned, line: Line) -> None:
    seat = await line.seat("1004")                       # home of another queue
    leg = await dials(seat, "*11801", PINS["801"])
    await floor.agent_is("801", S.READY, seat="1004")
    await leg.ended()
    seat.answers_after(0)
    guest = await line.call_and_press("2")
    await seat.rings()
    await floor.agent_is("801", S.TALKING)
    board = await floor.board_where(lambda board: guest.call_id in board.calls, "the call")
    assert board.calls[guest.call_id].agent == "801"
    states = [entry.data for entry in floor.hotline.journal.entries() if entry.event == "AGENTSTATE"]
    assert [state[:2] for state in states] == [("801", "READY"), ("801", "RINGING"), ("801", "TALKING")]
    assert states[0][3] == "phone"


async def test_a_wrong_pin_signs_nobody_in(floor: Manned, line: Line) -> None:
    seat = await line.seat("1001")
    leg = await dials(seat, "*11801", "000000")
    await leg.ended()
    await floor.agent_is("801", S.SIGNED_OUT)


async def test_the_codes_of_pauses_ready_help_and_out(floor: Manned, line: Line) -> None:
    seat = await line.seat("1001")
    assert (await floor.ask(SignIn("801", "1001"))).code == "done"
    for code, reason in (("*131", "break"), ("*135", "back_office")):
        await (await dials(seat, code)).hang_up()
        shown = await floor.agent_is("801", S.PAUSED)
        await floor.board_where(lambda board, reason=reason: board.agents["801"].reason == reason, reason)  # type: ignore[misc]
        assert shown.seat == "1001"
    await (await dials(seat, "*14")).hang_up()
    await floor.agent_is("801", S.READY)
    await (await dials(seat, "*15")).hang_up()
    await floor.board_where(lambda board: board.agents["801"].help_since is not None, "asks for help")
    await (await dials(seat, "*12")).hang_up()
    await floor.agent_is("801", S.SIGNED_OUT)


async def test_who_misses_calls_is_away_until_resumed(floor: Manned, line: Line) -> None:
    seat = await line.seat("1001")
    await floor.ask(SignIn("801", "1001"))
    await line.call_and_press("2")
    shown = await floor.agent_is("801", S.AWAY)
    assert shown.missed == 3
    assert len(seat.legs) == 3
    await floor.ask(Resume("801"))
    shown = await floor.agent_is("801", S.READY)
    assert shown.missed == 0


async def test_two_queues_ring_one_agent_at_once_and_one_wins(floor: Manned, line: Line) -> None:
    seat = await line.seat("1001")
    seat.answers_after(0)
    await floor.ask(SignIn("801", "1001"))
    talking = await line.call_and_press("2")
    await floor.agent_is("801", S.TALKING)
    first, second = await line.call_and_press("2"), await line.call_and_press("1", "1")
    await asyncio.gather(first.has("ENTERQUEUE"), second.has("ENTERQUEUE"))
    seat.forget()
    await talking.hangs_up()
    guests = [guest.call_id for guest in (first, second)]
    board = await floor.board_where(lambda board: any(board.calls[one].agent for one in guests), "one of them talks")
    await asyncio.sleep(1.5)     # another ring would have come: app_queue tries again every second
    assert [board.calls[one].agent for one in guests].count("801") == 1
    assert len(seat.legs) == 1


async def test_the_wrapup_is_the_one_of_the_queue_that_the_call_came_from_and_ends_when_the_agent_is_ready(
        floor: Manned, line: Line) -> None:
    seat = await line.seat("1001")
    await floor.ask(SignIn("801", "1001"))
    without = await line.call_and_press("2")            # complaint: no wrap-up; repair: 45 s
    leg = await seat.rings()
    await leg.answer()
    longer = await line.call_and_press("1", "1")
    await longer.has("ENTERQUEUE")
    await without.hangs_up()
    leg = await seat.rings()                           # at once, although the queue that calls has a wrap-up of its own
    await leg.answer()
    await floor.agent_is("801", S.TALKING)
    waiting = await line.call_and_press("2")
    await waiting.has("ENTERQUEUE")
    await longer.hangs_up()
    shown = await floor.agent_is("801", S.WRAPUP)
    assert shown.until
    assert 43 < (shown.until - shown.since).total_seconds() <= 45
    with pytest.raises(NotInTime):                      # the other queue has none, and waits for this one all the same
        await seat.rings(3)
    await (await dials(seat, "*16")).hang_up()
    await floor.board_where(lambda board: (board.agents["801"].until or shown.since) - shown.since > timedelta(seconds=60),
                            "a minute longer")
    await (await dials(seat, "*14")).hang_up()
    await floor.agent_is("801", S.READY)
    await line.call_and_press("2")
    await seat.rings()
    assert datetime.now(UTC) < shown.until              # app_queue's own time was not over yet


@pytest.mark.rule("C1")
async def test_a_phone_that_dies_ready_ringing_talking_or_on_hold_is_a_fault_within_15_s_and_ready_again_when_back(
        floor: Manned, line: Line) -> None:
    places = {"804": "1005", "801": "1006", "802": "1007", "803": "1008"}
    async with AsyncExitStack() as stack:
        phones = {agent: await stack.enter_async_context(lone_phone(floor, seat)) for agent, seat in places.items()}
        for agent, seat in places.items():
            assert (await floor.ask(SignIn(agent, seat))).code == "done"
        for agent, keys, state in (("803", "2", S.HELD), ("802", "3", S.TALKING), ("801", "11", S.RINGING)):
            await line.call_and_press(*keys)
            await phones[agent].says("rings")
            if state is not S.RINGING:
                await phones[agent].does("answer")
            if state is S.HELD:
                await phones[agent].does("hold")
            await floor.agent_is(agent, state)
    died = time.time()
    for agent, seat in places.items():
        await floor.agent_is(agent, S.FAULT, seat=seat)
    faults = {entry.agent: entry.epoch for entry in floor.hotline.journal.entries() if entry.event == "SEATFAULT"}
    assert sorted(faults) == sorted(places.values())
    assert max(faults.values()) - died <= 15
    await line.rest()
    assert (await floor.ask(MoveSeat("801", "1101"))).code == "seat_unreachable"
    async with AsyncExitStack() as stack:
        for agent, seat in places.items():
            await stack.enter_async_context(lone_phone(floor, seat))
            await floor.agent_is(agent, S.READY, seat=seat)
    ends = [entry.agent for entry in floor.hotline.journal.entries() if entry.event == "SEATFAULTEND"]
    assert sorted(ends) == sorted(places.values())


@pytest.mark.rule("C1")
async def test_an_agent_moves_to_a_spare_seat_in_one_act_with_the_pause(floor: Manned, line: Line) -> None:
    await line.seat("1001")
    spare = await line.seat("1002")
    await floor.ask(SignIn("801", "1001"))
    await floor.ask(Pause("801", PauseReason.MEAL))
    assert (await floor.ask(MoveSeat("801", "1002"))).code == "done"
    shown = await floor.agent_is("801", S.PAUSED, seat="1002")
    assert shown.reason == "meal"
    await floor.ask(Resume("801"))
    await line.call_and_press("2")
    await spare.rings()


async def test_with_all_python_dead_a_code_signs_in_and_acd_adopts_it(floor: Manned, line: Line) -> None:
    seat = await line.seat("1001")
    floor.kill("agi")
    floor.kill("acd")
    leg = await dials(seat, "*11801", PINS["801"])
    await leg.ended()
    guest = await line.call_and_press("1", "1")
    await seat.rings()
    await guest.hangs_up()
    floor.start("agi")
    floor.start("acd")
    await floor.agent_is("801", S.READY, seat="1001")
    async with floor.hotline.ami() as ami:
        assert (await ami.act("DBGet", Family="sixring", Key="emergency-sign-in/1001"))[0]["Response"] == "Error"
    guest = await line.call_and_press("2")              # the agent's own skill, not the seat's home
    await seat.rings()


def lone_phone(floor: Manned, seat: str) -> LonePhone:
    return LonePhone(floor.settings.ports.sip, seat, floor.settings.secrets()[f"seat-{seat}"])


async def test_who_is_made_an_agent_may_sign_in_at_once_and_who_has_left_is_signed_out(floor: Manned, line: Line) -> None:
    """As crm publishes it. Last in this file: the roster stays so."""
    await line.seats("1001", "1002")
    assert (await floor.ask(SignIn("804", "1001"))).is_done
    await floor.agent_is("804", S.READY, seat="1001")
    here = [Agent(code, code, skills={"enquiry": 1}) for code in ("801", "802", "803", "805")]
    with redis.Redis.from_url(floor.settings.redis_url) as client:
        client.set(ROSTER_KEY, ROSTER.dump_json(Roster({agent.code: agent for agent in here})))
    await floor.agent_is("804", S.SIGNED_OUT)
    assert (await floor.ask(SignIn("805", "1002"))).is_done
    await floor.agent_is("805", S.READY, seat="1002")
    assert (await floor.ask(SignIn("804", "1001"))).code == "unknown_agent"
    assert (await floor.ask(SignOut("805"))).is_done
