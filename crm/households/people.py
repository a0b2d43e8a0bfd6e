"""The people of a household: who they are, their numbers, what they agreed to, whether they may be rung.

Each change is one of the household: its version counts up, so that two people at the desk do not overwrite each other.
"""

from __future__ import annotations

from datetime import date, datetime, tzinfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.errors import NotFound
from callcenter.numbers import normalise
from callcenter.private import Private
from crm.households.models import Consent, Household, Merge, Person, PhoneNumber
from crm.households.rights import MovedOut, NotMovedOut, NumberExists, NumberUnusable, PersonExists
from crm.households.schemas import (
    LONGEST_NUMBER,
    SHORTEST_NUMBER,
    HouseholdShown,
    NewNumber,
    NewPerson,
    NumberChange,
    PersonChange,
)
from crm.households.service import changed, household, locked
from crm.privacy.masks import is_mask_of
from crm.staff.actor import Actor


def add_person(session: Session, actor: Actor, household_id: int, new: NewPerson, now: datetime,
               if_version: int | None) -> HouseholdShown:
    home = locked(session, actor, household_id, if_version)
    _name_is_free(session, home.id, new.name)
    person = Person(household_id=home.id, name=new.name, role=new.role, began_on=new.began_on)
    session.add(person)
    session.flush()
    for number in new.numbers:
        _add_number(session, person.id, number, now)
    return _done(session, actor, home, "person.added", now)


def change_person(session: Session, actor: Actor, household_id: int, person_id: int, wanted: PersonChange, now: datetime,
                  if_version: int | None) -> HouseholdShown:
    home, person = _present(session, actor, household_id, person_id, if_version)
    if wanted.name is not None and wanted.name != person.name and not is_mask_of(wanted.name, person.name, Private.NAME):
        _name_is_free(session, home.id, wanted.name)
        person.name = wanted.name
    if wanted.role is not None:
        person.role = wanted.role
    if wanted.began_on is not None:
        person.began_on = wanted.began_on
    return _done(session, actor, home, "person.changed", now)


def end_person(session: Session, actor: Actor, household_id: int, person_id: int, on: date, now: datetime, tz: tzinfo,
               if_version: int | None) -> HouseholdShown:
    """Moved out: not found by number any more; calls, tickets and consents stay."""
    home, person = _present(session, actor, household_id, person_id, if_version)
    if on > now.astimezone(tz).date():
        raise NotMovedOut
    person.ended_on, person.ended_at = on, now
    return _done(session, actor, home, "person.ended", now)


def add_number(session: Session, actor: Actor, household_id: int, person_id: int, new: NewNumber, now: datetime,
               if_version: int | None) -> HouseholdShown:
    home, person = _present(session, actor, household_id, person_id, if_version)
    _add_number(session, person.id, new, now)
    return _done(session, actor, home, "number.added", now)


def change_number(session: Session, actor: Actor, household_id: int, number_id: int, wanted: NumberChange, now: datetime,
                  if_version: int | None) -> HouseholdShown:
    home = locked(session, actor, household_id, if_version)
    row = _number(session, home, number_id)
    if wanted.label is not None:
        row.label = wanted.label
    if wanted.place is not None:
        row.place = wanted.place
    if wanted.bounced is not None:
        row.bounced_at = (row.bounced_at or now) if wanted.bounced else None
    return _done(session, actor, home, "number.changed", now)


def remove_number(session: Session, actor: Actor, household_id: int, number_id: int, now: datetime,
                  if_version: int | None) -> HouseholdShown:
    home = locked(session, actor, household_id, if_version)
    session.delete(_number(session, home, number_id))
    return _done(session, actor, home, "number.removed", now)


def give_consent(session: Session, actor: Actor, household_id: int, person_id: int, what: str, how: str, now: datetime,
                 if_version: int | None) -> HouseholdShown:
    home, person = _present(session, actor, household_id, person_id, if_version)
    if _held(session, person.id, what) is None:
        session.add(Consent(person_id=person.id, what=what, how=how, given_at=now, taken_by=actor.name))
    return _done(session, actor, home, "consent.given", now)


def withdraw_consent(session: Session, actor: Actor, household_id: int, person_id: int, what: str, now: datetime,
                     if_version: int | None) -> HouseholdShown:
    """Also of somebody who moved out: nobody has to live here to withdraw."""
    home, person = _of(session, actor, household_id, person_id, if_version)
    if _held(session, person.id, what) is None:
        raise NotFound(f"consent {what}")
    for row in session.scalars(select(Consent).where(Consent.person_id == person.id, Consent.what == what,
                                                     Consent.withdrawn_at.is_(None))):
        row.withdrawn_at, row.withdrawn_by = now, actor.name
    return _done(session, actor, home, "consent.withdrawn", now)


