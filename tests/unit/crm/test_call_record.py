"""The fold: what a call's lines say about it, in whatever order the two files are read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.calls import entries as e
from crm.calls.effects import CallFinished, OpenContactEntry, OpenTicket, RememberLanguage, effects
from crm.calls.record import CallRecord, Outcome, apply, lose, outcome
from crm.tickets.schemas import CALLBACK, FOLLOWUP

ID = "node1-1763800000.7"
LEGS = ("node1-1763800005.8", "node1-1763800015.9")
SHORT = 5


def at(seconds: float) -> datetime:
    return datetime(2026, 11, 22, 2, 0, tzinfo=UTC) + timedelta(seconds=seconds)


def entered() -> list[e.CallEntry]:
    return [e.Entered(at(0), ID, None, "4008006666", "+8613800138000", "node1"), e.LookedUp(at(0), ID, None, 17, "zh")]


ANSWERED: list[e.CallEntry] = [
    *entered(),
    e.KeyPressed(at(3), ID, None, "main", "1"),
    e.RecordingBegun(at(4), ID, "repairs", "2026/11/22/a.wav"),
    e.Queued(at(5), ID, "repairs", 0),
    e.RingMissed(at(15), ID, "repairs", "1001", 10.0),
    e.Connected(at(18), ID, "repairs", "1002", LEGS[1], 3),
    e.Released(at(78), ID, "repairs"),
    e.Rated(at(85), ID, "repairs", 1),
    e.Ended(at(86), ID, None, 16),
]
CEL: list[e.CallEntry] = [
    e.CallStarted(at(0.1), ID),
    e.SeatRang(at(5.3), ID, "1001", LEGS[0]),
    e.SeatLeft(at(15.3), ID, LEGS[0]),
    e.SeatRang(at(15.4), ID, "1002", LEGS[1]),
    e.SeatAnswered(at(18.6), ID, LEGS[1]),
    e.SeatLeft(at(78.1), ID, LEGS[1]),
]


def fold(*entries: e.CallEntry) -> CallRecord:
    record = CallRecord(ID)
    for entry in entries:
        record = apply(record, entry)
    return record


def tickets(entries: list[e.CallEntry]) -> list[tuple[str, str | None]]:
    record, opened = CallRecord(ID), []
    for entry in entries:
        after = apply(record, entry)
        opened += [
            (found.ticket.kind, found.ticket.reason)
            for found in effects(record, after, entry.at, SHORT, entry)
            if isinstance(found, OpenTicket)
        ]
        record = after
    return opened


def test_an_answered_call_knows_its_rings_to_the_microsecond_and_its_wait_to_the_second() -> None:
    record = fold(*ANSWERED, *CEL)
    assert (record.rang_at, record.answered_at) == (at(5.3), at(18.6))
    assert record.wait_s == 13
    assert record.talk_s == pytest.approx(59.5)
    assert record.seats_rung == ("1001", "1002")
    assert (record.answered_by, record.queue, record.rating) == ("1002", "repairs", 1)
    assert outcome(record, SHORT) is Outcome.ANSWERED


def test_without_cel_the_same_call_is_still_told_to_the_second() -> None:
    record = fold(*ANSWERED)
    assert (record.rang_at, record.answered_at, record.talk_s) == (at(5), at(18), 60)


@given(st.data())
def test_however_the_two_files_are_interleaved_the_record_is_the_same(data: st.DataObject) -> None:
    line, cel = list(ANSWERED), list(CEL)
    mixed: list[e.CallEntry] = []
    while line or cel:
        take = line if line and (not cel or data.draw(st.booleans())) else cel
        mixed.append(take.pop(0))
    assert fold(*mixed) == fold(*ANSWERED, *CEL)


def test_a_call_of_which_only_cel_has_told_has_not_entered() -> None:
    assert fold(*CEL).entered_at is None


def test_talk_ends_with_a_transfer_and_not_with_the_call() -> None:
    record = fold(
        *entered(),
        e.Queued(at(5), ID, "repairs", 0),
        e.Connected(at(9), ID, "repairs", "1001", None, 3),
        e.Released(at(29), ID, "repairs"),
        e.Ended(at(900), ID, None, 16),
    )
    assert record.talk_s == 20


def test_the_first_seat_that_answered_keeps_the_call_when_it_comes_back_into_a_queue() -> None:
    record = fold(
        *ANSWERED[:7], e.Queued(at(40), ID, "billing", 0), e.Connected(at(50), ID, "billing", "1009", None, 4)
    )
    assert (record.answered_by, record.queue, record.wait_s) == ("1002", "repairs", 13)


@pytest.mark.parametrize(("waited", "expected"), [(5, Outcome.SHORT_ABANDON), (6, Outcome.ABANDONED)])
def test_five_seconds_divide_short_abandons_from_abandoned_calls(waited: int, expected: Outcome) -> None:
    record = fold(
        *entered(),
        e.Queued(at(5), ID, "repairs", 0),
        e.GaveUp(at(5 + waited), ID, "repairs"),
        e.Ended(at(5 + waited), ID, None, 16),
    )
    assert outcome(record, SHORT) is expected


def test_a_caller_who_finds_no_seat_at_all_was_offered_and_is_rung_back() -> None:
    """app_queue takes nobody in without a seat in sight: there is no ENTERQUEUE, only the overflow."""
    lines = [*entered(), e.Overflowed(at(5), ID, "repairs", 1), e.Ended(at(40), ID, None, 16)]
    assert outcome(fold(*lines), SHORT) is Outcome.ABANDONED
    assert tickets(lines) == [(CALLBACK, "abandoned")]


def test_who_hangs_up_in_the_menu_was_never_queued() -> None:
    assert outcome(fold(*entered(), e.Ended(at(9), ID, None, 16)), SHORT) is Outcome.MENU


def test_a_call_has_no_outcome_before_its_end() -> None:
    assert outcome(fold(*ANSWERED[:-1]), SHORT) is None


def test_an_overflowed_call_keeps_the_time_of_its_first_queue_and_its_site_queue() -> None:
    record = fold(
        *entered(),
        e.Queued(at(5), ID, "repairs", 0),
        e.Overflowed(at(35), ID, "repairs", 1),
        e.Queued(at(35), ID, "repairs", 1),
        e.Connected(at(40), ID, "repairs", "1101", None, 4),
    )
    assert (record.stage, record.queue, record.wait_s) == (1, "repairs", 35)


@pytest.mark.rule("C4", part="the ticket")
def test_a_call_open_when_asterisk_starts_anew_is_lost_and_called_back() -> None:
    before = fold(*ANSWERED[:7])
    after = lose(before, at(50))
    assert outcome(after, SHORT) is Outcome.LOST
    opened = [found.ticket for found in effects(before, after, at(50), SHORT) if isinstance(found, OpenTicket)]
    assert [(ticket.kind, ticket.reason) for ticket in opened] == [(CALLBACK, "lost")]


def test_a_call_that_had_ended_is_not_lost() -> None:
    record = fold(*ANSWERED)
    assert lose(record, at(500)) is record


def test_an_abandoned_call_wants_one_callback_ticket_and_a_short_abandon_none() -> None:
    gone = [
        *entered(),
        e.Queued(at(5), ID, "repairs", 0),
        e.GaveUp(at(15), ID, "repairs"),
        e.Ended(at(15), ID, None, 16),
    ]
    assert tickets(gone) == [(CALLBACK, "abandoned")]
    short = [*gone[:3], e.GaveUp(at(8), ID, "repairs"), e.Ended(at(8), ID, None, 16)]
    assert tickets(short) == []


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (e.VoicemailLeft(at(80), ID, "repairs", "a.wav", 9), "voicemail"),
        (e.CallbackAsked(at(80), ID, "repairs", "+8613900139000"), "callback"),
    ],
)
def test_a_message_wants_one_callback_ticket_at_once_and_none_more_at_the_end(
    message: e.CallEntry, reason: str
) -> None:
    lines = [*entered(), e.Queued(at(5), ID, "repairs", 0), message]
    assert tickets(lines) == [(CALLBACK, reason)]
    assert tickets([*lines, e.Ended(at(90), ID, None, 16)]) == [(CALLBACK, reason)]


def test_nobody_is_to_ring_back_who_withheld_the_number() -> None:
    lines: list[e.CallEntry] = [
        e.Entered(at(0), ID, None, "4008006666", None, "node1"),
        e.Queued(at(5), ID, "repairs", 0),
        e.GaveUp(at(60), ID, "repairs"),
        e.Ended(at(60), ID, None, 16),
    ]
    assert tickets(lines) == []


@pytest.mark.rule("G2", part="the ticket")
@pytest.mark.parametrize(("rating", "expected"), [(1, []), (2, []), (3, [(FOLLOWUP, "not_satisfied")])])
def test_not_satisfied_is_always_followed_up(rating: int, expected: list[tuple[str, str]]) -> None:
    assert tickets([*ANSWERED[:8], e.Rated(at(85), ID, "repairs", rating), ANSWERED[-1]]) == expected


@pytest.mark.rule("A5", part="the entry")
def test_an_answered_call_opens_one_entry_in_the_contact_log_and_finishes_once() -> None:
    record, found = CallRecord(ID), []
    for entry in ANSWERED:
        after = apply(record, entry)
        found += effects(record, after, entry.at, SHORT, entry)
        record = after
    assert [type(each) for each in found] == [OpenContactEntry, CallFinished]


def test_a_language_chosen_by_key_is_remembered_for_a_known_household_only() -> None:
    chosen = e.LanguageChosen(at(4), ID, None, "en")
    known = fold(*entered())
    assert effects(known, apply(known, chosen), at(4), SHORT, chosen) == [RememberLanguage(17, "en")]
    stranger = fold(entered()[0])
    assert effects(stranger, apply(stranger, chosen), at(4), SHORT, chosen) == []


def test_a_call_that_an_outside_number_takes_is_answered_and_its_talk_ends_with_it() -> None:
    record = fold(*entered(), e.Routed(at(5), ID, "repairs", "at", "yunqi"), e.Prioritised(at(5), ID, "repairs", 20, "frail"),
                  e.Queued(at(5), ID, "repairs", 0), e.Overflowed(at(35), ID, "repairs", 1),
                  e.Overflowed(at(95), ID, "repairs", 3), e.OutsideAnswered(at(110), ID, "repairs", "+8613911112222"),
                  e.Ended(at(200), ID, None, 16))
    assert outcome(record, SHORT) is Outcome.ANSWERED
    assert (record.stage, record.outside, record.answered_by, record.wait_s) == (3, "+8613911112222", None, 105)
    assert (record.talk_s, record.pools, record.priority, record.priority_why) == (90, ("at-yunqi",), 20, "frail")


@pytest.mark.rule("D1", part="treated by rule")
def test_a_blocked_caller_was_never_queued_and_wants_no_callback() -> None:
    entries: list[e.CallEntry] = [*entered(), e.Nuisance(at(1), ID, None, "block"), e.Ended(at(4), ID, None, 16)]
    assert outcome(fold(*entries), SHORT) is Outcome.MENU
    assert fold(*entries).nuisance == "block"
    assert tickets(entries) == []
