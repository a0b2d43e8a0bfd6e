"""Writes what a file was planned to change, in bulk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from crm.households.models import Building, Estate, Household, HouseholdTag, Person, PhoneNumber
from crm.households.plan import CHUNK, Home, Plan, Somebody
from crm.households.rights import Merged
from crm.households.rooms import building_key, label


def write(session: Session, plan: Plan, now: datetime) -> set[int]:
    """The estates in which something changed. Each id that the database gives goes into the plan. Raises Merged when a household
    has gone into another one since it was planned: what is written to it nobody would find."""
    for one in plan.people:
        one.home.touched |= one.was is None or bool(one.numbers) or one.ends or one.is_changed
    touched = [home for home in plan.homes if home.touched or home.is_changed]
    _hold(session, {home.id for home in touched if home.id is not None})
    estates = plan.estates | _estates(session, plan)
    old = {home.ref: home for home in plan.homes if home.id is not None}
    _new_homes(session, plan.new_homes, _buildings(session, plan.new_homes, estates), estates)
    _people(session, plan.people, now)
    _numbers(session, plan.people, now)
    retagged = [home for home in plan.homes if home.is_changed]
    if retagged:
        session.execute(update(Household), [{"id": home.id, "tags": home.tags, "language": home.language} for home in retagged])
    _tags(session, [home for home in plan.homes if home.old is None or home.old[0] != home.tags])
    for part in _parts({home.id for home in touched if home.ref in old and home.id is not None}):
        session.execute(update(Household).where(Household.id.in_(part)).values(version=Household.version + 1)
                        .execution_options(synchronize_session=False))
    return {estates[home.first.estate] for home in plan.homes if home.touched or home.is_changed or home.ref not in old}


def _hold(session: Session, ids: set[int]) -> None:
    for part in _parts(ids):
        held = session.scalars(select(Household.id).where(Household.id.in_(part), Household.merged_into.is_(None))
                               .order_by(Household.id).with_for_update()).all()
        if len(held) < len(part):
            raise Merged


def _inserted(session: Session, table: Any, rows: list[dict[str, Any]]) -> list[int]:
    """Their ids. For few: SQLite is asked row by row; where there are many, ids are read back instead."""
    if not rows:
        return []
    return list(session.scalars(insert(table).returning(table.id, sort_by_parameter_order=True), rows))


def _many(session: Session, table: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        session.execute(insert(table.__table__), rows)


def _parts(ids: set[int]) -> Iterator[list[int]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), CHUNK):
        yield ordered[start:start + CHUNK]


def _estates(session: Session, plan: Plan) -> dict[str, int]:
    rows = [{"name": name, "name_en": plan.english.get(name)} for name in plan.new_estates]
    return dict(zip(plan.new_estates, _inserted(session, Estate, rows), strict=True))


def _buildings(session: Session, homes: list[Home], estates: dict[str, int]) -> dict[tuple[int, str], tuple[int, str]]:
    """Ids and names by the names that the rows give them. As a room, a building is found by its own spelling first, then by any
    other: what concerns a building concerns all of it."""
    wanted = list(dict.fromkeys((estates[home.first.estate], home.first.building) for home in homes))
    exact: dict[tuple[int, str], tuple[int, str]] = {}
    by_key: dict[tuple[int, str], tuple[int, str]] = {}
    for part in _parts({estate_id for estate_id, _ in wanted}):
        for estate_id, name, ident in session.execute(select(Building.estate_id, Building.name, Building.id).where(
                Building.estate_id.in_(part)).order_by(Building.id)):
            exact[estate_id, name] = ident, name
            by_key.setdefault((estate_id, building_key(name)), (ident, name))
    missing: dict[tuple[int, str], str] = {}
    for estate_id, name in wanted:
        if (key := (estate_id, building_key(name))) not in by_key:
            missing.setdefault(key, name)
    ids = _inserted(session, Building, [{"estate_id": estate_id, "name": name} for (estate_id, _), name in missing.items()])
    by_key |= {key: (ident, name) for (key, name), ident in zip(missing.items(), ids, strict=True)}
    return {(estate_id, name): exact.get((estate_id, name)) or by_key[estate_id, building_key(name)] for estate_id, name in wanted}


def _new_homes(session: Session, homes: list[Home], buildings: dict[tuple[int, str], tuple[int, str]],
               estates: dict[str, int]) -> None:
    rows: list[dict[str, Any]] = []
    for home in homes:
        at, estate_id = home.first, estates[home.first.estate]
        building_id, building = buildings[estate_id, at.building]
        rows.append({
            "building_id": building_id, "estate_id": estate_id, "unit": at.unit, "room": at.room,
            "label": label(building, at.unit, at.room), "room_key": at.key, "tags": home.tags, "language": home.language,
            "version": 1})
    if not rows:
        return
    _many(session, Household, rows)
    ids: dict[tuple[int, str, str], int] = {}
    for part in _parts({row["building_id"] for row in rows}):
        stored = session.execute(select(Household.building_id, Household.unit, Household.room, Household.id)
                                 .where(Household.building_id.in_(part)))
        ids |= {(building_id, unit, room): ident for building_id, unit, room, ident in stored}
    for home, row in zip(homes, rows, strict=True):
        home.id = ids[row["building_id"], row["unit"], row["room"]]


def _tags(session: Session, homes: list[Home]) -> None:
    for part in _parts({home.id for home in homes if home.old is not None and home.id is not None}):
        session.execute(delete(HouseholdTag).where(HouseholdTag.household_id.in_(part)))
    rows = [{"tag": tag, "household_id": home.id} for home in homes for tag in home.tags]
    _many(session, HouseholdTag, rows)


def _people(session: Session, people: list[Somebody], now: datetime) -> None:
    changed = [{"id": one.id, "role": one.first.role} for one in people if one.new_role]
    ended = [{"id": one.id, "ended_on": one.first.moved_out, "ended_at": now} for one in people if one.ends]
    stopped = [{"id": one.id, "no_call_since": now, "no_call_reason": one.no_call} for one in people
               if one.stops_calls]
    for rows in (changed, ended, stopped):
        if rows:
            session.execute(update(Person), rows)
    new = [one for one in people if one.id is None]
    if not new:
        return
    _many(session, Person, [
        {"household_id": one.home.id, "name": one.first.name, "role": one.first.role, "no_call_since": now if one.no_call else None,
         "no_call_reason": one.no_call} for one in new])
    ids: dict[tuple[int | None, str], int] = {}
    for part in _parts({one.home.id for one in new if one.home.id is not None}):
        stored = session.execute(select(Person.household_id, Person.name, Person.id).where(
            Person.household_id.in_(part), Person.ended_at.is_(None)))
        ids |= {(home_id, name): ident for home_id, name, ident in stored}
    for one in new:
        one.id = ids[one.home.id, one.first.name]


def _numbers(session: Session, people: list[Somebody], now: datetime) -> None:
    rows = []
    for one in people:
        rows += [{"number": number, "person_id": one.id, "added_at": now, "label": kind, "place": one.had + place}
                 for place, (number, kind) in enumerate(one.numbers)]
    _many(session, PhoneNumber, rows)
