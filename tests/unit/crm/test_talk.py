"""Who talked when: bridges as a real Asterisk told of them (traces/), and whatever else they may do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.calls import entries as e
from crm.calls.journal import parse_cel, parse_queue_log
from crm.calls.record import CallRecord, Outcome, Visit, apply, outcome
from crm.calls.talk import GLITCH, Linked, Move, Segment, TalkKind, segments

TRACES = Path(__file__).parent / "traces"
NAMES = sorted(path.stem for path in TRACES.glob("*.cel"))
TALK, CONSULT, CONFERENCE = TalkKind.TALK, TalkKind.CONSULT, TalkKind.CONFERENCE


def lines(name: str, file: str) -> list[e.CallEntry]:
    parse = parse_cel if file == "cel" else parse_queue_log
    read = [parse(line) for line in (TRACES / f"{name}.{file}").read_text().splitlines()]
    assert not [line for line in read if isinstance(line, e.Rejected)]
    return [line for line in read if isinstance(line, e.CallEntry)]


def fold(entries: Iterable[e.CallEntry]) -> dict[str, CallRecord]:
    """By linked id."""
    records: dict[str, CallRecord] = {}
    for entry in entries:
        records[entry.call_id] = apply(records.get(entry.call_id) or CallRecord(entry.call_id), entry)
    return records


def the_call(records: dict[str, CallRecord]) -> CallRecord:
    [call] = [record for record in records.values() if record.entered_at]
    return call


def talk(records: dict[str, CallRecord]) -> tuple[Segment, ...]:
    call = the_call(records)
    assert call.left_at is not None
    return segments(Linked(call.call_id, call.moves), call.left_at,
                    [Linked(other.call_id, other.moves) for other in records.values() if other is not call])


def told(name: str) -> CallRecord:
    return the_call(fold([*lines(name, "queue_log"), *lines(name, "cel")]))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("answered", [("1003", TALK, 1.0)]),
        ("blind_chain", [("1003", TALK, 1.5), ("1004", TALK, 2.0), ("1005", TALK, 1.0)]),
        ("blind_by_manager", [("1003", TALK, 1.0), ("1004", TALK, 1.8)]),
        ("redirected_by_manager", [("1003", TALK, 1.0), ("1004", TALK, 1.8)]),
        ("blind_into_a_queue", [("1004", TALK, 1.0), ("1003", TALK, 1.5)]),
        ("blind_into_a_queue_gave_up", [("1004", TALK, 1.0)]),
        # Between them lies the ring of the consulted seat, while the first seat is still the caller's.
        ("attended", [("1003", TALK, 1.73), ("1003", CONSULT, 2.02), ("1004", CONSULT, 2.02), ("1004", TALK, 2.02)]),
        ("attended_twice", [("1003", TALK, 1.23), ("1003", CONSULT, 1.02), ("1004", CONSULT, 1.02), ("1004", TALK, 1.24),
                            ("1004", CONSULT, 1.02), ("1005", CONSULT, 1.02), ("1005", TALK, 1.02)]),
        ("consultation_taken_back", [("1003", TALK, 1.22), ("1003", CONSULT, 1.5), ("1004", CONSULT, 1.5),
                                     ("1003", TALK, 1.08)]),
        # Both are moved into the conference within milliseconds: that is no pause.
        ("conference", [("1003", TALK, 2.2), ("1003", CONFERENCE, 2.0), ("1004", CONFERENCE, 2.0),
                        ("1004", TALK, 1.03)]),
        ("parked_and_fetched", [("1003", TALK, 1.0), ("1004", TALK, 1.5)]),
        ("local_optimised_away", [("1003", TALK, 1.0), ("1004", TALK, 2.5)]),
        ("listened_to", [("1003", TALK, 2.7)]),
    ],
)
def test_talk_belongs_to_who_talked(name: str, expected: list[tuple[str, TalkKind, float]]) -> None:
    found = [(one.seat, one.kind, one.seconds) for one in talk(fold(lines(name, "cel") + lines(name, "queue_log")))]
    joined: list[tuple[str | None, TalkKind, float]] = []
    for seat, kind, seconds in found:
        joined.append((seat, kind, pytest.approx(seconds, abs=0.06)))
    assert joined == expected, found


def test_every_trace_is_asked_about() -> None:
    [mark] = [mark for mark in test_talk_belongs_to_who_talked.pytestmark if mark.name == "parametrize"]
    assert sorted(name for name, _ in mark.args[1]) == NAMES


@given(st.sampled_from(NAMES), st.data())
def test_the_order_of_the_two_files_does_not_matter(name: str, data: st.DataObject) -> None:
    line, cel = lines(name, "queue_log"), lines(name, "cel")
    whole = fold([*line, *cel])
    mixed: list[e.CallEntry] = []
    while line or cel:
        take = line if line and (not cel or data.draw(st.booleans())) else cel
        mixed.append(take.pop(0))
    assert fold(mixed) == whole
    assert talk(fold(mixed)) == talk(whole)


def test_what_a_seat_says_on_other_lines_is_no_talk_of_this_call() -> None:
    """A seat that dials another before the call came to it, and two that never had to do with it."""
    call = fold(lines("attended", "cel") + lines("attended", "queue_log"))
    began = min(move.at for record in call.values() for move in record.moves)
    before = (Move(began - timedelta(seconds=20), "x.1", "b-before", True, "1003"),
              Move(began - timedelta(seconds=20), "x.2", "b-before", True, "1005"))
    aside = (Move(began, "y.1", "b-aside", True, "1006"), Move(began, "y.2", "b-aside", True, "1005"))
    gone = tuple(replace(move, entered=False, at=began - timedelta(seconds=1)) for move in before)
    record = the_call(call)
    assert record.left_at is not None
    others = [Linked(other.call_id, other.moves) for other in call.values() if other is not record]
    assert segments(Linked(record.call_id, record.moves), record.left_at,
                    [*others, Linked("x.1", before + gone), Linked("y.1", aside)]) == talk(call)


def test_who_is_asked_about_another_call_while_in_talk_does_not_put_that_talk_into_its_own_call() -> None:
    """1003 holds another caller and dials 1006, who answers it on a second line: a consultation of the other call."""
    own = (Move(at(0), CALL, "b-1", True), Move(at(0), "leg.1", "b-1", True, "1006"))
    asked = (Move(at(5), "ask.1", "b-2", True, "1003"), Move(at(5), "ask.2", "b-2", True, "1006"),
             Move(at(6.5), "ask.1", "b-2", False, "1003"), Move(at(6.5), "ask.2", "b-2", False, "1006"))
    assert segments(Linked(CALL, own), at(7), [Linked("ask.1", asked)]) == (Segment("1006", None, TALK, at(0), at(7)),)
    theirs = segments(Linked("other", (Move(at(0), "other", "b-3", True), Move(at(0), "leg.9", "b-3", True, "1003"))), at(7),
                      [Linked("ask.1", asked)])
    assert [(one.seat, one.kind) for one in theirs] == [("1003", TALK), ("1003", CONSULT), ("1006", CONSULT), ("1003", TALK)]


def test_what_a_seat_dialled_before_it_was_given_this_caller_is_about_the_caller_it_had_then() -> None:
    """1001 has a caller of its own and asks 1002; then 1003 hands this caller over to 1001's other line."""
    mine = (Move(at(0), CALL, "b-1", True), Move(at(0), "leg.1", "b-1", True, "1003"), Move(at(5), "leg.1", "b-1", False, "1003"),
            Move(at(5), "line.2", "b-1", True, "1001"))
    asked = (Move(at(5), "ask.1", "b-2", True, "1001"), Move(at(5), "ask.2", "b-2", True, "1002"))
    others = [Linked("ask.1", asked, began_at=at(4))]
    assert [(one.seat, one.kind) for one in segments(Linked(CALL, mine), at(9), others)] == [("1003", TALK), ("1001", TALK)]
    later = [Linked("ask.1", tuple(replace(move, at=at(7)) for move in asked), began_at=at(6))]
    assert ("1002", CONSULT) in [(one.seat, one.kind) for one in segments(Linked(CALL, mine), at(9), later)]


