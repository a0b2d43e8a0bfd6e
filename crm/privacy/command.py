"""`python -m crm retention`: forgets what the site file says, or with `--dry-run` says what it would forget."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from callcenter.settings import Settings
from callcenter.site import load_site
from crm.command import failed, instance_database
from crm.privacy.doomed import ATTACHMENTS, RECORDINGS, VOICEMAIL, sweep
from crm.privacy.retention import SILENT, believable, plan, run


def retention(dry_run: Annotated[bool, typer.Option("--dry-run", help="only count")] = False) -> None:
    """What is older than the site file's `retention` says; what it does not name stays. crm does it by itself every six hours."""
    settings = Settings.load()
    site = load_site(settings.site_file)
    now, tz = datetime.now(UTC), ZoneInfo(site.timezone)
    with instance_database() as database:
        with database.reading() as session:
            believed = believable(session, now)
        if not believed:
            raise failed(f"nothing is forgotten: no call of the {SILENT.days} days before {now:%Y-%m-%d}: is the clock right?")
        if dry_run:
            with database.reading() as session:
                for planned in plan(session, site.retention, now, tz):
                    typer.echo(f"{planned.rule}\tbefore {planned.before.astimezone(tz):%Y-%m-%d}\t{planned.count}")
            return
        done = run(database, site.retention, now, tz)
        files = sweep(database, {RECORDINGS: settings.recordings, VOICEMAIL: settings.voicemail, ATTACHMENTS: settings.attachments})
    for name, count in done.items():
        typer.echo(f"{name}\t{count}")
    typer.echo(f"files\t{files}")
