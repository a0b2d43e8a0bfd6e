"""Whom a household's follow-up may ring, asked anew at every claim; and the hours in which it may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, exists, select
from sqlalchemy.orm import Session, aliased

from callcenter.site.desk import FollowUps
from crm.clocks.office import calendars
from crm.followups.rules import Hours, Retry
from crm.households.models import Consent, Household, Person, PhoneNumber
from crm.households.people import may_be_called
from crm.households.service import changed, every_id
from crm.staff.actor import Actor

CONSENT: Final = "calls"
NO_CALL: Final = "no_call"
NO_CONSENT: Final = "no_consent"
NO_NUMBER: Final = "no_number"
_OWNER_FIRST: Final = case((Person.role == "owner", 0), (Person.role == "tenant", 1), else_=2)


@dataclass(frozen=True)
class Dialled:
    """A number that may be rung now. `number_id` None: the ticket's own, of nobody whom the register knows."""

    number: str
    number_id: int | None
    person_id: int | None
    name: str | None
    label: str | None


def hours_of(session: Session, rule: FollowUps) -> Hours:
    by = calendars(session)
    return Hours(rule.calls_from, rule.calls_until, by.tz, by.days.is_holiday, rule.on_holidays)


def retry_of(rule: FollowUps) -> Retry:
    return Retry(rule.tries, timedelta(minutes=rule.busy_minutes), timedelta(hours=rule.retry_hours))


def unwilling() -> ColumnElement[bool]:
    """Of a person: said "do not call", about this number anywhere, or withdrew the consent. For queries with both tables."""
    other, theirs = aliased(PhoneNumber), aliased(Person)
    somewhere = exists(select(other.id).join(theirs, theirs.id == other.person_id).where(
        other.number == PhoneNumber.number, theirs.no_call_since.is_not(None)).correlate(PhoneNumber))
    return Person.no_call_since.is_not(None) | somewhere


def consents(rule: FollowUps, what: str = CONSENT) -> ColumnElement[bool]:
    held, given = aliased(Consent), aliased(Consent)
    holds = exists(select(held.id).where(held.person_id == Person.id, held.what == what,
                                         held.withdrawn_at.is_(None)).correlate(Person))
    if rule.consent_needed:
        return holds
    ever = exists(select(given.id).where(given.person_id == Person.id, given.what == what).correlate(Person))
    return holds | ~ever


def has_number() -> ColumnElement[bool]:
    return and_(Person.ended_at.is_(None), PhoneNumber.bounced_at.is_(None))


def whom(session: Session, household_id: int | None, contact_number: str | None, rule: FollowUps,
         consent: str = CONSENT) -> tuple[tuple[Dialled, ...], str | None]:
    """Who may be rung (`consent`: for what), in which order: who spoke to us first, then owners; or nobody, and why."""
    rows: list[Any] = []
    if household_id is not None:
        ids = every_id(session, household_id)
        rows = list(session.execute(
            select(PhoneNumber.id, PhoneNumber.number, PhoneNumber.label, Person.id, Person.name, unwilling(),
                   consents(rule, consent))
            .join(Person, Person.id == PhoneNumber.person_id).where(Person.household_id.in_(ids), has_number())
            .order_by(PhoneNumber.number != (contact_number or ""), _OWNER_FIRST, PhoneNumber.place, PhoneNumber.id)))
    found, seen, why = [], set(), NO_NUMBER
    for number_id, number, label, person_id, name, refuses, agrees in rows:
        if refuses or not agrees:
            why = NO_CALL if refuses else why if why == NO_CALL else NO_CONSENT
        elif number not in seen:
            seen.add(number)
            found.append(Dialled(number, number_id, person_id, name, label))
    known = {row[1] for row in rows}
    if contact_number and contact_number not in known and not _bounced(session, household_id, contact_number):
        if not may_be_called(session, contact_number):
            why = NO_CALL
        elif _agreed(session, contact_number, rule, consent):
            found.append(Dialled(contact_number, None, None, None, None))
        elif why != NO_CALL:
            why = NO_CONSENT
    return tuple(found), None if found else why


def mark_wrong(session: Session, actor: Actor, number_id: int, now: datetime) -> None:
    """For the desk, which asks for the right one; nobody rings it again of our accord."""
    row = session.get(PhoneNumber, number_id)
    if row is not None and row.bounced_at is None:
        row.bounced_at = now
        _changed(session, actor, row.person_id, "number.bounced", now)


def stop_calls(session: Session, actor: Actor, person_id: int, reason: str | None, now: datetime) -> None:
    """Whoever tells us on the phone has told us: it needs no leader."""
    person = session.get(Person, person_id)
    if person is not None and person.no_call_since is None:
        person.no_call_since, person.no_call_reason = now, (reason or "")[:200] or None
        _changed(session, actor, person_id, "no_call.set", now)


def _changed(session: Session, actor: Actor, person_id: int, what: str, now: datetime) -> None:
    home_id = session.scalar(select(Person.household_id).where(Person.id == person_id))
    home = session.get(Household, home_id, with_for_update=True, populate_existing=True) if home_id is not None else None
    if home is not None:
        changed(session, actor, home, what, now)


def _agreed(session: Session, number: str, rule: FollowUps, consent: str) -> bool:
    """Of a number that is not the household's own: all who have it, wherever; of nobody's own, when no consent is needed."""
    found = session.scalars(select(consents(rule, consent)).select_from(PhoneNumber).join(
        Person, Person.id == PhoneNumber.person_id).where(PhoneNumber.number == number)).all()
    return all(found) if found else not rule.consent_needed


def _bounced(session: Session, household_id: int | None, number: str) -> bool:
    return household_id is not None and session.scalar(
        select(PhoneNumber.id).join(Person, Person.id == PhoneNumber.person_id)
        .where(PhoneNumber.number == number, Person.household_id == household_id, PhoneNumber.bounced_at.is_not(None))
        .limit(1)) is not None
