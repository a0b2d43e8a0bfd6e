"""Finding households at the desk: by room, name, number, tag; only those of the actor's estates."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import Select, select, union
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload, selectinload

from callcenter.numbers import normalise
from crm.households.models import Building, Estate, Household, HouseholdTag, Person, PhoneNumber
from crm.households.rights import READ, may, must_see
from crm.households.rooms import part_key
from crm.households.schemas import BuildingShown, EstateShown, HouseholdListed, Language, PersonListed, Role
from crm.paging import Order, Page
from crm.staff.actor import Actor

_NUMBER: Final = re.compile(r"[+0-9 ()-]{3,32}")
_AFTER_ALL: Final = "\U0010ffff"
BY_ROOM: Final[Order[Household]] = Order("households", Household.room_key, Household.id)


@dataclass(frozen=True)
class Wanted:
    text: str | None = None
    tag: str | None = None
    estate_id: int | None = None


def search(session: Session, actor: Actor, wanted: Wanted, *, cursor: str | None = None, limit: int = 50) -> Page[HouseholdListed]:
    """By room. A text is the beginning of a room in any spelling, of a name, or a whole number."""
    may(actor, READ)
    if wanted.estate_id is not None:
        must_see(actor, wanted.estate_id, f"estate {wanted.estate_id}")
    query = _in_full(_narrowed(select(Household), actor, wanted))
    rows = session.scalars(BY_ROOM.after(query, cursor).limit(limit + 1)).all()
    return BY_ROOM.page(rows, limit, _listed)


def places(session: Session, actor: Actor) -> list[EstateShown]:
    """The actor's estates with their buildings."""
    may(actor, READ)
    query = select(Estate).order_by(Estate.id)
    if actor.estates is not None:
        query = query.where(Estate.id.in_(actor.estates))
    estates = session.scalars(query).all()
    buildings: dict[int, list[BuildingShown]] = {}
    for row in session.scalars(select(Building).where(Building.estate_id.in_([estate.id for estate in estates]))
                               .order_by(Building.id)):
        buildings.setdefault(row.estate_id, []).append(BuildingShown(row.id, row.name))
    return [EstateShown(row.id, row.name, row.name_en, tuple(buildings.get(row.id, ()))) for row in estates]


def listed(session: Session, ids: Collection[int]) -> dict[int, HouseholdListed]:
    query = _in_full(select(Household).where(Household.id.in_(ids)))
    return {row.id: _listed(row) for row in session.scalars(query)}


def begins(column: InstrumentedAttribute[str], start: str) -> Any:
    """As a range: LIKE would not use an index on every database."""
    return (column >= start) & (column < start + _AFTER_ALL)


def _in_full(query: Select[Any]) -> Select[Any]:
    """By outer joins, behind the households: an inner one would let a planner begin with the buildings, and sort all rooms."""
    return query.options(joinedload(Household.building).joinedload(Building.estate),
                         selectinload(Household.people.and_(Person.ended_at.is_(None))).selectinload(Person.numbers))


def _narrowed(query: Select[Any], actor: Actor, wanted: Wanted) -> Select[Any]:
    query = query.where(Household.merged_into.is_(None))
    if wanted.estate_id is not None:
        query = query.where(Household.estate_id == wanted.estate_id)
    elif actor.estates is not None:
        query = query.where(Household.estate_id.in_(actor.estates))
    if wanted.tag is not None:
        query = query.where(Household.id.in_(select(HouseholdTag.household_id).where(HouseholdTag.tag == wanted.tag)))
    if text := (wanted.text or "").strip():
        query = query.where(Household.id.in_(_found(text)))
    return query


def _found(text: str) -> Any:
    """Ids of each way to find one, as a union: an OR over three tables would use no index."""
    ways: list[Select[Any]] = [select(Person.household_id).where(begins(Person.name, text))]
    if key := part_key(text):
        ways.append(select(Household.id).where(begins(Household.room_key, key)))
    if _NUMBER.fullmatch(text) and (number := normalise(text)):
        ways.append(select(Person.household_id).join(PhoneNumber, PhoneNumber.person_id == Person.id)
                    .where(PhoneNumber.number == number))
    return union(*ways)


def _listed(row: Household) -> HouseholdListed:
    estate = row.building.estate
    return HouseholdListed(
        row.id, row.estate_id, estate.name, estate.name_en, row.label, tuple(row.tags), cast(Language, row.language),
        tuple(PersonListed(person.id, person.name, cast(Role, person.role),
                           person.numbers[0].number if person.numbers else None) for person in row.people))
