"""A caller's household by number, for the call path; one household, made and changed, for the desk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, bindparam, case, func, select, update
from sqlalchemy.orm import Session, contains_eager, selectinload

from callcenter.errors import NotFound, check_version
from callcenter.numbers import normalise
from crm.households.models import Building, Consent, Estate, Household, Person, PhoneNumber
from crm.households.rights import CHANGE, READ, Merged, RoomExists, may, must_see
from crm.households.rooms import building_key, label, room_key
from crm.households.schemas import (
    ConsentShown,
    Found,
    HouseholdChange,
    HouseholdShown,
    Language,
    NewHousehold,
    NumberLabel,
    NumberShown,
    PersonShown,
    Role,
)
from crm.households.tags import checked_tags, set_tags
from crm.outbox.service import note
from crm.staff.actor import Actor
from crm.staff.audit import record_audit

LANGUAGES = ("zh", "en")
_OWNER_FIRST = case((Person.role == "owner", 0), (Person.role == "tenant", 1), else_=2)

# Built once: the shape is the same for every call (agi compiles it once more, for its drivers). An owner's household
# comes before one rented or worked in, and among
# equals the number that was written down last. Who moved out is not greeted as if he lived there.
FIND = (
    select(Household.id, Person.id, Person.name, Person.role, Estate.name, Household.label, Household.tags,
           Household.language)
    .select_from(PhoneNumber)
    .join(Person, Person.id == PhoneNumber.person_id)
    .join(Household, Household.id == Person.household_id)
    .join(Building, Building.id == Household.building_id)
    .join(Estate, Estate.id == Building.estate_id)
    .where(PhoneNumber.number == bindparam("number"), Person.ended_at.is_(None))
    .order_by(_OWNER_FIRST, PhoneNumber.added_at.desc(), PhoneNumber.id.desc())
    .limit(1)
)


def find_caller(connection: Connection, number: str) -> Found | None:
    """One indexed query without the ORM, for the call path (A7). `number` as the trunk sent it."""
    key = normalise(number)
    if not key:
        return None
    return found_in(connection.execute(FIND, {"number": key}).first())


def lookup(session: Session, number: str) -> Found | None:
    return find_caller(session.connection(), number)


def found_in(row: Sequence[Any] | None) -> Found | None:
    if row is None:
        return None
    household_id, person_id, name, role, estate, room, tags, language = row
    return Found(household_id, person_id, name, role, estate, room, tuple(tags), language)


def current_id(session: Session, household_id: int) -> int | None:
    """The household that an id from anywhere means now: of one that was merged, the one it went into. None: never was."""
    return session.scalar(select(func.coalesce(Household.merged_into, Household.id)).where(Household.id == household_id))


def all_ids(session: Session, household_id: int) -> list[int]:
    """The household and those merged into it: an old reference may name any of them."""
    return [household_id, *session.scalars(select(Household.id).where(Household.merged_into == household_id))]


def every_id(session: Session, household_id: int) -> list[int]:
    """The same of an id from anywhere, which may itself have been merged."""
    return all_ids(session, current_id(session, household_id) or household_id)


def remember_language(session: Session, household_id: int, language: str) -> None:
    """The next call is greeted in it. A household that is gone is no error: the caller's choice held for the call."""
    if language not in LANGUAGES:
        raise ValueError(f"language {language!r}")
    session.execute(update(Household).where(Household.id == current_id(session, household_id), Household.language != language)
                    .values(language=language))


