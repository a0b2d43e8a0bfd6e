"""The recorder: every line once, whatever crashes, on both databases."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hotline.households import load
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select, text

from callcenter.clock import FakeClock
from callcenter.errors import NotFound
from callcenter.events import AnyEvent, CallRecordWritten, TicketOpened
from crm.calls import entries as e
from crm.calls import service
from crm.calls.journal import parse_cel, parse_queue_log
from crm.calls.models import CallRow, ContactEntry, JournalReject
from crm.calls.record import Outcome
from crm.calls.recorder import Batch, Recorder, Source, rejected_count
from crm.calls.schemas import Completion
from crm.calls.store import drop_unentered
from crm.database import Database, open_database
from crm.migrate import migrate
from crm.privacy.service import View
from crm.staff import service as staff
from crm.staff.actor import SYSTEM
from crm.tickets.listing import Wanted, tickets

Maker = Callable[..., tuple[list[str], list[str]]]
TZ = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def recorder_of(database: Database, folder: Path, chunk: int = 128 * 1024) -> Recorder:
    return Recorder(
        database,
        (
            Source("node1/queue_log", folder / "queue_log", parse_queue_log),
            Source("node1/cel", folder / "cel.csv", parse_cel),
        ),
        node="node1",
        tz=TZ,
        short_abandon_s=5,
        clock=FakeClock(NOW),
        chunk=chunk,
    )


def run(recorder: Recorder) -> Batch:
    lines, rejected = 0, 0
    events: list[AnyEvent] = []
    while (batch := recorder.poll()).lines:
        lines, rejected, events = lines + batch.lines, rejected + batch.rejected, events + list(batch.events)
    return Batch(lines, rejected, tuple(events))


def append(path: Path, lines: list[str]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write("".join(line + "\n" for line in lines))


def write_calls(folder: Path, make: Maker, kinds: list[str]) -> None:
    """Their lines in order of time, as Asterisk writes them."""
    both = [make(index, kind) for index, kind in enumerate(kinds)]
    append(
        folder / "queue_log", sorted((line for lines, _ in both for line in lines), key=lambda x: int(x.split("|")[0]))
    )
    append(folder / "cel.csv", sorted((line for _, lines in both for line in lines), key=lambda x: x.split('","')[1]))


def truth(database: Database) -> dict[str, Any]:
    """Everything that the journal has led to, without what depends on when it was read."""
    with database.reading() as session:
        return {
            "talk": [(shown.call_id, shown.talk, shown.visits) for shown in service.calls(session)],
            "calls": [
                {name: getattr(row, name) for name in CallRow.__table__.columns.keys()}  # noqa: SIM118
                for row in session.scalars(select(CallRow).order_by(CallRow.call_id))
            ],
            "tickets": [
                (t.number, t.kind, t.reason, t.call_id, t.contact_number, t.created_at)
                for t in tickets(session, View(SYSTEM), Wanted()).items
            ],
            "log": [
                (row.call_id, row.seat, row.at)
                for row in session.scalars(select(ContactEntry).order_by(ContactEntry.call_id))
            ],
        }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def test_each_kind_of_call_leaves_its_record_and_what_follows_from_it(
    database: Database, folder: Path, call_lines: Maker, kinds: tuple[str, ...]
) -> None:
    write_calls(folder, call_lines, list(kinds))
    done = run(recorder_of(database, folder))
    with database.reading() as session:
        outcomes = Counter(call.outcome for call in service.calls(session))
        opened = Counter((ticket.kind, ticket.reason) for ticket in tickets(session, View(SYSTEM), Wanted()).items)
        entries = service.entries(session, View(SYSTEM)).entries
    assert outcomes == {
        Outcome.ANSWERED: 2,
        Outcome.ABANDONED: 1,
        Outcome.SHORT_ABANDON: 1,
        Outcome.MESSAGE: 1,
        Outcome.MENU: 1,
        None: 1,
    }
    assert opened == {("callback", "abandoned"): 1, ("callback", "callback"): 1, ("followup", "not_satisfied"): 1}
    assert len(entries) == 2
    assert sum(isinstance(event, CallRecordWritten) for event in done.events) == 6
    assert sum(isinstance(event, TicketOpened) for event in done.events) == 3


@pytest.mark.rule("C4", part="the tickets")
def test_calls_open_when_asterisk_died_are_lost_and_get_a_callback_ticket(
    database: Database, folder: Path, call_lines: Maker
) -> None:
    write_calls(folder, call_lines, ["open", "answered", "open"])
    append(folder / "queue_log", ["1795000300|NONE|NONE|NONE|QUEUESTART|"])
    recorder = recorder_of(database, folder)
    run(recorder)
    append(folder / "queue_log", call_lines(200, "open")[0])  # a call after the restart is not lost
    run(recorder)
    with database.reading() as session:
        assert [call.outcome for call in service.calls(session)] == [None, Outcome.LOST, Outcome.ANSWERED, Outcome.LOST]
        assert [ticket.reason for ticket in tickets(session, View(SYSTEM), Wanted()).items] == ["lost", "lost"]


def test_another_nodes_calls_are_not_lost_with_this_ones(database: Database, folder: Path, call_lines: Maker) -> None:
    write_calls(folder, call_lines, ["open"])
    run(recorder_of(database, folder))
    append(folder / "other", ["1795000300|NONE|NONE|NONE|QUEUESTART|"])
    run(
        Recorder(
            database,
            (Source("node2/queue_log", folder / "other", parse_queue_log),),
            node="node2",
            tz=TZ,
            short_abandon_s=5,
            clock=FakeClock(NOW),
        )
    )
    with database.reading() as session:
        assert [call.outcome for call in service.calls(session)] == [None]


def test_bad_lines_are_kept_and_counted_and_stop_nothing(database: Database, folder: Path, call_lines: Maker) -> None:
    append(folder / "queue_log", ["rubbish", "1795000000|x\0|NONE|NONE|ENDED|16"])
    with (folder / "queue_log").open("ab") as file:
        file.write(b"1795000000|\xff\xfe|NONE|NONE|ENDED|16\n")
    write_calls(folder, call_lines, ["answered"])
    assert run(recorder_of(database, folder)).rejected == 3
    with database.reading() as session:
        assert rejected_count(session) == 3
        assert [row.reason for row in session.scalars(select(JournalReject).order_by(JournalReject.id))] == [
            "too_few_fields",
            "control_character",
            "not_utf8",
        ]
        assert [call.outcome for call in service.calls(session)] == [Outcome.ANSWERED]


def test_a_line_that_the_database_refuses_is_rejected_alone(
    database: Database, folder: Path, call_lines: Maker
) -> None:
    def parse(line: str) -> e.Parsed:
        parsed = parse_queue_log(line)
        return replace(parsed, household_id=2**70) if isinstance(parsed, e.LookedUp) else parsed

    write_calls(folder, call_lines, ["answered", "abandoned"])
    recorder = Recorder(
        database,
        (Source("node1/queue_log", folder / "queue_log", parse),),
        node="node1",
        tz=TZ,
        short_abandon_s=5,
        clock=FakeClock(NOW),
    )
    assert run(recorder).rejected == 2
    with database.reading() as session:
        assert [reject.line.split("|")[4] for reject in session.scalars(select(JournalReject))] == ["CALLER", "CALLER"]
        assert [call.outcome for call in service.calls(session)] == [Outcome.ABANDONED, Outcome.ANSWERED]


def test_two_recorders_at_once_take_no_line_twice(database: Database, folder: Path, call_lines: Maker) -> None:
    write_calls(folder, call_lines, ["answered", "message", "unhappy", "abandoned"] * 5)
    first, second = recorder_of(database, folder, 700), recorder_of(database, folder, 900)
    for _ in range(200):
        first.poll()
        second.poll()
    expected = open_database(f"sqlite:///{folder}/expected.db")
    migrate(expected)
    run(recorder_of(expected, folder))
    assert truth(database) == truth(expected)
    expected.close()


def test_a_new_line_written_during_a_stop_is_read_after_it(database: Database, folder: Path, call_lines: Maker) -> None:
    write_calls(folder, call_lines, ["answered"])
    run(recorder_of(database, folder))
    (folder / "queue_log").rename(folder / "queue_log.1")
    append(folder / "queue_log", call_lines(50, "abandoned")[0])
    assert run(recorder_of(database, folder)).rejected == 0
    with database.reading() as session:
        assert [call.outcome for call in service.calls(session)] == [Outcome.ABANDONED, Outcome.ANSWERED]


def test_a_seat_that_rings_another_seat_is_no_call_and_is_cleared_away(database: Database, folder: Path) -> None:
    seat = '"CHAN_START","1795000000.1","node1-1795000000.1","node1-1795000000.1","PJSIP/1001-01","","","","","",""'
    append(folder / "cel.csv", [seat])
    run(recorder_of(database, folder))
    with database.reading() as session:
        assert service.calls(session) == []
        with pytest.raises(NotFound):
            service.call(session, "node1-1795000000.1")
    with database.writing.begin() as session:
        assert drop_unentered(session, datetime.fromtimestamp(1795000000, UTC)) == 0
        assert drop_unentered(session, datetime.fromtimestamp(1795000001, UTC)) == 1


@pytest.mark.rule("A5", part="the entry")
def test_the_agent_completes_the_entry_of_the_call(database: Database, folder: Path, call_lines: Maker) -> None:
    row = "云栖花园,3栋,1,502,王芳,owner,13900000000,elderly,zh"
    load(database, NOW, row)
    with database.writing.begin() as session:
        anna = staff.add_user(session, "anna", [], "correct horse", NOW)
    lines, _ = call_lines(0, "answered")
    append(folder / "queue_log", [line.replace("CALLER||zh", "CALLER|1|zh") for line in lines])
    run(recorder_of(database, folder))
    done = Completion(name="王芳", contact="13900000000", room="3-1-502", matter="lift", kind="repair", result="ticket")
    with database.writing.begin() as session:
        [entry] = service.entries(session, View(SYSTEM), seat="1001", completed=False).entries
        assert (entry.name, entry.room, entry.contact, entry.household_id) == ("王芳", "3-1-502", "+8613900000000", 1)
        with pytest.raises(service.ContactMissing):
            service.complete_entry(
                session, entry.entry_id, Completion(None, " ", None, "lift", "repair", "done"), anna.user_id, NOW
            )
        completed = service.complete_entry(session, entry.entry_id, done, anna.user_id, NOW)
        assert (completed.completed_at, completed.completed_by, completed.call_id) == (NOW, anna.user_id, entry.call_id)
        declined = service.complete_entry(
            session,
            entry.entry_id,
            Completion(None, "13900000000", None, "lift", "repair", "done", declined_contact=True),
            anna.user_id,
            NOW,
        )
        assert (declined.contact, declined.declined_contact) == (None, True)
        service.add_visit(session, done, anna.user_id, "1001", NOW)
        page = service.entries(session, View(SYSTEM), limit=1)
        assert [each.source for each in page.entries] == ["visit"]
        rest = service.entries(session, View(SYSTEM), before_id=page.next_before, limit=1)
        assert ([each.source for each in rest.entries], rest.next_before) == (["call"], None)


def test_a_language_chosen_by_key_is_there_at_the_next_call(database: Database, folder: Path) -> None:
    load(database, NOW, "云栖花园,3栋,1,502,王芳,owner,13900000000,,zh")
    append(
        folder / "queue_log",
        ["1795000000|node1-1795000000.1|NONE|NONE|CALLER|1|zh", "1795000001|node1-1795000000.1|NONE|NONE|LANGUAGE|en"],
    )
    run(recorder_of(database, folder))
    with database.reading() as session:
        assert session.scalar(text("SELECT language FROM households")) == "en"


class CrashError(Exception):
    """Stands for kill -9: nothing after it is done."""


@settings(max_examples=6, deadline=None)
@given(st.data())
def test_any_split_into_batches_with_a_crash_around_any_commit_gives_the_same_records(
    call_lines: Maker, kinds: tuple[str, ...], migrated_file: Path, data: st.DataObject
) -> None:
    chosen = data.draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=6))
    with tempfile.TemporaryDirectory() as name:
        whole, broken = Path(name) / "whole", Path(name) / "broken"
        for folder in (whole, broken):
            folder.mkdir()
            shutil.copy(migrated_file, folder / "crm.db")
        write_calls(whole, call_lines, chosen)
        expected, database = (open_database(f"sqlite:///{folder}/crm.db") for folder in (whole, broken))
        run(recorder_of(expected, whole))
        rest = {file: (whole / file).read_bytes() for file in ("queue_log", "cel.csv")}
        recorder = recorder_of(database, broken)
        while any(rest.values()):
            file = data.draw(st.sampled_from([file for file, content in rest.items() if content]))
            count = data.draw(st.integers(1, len(rest[file])))
            with (broken / file).open("ab") as stream:  # any number of bytes: also half a line
                stream.write(rest[file][:count])
            rest[file] = rest[file][count:]
            match data.draw(
                st.sampled_from(["go on", "killed before commit", "killed after commit", "batch by batch"])
            ):
                case "killed before commit":
                    with pytest.raises(CrashError):
                        _killed_before_commit(recorder_of(database, broken), database)
                    recorder = recorder_of(database, broken)
                case "killed after commit":
                    recorder.poll()
                    recorder = recorder_of(database, broken)
                case "batch by batch":
                    recorder = recorder_of(database, broken, data.draw(st.integers(20, 2000)))
                    recorder.poll()
                case _:
                    run(recorder)
        run(recorder_of(database, broken))
        assert truth(database) == truth(expected)
        with database.reading() as session:
            assert rejected_count(session) == 0
        expected.close()
        database.close()


def _killed_before_commit(recorder: Recorder, database: Database) -> None:
    """Everything of the next batch is written, and then lost with its transaction."""

    def crash(_session: object) -> None:
        raise CrashError

    event.listen(database.writing, "before_commit", crash)
    try:
        run(recorder)
        raise CrashError  # there was nothing to commit: as well
    finally:
        event.remove(database.writing, "before_commit", crash)
