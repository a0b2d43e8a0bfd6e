"""Lines of queue_log and CEL become entries; whatever else a line holds, it is answered and nothing is raised."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.calls import entries as e
from crm.calls.journal import parse_cel, parse_queue_log
from crm.calls.talk import Move

CALL = "node1-1763800000.7"
AT = datetime(2025, 11, 22, 8, 26, 40, tzinfo=UTC)


def line(event: str, data: str = "", queue: str = "NONE", agent: str = "NONE") -> str:
    return f"1763800000|{CALL}|{queue}|{agent}|{event}|{data}"


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        (
            line("ENTERED", "4008006666|13800138000|node1"),
            e.Entered(AT, CALL, None, "4008006666", "+8613800138000", "node1"),
        ),
        (line("ENTERED", "4008006666||node1"), e.Entered(AT, CALL, None, "4008006666", None, "node1")),
        (line("CALLER", "17|en"), e.LookedUp(AT, CALL, None, 17, "en")),
        (line("CALLER", "|zh"), e.LookedUp(AT, CALL, None, None, "zh")),
        (line("LOOKUPLATE", "TIMEOUT"), e.LookupLate(AT, CALL, None)),
        (line("MENU", "main|1"), e.KeyPressed(AT, CALL, None, "main", "1")),
        (line("LANGUAGE", "en"), e.LanguageChosen(AT, CALL, None, "en")),
        (line("ENTERQUEUE", "|13800138000|1", "repairs"), e.Queued(AT, CALL, "repairs", 0)),
        (line("ENTERQUEUE", "|13800138000|1", "repairs.backup"), e.Queued(AT, CALL, "repairs", 1)),
        (line("OVERFLOW", "1", "repairs"), e.Overflowed(AT, CALL, "repairs", 1)),
        (line("OVERFLOW", "3", "repairs"), e.Overflowed(AT, CALL, "repairs", 3)),
        (line("ENTERQUEUE", "|138|1", "repairs.teams"), e.Queued(AT, CALL, "repairs", 2)),
        (line("ROUTED", "at|yunqi", "repairs"), e.Routed(AT, CALL, "repairs", "at", "yunqi")),
        (line("PRIORITY", "70|frail+emergency", "repairs"), e.Prioritised(AT, CALL, "repairs", 70, "frail+emergency")),
        (line("PRIORITY", "-50|nuisance", "repairs"), e.Prioritised(AT, CALL, "repairs", -50, "nuisance")),
        (line("NUISANCE", "block"), e.Nuisance(AT, CALL, None, "block")),
        (line("OUTSIDE", "13911112222", "repairs"), e.OutsideAnswered(AT, CALL, "repairs", "+8613911112222")),
        (
            line("CONNECT", "7|node1-1763800001.9|6", "repairs", "1001"),
            e.Connected(AT, CALL, "repairs", "1001", "node1-1763800001.9", 6),
        ),
        (line("RINGNOANSWER", "10000", "repairs", "1001"), e.RingMissed(AT, CALL, "repairs", "1001", 10.0)),
        (line("COMPLETECALLER", "7|60|1", "repairs", "1001"), e.Released(AT, CALL, "repairs")),
        (line("ABANDON", "1|1|9", "repairs"), e.GaveUp(AT, CALL, "repairs")),
        (line("SURVEY", "3", "repairs", "1001"), e.Rated(AT, CALL, "repairs", 3)),
        (
            line("VOICEMAIL", f"2025/11/22/{CALL}.wav|12", "repairs"),
            e.VoicemailLeft(AT, CALL, "repairs", f"2025/11/22/{CALL}.wav", 12),
        ),
        (line("CALLBACK", "13800138000", "repairs"), e.CallbackAsked(AT, CALL, "repairs", "+8613800138000")),
        (
            line("RECORDING", f"2025/11/22/{CALL}.wav", "repairs"),
            e.RecordingBegun(AT, CALL, "repairs", f"2025/11/22/{CALL}.wav"),
        ),
        (line("DIALLED", "0a1b|2|answered|1"), e.Dialled(AT, "0a1b", 2, "answered", "1")),
        (line("DIALLED", "0a1b|1|busy|"), e.Dialled(AT, "0a1b", 1, "busy", "")),
        (line("ENDED", "16"), e.Ended(AT, CALL, None, 16)),
        ("1763800000|NONE|NONE|NONE|QUEUESTART|", e.AsteriskStarted(AT)),
    ],
)
def test_each_line_of_queue_log_becomes_its_entry(text: str, entry: e.Entry) -> None:
    assert parse_queue_log(text) == entry


def test_what_does_not_concern_calls_is_passed_over() -> None:
    assert parse_queue_log("1763800000|MANAGER|repairs|1001|PAUSE|lunch") is None
    assert parse_queue_log("1763800000|NONE|NONE|NONE|CONFIGRELOAD|") is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "too_few_fields"),
        ("1763800000|" + CALL, "too_few_fields"),
        ("soon|x|x|x|ENDED|", "time"),
        ("9999999999|x|x|x|ENDED|", "time"),
        (line("ENDED").replace(CALL, "call me"), "call_id"),
        (line("ENTERED", "4008006666"), "too_few_fields"),
        (line("CALLER", "99999999999|zh"), "household"),
        (line("LANGUAGE", "fr"), "language"),
        (line("CONNECT", "7|x|6", "repairs", "Robert'); --"), "seat"),
        (line("SURVEY", "4", "repairs"), "rating"),
        (line("DIALLED", "0a1b|1|gone|"), "result"),
        (line("DIALLED", "A'--|1|busy|"), "task"),
        (line("DIALLED", "0a1b|1|answered|#"), "key"),
        (line("RECORDING", "../../etc/passwd", "repairs"), "file"),
        (line("RECORDING", "/etc/passwd", "repairs"), "file"),
        (line("ENTERQUEUE", "", "q" * 60), "queue"),
        (line("ENDED", "16\x00"), "control_character"),
    ],
)
def test_a_line_that_cannot_be_right_is_rejected_with_its_reason(text: str, reason: str) -> None:
    assert parse_queue_log(text) == e.Rejected(reason)


def cel(event: str, channel: str, name: str, linked: str = CALL, time: str = "1763800000.250000") -> str:
    return f'"{event}","{time}","{channel}","{linked}","{name}","13800138000","from-trunk","s","Queue","","{{""a"":1}}"'


def test_cel_tells_rings_and_answers_to_the_microsecond() -> None:
    leg = "node1-1763800001.9"
    exact = AT.replace(microsecond=250_000)
    assert parse_cel(cel("CHAN_START", CALL, "PJSIP/trunk-00000001")) == e.CallStarted(exact, CALL)
    assert parse_cel(cel("CHAN_START", leg, "PJSIP/1001-0000000a")) == e.SeatRang(exact, CALL, "1001", leg)
    assert parse_cel(cel("ANSWER", leg, "PJSIP/1001-0000000a")) == e.SeatAnswered(exact, CALL, leg)
    assert parse_cel(cel("HANGUP", leg, "PJSIP/1001-0000000a")) == e.SeatLeft(exact, CALL, leg)
    assert parse_cel(cel("HANGUP", CALL, "PJSIP/trunk-00000001")) == e.CallerLeft(exact, CALL)


def test_cel_tells_who_entered_and_left_which_bridge() -> None:
    leg, exact = "node1-1763800001.9", AT.replace(microsecond=250_000)

    def bridged(event: str, channel: str, name: str, technology: str = "simple_bridge") -> e.Parsed:
        extra = f'{{""bridge_id"":""ab12-cd"",""bridge_technology"":""{technology}""}}'
        return parse_cel(cel(event, channel, name).replace('{""a"":1}', extra))

    seat = Move(exact, leg, "ab12-cd", True, "1001")
    assert bridged("BRIDGE_ENTER", leg, "PJSIP/1001-0000000a") == e.Bridged(exact, CALL, seat)
    assert bridged("BRIDGE_EXIT", CALL, "PJSIP/trunk-00000001") == e.Bridged(exact, CALL, Move(exact, CALL, "ab12-cd", False))
    outside = Move(exact, leg, "ab12-cd", True, None, "+8613800138000")
    assert bridged("BRIDGE_ENTER", leg, "PJSIP/trunk-00000002") == e.Bridged(exact, CALL, outside)
    half = Move(exact, leg, "ab12-cd", True, None, None, "Local/1001@x-00000001")
    assert bridged("BRIDGE_ENTER", leg, "Local/1001@x-00000001;2") == e.Bridged(exact, CALL, half)
    parked = Move(exact, CALL, "ab12-cd", True, speaks=False)
    assert bridged("BRIDGE_ENTER", CALL, "PJSIP/trunk-00000001", "holding_bridge") == e.Bridged(exact, CALL, parked)


def test_cel_of_other_channels_and_events_is_passed_over() -> None:
    assert parse_cel(cel("LINKEDID_END", CALL, "PJSIP/trunk-00000001")) is None
    assert parse_cel(cel("ANSWER", CALL, "PJSIP/trunk-00000001")) is None
    assert parse_cel(cel("CHAN_START", "node1-1763800001.9", "PJSIP/trunk-00000002")) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('"CHAN_START","1763800000.2', "not_csv"),
        ("", "too_few_fields"),
        (cel("ANSWER", CALL, "x", time="-5"), "time"),
        (cel("ANSWER", "?", "PJSIP/1001-a"), "call_id"),
        (cel("BRIDGE_ENTER", CALL, "PJSIP/trunk-00000001"), "bridge"),
    ],
)
def test_a_bad_line_of_cel_is_rejected_with_its_reason(text: str, reason: str) -> None:
    assert parse_cel(text) == e.Rejected(reason)


JUNK = st.one_of(
    st.text(),
    st.lists(
        st.one_of(
            st.text(),
            st.sampled_from(
                ["1763800000", CALL, "NONE", "ENDED", "CONNECT", "ENTERED", "SURVEY", "VOICEMAIL", "CALLER", "MENU"]
            ),
        )
    ).map("|".join),
)


@given(JUNK)
def test_no_line_whatever_raises(text: str) -> None:
    for parse in (parse_queue_log, parse_cel):
        assert isinstance(parse(text), e.Entry | e.Rejected | None)
