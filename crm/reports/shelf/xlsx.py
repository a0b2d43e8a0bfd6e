"""A report as XLSX, row by row in constant memory: text is text whatever it begins with, a figure is a number with a link."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import IO, Any, Final

from sqlalchemy.orm import Session

from crm.households.export import harmless
from crm.papers.text import clean
from crm.reports.shelf.report import Cell, Headline, Sheet, Type, Value
from crm.reports.shelf.service import MOST_WRITTEN, Asked, Written
from crm.reports.shelf.words import asked_for, text

MOST_LINKS: Final = 60_000       # of a sheet; Excel holds 65,530
LONGEST: Final = 32_000          # characters of a cell; Excel holds 32,767
_FORMATS: Final = {Type.TEXT: "@", Type.INTEGER: "#,##0", Type.SHARE: "0.0%", Type.SECONDS: "[h]:mm:ss",
                   Type.TIME: "yyyy-mm-dd hh:mm", Type.DAY: "yyyy-mm-dd", Type.MONEY: "#,##0.00"}
_SUMMARY: Final = {"zh": "摘要", "en": "Summary"}
_NOT_IN_NAMES: Final = "[]:*?/\\'"


def write_xlsx(session: Session, wanted: Asked, out: IO[bytes], folder: str, base: str) -> Written:
    """Into `out`. `folder` is for what is written on the way; `base` is the site's address before links ("": none).
    Raises TooManyRows."""
    ask = wanted.ask
    import xlsxwriter  # seldom wanted, and long to import

    book = xlsxwriter.Workbook(out, {"constant_memory": True, "tmpdir": folder, "strings_to_formulas": False,
                                     "strings_to_urls": False, "strings_to_numbers": False})
    book.set_properties({"title": wanted.report.title.words(ask.language), "author": ask.site.company.name.zh,
                         "created": ask.now.astimezone(UTC).replace(tzinfo=None)})
    try:
        pen = _Pen(book, wanted, base)
        summary = book.add_worksheet(_SUMMARY[ask.language])
        heads: list[tuple[Sheet, tuple[Headline, ...]]] = []
        rows = 0
        for number, sheet in enumerate(wanted.sheets(session, MOST_WRITTEN), 1):
            heads.append((sheet, sheet.headlines))
            name = "".join(char for char in sheet.title.words(ask.language) if char not in _NOT_IN_NAMES)[:25]
            rows += pen.sheet(book.add_worksheet(f"{number} {name}"), sheet)
        pen.summary(summary, heads)
    finally:
        book.close()     # also what it has on disk
    return Written(rows, tuple(one for _, headlines in heads for one in headlines))


class _Pen:
    def __init__(self, book: Any, wanted: Asked, base: str) -> None:
        self._wanted, self._base = wanted, base
        self._plain = {kind: book.add_format({"num_format": form, "valign": "top"}) for kind, form in _FORMATS.items()}
        self._linked = {kind: book.add_format({"num_format": form, "valign": "top", "font_color": "#14469F", "underline": 1})
                        for kind, form in _FORMATS.items()}
        self._bold = book.add_format({"bold": True, "num_format": "@", "text_wrap": True, "valign": "top"})

    def sheet(self, page: Any, sheet: Sheet) -> int:
        ask = self._wanted.ask
        page.freeze_panes(1, 0)
        for place, column in enumerate(sheet.columns):
            page.set_column(place, place, 10 * column.width + 4, self._plain[column.type])
            page.write_string(0, place, column.title.words(ask.language), self._bold)
        line, links = 0, 0
        for line, row in enumerate(sheet.rows, 1):
            for place, (column, given) in enumerate(zip(sheet.columns, row, strict=True)):
                cell = given if isinstance(given, Cell) else Cell(given)
                value: Value = cell.value
                if isinstance(value, str):
                    value = text(value, column, ask.language, ask.tz)
                links += self._cell(page, line, place, value, column.type, cell.rows if links < MOST_LINKS else None)
        page.autofilter(0, 0, line, len(sheet.columns) - 1)
        return line

    def summary(self, page: Any, heads: list[tuple[Sheet, tuple[Headline, ...]]]) -> None:
        ask, report = self._wanted.ask, self._wanted.report
        page.set_column(0, 0, 28)
        page.set_column(1, 1, 40)
        page.write_string(0, 0, report.title.words(ask.language), self._bold)
        line = 1
        for name, value in asked_for(ask):
            page.write_string(line, 0, name, self._plain[Type.TEXT])
            self._cell(page, line, 1, value, Type.TEXT, None)
            line += 1
        for sheet, headlines in heads:
            for one in headlines:
                page.write_string(line, 0, one.title.words(ask.language), self._plain[Type.TEXT])
                self._cell(page, line, 1, one.value, one.type, one.rows)
                line += 1
            if sheet.remark is not None:
                page.write_string(line, 0, sheet.remark.words(ask.language), self._plain[Type.TEXT])
                line += 1

    def _cell(self, page: Any, line: int, place: int, value: Value, kind: Type, rows: str | None) -> bool:
        """Whether it has a link."""
        if value is None:
            return False
        link = f"{self._base}{rows}" if self._base and rows else None
        look = (self._linked if link else self._plain)[kind if not isinstance(value, str) else Type.TEXT]
        if link:
            page.write_url(line, place, link, look, string=" ")     # what is written over it keeps the link
        writes: tuple[Callable[..., Any], Any] = _written(page, value, kind, self._wanted.ask)
        writes[0](line, place, writes[1], look)
        return link is not None


def _written(page: Any, value: Value, kind: Type, ask: Any) -> tuple[Callable[..., Any], Any]:
    match value:
        case str():
            return page.write_string, harmless(clean(value, lambda char: char.isprintable())[:LONGEST])
        case datetime():
            return page.write_datetime, value.astimezone(ask.tz).replace(tzinfo=None)
        case date():
            return page.write_datetime, value
        case Decimal():
            return page.write_number, float(value)
        case _:
            return page.write_number, (value or 0) / 86_400 if kind is Type.SECONDS else value
