"""What a killed process leaves in PostgreSQL: its session, and the rows it holds, until the server notices."""

from __future__ import annotations

import time

from sqlalchemy import text

from callcenter.phones import PATIENCE_S
from crm.database import Database

OTHERS = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
              " AND state IS DISTINCT FROM 'idle'")


def are_noticed_dead(database: Database) -> None:
    """No other session has a transaction: what reads with SKIP LOCKED sees all rows. In SQLite a lock dies with its process."""
    if database.engine.dialect.name != "postgresql":
        return
    until = time.monotonic() + PATIENCE_S
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while connection.execute(OTHERS).scalar_one():
            assert time.monotonic() < until, "a dead process' session is still there"
            time.sleep(0.02)
