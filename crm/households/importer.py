"""Reads households from a CSV file: every fault is reported with its line, and a file with a fault changes nothing."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import insert, select, tuple_, update
from sqlalchemy.orm import Session

from callcenter.numbers import normalise
from crm.households.models import Building, Estate, Household, Person, PhoneNumber
from crm.households.service import LANGUAGES

COLUMNS = ("estate", "building", "unit", "room", "name", "role", "number", "tags", "language")
ROLES = ("owner", "tenant", "staff")
LENGTHS = {"estate": 60, "building": 20, "unit": 10, "room": 20, "name": 60}
SHORTEST_NUMBER = 3
_TAG = re.compile(r"^[a-z][a-z0-9-]{0,20}$")
_BUILDING_WORD = re.compile(r"(号楼|栋|幢|座|楼)$")
_CHUNK = 500  # rows a statement: below SQLite's limit on bound values


@dataclass(frozen=True)
class Line:
    """A person's number in a household; several lines may speak of one household or one person."""

    line: int
    estate: str
    building: str
    unit: str
    room: str
    name: str
    role: str
    number: str
    tags: tuple[str, ...]
    language: str

    @property
    def home(self) -> tuple[str, str, str, str]:
        return self.estate, self.building, self.unit, self.room

    @property
    def label(self) -> str:
        """3栋, 1, 502 → 3-1-502."""
        return f"{_BUILDING_WORD.sub('', self.building) or self.building}-{self.unit}-{self.room}"


@dataclass(frozen=True)
class Fault:
    line: int
    column: str
    problem: str
    value: str = ""

    def __str__(self) -> str:
        return f"line {self.line}: {self.column}: {self.problem}" + (f" ({self.value!r})" if self.value else "")


