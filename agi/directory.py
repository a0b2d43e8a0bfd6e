"""The households' numbers, read for a caller who waits: at once, or not at all.

A database that fails or hangs may cost the callers of that moment their name, never their time: each query is bounded,
and after the first failure nobody asks again until `probe` has had an answer.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol, TypeVar, TypeVarTuple

import psycopg
import structlog
from sqlalchemy import Compiled, make_url
from sqlalchemy.sql.compiler import SQLCompiler

from callcenter.errors import Unavailable
from callcenter.numbers import normalise
from crm.households.schemas import Found
from crm.households.service import FIND, found_in

log = structlog.get_logger()

PATIENCE_S: Final = 0.25
CONNECT_S: Final = 2         # libpq knows no less

Row = Sequence[Any]
_TAGS: Final = [column.name for column in FIND.selected_columns].index("tags")
Answer = TypeVar("Answer")
Given = TypeVarTuple("Given")


class Cursor(Protocol):
    def fetchone(self) -> Row | None: ...


class Connection(Protocol):
    """What both drivers' connections can do. Each statement is its own transaction: none keeps an old snapshot."""

    def execute(self, query: Any, parameters: Any, /) -> Cursor: ...

    def close(self) -> None: ...


class _PatientConnection(psycopg.Connection[Any]):
    """Every wait for the server ends, also for one that is stopped or behind a cut cable."""

    def wait(self, gen: Any, interval: float = PATIENCE_S, timeout: float | None = PATIENCE_S) -> Any:
        return super().wait(gen, interval=interval, timeout=timeout)


class Source:
    """A database by URL, read only, spoken to by its driver alone: SQLAlchemy writes the query once, and is then out of
    the way of the calls (a look-up takes a fifth of the time)."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._is_file = self._url.get_backend_name() == "sqlite"
        driver = "sqlite" if self._is_file else "postgresql+psycopg"
        compiled = FIND.compile(dialect=self._url.set(drivername=driver).get_dialect()())
        self._query = str(compiled)
        self._given = _arguments(compiled)

    def connect(self) -> Connection:
        """Raises sqlite3.Error or psycopg.Error."""
        if self._is_file:
            return sqlite3.connect(f"file:{self._url.database}?mode=ro", uri=True, timeout=PATIENCE_S,
                                   isolation_level=None, check_same_thread=False)
        plain = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        return _PatientConnection.connect(plain, autocommit=True, connect_timeout=CONNECT_S,
                                          options="-c default_transaction_read_only=on")

    def find(self, connection: Connection, key: str) -> Found | None:
        """As crm's find_caller, for a number already normalised."""
        row = connection.execute(self._query, self._given(key)).fetchone()
        if row and isinstance(row[_TAGS], str):  # SQLite keeps a list as its JSON
            row = (*row[:_TAGS], json.loads(row[_TAGS]), *row[_TAGS + 1:])
        return found_in(row)

    def answers(self, connection: Connection) -> None:
        connection.execute("SELECT 1 FROM phone_numbers LIMIT 1", ()).fetchone()


def _arguments(compiled: Compiled) -> Callable[[str], Any]:
    """The query's arguments for a number, as the driver wants them: by position (SQLite) or by name (psycopg)."""
    named = dict(compiled.construct_params({"number": ""}) or {})
    if not isinstance(compiled, SQLCompiler) or not compiled.positional:
        return lambda key: named | {"number": key}
    names = compiled.positiontup or []
    place = names.index("number")
    before, after = (tuple(named[name] for name in part) for part in (names[:place], names[place + 1:]))
    return lambda key: (*before, key, *after)


class Directory:
    """Callers by number. Used by many threads; `probe` by one."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._idle: deque[Connection] = deque()  # at most one a thread; the last used is the warmest
        self._down = threading.Event()
        self._down.set()  # until the first probe: no caller opens the first connection

    @property
    def is_down(self) -> bool:
        return self._down.is_set()

    def find(self, number: str) -> Found | None:
        """Raises Unavailable, at once while the database is known to be down, else within PATIENCE_S twice."""
        if self._down.is_set():
            raise Unavailable("database")
        key = normalise(number)
        return self._ask(self._source.find, key) if key else None

    def probe(self) -> bool:
        """Whether the database answers; callers are looked up again from then on."""
        try:
            self._ask(self._source.answers)
        except Unavailable:
            return False
        if self._down.is_set():
            self._down.clear()
            log.info("directory_back")
        return True

    def close(self) -> None:
        while self._idle:
            self._drop(self._idle.pop())

    def _ask(self, question: Callable[[Connection, *Given], Answer], *given: *Given) -> Answer:
        connection: Connection | None = None
        try:
            connection = self._take()
            answer = question(connection, *given)
        except Exception as error:  # whatever the driver raises, the caller goes on
            self._drop(connection)
            self._failed(type(error).__name__)
            raise Unavailable("database") from error
        self._idle.append(connection)
        return answer

    def _take(self) -> Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._source.connect()

    def _failed(self, kind: str) -> None:
        if not self._down.is_set():
            self._down.set()
            log.error("directory_down", error=kind)

    @staticmethod
    def _drop(connection: Connection | None) -> None:
        if connection is not None:
            try:
                connection.close()
            except Exception as error:  # it is broken, which is why it goes
                log.debug("directory_drop", error=type(error).__name__)
