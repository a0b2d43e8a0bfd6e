"""A person who asks to be forgotten: what goes, what must stay and until when. The audit has that it was done, not what it was."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from callcenter.errors import Conflict, Forbidden, NotFound
from callcenter.numbers import as_dialled
from callcenter.roles import Role
from crm.callbacks.models import CallbackRow
from crm.callbacks.store import OPEN
from crm.callers.models import Treatment
from crm.calls.models import ContactEntry
from crm.dialling.models import DialTask
from crm.households.estates import must_see
from crm.households.models import Consent, Household, Merge, Person, PhoneNumber
from crm.outbox.service import note
from crm.privacy.forget import (
    calls_of,
    forget_call,
    forget_callback,
    forget_dialled,
    forget_entry,
    forget_incident_calls,
    forget_opinions,
    forget_rejects,
    forget_text,
    forget_ticket,
)
from crm.privacy.models import Erasure
from crm.privacy.service import said
from crm.staff.actor import Actor
from crm.staff.audit import record_audit
from crm.texts.models import Text
from crm.tickets.models import Ticket

MAY_ERASE: Final = frozenset({Role.MANAGER, Role.ADMIN})
GONE: Final = "已删除"            # what stands for the name; a person without one cannot be


class StillWaiting(Conflict):
    """The person waits to be rung back: cancel that first, or ring."""

    code = "callback_open"


class AlreadyErased(Conflict):
    code = "already_erased"


@dataclass(frozen=True)
class Kept:
    """What stays although a person is forgotten, why, and until when; a page has the words."""

    what: str                # audit, open_tickets, nuisance, consents, backups
    count: int
    until: str               # a code: audit_years, closed, lifted, proof, next_backups


@dataclass(frozen=True)
class ErasureDone:
    person_id: int
    erased: dict[str, int]
    kept: tuple[Kept, ...]


def erase_person(session: Session, actor: Actor, person_id: int, reason: str, now: datetime) -> ErasureDone:
    """Raises NotFound, Forbidden, ReasonMissing, StillWaiting, AlreadyErased. Files go after the commit (doomed.py)."""
    person = session.get(Person, person_id, with_for_update=True)
    if person is None:
        raise NotFound(f"person {person_id}")
    must_see(session, actor, person.household_id, f"person {person_id}")
    if not actor.has(*MAY_ERASE):
        raise Forbidden
    why = said(reason)
    if session.scalar(select(Erasure.id).where(Erasure.person_id == person_id)) is not None:
        raise AlreadyErased
    same = _same_person(session, person)
    ids_same = [row.id for row in same]
    homes, names = {row.household_id for row in same}, {row.name for row in same}
    numbers = _own_numbers(session, ids_same)
    if numbers and session.scalar(select(CallbackRow.callback_id).where(CallbackRow.number.in_(numbers),
                                                                        CallbackRow.state.in_(OPEN)).limit(1)):
        raise StillWaiting
    erased: dict[str, int] = {}
    calls = calls_of(session, numbers)
    ids = [call.call_id for call in calls]
    tickets = list(session.scalars(select(Ticket).where(or_(Ticket.call_id.in_(ids), Ticket.contact_number.in_(numbers)))))
    for call in calls:
        forget_call(session, call, now, sound=True)
    entries = session.scalars(select(ContactEntry).where(or_(ContactEntry.contact.in_(numbers), (
        ContactEntry.household_id.in_(homes)) & ContactEntry.name.in_(names)))).all()
    for entry in entries:
        forget_entry(entry)
    callbacks = session.scalars(select(CallbackRow).where(CallbackRow.number.in_(numbers))).all()
    for row in callbacks:
        forget_callback(row)
    for task in session.scalars(select(DialTask).where(DialTask.number.in_(numbers)).with_for_update()):
        forget_dialled(session, task, now)
    for text in session.scalars(select(Text).where(Text.address.in_(numbers)).with_for_update()):
        forget_text(session, text, now)
    closed = [ticket for ticket in tickets if ticket.state == "closed"]
    for ticket in closed:
        forget_ticket(session, ticket, now)
    waits = [ticket.id for ticket in tickets if ticket.state != "closed"]
    forget_incident_calls(session, numbers)
    forget_rejects(session, numbers)
    forget_opinions(session, homes)
    lifted = session.scalars(select(Treatment).where(Treatment.number.in_(numbers), Treatment.state == "lifted")).all()
    for treatment in lifted:
        treatment.number, treatment.reason = "", ""
    erased |= {"numbers": sum(_forget_identity(session, row, now) for row in same), "calls": len(calls), "entries": len(entries),
               "callbacks": len(callbacks), "tickets": len(closed), "treatments": len(lifted)}
    kept = _kept(session, ids_same, numbers, waits)
    session.add_all(Erasure(person_id=ident, at=now, who=actor.name, reason=why, waits_for=waits if ident == person_id else [])
                    for ident in ids_same)
    detail = {"reason": why, "people": ids_same, "erased": erased, "kept": {one.what: one.count for one in kept}}
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action="person.erased", subject=f"person:{person_id}",
                 detail=json.dumps(detail, ensure_ascii=False))
    for ident in ids_same:
        note(session, now, "person.erased", f"person:{ident}")
    return ErasureDone(person_id, erased, kept)


def finish_erasures(session: Session, now: datetime, limit: int) -> int:
    """Tickets that were open when their person was forgotten and are closed now; how many."""
    done = 0
    for erasure in session.scalars(select(Erasure).order_by(Erasure.id)):
        if not erasure.waits_for or done >= limit:
            continue
        over = [ticket for ticket in session.scalars(select(Ticket).where(Ticket.id.in_(erasure.waits_for)))
                if ticket.state == "closed"][:limit - done]
        for ticket in over:
            forget_ticket(session, ticket, now)
        if over:
            gone = {ticket.id for ticket in over}
            erasure.waits_for = [ticket_id for ticket_id in erasure.waits_for if ticket_id not in gone]
        done += len(over)
    return done


def _same_person(session: Session, person: Person) -> list[Person]:
    """All rows of the person, locked: doubles that became one when their households did, and who lived there before under the
    same name; never who lives there still because somebody of the name has moved out. Without those that are forgotten already."""
    found = {person.id: person}
    while True:
        homes, names = {row.household_id for row in found.values()}, {row.name for row in found.values()}
        doubles: set[int] = set()
        for merge in session.scalars(select(Merge).where(or_(Merge.kept_id.in_(homes), Merge.lost_id.in_(homes)),
                                                         Merge.undone_at.is_(None))):
            for joined in merge.moved["joined"]:
                pair = {joined["from"], joined["into"]}
                if pair & found.keys():
                    doubles |= pair
        more = session.scalars(
            select(Person).where(
                Person.id.not_in(found.keys()), Person.id.not_in(select(Erasure.person_id)),
                or_(Person.id.in_(doubles), Person.household_id.in_(homes) & Person.name.in_(names) & Person.ended_at.is_not(None)))
            .order_by(Person.id).with_for_update()).all()
        if not more:
            return sorted(found.values(), key=lambda row: row.id)
        found |= {row.id: row for row in more}


def _own_numbers(session: Session, same: list[int]) -> list[str]:
    """As they are stored, and as a trunk may send them; without those that somebody else has too: their calls are not this
    person's alone."""
    own = set(session.scalars(select(PhoneNumber.number).where(PhoneNumber.person_id.in_(same))))
    shared = set(session.scalars(select(PhoneNumber.number).where(
        PhoneNumber.number.in_(own), PhoneNumber.person_id.not_in(same))))
    return sorted({spelled for number in own - shared for spelled in (number, as_dialled(number))})


def _forget_identity(session: Session, person: Person, now: datetime) -> int:
    gone = session.execute(delete(PhoneNumber).where(PhoneNumber.person_id == person.id)
                           .execution_options(synchronize_session=False))
    person.name = f"{GONE}-{person.id}"
    person.no_call_reason = None
    if person.ended_at is None or person.ended_on is None:
        person.ended_at = now        # also of a double: undoing its merge does not bring it back
    session.get_one(Household, person.household_id, with_for_update=True).version += 1
    session.flush()
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _kept(session: Session, same: list[int], numbers: list[str], waits: list[int]) -> tuple[Kept, ...]:
    active = session.scalars(select(Treatment.id).where(Treatment.number.in_(numbers), Treatment.state != "lifted")).all()
    consents = session.scalars(select(Consent.id).where(Consent.person_id.in_(same))).all()
    found = (Kept("audit", 0, "audit_years"), Kept("backups", 0, "next_backups"), Kept("open_tickets", len(waits), "closed"),
             Kept("nuisance", len(active), "lifted"), Kept("consents", len(consents), "proof"))
    return tuple(one for one in found if one.count or one.what in ("audit", "backups"))
