"""Households as a file that can be read in again: CSV or XLSX, a row for each number, nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Any, Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.errors import Conflict
from callcenter.numbers import as_dialled
from crm.database import Database
from crm.households.lines import COLUMNS, MORE_COLUMNS
from crm.households.models import Building, Estate, Household, Person, PhoneNumber
from crm.households.rights import KEEP, may, must_see
from crm.households.sheet import MOST_ROWS
from crm.privacy.service import said
from crm.staff.actor import Actor
from crm.staff.audit import record_audit

Format = Literal["csv", "xlsx"]
Row = tuple[str, ...]
HEADER: Final[Row] = (*COLUMNS, *MORE_COLUMNS)
_RUNS: Final = ("=", "+", "-", "@", "\t", "\r", "'")


class TooMuch(Conflict):
    """More rows than one file may have: export an estate at a time."""

    code = "too_many_rows"
    status = 422


def exported(database: Database, actor: Actor, form: Format, reason: str, now: datetime, *, estate_id: int | None = None) -> bytes:
    """Of the actor's estates, or one of them. Who moved out is in it with the day. Audited with the reason, in a transaction of its
    own: on SQLite nobody could write while the file is made."""
    may(actor, KEEP)
    why = said(reason)
    if estate_id is not None:
        must_see(actor, estate_id, f"estate {estate_id}")
    with database.reading() as session:
        rows = list(_rows(session, actor, estate_id))
    content = as_csv(rows) if form == "csv" else as_xlsx(rows)
    with database.writing.begin() as session:
        record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action="households.exported", subject="households",
                     detail=f"rows={len(rows)} estate={estate_id or 'all'} reason={why}")
    return content


def as_csv(rows: Iterable[Row]) -> bytes:
    """UTF-8 with its mark, without which Excel takes it for GBK."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([HEADER, *(tuple(harmless(cell) for cell in row) for row in rows)])
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(rows: Iterable[Row]) -> bytes:
    """Every cell is text: a room 3-1 stays one and becomes no date."""
    import xlsxwriter  # seldom wanted, and long to import

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet("households")
    text = book.add_format({"num_format": "@"})
    sheet.set_column(0, len(HEADER) - 1, 14, text)
    sheet.freeze_panes(1, 0)
    for line, row in enumerate([HEADER, *rows]):
        for column, cell in enumerate(row):
            sheet.write_string(line, column, harmless(cell), text)
    book.close()
    return out.getvalue()


def harmless(cell: str) -> str:
    """What begins like a formula gets a ' before it, which importing takes away again."""
    return f"'{cell}" if cell.startswith(_RUNS) else cell


def _rows(session: Session, actor: Actor, estate_id: int | None) -> Iterator[Row]:
    """In the order of households, people, numbers. Who lives there again is in it once, as living there."""
    query = (
        select(Household.id, Person.id, Person.name, Estate.name, Building.name, Household.unit, Household.room, Person.role,
               PhoneNumber.number, Household.tags, Household.language, PhoneNumber.label, Person.ended_at, Person.ended_on,
               Person.no_call_since, Person.no_call_reason)
        .select_from(Household).join(Building, Building.id == Household.building_id)
        .join(Estate, Estate.id == Household.estate_id).join(Person, Person.household_id == Household.id)
        .outerjoin(PhoneNumber, PhoneNumber.person_id == Person.id)
        .where(Household.merged_into.is_(None))
        .order_by(Household.id, Person.id, PhoneNumber.place, PhoneNumber.id).limit(MOST_ROWS + 1))
    if estate_id is not None:
        query = query.where(Household.estate_id == estate_id)
    elif actor.estates is not None:
        query = query.where(Household.estate_id.in_(actor.estates))
    found = session.execute(query).all()
    if len(found) > MOST_ROWS:
        raise TooMuch
    for _, home in groupby(found, key=lambda row: row[0]):
        rows = list(home)
        last = {row[2]: row[1] for row in sorted(rows, key=lambda row: (row[12] is None, row[1]))}
        yield from (_row(row) for row in rows if last[row[2]] == row[1])


def _row(found: Any) -> Row:
    (_, _, name, *place, role, number, tags, language, kind, ended_at, ended_on, no_call_since, no_call_reason) = found
    left = ended_on or (ended_at.date() if ended_at else None)
    return (*place, name, role, as_dialled(number) if number else "", ";".join(tags), language, kind or "",
            left.isoformat() if left else "", (no_call_reason or "yes") if no_call_since else "")
