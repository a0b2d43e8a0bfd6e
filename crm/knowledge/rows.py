"""Rows of a file → entries: every fault is told with its row and column, in both languages. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from pydantic import ValidationError

from callcenter.text_types import ODD_IN_PLAIN_LINES
from crm.households.sheet import Cell, Sheet, unguarded
from crm.households.words import FAULTS as OF_FILES
from crm.households.words import Words
from crm.knowledge.schemas import EntryContent

COLUMNS: Final = ("code", "category", "question_zh", "similar_zh", "answer_zh", "question_en", "similar_en", "answer_en", "estates",
                  "valid_from", "valid_to")
NEEDED: Final = ("category",)
HEADINGS: Final = {
    "编号": "code", "分类": "category", "问题": "question_zh", "相似问法": "similar_zh", "答案": "answer_zh",
    "英文问题": "question_en", "英文相似问法": "similar_en", "英文答案": "answer_en",
    "适用小区": "estates", "生效日期": "valid_from", "失效日期": "valid_to"}
FAULTS: Final[dict[str, Words]] = OF_FILES | {
    "category": Words("没有这个分类", "there is no such category"),
    "column_unknown": Words(f"没有这一列；可用的列：{'、'.join(HEADINGS)}", f"no such column; there are {', '.join(COLUMNS)}"),
    "code": Words("编号只能用小写字母、数字和 -，以字母开头，最长 40 个字符",
                  "up to 40 small letters, digits and -, a letter first"),
    "code_twice": Words("编号在文件里出现了两次", "the code is in the file twice"),
    "not_yours": Words("没有权限修改这一条（适用小区不在您的范围内，或已停用）",
                       "not yours to change: of other estates, or retired"),
    "no_question": Words("中文或英文至少要有一组问题和答案", "a question and an answer, in one language at least"),
    "half": Words("问题和答案必须成对填写", "question and answer belong together"),
    "estates": Words("没有这个小区，或不在您的范围内", "there is no such estate, or it is none of yours"),
    "estates_missing": Words("您只能为自己的小区填写：请写明适用小区", "you write for your own estates only: name them"),
    "order": Words("失效日期早于生效日期", "valid_to is before valid_from"),
    "markup": Words("不能含有 HTML 或图片，链接只能用 https", "no HTML, no pictures, links to https only"),
}
_BETWEEN: Final = "\n;；|"          # several in one cell
_MARKED: Final = re.compile(r"[\\;；|、]")
_DATE: Final = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")
_CODE: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
_KINDS: Final = {"string_too_long": "too_long", "too_long": "too_long", "string_pattern_mismatch": "characters"}    # pydantic's


@dataclass(frozen=True)
class RowFault:
    """`row` as the spreadsheet counts, 0: the file as a whole."""

    row: int
    column: str
    code: str
    value: str = ""


@dataclass(frozen=True)
class Line:
    row: int
    code: str | None         # None: a new entry
    content: EntryContent


def joined(parts: Iterable[str]) -> str:
    """Several in one cell, so that `parted` gives the same again: a mark that belongs to the words has a backslash before it."""
    return "\n".join(_MARKED.sub(r"\\\g<0>", part) for part in parts)


def parted(text: str, between: str = _BETWEEN) -> list[str]:
    """What people write has no backslashes; before anything but such a mark one is a letter like any other."""
    parts = [""]
    for found in re.finditer(r"\\[\\;；|、]|.", text, re.DOTALL):
        if (piece := found[0]) in between:
            parts.append("")
        else:
            parts[-1] += piece[1:] if len(piece) > 1 else piece
    return [part.strip() for part in parts if part.strip()]


def read_rows(sheet: Sheet, categories: Mapping[str, str], estates: Mapping[str, int], *, bound: bool,
              ) -> tuple[list[Line], list[RowFault]]:
    """`categories` and `estates`: by every word that one may be called, in small letters; `bound`: the writer must name estates."""
    names = [HEADINGS.get(heading, heading.casefold()) for heading in sheet.header]
    faults = [RowFault(1, column, "column_missing") for column in NEEDED if column not in names]
    faults += [RowFault(1, column, "column_twice") for column in COLUMNS if names.count(column) > 1]
    faults += [RowFault(1, name[:80], "column_unknown") for name in names if name and name not in COLUMNS]
    if faults:
        return [], faults
    lines: list[Line] = []
    codes: set[str] = set()
    for row, cells in sheet.rows:
        if len(cells) != len(names):
            faults.append(RowFault(row, "-", "fields", str(len(cells))))
            continue
        found = _Row(row, dict(zip(names, cells, strict=True)), categories, estates, bound=bound)
        line = found.line()
        if line is not None and line.code is not None:
            if line.code in codes:
                found.fault("code", "code_twice", line.code)
            codes.add(line.code)
        faults += found.faults
        if line is not None and not found.faults:
            lines.append(line)
    return lines, faults


class _Row:
    """One row; its faults are collected: the next cell may have one too."""

    def __init__(self, row: int, cells: Mapping[str, Cell], categories: Mapping[str, str], estates: Mapping[str, int], *,
                 bound: bool) -> None:
        self._row, self._cells, self._categories, self._estates, self._bound = row, cells, categories, estates, bound
        self.faults: list[RowFault] = []

    def fault(self, column: str, code: str, value: str = "") -> None:
        self.faults.append(RowFault(self._row, column, code, ODD_IN_PLAIN_LINES.sub("·", value)[:80]))

    def line(self) -> Line | None:
        code = self._text("code")
        if code and not _CODE.fullmatch(code):
            self.fault("code", "code", code)
        written: dict[str, Any] = {"category": self._category(), "estates": self._estate_ids(),
                                   "valid_from": self._date("valid_from"), "valid_to": self._date("valid_to"),
                                   "zh": self._words("zh"), "en": self._words("en")}
        if written["zh"] is None and written["en"] is None and not self.faults:
            self.fault("question_zh", "no_question")
        if self.faults:
            return None
        try:
            return Line(self._row, code or None, EntryContent.model_validate(written))
        except ValidationError as error:
            self._said(error)
            return None

    def _said(self, error: ValidationError) -> None:
        for each in error.errors():
            where = [str(part) for part in each["loc"]]
            column = f"{where[1]}_{where[0]}" if len(where) > 1 and where[0] in ("zh", "en") else "valid_to"
            kind = _KINDS.get(each["type"])
            self.fault(column, kind or ("order" if column == "valid_to" else "markup"), str(each["input"])[:80] if kind else "")

    def _words(self, language: str) -> dict[str, Any] | None:
        question, answer = self._text(f"question_{language}"), self._text(f"answer_{language}")
        similar = parted(self._text(f"similar_{language}"))
        if not (question or answer or similar):
            return None
        if not (question and answer):
            self.fault(f"answer_{language}" if question else f"question_{language}", "half")
        return {"question": question, "similar": similar, "answer": answer}

    def _text(self, column: str) -> str:
        cell = self._cells.get(column, "")
        if isinstance(cell, date):
            self.fault(column, "is_a_date", cell.isoformat())
            return ""
        text = unguarded(cell.replace("\r\n", "\n").strip())
        if ODD_IN_PLAIN_LINES.search(text):
            self.fault(column, "characters", text)
            return ""
        return text

    def _category(self) -> str:
        text = self._text("category")
        found = self._categories.get(text.casefold())
        if found is None:
            self.fault("category", "category" if text else "empty", text)
        return found or ""

    def _estate_ids(self) -> list[int]:
        words = parted(self._text("estates"), _BETWEEN + "、")
        if unknown := [word for word in words if word.casefold() not in self._estates]:
            self.fault("estates", "estates", unknown[0])
        elif self._bound and not words:
            self.fault("estates", "estates_missing")
        return sorted({self._estates[word.casefold()] for word in words if word.casefold() in self._estates})

    def _date(self, column: str) -> date | None:
        cell = self._cells.get(column, "")
        if isinstance(cell, date):
            return cell
        text = self._text(column)
        if not text:
            return None
        try:
            if not (parts := _DATE.fullmatch(text)):
                raise ValueError(text)
            return date(*(int(part) for part in parts.groups()))
        except ValueError:
            self.fault(column, "date", text)
            return None


def by_words(words: Iterable[tuple[str, int]]) -> dict[str, int]:
    return {word.casefold(): found for word, found in words if word}
