"""A document from title to signatures: lays what it is given on A4 sheets and gives a PDF: the same parts, the same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from callcenter.errors import Conflict
from crm.papers.marks import BLACK, BLUE, GREY, About, Box, Colour, Line, Link, Picture, Sheet, Text
from crm.papers.parts import Align, Cell, Column, Figure, Language, Signature, followed
from crm.papers.pictures import picture
from crm.papers.table import Grid, Row
from crm.papers.text import clean, lines

A4: Final = (210.0, 297.0)
SIDE: Final = 20.0               # left and right of what is written
TOP: Final = 26.0
BODY: Final = 10.5               # points
SMALL: Final = 8.5
MOST_SHEETS: Final = 1000
_PAGE: Final = {"zh": "第 {n} 页，共 {m} 页", "en": "Page {n} of {m}"}
_DAY: Final = {"zh": "日期", "en": "Date"}


class TooManySheets(Conflict):
    """Nobody prints it: ask for less, or for the XLSX."""

    code = "too_many_sheets"
    status = 422


@dataclass(frozen=True)
class Head:
    """What every sheet says: `sender` (the house) on the left, `number` and `day` on the right. `at`: the file's own date."""

    sender: str
    language: Language
    at: datetime
    number: str = ""
    day: str = ""
    title: str = ""              # as a viewer shows it; the first `title(…)` when left out


