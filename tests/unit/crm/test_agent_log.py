"""The agent log: lines are read or rejected, and states become intervals that tile the time, whatever comes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.events import AgentState
from crm.agentlog.entries import Act, Acted, AgentStated, SeatFaulted
from crm.agentlog.fold import BY_JOURNAL, Interval, Step, follow, out_of_call
from crm.calls.entries import Rejected
from crm.calls.journal import parse_queue_log

T = datetime.fromtimestamp(1_795_000_000, UTC)
CALL = "node1-1795000000.7"


def after(seconds: int) -> datetime:
    return T + timedelta(seconds=seconds)


def test_each_of_acds_lines_is_read() -> None:
    def line(call: str, seat: str, event: str, data: str) -> object:
        return parse_queue_log(f"1795000000|{call}|NONE|{seat}|{event}|{data}")
    assert line(CALL, "1001", "AGENTSTATE", "801|talking||") == AgentStated(T, "801", AgentState.TALKING, "1001", CALL)
    assert line("NONE", "1001", "AGENTSTATE", "801|PAUSED|meal|anna") == AgentStated(
        T, "801", AgentState.PAUSED, "1001", None, "meal", "anna")
    assert line("NONE", "NONE", "AGENTSTATE", "801|signed_out||phone") == AgentStated(
        T, "801", AgentState.SIGNED_OUT, None, None, "", "phone")
    assert line("NONE", "1001", "SEATFAULT", "801") == SeatFaulted(T, "1001", "801", over=False)
    assert line("NONE", "1001", "SEATFAULTEND", "801") == SeatFaulted(T, "1001", "801", over=True)
    assert line(CALL, "1001", "HELP", "801|业主很生气") == Acted(T, Act.HELP, CALL, "1001", "801", "agent 801", "业主很生气")
    assert line(CALL, "1001", "HELPEND", "801") == Acted(T, Act.HELP_END, CALL, "1001", "801", "agent 801")
    assert line(CALL, "1001", "TRANSFERRED", "801|queue|complaint|blind") == Acted(
        T, Act.TRANSFERRED, CALL, "1001", "801", "agent 801", "queue complaint blind")
    assert line(CALL, "1201", "MONITORED", "801|whisper|ben") == Acted(T, Act.MONITORED, CALL, "1201", "801", "ben", "whisper")
    assert line(CALL, "1001", "TAKENOVER", "ben|1201") == Acted(T, Act.TAKEN_OVER, CALL, "1001", None, "ben", "1201")


@pytest.mark.parametrize(("line", "reason"), [
    (f"1795000000|{CALL}|NONE|1001|AGENTSTATE|801|dancing||", "state"),
    (f"1795000000|{CALL}|NONE|1001|AGENTSTATE|8x1|ready||", "agent"),
    (f"1795000000|{CALL}|NONE|1001|AGENTSTATE|", "state"),
    ("1795000000|nonsense|NONE|1001|AGENTSTATE|801|ready||", "call_id"),
    (f"1795000000|{CALL}|NONE|no seat|AGENTSTATE|801|ready||", "seat"),
    ("1795000000|NONE|NONE|NONE|SEATFAULT|801", "seat"),
])
def test_a_line_that_makes_no_sense_is_rejected_with_why(line: str, reason: str) -> None:
    assert parse_queue_log(line) == Rejected(reason)


@given(st.text(max_size=300), st.sampled_from(["AGENTSTATE", "HELP", "MONITORED", "MOVED", "SEATFAULT", "TRANSFERRED"]))
def test_no_line_raises_and_nothing_read_is_too_long_for_its_column(data: str, event: str) -> None:
    found = parse_queue_log(f"1795000000|{CALL}|NONE|1001|{event}|{data}")
    match found:
        case AgentStated():
            assert (len(found.reason) <= 100, len(found.by) <= 40) == (True, True)
        case Acted():
            assert (len(found.detail) <= 320, len(found.by) <= 40) == (True, True)


def stated(seconds: int, state: AgentState, call_id: str | None = None, reason: str = "", seat: str = "1001") -> AgentStated:
    return AgentStated(after(seconds), "801", state, seat, call_id, reason)


Happening = AgentStated | datetime     # a time: the call that the agent was in is over, or Asterisk was started


def told(happenings: list[Happening]) -> list[Interval]:
    """The agent's log after all of them."""
    closed: list[Interval] = []
    current: Interval | None = None
    for what in happenings:
        if isinstance(what, AgentStated):
            step = follow(current, what)
        elif current is None:
            continue
        else:
            step = out_of_call(current, what)
        closed += [step.closed] if step.closed else []
        current = step.open
    return [*closed, current] if current else closed


