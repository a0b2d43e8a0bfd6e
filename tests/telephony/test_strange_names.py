"""Names from the trunk as no phone would send them: nothing in them becomes a line of the journal or of AMI."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from hotline.ami import listening
from hotline.line import Line
from hotline.raw_sip import RawCaller
from hotline.sites import TestSite

from callcenter.phones import PATIENCE_S, Display
from callcenter.phones.hearing import has_tone
from callcenter.phones.sound import tone

ENQUIRY = ("1004", "1005", "1006", "1007")
SITE = TestSite(primary=("1001", "1002", "1003", *ENQUIRY))
pytestmark = pytest.mark.asyncio(loop_scope="module")

# What a name would have to become to do harm: an AMI header, an AMI action, an entry of the journal.
MARK = "X-Smuggled"
KNOWN = {"ENTERED", "LOOKUPLATE", "MENU", "RECORDING", "ENTERQUEUE", "ABANDON", "ENDED", "RINGNOANSWER", "CONNECT",
         "QUEUESTART", "COMPLETECALLER", "COMPLETEAGENT", "RINGCANCELED"}

TAKEN = {
    "escaped": b'"\\"\\r\\nX-Smuggled: yes\\r\\n"',
    "dialplan": b'"${SHELL(touch /tmp/x)}|X-Smuggled|$[1/0]"',
    "four-bytes": '"😀𠮷 X-Smuggled"'.encode(),
    "not-utf8": b'"\xff\xfe\xf0X-Smuggled"',
}
# Asterisk may drop what is no SIP at all; it may not stumble over it.
NO_SIP = {
    "folded": b'"Zhang\r\n X-Smuggled: yes\r\n Action: Originate"',
    "folded-unquoted": b"Zhang\r\n San\r\n X-Smuggled",
    "bare-lf": b'"Zhang\nX-Smuggled: yes"',
    "bare-cr": b'"Zhang\rX-Smuggled: yes"',
    "open-quote": b'"Zhang',
    "nul": b'"Zhang\0X-Smuggled: yes"',
    "10000-characters": b'"' + b"X" * 10_000 + b'"',
}


def callers(line: Line, names: dict[str, bytes]) -> list[RawCaller]:
    port = line.hotline.settings.ports.sip
    return [RawCaller(port, f"1360000{place:04}", name) for place, name in enumerate(names.values())]


@asynccontextmanager
async def dialling(those: list[RawCaller], within: float) -> AsyncIterator[list[int]]:
    """All at once; their answers, 0 where none came."""
    async with AsyncExitStack() as stack:
        for caller in those:
            await stack.enter_async_context(caller)
        answers = await asyncio.gather(*(caller.dials(within) for caller in those), return_exceptions=True)
        yield [answer if isinstance(answer, int) else 0 for answer in answers]


async def test_strange_names_are_calls_like_any_other_and_no_seat_sees_them(line: Line) -> None:
    seats = await line.seats(*ENQUIRY)
    those = callers(line, TAKEN)
    async with listening(line.hotline.ami()) as heard, dialling(those, PATIENCE_S) as answers:
        assert answers == [200] * len(TAKEN)
        rings = await asyncio.gather(*(seat.rings() for seat in seats))   # no key is pressed: the menu passes them on
        assert {ring.shows for ring in rings} == {Display(caller.number, caller.number) for caller in those}
        for caller in those:
            call_id = await line.journal.call_from(caller.number)
            assert any(message.get("CallId") == call_id for message in heard)
        assert [message for message in heard if MARK in message] == []
        assert {entry.event for entry in line.journal.entries()} <= KNOWN


async def test_what_is_no_sip_harms_no_call_on_the_line(line: Line) -> None:
    seat = await line.seat("1003")
    seat.answers_after(0)
    guest = await line.call_and_press("2")
    leg = await seat.rings()
    await leg.answered()
    leg.say(tone(700, 1), forever=True)
    async with listening(line.hotline.ami()) as heard, dialling(callers(line, NO_SIP), 2) as answers:
        assert set(answers) <= {0, 200, 400}
        await guest.leg.hears(lambda sound: has_tone(sound.part(-0.6), 700, at_least=0.9), "the agent")
        other = await line.call()
        await other.hears("welcome")
        assert any(message.get("CallId") == other.call_id for message in heard)
        assert [message for message in heard if MARK in message] == []
    assert not guest.leg.is_over
    assert {entry.event for entry in line.journal.entries()} <= KNOWN


@pytest.mark.rule("C9", part="who guesses passwords is refused and written down")
async def test_who_guesses_a_seats_password_is_refused_and_named_with_the_address(line: Line) -> None:
    log = line.hotline.settings.asterisk / "log/security"
    async with RawCaller(line.hotline.settings.ports.sip, "1001") as stranger:
        assert await stranger.registers("1001", "1001") in (401, 403)
        address = f"127.0.0.1/{stranger.source_port}"
    async with asyncio.timeout(PATIENCE_S):
        while not (found := [text for text in log.read_text().splitlines() if "ChallengeResponseFailed" in text]):
            await asyncio.sleep(0.02)
    assert [text for text in found if 'AccountID="1001"' in text and address in text] == found
