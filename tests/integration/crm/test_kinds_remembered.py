"""What the kinds of tickets are is read once a process, until there are more of them; what is undone was never there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import event

from callcenter.roles import Role
from crm.database import Database, open_database
from crm.households.history import history
from crm.households.models import Building, Estate, Household
from crm.kinds.load import shipped_texts
from crm.kinds.service import all_versions, put_shipped, write_kind
from crm.privacy.service import View
from crm.staff.actor import SYSTEM, Actor
from crm.staff.models import User
from crm.tickets.listing import Wanted, tickets
from crm.tickets.schemas import NewTicket
from crm.tickets.service import open_ticket

NOW = datetime(2026, 11, 23, tzinfo=UTC)
BOSS = Actor("boss", None, frozenset({Role.MANAGER}))
AGENT = Actor("agent", 1, frozenset({Role.AGENT}))
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


NUMBER = "+8613800138000"


@contextmanager
def listening(database: Database) -> Iterator[list[str]]:
    said: list[str] = []

    def hear(*given: object) -> None:
        said.extend([str(given[2])] if given[2] != "BEGIN" else [])

    event.listen(database.engine, "before_cursor_execute", hear)
    yield said
    event.remove(database.engine, "before_cursor_execute", hear)


def opens(database: Database, kind: str, seen_by: str | None = None) -> None:
    """A ticket, of a new version of its kind if it is said who sees that."""
    with database.writing.begin() as session:
        if seen_by is not None:
            lines = shipped_texts()[kind].splitlines()
            write_kind(session, BOSS, kind, "\n".join(f"seen_by: [{seen_by}]" if line.startswith("seen_by:") else line
                                                      for line in lines), NOW)
        open_ticket(session, SYSTEM, NewTicket(kind, household_id=1, contact_number=NUMBER), NOW, UTC)


def test_a_page_asks_for_their_number_with_its_rows_and_goes_by_what_another_process_has_written(database: Database) -> None:
    """The page is a statement, a household's history two; more only when there is news, or none of what the actor may see."""
    def page(actor: Actor, kind: str | None = None) -> list[int]:
        with database.reading() as session:
            listed = [one.ticket_id for one in tickets(session, View(actor), Wanted(contact_number=NUMBER, kind=kind)).items]
        with database.reading() as session:
            shown = [int(item.ref) for item in history(session, actor, 1).items if kind in (None, item.kind)]
        assert listed == shown
        return listed

    with database.writing.begin() as session:
        session.add_all([Estate(id=1, name="小区"), User(id=1, name="agent", roles=[], password_hash="-", created_at=NOW)])
        session.flush()
        session.add(Building(id=1, estate_id=1, name="1"))
        session.flush()
        session.add(Household(id=1, building_id=1, estate_id=1, unit="1", room="101", label="1-101", room_key="1-101", tags=[]))
    assert page(BOSS) == page(AGENT) == []
    with listening(database) as said:
        assert page(BOSS) == []
        assert len(said) == 1 + 2, "that there are none of any kind needs no second look"

    elsewhere = open_database(database.engine.url.render_as_string(hide_password=False))
    opens(elsewhere, "praise")
    opens(elsewhere, "media")
    assert page(BOSS) == [2, 1]
    with listening(database) as said:
        assert page(AGENT) == [1]
        assert len(said) == 1 + 2
    opens(elsewhere, "praise", "manager")
    assert page(AGENT) == [1], "what is to be hidden is, though this process has never heard of that version"
    assert page(BOSS) == [3, 2, 1]
    assert page(AGENT, "media") == []
    opens(elsewhere, "media", "agent, manager")
    assert page(AGENT, "media") == [4], "and what is to be seen is"
    elsewhere.close()
