"""Whatever pieces the bytes of AMI come in, what is read at a glance is what reading every header of every message finds."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd.ami.events import AmiEvent, DialplanSaid, MemberChanged, MemberRemoved, parse
from acd.ami.headers import dialplan_headers, happened_at, headers_of
from acd.ami.members import Place
from acd.ami.news import LinkEvents, LinkItem
from acd.ami.protocol import Protocol

TRACES = sorted((Path(__file__).parent / "traces").glob("*.txt"))
Read = list[tuple[AmiEvent, datetime | None]]
ANY = settings(max_examples=20, deadline=None)


def wire(path: Path) -> bytes:
    """The events of a trace as Asterisk sent them, and a name in Chinese in each."""
    messages = []
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        _, *lines = block.strip("\n").split("\n")
        if lines and lines[0].startswith("Event: ") and not any(line.startswith("ActionID:") for line in lines):
            messages.append("\r\n".join([*lines, "CallerIDName: 张三丰 3-2-1201"]) + "\r\n\r\n")
    return "".join(messages).encode()


def read(pieces: Iterable[bytes]) -> Read:
    found: Read = []

    def deliver(item: LinkItem) -> None:
        assert isinstance(item, LinkEvents)
        found.extend(item.events)

    async def play() -> None:
        protocol = Protocol("node1", deliver)
        protocol.connection_made(asyncio.Transport())
        for piece in pieces:
            protocol.data_received(piece)

    asyncio.run(play())
    return found


def read_slowly(stream: bytes) -> Read:
    """Every header of every message."""
    return [(event, happened_at(message)) for message in stream.split(b"\r\n\r\n") if (event := parse(headers_of(message)))]


def news_of(found: Read) -> list[tuple[type[AmiEvent], AmiEvent, datetime | None]]:
    """A member's state only when it is not the last one again."""
    news = []
    last: dict[Place, MemberChanged] = {}
    for event, at in found:
        if isinstance(event, MemberRemoved):
            last.pop(event.place, None)
        if isinstance(event, MemberChanged):
            if last.get(event.place) == event:
                continue
            last[event.place] = event
        news.append((type(event), event, at))
    return news


def pieces_of(stream: bytes, cuts: Iterable[int]) -> list[bytes]:
    places = [0, *sorted(cut % len(stream) for cut in cuts), len(stream)]
    return [stream[begin:end] for begin, end in pairwise(places)]


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.stem)
@ANY
@given(cuts=st.lists(st.integers(0, 10**9), max_size=40))
def test_however_a_trace_is_cut_every_event_is_read_in_its_turn(path: Path, cuts: list[int]) -> None:
    stream = wire(path)
    slowly = news_of(read_slowly(stream))
    assert slowly
    assert news_of(read(pieces_of(stream, cuts))) == slowly


def test_byte_by_byte_is_as_good_as_all_at_once() -> None:
    stream = wire(TRACES[0])
    assert read(stream[place:place + 1] for place in range(len(stream))) == read([stream])


NAMES = st.sampled_from(["Newchannel", "Newstate", "NewCallerid", "Hangup", "BridgeEnter", "BridgeLeave", "QueueCallerJoin",
                         "QueueMemberStatus", "QueueMemberPause", "QueueMemberRemoved", "DeviceStateChange", "AgentComplete",
                         "AgentRingNoAnswer", "UserEvent", "VarSet", "ParkedCall", "hangup", "HANGUP", "Nonsense"])
# In Asterisk's order; one in a spelling that is not its own.
HEADERS = ["BridgeUniqueid", "Channel", "ChannelState", "CallerIDNum", "Uniqueid", "Linkedid", "UserEvent", "What",
           "CallId", "Language", "Queue", "Interface", "Membership", "Penalty", "CallsTaken", "X-Other", "Paused", "PausedReason",
           "Variable", "Value", "Device", "State", "DestUniqueid", "cause"]
VALUES = st.one_of(st.text(st.characters(codec="utf-8", blacklist_characters="\r\n"), max_size=8),
                   st.sampled_from(["", "0", "1", "-3", "会议", "Sixring", "language", "en", "PJSIP/1001", "SIXRING_CALLER", ": ",
                                    "repair"]))


def message_of(name: str, headers: dict[str, str]) -> bytes:
    lines = [f"Event: {name}", *(f"{header}: {headers[header]}" for header in HEADERS if header in headers)]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


@settings(max_examples=150, deadline=None)
@given(messages=st.lists(st.builds(message_of, NAMES, st.dictionaries(st.sampled_from(HEADERS), VALUES,
                                                                      max_size=14)), min_size=1, max_size=6),
       cuts=st.lists(st.integers(0, 10**9), max_size=10))
def test_messages_of_any_shape_are_read_as_if_all_of_them_were(messages: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(messages)
    assert news_of(read(pieces_of(stream, cuts))) == news_of(read_slowly(stream))


@given(name=NAMES, garbage=st.binary(max_size=20).filter(lambda some: b"\r" not in some and b"\n" not in some))
def test_bytes_that_are_no_text_cost_a_character_and_never_a_message(name: str, garbage: bytes) -> None:
    stream = b"Event: %s\r\nUniqueid: a%sb\r\nDevice: PJSIP/%s\r\n\r\n" % (name.encode(), garbage, garbage)
    assert news_of(read([stream])) == news_of(read_slowly(stream))


@pytest.mark.parametrize("reading", [headers_of, dialplan_headers])
def test_the_language_that_is_chosen_is_told_apart_from_the_channels_own(reading: Any) -> None:
    message = (b"Event: UserEvent\r\nChannel: PJSIP/trunk-1\r\nLanguage: zh\r\nUniqueid: node1-1.1\r\nUserEvent: Sixring\r\n"
               b"What: language\r\nCallId: node1-1.1\r\nLanguage: en")
    said = parse(reading(message))
    assert isinstance(said, DialplanSaid)
    assert (said.what, said.language, said.channel, said.uniqueid) == ("language", "en", "PJSIP/trunk-1", "node1-1.1")
