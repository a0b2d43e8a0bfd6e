"""Reads the rows of a file into what they say of a household: every fault is told with its row and column. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final, cast

from callcenter.numbers import normalise
from callcenter.text_types import ODD_IN_LINE
from crm.households.rooms import room_key
from crm.households.schemas import LONGEST_NUMBER, SHORTEST_NUMBER, Language, NumberLabel, Role
from crm.households.sheet import Cell, Sheet, unguarded

# Each column, and what a Chinese header may call it. The first nine must be there.
COLUMNS: Final = ("estate", "building", "unit", "room", "name", "role", "number", "tags", "language")
MORE_COLUMNS: Final = ("label", "moved_out", "do_not_call")
HEADINGS: Final = {
    "小区": "estate", "项目": "estate", "楼栋": "building", "楼号": "building", "单元": "unit", "房号": "room", "房间": "room",
    "姓名": "name", "身份": "role", "电话": "number", "手机": "number", "标签": "tags", "语言": "language", "电话类型": "label",
    "迁出日期": "moved_out", "免打扰": "do_not_call",
}
LENGTHS: Final = {"estate": 60, "building": 20, "unit": 10, "room": 20, "name": 60}
LONGEST_REASON: Final = 200
WHOLE_NUMBER: Final = 7          # digits: so many on both sides of a stroke are two numbers
ROLES: Final = {"owner": "owner", "业主": "owner", "tenant": "tenant", "租户": "tenant", "租客": "tenant",
                "staff": "staff", "员工": "staff"}
LANGUAGES: Final = {"": "zh", "zh": "zh", "中文": "zh", "en": "en", "英文": "en"}
LABELS: Final = {"": "mobile", "mobile": "mobile", "手机": "mobile", "home": "home", "住宅": "home", "work": "work", "单位": "work",
                 "other": "other", "其他": "other"}
BACK: Final = ("no", "否")          # in moved_out: lives there (again)
_DATE: Final = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")


@dataclass(frozen=True)
class Line:
    """A person in a household, with one number or none; several rows may speak of one household or one person."""

    row: int
    estate: str
    building: str
    unit: str
    room: str
    name: str
    role: Role
    number: str | None
    label: NumberLabel
    tags: tuple[str, ...]
    language: Language
    moved_out: date | None = None
    back: bool = False                  # lives there, whatever was known before
    no_call: str | None = None

    @property
    def home(self) -> tuple[str, str, str, str]:
        return self.estate, self.building, self.unit, self.room

    @cached_property
    def key(self) -> str:
        return room_key(self.building, self.unit, self.room)


@dataclass(frozen=True)
class Fault:
    """`row` as the spreadsheet counts, 0: the file as a whole."""

    row: int
    column: str
    code: str
    value: str = ""

    def __str__(self) -> str:
        return f"row {self.row}: {self.column}: {self.code}" + (f" ({self.value!r})" if self.value else "")


def read_lines(sheet: Sheet, tags: Mapping[str, str], today: date) -> tuple[list[Line], list[Fault]]:
    """`tags`: code by every word that a tag may be called, in small letters. With a fault in the header no row is read. `today`: at
    the site."""
    names = [HEADINGS.get(heading, heading.casefold()) for heading in sheet.header]
    wanted = (*COLUMNS, *MORE_COLUMNS)
    faults = [Fault(1, column, "column_missing") for column in COLUMNS if column not in names]
    faults += [Fault(1, column, "column_twice") for column in wanted if names.count(column) > 1]
    if faults:
        return [], faults
    places = {column: names.index(column) for column in wanted if column in names}
    lines = []
    for row, cells in sheet.rows:
        if len(cells) != len(names):
            faults.append(Fault(row, "-", "fields", str(len(cells))))
            continue
        found = _Row(row, {column: cells[place] for column, place in places.items()}, tags, today)
        line = found.line()
        faults += found.faults
        if line is not None and not found.faults:
            lines.append(line)
    return lines, faults


class _Row:
    """One row; its faults are collected, not thrown: the next cell may have one too."""

    def __init__(self, row: int, cells: Mapping[str, Cell], tags: Mapping[str, str], today: date) -> None:
        self._row, self._cells, self._tags, self._today = row, cells, tags, today
        self.faults: list[Fault] = []

    def line(self) -> Line:
        places = {column: self._required(column) for column in LENGTHS}
        moved_out, back = self._moved_out()
        return Line(
            self._row, places["estate"], places["building"], places["unit"], places["room"], places["name"],
            cast(Role, self._one_of("role", ROLES)), self._number(), cast(NumberLabel, self._one_of("label", LABELS)),
            self._tag_codes(), cast(Language, self._one_of("language", LANGUAGES)), moved_out, back, self._no_call())

    def _fault(self, column: str, code: str, value: str = "") -> None:
        self.faults.append(Fault(self._row, column, code, ODD_IN_LINE.sub("·", value)[:80]))

    def _text(self, column: str) -> str:
        cell = self._cells.get(column, "")
        if isinstance(cell, date):
            self._fault(column, "is_a_date", cell.isoformat())
            return ""
        text = unguarded(cell.strip())
        if ODD_IN_LINE.search(text):
            self._fault(column, "characters", text)
            return ""
        return text

    def _required(self, column: str) -> str:
        before = len(self.faults)
        text = self._text(column)
        if not text and len(self.faults) == before:
            self._fault(column, "empty")
        elif len(text) > LENGTHS[column]:
            self._fault(column, "too_long", text)
        return text

    def _one_of(self, column: str, words: Mapping[str, str]) -> str:
        before = len(self.faults)
        text = self._text(column)
        found = words.get(text.casefold())
        if found is None and len(self.faults) == before:
            self._fault(column, column, text)
        return found or ""

    def _number(self) -> str | None:
        text = self._text("number")
        if not text:
            return None     # a child, or somebody who gave none
        number, parts = normalise(text), [sum(each.isdigit() for each in part) for part in text.split("/")]
        if len(number.strip("+")) < SHORTEST_NUMBER or not re.fullmatch(r"[+0-9 ()/.\-]+", text):
            self._fault("number", "number", text)
            return None
        if sum(parts) > LONGEST_NUMBER or sum(each >= WHOLE_NUMBER for each in parts) > 1:
            self._fault("number", "two_numbers")        # no value: the mask of texts takes a stroke for a date
            return None
        return number

    def _tag_codes(self) -> tuple[str, ...]:
        found = set()
        for word in re.split(r"[;；、]", self._text("tags")):
            if word.strip():
                code = self._tags.get(word.strip().casefold())
                if code is None:
                    self._fault("tags", "tag", word.strip())
                else:
                    found.add(code)
        return tuple(sorted(found))

    def _moved_out(self) -> tuple[date | None, bool]:
        day = self._cells.get("moved_out", "")
        if not isinstance(day, date):
            text = self._text("moved_out")
            if not text or text.casefold() in BACK:
                return None, bool(text)
            try:
                if not (parts := _DATE.fullmatch(text)):
                    raise ValueError(text)
                day = date(*(int(part) for part in parts.groups()))
            except ValueError:
                self._fault("moved_out", "date", text)
                return None, False
        if day > self._today:       # the end of a lease: until then they live there, and are known when they call
            self._fault("moved_out", "future", day.isoformat())
            return None, False
        return day, False

    def _no_call(self) -> str | None:
        text = self._text("do_not_call")
        if len(text) > LONGEST_REASON:
            self._fault("do_not_call", "too_long", text)
        return text or None
