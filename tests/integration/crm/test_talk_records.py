"""Who talked when, as the recorder writes it from the traces of a real Asterisk: once, whole, however it was read."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from callcenter.clock import FakeClock
from crm.calls import service
from crm.calls.journal import parse_cel, parse_queue_log
from crm.calls.models import QueueVisit, TalkSegment
from crm.calls.recorder import Recorder, Source
from crm.calls.schemas import CallShown
from crm.calls.store import drop_unentered
from crm.database import Database

TRACES = Path(__file__).parents[2] / "unit/crm/traces"


def recorder(database: Database, folder: Path, now: datetime, chunk: int, *, cel_first: bool = False) -> Recorder:
    sources = (Source("node1/queue_log", folder / "queue_log", parse_queue_log),
               Source("node1/cel", folder / "cel.csv", parse_cel))
    return Recorder(database, sources[::-1] if cel_first else sources, node="node1", tz=ZoneInfo("Asia/Shanghai"),
                    short_abandon_s=5, clock=FakeClock(now), chunk=chunk)


def put(folder: Path, *names: str) -> None:
    for file in ("queue_log", "cel"):
        with (folder / ("cel.csv" if file == "cel" else file)).open("w") as whole:
            whole.write("".join((TRACES / f"{name}.{file}").read_text() for name in names))


def shown(database: Database) -> list[CallShown]:
    with database.reading() as session:
        return service.calls(session)


def who(call: CallShown) -> list[tuple[str | None, str]]:
    return [(one.seat, one.kind.value) for one in call.talk]


@pytest.mark.parametrize("cel_first", [True, False])
@pytest.mark.parametrize("chunk", [600, 1 << 17])
def test_a_consultation_that_became_a_transfer_is_written_once_with_the_call(
        database: Database, tmp_path: Path, now: datetime, chunk: int, cel_first: bool) -> None:
    put(tmp_path, "attended")
    # A new recorder for each chunk: as if the process had been killed after every commit.
    while recorder(database, tmp_path, now, chunk, cel_first=cel_first).poll().lines:
        pass
    [call] = shown(database)
    assert who(call) == [("1003", "talk"), ("1003", "consult"), ("1004", "consult"), ("1004", "talk")]
    assert call.ended_at is not None
    assert [(visit.queue, visit.seat) for visit in call.visits] == [("complaint", "1003")]
    with database.writing.begin() as session:
        assert session.scalar(select(func.count()).select_from(TalkSegment)) == 4
        assert session.scalar(select(func.count()).select_from(QueueVisit)) == 1
        drop_unentered(session, now.replace(year=2100))
    assert who(shown(database)[0]) == who(call)


def test_only_one_of_the_two_files_is_not_the_whole_truth(database: Database, tmp_path: Path, now: datetime) -> None:
    """Nothing is told of who talked before both files have told of the end; then it is."""
    put(tmp_path, "blind_chain")
    shutil.move(tmp_path / "cel.csv", tmp_path / "later")
    recording = recorder(database, tmp_path, now, 1 << 17)
    while recording.poll().lines:
        pass
    [call] = shown(database)
    assert call.ended_at is not None
    assert call.talk == ()
    shutil.move(tmp_path / "later", tmp_path / "cel.csv")
    while recording.poll().lines:
        pass
    assert who(shown(database)[0]) == [("1003", "talk"), ("1004", "talk"), ("1005", "talk")]


def test_calls_one_after_another_keep_their_talk_apart_and_the_agent_is_named(
        database: Database, tmp_path: Path, now: datetime) -> None:
    put(tmp_path, "attended", "attended_twice", "consultation_taken_back", "blind_into_a_queue")
    with (tmp_path / "queue_log").open("a") as file:
        file.write("1795375602|node1-1795375592.23|NONE|1003|AGENTSTATE|803|talking||\n")
    while recorder(database, tmp_path, now, 2000).poll().lines:
        pass
    calls = shown(database)[::-1]
    assert [who(call) for call in calls] == [
        [("1003", "talk"), ("1003", "consult"), ("1004", "consult"), ("1004", "talk")],
        [("1003", "talk"), ("1003", "consult"), ("1004", "consult"), ("1004", "talk"),
         ("1004", "consult"), ("1005", "consult"), ("1005", "talk")],
        [("1003", "talk"), ("1003", "consult"), ("1004", "consult"), ("1003", "talk")],
        [("1004", "talk"), ("1003", "talk")],
    ]
    assert [one.agent for one in calls[-1].talk] == [None, "803"]
