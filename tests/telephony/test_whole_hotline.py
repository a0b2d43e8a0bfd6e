"""Everything that `sixring up` starts, with the spoken prompts: what a call leaves behind, and what is known of its caller."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from hotline.instance import free_offset
from hotline.line import Guest, Line
from hotline.raw_sip import RawCaller
from hotline.sites import TestSite
from hotline.whole import Whole

from callcenter.phones import PATIENCE_S, Display
from callcenter.phones.hearing import has_tone
from callcenter.phones.sound import read_wav, tone
from callcenter.roles import Role
from callcenter.settings import CHECKOUT
from crm.callers.service import treat
from crm.calls.recordings import PRESENT
from crm.database import open_database
from crm.recordings.keys import KeyRing
from crm.recordings.seal import Vault
from crm.recordings.service import seen, sound_of
from crm.staff.actor import SYSTEM
from crm.staff.service import add_user

SOUNDS = CHECKOUT / "asterisk-config/sounds"
SITE = TestSite(overflow_after=4, menu_wait=5)
HOUSEHOLDS = """estate,building,unit,room,name,role,number,tags,language
云栖花园,3栋,1,1603,张建国,owner,13788962001,vip,zh
云栖花园,1栋,2,702,Emma Wilson,owner,13788962002,,zh
"""
ZHANG, EMMA = "13788962001", "13788962002"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Whole]:
    file = tmp_path_factory.mktemp("households") / "households.csv"
    file.write_text(HOUSEHOLDS, encoding="utf-8")
    with free_offset() as offset:
        async with Whole(SITE.text(), offset) as whole:
            await whole.crm("households", "import", str(file))
            yield whole


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def module_line(whole: Whole) -> AsyncIterator[Line]:
    async with whole.phones() as phones:
        yield Line(whole, phones, SOUNDS)


async def tickets(whole: Whole, guest: Guest) -> list[tuple[str, str, str, str]]:
    """All that came of the call: kind, reason, queue, number to ring."""
    await guest.has("ENDED")
    await whole.recorded(guest.call_id)
    found = whole.rows("SELECT kind, reason, queue, contact_number FROM tickets WHERE call_id = :id", id=guest.call_id)
    return [(row[0], row[1], row[2], row[3]) for row in found]


async def offered_a_message(line: Line) -> Guest:
    """No seat and no backup is at work."""
    guest = await line.call_and_press("2")
    await guest.has("NOBODY")
    await guest.hears("nobody-choice")
    return guest


async def test_a_message_makes_exactly_one_callback_ticket_and_is_heard(whole: Whole, line: Line, tmp_path: Path) -> None:
    guest = await offered_a_message(line)
    await guest.presses("1")
    await guest.hears("voicemail-start")
    guest.leg.say(tone(900, 6))
    await guest.leg.said()
    await guest.hangs_up()
    assert await tickets(whole, guest) == [("callback", "voicemail", "complaint", f"+86{guest.number}")]
    path = tmp_path / "heard.wav"
    path.write_bytes(await sound_of_call(whole, guest.call_id))
    assert has_tone(read_wav(path), 900)


async def sound_of_call(whole: Whole, call_id: str) -> bytes:
    """As the pages play it, once it is kept."""
    async with asyncio.timeout(PATIENCE_S):
        while whole.rows("SELECT recording_state FROM calls WHERE call_id = :id", id=call_id)[0][0] not in PRESENT:
            await asyncio.sleep(0.2)
    database = open_database(whole.settings.database_url)
    vault = Vault(whole.settings.recordings, KeyRing(whole.settings.secrets))
    with database.reading() as session:
        sound = sound_of(session, vault, seen(session, SYSTEM, call_id, None))
    database.close()
    try:
        return b"".join(sound.read(0, sound.length))
    finally:
        sound.close()


@pytest.mark.rule("G2", part="the ticket")
async def test_not_satisfied_makes_a_follow_up_and_satisfied_none(whole: Whole, line: Line) -> None:
    async def rated(seat: str, key: str, rating: str) -> list[tuple[str, str, str, str]]:
        phone = await line.seat(seat)
        phone.answers_after(0)
        guest = await line.call_and_press(key)
        leg = await phone.rings()
        await leg.answered()
        await leg.hang_up()
        await guest.hears("survey")
        await guest.presses(rating)
        await guest.has("SURVEY")
        await guest.hangs_up()
        made = await tickets(whole, guest)
        return [(kind, reason, queue, "the caller's" if number == f"+86{guest.number}" else number)
                for kind, reason, queue, number in made]

    not_satisfied, satisfied = await asyncio.gather(rated("1003", "2", "3"), rated("1004", "3", "1"))
    assert not_satisfied == [("followup", "not_satisfied", "complaint", "the caller's")]
    assert satisfied == []
    await line.leave("1003", "1004")


@pytest.mark.rule("A7", part="name, room and tags on the phone")
async def test_the_ringing_phone_shows_the_household_of_the_register(whole: Whole, line: Line) -> None:
    seat = await line.seat("1003")
    guest = await line.call(number=ZHANG)
    await guest.hears_a_voice()
    await guest.chooses("2")
    ring = await seat.rings()
    assert ring.answered_at is None
    assert ring.shows == Display("张建国 3-1-1603 vip", ZHANG)
    points, why = (await guest.has("PRIORITY")).data
    assert (int(points), why.split("+")[0]) in {(10, "vip"), (15, "vip")}, "he may have called within the hour"


@pytest.mark.rule("D1", part="treated by rule")
async def test_a_number_that_a_leader_has_blocked_is_let_go_politely_and_rings_nobody(whole: Whole, line: Line) -> None:
    number = "13788962009"
    database = open_database(whole.settings.database_url)
    with database.writing.begin() as session:
        leader = add_user(session, "nuisance-leader", [Role.LEADER], "six rings and no more", datetime.now(UTC))
        treat(session, number, "block", "silent calls", leader, datetime.now(UTC))
    database.close()
    async with asyncio.timeout(PATIENCE_S):
        while not (await asyncio.to_thread(looked_up, whole.settings.ports.agi, number)).endswith("|block"):
            await asyncio.sleep(0.1)
    guest = await line.call(number=number)
    await guest.hears("nuisance-closing")
    await guest.leg.ended()
    assert "ENTERQUEUE" not in guest.events
    assert await whole.recorded(guest.call_id) == "menu"


def looked_up(port: int, number: str) -> str:
    """What agi says of a number."""
    with socket.create_connection(("127.0.0.1", port), 2) as asked:
        asked.sendall(f"agi_network: yes\nagi_network_script: lookup\nagi_callerid: {number}\n\n".encode())
        answer = asked.makefile("rb").readline().decode()
        asked.sendall(b"200 result=1\n")
    return answer.rstrip().rstrip('"')


@pytest.mark.rule("A8", part="nothing is kept of a call that nobody answered")
async def test_of_a_call_that_nobody_answered_no_recording_is_left(whole: Whole, line: Line) -> None:
    seat = await line.seat("1003")
    guest = await line.call_and_press("2")
    await seat.rings()
    await guest.hangs_up()
    await guest.has("ABANDON")
    assert len(whole.recording(guest.call_id)) == 1
    async with asyncio.timeout(PATIENCE_S):
        while whole.recording(guest.call_id):
            await asyncio.sleep(0.1)


@pytest.mark.rule("I3", part="the language only")
async def test_the_language_that_a_household_chose_greets_it_the_next_time(whole: Whole, line: Line) -> None:
    first = await line.call(number=EMMA)
    await first.hears("welcome")
    await first.chooses("9")
    await first.has("LANGUAGE", "en")
    await first.hangs_up()
    await whole.recorded(first.call_id)
    second = await line.call(number=EMMA)
    await second.hears("welcome", language="en")


@pytest.mark.rule("A3", part="the spoken greeting")
async def test_a_caller_hears_the_spoken_welcome_and_menu_and_after_nine_the_english_one(line: Line) -> None:
    guest = await line.call()
    await guest.hears("welcome")
    await guest.hears("menu-main")
    assert guest.likeness("menu-main", "en") < 0.6
    await guest.chooses("9")
    await guest.hears("welcome", language="en")
    await guest.hears("menu-main", language="en")


async def test_a_notice_is_heard_before_the_welcome_until_it_is_switched_off(whole: Whole, line: Line) -> None:
    await whole.sixring("notice", "notice-water")
    told = await line.call()
    await told.hears("notice-water")
    assert told.likeness("welcome") < 0.6
    await told.hears("welcome")
    await whole.sixring("notice", "off")
    after = await line.call()
    await after.hears("welcome")
    assert after.likeness("notice-water") < 0.6


async def test_two_instances_serve_side_by_side_and_the_end_of_one_is_nothing_to_the_other(whole: Whole, line: Line) -> None:
    seat = await line.seat("1003")
    seat.answers_after(0)
    guest = await line.call_and_press("2")
    await guest.has("CONNECT")
    with free_offset() as offset:
        async with Whole(SITE.text(), offset) as second:
            async with RawCaller(whole.settings.ports.sip, "13811110001") as one, \
                    RawCaller(second.settings.ports.sip, "13811110002") as two:
                assert await asyncio.gather(one.dials(), two.dials()) == [200, 200]
                await whole.journal.call_from("13811110001")
                await second.journal.call_from("13811110002")
            here, there = whole.processes("python"), second.processes("python")
            assert len(here) >= 5
            assert len(there) >= 5
        assert second.processes("python", "ld-linux", "asterisk", "valkey", "redis") == []
        assert whole.processes("python") == here
    assert not guest.leg.is_over
    later = await line.call()
    await later.hears("welcome")
    await later.hangs_up()
    assert await whole.recorded(later.call_id) is not None


# The last: whoever asked to be rung back is, as soon as a seat is there.
@pytest.mark.rule("A6", part="the caller asks")
async def test_a_callback_request_makes_exactly_one_ticket_with_its_number(whole: Whole, line: Line) -> None:
    await line.leave("1003", "1004", "1101", "1102")
    guest = await offered_a_message(line)
    await guest.presses("2")
    await guest.hears("callback-confirm")
    await guest.presses("2")
    await guest.hears("callback-ask-number")
    await guest.presses("051288886666#")
    await guest.has("CALLBACK")
    await guest.hangs_up()
    assert await tickets(whole, guest) == [("callback", "callback", "complaint", "+8651288886666")]
