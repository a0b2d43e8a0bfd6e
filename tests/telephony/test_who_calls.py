"""Known, unknown and withheld callers; look-ups that never answer; names that want to break something."""

from __future__ import annotations

import asyncio
import time

import pytest
from hotline import peers
from hotline.line import Guest, Line
from hotline.peers import agi_peer, answers, frozen
from hotline.sites import TestSite

from callcenter.phones import Display

SITE = TestSite(lookup_ms=300)
pytestmark = pytest.mark.asyncio(loop_scope="module")

KNOWN = "13812345678"
LOOKUP_S = 0.3
# What dialplan, journal and the phones themselves take besides, on a busy machine; a look-up without a limit costs
# Asterisk's own two seconds for a connection, or the rest of the call.
SLACK_S = 1.2


async def display_of(line: Line, number: str, told: dict[str, str], *, name: str = "") -> tuple[Guest, Display]:
    async with agi_peer(line.hotline.settings.ports.agi, answers(told)):
        seat = await line.seat("1003")
        guest = await line.call(number=number, name=name)
        await guest.hears_a_voice()
        await guest.presses("2")
        ring = await seat.rings()
        assert ring.answered_at is None
        assert ring.shows is not None
        return guest, ring.shows


@pytest.mark.rule("A7", part="name and room on the phone")
async def test_the_ringing_phone_shows_who_calls_and_from_which_room(line: Line) -> None:
    guest, shows = await display_of(line, KNOWN, {KNOWN: "12|zh|0|张三丰 3栋2-501 VIP"})
    assert shows == Display("张三丰 3栋2-501 VIP", KNOWN)
    assert (await guest.has("CALLER")).data == ("12", "zh")


async def test_an_unknown_number_is_shown_as_it_is(line: Line) -> None:
    guest, shows = await display_of(line, "13700000009", {})
    assert shows == Display("13700000009", "13700000009")
    assert (await guest.has("CALLER")).data[0] == ""


async def test_a_withheld_number_reaches_a_seat_without_a_number(line: Line) -> None:
    guest, shows = await display_of(line, "", {"": "99|zh|0|wrong person"})
    assert not any(letter.isdigit() for letter in shows.number)
    assert "wrong person" not in shows.name
    assert (await guest.has("ENTERED")).data[1] == ""


@pytest.mark.rule("I3", part="the language only")
async def test_a_household_that_speaks_english_is_spoken_to_in_english(line: Line) -> None:
    async with agi_peer(line.hotline.settings.ports.agi, answers({KNOWN: "12|en|0|John 2-301"})):
        guest = await line.call(number=KNOWN)
        await guest.hears("welcome", language="en")


@pytest.mark.parametrize("handle", [peers.silent, peers.half_closed, peers.rubbish, peers.endless_line, peers.slams],
                         ids=lambda handle: handle.__name__)
async def test_a_broken_look_up_costs_the_caller_no_more_than_its_limit(line: Line, handle: peers.Handler) -> None:
    async with agi_peer(line.hotline.settings.ports.agi, handle):
        guest, took = await _timed(line)
    assert took < LOOKUP_S + SLACK_S
    await guest.has("LOOKUPLATE")
    await guest.hears("welcome")


async def test_a_look_up_that_is_not_there_costs_nothing(line: Line) -> None:
    guest, took = await _timed(line)
    assert took < SLACK_S
    await guest.has("LOOKUPLATE")


@pytest.mark.parametrize("value", [
    "12|zh|0|x\\nAction: Originate",
    "12|zh|0|\\\" )Hangup() ${SHELL(id)} $[1/0]",
    "12|zh|0|" + "长" * 10_000,
    "12|zh|0|😀𠮷张",
    "12|zh|x); DROP|a|b|c",
    "|" * 500,
], ids=["newline", "quotes", "10000-characters", "four-bytes", "fields", "bars"])
async def test_no_name_from_the_look_up_breaks_a_call(line: Line, value: str) -> None:
    guest, shows = await display_of(line, KNOWN, {KNOWN: value})
    assert "\n" not in shows.name
    assert "uid=" not in shows.name
    assert (await guest.has("ENTERQUEUE")).queue == "complaint"


@pytest.mark.parametrize("name", ['"; drop', "a\\", "😀𠮷", "长" * 300, "%s%n", "${EPOCH}", "a|b|c"])
async def test_no_name_from_the_trunk_reaches_a_seat(line: Line, name: str) -> None:
    """Anybody can call himself anything: only the household register's name is shown."""
    _, shows = await display_of(line, "13600000001", {}, name=name)
    assert shows == Display("13600000001", "13600000001")


async def test_a_frozen_look_up_costs_no_more_than_a_silent_one(line: Line) -> None:
    """A stopped process: connections are still made for it, by the kernel."""
    with frozen(line.hotline.settings.ports.agi):
        took = await asyncio.gather(*(_timed(line) for _ in range(3)))
    assert max(seconds for _, seconds in took) < LOOKUP_S + SLACK_S


async def _timed(line: Line) -> tuple[Guest, float]:
    """Seconds from dialling until the journal says that the look-up was given up."""
    began = time.monotonic()
    guest = await line.call()
    await guest.has("LOOKUPLATE")
    return guest, time.monotonic() - began
