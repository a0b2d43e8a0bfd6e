"""Calls and the contact log (来电来访记录, A5) for the desk and the pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from callcenter.errors import Conflict, NotFound
from callcenter.private import Private
from crm.calls.models import CallRow, ContactEntry, QueueVisit, TalkSegment
from crm.calls.record import CallRecord, Outcome
from crm.calls.recordings import PRESENT
from crm.calls.schemas import CallShown, Completion, EntryPage, EntryShown, Recording, TalkShown, VisitShown
from crm.calls.talk import TalkKind
from crm.households.estates import must_see, seen_by
from crm.households.models import Household
from crm.households.service import every_id, lookup
from crm.knowledge.models import KnowledgeSearch
from crm.privacy.masks import is_mask_of
from crm.privacy.service import View
from crm.staff.actor import Actor
from crm.tickets.models import Ticket


class ContactMissing(Conflict):
    """Neither a contact nor the word that the caller declined to leave one."""

    code = "contact_missing"
    status = 422


def call(session: Session, call_id: str) -> CallShown:
    row = session.get(CallRow, call_id)
    if row is None or row.entered_at is None:
        raise NotFound(f"call {call_id}")
    return calls_shown(session, [row])[0]


def calls(session: Session, *, household_id: int | None = None, number: str | None = None, seat: str | None = None,
          outcome: Outcome | None = None, before: datetime | None = None, limit: int = 50) -> list[CallShown]:
    """Newest first; for the next page give the last one's `entered_at` as `before`."""
    query = (select(CallRow).where(CallRow.entered_at.is_not(None))
             .order_by(CallRow.entered_at.desc(), CallRow.call_id.desc()).limit(limit))
    for column, value in ((CallRow.household_id, household_id), (CallRow.number, number), (CallRow.answered_by, seat),
                          (CallRow.outcome, outcome)):
        if value is not None:
            query = query.where(column == value)
    if before is not None:
        query = query.where(CallRow.entered_at < before)
    return calls_shown(session, list(session.scalars(query)))


def calls_shown(session: Session, rows: Sequence[CallRow]) -> list[CallShown]:
    """In the order given; what belongs to them is asked for once, not once a call."""
    ids = [row.call_id for row in rows]
    talk: dict[str, list[TalkShown]] = {}
    for one in session.scalars(select(TalkSegment).where(TalkSegment.call_id.in_(ids))
                               .order_by(TalkSegment.call_id, TalkSegment.place)):
        talk.setdefault(one.call_id, []).append(
            TalkShown(one.seat, one.agent, one.number, TalkKind(one.kind), one.began_at, one.ended_at))
    visits: dict[str, list[VisitShown]] = {}
    for visit in session.scalars(select(QueueVisit).where(QueueVisit.call_id.in_(ids))
                                 .order_by(QueueVisit.call_id, QueueVisit.place)):
        visits.setdefault(visit.call_id, []).append(VisitShown(
            visit.queue, visit.queued_at, visit.stage, visit.answered_at, visit.seat, visit.gave_up))
    return [_call_shown(row, tuple(talk.get(row.call_id, ())), tuple(visits.get(row.call_id, ()))) for row in rows]


def open_call_entry(session: Session, record: CallRecord, at: datetime) -> None:
    """The entry of an answered call, with what is known already; the agent completes it. One a call."""
    if session.scalar(select(ContactEntry.id).where(ContactEntry.call_id == record.call_id)) is not None:
        return
    found = lookup(session, record.number) if record.number else None
    known = found if found and found.household_id == record.household_id else None
    home = session.get(Household, record.household_id) if record.household_id is not None else None
    session.add(ContactEntry(
        source="call", call_id=record.call_id, seat=record.answered_by, at=at, household_id=home.id if home else None,
        name=known.name if known else None, contact=record.number, room=home.label if home else None))


def add_visit(session: Session, completion: Completion, user_id: int, seat: str | None, now: datetime) -> EntryShown:
    """A walk-in visit enters the same log, complete at once."""
    entry = ContactEntry(source="visit", seat=seat, at=now)
    session.add(entry)
    _complete(entry, completion, user_id, now)
    session.flush()
    return entry_shown(entry)


def contact_entry(session: Session, actor: Actor, entry_id: int) -> ContactEntry:
    """Raises NotFound, also for an entry of an estate that the actor does not see."""
    entry = session.get(ContactEntry, entry_id)
    if entry is None:
        raise NotFound(f"contact entry {entry_id}")
    must_see(session, actor, entry.household_id, f"contact entry {entry_id}")
    if entry.ticket_id is not None and actor.user_id is not None and session.scalar(
            select(Ticket.about_id).where(Ticket.id == entry.ticket_id)) == actor.user_id:
        raise NotFound(f"contact entry {entry_id}")
    return entry


def not_of_complaints_about(actor: Actor) -> ColumnElement[bool]:
    """What a caller told in a complaint is not read by whom it is about (D3)."""
    if actor.user_id is None:
        return true()
    about = select(Ticket.id).where(Ticket.about_id == actor.user_id)
    return or_(ContactEntry.ticket_id.is_(None), ContactEntry.ticket_id.not_in(about))


