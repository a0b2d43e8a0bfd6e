"""`backup` and `restore` (C8)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from callcenter.cli.options import State
from callcenter.errors import Conflict
from callcenter.runtime import backup as backups
from callcenter.runtime import trial as trials
from callcenter.runtime.lock import one_at_a_time
from callcenter.runtime.owner import asterisk_owner
from callcenter.runtime.report import report
from callcenter.runtime.wish import Wish, settle, state_folder
from callcenter.settings import Settings


def backup(file: Path, state: State = None,
           recordings: Annotated[bool, typer.Option("--recordings", help="Messages too.")] = False) -> None:
    """Database, secrets and site file into one file, while everything runs. It holds passwords: keep it safe."""
    settings = Settings.load(state_folder(state))
    backups.back_up(settings, file.absolute(), recordings=recordings)
    print(f"{file}: {file.stat().st_size // 1024} kB")


def restore(file: Path, state: State = None,
            database_url: Annotated[str | None, typer.Option("--database-url", envvar="SIXRING_DATABASE_URL")] = None,
            offset: Annotated[int | None, typer.Option("--offset", envvar="SIXRING_OFFSET")] = None,
            trial: Annotated[bool, typer.Option("--try", help="Only try it, in a folder that is thrown away: is the database "
                                                "whole, how many rows? A PostgreSQL dump is loaded into --database-url if that is "
                                                "given: an empty database.")] = False) -> None:
    """Put a backup into an instance that does not run; the site file goes into the state folder."""
    if trial:
        found = trials.tried(file, database_url)
        for table, rows in sorted(found.rows.items()):
            print(f"{table:<28} {rows:>10}")
        print(f"{file}: {found.database} of {found.at}, {len(found.rows)} tables, {found.all_rows} rows, {found.files} files")
        return
    folder = state_folder(state)
    with one_at_a_time(folder):
        settings = settle(Wish(folder, offset=offset, site=folder / "site.yaml", database_url=database_url))
        if report(settings).running:
            raise Conflict("the instance runs: `sixring down` first")
        backups.restore(settings, file, asterisk_owner())
        settings.save()
    print(f"restored into {folder}: `sixring up --state {folder}`")
