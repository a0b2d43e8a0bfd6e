"""A request's key and its work are one: both are there or neither, and the work is done once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import TypeAdapter
from sqlalchemy import func, select

from callcenter.errors import Conflict
from callcenter.roles import Role
from callcenter.settings import CHECKOUT
from crm import idempotency
from crm.database import Database
from crm.idempotency import Asked, IdempotencyKey, InProgress, KeyReused, answer_once, drop_old_keys
from crm.outbox.models import OutboxEntry
from crm.outbox.service import note
from crm.staff.models import User

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
NUMBER = TypeAdapter(int)


@pytest.fixture
def user_id(database: Database) -> int:
    with database.writing.begin() as session:
        user = User(name="anna", roles=[Role.AGENT.value], password_hash="-", created_at=NOW)
        session.add(user)
        session.flush()
        return user.id


def asked(user_id: int, key: str = "k1", body: str = "a") -> Asked:
    return Asked(user_id, key, "POST /things", body)


def work_done(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(OutboxEntry)) or 0


def do(database: Database, which: Asked, answer: int = 7) -> int:
    with database.writing.begin() as session:

        def work() -> int:
            note(session, NOW, "thing.made", f"thing:{answer}")
            return answer

        return answer_once(session, which, NUMBER, work, NOW)


def test_the_same_key_gives_the_first_answer_and_does_nothing(database: Database, user_id: int) -> None:
    assert [do(database, asked(user_id), answer) for answer in (7, 8, 9)] == [7, 7, 7]
    assert work_done(database) == 1


def test_another_key_is_another_request_and_another_body_is_refused(database: Database, user_id: int) -> None:
    assert do(database, asked(user_id)) == 7
    assert do(database, asked(user_id, "k2"), 8) == 8
    with pytest.raises(KeyReused):
        do(database, asked(user_id, "k1", "b"), 9)
    assert work_done(database) == 2


def test_what_was_refused_leaves_no_key(database: Database, user_id: int) -> None:
    def refuse() -> int:
        raise Conflict

    with pytest.raises(Conflict), database.writing.begin() as session:
        answer_once(session, asked(user_id), NUMBER, refuse, NOW)
    assert do(database, asked(user_id), 8) == 8


def test_ten_at_once_are_one(database: Database, user_id: int) -> None:
    start = threading.Barrier(10)

    def one(answer: int) -> int:
        start.wait()
        return do(database, asked(user_id), answer)

    with ThreadPoolExecutor(10) as pool:
        answers = set(pool.map(one, range(10)))
    assert len(answers) == 1
    assert work_done(database) == 1


def test_who_waits_too_long_for_the_first_is_told_that_it_is_in_progress(
    database: Database, user_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite the wait is the writer's lock, whose time-out is `unavailable`: 503, which means to ask again too."""
    if database.engine.dialect.name == "sqlite":
        pytest.skip("one writer: a second does not come as far as the key")
    monkeypatch.setattr(idempotency, "WAIT_MS", 100)
    with database.writing.begin() as session:

        def slow() -> int:
            with pytest.raises(InProgress):
                do(database, asked(user_id), 8)
            return 7

        assert answer_once(session, asked(user_id), NUMBER, slow, NOW) == 7
    assert do(database, asked(user_id), 9) == 7


CRASHES = textwrap.dedent("""
    import os, signal, sys
    from datetime import UTC, datetime
    from pydantic import TypeAdapter
    from crm import tables
    from crm.database import open_database
    from crm.idempotency import Asked, answer_once
    from crm.outbox.service import note

    url, user_id, moment = sys.argv[1:]
    now = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
    die = lambda: os.kill(os.getpid(), signal.SIGKILL)
    with open_database(url).writing.begin() as session:
        def work():
            note(session, now, "thing.made", "thing:7")
            session.flush()
            if moment == "in_work":
                die()
            return 7
        answer_once(session, Asked(int(user_id), "k1", "POST /things", "a"), TypeAdapter(int), work, now)
        if moment == "before_commit":
            die()
    die()
""")


@pytest.mark.parametrize(("moment", "left"), [("in_work", 0), ("before_commit", 0), ("after_commit", 1)])
def test_killed_at_any_moment_there_is_the_work_with_its_key_or_neither(
    database: Database, database_url: str, user_id: int, moment: str, left: int
) -> None:
    killed = subprocess.run([sys.executable, "-c", CRASHES, database_url, str(user_id), moment], cwd=CHECKOUT, check=False,
                            env=os.environ | {"PYTHONPATH": str(CHECKOUT)})
    assert killed.returncode == -signal.SIGKILL
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(IdempotencyKey)) == left
    assert work_done(database) == left
    assert do(database, asked(user_id), 7) == 7
    assert work_done(database) == 1


def test_a_key_is_kept_for_a_day(database: Database, user_id: int) -> None:
    do(database, asked(user_id))
    with database.writing.begin() as session:
        assert drop_old_keys(session, NOW + timedelta(hours=24)) == 0
        assert drop_old_keys(session, NOW + timedelta(hours=24, seconds=1)) == 1
    assert do(database, asked(user_id), 8) == 8
