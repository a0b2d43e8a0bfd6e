"""Rows of a file by the names of their columns, and what is wrong with them: for files that name every bad row. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from callcenter.text_types import ODD_IN_LINE
from crm.households.sheet import FaultShown, Sheet, SheetRefused, read_sheet, unguarded
from crm.households.words import FAULTS, Words

MORE: Final[Mapping[str, Words]] = {
    "user_unknown": Words("没有这个用户", "there is no such user"),
    "estate_forbidden": Words("您无权管理这个小区", "an estate that is not yours"),
    "moment": Words("时间要写成 2026-11-22 08:00（该列请设为“文本”）",
                    "a time is written 2026-11-22 08:00, in a column formatted as text"),
    "order": Words("结束须晚于开始", "ends before it begins"),
    "too_far": Words("一个班次不得超过 48 小时", "a shift is at most 48 hours long"),
    "overlaps": Words("与另一个班次重叠", "overlaps another shift"),
    "code": Words("代码只能用小写字母、数字和 - _", "small letters, digits, - and _"),
    "sort": Words("只能是 labour 人工、part 材料", "one of labour, part"),
    "price": Words("价格要写成 80.00", "a price is written 80.00"),
    "yes_no": Words("只能是 yes 是、no 否", "one of yes, no"),
    "twice": Words("与上面一行重复", "the same as a row above"),
    "settled": Words("该时间的价格已存在且不同", "there is another price from the same moment"),
}


@dataclass(frozen=True)
class FileReport:
    """With faults nothing was done, and the counts are zero. `same`: rows that were there already."""

    dry_run: bool
    rows: int
    faults: tuple[FaultShown, ...]
    added: int = 0
    same: int = 0


class Row:
    """One row; its faults are collected, not thrown: the next cell may have one too."""

    def __init__(self, number: int, cells: Mapping[str, object], faults: list[FaultShown]) -> None:
        self.number, self._cells, self._faults = number, cells, faults
        self.is_good = True

    def fault(self, column: str, code: str, value: str = "") -> None:
        self.is_good = False
        self._faults.append(fault(self.number, column, code, value))

    def text(self, column: str, longest: int, *, required: bool = True) -> str:
        cell = self._cells.get(column, "")
        text = cell.isoformat() if isinstance(cell, date) else unguarded(str(cell).strip())
        if ODD_IN_LINE.search(text):
            self.fault(column, "characters", text)
        elif len(text) > longest:
            self.fault(column, "too_long", text)
        elif required and not text:
            self.fault(column, "empty")
        return text


def fault(row: int, column: str, code: str, value: str = "") -> FaultShown:
    words = FAULTS.get(code) or MORE[code]
    return FaultShown(row, column, code, ODD_IN_LINE.sub("·", value)[:80], words.zh, words.en)


def read_rows(data: bytes, columns: Sequence[str], optional: Sequence[str],
              headings: Mapping[str, str]) -> tuple[list[Row], list[FaultShown], int]:
    """(rows, faults so far, how many rows there are). With a fault in the header no row is read; `headings`: other words for
    the columns."""
    try:
        sheet: Sheet = read_sheet(data)
    except SheetRefused as error:
        return [], [fault(error.row, "-", error.code, error.value)], 0
    names = [headings.get(heading, heading.casefold()) for heading in sheet.header]
    faults = [fault(1, column, "column_missing") for column in columns if column not in names]
    faults += [fault(1, column, "column_twice") for column in (*columns, *optional) if names.count(column) > 1]
    if faults:
        return [], faults, len(sheet.rows)
    rows: list[Row] = []
    for number, cells in sheet.rows:
        if len(cells) != len(names):
            faults.append(fault(number, "-", "fields", str(len(cells))))
        else:
            rows.append(Row(number, dict(zip(names, cells, strict=True)), faults))
    return rows, faults, len(sheet.rows)
