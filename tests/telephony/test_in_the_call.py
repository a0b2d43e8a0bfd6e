"""In a call: recording pauses (A8), ten minutes (A4), hold. Told apart by tones and by what the files hold."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from hotline.control import Control
from hotline.instance import Hotline
from hotline.line import Guest, Line
from hotline.sites import TestSite

from callcenter.commands import PauseRecording, ResumeRecording, Target, Transfer
from callcenter.events import AgentState, CallState
from callcenter.phones import Leg
from callcenter.phones.hearing import LIKE, Ear, Prompt, has_tone, is_silent, speech_seconds
from callcenter.phones.sound import Sound, read_wav, tone

SITE = TestSite(ring_seconds=1, survey=False, more={"desk": {"recording_pause": 6, "call_minutes": 1, "warn_before": 57}})
pytestmark = pytest.mark.asyncio(loop_scope="module")

CALLER_HZ = 1300.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def control(hotline: Hotline) -> AsyncIterator[Control]:
    async with Control(hotline) as control:
        yield control


async def talk(line: Line, control: Control, seat: str = "1003", key: str = "2") -> tuple[Guest, Leg]:
    phone = await line.seat(seat)
    phone.answers_after(0)
    guest = await line.call_and_press(key)
    leg = await phone.rings()
    await control.board_where(lambda board: (call := board.calls.get(guest.call_id)) is not None
                              and call.state is CallState.TALKING, "talks")
    return guest, leg


async def says(guest: Guest, leg: Leg, hz: float, seconds: float) -> None:
    """So long that the agent has heard it."""
    guest.leg.say(tone(hz, 1), forever=True)
    await leg.heard_seconds(seconds, seconds + 3)


@pytest.mark.rule("A8")
async def test_what_is_said_in_a_pause_is_silence_in_the_file_and_the_time_is_kept(line: Line, control: Control) -> None:
    guest, leg = await talk(line, control)
    await says(guest, leg, 600, 1.5)
    await control.orders(PauseRecording("1003", "private_field"))
    board = await control.board_where(lambda board: board.agents["1003"].recording_paused, "paused is shown")
    assert board.agents["1003"].state is AgentState.TALKING
    await says(guest, leg, CALLER_HZ, 1)
    await says(guest, leg, 900, 0.8)            # nothing of the secret is on its way any more
    await control.orders(ResumeRecording("1003"))
    await says(guest, leg, 900, 1)
    sound = await line.recording_of(guest)
    assert has_tone(sound, 600)
    assert has_tone(sound, 900)
    # The moment in which the pause is ordered belongs to it only by a packet or two.
    assert speech_seconds(sound) < sound.seconds - 1
    assert not any(has_tone(sound.part(at / 2, at / 2 + 0.5), CALLER_HZ, at_least=0.5) for at in range(int(sound.seconds * 2)))
    assert sound.seconds > 4
    assert (await guest.has("RECORDPAUSE")).data == ("1003", "private_field")
    assert (await guest.has("RECORDRESUME")).data == ("1003", "asked")


async def test_a_pause_ends_by_itself_and_with_a_transfer(line: Line, control: Control) -> None:
    (guest, _), (other, _) = await asyncio.gather(talk(line, control), talk(line, control, "1004", "3"))
    await control.orders(PauseRecording("1003"))
    await control.orders(PauseRecording("1004"))
    assert (await control.asks(PauseRecording("1002"))).code == "no_call"
    (await line.seat("1001")).answers_after(0)
    await control.orders(Transfer("1004", Target("seat", "1001")))
    assert (await other.has("RECORDRESUME")).data == ("1004", "transfer")
    assert (await guest.has("RECORDRESUME")).data == ("1003", "too_long")
    await control.board_where(lambda board: not board.agents["1003"].recording_paused, "goes on")


@pytest.mark.rule("A4", part="the limit itself: tests/unit/acd/test_long_calls.py")
async def test_a_long_call_is_told_to_the_agent_alone_and_once_and_goes_on(line: Line, control: Control) -> None:
    """acd dies meanwhile: it says nothing twice, and a recording does not stay paused."""
    (guest, leg), (other, _) = await asyncio.gather(talk(line, control), talk(line, control, "1004", "3"))
    warning = Prompt(read_wav(line.sounds / "zh" / "limit-warning.wav"))

    def likeness(heard: Sound) -> float:
        ear = Ear()
        ear.hear(heard.samples)
        return ear.match(warning).score

    await leg.notices(lambda: likeness(leg.heard) > LIKE, "the warning")
    assert likeness(guest.leg.heard) < 0.5
    await control.orders(PauseRecording("1004"))
    told = leg.heard.seconds
    control.kill_acd()
    await control.start_acd()
    guest.leg.say(tone(CALLER_HZ, 1), forever=True)
    await leg.heard_seconds(2.5)
    assert likeness(leg.heard.part(told)) < 0.5, "told twice"
    assert (await other.has("RECORDRESUME")).data[1] == "too_long"
    assert leg.is_talking
    assert guest.leg.is_talking


async def test_a_caller_on_hold_hears_that_the_line_is_alive(line: Line, control: Control) -> None:
    guest, leg = await talk(line, control)
    await leg.hold()
    await control.board_where(lambda board: board.agents["1003"].state is AgentState.HELD, "held")
    await guest.leg.hears(lambda heard: not is_silent(heard.part(-1)), "music")
    await leg.resume()
    await control.board_where(lambda board: board.agents["1003"].state is AgentState.TALKING, "talks again")
