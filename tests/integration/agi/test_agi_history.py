"""What is known of a number besides its household: how it is treated, whether it called just now, whose its open matter is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agi.memory import Memory, MemoryReader
from crm.callers import service
from crm.callers.schemas import History
from crm.calls.models import CallRow
from crm.database import Database, open_database
from crm.migrate import migrate
from crm.staff.models import User
from crm.staff.schemas import UserShown
from crm.tickets.models import Ticket

NUMBER, CALL = "13800138000", "node1-1795000000.9"
KEPT = "+86" + NUMBER
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
LEADER = UserShown(1, "liufang", frozenset(), active=True)


class Stopped:
    def now(self) -> datetime:
        return NOW


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = open_database(url)
    migrate(database)
    with database.writing.begin() as session:
        session.add(User(id=1, name="liufang", roles=["leader"], password_hash="x", active=True, created_at=NOW))
    yield database
    database.close()


def history(database: Database, number: str = NUMBER) -> History:
    """As agi knows it after reading once."""
    memory = Memory(Stopped())
    memory.read(database)
    return memory.history(number, CALL)


def called(database: Database, ago: timedelta, *, call_id: str = "node1-1794000000.1", seat: str | None = None,
           agent: str | None = None) -> None:
    with database.writing.begin() as session:
        session.add(CallRow(call_id=call_id, node="node1", number=KEPT, menu_keys=[], stage=0, entered_at=NOW - ago,
                            seats_rung=[], fold={}, answered_by=seat, answered_agent=agent))


def opened(database: Database) -> None:
    with database.writing.begin() as session:
        session.add(Ticket(number="C1", kind="callback", state="open", contact_number=KEPT, created_at=NOW))


def test_a_number_that_never_called_has_no_history(database: Database) -> None:
    assert history(database) == History()
    assert history(database, "") == History()


def test_a_call_within_the_hour_makes_a_repeat_caller_and_the_call_that_asks_does_not(
        database: Database) -> None:
    called(database, timedelta(0), call_id=CALL)
    called(database, timedelta(minutes=61), call_id="node1-1793000000.1")
    assert not history(database).again
    called(database, timedelta(minutes=59))
    assert history(database).again


def test_the_agent_of_the_last_day_is_preferred_only_while_a_ticket_is_open(
        database: Database) -> None:
    called(database, timedelta(hours=25), call_id="node1-1793000000.1", seat="1003", agent="903")
    called(database, timedelta(hours=5), seat="1001", agent="901")
    assert history(database).agent == ""
    opened(database)
    assert history(database).agent == "901"


def test_where_nobody_signs_in_the_seat_stands_for_the_agent(database: Database) -> None:
    called(database, timedelta(hours=5), seat="1001")
    opened(database)
    assert history(database).agent == "1001"


@pytest.mark.rule("D1", part="treated by rule")
def test_a_treatment_holds_from_the_next_call_until_its_end_or_until_it_is_lifted(
        database: Database) -> None:
    with database.writing.begin() as session:
        service.report(session, NUMBER, "shouts", LEADER, NOW)
    assert history(database).treatment == "", "a report waits for a leader"
    with database.writing.begin() as session:
        service.treat(session, NUMBER, "queue", "again", LEADER, NOW, until=NOW + timedelta(seconds=1))
    assert history(database).treatment == "queue"
    with database.writing.begin() as session:
        shown = service.treat(session, NUMBER, "block", "and again", LEADER, NOW - timedelta(hours=2),
                              until=NOW - timedelta(hours=1))
    assert history(database).treatment == "", "its time is over"
    with database.writing.begin() as session:
        shown = service.treat(session, NUMBER, "block", "for good", LEADER, NOW)
    assert history(database).treatment == "block"
    with database.writing.begin() as session:
        service.lift(session, shown.treatment_id, "apologised", LEADER, NOW)
    assert history(database).treatment == ""


def test_a_second_reading_finds_what_came_meanwhile_and_forgets_nothing_of_the_hour(database: Database) -> None:
    memory = Memory(Stopped())
    called(database, timedelta(minutes=50))
    memory.read(database)
    called(database, timedelta(seconds=1), call_id=CALL)
    memory.read(database)
    assert memory.history(NUMBER, CALL).again
    assert memory.history(NUMBER, "node1-1794000000.1").again, "the call that came meanwhile"


def test_what_was_read_is_kept_while_the_database_is_away(database: Database, tmp_path: Path) -> None:
    memory = Memory(Stopped())
    called(database, timedelta(minutes=5))
    memory.read(database)
    MemoryReader(memory, open_database(f"sqlite:///{tmp_path}/none/x.db"), threading.Event()).read()
    assert memory.history(NUMBER, CALL).again