class ImportFaultsError(Exception):
    """All faults of a file."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


@dataclass(frozen=True)
class Imported:
    """What was new or changed. All zero when the file says nothing new."""

    households: int = 0
    people: int = 0
    numbers: int = 0
    changed: int = 0


def read_lines(text: Iterable[str]) -> list[Line]:
    """Raises ImportFaultsError. Tags are separated by `;`. An empty language is zh."""
    reader = csv.DictReader(text, strict=True)
    try:
        header = reader.fieldnames or []
        if missing := [column for column in COLUMNS if column not in header]:
            raise ImportFaultsError([Fault(1, ",".join(missing), "column is missing", ",".join(header))])
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise ImportFaultsError([Fault(reader.line_num, "-", f"not CSV: {error}")]) from error
    faults: list[Fault] = []
    lines = [line for number, row in rows if (line := _line(number, row, faults)) is not None]
    faults += _contradictions(lines)
    if faults:
        raise ImportFaultsError(sorted(faults, key=lambda fault: fault.line))
    return lines


def _line(number: int, row: Mapping[str | None, Any], faults: list[Fault]) -> Line | None:
    found: list[Fault] = []
    if None in row or any(value is None for value in row.values()):
        faults.append(Fault(number, "-", f"must have {len(COLUMNS)} fields"))
        return None
    cell = {column: str(row[column]).strip() for column in COLUMNS}
    for column, longest in LENGTHS.items():
        if not cell[column]:
            found.append(Fault(number, column, "is empty"))
        elif len(cell[column]) > longest:
            found.append(Fault(number, column, f"longer than {longest}", cell[column][:80]))
    if cell["role"] not in ROLES:
        found.append(Fault(number, "role", f"one of {', '.join(ROLES)}", cell["role"]))
    if cell["language"] not in (*LANGUAGES, ""):
        found.append(Fault(number, "language", f"one of {', '.join(LANGUAGES)}", cell["language"]))
    phone = normalise(cell["number"])
    if len(phone.strip("+")) < SHORTEST_NUMBER or re.search(r"[A-Za-z]", cell["number"]):
        found.append(Fault(number, "number", "not a phone number", cell["number"]))
    tags = tuple(tag.strip() for tag in cell["tags"].split(";") if tag.strip())
    found += [Fault(number, "tags", "a tag is lower-case letters, digits, hyphens", tag) for tag in tags
              if not _TAG.match(tag)]
    faults += found
    if found:
        return None
    return Line(number, cell["estate"], cell["building"], cell["unit"], cell["room"], cell["name"], cell["role"],
                phone, tuple(sorted(set(tags))), cell["language"] or "zh")


def _contradictions(lines: list[Line]) -> Iterable[Fault]:
    """Lines on one household must agree on its tags and language, lines on one person on the role."""
    homes: dict[tuple[str, ...], Line] = {}
    people: dict[tuple[str, ...], Line] = {}
    for line in lines:
        first = homes.setdefault(line.home, line)
        if line.tags != first.tags:
            yield Fault(line.line, "tags", f"differ from line {first.line} of the same household", ";".join(line.tags))
        if line.language != first.language:
            yield Fault(line.line, "language", f"differs from line {first.line} of the same household", line.language)
        same = people.setdefault((*line.home, line.name), line)
        if line.role != same.role:
            yield Fault(line.line, "role", f"differs from line {same.line} of the same person", line.role)


def import_lines(session: Session, lines: list[Line], now: datetime, english: Mapping[str, str]) -> Imported:
    """Adds what is missing and brings tags, language and role up to date; takes nothing away. `english`: of estates."""
    estates = _ensure(session, Estate, ("name",), {(line.estate,): {"name_en": english.get(line.estate)}
                                                   for line in lines})[0]
    buildings = _ensure(session, Building, ("estate_id", "name"),
                        {(estates[line.estate,], line.building): {} for line in lines})[0]
    home_keys = {line.home: (buildings[estates[line.estate,], line.building], line.unit, line.room) for line in lines}
    homes, new_homes, changed_homes = _ensure(session, Household, ("building_id", "unit", "room"), {
        home_keys[line.home]: {"label": line.label, "tags": list(line.tags), "language": line.language}
        for line in lines})
    people, new_people, changed_people = _ensure(session, Person, ("household_id", "name"), {
        (homes[home_keys[line.home]], line.name): {"role": line.role} for line in lines})
    _, new_numbers, _ = _ensure(session, PhoneNumber, ("number", "person_id"), {
        (line.number, people[homes[home_keys[line.home]], line.name]): {"added_at": now} for line in lines},
        update_existing=False)
    return Imported(new_homes, new_people, new_numbers, changed_homes + changed_people)


def _ensure(session: Session, table: Any, key: tuple[str, ...], wanted: dict[tuple[Any, ...], dict[str, Any]], *,
            update_existing: bool = True) -> tuple[dict[tuple[Any, ...], int], int, int]:
    """(id of each key, rows added, rows changed). In bulk: a row at a time takes an hour for a million."""
    columns = [getattr(table, name) for name in key]
    values = sorted({name for row in wanted.values() for name in row})
    stored = _stored(session, table, columns, values, list(wanted))
    missing = [dict(zip(key, ident, strict=True)) | row for ident, row in wanted.items() if ident not in stored]
    if missing:
        session.execute(insert(table), missing)
        stored |= _stored(session, table, columns, values, [ident for ident in wanted if ident not in stored])
    changes: list[dict[str, Any]] = []
    if update_existing:
        for ident, row in wanted.items():
            row_id, before = stored[ident]
            if any(value is not None and before[name] != value for name, value in row.items()):
                changes.append({"id": row_id} | {name: value if value is not None else before[name]
                                                 for name, value in row.items()})
        if changes:
            session.execute(update(table), changes)
    return {ident: row_id for ident, (row_id, _) in stored.items()}, len(missing), len(changes)


def _stored(session: Session, table: Any, columns: list[Any], values: list[str],
            idents: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], tuple[int, dict[str, Any]]]:
    found: dict[tuple[Any, ...], tuple[int, dict[str, Any]]] = {}
    rest = iter(idents)
    while chunk := list(islice(rest, _CHUNK)):
        query = select(table.id, *columns, *(getattr(table, name) for name in values)).where(
            tuple_(*columns).in_(chunk))
        for row in session.execute(query):
            found[tuple(row[1:1 + len(columns)])] = (row[0], dict(zip(values, row[1 + len(columns):], strict=True)))
    return found
