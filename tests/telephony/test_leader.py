"""D2: the leader listens, whispers, joins, takes over and moves a call; who is no leader may not. Told apart by tones."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from hotline.control import Control
from hotline.instance import Hotline
from hotline.line import Guest, Line
from hotline.sites import TestSite

from callcenter.commands import Monitor, Monitoring, MoveCall, TakeOver
from callcenter.events import AgentState, CallState, SeatState
from callcenter.phones import Leg, Seat
from callcenter.phones.hearing import has_tone
from callcenter.phones.sound import Sound, tone

LEADER = "1201"
SITE = TestSite(ring_seconds=1, survey=False, more={"desk": {"callback_offer": 3600}, "seats": [
    *({"seat": seat, "name": f"座席{seat}"} for seat in ("1001", "1002", "1003", "1004")),
    *({"seat": seat, "name": f"后备{seat}", "kind": "backup"} for seat in ("1101", "1102")),
    {"seat": LEADER, "name": "组长", "kind": "leader"}]})
pytestmark = pytest.mark.asyncio(loop_scope="module")

AGENT_HZ, LEADER_HZ, CALLER_HZ = 700.0, 1000.0, 1300.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def control(hotline: Hotline) -> AsyncIterator[Control]:
    async with Control(hotline) as control:
        yield control


async def talk(line: Line, control: Control) -> tuple[Guest, Leg]:
    """Agent 1003 and the caller talk, each in a tone of their own."""
    phone = await line.seat("1003")
    phone.answers_after(0)
    guest = await line.call_and_press("2")
    leg = await phone.rings()
    await control.board_where(lambda board: (call := board.calls.get(guest.call_id)) is not None
                              and call.state is CallState.TALKING, "talks")
    leg.say(tone(AGENT_HZ, 1), forever=True)
    guest.leg.say(tone(CALLER_HZ, 1), forever=True)
    return guest, leg


async def leaders_phone(line: Line, control: Control) -> Seat:
    phone = await line.seat(LEADER)
    phone.answers_after(0)
    await control.board_where(lambda board: board.seats[LEADER].state is SeatState.READY, "the leader's phone is there")
    return phone


async def monitor(line: Line, control: Control, mode: Monitoring) -> Leg:
    phone = await leaders_phone(line, control)
    await control.orders(Monitor(LEADER, "1003", mode))
    leg = await phone.rings()
    await leg.answered()
    leg.say(tone(LEADER_HZ, 1), forever=True)
    return leg


def now(heard: Sound, hz: float) -> bool:
    return has_tone(heard.part(-0.8), hz, at_least=0.1)


async def hears(leg: Leg, hz: float) -> None:
    await leg.hears(lambda heard: now(heard, hz), f"{hz:g} Hz")


async def never_heard(leg: Leg, hz: float) -> None:
    """Not in all that this phone heard so far, and not in the second that follows."""
    await leg.heard_seconds(1)
    assert not has_tone(leg.heard, hz, at_least=0.02)


@pytest.mark.rule("D2")
async def test_the_leader_listens_then_whispers_then_joins_and_the_caller_hears_only_the_last(line: Line, control: Control) -> None:
    guest, agent = await talk(line, control)
    leader = await monitor(line, control, Monitoring.LISTEN)
    await hears(leader, AGENT_HZ)
    await hears(leader, CALLER_HZ)
    await never_heard(agent, LEADER_HZ)
    await control.orders(Monitor(LEADER, "1003", Monitoring.WHISPER))
    await hears(agent, LEADER_HZ)
    await never_heard(guest.leg, LEADER_HZ)
    await control.orders(Monitor(LEADER, "1003", Monitoring.JOIN))
    await hears(guest.leg, LEADER_HZ)
    await hears(agent, LEADER_HZ)
    await leader.hang_up()
    await hears(guest.leg, AGENT_HZ)
    await hears(agent, CALLER_HZ)
    assert [entry.data for entry in line.journal.entries(guest.call_id) if entry.event == "MONITORED"] == [
        ("1003", mode, "test") for mode in ("listen", "whisper", "join")]


async def test_a_leader_who_listens_is_in_no_call_and_is_let_go_when_it_ends(line: Line, control: Control) -> None:
    guest, agent = await talk(line, control)
    leader = await monitor(line, control, Monitoring.LISTEN)
    await hears(leader, AGENT_HZ)
    await leader.press("5")     # the leader's own keys change the mode too
    await hears(agent, LEADER_HZ)
    board = await control.board_where(lambda board: board.seats[LEADER].state is SeatState.TALKING, "the leader's phone is busy")
    assert board.seats[LEADER].call_id is None
    assert list(board.calls) == [guest.call_id]
    assert board.calls[guest.call_id].seat == "1003"
    assert board.agents[LEADER].state is AgentState.READY
    await never_heard(guest.leg, LEADER_HZ)
    await guest.hangs_up()
    await leader.ended()
    async with line.hotline.ami() as ami:
        assert not [channel for channel in await ami.channels() if LEADER in channel["Channel"]]


@pytest.mark.parametrize("listening", [False, True], ids=["at once", "after listening"])
@pytest.mark.rule("D2")
async def test_the_leader_takes_over_and_the_agent_is_free(line: Line, control: Control, listening: bool) -> None:
    guest, agent = await talk(line, control)
    if listening:
        leader = await monitor(line, control, Monitoring.LISTEN)
        await hears(leader, CALLER_HZ)
        await control.orders(TakeOver(LEADER, "1003"))
    else:
        phone = await leaders_phone(line, control)
        await control.orders(TakeOver(LEADER, "1003"))
        leader = await phone.rings()
        await leader.answered()
        leader.say(tone(LEADER_HZ, 1), forever=True)
    await agent.ended()
    await hears(guest.leg, LEADER_HZ)
    await hears(leader, CALLER_HZ)
    await control.board_where(lambda board: board.calls[guest.call_id].seat == LEADER
                              and board.seats["1003"].state is SeatState.READY, "the leader talks, the agent is free")
    assert (await guest.has("TAKENOVER")).data == ("test", LEADER)


async def test_only_leaders_listen_and_take_over(line: Line, control: Control) -> None:
    other = await line.seat("1001")
    _, agent = await talk(line, control)
    assert (await control.asks(Monitor("1001", "1003", Monitoring.LISTEN))).code == "refused"
    assert (await control.asks(TakeOver("1001", "1003"))).code == "refused"
    assert (await control.asks(Monitor("4711", "1003", Monitoring.LISTEN))).code == "unknown_seat"
    assert (await control.asks(Monitor(LEADER, "1002", Monitoring.LISTEN))).code == "no_call"
    assert not other.has_rung
    assert agent.is_talking


async def test_a_waiting_call_is_moved_and_is_no_caller_who_gave_up(line: Line, control: Control) -> None:
    await talk(line, control)     # so that the next one waits
    target = await line.seat("1004")
    waiting = await line.call_and_press("2")
    await control.board_where(lambda board: (call := board.calls.get(waiting.call_id)) is not None
                              and call.state is CallState.QUEUED, "waits")
    assert (await control.asks(MoveCall(waiting.call_id, "cats"))).code == "unknown_queue"
    assert (await control.asks(MoveCall("nobody-1.1", "enquiry"))).code == "no_call"
    target.answers_after(0)
    await control.orders(MoveCall(waiting.call_id, "enquiry"))
    await target.rings()
    assert (await waiting.has("CONNECT")).agent == "1004"
    assert (await waiting.has("MOVED")).data == ("test", "enquiry")
    assert "ABANDON" not in waiting.events