def test_a_call_of_the_day_leaves_ringing_talking_wrap_up_and_ready() -> None:
    log = told([stated(0, AgentState.READY), stated(10, AgentState.RINGING, CALL), stated(14, AgentState.TALKING, CALL),
                stated(74, AgentState.WRAPUP, CALL), stated(84, AgentState.READY)])
    assert [(one.state.value, (one.ended_at - one.began_at).total_seconds() if one.ended_at else None) for one in log] == [
        ("ready", 10), ("ringing", 4), ("talking", 60), ("wrapup", 10), ("ready", None)]


def test_what_is_said_again_changes_nothing() -> None:
    once = told([stated(0, AgentState.PAUSED, reason="meal")])
    assert told([stated(0, AgentState.PAUSED, reason="meal"), stated(50, AgentState.PAUSED, reason="meal")]) == once


def test_a_call_that_ends_while_acd_is_dead_ends_the_talk() -> None:
    log = told([stated(0, AgentState.TALKING, CALL), after(60), stated(172_800, AgentState.SIGNED_OUT)])
    assert [(one.state.value, one.by) for one in log] == [("talking", ""), ("ready", BY_JOURNAL), ("signed_out", "")]
    assert log[0].ended_at == after(60)


def test_what_acd_says_of_the_moment_after_a_call_stands_for_the_guess() -> None:
    log = told([stated(0, AgentState.TALKING, CALL), after(60), stated(61, AgentState.WRAPUP, CALL)])
    assert [(one.state.value, one.began_at) for one in log] == [("talking", after(0)), ("wrapup", after(60))]


def test_a_pause_goes_on_over_asterisks_restart() -> None:
    log = told([stated(0, AgentState.PAUSED, reason="meal"), after(60)])
    assert [(one.state.value, one.ended_at) for one in log] == [("paused", None)]


happenings = st.lists(st.one_of(
    st.builds(stated, st.integers(0, 200_000), st.sampled_from(AgentState), st.sampled_from([None, CALL]),
              st.sampled_from(["", "meal"]), st.sampled_from(["1001", "1002"])),
    st.integers(0, 200_000).map(after)), max_size=40)


@given(happenings)
def test_intervals_follow_each_other_without_gap_or_overlap_and_only_the_last_is_open(what: list[Happening]) -> None:
    log = told(what)
    assert bool(log) == any(isinstance(one, AgentStated) for one in what)
    for before, following in pairwise(log):
        assert before.ended_at == following.began_at
        assert before.began_at <= before.ended_at
    assert [one.ended_at for one in log][-1:] in ([], [None])


@given(happenings, st.integers(0, 40))
def test_reading_in_two_parts_gives_the_same_log(what: list[Happening], cut: int) -> None:
    """The interval that is open is all that must be kept between two batches."""
    whole = told(what)
    first = told(what[:cut])
    if not first:
        return
    current, closed = first[-1], first[:-1]
    for one in what[cut:]:
        step = follow(current, one) if isinstance(one, AgentStated) else out_of_call(current, one)
        closed, current = closed + ([step.closed] if step.closed else []), step.open
    assert [*closed, current] == whole


def test_nobody_is_in_a_call_after_asterisk_has_started() -> None:
    for state in AgentState:
        current = follow(None, stated(0, state, CALL)).open
        assert out_of_call(current, after(5)).open.state not in (AgentState.RINGING, AgentState.TALKING, AgentState.HELD)
        assert out_of_call(replace(current, state=AgentState.READY), after(5)) == Step(
            None, replace(current, state=AgentState.READY))
