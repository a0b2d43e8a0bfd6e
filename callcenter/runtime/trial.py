"""A restore that is tried and thrown away (C8): the whole of a backup is read, its database put together and its rows counted.

A dump of PostgreSQL is unpacked by `pg_restore` and its rows are counted as they would be loaded; given an empty database, they are
loaded there. Nothing of the instance is touched.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from callcenter.errors import Unavailable
from callcenter.runtime.backup import BadBackup, load_postgres, opened
from callcenter.site.load import SiteErrors, load_site

_COPY: Final = re.compile(rb"^COPY (?:\w+\.)?\"?(\w+)\"? \(.*\) FROM stdin;$")
_END: Final = b"\\."


@dataclass(frozen=True)
class Trial:
    """`rows` by table; `files` beside the database."""

    at: str
    database: str
    rows: dict[str, int]
    files: int

    @property
    def all_rows(self) -> int:
        return sum(self.rows.values())


def tried(source: Path, into: str | None = None) -> Trial:
    """`into`: the URL of an empty PostgreSQL database. Raises BadBackup, Unavailable."""
    with tempfile.TemporaryDirectory(dir=source.absolute().parent, prefix=".trial-") as folder:
        work = Path(folder)
        about = opened(source, work)
        for name in ("database", "secrets.json", "site.yaml"):
            if not (work / name).is_file():
                raise BadBackup(f"{source}: without {name}")
        try:
            json.loads((work / "secrets.json").read_text())
            load_site(work / "site.yaml")
        except (SiteErrors, ValueError, OSError) as error:
            raise BadBackup(f"{source}: secrets or site file cannot be read: {error}") from error
        rows = _sqlite(work / "database", source) if about["database"] == "sqlite" else _postgres(work / "database", into)
        if "alembic_version" not in rows:
            raise BadBackup(f"{source}: its database has no tables of ours")
        files = sum(len(names) for place, _, names in os.walk(work) if place != folder)
        return Trial(str(about["at"]), about["database"], rows, files)


def _sqlite(file: Path, source: Path) -> dict[str, int]:
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as line:
            verdict = line.execute("PRAGMA integrity_check").fetchone()[0]
            if verdict != "ok":
                raise BadBackup(f"{source}: the database in it is damaged: {verdict}")
            if (lacking := line.execute("PRAGMA foreign_key_check").fetchone()) is not None:
                raise BadBackup(f"{source}: a row of {lacking[0]} names one of {lacking[2]} that is not there")
            names = [row[0] for row in line.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
                "AND sql NOT LIKE 'CREATE VIRTUAL%'")]
            counted = {name: line.execute(f'SELECT count(*) FROM "{name}"').fetchone() for name in names}   # noqa: S608 - its own
            return {name: int(row[0]) for name, row in counted.items()}
    except sqlite3.Error as error:
        raise BadBackup(f"{source}: the database in it cannot be read: {error}") from error


def _postgres(dump: Path, into: str | None) -> dict[str, int]:
    """As SQL, line by line; also when it is loaded, for the figures."""
    if into is not None:
        load_postgres(into, dump, clean=False)
    rows: dict[str, int] = {}
    table = ""
    try:
        with tempfile.TemporaryFile() as said, subprocess.Popen(["pg_restore", "--file=-", str(dump)], stdout=subprocess.PIPE,
                                                                stderr=said) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if table:
                    if line.rstrip(b"\n") == _END:
                        table = ""
                    else:
                        rows[table] += 1
                elif found := _COPY.match(line.rstrip(b"\n")):
                    table = found[1].decode()
                    rows[table] = 0
            if process.wait() != 0:
                said.seek(0)
                raise BadBackup(f"pg_restore: {said.read().decode(errors='replace').strip()[-500:]}")
    except FileNotFoundError as error:
        raise Unavailable("pg_restore is not on this machine: apt install postgresql-client") from error
    return rows
