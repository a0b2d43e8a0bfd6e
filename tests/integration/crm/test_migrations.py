"""The migrations make what the models say, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError, StatementError

from crm import database as crm_database
from crm.database import Database, open_database
from crm.households.history import history
from crm.households.models import Person
from crm.households.search import Wanted, search
from crm.households.service import household
from crm.households.tags import tags
from crm.migrate import alembic_config, is_current, migrate
from crm.staff.actor import SYSTEM
from crm.staff.audit import audit_of, record_audit
from crm.tables import METADATA


def test_the_migrated_tables_are_those_of_the_models(database: Database) -> None:
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), METADATA) == []
        assert set(inspect(connection).get_table_names()) == {*METADATA.tables, "alembic_version"}


def test_an_empty_database_is_not_current_and_migrating_twice_is_migrating_once(empty_url: str) -> None:
    database = open_database(empty_url)
    assert not is_current(database)
    assert migrate(database) == migrate(database)
    assert is_current(database)
    kept = len(database.engine._compiled_cache)
    assert all(is_current(database) for _ in range(5))
    assert len(database.engine._compiled_cache) == kept, "asked every second for ever, it takes no more room"
    database.close()


def test_times_come_back_aware_and_in_utc_and_naive_ones_are_refused(database: Database) -> None:
    shanghai = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=8)))
    with database.writing.begin() as session:
        record_audit(session, at=shanghai, who="anna", action="recording.listened", subject="call:x")
    with database.reading() as session:
        [entry] = audit_of(session, "call:x")
        assert entry.at == datetime(2026, 11, 22, 4, 0, 0, 123456, tzinfo=UTC)
        assert entry.at.tzinfo is UTC
    with pytest.raises(StatementError, match="naive"), database.writing.begin() as session:
        record_audit(session, at=datetime(2026, 11, 22), who="anna", action="a", subject="s")


def test_foreign_keys_are_kept(database: Database) -> None:
    with pytest.raises(IntegrityError), database.writing.begin() as session:
        session.add(Person(household_id=999, name="nobody", role="owner"))


def test_sqlite_keeps_each_commit_through_a_power_cut_and_waits_for_a_writer(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crm_database, "_sqlite_connected", crm_database._sqlite_connected.__wrapped__)   # unlike all others
    database = open_database(f"sqlite:///{tmp_path}/a.db")
    with database.engine.connect() as connection:
        values = [
            connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        ]
    assert values == ["wal", 2, 5000, 1]
    database.close()


def test_a_database_that_is_in_use_is_brought_to_this_version_with_all_its_rows(empty_url: str) -> None:
    """From before the desk: tables that others point to are made anew, on SQLite too."""
    database = open_database(empty_url)
    with database.engine.execution_options(sixring_writes=True).begin() as connection:
        command.upgrade(alembic_config(connection), "0007")
        for statement in (
            "INSERT INTO estates (id, name) VALUES (1, '松涛苑')",
            "INSERT INTO buildings (id, estate_id, name) VALUES (1, 1, '三号楼')",
            ("INSERT INTO households (id, building_id, unit, room, label, tags, language) "
            "VALUES (1, 1, '1', '0502', '三-1-0502', '[\"elderly\", \"dog\"]', 'zh')"),
            ("INSERT INTO households (id, building_id, unit, room, label, tags, language) VALUES (2, 1, '1', '0503', '三-1-0503', "
            "'[\"keeps-many-large-dogs\", \"keeps-many-large-doga\"]', 'zh')"),
            "INSERT INTO people (id, household_id, name, role) VALUES (1, 1, '王芳', 'owner')",
            "INSERT INTO phone_numbers (id, number, person_id, added_at) VALUES (1, '+8613800138000', 1, '2026-01-01 00:00:00')",
            ("INSERT INTO tickets (id, number, kind, state, household_id, created_at) "
            "VALUES (1, 'C1', 'repair', 'open', 1, '2026-01-01 00:00:00')"),
            ("INSERT INTO contact_log (id, source, at, declined_contact, household_id, ticket_id) "
            "VALUES (1, 'visit', '2026-01-01 00:00:00', false, 1, 1)"),
        ):
            connection.exec_driver_sql(statement)
    migrate(database)
    with database.reading() as session:
        home = household(session, SYSTEM, 1)
        assert (home.room, home.tags, home.version, home.people[0].numbers[0].label) == (
            "三-1-0502", ("elderly", "dog"), 1, "mobile")
        for wanted in (Wanted("3-1-502"), Wanted(tag="dog")):
            assert [item.household_id for item in search(session, SYSTEM, wanted).items] == [1]
        words = {tag.code: tag.zh for tag in tags(session, SYSTEM)}     # the file that brought them knew no words
        assert [words[tag] for tag in ("dog", "keeps-many-large-doga", "keeps-many-large-dogs")] == [
            "dog", "keeps-many-large-dog", "keeps-many-large-d~2"]
        assert {item.what for item in history(session, SYSTEM, 1).items} == {"visit", "ticket"}
    database.close()
