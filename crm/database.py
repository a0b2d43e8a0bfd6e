"""The way to the database: SQLite or PostgreSQL, chosen by URL and by nothing else.

SQLite runs with `synchronous=FULL`: a ticket number that a caller has heard must outlive a power cut. The price is one
fsync a commit, and the recorder, the busiest writer, commits a batch and not a line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, Dialect, Engine, MetaData, create_engine, event, make_url
from sqlalchemy.engine import Connection
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.types import TypeDecorator

from crm.patience import PatientConnection
from crm.remembered import sharing

BUSY_TIMEOUT_MS = 5_000
CONNECT_TIMEOUT_S = 3

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """Aware in, aware (UTC) out. A naive datetime is a fault of the caller: ValueError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime, list[str]: JSON}


@dataclass(frozen=True)
class Database:
    """`with database.writing.begin() as session:` commits at its end; services never do.

    Two factories, because a SQLite transaction that begins as a reader and then writes fails at once when another has
    written meanwhile, whatever the busy time-out: a writer must say so when it begins. PostgreSQL does not care.
    """

    engine: Engine
    reading: sessionmaker[Session]
    writing: sessionmaker[Session]

    def close(self) -> None:
        self.engine.dispose()


def open_database(url: str, info: Mapping[str, object] | None = None, *, busy_ms: int = BUSY_TIMEOUT_MS) -> Database:
    """Opens nothing yet: the first query connects. A lost PostgreSQL connection is noticed before it is used.

    `info` is what every session carries; crm/instance.py puts the instance's own into it. `busy_ms`: how long SQLite's one
    writer is waited for; nobody waits for crm's own threads, so theirs may be longer than a page's.
    """
    engine = make_engine(url, busy_ms)
    carried = {**sharing(), **(info or {})}
    return Database(
        engine=engine,
        reading=sessionmaker(engine, expire_on_commit=False, info=carried),
        writing=sessionmaker(engine.execution_options(sixring_writes=True), expire_on_commit=False, info=carried),
    )


def make_engine(url: str, busy_ms: int = BUSY_TIMEOUT_MS) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, connect_args={"timeout": busy_ms / 1000, "check_same_thread": False})
        event.listen(engine, "connect", partial(_sqlite_connected, busy_ms))
        event.listen(engine, "begin", _sqlite_begins)
        return engine
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(parsed, pool_pre_ping=True, connect_args={"connect_timeout": CONNECT_TIMEOUT_S})
    event.listen(engine, "do_connect", _patiently)
    return engine


def _patiently(_dialect: Dialect, _record: object, arguments: Any, named: Any) -> PatientConnection:
    return PatientConnection.connect(*arguments, **named)


def _sqlite_connected(busy_ms: int, connection: Any, _record: object) -> None:
    connection.isolation_level = None  # BEGIN is ours (below), not the driver's
    for pragma in ("journal_mode=WAL", f"busy_timeout={busy_ms}", "foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}").close()


def _sqlite_begins(connection: Connection) -> None:
    writes = connection.get_execution_options().get("sixring_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
