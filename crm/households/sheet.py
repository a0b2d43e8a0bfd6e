"""A file of rows, whatever wrote it: CSV as UTF-8 or GB18030, or XLSX; one that means harm is refused before it is read."""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

MOST_BYTES: Final = 16 * 2**20
MOST_UNPACKED: Final = 64 * 2**20
MOST_MEMBERS: Final = 1_000
MOST_ROWS: Final = 30_000     # written in one transaction, for which SQLite's other writers wait
MOST_COLUMNS: Final = 40
_ZIP: Final = b"PK\x03\x04"
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")

Cell = str | date           # a date only where the file says so: Excel makes one of 3-1
_GUARD: Final = re.compile(r"'[=+\-@']")


def unguarded(text: str) -> str:
    """Exports put a ' before what a spreadsheet would run (export.py `harmless`); it is taken away again."""
    return text[1:] if _GUARD.match(text) else text


@dataclass(frozen=True)
class FaultShown:
    """`row` as the spreadsheet counts, 0: the file as a whole."""

    row: int
    column: str
    code: str
    value: str
    zh: str
    en: str


class SheetRefused(Exception):
    """`code` as in words.py; `row` of the file, 0 when it is the whole."""

    def __init__(self, code: str, row: int = 0, value: str = "") -> None:
        super().__init__(code)
        self.code, self.row, self.value = code, row, value


@dataclass(frozen=True)
class Sheet:
    """Rows by the number that a spreadsheet shows; empty ones are left out."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[Cell, ...]], ...]


def ignored(sheet: Sheet, headings: Mapping[str, str], columns: Collection[str]) -> tuple[str, ...]:
    """Headings that mean none of these columns: lists have more than we want, and one of ours may be misspelt."""
    return tuple(heading[:80] for heading in sheet.header if heading and headings.get(heading, heading.casefold()) not in columns)


def read_sheet(data: bytes) -> Sheet:
    """Raises SheetRefused, and nothing else, whatever the bytes are."""
    if len(data) > MOST_BYTES:
        raise SheetRefused("file_too_large")
    if data.startswith(_OLD_EXCEL):
        raise SheetRefused("file_old_excel")
    return _sheet(_xlsx_rows(data) if data.startswith(_ZIP) else _csv_rows(_decoded(data)))


def _sheet(rows: Iterable[tuple[int, tuple[Cell, ...]]]) -> Sheet:
    header: tuple[str, ...] | None = None
    found = []
    for number, cells in rows:
        if not any(cells):
            continue
        if header is None:
            header = tuple(str(cell).strip() for cell in cells)
            if len(header) > MOST_COLUMNS:
                raise SheetRefused("file_too_wide")
        else:
            found.append((number, cells))
    if header is None:
        raise SheetRefused("file_empty")
    return Sheet(header, tuple(found))


def _decoded(data: bytes) -> str:
    if data.startswith(_UTF16):
        raise SheetRefused("file_encoding")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SheetRefused("file_encoding")


def _csv_rows(text: str) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    number = 0
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), strict=True), 1):
            if number > MOST_ROWS + 1:
                raise SheetRefused("file_too_long")
            yield number, tuple(cells)
    except csv.Error as error:
        raise SheetRefused("file_not_csv", number + 1, str(error)) from error


def _xlsx_rows(data: bytes) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    """The first sheet, row by row. openpyxl raises nearly anything at a broken file."""
    import openpyxl  # seldom wanted, and long to import

    safe = _unpacked(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")     # about styles and extensions, which nobody asked for
            book = openpyxl.load_workbook(safe, read_only=True, data_only=True, keep_links=False)
            rows = book.worksheets[0].iter_rows(max_row=MOST_ROWS + 2, max_col=MOST_COLUMNS + 1, values_only=True)
            found = [tuple(_cell(value) for value in row) for row in rows]
            book.close()
    except Exception as error:
        raise SheetRefused("file_unreadable") from error
    if len(found) > MOST_ROWS + 1:
        raise SheetRefused("file_too_long")
    widest = max((place for row in found for place, cell in enumerate(row, 1) if cell), default=0)
    yield from enumerate((row[:widest] + ("",) * (widest - len(row)) for row in found), 1)


def _cell(value: object) -> Cell:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _unpacked(data: bytes) -> io.BytesIO:
    """The same file with each part stored as it was read here: nobody after us unpacks anything, or reads another file than we
    have looked at. Refused: what unpacks to too much, what is encrypted, what declares entities (a few lines make gigabytes)."""
    left = MOST_UNPACKED
    out = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed, zipfile.ZipFile(out, "w") as stored:
            members = packed.infolist()
            if len(members) > MOST_MEMBERS or len({member.filename for member in members}) < len(members):
                raise SheetRefused("file_unsafe")
            for member in members:
                with packed.open(member) as part:
                    content = part.read(left + 1)
                left -= len(content)
                if left < 0 or b"<!DOCTYPE" in content or b"<!ENTITY" in content or content.startswith(_UTF16):
                    raise SheetRefused("file_unsafe")
                if member.filename.endswith((".xml", ".rels")) and b"\x00" in content[:200]:
                    raise SheetRefused("file_unsafe")
                stored.writestr(zipfile.ZipInfo(member.filename), content)
    except SheetRefused:
        raise
    except Exception as error:      # zipfile and the decoders under it raise a dozen kinds
        raise SheetRefused("file_unreadable") from error
    out.seek(0)
    return out
