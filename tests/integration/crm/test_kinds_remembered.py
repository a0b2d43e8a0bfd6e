"""What the kinds of tickets are is read once a process, until there are more of them; what is undone was never there."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import event

from callcenter.roles import Role
from crm.database import Database
from crm.kinds.load import shipped_texts
from crm.kinds.service import all_versions, put_shipped, write_kind
from crm.staff.actor import Actor

NOW = datetime(2026, 11, 23, tzinfo=UTC)
BOSS = Actor("boss", None, frozenset({Role.MANAGER}))
CHANGED = shipped_texts()["praise"] + "\n# changed\n"


@pytest.fixture(autouse=True)
def _shipped(database: Database) -> None:
    with database.writing.begin() as session:
        put_shipped(session, NOW)


def versions(database: Database, kind: str = "praise") -> list[int]:
    with database.reading() as session:
        return [one.version for one in all_versions(session) if one.kind.kind == kind]


def test_they_are_read_once_and_again_when_somebody_has_added_one(database: Database) -> None:
    said: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    assert versions(database) == [1] == versions(database)
    assert len([statement for statement in said if "ORDER BY ticket_kinds.kind" in statement]) == 1
    with database.writing.begin() as session:
        write_kind(session, BOSS, "praise", CHANGED, NOW)
        assert [one.version for one in all_versions(session) if one.kind.kind == "praise"] == [2, 1]
    assert versions(database) == [2, 1]


def test_a_version_that_was_undone_is_not_remembered_though_another_takes_its_place(database: Database) -> None:
    assert versions(database) == [1]
    with database.writing() as session:
        write_kind(session, BOSS, "praise", CHANGED, NOW)
        assert len(all_versions(session)) == len(shipped_texts()) + 1
        session.rollback()
    with database.writing.begin() as session:
        write_kind(session, BOSS, "visit", shipped_texts()["visit"] + "\n# changed\n", NOW)
    assert versions(database) == [1]
    assert versions(database, "visit") == [2, 1]
