"""Looking households up: by number for a call, by room or name for the desk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, case, select, update
from sqlalchemy.orm import Session, contains_eager, selectinload

from callcenter.errors import NotFound
from callcenter.numbers import normalise
from crm.households.models import Building, Estate, Household, Person, PhoneNumber
from crm.households.schemas import Found, HouseholdShown, PersonShown

LANGUAGES = ("zh", "en")
_OWNER_FIRST = case((Person.role == "owner", 0), (Person.role == "tenant", 1), else_=2)

# Built once: the shape is the same for every call (agi compiles it once more, for its drivers). An owner's household
# comes before one rented or worked in, and among
# equals the number that was written down last.
FIND = (
    select(Household.id, Person.id, Person.name, Person.role, Estate.name, Household.label, Household.tags,
           Household.language)
    .select_from(PhoneNumber)
    .join(Person, Person.id == PhoneNumber.person_id)
    .join(Household, Household.id == Person.household_id)
    .join(Building, Building.id == Household.building_id)
    .join(Estate, Estate.id == Building.estate_id)
    .where(PhoneNumber.number == bindparam("number"))
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


def remember_language(session: Session, household_id: int, language: str) -> None:
    """The next call is greeted in it. A household that is gone is no error: the caller's choice held for the call."""
    if language not in LANGUAGES:
        raise ValueError(f"language {language!r}")
    session.execute(update(Household).where(Household.id == household_id, Household.language != language)
                    .values(language=language))


def household(session: Session, household_id: int) -> HouseholdShown:
    found = session.scalars(_shown().where(Household.id == household_id)).unique().one_or_none()
    if found is None:
        raise NotFound(f"household {household_id}")
    return _as_shown(found)


def search(session: Session, text: str, *, limit: int = 20) -> list[HouseholdShown]:
    """Households whose room begins with the text, whose people bear the name, or whose number it is."""
    wanted = text.strip()
    if not wanted:
        return []
    start = wanted.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    by_person = select(Person.household_id).where(Person.name.like(start, escape="\\"))
    by_number = (select(Person.household_id).join(PhoneNumber, PhoneNumber.person_id == Person.id)
                 .where(PhoneNumber.number == normalise(wanted)))
    matches = Household.label.like(start, escape="\\") | Household.id.in_(by_person) | Household.id.in_(by_number)
    rows = session.scalars(_shown().where(matches).order_by(Household.label, Household.id).limit(limit)).unique()
    return [_as_shown(row) for row in rows]


def _shown() -> Any:
    return (select(Household).join(Household.building).join(Building.estate)
            .options(contains_eager(Household.building).contains_eager(Building.estate),
                     selectinload(Household.people).selectinload(Person.numbers)))


def _as_shown(row: Household) -> HouseholdShown:
    estate = row.building.estate
    return HouseholdShown(
        household_id=row.id, estate=estate.name, estate_en=estate.name_en, room=row.label, tags=tuple(row.tags),
        language=row.language,
        people=tuple(PersonShown(person.id, person.name, person.role, tuple(n.number for n in person.numbers))
                     for person in row.people))


def found_in(row: Sequence[Any] | None) -> Found | None:
    if row is None:
        return None
    household_id, person_id, name, role, estate, label, tags, language = row
    return Found(household_id, person_id, name, role, estate, label, tuple(tags), language)
