"""Households for tests: rows of a file, brought in as the register brings them in."""

from __future__ import annotations

from datetime import UTC, datetime

from crm.database import Database
from crm.households.importer import Imported, Report, bring_in, opened
from crm.households.lines import COLUMNS
from crm.staff.actor import SYSTEM, Actor

WANG = "云栖花园,3栋,1,502,王芳,owner,13800138000,elderly,zh"
LI = "云栖花园,3栋,1,502,李强,owner,13900139000,elderly,zh"
ZHAO = "松涛苑,1栋,3,101,赵明,tenant,13700137000,,zh"
ENGLISH = {"云栖花园": "Yunqi Garden"}


def csv_of(*rows: str, columns: tuple[str, ...] = COLUMNS) -> bytes:
    return "\n".join((",".join(columns), *rows)).encode()


def report(database: Database, data: bytes, now: datetime, *, actor: Actor = SYSTEM, dry_run: bool = False) -> Report:
    file = opened(data)
    with (database.reading() if dry_run else database.writing()) as session:
        made = bring_in(session, actor, file, now, UTC, english=ENGLISH, dry_run=dry_run)
        session.commit()
    return made


def load(database: Database, now: datetime, *rows: str) -> Imported:
    made = report(database, csv_of(*rows), now)
    assert made.faults == ()
    return made.done
