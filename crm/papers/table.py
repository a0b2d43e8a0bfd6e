"""A table's rows: cells in lines, rows in heights, and a row that is higher than the sheet in two. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from crm.papers.marks import BLACK, BLUE, Box, Line, Link, Mark, Text
from crm.papers.parts import Cell, Column, followed

PADDING: Final = 1.2
LinesOf = Callable[[str, float, float], list[str]]
Width = Callable[[str, float], float]


@dataclass(frozen=True)
class Row:
    cells: tuple[Cell, ...]
    lines: tuple[tuple[str, ...], ...]
    line: float          # a line's height

    @property
    def height(self) -> float:
        return max((len(cell) for cell in self.lines), default=1) * self.line + 2 * PADDING

    def split(self, free: float) -> tuple[Row | None, Row | None]:
        """What goes onto this sheet and what onto the next."""
        if self.height <= free:
            return self, None
        fit = int((free - 2 * PADDING) / self.line)
        if fit < 1:
            return None, self
        return (Row(self.cells, tuple(cell[:fit] for cell in self.lines), self.line),
                Row(self.cells, tuple(cell[fit:] for cell in self.lines), self.line))


class Grid:
    def __init__(self, columns: Sequence[Column], room: float, size: float, lines_of: LinesOf) -> None:
        whole = sum(column.width for column in columns)
        self._columns = tuple(columns)
        self._widths = [room * column.width / whole for column in columns]
        self._size = size
        self._lines_of = lines_of
        self._line = size * 0.3528 * 1.4
        self.head = self.row([Cell(column.title, is_bold=True) for column in columns])

    def row(self, given: Sequence[str | Cell]) -> Row:
        cells = tuple(cell if isinstance(cell, Cell) else Cell(cell) for cell in given)
        found = tuple(tuple(self._lines_of(cell.text, self._size, width - 2 * PADDING))
                      for cell, width in zip(cells, self._widths, strict=True))
        return Row(cells, found, self._line)

    def marks(self, row: Row, x: float, y: float, width_of: Width, *, is_head: bool) -> list[Mark]:
        found: list[Mark] = [Box(x, y, sum(self._widths), row.height)] if is_head else []
        left = x
        for column, width, cell, lines in zip(self._columns, self._widths, row.cells, row.lines, strict=True):
            link = followed(cell.link)
            for place, line in enumerate(lines):
                free = width - 2 * PADDING - width_of(line, self._size)
                at = left + PADDING + {"left": 0.0, "right": free, "center": free / 2}[column.align]
                found.append(Text(at, y + PADDING + place * self._line + self._line * 0.74, line, self._size, cell.is_bold,
                                  BLUE if link else BLACK))
            if link:
                found.append(Link(left, y, width, row.height, link))
            left += width
        found += [Line(x, y, x + sum(self._widths), y), Line(x, y + row.height, x + sum(self._widths), y + row.height)]
        edge = x
        for width in (0.0, *self._widths):
            edge += width
            found.append(Line(edge, y, edge, y + row.height))
        return found
