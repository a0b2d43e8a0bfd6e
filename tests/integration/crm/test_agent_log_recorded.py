"""The agent log in the database: exactly once, with the recorder, whoever sat where; and what is audited of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from callcenter.clock import FakeClock
from callcenter.events import AgentState
from crm.agentlog.models import AgentEvent, AgentStateRow
from crm.agentlog.service import agent_log, faults
from crm.calls.journal import parse_cel, parse_queue_log
from crm.calls.models import CallRow
from crm.calls.recorder import Recorder, Source
from crm.database import Database
from crm.staff.audit import audit_of

T = 1_795_000_000
CALL = f"node1-{T}.7"
NOW = datetime.fromtimestamp(T, UTC)


def recorder_of(database: Database, folder: Path, chunk: int = 128 * 1024, *, seats_are_agents: bool = False) -> Recorder:
    sources = (Source("node1/queue_log", folder / "queue_log", parse_queue_log),
               Source("node1/cel", folder / "cel.csv", parse_cel))
    return Recorder(database, sources, node="node1", tz=ZoneInfo("Asia/Shanghai"), short_abandon_s=5,
                    clock=FakeClock(NOW), chunk=chunk, seats_are_agents=seats_are_agents)


def write(folder: Path, *lines: tuple[int, str, str, str, str, str]) -> None:
    with (folder / "queue_log").open("a", encoding="utf-8") as file:
        file.writelines(f"{T + after}|{call}|{queue}|{seat}|{event}|{data}\n"
                        for after, call, queue, seat, event, data in lines)


def state(after: int, agent: str, said: str, seat: str = "1001", call: str = "NONE", by: str = "",
          reason: str = "") -> tuple[int, str, str, str, str, str]:
    return after, call, "NONE", seat, "AGENTSTATE", f"{agent}|{said}|{reason}|{by}"


def answered(call: str, at: int, seat: str) -> list[tuple[int, str, str, str, str, str]]:
    return [(at, call, "NONE", "NONE", "ENTERED", "8000|13900000001|node1"), (at + 1, call, "repair", "NONE", "ENTERQUEUE", "||1"),
            (at + 5, call, "repair", seat, "CONNECT", "4||4")]


def drain(recorder: Recorder) -> None:
    while recorder.poll().lines:
        pass


DAY = [
    state(0, "801", "ready", by="anna"), state(10, "801", "ringing", call=CALL), *answered(CALL, 9, "1001"),
    state(14, "801", "talking", call=CALL), (20, CALL, "NONE", "1001", "HELP", "801|生气"),
    (25, CALL, "NONE", "1201", "MONITORED", "801|whisper|ben"), (60, CALL, "repair", "1001", "COMPLETEAGENT", "4|46|1"),
    state(60, "801", "wrapup", call=CALL), (61, CALL, "NONE", "NONE", "ENDED", "16"), state(70, "801", "ready"),
    (80, "NONE", "NONE", "1001", "SEATFAULT", "801"), state(80, "801", "fault"),
    (140, "NONE", "NONE", "1001", "SEATFAULTEND", "801"), state(140, "801", "ready"),
    state(200, "801", "signed_out", by="ben"), state(300, "802", "ready", by="phone"),
]


@pytest.mark.rule("K2", part="the agent log")
@pytest.mark.rule("C1", part="the fault log, from start to end")
def test_a_days_journal_becomes_the_agents_log(database: Database, tmp_path: Path) -> None:
    write(tmp_path, *DAY)
    drain(recorder_of(database, tmp_path))
    with database.reading() as session:
        log = agent_log(session, "801", NOW, NOW + timedelta(hours=1))
        assert [(one.state.value, int((one.began_at - NOW).total_seconds())) for one in log.states] == [
            ("ready", 0), ("ringing", 10), ("talking", 14), ("wrapup", 60), ("ready", 70), ("fault", 80), ("ready", 140),
            ("signed_out", 200)]
        assert [(one.act.value, one.by, one.detail) for one in log.events] == [
            ("help", "agent 801", "生气"), ("monitored", "ben", "whisper")]
        assert [(one.seat, one.agent, one.ended_at and (one.ended_at - one.began_at).total_seconds())
                for one in faults(session, NOW, NOW + timedelta(hours=1))] == [("1001", "801", 60)]
        assert agent_log(session, "802", NOW - timedelta(days=1), NOW).states == ()


def test_what_somebody_ordered_is_audited_and_what_came_by_itself_is_not(database: Database, tmp_path: Path) -> None:
    write(tmp_path, *DAY)
    drain(recorder_of(database, tmp_path))
    with database.reading() as session:
        assert [(one.who, one.action, one.detail) for one in audit_of(session, "agent:801")] == [
            ("ben", "agent.signed_out", "seat=1001"), ("anna", "agent.ready", "seat=1001")]
        assert [(one.who, one.action, one.detail) for one in audit_of(session, f"call:{CALL}")] == [
            ("ben", "call.monitored", "whisper agent=801 seat=1201")]


@pytest.mark.parametrize("chunk", [90, 400])
def test_however_the_journal_is_cut_into_batches_the_log_is_the_same(database: Database, tmp_path: Path, chunk: int) -> None:
    """A recorder that is killed after each batch, and one that reads a file in pieces."""
    write(tmp_path, *DAY)
    while recorder_of(database, tmp_path, chunk).poll().lines:
        pass
    with database.reading() as session:
        rows = session.scalars(select(AgentStateRow).order_by(AgentStateRow.id)).all()
        assert [(row.agent, row.state) for row in rows] == [
            ("801", "ready"), ("801", "ringing"), ("801", "talking"), ("801", "wrapup"), ("801", "ready"), ("801", "fault"),
            ("801", "ready"), ("801", "signed_out"), ("802", "ready")]
        assert sum(row.ended_at is None for row in rows) == 2
        assert len(session.scalars(select(AgentEvent)).all()) == 2
        assert len(audit_of(session, "agent:801")) == 2


def agent_of_call(database: Database, call: str) -> str | None:
    with database.reading() as session:
        return session.get_one(CallRow, call).answered_agent


def test_a_call_is_whose_sat_there_when_it_was_answered_whoever_signs_in_there_later(
        database: Database, tmp_path: Path) -> None:
    later = f"node1-{T + 500}.9"
    recorder = recorder_of(database, tmp_path)
    write(tmp_path, *DAY)
    drain(recorder)
    write(tmp_path, state(400, "803", "ready", by="phone"), *answered(later, 500, "1001"),
          (510, CALL, "NONE", "NONE", "ENDED", "16"))
    drain(recorder)
    assert (agent_of_call(database, CALL), agent_of_call(database, later)) == ("801", "803")


def test_a_call_at_a_seat_where_nobody_is_signed_in_is_nobodys_but_the_seats_own_in_fixed_seating(
        database: Database, tmp_path: Path) -> None:
    write(tmp_path, *answered(CALL, 0, "1101"))
    drain(recorder_of(database, tmp_path))
    assert agent_of_call(database, CALL) is None
    other = f"node1-{T + 100}.8"
    write(tmp_path, *answered(other, 100, "1101"))
    drain(recorder_of(database, tmp_path, seats_are_agents=True))
    assert agent_of_call(database, other) == "1101"


def test_asterisks_restart_ends_the_talk_of_an_agent(database: Database, tmp_path: Path) -> None:
    write(tmp_path, state(0, "801", "talking", call=CALL), (60, "NONE", "NONE", "NONE", "QUEUESTART", ""),
          state(90, "801", "paused", reason="meal"))
    drain(recorder_of(database, tmp_path))
    with database.reading() as session:
        states = agent_log(session, "801", NOW, NOW + timedelta(hours=1)).states
    assert [(one.state, int((one.began_at - NOW).total_seconds())) for one in states] == [
        (AgentState.TALKING, 0), (AgentState.READY, 60), (AgentState.PAUSED, 90)]


def test_a_fault_that_is_told_twice_is_one_fault(database: Database, tmp_path: Path) -> None:
    fault = "NONE", "NONE", "1001"
    write(tmp_path, (0, *fault, "SEATFAULT", "801"), (30, *fault, "SEATFAULT", "801"), (60, *fault, "SEATFAULTEND", "801"),
          (61, *fault, "SEATFAULTEND", "801"))
    drain(recorder_of(database, tmp_path))
    with database.reading() as session:
        found = faults(session, NOW, NOW + timedelta(hours=1))
    assert [(one.began_at, one.ended_at) for one in found] == [(NOW, NOW + timedelta(seconds=60))]
