"""What the other parts get to know of a household."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

Role = Literal["owner", "tenant", "staff"]
NumberLabel = Literal["mobile", "home", "work", "other"]
Language = Literal["zh", "en"]
SHORTEST_NUMBER: Final = 3       # digits
LONGEST_NUMBER: Final = 20       # E.164 has fifteen, with 00 before them and an extension behind; two numbers in one have more


@dataclass(frozen=True)
class Found:
    """Who a number belongs to."""

    household_id: int
    person_id: int
    name: str
    role: str                # owner, tenant or staff
    estate: str
    room: str                # "3-1-502"
    tags: tuple[str, ...]
    language: str            # zh or en


@dataclass(frozen=True)
class NumberShown:
    number_id: int
    number: str
    label: NumberLabel
    place: int                      # the smallest is tried first
    bounced_at: datetime | None     # found dead when it was rung


@dataclass(frozen=True)
class ConsentShown:
    consent_id: int
    what: str
    how: str
    given_at: datetime
    taken_by: str
    withdrawn_at: datetime | None
    withdrawn_by: str | None


@dataclass(frozen=True)
class PersonShown:
    person_id: int
    name: str
    role: Role
    began_on: date | None
    ended_on: date | None           # moved out
    no_call_since: datetime | None
    no_call_reason: str | None
    numbers: tuple[NumberShown, ...]
    consents: tuple[ConsentShown, ...]


@dataclass(frozen=True)
class HouseholdShown:
    """`room` is the whole number, "3-1-502"; `door` what stands on the door, "502"."""

    household_id: int
    version: int
    estate_id: int
    estate: str
    estate_en: str | None
    building: str
    unit: str
    door: str
    room: str
    tags: tuple[str, ...]
    language: Language
    people: tuple[PersonShown, ...]


@dataclass(frozen=True)
class PersonListed:
    person_id: int
    name: str
    role: Role
    number: str | None              # the one that is tried first


@dataclass(frozen=True)
class HouseholdListed:
    """Those who live there now."""

    household_id: int
    estate_id: int
    estate: str
    estate_en: str | None
    room: str
    tags: tuple[str, ...]
    language: Language
    people: tuple[PersonListed, ...]


@dataclass(frozen=True)
class TagShown:
    code: str
    zh: str
    en: str
    retired: bool


@dataclass(frozen=True)
class BuildingShown:
    building_id: int
    name: str


@dataclass(frozen=True)
class EstateShown:
    estate_id: int
    name: str
    name_en: str | None
    buildings: tuple[BuildingShown, ...]


@dataclass(frozen=True)
class NewHousehold:
    estate_id: int
    building: str
    unit: str
    door: str
    language: Language = "zh"
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class HouseholdChange:
    """None: as it is."""

    language: Language | None = None
    tags: tuple[str, ...] | None = None
    unit: str | None = None
    door: str | None = None


@dataclass(frozen=True)
class NewNumber:
    number: str
    label: NumberLabel = "mobile"


@dataclass(frozen=True)
class NewPerson:
    name: str
    role: Role
    numbers: tuple[NewNumber, ...] = ()
    began_on: date | None = None


@dataclass(frozen=True)
class PersonChange:
    """None: as it is."""

    name: str | None = None
    role: Role | None = None
    began_on: date | None = None


@dataclass(frozen=True)
class NumberChange:
    """None: as it is."""

    label: NumberLabel | None = None
    place: int | None = None
    bounced: bool | None = None
