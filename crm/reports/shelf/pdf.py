"""A report on paper: its headline figures as a row, its sheets as tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy.orm import Session

from crm.papers.document import Document, Head
from crm.papers.parts import Align, Figure
from crm.papers.parts import Cell as Printed
from crm.papers.parts import Column as PrintedColumn
from crm.reports.shelf.report import Cell, Sheet, Type
from crm.reports.shelf.service import MOST_PRINTED, Asked, Written
from crm.reports.shelf.words import asked_for, text, words

MOST_UPRIGHT: Final = 6          # columns; more lie across
_NOTHING: Final = {"zh": "（没有记录）", "en": "(nothing)"}


def write_pdf(session: Session, wanted: Asked, base: str) -> tuple[bytes, Written]:
    """`base`: the site's address before links ("": none). Raises TooManyRows, TooManySheets."""
    ask, report = wanted.ask, wanted.report
    sheets = list(wanted.sheets(session, MOST_PRINTED))
    across = any(len(sheet.columns) > MOST_UPRIGHT for sheet in sheets)
    company = ask.site.company.name
    sender = company.zh if ask.language == "zh" else company.en
    paper = Document(Head(sender, ask.language, ask.now, day=ask.days.words()), across=across)
    paper.title(report.title.words(ask.language))
    paper.small("    ".join(f"{name} {value}" for name, value in asked_for(ask)))
    if report.about is not None:
        paper.small(report.about.words(ask.language))
    rows = 0
    for sheet in sheets:
        if len(sheets) > 1:
            paper.heading(sheet.title.words(ask.language))
        paper.figures([Figure(one.title.words(ask.language), words(one.value, one.type, ask.tz), _link(base, one.rows))
                       for one in sheet.headlines])
        counted = _Counted()
        columns = [PrintedColumn(column.title.words(ask.language), column.width, _align(column.type)) for column in sheet.columns]
        paper.table(columns, counted.of(_rows(sheet, wanted, base)), size=8)
        if not counted.rows:
            paper.small(_NOTHING[ask.language])
        if sheet.remark is not None:
            paper.small(sheet.remark.words(ask.language))
        rows += counted.rows
    return paper.to_bytes(), Written(rows, tuple(one for sheet in sheets for one in sheet.headlines))


class _Counted:
    def __init__(self) -> None:
        self.rows = 0

    def of(self, rows: Iterator[list[Printed]]) -> Iterator[list[Printed]]:
        for row in rows:
            self.rows += 1
            yield row


def _rows(sheet: Sheet, wanted: Asked, base: str) -> Iterator[list[Printed]]:
    ask = wanted.ask
    for row in sheet.rows:
        cells = [cell if isinstance(cell, Cell) else Cell(cell) for cell in row]
        yield [Printed(text(cell.value, column, ask.language, ask.tz), _link(base, cell.rows))
               for column, cell in zip(sheet.columns, cells, strict=True)]


def _align(kind: Type) -> Align:
    return "left" if kind in (Type.TEXT, Type.TIME, Type.DAY) else "right"


def _link(base: str, rows: str | None) -> str | None:
    return f"{base}{rows}" if base and rows else None
