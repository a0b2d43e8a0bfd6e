"""One file that holds a site: database, secrets, site file, and recordings when asked for (C8)."""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
import zlib
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from callcenter.errors import Conflict, SixringError, Unavailable
from callcenter.runtime.owner import Owner
from callcenter.settings import Settings

FORMAT: Final = 1
SQLITE = "sqlite:///"
_FILES = {"backup.json", "database", "secrets.json", "site.yaml"}
_FOLDERS = {"recordings", "voicemail", "attachments"}


RECORDINGS_KEY: Final = "recordings-key-"


class OtherKey(Conflict):
    """Backup and folder have a different key of recordings under one name: whichever stays, something cannot be heard any more."""

    code = "other_recordings_key"


class BadBackup(SixringError):
    """The file is no backup of ours, or holds what it must not."""

    code = "bad_backup"


def back_up(settings: Settings, target: Path, *, recordings: bool) -> None:
    """Of a running instance too: SQLite's backup interface and pg_dump give one consistent moment. One that fails leaves nothing:
    on a full disk it is tried every hour."""
    part = target.with_name(target.name + ".part")
    try:
        _write(settings, part, recordings=recordings)
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _write(settings: Settings, part: Path, *, recordings: bool) -> None:
    with tempfile.TemporaryDirectory(dir=settings.state) as work:
        dump = Path(work) / "database"
        kind = _dump(settings.database_url, dump)
        about = {"format": FORMAT, "database": kind, "at": datetime.now(UTC).isoformat(), "node": settings.node}
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out, \
                tarfile.open(fileobj=out, mode="w:gz", compresslevel=6) as archive:
            text = json.dumps(about).encode()
            entry = tarfile.TarInfo("backup.json")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text))
            archive.add(dump, "database")
            archive.add(settings.secrets_file, "secrets.json")
            archive.add(settings.site_file, "site.yaml")
            for name in ("attachments", "recordings", "voicemail") if recordings else ("attachments",):
                if (settings.state / name).is_dir():
                    archive.add(settings.state / name, name)


def restore(settings: Settings, source: Path, owner: Owner) -> None:
    """Into a stopped instance's folder, which may be empty. Raises BadBackup, OtherKey before anything was changed.

    Keys of recordings that the folder has and the backup has not stay: recordings are sealed with them."""
    with tempfile.TemporaryDirectory(dir=settings.state) as work:
        about = opened(source, Path(work))
        secrets = _with_keys_of(settings.secrets_file, Path(work) / "secrets.json", source)
        _load(settings.database_url, Path(work) / "database", about["database"])
        (Path(work) / "secrets.json").write_text(json.dumps(secrets, indent=2))
        for name, place in (("secrets.json", settings.secrets_file), ("site.yaml", settings.state / "site.yaml")):
            found = Path(work) / name
            found.chmod(0o600 if name == "secrets.json" else 0o644)
            found.replace(place)
        for name in ("recordings", "voicemail"):
            if (Path(work) / name).is_dir():
                shutil.copytree(Path(work) / name, settings.state / name, dirs_exist_ok=True)
                for path in (settings.state / name, *(settings.state / name).rglob("*")):
                    owner.own(path)  # Asterisk goes on writing into today's folder
        if (Path(work) / "attachments").is_dir():
            for path in (Path(work) / "attachments").rglob("*"):
                path.chmod(0o700 if path.is_dir() else 0o600)    # what households sent; as they were
            shutil.copytree(Path(work) / "attachments", settings.attachments, dirs_exist_ok=True)


def opened(source: Path, work: Path) -> dict[str, Any]:
    """What the backup says of itself; its files are in `work` then. Raises BadBackup."""
    try:
        with tarfile.open(source) as archive:
            _unpack(archive, work)
        about: dict[str, Any] = json.loads((work / "backup.json").read_text())
    except (tarfile.TarError, EOFError, zlib.error, OSError, ValueError) as error:
        raise BadBackup(f"{source}: not a backup: {error}") from error
    if about.get("format") != FORMAT:
        raise BadBackup(f"{source}: of format {about.get('format')}, this version reads {FORMAT}")
    return about


def _with_keys_of(here: Path, restored: Path, source: Path) -> dict[str, str]:
    """The backup's secrets, and what the folder alone has of keys of recordings. Raises BadBackup, OtherKey."""
    try:
        secrets: dict[str, str] = json.loads(restored.read_text())
    except (OSError, ValueError) as error:
        raise BadBackup(f"{source}: its secrets cannot be read: {error}") from error
    kept: dict[str, str] = json.loads(here.read_text()) if here.exists() else {}
    keys = {name: key for name, key in kept.items() if name.startswith(RECORDINGS_KEY)}
    if other := sorted(name for name, key in keys.items() if secrets.get(name, key) != key):
        raise OtherKey(f"{other[0]} of {here} is not that of {source}: restore into an empty folder; what was sealed here "
                       "cannot be heard without the key that is here")
    return keys | secrets


def _unpack(archive: tarfile.TarFile, target: Path) -> None:
    """Plain files of ours only. Not `filter="data"`: Debian 12's Python may lack it. Raises BadBackup."""
    for member in archive:
        parts = Path(member.name).parts
        if member.isdir():
            continue
        ours = (len(parts) == 1 and parts[0] in _FILES) or (len(parts) > 1 and parts[0] in _FOLDERS)
        content = archive.extractfile(member) if member.isfile() and ours and ".." not in parts else None
        if content is None:
            raise BadBackup(f"holds what no backup holds: {member.name}")
        place = target.joinpath(*parts)
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb") as out:
            shutil.copyfileobj(content, out)


def _dump(url: str, target: Path) -> str:
    if url.startswith(SQLITE):
        with closing(sqlite3.connect(f"file:{url[len(SQLITE):]}?mode=ro", uri=True)) as source, \
                closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
        return "sqlite"
    _postgres("pg_dump", "--format=custom", f"--file={target}", f"--dbname={_plain(url)}")
    return "postgresql"


def _load(url: str, dump: Path, kind: str) -> None:
    if url.startswith(SQLITE) != (kind == "sqlite"):
        raise Conflict(f"the backup is of {kind}, this instance's database is another: set SIXRING_DATABASE_URL")
    if kind == "sqlite":
        file = Path(url[len(SQLITE):])
        with closing(sqlite3.connect(dump)) as source:
            verdict = source.execute("PRAGMA integrity_check").fetchone()[0]
            if verdict != "ok":
                raise BadBackup(f"the database in it is damaged: {verdict}")
        for tail in ("-wal", "-shm"):
            file.with_name(file.name + tail).unlink(missing_ok=True)
        dump.replace(file)
        return
    load_postgres(url, dump, clean=True)


def load_postgres(url: str, dump: Path, *, clean: bool) -> None:
    """All of it or nothing. Raises Unavailable."""
    _postgres("pg_restore", *(("--clean", "--if-exists") if clean else ()), "--no-owner", "--single-transaction",
              f"--dbname={_plain(url)}", str(dump))


def _plain(url: str) -> str:
    """SQLAlchemy's URL as libpq knows it."""
    return "postgresql" + url[url.index("://"):]


def _postgres(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise Unavailable(f"{command[0]} is not on this machine: apt install postgresql-client") from error
    if done.returncode != 0:
        raise Unavailable(f"{command[0]}: {done.stderr.strip()[-500:]}")
