"""Brings a database to the newest revision; safe to repeat, and to run twice at once."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from crm.complaints.letters.wording import put_shipped_templates
from crm.database import Database
from crm.kinds.service import put_shipped
from crm.knowledge.shipped import put_shipped_knowledge

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK_KEY = 0x5158  # any number that nothing else of ours locks


def alembic_config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def migrate(database: Database) -> str:
    """The revision the database is at afterwards, with the shipped kinds of tickets and words of letters that it had
    not, and what a bank begins with. All or nothing: both databases roll DDL back."""
    file = database.engine.url.database
    if database.engine.dialect.name == "sqlite" and file and file != ":memory:":
        Path(file).touch(mode=0o600)  # names and numbers of households: its owner's alone (WAL files take the same mode)
    with database.engine.execution_options(sixring_writes=True).connect() as connection:
        if connection.dialect.name == "sqlite":
            _check_keys(connection, at_once=False)
        try:
            with connection.begin():
                return _upgrade(connection)
        finally:
            if connection.dialect.name == "sqlite":
                _check_keys(connection, at_once=True)


def _check_keys(connection: Connection, *, at_once: bool) -> None:
    """SQLite changes a table by making it anew and dropping the old one, which its foreign keys would forbid; and it hears
    of this only outside a transaction. What is dropped and not made again is found before the commit."""
    driver: Any = connection.connection.driver_connection
    driver.execute(f"PRAGMA foreign_keys={'ON' if at_once else 'OFF'}").close()


def _upgrade(connection: Connection) -> str:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
    command.upgrade(alembic_config(connection), "head")
    if connection.dialect.name == "sqlite" and (broken := connection.execute(text("PRAGMA foreign_key_check")).first()):
        raise RuntimeError(f"a row of {broken[0]} points to nothing after the migration")
    with Session(connection) as session:     # in the connection's transaction
        put_shipped(session, datetime.now(UTC))
        put_shipped_knowledge(session, datetime.now(UTC))
        put_shipped_templates(session, datetime.now(UTC))
        session.commit()
    return MigrationContext.configure(connection).get_current_revision() or ""


def is_current(database: Database) -> bool:
    """Whether the tables are those of this code. Asked by every thread until it is so: it costs one small query, and no more of
    the statements' cache than one place (Alembic's own question is a new statement each time, and would fill it)."""
    with database.engine.connect() as connection:
        try:
            found = connection.scalar(text("SELECT version_num FROM alembic_version"))
        except (OperationalError, ProgrammingError):
            if inspect(database.engine).has_table("alembic_version"):
                raise
            return False
    return bool(found == _newest())


@cache
def _newest() -> str | None:
    """Read once: it means importing every migration."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config).get_current_head()
