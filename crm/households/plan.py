"""What a file would change in the register: read from the database, written nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from crm.households.lines import Fault, Line
from crm.households.models import Building, Estate, Household, Person, PhoneNumber
from crm.households.schemas import NumberLabel, Role
from crm.households.tags import usable as usable_tags
from crm.staff.actor import Actor

CHUNK = 500     # values a statement: below SQLite's limit
T = TypeVar("T")

HomeRef = int | tuple[str, str]     # an id, or (estate, key of the room) of a household that is new


@dataclass
class Home:
    """`id` None: new. Tags and language as they shall be."""

    ref: HomeRef
    first: Line
    id: int | None
    tags: list[str]
    language: str
    old: tuple[list[str], str] | None = None
    touched: bool = False

    @property
    def is_changed(self) -> bool:
        return self.old is not None and self.old != (self.tags, self.language)


@dataclass
class Known:
    """A person of the register. `numbers` grows by what the file adds."""

    id: int
    role: Role
    ended: bool
    no_call: bool
    numbers: set[str] = field(default_factory=set)


@dataclass
class Somebody:
    """A person of the file. `id` None: new. Numbers are those to be added, behind `had` others."""

    home: Home
    first: Line
    id: int | None
    was: Known | None
    had: int = 0
    numbers: list[tuple[str, NumberLabel]] = field(default_factory=list)
    no_call: str | None = None

    @property
    def ends(self) -> bool:
        return self.was is not None and not self.was.ended and self.first.moved_out is not None

    @property
    def left_out(self) -> bool:
        return self.was is not None and self.was.ended and self.first.moved_out is None

    @property
    def new_role(self) -> bool:
        """Of who has moved out nothing is corrected any more."""
        return self.was is not None and not self.was.ended and self.was.role != self.first.role

    @property
    def stops_calls(self) -> bool:
        return self.was is not None and self.no_call is not None and not self.was.no_call

    @property
    def is_changed(self) -> bool:
        return self.new_role or self.stops_calls


@dataclass
class Plan:
    english: Mapping[str, str]
    estates: dict[str, int]             # those that are there
    new_estates: list[str]
    homes: list[Home] = field(default_factory=list)
    people: list[Somebody] = field(default_factory=list)

    @property
    def new_homes(self) -> list[Home]:
        return [home for home in self.homes if home.id is None]

    @property
    def new_people(self) -> list[Somebody]:
        return [one for one in self.people if one.id is None]

    @property
    def new_numbers(self) -> int:
        return sum(len(one.numbers) for one in self.people)

    @property
    def changed(self) -> int:
        return sum(home.is_changed for home in self.homes) + sum(one.is_changed for one in self.people)

    @property
    def ended(self) -> int:
        return sum(one.ends for one in self.people)

    @property
    def left_out(self) -> int:
        return sum(one.left_out for one in self.people)


def plan(session: Session, actor: Actor, lines: Sequence[Line], english: Mapping[str, str]) -> tuple[Plan, list[Fault]]:
    """Faults are those that only the database knows, and rows that contradict each other."""
    estates: dict[str, int] = {}
    for names in _chunks({line.estate for line in lines}):
        rows = session.execute(select(Estate.name, Estate.id).where(Estate.name.in_(names)))
        estates |= {row.name: row.id for row in rows}
    missing = sorted({line.estate for line in lines} - set(estates))
    faults: list[Fault] = []
    unknown = {name for name, ident in estates.items() if not actor.sees(ident)}
    if actor.estates is not None:
        unknown |= set(missing)
    faults += [Fault(line.row, "estate", "estate_unknown", line.estate) for line in lines if line.estate in unknown]
    usable = [line for line in lines if line.estate not in unknown]
    found = Plan(english, estates, [name for name in missing if name not in unknown])
    homes = _homes(session, usable, estates)
    found.homes = list({id(home): home for home in homes.values()}.values())
    faults += [*_home_contradictions(usable, homes), *_retired_tags(usable, homes, usable_tags(session))]
    people, more = _people(session, usable, homes)
    found.people = people
    return found, faults + more


def _homes(session: Session, lines: Sequence[Line], estates: Mapping[str, int]) -> dict[tuple[str, str, str, str], Home]:
    """By the room as the rows spell it. A household is found by its own spelling first, then by any other."""
    exact, by_key = _stored(session, lines, estates)
    homes: dict[tuple[str, str, str, str], Home] = {}
    refs: dict[HomeRef, Home] = {}
    for line in lines:
        if line.home in homes:
            continue
        row = exact.get(line.home) or by_key.get((line.estate, line.key))
        ref: HomeRef = row[0] if row else (line.estate, line.key)
        if ref not in refs:
            refs[ref] = Home(ref, line, row[0] if row else None, list(line.tags), line.language, (row[1], row[2]) if row else None)
        homes[line.home] = refs[ref]
    return homes


_Stored = tuple[int, list[str], str]


def _stored(session: Session, lines: Sequence[Line], estates: Mapping[str, int]) -> tuple[
        dict[tuple[str, str, str, str], _Stored], dict[tuple[str, str], _Stored]]:
    """What the register has at these rooms; of a merged household, that into which it went."""
    exact: dict[tuple[str, str, str, str], _Stored] = {}
    by_key: dict[tuple[str, str], _Stored] = {}
    goes_on = aliased(Household)
    for estate, estate_id in estates.items():
        for keys in _chunks({line.key for line in lines if line.estate == estate}):
            rows = session.execute(
                select(Household.id, Building.name, Household.unit, Household.room, Household.room_key, Household.tags,
                       Household.language, goes_on.id, goes_on.tags, goes_on.language)
                .join(Building, Building.id == Household.building_id)
                .outerjoin(goes_on, goes_on.id == Household.merged_into)
                .where(Household.estate_id == estate_id, Household.room_key.in_(keys)).order_by(Household.id))
            for ident, building, unit, room, key, tags, language, other, other_tags, other_language in rows:
                kept = (other, other_tags, other_language) if other is not None else (ident, tags, language)
                exact[estate, building, unit, room] = kept
                by_key.setdefault((estate, key), kept)
    return exact, by_key


def _people(session: Session, lines: Sequence[Line],
            homes: Mapping[tuple[str, str, str, str], Home]) -> tuple[list[Somebody], list[Fault]]:
    known = _known(session, {home.id for home in homes.values() if home.id is not None})
    found: dict[tuple[HomeRef, str], Somebody] = {}
    faults: list[Fault] = []
    for line in lines:
        home = homes[line.home]
        one = found.get((home.ref, line.name))
        if one is None:
            one = found[home.ref, line.name] = _somebody(home, line, known)
            if one.was is None and line.moved_out is not None:
                faults.append(Fault(line.row, "moved_out", "person_unknown", line.name))
        for column, told, before in (("role", line.role, one.first.role),
                                     ("moved_out", (line.moved_out, line.back), (one.first.moved_out, one.first.back))):
            if told != before:
                faults.append(Fault(line.row, column, "contradicts", str(one.first.row)))
        lives_there = one.was is None or not one.was.ended
        has = {number for number, _ in one.numbers} | (one.was.numbers if one.was else set())
        if line.number is not None and line.number not in has and lives_there:
            one.numbers.append((line.number, line.label))
        one.no_call = one.no_call or line.no_call
    return list(found.values()), faults


def _somebody(home: Home, line: Line, known: Mapping[tuple[int, str], Known]) -> Somebody:
    """Who is back is a new person: the old row is history."""
    was = known.get((home.id, line.name)) if home.id is not None else None
    if was is None or (was.ended and line.back):
        return Somebody(home, line, None, None)
    return Somebody(home, line, was.id, was, had=len(was.numbers))


def _known(session: Session, home_ids: set[int]) -> dict[tuple[int, str], Known]:
    """By household and name: who lives there, else who did last."""
    found: dict[tuple[int, str], Known] = {}
    for ids in _chunks(home_ids):
        rows = session.execute(select(Person.id, Person.household_id, Person.name, Person.role, Person.ended_at,
                                      Person.no_call_since)
                               .where(Person.household_id.in_(ids)).order_by(Person.ended_at.is_(None), Person.id))
        for ident, home_id, name, role, ended_at, no_call_since in rows:
            found[home_id, name] = Known(ident, cast(Role, role), ended_at is not None, no_call_since is not None)
    by_id = {one.id: one for one in found.values()}
    for ids in _chunks(set(by_id)):
        for person_id, number in session.execute(select(PhoneNumber.person_id, PhoneNumber.number)
                                                 .where(PhoneNumber.person_id.in_(ids))):
            by_id[person_id].numbers.add(number)
    return found


def _home_contradictions(lines: Sequence[Line], homes: Mapping[tuple[str, str, str, str], Home]) -> Iterator[Fault]:
    """Rows on one household must agree on its tags and language."""
    for line in lines:
        first = homes[line.home].first
        if line.tags != first.tags:
            yield Fault(line.row, "tags", "contradicts", str(first.row))
        if line.language != first.language:
            yield Fault(line.row, "language", "contradicts", str(first.row))


def _retired_tags(lines: Sequence[Line], homes: Mapping[tuple[str, str, str, str], Home], given: set[str]) -> Iterator[Fault]:
    """A household that bears one may keep it; none gets it."""
    for line in lines:
        old = homes[line.home].old
        for tag in set(line.tags) - given - set(old[0] if old else ()):
            yield Fault(line.row, "tags", "tag", tag)


def _chunks(values: set[T]) -> Iterator[list[T]]:
    ordered = sorted(values, key=str)
    for start in range(0, len(ordered), CHUNK):
        yield ordered[start:start + CHUNK]
