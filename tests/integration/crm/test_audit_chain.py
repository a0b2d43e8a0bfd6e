"""The audit cannot be edited, thinned out or cut off unnoticed, however many write it at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError
from typer.testing import CliRunner

from callcenter.settings import CHECKOUT, new_settings
from crm.__main__ import app
from crm.database import Database, open_database
from crm.staff.audit import AuditFilter, audit_of, audit_page, record_audit
from crm.staff.chain import KEEPER, OLD_SEALED, AuditKeeper, seal_old
from crm.staff.models import AuditEntry
from crm.staff.verify import ACCEPTED, Break, Verdict, accept, prune, verify

KEY = b"a key that the database does not have"


@pytest.fixture
def kept(database_url: str, tmp_path: Path) -> Iterator[Database]:
    database = open_database(database_url, {KEEPER: AuditKeeper(KEY, tmp_path / "audit-head.json")})
    yield database
    database.close()


def write(database: Database, now: datetime, *subjects: str) -> None:
    for subject in subjects:
        with database.writing.begin() as session:
            record_audit(session, at=now, who="anna", action="recording.listened", subject=subject, detail="听录音")


def checked(database: Database) -> Verdict:
    with database.reading() as session:
        return verify(session)


def by_hand(database: Database, *statements: str) -> None:
    """Somebody who has the database and no key, and knows how to take the fence away."""
    with database.writing.begin() as session:
        if database.engine.dialect.name == "sqlite":
            for trigger in ("audit_not_edited", "audit_not_deleted"):
                session.execute(text(f"DROP TRIGGER IF EXISTS {trigger}"))
        else:
            session.execute(text("ALTER TABLE audit DISABLE TRIGGER audit_only_added"))
        for statement in statements:
            session.execute(text(statement))


def found(database: Database) -> list[tuple[Break, int, int | None]]:
    return [(fault.what, fault.place, fault.until) for fault in checked(database).broken]


@pytest.mark.rule("K1", part="the audit log cannot be edited unnoticed")
def test_rows_make_a_chain_that_is_whole(kept: Database, now: datetime) -> None:
    write(kept, now, "call:1", "call:2", "call:3")
    with kept.reading() as session:
        rows = list(session.scalars(select(AuditEntry).order_by(AuditEntry.id)))
    assert [row.place for row in rows] == [1, 2, 3]
    assert [row.previous for row in rows] == ["", rows[0].hash, rows[1].hash]
    verdict = checked(kept)
    assert (verdict.rows, verdict.whole, verdict.head.place) == (3, True, 3)


@pytest.mark.parametrize(("statements", "expected"), [
    (["UPDATE audit SET who = 'ben' WHERE place = 2"], [(Break.EDITED, 2, None)]),
    (["UPDATE audit SET detail = NULL WHERE place = 5"], [(Break.EDITED, 5, None)]),
    (["DELETE FROM audit WHERE place IN (2, 3)"], [(Break.DELETED, 2, 3)]),
    (["DELETE FROM audit WHERE place = 1"], [(Break.DELETED, 1, 1)]),
    (["DELETE FROM audit WHERE place = 2", "UPDATE audit SET place = place - 1 WHERE place = 3",
      "UPDATE audit SET place = place - 1 WHERE place = 4", "UPDATE audit SET place = place - 1 WHERE place = 5"],
     [(Break.EDITED, 2, None), (Break.EDITED, 3, None), (Break.EDITED, 4, None), (Break.CUT, 5, 5)]),
    (["DELETE FROM audit WHERE place > 3"], [(Break.CUT, 4, 5)]),
    (["DELETE FROM audit WHERE place > 3", "UPDATE audit_head SET place = 3, hash = (SELECT hash FROM audit WHERE place = 3)"],
     [(Break.CUT, 4, 5)]),
    (["DELETE FROM audit", "UPDATE audit_head SET place = 0, hash = ''"], [(Break.CUT, 1, 5)]),
])
def test_what_somebody_with_the_database_alone_does_is_found(
        kept: Database, now: datetime, statements: list[str], expected: list[tuple[Break, int, int | None]]) -> None:
    write(kept, now, *(f"call:{number}" for number in range(1, 6)))
    assert checked(kept).whole
    by_hand(kept, *statements)
    assert [fault for fault in found(kept) if fault[0] is not Break.UNLINKED] == sorted(set(expected), key=lambda one: one[1])


@pytest.mark.rule("K1", part="an end that was cut off stays noticed, however many rows come after it")
def test_an_end_that_was_cut_off_is_found_after_more_was_written(kept: Database, now: datetime) -> None:
    write(kept, now, *(f"call:{number}" for number in range(1, 6)))
    by_hand(kept, "DELETE FROM audit WHERE place > 3",
            "UPDATE audit_head SET place = 3, hash = (SELECT hash FROM audit WHERE place = 3)")
    with kept.writing.begin() as session:      # three at once: past the place of the file
        for number in range(6, 9):
            record_audit(session, at=now, who="anna", action="recording.listened", subject=f"call:{number}")
    write(kept, now, "call:9")
    assert found(kept) == [(Break.UNLINKED, 5, None)]
    with kept.writing.begin() as session:
        accept(session, "console", "seen", now)
    write(kept, now, "call:10")
    assert checked(kept).whole


def test_a_row_that_sixring_did_not_write_is_found(kept: Database, now: datetime) -> None:
    write(kept, now, "call:1")
    by_hand(kept, f"INSERT INTO audit (at, who, action, subject) VALUES ('{now:%Y-%m-%d %H:%M:%S}', 'ben', 'x', 'y')")
    assert [(fault.what, fault.row_id) for fault in checked(kept).broken] == [(Break.UNSEALED, 2)]


def test_rows_that_are_made_anew_with_another_key_are_found(kept: Database, database_url: str, now: datetime) -> None:
    write(kept, now, "call:1")
    stranger = open_database(database_url, {KEEPER: AuditKeeper(b"guessed")})
    write(stranger, now, "call:2")
    stranger.close()
    assert found(kept) == [(Break.EDITED, 2, None)]


def test_a_head_that_cannot_be_kept_takes_no_row_back_and_the_next_keeps_it(kept: Database, tmp_path: Path, now: datetime) -> None:
    write(kept, now, "call:1")
    (tmp_path / "audit-head.lock").unlink()
    (tmp_path / "audit-head.lock").mkdir()      # as a full or read-only disk refuses it
    write(kept, now, "call:2", "call:3")
    assert (checked(kept).rows, checked(kept).whole) == (3, True)
    (tmp_path / "audit-head.lock").rmdir()
    write(kept, now, "call:4")
    by_hand(kept, "DELETE FROM audit WHERE place = 4",
            "UPDATE audit_head SET place = 3, hash = (SELECT hash FROM audit WHERE place = 3)")
    assert found(kept) == [(Break.CUT, 4, 4)]


def test_a_head_that_is_gone_or_damaged_is_told(kept: Database, tmp_path: Path, now: datetime) -> None:
    write(kept, now, "call:1")
    (tmp_path / "audit-head.json").write_text("{}")
    assert found(kept) == [(Break.NO_HEAD, 1, None)]
    (tmp_path / "audit-head.json").unlink()
    assert found(kept) == [(Break.NO_HEAD, 1, None)]
    write(kept, now, "call:2")
    assert checked(kept).whole


@pytest.mark.parametrize("statement", ["UPDATE audit SET who = 'ben'", "DELETE FROM audit WHERE place = 1"])
def test_the_database_itself_refuses_to_change_a_row(kept: Database, now: datetime, statement: str) -> None:
    write(kept, now, "call:1")
    with pytest.raises(DatabaseError, match="only added"), kept.writing.begin() as session:
        session.execute(text(statement))
    assert checked(kept).whole


def test_many_writers_at_once_make_one_chain(kept: Database, now: datetime) -> None:
    faults: list[Exception] = []

    def worker(number: int) -> None:
        try:
            for count in range(10):
                with kept.writing.begin() as session:
                    record_audit(session, at=now, who=f"w{number}", action="a", subject=f"s:{count}")
                    record_audit(session, at=now, who=f"w{number}", action="b", subject=f"s:{count}")
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=worker, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    verdict = checked(kept)
    assert (verdict.rows, verdict.broken, verdict.head.place) == (100, (), 100)


def test_what_is_rolled_back_leaves_no_gap(kept: Database, now: datetime) -> None:
    write(kept, now, "call:1")
    with kept.writing() as session:
        record_audit(session, at=now, who="anna", action="a", subject="s")
        session.flush()
        session.rollback()
    with kept.writing.begin() as session:
        record_audit(session, at=now, who="anna", action="a", subject="kept")
        savepoint = session.begin_nested()
        record_audit(session, at=now, who="anna", action="a", subject="taken back")
        session.flush()
        savepoint.rollback()
        with session.begin_nested():
            record_audit(session, at=now, who="anna", action="a", subject="kept too")
    verdict = checked(kept)
    assert (verdict.rows, verdict.broken) == (3, ())
    with kept.reading() as session:
        assert audit_of(session, "taken back") == []


def instance(folder: Path, database_url: str) -> Path:
    """The state folder of one that commands are run for."""
    made = new_settings(folder / "state", offset=100, site_file=CHECKOUT / "asterisk-config/site.yaml", database_url=database_url,
                        redis_url=f"unix://{folder}/redis.sock")
    made.save()
    return made.state


def rows_said_to_be_old(database: Database, now: datetime) -> None:
    at = f"{now:%Y-%m-%d %H:%M:%S}"
    by_hand(database, f"INSERT INTO audit (at, who, action, subject) VALUES ('{at}', 'old', 'x', 'y'), ('{at}', 'old', 'x', 'z')",
            "UPDATE audit_head SET old_through = 1000")


def test_rows_from_before_there_was_a_chain_are_sealed_once_and_the_chain_says_how_many(kept: Database, now: datetime) -> None:
    rows_said_to_be_old(kept, now)
    for expected in (2, 0):
        with kept.writing.begin() as session:
            assert seal_old(session, now) == expected
    verdict = checked(kept)
    assert (verdict.rows, verdict.broken) == (3, ())
    with kept.reading() as session:
        assert [(row.who, row.detail) for row in audit_page(session, AuditFilter(action=OLD_SEALED))] == [("migrate", "2 rows")]


def test_rows_that_somebody_calls_old_are_sealed_neither_by_the_next_writer_nor_by_verify(
        kept: Database, database_url: str, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    write(kept, now, "call:1")
    rows_said_to_be_old(kept, now)
    write(kept, now, "call:2")
    assert found(kept) == [(Break.UNSEALED, 0, None)] * 2
    monkeypatch.setenv("SIXRING_STATE", str(instance(tmp_path, database_url)))
    answer = CliRunner().invoke(app, ["audit", "verify"])
    assert (answer.exit_code, answer.stderr.count("unsealed")) == (1, 2)
    assert found(kept) == [(Break.UNSEALED, 0, None)] * 2


def test_migrate_seals_the_rows_from_before_there_was_a_chain(
        database: Database, database_url: str, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    rows_said_to_be_old(database, now)
    monkeypatch.setenv("SIXRING_STATE", str(instance(tmp_path, database_url)))
    assert CliRunner().invoke(app, ["audit", "verify"]).exit_code == 1
    assert CliRunner().invoke(app, ["migrate"]).exit_code == 0
    answer = CliRunner().invoke(app, ["audit", "verify"])
    assert (answer.exit_code, answer.stdout) == (0, "3 rows, newest 3: whole\n")


def test_what_is_older_than_its_time_goes_and_the_rest_is_still_a_chain(kept: Database, now: datetime) -> None:
    write(kept, now - timedelta(days=900), "call:1", "call:2")
    write(kept, now, "call:3")
    with kept.writing.begin() as session:
        assert prune(session, now - timedelta(days=800), now) == 2
    verdict = checked(kept)
    assert (verdict.rows, verdict.broken, verdict.head.place) == (2, (), 4)
    with kept.writing.begin() as session:
        assert prune(session, now - timedelta(days=800), now) == 0
    by_hand(kept, "DELETE FROM audit WHERE place = 3")
    assert found(kept)[0][:2] == (Break.DELETED, 1)


def test_after_a_restore_somebody_says_so_and_that_is_in_the_audit(kept: Database, now: datetime) -> None:
    write(kept, now, "call:1", "call:2")
    by_hand(kept, "DELETE FROM audit WHERE place = 2",
            "UPDATE audit_head SET place = 1, hash = (SELECT hash FROM audit WHERE place = 1)")
    assert found(kept) == [(Break.CUT, 2, 2)]
    with kept.writing.begin() as session:
        accept(session, "console", "restored last night's backup", now)
    assert checked(kept).whole
    with kept.reading() as session:
        assert [row.action for row in audit_page(session, AuditFilter(subject="audit:"))] == [ACCEPTED]


def test_the_audit_is_read_by_subject_who_and_time(kept: Database, now: datetime) -> None:
    write(kept, now, "call:1", "call:2", "user:anna")
    write(kept, now + timedelta(hours=1), "call:3")

    def subjects(**wanted: object) -> list[str]:
        with kept.reading() as session:
            return [row.subject for row in audit_page(session, AuditFilter(**wanted))]  # type: ignore[arg-type]
    assert subjects(subject="call:") == ["call:3", "call:2", "call:1"]
    assert subjects(subject="call:2") == ["call:2"]
    assert subjects(who="ben") == []
    assert subjects(begin=now + timedelta(minutes=1)) == ["call:3"]
    assert subjects(end=now + timedelta(minutes=1), subject="user:") == ["user:anna"]
