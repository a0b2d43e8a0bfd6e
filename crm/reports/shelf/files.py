"""A report as a file, and the audit of whoever took it: who, which report, of what days, how many rows; never what is in it."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from typing import IO, Final, Literal

from sqlalchemy.orm import Session

from crm.database import Database
from crm.reports.shelf.pdf import write_pdf
from crm.reports.shelf.report import Ask, Headline
from crm.reports.shelf.service import Asked
from crm.reports.shelf.xlsx import write_xlsx
from crm.staff.audit import record_audit

Format = Literal["xlsx", "pdf"]
IN_MEMORY: Final = 1_000_000     # bytes; a longer file lies on disk, under no name


@dataclass(frozen=True)
class Made:
    """`file` is at its beginning, and closed by whoever has sent it."""

    file: IO[bytes]
    name: str
    bytes: int
    rows: int
    headlines: tuple[Headline, ...]


def made(database: Database, wanted: Asked, form: Format) -> Made:
    """Raises TooManyRows, TooManySheets, what the report itself raises."""
    base = wanted.ask.site.network.pages
    file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)     # noqa: SIM115 - whoever sends it closes it
    try:
        with database.reading() as session, tempfile.TemporaryDirectory() as folder:
            if form == "xlsx":
                written = write_xlsx(session, wanted, file, folder, base)
            else:
                content, written = write_pdf(session, wanted, base)
                file.write(content)
        length = file.tell() if form == "pdf" else file.seek(0, 2)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return Made(file, file_name(wanted, form), length, written.rows, written.headlines)


def file_name(wanted: Asked, form: Format) -> str:
    days = wanted.ask.days
    return f"{wanted.report.id}-{days.first:%Y%m%d}-{days.last:%Y%m%d}.{form}"


def audited(database: Database, wanted: Asked, form: Format, rows: int) -> None:
    """In a transaction of its own: on SQLite nobody could write while the file is made."""
    with database.writing.begin() as session:
        audit(session, wanted, form, rows, "asked")


def audit(session: Session, wanted: Asked, form: str, rows: int, because: str) -> None:
    ask = wanted.ask
    actor = ask.view.actor
    detail = {"format": form, "rows": rows, "because": because, **_said(ask)}
    record_audit(session, at=ask.now, who=actor.name, user_id=actor.user_id, action="report.exported",
                 subject=f"report:{wanted.report.id}", detail=json.dumps(detail, ensure_ascii=False))


def _said(ask: Ask) -> dict[str, str]:
    return {"from": ask.days.first.isoformat(), "to": ask.days.last.isoformat(),
            **{name.value: value for name, value in ask.given.items()}}