def test_an_outside_number_that_the_caller_was_given_to_has_talked_too() -> None:
    moves = (Move(at(0), CALL, "b-1", True), Move(at(0), "leg.1", "b-1", True, None, "+8613800138000"),
             Move(at(30), CALL, "b-1", False), Move(at(30), "leg.1", "b-1", False, None, "+8613800138000"))
    assert segments(Linked(CALL, moves), at(31)) == (Segment(None, "+8613800138000", TALK, at(0), at(30)),)


def test_who_is_rung_back_is_the_caller_and_not_one_more_who_talked() -> None:
    """The place in the queue was kept by a Local channel; the caller's phone hangs at its other half."""
    moves = (Move(at(0), CALL, "b-1", True, local="Local/place-1"), Move(at(0), "leg.1", "b-1", True, "1003"),
             Move(at(0.1), "half.2", "b-2", True, local="Local/place-1"),
             Move(at(0.1), "trunk.1", "b-2", True, None, "+8613800138000"))
    assert segments(Linked(CALL, moves), at(10)) == (Segment("1003", None, TALK, at(0.1), at(10)),)


def test_a_call_whose_asterisk_died_talked_until_its_end() -> None:
    moves = (Move(at(0), CALL, "b-1", True), Move(at(0), "leg.1", "b-1", True, "1003"))
    assert segments(Linked(CALL, moves), at(7)) == (Segment("1003", None, TALK, at(0), at(7)),)


