"""Callers are found in both databases as crm finds them, and a database that fails or hangs costs nobody time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agi.directory import PATIENCE_S, Connection, Directory, Source, _PatientConnection
from callcenter.errors import Unavailable
from crm.database import Database, open_database
from crm.households.models import Building, Estate, Household, Person, PhoneNumber
from crm.households.service import find_caller
from crm.migrate import migrate


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = open_database(url)
    migrate(database)
    with database.writing.begin() as session:
        session.add(Estate(id=1, name="翠湖"))
        session.flush()
        session.add(Building(id=1, estate_id=1, name="3"))
        session.flush()
        session.add(Household(id=7, building_id=1, estate_id=1, unit="1", room="502", label="3-1-502", room_key="3-1-502",
                              tags=["VIP"], language="en"))
        session.flush()
        session.add(Person(id=9, household_id=7, name="王小明", role="owner"))
        session.flush()
        session.add(PhoneNumber(number="+8613800138000", person_id=9, added_at=datetime(2026, 1, 1, tzinfo=UTC)))
    yield database
    database.close()


@pytest.fixture
def directory(url: str, database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Directory]:
    """With more patience than callers have: how quickly a busy machine answers is shown elsewhere."""
    monkeypatch.setattr("agi.directory.PATIENCE_S", 60.0)
    monkeypatch.setattr(_PatientConnection.wait, "__defaults__", (PATIENCE_S, 60.0))
    directory = Directory(Source(url))
    assert directory.probe()
    yield directory
    directory.close()


@pytest.mark.rule("A7")
@pytest.mark.parametrize("number", ["13800138000", "+8613800138000", "+86 138-0013-8000", "13900139000", "unknown", "",
                                    "\x00'; --"])
def test_a_caller_is_found_as_crm_finds_them(directory: Directory, database: Database, number: str) -> None:
    with database.engine.connect() as connection:
        expected = find_caller(connection, number)
    assert directory.find(number) == expected
    assert (expected is not None) == ("138" in number)


def test_a_number_written_down_a_moment_ago_is_found(directory: Directory, database: Database) -> None:
    assert directory.find("13900139000") is None
    with database.writing.begin() as session:
        session.add(PhoneNumber(number="+8613900139000", person_id=9, added_at=datetime(2026, 1, 1, tzinfo=UTC)))
    found = directory.find("13900139000")
    assert found is not None
    assert found.household_id == 7


def test_the_directory_cannot_write(directory: Directory) -> None:
    with pytest.raises(Unavailable):
        directory._ask(lambda connection: connection.execute("DELETE FROM phone_numbers", ()))
    assert directory.probe()
    assert directory.find("13800138000") is not None


def test_after_a_failure_nobody_asks_until_the_database_has_answered_again(directory: Directory) -> None:
    asked: list[Connection] = []

    def broken(connection: Connection) -> None:
        asked.append(connection)
        raise OSError("gone")

    with pytest.raises(Unavailable):
        directory._ask(broken)
    assert asked
    assert directory.is_down
    with pytest.raises(Unavailable):
        directory.find("13800138000")
    assert directory.probe()
    assert not directory.is_down
    assert directory.find("13800138000") is not None


def test_before_the_first_answer_the_directory_is_down(tmp_path: Path) -> None:
    directory = Directory(Source(f"sqlite:///{tmp_path}/none.db"))
    assert not directory.probe()
    with pytest.raises(Unavailable):
        directory.find("13800138000")
    assert not (tmp_path / "none.db").exists(), "a reader makes no database"


@pytest.mark.parametrize("empty_url", ["postgresql"], indirect=True)
def test_a_query_that_does_not_end_is_left(directory: Directory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_PatientConnection.wait, "__defaults__", (PATIENCE_S, PATIENCE_S))
    began = time.monotonic()
    with pytest.raises(Unavailable):
        directory._ask(lambda connection: connection.execute("SELECT pg_sleep(10)", ()))
    assert PATIENCE_S <= time.monotonic() - began < 9