def stop_calls(session: Session, actor: Actor, household_id: int, person_id: int, reason: str, now: datetime,
               if_version: int | None) -> HouseholdShown:
    """Do not call: since when stays as it was when it held already."""
    home, person = _of(session, actor, household_id, person_id, if_version)
    person.no_call_since, person.no_call_reason = person.no_call_since or now, reason
    return _done(session, actor, home, "no_call.set", now)


def allow_calls(session: Session, actor: Actor, household_id: int, person_id: int, now: datetime,
                if_version: int | None) -> HouseholdShown:
    """Also of the doubles that became this person when households were merged: they may have a number of theirs still, and nobody
    is shown them who could lift it there."""
    home, person = _of(session, actor, household_id, person_id, if_version)
    for one in (person, *_doubles(session, person)):
        one.no_call_since = one.no_call_reason = None
    return _done(session, actor, home, "no_call.lifted", now)


def may_be_called(session: Session, number: str) -> bool:
    """Whether we may ring a number of our own accord. One person who said no is enough, wherever the number stands; who
    moved out has said it all the same. A callback that was asked for is not of our own accord."""
    return session.scalar(select(PhoneNumber.id).join(Person, Person.id == PhoneNumber.person_id).where(
        PhoneNumber.number == normalise(number), Person.no_call_since.is_not(None)).limit(1)) is None


def agreed(session: Session, person_id: int, what: str) -> bool:
    return _held(session, person_id, what) is not None


def _of(session: Session, actor: Actor, household_id: int, person_id: int,
        if_version: int | None) -> tuple[Household, Person]:
    home = locked(session, actor, household_id, if_version)
    person = session.get(Person, person_id, populate_existing=True)
    if person is None or person.household_id != home.id:
        raise NotFound(f"person {person_id}")
    return home, person


def _doubles(session: Session, person: Person) -> list[Person]:
    """Who goes on as this person, through however many merges that hold."""
    found: dict[int, Person] = {}
    newest = [person]
    while newest:
        homes, ids = {one.household_id for one in newest}, {one.id for one in newest}
        joined = {one["from"] for merge in session.scalars(select(Merge).where(Merge.kept_id.in_(homes), Merge.undone_at.is_(None)))
                  for one in merge.moved["joined"] if one["into"] in ids}
        newest = list(session.scalars(select(Person).where(Person.id.in_(joined - found.keys())).order_by(Person.id)))
        found |= {one.id: one for one in newest}
    return list(found.values())


def _present(session: Session, actor: Actor, household_id: int, person_id: int,
             if_version: int | None) -> tuple[Household, Person]:
    home, person = _of(session, actor, household_id, person_id, if_version)
    if person.ended_at is not None:
        raise MovedOut
    return home, person


def _number(session: Session, home: Household, number_id: int) -> PhoneNumber:
    row = session.scalars(select(PhoneNumber).join(PhoneNumber.person).where(
        PhoneNumber.id == number_id, Person.household_id == home.id)).one_or_none()
    if row is None:
        raise NotFound(f"number {number_id}")
    return row


def _held(session: Session, person_id: int, what: str) -> int | None:
    return session.scalar(select(Consent.id).where(Consent.person_id == person_id, Consent.what == what,
                                                   Consent.withdrawn_at.is_(None)).limit(1))


def _add_number(session: Session, person_id: int, new: NewNumber, now: datetime) -> None:
    key = normalise(new.number)
    if len(key.strip("+")) < SHORTEST_NUMBER or sum(each.isdigit() for each in new.number) > LONGEST_NUMBER:
        raise NumberUnusable
    if session.scalar(select(PhoneNumber.id).where(PhoneNumber.number == key, PhoneNumber.person_id == person_id)) is not None:
        raise NumberExists
    last = session.scalar(select(func.max(PhoneNumber.place)).where(PhoneNumber.person_id == person_id))
    session.add(PhoneNumber(number=key, person_id=person_id, added_at=now, label=new.label,
                            place=0 if last is None else last + 1))
    session.flush()


def _name_is_free(session: Session, household_id: int, name: str) -> None:
    if session.scalar(select(Person.id).where(Person.household_id == household_id, Person.name == name,
                                              Person.ended_at.is_(None))) is not None:
        raise PersonExists


def _done(session: Session, actor: Actor, home: Household, what: str, now: datetime) -> HouseholdShown:
    changed(session, actor, home, what, now)
    return household(session, actor, home.id)