def test_an_answered_call_that_was_given_to_a_queue_and_hung_up_there_stays_answered() -> None:
    record = told("blind_into_a_queue_gave_up")
    assert outcome(record, 5) is Outcome.ANSWERED
    assert (record.answered_by, record.queue) == ("1004", "enquiry")
    first, second = record.visits
    assert (first.queue, first.seat, first.gave_up) == ("enquiry", "1004", False)
    assert (second.queue, second.answered_at, second.gave_up) == ("complaint", None, True)
    assert first.left_at is not None
    assert second.queued_at >= first.left_at


def test_a_call_given_to_a_queue_and_answered_there_has_two_visits_both_answered() -> None:
    assert [(visit.queue, visit.seat, visit.gave_up, visit.is_over) for visit in told("blind_into_a_queue").visits] == [
        ("enquiry", "1004", False, True), ("complaint", "1003", False, True)]


def test_overflow_is_the_same_visit_and_a_message_is_no_giving_up() -> None:
    head = at(0), CALL
    entered = [e.Entered(*head, None, "8000", None, "node1"), e.Queued(*head, "repair", 0),
               e.Overflowed(at(30), CALL, "repair", 1), e.Queued(at(30), CALL, "repair", 1)]
    message = [*entered, e.VoicemailLeft(at(60), CALL, "repair", "a.wav", 9), e.Ended(at(70), CALL, None, 16)]
    assert fold(message)[CALL].visits == (Visit("repair", at(0), 1, left_at=at(60)),)
    gone = [*entered, e.Ended(at(70), CALL, None, 16)]
    assert fold(gone)[CALL].visits == (Visit("repair", at(0), 1, left_at=at(70), gave_up=True),)


def test_the_record_knows_who_sat_where_and_acds_word_alone_makes_no_call() -> None:
    record = fold([e.Seated(at(1), CALL, "1003", "wang"), e.Seated(at(2), CALL, "1004", "zhao"),
                   e.Seated(at(3), CALL, "1003", "wang")])[CALL]
    assert record.agents == (("1003", "wang"), ("1004", "zhao"))
    assert record.entered_at is None


CALL = "node1-1763800000.7"


def at(seconds: float) -> datetime:
    return datetime(2026, 11, 22, 2, 0, tzinfo=UTC) + timedelta(seconds=seconds)


CHANNELS = [(CALL, None, None, None), ("leg.1", "1001", None, None), ("leg.2", "1001", None, None), ("leg.3", "1002", None, None),
            ("leg.4", "1003", None, None), ("trunk.5", None, "+8613800138000", None), ("trunk.6", None, None, None),
            ("half.7", None, None, "Local/a"), ("half.8", None, None, "Local/a")]


@st.composite
def moves(draw: st.DrawFn) -> tuple[Move, ...]:
    """Any: exits without an entry, entries without an exit, two at once, one line in two bridges."""
    found = []
    for _ in range(draw(st.integers(0, 30))):
        channel, seat, number, local = draw(st.sampled_from(CHANNELS))
        found.append(Move(at(draw(st.integers(0, 40)) / 4), channel, draw(st.sampled_from(["b-1", "b-2", "b-3"])),
                          draw(st.booleans()), seat, number, local, draw(st.integers(0, 5)) > 0))
    return tuple(found)


@given(moves(), moves(), st.integers(0, 12))
def test_segments_of_one_person_never_overlap_and_are_never_longer_than_the_call(
        own: tuple[Move, ...], aside: tuple[Move, ...], end: int) -> None:
    found = segments(Linked(CALL, own), at(end), [Linked("leg.2", aside)])
    assert all(one.ended_at - one.began_at >= GLITCH and at(0) <= one.began_at and one.ended_at <= at(end) for one in found)
    for who in {(one.seat, one.number) for one in found} - {(None, None)}:
        theirs = [one for one in found if (one.seat, one.number) == who]
        assert all(first.ended_at <= second.began_at for first, second in pairwise(theirs))
        assert sum(one.seconds for one in theirs) <= end


@given(moves())
def test_alone_with_the_caller_is_one_at_a_time(own: tuple[Move, ...]) -> None:
    talks = sorted((one.began_at, one.ended_at) for one in segments(Linked(CALL, own), at(20)) if one.kind is TALK)
    assert all(first[1] <= second[0] for first, second in pairwise(talks))
