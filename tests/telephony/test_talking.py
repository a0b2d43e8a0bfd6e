"""A call that is answered: in time, heard both ways, recorded, rated."""

from __future__ import annotations

import asyncio
import time

import pytest
from hotline.line import MAIN, Guest, Line
from hotline.sites import TestSite

from callcenter.phones import Leg, PhoneError
from callcenter.phones.hearing import has_tone
from callcenter.phones.sound import tone

SITE = TestSite(ring_seconds=2)
pytestmark = pytest.mark.asyncio(loop_scope="module")

AGENT_HZ, CALLER_HZ = 700.0, 1300.0
WAV_HEADER = 44


async def talk(line: Line, seat: str, key: str, answer_after: float = 0.3) -> tuple[Guest, Leg]:
    phone = await line.seat(seat)
    phone.answers_after(answer_after)
    guest = await line.call_and_press(key)
    leg = await phone.rings()
    await leg.answered()
    return guest, leg


@pytest.mark.rule("A1")
async def test_a_free_seat_rings_at_once_and_answers_within_two_rings(line: Line) -> None:
    guest, leg = await talk(line, "1003", "2", answer_after=1.5)
    entered, connected = await guest.has("ENTERQUEUE"), await guest.has("CONNECT")
    assert connected.agent == "1003"
    assert connected.epoch - entered.epoch <= 2 * SITE.ring_seconds
    assert leg.answered_at is not None
    assert leg.answered_at - leg.began_at < 2 * SITE.ring_seconds


async def test_a_phone_of_a_program_that_is_busy_knows_that_it_was_answered_and_misses_nothing_of_what_is_said(line: Line) -> None:
    """What a starved machine does to a loop, on purpose: all that happened comes at once, afterwards."""
    caller = await line.phones.caller("13900000000")
    dialling = asyncio.create_task(caller.dial(MAIN))
    await asyncio.sleep(0)                              # it is on its way
    time.sleep(2)                                       # noqa: ASYNC251  the loop hears nothing of it
    leg = await dialling
    assert leg.is_talking
    await leg.hears(lambda heard: heard.seconds > 0, "the line")
    before, lost = leg.heard.seconds, leg.lost_s         # what came before there was anybody to listen
    time.sleep(3)                                       # noqa: ASYNC251
    await asyncio.sleep(0)
    assert leg.heard.seconds - before > 1.5              # between two prompts Asterisk sends nothing
    assert leg.lost_s == lost
    with pytest.raises(PhoneError, match="603"):        # Asterisk refuses a caller: the phone itself would not have asked
        await leg.transfer(line.hotline.switch.uri("1003"))
    await leg.hang_up()


@pytest.mark.rule("A8", part="both voices, in one file")
async def test_both_hear_each_other_and_the_recording_has_both_voices(line: Line) -> None:
    guest, leg = await talk(line, "1003", "2")
    leg.say(tone(AGENT_HZ, 4))
    guest.leg.say(tone(CALLER_HZ, 4))
    await guest.leg.hears(lambda heard: has_tone(heard.part(-1), AGENT_HZ), "the agent")
    await leg.hears(lambda heard: has_tone(heard.part(-1), CALLER_HZ), "the caller")
    await guest.leg.heard_seconds(1.5)
    recorded = await line.recording_of(guest)
    assert has_tone(recorded, AGENT_HZ)
    assert has_tone(recorded, CALLER_HZ)
    assert recorded.seconds > 1.5


async def test_a_call_that_nobody_answered_leaves_a_header_without_a_voice(line: Line) -> None:
    """MixMonitor makes its file at once; the recorder takes it away (test_whole_hotline.py), here is none."""
    seat = await line.seat("1003")
    guest = await line.call_and_press("2")
    await seat.rings()
    await guest.hangs_up()
    await guest.has("ABANDON")
    await guest.has("ENDED")
    assert [file.stat().st_size for file in line.hotline.recording(guest.call_id)] == [WAV_HEADER]


@pytest.mark.rule("I3", part="only the rating")
async def test_the_caller_rates_after_the_agent_hangs_up(line: Line) -> None:
    async def rate(seat: str, key: str, rating: str, thanks: str) -> None:
        guest, leg = await talk(line, seat, key)
        await leg.hang_up()
        await guest.hears("survey")
        await guest.presses(rating)
        entry = await guest.has("SURVEY")
        assert (entry.data, entry.agent) == ((rating,), seat)
        await guest.hears(thanks)
        await guest.hears("goodbye")
        await guest.leg.ended()

    await asyncio.gather(rate("1003", "2", "1", "survey-thanks"), rate("1004", "3", "3", "survey-sorry"))


async def test_a_rating_that_does_not_exist_is_asked_again(line: Line) -> None:
    guest, leg = await talk(line, "1003", "2")
    await leg.hang_up()
    await guest.hears("survey")
    await guest.presses("8")
    await guest.hears("survey-wrong")
    await guest.presses("2")
    assert (await guest.has("SURVEY")).data == ("2",)


async def test_a_caller_who_hangs_up_first_is_not_asked(line: Line) -> None:
    guest, _ = await talk(line, "1003", "2")
    await guest.hangs_up()
    await guest.has("COMPLETECALLER")
    await guest.has("ENDED")
    assert "SURVEY" not in guest.events


async def test_a_seat_that_rejects_passes_the_caller_to_the_next(line: Line) -> None:
    first, second = await line.seats("1001", "1002")
    first.rejects()
    second.rejects()
    guest = await line.call_and_press("1", "1")
    await asyncio.wait({asyncio.ensure_future(first.rings()), asyncio.ensure_future(second.rings())},
                       return_when=asyncio.FIRST_COMPLETED)
    first.answers_after(0)
    second.answers_after(0)
    assert (await guest.has("CONNECT")).agent in {"1001", "1002"}


@pytest.mark.rule("A10", part="numbers, joined from recorded parts")
@pytest.mark.rule("A11", part="the position")
async def test_the_second_caller_hears_the_position_in_the_queue(line: Line) -> None:
    await talk(line, "1003", "2")
    first = await line.call_and_press("2")
    await first.has("ENTERQUEUE")
    second = await line.call_and_press("2")
    await second.has("ENTERQUEUE")
    for word in ("queue-thereare", "digits/2", "queue-callswaiting"):
        await second.hears(word)
