"""The journal does not depend on the desk: what the desk stumbles over is kept as a reject, and the calls are recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import NoResultFound, OperationalError
from sqlalchemy.orm import Session

from callcenter.clock import FakeClock
from callcenter.errors import NotFound
from crm.calls import entries as e
from crm.calls import opening, service
from crm.calls.journal import parse_queue_log
from crm.calls.models import JournalReject
from crm.calls.record import Outcome
from crm.calls.recorder import Recorder, Source
from crm.clocks.calendars import NeverOpenError
from crm.database import Database
from crm.households.models import Building, Estate, Household
from crm.incidents.models import IncidentCall
from crm.incidents.service import affected, mark
from crm.kinds.service import put_shipped
from crm.privacy.service import View
from crm.staff.actor import SYSTEM, Actor
from crm.tickets.listing import Wanted, tickets
from crm.tickets.models import Ticket, TicketEvent
from crm.tickets.schemas import CALLBACK, NewTicket
from crm.tickets.service import close_by_machine, open_ticket

Maker = Callable[..., tuple[list[str], list[str]]]


def recorder_of(database: Database, folder: Path, parse: Callable[[str], e.Parsed] = parse_queue_log) -> Recorder:
    return Recorder(database, (Source("node1/queue_log", folder / "queue_log", parse),), node="node1",
                    tz=ZoneInfo("Asia/Shanghai"), short_abandon_s=5, clock=FakeClock(datetime(2026, 11, 22, 4, 0, tzinfo=UTC)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def write_calls(folder: Path, make: Maker, kinds: list[str], homes: Sequence[int | None] = (), first: int = 0) -> None:
    """`homes`: the households that the look-up found, one a call."""
    callers = [*homes, *[None] * (len(kinds) - len(homes))]
    lines = [line.replace("|CALLER||", f"|CALLER|{callers[index] or ''}|")
             for index, kind in enumerate(kinds) for line in make(first + index, kind)[0]]
    with (folder / "queue_log").open("a") as file:
        file.write("".join(f"{line}\n" for line in lines))


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

    monkeypatch.setattr(opening, "open_ticket", open_some)
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
        patched.setattr(opening, "open_ticket", away)
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


TZ = ZoneInfo("Asia/Shanghai")
BEGAN = datetime.fromtimestamp(1_795_000_000, UTC)       # when the first of `call_lines` comes


def two_buildings_and_a_power_cut_in_the_first(database: Database) -> int:
    with database.writing.begin() as session:
        put_shipped(session, BEGAN)
        session.add(Estate(id=1, name="云栖"))
        session.flush()
        for ident in (1, 2):
            session.add(Building(id=ident, estate_id=1, name=str(ident)))
            session.flush()
            session.add(Household(id=ident, building_id=ident, estate_id=1, unit="1", room="101", label=f"{ident}-1-101",
                                  room_key=f"{ident}-1-101", tags=[]))
            session.flush()
        incident = open_ticket(session, SYSTEM, NewTicket("emergency", category="power", household_id=1), BEGAN, TZ)
        assert incident is not None
        mark(session, SYSTEM, incident.id, 1, 6, BEGAN, None)
        return incident.id


def parents_of_callbacks(database: Database) -> list[tuple[int | None, int | None, str | None]]:
    with database.reading() as session:
        return [(row.household_id, row.parent_id, row.parent_as) for row in session.scalars(
            select(Ticket).where(Ticket.kind == CALLBACK).order_by(Ticket.id))]


@pytest.mark.rule("H6", part="who did not get through")
def test_missed_calls_from_a_place_with_a_known_incident_are_tied_to_it_and_called_back_all_the_same(
    database: Database, folder: Path, call_lines: Maker
) -> None:
    incident = two_buildings_and_a_power_cut_in_the_first(database)
    recorder = recorder_of(database, folder)
    write_calls(folder, call_lines, ["abandoned", "message", "abandoned", "unhappy", "abandoned"], [1, 1, 2, 1, None])
    assert recorder.poll().rejected == 0
    assert parents_of_callbacks(database) == [(1, incident, "part"), (1, incident, "part"), (2, None, None), (None, None, None)]
    with database.reading() as session:
        found = affected(session, View(SYSTEM), incident, cursor=None, limit=10)
        assert (found.calls, found.callers, found.households_called) == (2, 1, 1)
        assert {one.who for one in found.items} == {SYSTEM.name}
        told = session.scalars(select(TicketEvent.data).where(
            TicketEvent.ticket_id == incident, TicketEvent.what == "called")).all()
        assert [(data["household"], data["callers"]) for data in told] == [(1, 1), (1, 1)]
        [follow_up] = session.scalars(select(Ticket).where(Ticket.kind == "followup"))
        assert follow_up.parent_id is None, "what somebody has heard is about itself"
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    write_calls(folder, call_lines, ["abandoned"] * 4 + ["answered"], [2, 2, 2, 2, 1], first=10)
    recorder.poll()
    assert sum("known_incidents" in statement for statement in statements) == 1, "asked once a batch, not once a call"
    assert sum(statement.startswith("SAVEPOINT") for statement in statements) == 1
    with database.writing.begin() as session:
        close_by_machine(session, incident, BEGAN, TZ)
    write_calls(folder, call_lines, ["abandoned"], [1], first=20)
    recorder.poll()
    assert parents_of_callbacks(database)[-1] == (1, None, None), "it is over"
    with database.reading() as session:
        assert len(session.scalars(select(IncidentCall.id)).all()) == 2


def test_a_place_that_is_known_no_longer_is_not_tied(database: Database, folder: Path, call_lines: Maker) -> None:
    two_buildings_and_a_power_cut_in_the_first(database)
    write_calls(folder, call_lines, ["abandoned"], [1], first=int(timedelta(hours=7).total_seconds() // 2))
    assert recorder_of(database, folder).poll().rejected == 0
    assert parents_of_callbacks(database) == [(1, None, None)]