def complete_entry(session: Session, entry_id: int, completion: Completion, user_id: int, now: datetime) -> EntryShown:
    """May be repeated: the last writing holds, and its time."""
    entry = session.get(ContactEntry, entry_id)
    if entry is None:
        raise NotFound(f"contact entry {entry_id}")
    _complete(entry, completion, user_id, now)
    session.flush()
    return entries_shown(session, [entry])[0]


def entry_of_call(session: Session, call_id: str) -> EntryShown | None:
    entry = session.scalar(select(ContactEntry).where(ContactEntry.call_id == call_id))
    return entries_shown(session, [entry])[0] if entry else None


def entries(session: Session, view: View, *, seat: str | None = None, household_id: int | None = None,
            completed: bool | None = None, before_id: int | None = None, limit: int = 50) -> EntryPage:
    """Newest first, of the actor's estates, masked."""
    query = (select(ContactEntry).where(seen_by(view.actor, ContactEntry.household_id), not_of_complaints_about(view.actor))
             .order_by(ContactEntry.id.desc()).limit(limit + 1))
    if seat is not None:
        query = query.where(ContactEntry.seat == seat)
    if household_id is not None:
        query = query.where(ContactEntry.household_id.in_(every_id(session, household_id)))
    if completed is not None:
        done = ContactEntry.completed_at.is_not(None)
        query = query.where(done if completed else ~done)
    if before_id is not None:
        query = query.where(ContactEntry.id < before_id)
    rows = list(session.scalars(query))
    shown = tuple(masked_entry(entry, view) for entry in entries_shown(session, rows[:limit]))
    return EntryPage(shown, shown[-1].entry_id if len(rows) > limit else None)


def _complete(entry: ContactEntry, completion: Completion, user_id: int, now: datetime) -> None:
    contact = (completion.contact or "").strip() or None
    if contact and entry.contact and is_mask_of(contact, entry.contact, Private.PHONE):
        contact = entry.contact              # a page sends back what it was shown
    if contact is None and not completion.declined_contact:
        raise ContactMissing("contact")
    entry.contact = None if completion.declined_contact else contact
    entry.declined_contact = completion.declined_contact
    if not (completion.name and entry.name and is_mask_of(completion.name, entry.name, Private.NAME)):
        entry.name = completion.name
    entry.room = completion.room
    entry.matter, entry.kind, entry.result = completion.matter, completion.kind, completion.result
    entry.household_id = completion.household_id if completion.household_id is not None else entry.household_id
    entry.ticket_id = completion.ticket_id if completion.ticket_id is not None else entry.ticket_id
    entry.completed_at, entry.completed_by = now, user_id


def entries_shown(session: Session, rows: Sequence[ContactEntry]) -> list[EntryShown]:
    """In the order given; with what the question bank answered in their calls (A5, I2)."""
    ids = [row.call_id for row in rows if row.call_id is not None]
    answers: dict[str | None, list[int]] = {}
    for call_id, item_id in session.execute(
            select(KnowledgeSearch.call_id, KnowledgeSearch.chosen_id)
            .where(KnowledgeSearch.call_id.in_(ids), KnowledgeSearch.outcome == "answered").order_by(KnowledgeSearch.id)):
        if item_id is not None and item_id not in answers.setdefault(call_id, []):
            answers[call_id].append(item_id)
    return [replace(entry_shown(row), answered_from=tuple(answers.get(row.call_id, ()))) for row in rows]


def entry_shown(row: ContactEntry) -> EntryShown:
    return EntryShown(row.id, row.source, row.call_id, row.seat, row.at, row.household_id, row.name, row.contact,
                      row.declined_contact, row.room, row.matter, row.kind, row.result, row.ticket_id,
                      row.completed_at, row.completed_by)


def masked_entry(entry: EntryShown, view: View) -> EntryShown:
    return replace(entry, name=view.show(entry.name, Private.NAME), contact=view.show(entry.contact, Private.PHONE),
                   matter=view.show(entry.matter, Private.TEXT), result=view.show(entry.result, Private.TEXT))


def _call_shown(row: CallRow, talk: tuple[TalkShown, ...], visits: tuple[VisitShown, ...]) -> CallShown:
    assert row.entered_at is not None  # who asks has seen to it
    kept = (Recording(row.recording, row.recording_sha256, row.recording_bytes or 0, row.recording_s or 0.0)
            if row.recording_state in PRESENT and row.recording and row.recording_sha256 else None)
    return CallShown(
        call_id=row.call_id, node=row.node, dialled=row.dialled, number=row.number, household_id=row.household_id,
        language=row.language, queue=row.queue, stage=row.stage, entered_at=row.entered_at, queued_at=row.queued_at,
        rang_at=row.rang_at, answered_at=row.answered_at, ended_at=row.ended_at, seats_rung=tuple(row.seats_rung),
        answered_by=row.answered_by, answered_agent=row.answered_agent,
        outcome=Outcome(row.outcome) if row.outcome else None, wait_s=row.wait_s, talk_s=row.talk_s, rating=row.rating,
        voicemail=row.voicemail, voicemail_s=row.voicemail_s, callback_number=row.callback_number,
        expected_wait_s=row.expected_wait_s, callback_id=row.callback_id, recording=kept,
        talk=talk, visits=visits)