def household(session: Session, actor: Actor, household_id: int) -> HouseholdShown:
    """Of a merged one, that into which it went."""
    may(actor, READ)
    found = session.scalars(
        select(Household).join(Household.building).join(Building.estate).where(Household.id == current_id(session, household_id))
        .options(contains_eager(Household.building).contains_eager(Building.estate),
                 selectinload(Household.people).options(selectinload(Person.numbers), selectinload(Person.consents)))
        .execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound(f"household {household_id}")
    must_see(actor, found.estate_id, f"household {household_id}")
    return _shown(found)


def create(session: Session, actor: Actor, new: NewHousehold, now: datetime) -> HouseholdShown:
    """The building too, when it is the first of it, in whatever spelling."""
    may(actor, CHANGE)
    must_see(actor, new.estate_id, f"estate {new.estate_id}")
    if session.get(Estate, new.estate_id) is None:
        raise NotFound(f"estate {new.estate_id}")
    building = _building(session, new.estate_id, new.building)
    _room_is_free(session, building.id, new.unit, new.door)
    row = Household(building_id=building.id, estate_id=new.estate_id, unit=new.unit, room=new.door, language=new.language,
                    label=label(building.name, new.unit, new.door), room_key=room_key(building.name, new.unit, new.door),
                    tags=[], version=1)
    session.add(row)
    session.flush()
    set_tags(session, row, checked_tags(session, new.tags))
    _told(session, actor, row, "opened", now)
    return household(session, actor, row.id)


def change(session: Session, actor: Actor, household_id: int, wanted: HouseholdChange, now: datetime,
           if_version: int | None) -> HouseholdShown:
    row = locked(session, actor, household_id, if_version)
    if wanted.language is not None:
        row.language = wanted.language
    if wanted.tags is not None:
        set_tags(session, row, checked_tags(session, wanted.tags, kept=row.tags))
    unit, door = wanted.unit or row.unit, wanted.door or row.room
    if (unit, door) != (row.unit, row.room):
        _room_is_free(session, row.building_id, unit, door)
        building = session.get_one(Building, row.building_id).name
        row.unit, row.room = unit, door
        row.label, row.room_key = label(building, unit, door), room_key(building, unit, door)
    names = [name for name in ("language", "tags", "unit", "door") if getattr(wanted, name) is not None]
    changed(session, actor, row, ",".join(names), now)
    return household(session, actor, household_id)


def locked(session: Session, actor: Actor, household_id: int, if_version: int | None) -> Household:
    """For a change of it or of anything that belongs to it. Raises Merged where `household` would follow the redirect."""
    may(actor, CHANGE)
    row = session.get(Household, household_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(f"household {household_id}")
    must_see(actor, row.estate_id, f"household {household_id}")
    if row.merged_into is not None:
        raise Merged(f"household {household_id}")
    check_version(row.version, if_version)
    return row


def changed(session: Session, actor: Actor, row: Household, what: str, now: datetime) -> None:
    """Counts the version up and tells of it: which fields, never what is in them."""
    row.version += 1
    session.flush()
    _told(session, actor, row, "changed", now, what)


def _told(session: Session, actor: Actor, row: Household, done: str, now: datetime, what: str | None = None) -> None:
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action=f"household.{done}",
                 subject=f"household:{row.id}", detail=what)
    note(session, now, f"household.{done}", f"household:{row.id}", estate_id=row.estate_id, version=row.version)


def _building(session: Session, estate_id: int, name: str) -> Building:
    there = session.scalars(select(Building).where(Building.estate_id == estate_id).order_by(Building.id)).all()
    found = next((one for one in there if one.name == name), None) or next(
        (one for one in there if building_key(one.name) == building_key(name)), None)
    if found is None:
        found = Building(estate_id=estate_id, name=name)
        session.add(found)
        session.flush()
    return found


def _room_is_free(session: Session, building_id: int, unit: str, door: str) -> None:
    if session.scalar(select(Household.id).where(Household.building_id == building_id, Household.unit == unit,
                                                 Household.room == door)) is not None:
        raise RoomExists


def _shown(row: Household) -> HouseholdShown:
    estate = row.building.estate
    return HouseholdShown(
        household_id=row.id, version=row.version, estate_id=row.estate_id, estate=estate.name, estate_en=estate.name_en,
        building=row.building.name, unit=row.unit, door=row.room, room=row.label, tags=tuple(row.tags),
        language=cast(Language, row.language), people=tuple(_person(person) for person in _present_first(row.people)))


def _present_first(people: Iterable[Person]) -> list[Person]:
    return sorted(people, key=lambda person: (person.ended_at is not None, person.id))


def _person(row: Person) -> PersonShown:
    return PersonShown(
        row.id, row.name, cast(Role, row.role), row.began_on, row.ended_on, row.no_call_since, row.no_call_reason,
        tuple(NumberShown(one.id, one.number, cast(NumberLabel, one.label), one.place, one.bounced_at) for one in row.numbers),
        tuple(_consent(one) for one in row.consents))


def _consent(row: Consent) -> ConsentShown:
    return ConsentShown(row.id, row.what, row.how, row.given_at, row.taken_by, row.withdrawn_at, row.withdrawn_by)


