"""What an actor sees of people: names and numbers masked, unless the site's rules say otherwise (K1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from callcenter.errors import NotFound
from callcenter.private import Private
from crm.households.history import HistoryItem
from crm.households.schemas import HouseholdListed, HouseholdShown
from crm.households.service import household
from crm.privacy.service import View, reveal


def as_seen(view: View, home: HouseholdShown) -> HouseholdShown:
    return replace(home, people=tuple(
        replace(person, name=view.show(person.name, Private.NAME), no_call_reason=view.show(person.no_call_reason, Private.TEXT),
                numbers=tuple(replace(one, number=view.show(one.number, Private.PHONE)) for one in person.numbers))
        for person in home.people))


def as_listed(view: View, home: HouseholdListed) -> HouseholdListed:
    return replace(home, people=tuple(
        replace(person, name=view.show(person.name, Private.NAME), number=view.show(person.number, Private.PHONE))
        for person in home.people))


def as_happened(view: View, item: HistoryItem) -> HistoryItem:
    return replace(item, title=_title(view, item.title), number=view.show(item.number, Private.PHONE),
                   matter=view.show(item.matter, Private.TEXT), result=view.show(item.result, Private.TEXT))


def _title(view: View, title: str | None) -> str | None:
    """A ticket's own number stays: by its digits it would be taken for a telephone's."""
    if title is None:
        return None
    number, space, words = title.partition(" ")
    return f"{number}{space}{view.show(words, Private.TEXT)}"


def look(session: Session, view: View, household_id: int, what: Literal["name", "number"], of: int, reason: str,
         now: datetime) -> str:
    """One value without its mask, of a person (`of`: their id) or a number; the look is logged. Raises as `privacy.reveal`."""
    home = household(session, view.actor, household_id)
    values = ({person.person_id: (person.person_id, person.name) for person in home.people} if what == "name" else
              {one.number_id: (person.person_id, one.number) for person in home.people for one in person.numbers})
    person_id, value = values.get(of, (0, None))
    if value is None:
        raise NotFound(f"{what} {of}")
    return reveal(session, view, f"person:{person_id}", what, value, reason, now, estate_id=home.estate_id)
