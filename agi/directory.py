"""The households' numbers, read for a caller who waits: at once, or not at all.

A database that fails or hangs may cost the callers of that moment their name, never their time: each query is bounded,
at most CONNECTIONS of them run, and after the first failure nobody asks again until `probe` has had an answer.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeVar

import psycopg
import structlog
from sqlalchemy import Connection, Engine, NullPool, create_engine, make_url, text

from callcenter.errors import Unavailable
from crm.households.schemas import Found
from crm.households.service import find_caller

log = structlog.get_logger()

CONNECTIONS: Final = 8
PATIENCE_S: Final = 0.25
CONNECT_S: Final = 2         # libpq knows no less

Answer = TypeVar("Answer")
Find = Callable[[Connection, str], Found | None]


class _PatientConnection(psycopg.Connection[Any]):
    """Every wait for the server ends, also for one that is stopped or behind a cut cable."""

    def wait(self, gen: Any, interval: float = PATIENCE_S, timeout: float | None = PATIENCE_S) -> Any:
        return super().wait(gen, interval=interval, timeout=timeout)


def reading_engine(url: str) -> Engine:
    """Cannot write. Each statement is its own transaction: a kept connection keeps no old snapshot."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        def open_file() -> sqlite3.Connection:
            return sqlite3.connect(f"file:{parsed.database}?mode=ro", uri=True, timeout=PATIENCE_S, isolation_level=None,
                                   check_same_thread=False)
        return create_engine("sqlite://", creator=open_file, poolclass=NullPool, isolation_level="AUTOCOMMIT")

    def connect() -> psycopg.Connection[Any]:
        plain = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
        return _PatientConnection.connect(plain, connect_timeout=CONNECT_S, options="-c default_transaction_read_only=on")
    return create_engine("postgresql+psycopg://", creator=connect, poolclass=NullPool, isolation_level="AUTOCOMMIT")


class Directory:
    """Callers by number. Used by many threads; `probe` by one."""

    def __init__(self, engine: Engine, find: Find = find_caller, connections: int = CONNECTIONS) -> None:
        self._engine = engine
        self._find = find
        self._idle: SimpleQueue[Connection | None] = SimpleQueue()  # None: a connection that may be opened
        for _ in range(connections):
            self._idle.put(None)
        self._down = threading.Event()

    @property
    def is_down(self) -> bool:
        return self._down.is_set()

    def find(self, number: str) -> Found | None:
        """Raises Unavailable, at once while the database is known to be down, else within PATIENCE_S twice."""
        if self._down.is_set():
            raise Unavailable("database")
        return self._ask(lambda connection: self._find(connection, number))

    def probe(self) -> bool:
        """Whether the database answers; callers are looked up again from then on."""
        try:
            self._ask(lambda connection: connection.execute(text("SELECT 1 FROM phone_numbers LIMIT 1")).first())
        except Unavailable:
            return False
        if self._down.is_set():
            self._down.clear()
            log.info("directory_back")
        return True

    def close(self) -> None:
        while not self._idle.empty():
            self._drop(self._idle.get_nowait())

    def _ask(self, question: Callable[[Connection], Answer]) -> Answer:
        try:
            connection = self._idle.get(timeout=PATIENCE_S)
        except Empty as error:
            self._failed("busy")
            raise Unavailable("database") from error
        try:
            if connection is None:
                connection = self._engine.connect()
            answer = question(connection)
        except Exception as error:  # whatever the driver raises, the caller goes on
            self._idle.put(None)
            self._drop(connection)
            self._failed(type(error).__name__)
            raise Unavailable("database") from error
        self._idle.put(connection)
        return answer

    def _failed(self, kind: str) -> None:
        if not self._down.is_set():
            self._down.set()
            log.error("directory_down", error=kind)

    @staticmethod
    def _drop(connection: Connection | None) -> None:
        if connection is not None:
            try:
                connection.invalidate()
                connection.close()
            except Exception as error:  # it is broken, which is why it goes
                log.debug("directory_drop", error=type(error).__name__)
