"""The bank as a file: brought in as drafts, all of it or nothing; given out so that it can be brought in again."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.households.export import harmless
from crm.households.models import Estate
from crm.households.sheet import FaultShown, SheetRefused, read_sheet
from crm.knowledge.models import SHOWN, KnowledgeCategory, KnowledgeItem, KnowledgeVersion
from crm.knowledge.rights import KEEP, item_seen, may, sees
from crm.knowledge.rows import COLUMNS, FAULTS, Line, RowFault, by_words, joined, read_rows
from crm.knowledge.schemas import EntryContent, EntryWords
from crm.knowledge.service import change, draft
from crm.staff.actor import Actor
from crm.staff.audit import record_audit

Format = Literal["csv", "xlsx"]
Cells = tuple[str, ...]
MOST: Final = 5_000      # entries of one file


@dataclass(frozen=True)
class BankReport:
    """With faults nothing was done, and the counts are zero. What is brought in waits to be approved by somebody else."""

    dry_run: bool
    rows: int
    faults: tuple[FaultShown, ...]
    new: int = 0
    changed: int = 0
    same: int = 0


def bring_in(session: Session, actor: Actor, data: bytes, now: datetime, *, dry_run: bool) -> BankReport:
    """A dry run only reads."""
    may(actor, KEEP)
    try:
        sheet = read_sheet(data)
    except SheetRefused as error:
        return _refused(dry_run, 0, [RowFault(error.row, "-", error.code, error.value)])
    if len(sheet.rows) > MOST:
        return _refused(dry_run, len(sheet.rows), [RowFault(0, "-", "file_too_long")])
    lines, faults = read_rows(sheet, _categories(session), _estates(session, actor), bound=actor.estates is not None)
    known = _known(session, actor)
    faults += [RowFault(line.row, "code", "not_yours", line.code) for line in lines
               if line.code is not None and line.code in known and known[line.code] is None]
    if faults:
        return _refused(dry_run, len(sheet.rows), sorted(faults, key=lambda fault: fault.row))
    report = BankReport(dry_run, len(sheet.rows), (), *_counts(lines, known))
    if not dry_run:
        for line in lines:
            _bring(session, actor, line, known.get(line.code or ""), now)
        record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action="knowledge.imported", subject="knowledge",
                     detail=f"rows={len(sheet.rows)} sha256={hashlib.sha256(data).hexdigest()}")
    return report


def exported(session: Session, actor: Actor, form: Format, now: datetime) -> bytes:
    """What is shown, of the actor's estates and of all."""
    may(actor, KEEP)
    names = dict(session.execute(select(Estate.id, Estate.name)).all())
    rows = session.execute(
        select(KnowledgeItem.code, KnowledgeVersion.content).join(KnowledgeVersion, SHOWN)
        .where(KnowledgeItem.sort == "entry", KnowledgeItem.retired_at.is_(None), item_seen(actor))
        .order_by(KnowledgeItem.id)).all()
    found = [(code, EntryContent.model_validate(content)) for code, content in rows]
    cells = [_cells(code, content, names) for code, content in found if sees(actor, content.estates)]
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action="knowledge.exported", subject="knowledge",
                 detail=f"rows={len(cells)}")
    return _csv(cells) if form == "csv" else _xlsx(cells)


@dataclass(frozen=True)
class _Known:
    item_id: int
    version: int
    content: object


def _known(session: Session, actor: Actor) -> dict[str, _Known | None]:
    """Entries by code, with what their newest version says; None: there, and not for this actor to change."""
    rows = session.execute(
        select(KnowledgeItem, KnowledgeVersion).join(
            KnowledgeVersion, (KnowledgeVersion.item_id == KnowledgeItem.id) & (KnowledgeVersion.number == KnowledgeItem.newest))
        .where(KnowledgeItem.sort == "entry")).all()
    found: dict[str, _Known | None] = {}
    for item, version in rows:
        own = EntryContent.model_validate(version.content).estates
        theirs = actor.estates is None or (bool(own) and actor.estates.issuperset(own))
        content = version.content if version.state in ("draft", "approved") else None
        found[item.code] = _Known(item.id, item.version, content) if theirs and item.retired_at is None else None
    return found


def _counts(lines: list[Line], known: dict[str, _Known | None]) -> tuple[int, int, int]:
    new = sum(line.code is None or line.code not in known for line in lines)
    same = sum(_same(line, known.get(line.code or "")) for line in lines)
    return new, len(lines) - new - same, same


def _same(line: Line, known: _Known | None) -> bool:
    return known is not None and known.content == line.content.model_dump(mode="json")


def _bring(session: Session, actor: Actor, line: Line, known: _Known | None, now: datetime) -> None:
    if known is None:
        draft(session, actor, line.content, now, line.code)
    elif not _same(line, known):
        change(session, actor, known.item_id, line.content, now, known.version)


def _categories(session: Session) -> dict[str, str]:
    rows = session.execute(select(KnowledgeCategory.code, KnowledgeCategory.zh, KnowledgeCategory.en)).all()
    return {word.casefold(): code for code, zh, en in rows for word in (en, zh, code)}


def _estates(session: Session, actor: Actor) -> dict[str, int]:
    rows = session.execute(select(Estate.id, Estate.name, Estate.name_en)).all()
    return by_words((word or "", estate_id) for estate_id, zh, en in rows for word in (en, zh) if actor.sees(estate_id))


def _refused(dry_run: bool, rows: int, faults: list[RowFault]) -> BankReport:
    shown = tuple(FaultShown(one.row, one.column, one.code, one.value, *FAULTS[one.code]) for one in faults)
    return BankReport(dry_run, rows, shown)


def _cells(code: str, content: EntryContent, names: dict[int, str]) -> Cells:
    def words(found: EntryWords | None) -> Cells:
        return (found.question, joined(found.similar), found.answer) if found else ("", "", "")

    return (code, content.category, *words(content.zh), *words(content.en), joined(names[each] for each in content.estates),
            content.valid_from.isoformat() if content.valid_from else "", content.valid_to.isoformat() if content.valid_to else "")


def _csv(rows: list[Cells]) -> bytes:
    """UTF-8 with its mark, without which Excel takes it for GBK."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([COLUMNS, *(tuple(harmless(cell) for cell in row) for row in rows)])
    return out.getvalue().encode("utf-8-sig")


def _xlsx(rows: list[Cells]) -> bytes:
    import xlsxwriter  # seldom wanted, and long to import

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet("knowledge")
    text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
    sheet.set_column(0, len(COLUMNS) - 1, 24, text)
    sheet.freeze_panes(1, 0)
    for line, row in enumerate([COLUMNS, *rows]):
        for column, cell in enumerate(row):
            sheet.write_string(line, column, harmless(cell), text)
    book.close()
    return out.getvalue()
