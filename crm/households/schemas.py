"""What the other parts get to know of a household."""

from __future__ import annotations

from dataclasses import dataclass


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
class PersonShown:
    person_id: int
    name: str
    role: str
    numbers: tuple[str, ...]


@dataclass(frozen=True)
class HouseholdShown:
    household_id: int
    estate: str
    estate_en: str | None
    room: str
    tags: tuple[str, ...]
    language: str
    people: tuple[PersonShown, ...]