class Document:
    """`across`: on sheets that lie, for tables of many columns."""

    def __init__(self, head: Head, *, across: bool = False) -> None:
        from crm.papers.writer import Writer  # seldom wanted, and long to import

        self._head = head
        self._writer = Writer(across=across)
        self._width, height = A4[::-1] if across else A4
        self._room, self._bottom = self._width - 2 * SIDE, height - 22
        self._sheets: list[Sheet] = []
        self._title = head.title
        self._y = TOP
        self._begin_sheet()

    def title(self, text: str) -> None:
        self._title = self._title or text
        self._words(text, 16, align="center", is_bold=True, before=2, after=5)

    def heading(self, text: str) -> None:
        """Not alone at the foot of a sheet."""
        self._words(text, 12, is_bold=True, before=4, after=1.5, keep=24)

    def paragraph(self, text: str, *, align: Align = "left", is_bold: bool = False, link: str | None = None) -> None:
        """A line of its own where the text has one."""
        self._words(text, BODY, align=align, is_bold=is_bold, after=2, link=followed(link))

    def small(self, text: str) -> None:
        """A remark: how a figure is counted, what was left out."""
        self._words(text, SMALL, colour=GREY, after=1.5)

    def figures(self, given: Sequence[Figure], *, in_a_row: int = 4) -> None:
        """Headline figures side by side, the value above its label."""
        for first in range(0, len(given), in_a_row):
            row = given[first:first + in_a_row]
            width = (self._room - 3 * (in_a_row - 1)) / in_a_row
            labels = [self._lines(each.label, SMALL, width - 4) for each in row]
            height = 13 + _line(SMALL) * max(map(len, labels))
            self._need(height + 3)
            for place, each in enumerate(row):
                x = SIDE + place * (width + 3)
                link = followed(each.link)
                self._sheet.marks.append(Box(x, self._y, width, height))
                value = self._fitting(each.value, 15, width - 4)
                self._sheet.marks.append(Text(x + 2, self._y + 8, value[0], value[1], is_bold=True, colour=BLUE if link else BLACK))
                for at, line in enumerate(labels[place]):
                    self._sheet.marks.append(Text(x + 2, self._y + 13 + at * _line(SMALL), line, SMALL, colour=GREY))
                if link:
                    self._sheet.marks.append(Link(x, self._y, width, height, link))
            self._y += height + 3

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[str | Cell]], *, size: float = 9) -> None:
        """The header is repeated on every sheet; a row that is higher than a sheet goes on on the next. A row has a cell for each
        column."""
        grid = Grid(columns, self._room, size, self._lines)
        self._need(grid.head.height + _line(size) * 2)
        self._row(grid, grid.head)
        for given in rows:
            rest: Row | None = grid.row(given)
            while rest is not None:
                free = self._bottom - self._y
                if rest.height > free and rest.height <= self._bottom - TOP - grid.head.height:
                    now, rest = None, rest
                else:
                    now, rest = rest.split(free)
                if now is not None:
                    self._row(grid, now)
                if rest is not None:
                    self._begin_sheet()
                    self._row(grid, grid.head)
        self._y += 3

    def image(self, content: bytes, *, width: float = 80, caption: str = "") -> None:
        """A photo or a drawn signature, centred, no wider than `width` mm. Raises PictureUnfit."""
        found = picture(content)
        width = min(width, self._room)
        height = width * found.height / found.width
        if height > 180:
            width, height = width * 180 / height, 180
        note = self._lines(caption, SMALL, self._room) if caption else []
        self._need(height + 4 + len(note) * _line(SMALL))
        self._sheet.marks.append(Picture((self._width - width) / 2, self._y, width, height, found))
        self._y += height + 1
        for line in note:
            self._put(line, SMALL, align="center", colour=GREY)
        self._y += 3

    def signatures(self, given: Sequence[Signature], *, in_a_row: int = 2) -> None:
        """Lines to sign on, side by side; a name that is given stands on its line."""
        width = (self._room - 10 * (in_a_row - 1)) / in_a_row
        for first in range(0, len(given), in_a_row):
            self._need(26)
            self._y += 14
            for place, each in enumerate(given[first:first + in_a_row]):
                x = SIDE + place * (width + 10)
                name, size = self._fitting(each.name, BODY, width - 4)
                day = f"{_DAY[self._head.language]} {each.day}".rstrip()
                self._sheet.marks += [
                    Text(x + 2, self._y - 1.5, name, size), Line(x, self._y, x + width, self._y),
                    Text(x, self._y + 4, *self._fitting(each.label, SMALL, width * 0.6), colour=GREY),
                    Text(x + width * 0.62, self._y + 4, *self._fitting(day, SMALL, width * 0.38), colour=GREY)]
            self._y += 12

    def space(self, mm: float) -> None:
        self._y = min(self._y + mm, self._bottom)

    def new_sheet(self) -> None:
        self._begin_sheet()

    def to_bytes(self) -> bytes:
        """Once."""
        for number, sheet in enumerate(self._sheets, 1):
            self._frame(sheet, number)
        head = self._head
        return self._writer.pdf(self._sheets, About(self._clean(self._title).replace("\n", " "), self._clean(head.sender),
                                                    "zh-CN" if head.language == "zh" else "en", head.at))

    # --- laying out ------------------------------------------------------------------------------------------------

    @property
    def _sheet(self) -> Sheet:
        return self._sheets[-1]

    def _begin_sheet(self) -> None:
        if len(self._sheets) >= MOST_SHEETS:
            raise TooManySheets
        self._sheets.append(Sheet())
        self._y = TOP

    def _need(self, height: float) -> None:
        if self._y + height > self._bottom and self._y > TOP:
            self._begin_sheet()

    def _words(self, text: str, size: float, *, align: Align = "left", is_bold: bool = False, colour: Colour = BLACK,
               before: float = 0, after: float = 0, keep: float = 0, link: str | None = None) -> None:
        self._need(before + _line(size) + keep)
        self._y += before if self._y > TOP else 0
        for line in self._lines(text, size, self._room):
            self._put(line, size, align=align, is_bold=is_bold, colour=BLUE if link else colour, link=link)
        self._y += after

    def _put(self, line: str, size: float, *, align: Align = "left", is_bold: bool = False, colour: Colour = BLACK,
             link: str | None = None) -> None:
        self._need(_line(size))
        width = self._writer.width(line, size)
        x = SIDE + {"left": 0.0, "right": self._room - width, "center": (self._room - width) / 2}[align]
        self._sheet.marks.append(Text(x, self._y + _line(size) * 0.72, line, size, is_bold, colour))
        if link and line:
            self._sheet.marks.append(Link(x, self._y, width, _line(size), link))
        self._y += _line(size)

    def _row(self, grid: Grid, row: Row) -> None:
        self._sheet.marks += grid.marks(row, SIDE, self._y, self._writer.width, is_head=row is grid.head)
        self._y += row.height

    def _frame(self, sheet: Sheet, number: int) -> None:
        """Header and footer, when it is known how many sheets there are."""
        head = self._head
        right = "  ".join(part for part in (head.number, head.day) if part)
        right, right_size = self._fitting(right, SMALL, self._room * 0.5)
        left, left_size = self._fitting(head.sender, SMALL, self._room * 0.48)
        foot = _PAGE[head.language].format(n=number, m=len(self._sheets))
        sheet.marks += [
            Text(SIDE, 16, left, left_size, colour=GREY),
            Text(self._width - SIDE - self._writer.width(right, right_size), 16, right, right_size, colour=GREY),
            Line(SIDE, 18.5, self._width - SIDE, 18.5),
            Text((self._width - self._writer.width(foot, SMALL)) / 2, self._bottom + 10, foot, SMALL, colour=GREY)]

    # --- measuring -------------------------------------------------------------------------------------------------

    def _clean(self, text: str) -> str:
        return clean(text, self._writer.has)

    def _lines(self, text: str, size: float, width: float) -> list[str]:
        return lines(self._clean(text), width, lambda char: self._writer.width(char, size))

    def _fitting(self, text: str, size: float, width: float) -> tuple[str, float]:
        """One line: smaller, to two thirds, then cut, which shows."""
        text = self._clean(text).replace("\n", " ")
        needed = self._writer.width(text, size)
        size = max(size * 2 / 3, min(size, size * width / needed)) if needed else size
        if self._writer.width(text, size) <= width + 0.01:
            return text, size
        return self._lines(text, size, width - self._writer.width("…", size))[0] + "…", size


def _line(size: float) -> float:
    """A line's height in mm."""
    return size * 0.3528 * 1.5

