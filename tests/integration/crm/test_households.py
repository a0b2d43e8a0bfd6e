"""Households on both databases: import, look-up, language."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hotline.households import LI, WANG, ZHAO, load
from sqlalchemy import event, func, select, text
from sqlalchemy.orm import Session

from callcenter.errors import NotFound
from callcenter.roles import Role
from crm.database import Database
from crm.households.demo import demo_rows
from crm.households.history import history, open_matters
from crm.households.importer import Imported
from crm.households.models import Household, PhoneNumber
from crm.households.search import Wanted, search
from crm.households.service import FIND, find_caller, household, lookup, remember_language
from crm.staff.actor import SYSTEM, Actor


@pytest.mark.rule("A7", part="the look-up")
def test_a_number_is_found_however_the_trunk_writes_it(database: Database, now: datetime) -> None:
    load(database, now, WANG)
    with database.reading() as session:
        for written in ("13800138000", "+8613800138000", "008613800138000", "138-0013-8000"):
            found = lookup(session, written)
            assert found
            assert (found.name, found.role, found.estate, found.room, found.tags, found.language) == (
                "王芳",
                "owner",
                "云栖花园",
                "3-1-502",
                ("elderly",),
                "zh",
            )
        assert lookup(session, "13800138001") is None
        assert lookup(session, "") is None


def test_of_several_households_the_owners_comes_first_and_then_the_newest(database: Database, now: datetime) -> None:
    load(database, now, WANG.replace("owner", "tenant"))
    load(database, now + timedelta(days=1), WANG.replace("502", "601").replace("owner", "tenant"))
    with database.reading() as session:
        newest = find_caller(session.connection(), "13800138000")
        assert newest
        assert newest.room == "3-1-601"
    load(database, now - timedelta(days=1), WANG.replace("502", "701"))
    with database.reading() as session:
        owned = find_caller(session.connection(), "13800138000")
        assert owned
        assert owned.room == "3-1-701"


def test_the_look_up_uses_the_index_on_numbers(database: Database, now: datetime) -> None:
    load(database, now, *(",".join(row) for row in demo_rows()))
    with database.reading() as session:
        if database.engine.dialect.name == "postgresql":
            session.execute(text("SET LOCAL enable_seqscan = off"))  # the table is too small for its statistics
        query = FIND.params(number="+8613800138000").compile(database.engine, compile_kwargs={"literal_binds": True})
        explain = "EXPLAIN QUERY PLAN" if database.engine.dialect.name == "sqlite" else "EXPLAIN"
        plan = "\n".join(str(row) for row in session.execute(text(f"{explain} {query}")))
    assert "uq_phone_numbers_number_person_id" in plan or "sqlite_autoindex_phone_numbers" in plan
    assert "SCAN phone_numbers" not in plan


def test_importing_a_file_twice_changes_nothing_the_second_time(database: Database, now: datetime) -> None:
    rows = [",".join(row) for row in demo_rows()]
    first = load(database, now, *rows)
    assert first.households == 200
    assert load(database, now, *rows) == Imported()
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Household)) == 200
        assert session.scalar(select(func.count()).select_from(PhoneNumber)) == first.numbers


def test_importing_again_brings_tags_language_and_role_up_to_date(database: Database, now: datetime) -> None:
    load(database, now, WANG)
    done = load(database, now, WANG.replace("elderly", "vip").replace(",zh", ",en").replace("owner", "tenant"))
    assert done == Imported(changed=2)
    with database.reading() as session:
        found = lookup(session, "13800138000")
        assert found
        assert (found.tags, found.language, found.role) == (("vip",), "en", "tenant")


def test_a_language_once_chosen_is_remembered(database: Database, now: datetime) -> None:
    load(database, now, WANG)
    with database.writing.begin() as session:
        found = lookup(session, "13800138000")
        assert found
        remember_language(session, found.household_id, "en")
        remember_language(session, 999_999, "en")
    with database.reading() as session:
        again = lookup(session, "13800138000")
        assert again
        assert again.language == "en"


def test_the_desk_finds_a_household_by_room_name_or_number(database: Database, now: datetime) -> None:
    load(database, now, WANG, LI, ZHAO)
    with database.reading() as session:
        for wanted in ("3-1-5", "三号楼1单元", "王", "13900139000"):
            [found] = search(session, SYSTEM, Wanted(wanted)).items
            assert (found.room, found.estate_en, [person.name for person in found.people]) == (
                "3-1-502", "Yunqi Garden", ["王芳", "李强"])
        assert search(session, SYSTEM, Wanted("%")).items == []
        shown = household(session, SYSTEM, found.household_id)
        assert [number.number for person in shown.people for number in person.numbers] == ["+8613800138000", "+8613900139000"]
        with pytest.raises(NotFound):
            household(session, SYSTEM, 999_999)


READS_NO_TABLE_WHOLE = ("households", "people", "phone_numbers", "household_tags", "calls", "contact_log", "tickets", "callbacks")


def plans(database: Database, ask: Callable[[Session], object]) -> str:
    """How the database goes about what `ask` asks. Small tables: PostgreSQL is told not to prefer reading them whole."""
    asked: list[tuple[str, Any]] = []

    def heard(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", heard)
    with database.reading() as session:
        ask(session)
    event.remove(database.engine, "before_cursor_execute", heard)
    on_file = database.engine.dialect.name == "sqlite"
    with database.engine.begin() as connection:
        if not on_file:
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN" if on_file else "EXPLAIN"
        return "\n".join(str(row) for statement, parameters in asked if statement.startswith("SELECT")
                         for row in connection.exec_driver_sql(f"{explain} {statement}", parameters))


def test_the_list_and_the_page_of_a_household_read_no_table_whole(database: Database, now: datetime) -> None:
    load(database, now, *(",".join(row) for row in demo_rows()))
    of_two = Actor("anna", roles=frozenset({Role.AGENT}), estates=frozenset({1, 2}))

    def ask(session: Session) -> None:
        for actor in (SYSTEM, of_two):
            for words in (None, "3-1", "王", "13800138000"):
                search(session, actor, Wanted(words))
            search(session, actor, Wanted(tag="elderly", estate_id=1))
        household(session, SYSTEM, 7)
        history(session, SYSTEM, 7)
        open_matters(session, SYSTEM, 7)

    found = plans(database, ask)
    whole = [f"Seq Scan on {table}" for table in READS_NO_TABLE_WHOLE] + [f"SCAN {table}'" for table in READS_NO_TABLE_WHOLE]
    assert [words for words in whole if words in found] == []
    assert "ix_people_name" in found
    assert "ix_callbacks_household_id" in found


def test_a_tag_that_a_file_calls_by_its_words_is_the_tag(database: Database, now: datetime) -> None:
    load(database, now, WANG.replace("elderly", "老人;独居"), ZHAO.replace(",,zh", ",VIP,zh"))
    with database.reading() as session:
        found = lookup(session, "13800138000"), lookup(session, "13700137000")
        assert [home.tags for home in found if home] == [("alone", "elderly"), ("vip",)]
        assert [home.room for home in search(session, SYSTEM, Wanted(tag="elderly")).items] == ["3-1-502"]
