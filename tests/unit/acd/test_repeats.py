"""What counts as news about a member of a queue."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.ami.events import MemberChanged, MemberRemoved, parse
from acd.ami.headers import EventHeaders, headers_of
from acd.ami.members import Place
from acd.ami.repeats import Repeats

TEXT = ("Event: {event}\r\nPrivilege: agent,all\r\nTimestamp: {time}\r\nQueue: {queue}\r\nMemberName: 1001\r\n"
        "Interface: PJSIP/1001\r\nStateInterface: PJSIP/1001\r\nMembership: dynamic\r\nPenalty: {penalty}\r\n"
        "CallsTaken: {calls}\r\nLastCall: 0\r\nLastPause: 0\r\nLoginTime: 1795360000\r\nInCall: 0\r\nStatus: {status}\r\n"
        "Paused: {paused}\r\nPausedReason: {reason}\r\nRinginuse: 0\r\n"
        "Wrapuptime: 0")


def text(event: str = "QueueMemberStatus", *, time: float = 1.0, queue: str = "repair", penalty: int = 0, calls: int = 0,
         status: int = 1, paused: int = 0, reason: str = "") -> bytes:
    return TEXT.format(event=event, time=time, queue=queue, penalty=penalty, calls=calls, status=status, paused=paused,
                       reason=reason).encode()


def says_nothing_new(repeats: Repeats, message: bytes) -> bool:
    return repeats.changed(message) is None


def test_another_time_status_or_count_is_no_news_and_another_queue_is() -> None:
    repeats = Repeats()
    assert not says_nothing_new(repeats, text())
    assert says_nothing_new(repeats, text(time=2.0, status=6, calls=3))
    assert not says_nothing_new(repeats, text(queue="repair.backup"))
    assert says_nothing_new(repeats, text())


@pytest.mark.parametrize("other", [text(penalty=1), text(paused=1), text(paused=1, reason="meal")],
                         ids=["penalty", "pause", "reason"])
def test_what_is_read_of_a_member_is_news_there_and_back(other: bytes) -> None:
    repeats = Repeats()
    says_nothing_new(repeats, text())
    assert [says_nothing_new(repeats, one) for one in (other, other, text(), text())] == [False, True, False, True]


def test_a_pause_that_was_told_by_its_own_event_is_known() -> None:
    repeats = Repeats()
    says_nothing_new(repeats, text())
    assert not says_nothing_new(repeats, text("QueueMemberPause", paused=1, reason="meal"))
    assert says_nothing_new(repeats, text(paused=1, reason="meal"))


def test_a_removal_is_always_news_and_so_is_the_member_that_comes_back() -> None:
    repeats = Repeats()
    says_nothing_new(repeats, text())
    assert repeats.removed(text("QueueMemberRemoved")) == MemberRemoved(Place("repair", "PJSIP/1001"))
    assert not says_nothing_new(repeats, text("QueueMemberAdded"))


def test_a_message_of_another_shape_is_never_taken_for_a_repeat() -> None:
    repeats = Repeats()
    odd = b"Event: QueueMemberStatus\r\nQueue: repair\r\nInterface: PJSIP/1001\r\nPaused: 0"
    assert [says_nothing_new(repeats, odd) for _ in range(2)] == [False, False]


@given(st.lists(st.builds(text, st.sampled_from(["QueueMemberStatus", "QueueMemberPause", "QueueMemberPenalty"]),
                          time=st.floats(0, 9), queue=st.sampled_from(["repair", "enquiry"]), penalty=st.integers(0, 2),
                          calls=st.integers(0, 3), status=st.integers(1, 6), paused=st.integers(0, 1),
                          reason=st.sampled_from(["", "meal"])), max_size=30))
def test_who_skips_the_repeats_knows_what_who_reads_everything_knows(messages: list[bytes]) -> None:
    repeats = Repeats()
    everything: dict[str, MemberChanged] = {}
    skipping: dict[str, MemberChanged] = {}
    for message in messages:
        event = parse(headers_of(message))
        assert isinstance(event, MemberChanged)
        everything[event.place.queue] = event
        if news := repeats.changed(message):
            assert isinstance(news, MemberChanged)
            skipping[event.place.queue] = news
        assert skipping == everything


@given(st.lists(st.tuples(st.text(st.characters(blacklist_characters="\r\n:", codec="utf-8"), min_size=1, max_size=8),
                          st.text(st.characters(blacklist_characters="\r\n", codec="utf-8"), max_size=8)), min_size=1, max_size=20))
def test_headers_are_read_as_they_were_written_and_repeated_ones_joined(pairs: list[tuple[str, str]]) -> None:
    wanted: dict[str, str] = {}
    for name, value in pairs:
        wanted[name.lower()] = f"{wanted[name.lower()]}\n{value}" if name.lower() in wanted else value
    assert headers_of("\r\n".join(f"{name}: {value}" for name, value in pairs).encode()) == wanted


def test_a_line_without_a_separator_is_a_header_without_a_value_and_an_empty_one_is_none() -> None:
    assert headers_of(b"Event: X\r\nnonsense\r\n\nQueue: repair\r\n\r\nEmpty: ") == {
        "event": "X", "nonsense": "", "\nqueue": "repair", "empty": ""}


@pytest.mark.parametrize("name", ["event", "queue", "interface", "paused", "pausedreason", "timestamp", "wrapuptime", "nowhere"])
def test_a_header_that_is_looked_for_alone_is_the_one_that_reading_all_of_them_finds(name: str) -> None:
    message = text(paused=1, reason="会议")
    assert EventHeaders(message).get(name, "") == headers_of(message).get(name, "")


def test_a_header_in_another_spelling_or_at_the_end_is_found_all_the_same() -> None:
    headers = EventHeaders(b"Event: Hangup\r\nUNIQUEID: 1.2\r\nCause: 16")
    assert (headers.get("uniqueid"), headers.get("cause")) == ("1.2", "16")
    assert dict(headers) == {"event": "Hangup", "uniqueid": "1.2", "cause": "16"}


@given(st.lists(st.tuples(st.sampled_from(["Queue", "queue", "Channel", "Variable", "State", "X"]),
                          st.text(st.characters(blacklist_characters="\r\n", codec="utf-8"), max_size=8)),
                unique_by=lambda pair: pair[0].lower(), max_size=6))
def test_whatever_an_event_holds_is_found_as_if_all_had_been_read(pairs: list[tuple[str, str]]) -> None:
    message = "\r\n".join(["Event: X", *(f"{name}: {value}" for name, value in pairs)]).encode()
    headers = EventHeaders(message)
    assert {name: headers.get(name) for name in headers} == headers_of(message)
