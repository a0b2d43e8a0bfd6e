"""`/households/{id}/people…`: who lives there, their numbers, what they agreed to, whether they may be rung.

Each answers with the household as it is then, and its new ETag: the next change goes by that.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field, StringConstraints

from callcenter.text_types import line
from crm.households import people
from crm.households.schemas import (
    HouseholdShown,
    NewNumber,
    NewPerson,
    NumberChange,
    NumberLabel,
    PersonChange,
    Role,
)
from dashboard.api.households import Body, Changes, Reason, RowId, answered, made_once
from dashboard.manners import IF_MATCH, ONCE, IfMatch, Once
from dashboard.problems import responses
from dashboard.services import Given, Writing

router = APIRouter(prefix="/households", tags=["households"])

Name = Annotated[str, line(60)]
Number = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 -]{2,31}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
MADE = responses(400, 401, 403, 404, *IF_MATCH, *ONCE, 503)
CHANGED = responses(400, 401, 403, 404, 409, *IF_MATCH, 422, 503)


class NumberGiven(Body):
    number: Number
    label: NumberLabel = "mobile"


class PersonGiven(Body):
    name: Name
    role: Role
    numbers: Annotated[tuple[NumberGiven, ...], Field(max_length=20)] = ()
    began_on: date | None = None


class PersonChanged(Body):
    """What is left out stays. A name that is sent back masked is no change."""

    name: Name | None = None
    role: Role | None = None
    began_on: date | None = None


class NumberChanged(Body):
    """What is left out stays."""

    label: NumberLabel | None = None
    place: Annotated[int, Field(ge=0, le=1000, description="the smallest is tried first")] | None = None
    bounced: bool | None = None


class EndGiven(Body):
    on: date


class ConsentGiven(Body):
    what: Code = Field(description="survey, marketing, recording, …")
    how: Code = Field(description="phone, paper, visit, web")


class NoCallGiven(Body):
    reason: Reason


@router.post("/{household_id}/people", status_code=201, responses=MADE)
def add_person(actor: Changes, session: Writing, once: Once, if_version: IfMatch, services: Given, response: Response,
               household_id: RowId, given: PersonGiven) -> HouseholdShown:
    new = NewPerson(given.name, given.role, tuple(NewNumber(one.number, one.label) for one in given.numbers), given.began_on)
    done = made_once(once, actor, services, lambda: people.add_person(
        session, actor, household_id, new, services.clock.now(), if_version))
    return answered(response, actor, services, done)


@router.patch("/{household_id}/people/{person_id}", responses=CHANGED)
def change_person(actor: Changes, session: Writing, if_version: IfMatch, services: Given, response: Response,
                  household_id: RowId, person_id: RowId, given: PersonChanged) -> HouseholdShown:
    wanted = PersonChange(given.name, given.role, given.began_on)
    return answered(response, actor, services, people.change_person(
        session, actor, household_id, person_id, wanted, services.clock.now(), if_version))


@router.post("/{household_id}/people/{person_id}/end", responses=MADE)
def end_person(actor: Changes, session: Writing, once: Once, if_version: IfMatch, services: Given, response: Response,
               household_id: RowId, person_id: RowId, given: EndGiven) -> HouseholdShown:
    """Moved out: nobody finds the person by number any more, the history stays. 422 `not_moved_out` for a day to come."""
    done = made_once(once, actor, services, lambda: people.end_person(
        session, actor, household_id, person_id, given.on, services.clock.now(), services.timezone, if_version))
    return answered(response, actor, services, done)


@router.post("/{household_id}/people/{person_id}/numbers", status_code=201, responses=MADE)
def add_number(actor: Changes, session: Writing, once: Once, if_version: IfMatch, services: Given, response: Response,
               household_id: RowId, person_id: RowId, given: NumberGiven) -> HouseholdShown:
    done = made_once(once, actor, services, lambda: people.add_number(
        session, actor, household_id, person_id, NewNumber(given.number, given.label), services.clock.now(), if_version))
    return answered(response, actor, services, done)


@router.patch("/{household_id}/numbers/{number_id}", responses=CHANGED)
def change_number(actor: Changes, session: Writing, if_version: IfMatch, services: Given, response: Response,
                  household_id: RowId, number_id: RowId, given: NumberChanged) -> HouseholdShown:
    wanted = NumberChange(given.label, given.place, given.bounced)
    return answered(response, actor, services, people.change_number(
        session, actor, household_id, number_id, wanted, services.clock.now(), if_version))


@router.delete("/{household_id}/numbers/{number_id}", responses=CHANGED)
def remove_number(actor: Changes, session: Writing, if_version: IfMatch, services: Given, response: Response,
                  household_id: RowId, number_id: RowId) -> HouseholdShown:
    return answered(response, actor, services, people.remove_number(
        session, actor, household_id, number_id, services.clock.now(), if_version))


@router.post("/{household_id}/people/{person_id}/consents", status_code=201, responses=MADE)
def give_consent(actor: Changes, session: Writing, once: Once, if_version: IfMatch, services: Given, response: Response,
                 household_id: RowId, person_id: RowId, given: ConsentGiven) -> HouseholdShown:
    done = made_once(once, actor, services, lambda: people.give_consent(
        session, actor, household_id, person_id, given.what, given.how, services.clock.now(), if_version))
    return answered(response, actor, services, done)


@router.delete("/{household_id}/people/{person_id}/consents/{what}", responses=CHANGED)
def withdraw_consent(actor: Changes, session: Writing, if_version: IfMatch, services: Given, response: Response,
                     household_id: RowId, person_id: RowId, what: Code) -> HouseholdShown:
    """It stays written that it was given, and when it was withdrawn."""
    return answered(response, actor, services, people.withdraw_consent(
        session, actor, household_id, person_id, what, services.clock.now(), if_version))


@router.put("/{household_id}/people/{person_id}/do-not-call", responses=CHANGED)
def stop_calls(actor: Changes, session: Writing, if_version: IfMatch, services: Given, response: Response,
               household_id: RowId, person_id: RowId, given: NoCallGiven) -> HouseholdShown:
    return answered(response, actor, services, people.stop_calls(
        session, actor, household_id, person_id, given.reason, services.clock.now(), if_version))


@router.delete("/{household_id}/people/{person_id}/do-not-call", responses=CHANGED)
def allow_calls(actor: Changes, session: Writing, if_version: IfMatch, services: Given, response: Response,
                household_id: RowId, person_id: RowId) -> HouseholdShown:
    return answered(response, actor, services, people.allow_calls(
        session, actor, household_id, person_id, services.clock.now(), if_version))
