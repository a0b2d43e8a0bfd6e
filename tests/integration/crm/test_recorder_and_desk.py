"""The journal does not depend on the desk: what the desk stumbles over is kept as a reject, and the calls are recorded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.exc import NoResultFound, OperationalError
from sqlalchemy.orm import Session

from callcenter.clock import FakeClock
from callcenter.errors import NotFound
from crm.calls import entries as e
from crm.calls import recorder as recorder_module
from crm.calls import service
from crm.calls.journal import parse_queue_log
from crm.calls.models import JournalReject
from crm.calls.record import Outcome
from crm.calls.recorder import Recorder, Source
from crm.clocks.calendars import NeverOpenError
from crm.database import Database
from crm.privacy.service import View
from crm.staff.actor import SYSTEM, Actor
from crm.tickets.listing import Wanted, tickets
from crm.tickets.models import Ticket
from crm.tickets.schemas import CALLBACK, NewTicket
from crm.tickets.service import open_ticket

Maker = Callable[..., tuple[list[str], list[str]]]


def recorder_of(database: Database, folder: Path, parse: Callable[[str], e.Parsed] = parse_queue_log) -> Recorder:
    return Recorder(database, (Source("node1/queue_log", folder / "queue_log", parse),), node="node1",
                    tz=ZoneInfo("Asia/Shanghai"), short_abandon_s=5, clock=FakeClock(datetime(2026, 11, 22, 4, 0, tzinfo=UTC)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def write_calls(folder: Path, make: Maker, kinds: list[str]) -> None:
    lines = [line for index, kind in enumerate(kinds) for line in make(index, kind)[0]]
    (folder / "queue_log").write_text("".join(f"{line}\n" for line in lines))


FAULTS_OF_THE_DESK = [KeyError("stage"), NotFound("callback"), NeverOpenError("hours: []"), NoResultFound()]


@pytest.mark.parametrize("fault", FAULTS_OF_THE_DESK, ids=lambda fault: type(fault).__name__)
def test_a_ticket_that_the_desk_cannot_open_stops_no_journal_and_is_kept_as_a_reject(
    database: Database, folder: Path, call_lines: Maker, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def open_some(session: Session, actor: Actor, new: NewTicket, *rest: Any) -> Ticket | None:
        opened = open_ticket(session, actor, new, *rest)
        if new.kind == CALLBACK:
            raise fault      # after it has written
        return opened

    monkeypatch.setattr(recorder_module, "open_ticket", open_some)
    write_calls(folder, call_lines, ["answered", "abandoned", "unhappy"])
    done = recorder_of(database, folder).poll()
    assert done.rejected == 1
    with database.reading() as session:
        assert {call.outcome for call in service.calls(session)} == {Outcome.ABANDONED, Outcome.ANSWERED}
        assert [ticket.kind for ticket in tickets(session, View(SYSTEM), Wanted()).items] == ["followup"]
        [reject] = session.scalars(select(JournalReject))
        assert reject.line.startswith("callback:node1-")
        assert reject.reason == f"no_ticket:{type(fault).__name__}"
    assert recorder_of(database, folder).poll().lines == 0


def test_a_database_that_is_away_while_a_ticket_is_opened_is_no_fault_of_the_line(
    database: Database, folder: Path, call_lines: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("INSERT INTO tickets", {}, Exception("database is locked"))

    write_calls(folder, call_lines, ["abandoned"])
    with monkeypatch.context() as patched:
        patched.setattr(recorder_module, "open_ticket", away)
        recorder = recorder_of(database, folder)
        with pytest.raises(OperationalError):
            recorder.poll()
    assert recorder_of(database, folder).poll().rejected == 0
    with database.reading() as session:
        assert [ticket.kind for ticket in tickets(session, View(SYSTEM), Wanted()).items] == ["callback"]


def test_a_line_that_our_own_fault_stumbles_over_is_rejected_alone(
    database: Database, folder: Path, call_lines: Maker
) -> None:
    def parse(line: str) -> e.Parsed:
        if "|ABANDON|" in line:
            raise KeyError(line)
        return parse_queue_log(line)

    write_calls(folder, call_lines, ["answered", "abandoned"])
    assert recorder_of(database, folder, parse).poll().rejected == 1
    with database.reading() as session:
        assert [(reject.reason, reject.line.split("|")[4]) for reject in session.scalars(select(JournalReject))] == [
            ("KeyError", "ABANDON")]
        assert len(service.calls(session)) == 2
