"""Recordings for the pages: found by call, ticket and household, listened to, noted on, exported; each listening is logged (A8)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final

from sqlalchemy import ColumnElement, Row, Select, and_, delete, exists, func, or_, select, true, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from callcenter.errors import Forbidden, NotFound
from crm.calls.models import CallRow, ContactEntry
from crm.calls.recordings import PRESENT, SEALED_STATE
from crm.followups.models import FollowUpTask, FollowUpTry
from crm.households.estates import must_see, seen_by
from crm.households.service import every_id
from crm.privacy.service import said
from crm.recordings.files import RecordingMissing, Sound, open_sound, sound_name
from crm.recordings.models import GreetingCheck, Listening, RecordingNote, SealedRecording
from crm.recordings.peaks import peaks
from crm.recordings.schemas import NoteShown, RecordingShown, Waveform
from crm.recordings.seal import Vault
from crm.staff.actor import Actor
from crm.staff.audit import record_audit
from crm.tickets.models import Ticket
from crm.tickets.rules import is_about

ONE_LISTENING: Final = timedelta(minutes=10)     # requests of one browser for one recording without a longer pause
_LISTENINGS_FOR: Final = timedelta(days=1)


@dataclass(frozen=True)
class RecordingFilter:
    """`seat`: only calls answered there, and messages without a talk; `ticket_id`: of the call that opened it and of those whose
    entry names it."""

    call_id: str | None = None
    ticket_id: int | None = None
    household_id: int | None = None
    seat: str | None = None
    agent: str | None = None
    greeting: bool | None = None             # of those that a leader has checked: said or not
    since: datetime | None = None            # entered their queue
    before: datetime | None = None


@dataclass(frozen=True)
class Keeping:
    """How long recordings are kept, by the site's local days."""

    days: int
    tz: tzinfo


def recordings(session: Session, actor: Actor, wanted: RecordingFilter, keeping: Keeping, *, before: str | None = None,
               limit: int = 50) -> list[RecordingShown]:
    """Newest first; for the next page give the last one's call. Raises NotFound for a call, ticket or household that the actor
    does not see."""
    query = (_rows().where(seen_by(actor, CallRow.household_id), not_of_another_estate(actor), _not_of_complaints_about(actor))
             .order_by(CallRow.entered_at.desc(), CallRow.call_id.desc()).limit(limit))
    if wanted.call_id is not None:
        query = query.where(CallRow.call_id == wanted.call_id)
    if wanted.household_id is not None:
        must_see(session, actor, wanted.household_id, f"household {wanted.household_id}")
        query = query.where(CallRow.household_id.in_(every_id(session, wanted.household_id)))
    query = query.where(*_told(wanted))
    if wanted.seat is not None:
        query = query.where(or_(CallRow.answered_by == wanted.seat, _IS_MESSAGE_ALONE))
    if wanted.ticket_id is not None:
        ticket = session.get(Ticket, wanted.ticket_id)
        if ticket is None or not actor.sees(ticket.estate_id) or is_about(ticket.about_id, actor):
            raise NotFound(f"ticket {wanted.ticket_id}")
        entry = exists().where(ContactEntry.call_id == CallRow.call_id, ContactEntry.ticket_id == ticket.id)
        query = query.where(or_(CallRow.call_id == ticket.call_id, entry))
    if before is not None:
        last = session.get(CallRow, before)
        if last is None or last.entered_at is None:
            raise NotFound(f"call {before}")
        query = query.where(tuple_(CallRow.entered_at, CallRow.call_id) < (last.entered_at, last.call_id))
    return _shown(session, list(session.execute(query)), keeping)


def seen(session: Session, actor: Actor, call_id: str, seat: str | None) -> CallRow:
    """The call, if the actor may hear it: `seat` is the only one whose talks are theirs, None: all; a message without a talk is
    anybody's. Raises NotFound, Forbidden, RecordingMissing."""
    row = session.get(CallRow, call_id)
    if row is None or row.entered_at is None:
        raise NotFound(f"call {call_id}")
    must_see(session, actor, row.household_id, f"call {call_id}")
    if session.scalar(select(CallRow.call_id).where(
            CallRow.call_id == call_id, not_of_another_estate(actor), _not_of_complaints_about(actor))) is None:
        raise NotFound(f"call {call_id}")
    if seat not in (None, row.answered_by) and not _is_message_alone(row):
        raise Forbidden
    if row.recording_state not in PRESENT or not sound_name(row.recording, row.voicemail):
        raise RecordingMissing
    return row


def sound_of(session: Session, vault: Vault, row: CallRow) -> Sound:
    """Open; to be closed. Raises RecordingMissing, Damaged, KeyMissing."""
    path = session.scalar(select(SealedRecording.path).where(SealedRecording.call_id == row.call_id))
    return open_sound(vault.folder, row.call_id, sound_name(row.recording, row.voicemail) or "", path, vault.ring)


def listen(session: Session, actor: Actor, sign_in_id: int, call_id: str, now: datetime) -> bool:
    """Whether this request begins a listening, which is then in the audit; a later one of the same browser belongs to it."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    before = session.execute(
        insert(Listening).values(sign_in_id=sign_in_id, call_id=call_id, last_at=now)
        .on_conflict_do_update(index_elements=["sign_in_id", "call_id"],
                               set_={"last_at": now, "before_at": Listening.last_at})
        .returning(Listening.before_at)).scalar_one()
    if before is not None and now - before <= ONE_LISTENING:
        return False
    session.execute(delete(Listening).where(Listening.last_at < now - _LISTENINGS_FOR))
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action="recording.listened", subject=f"call:{call_id}")
    return True


def export_name(session: Session, actor: Actor, row: CallRow, reason: str, now: datetime) -> str:
    """Logs the export; the name of the file says who took it when, so that a copy that turns up tells where it came from. Raises
    ReasonMissing."""
    name = f"{row.call_id}_{actor.name}_{now:%Y%m%dT%H%M%SZ}_{(row.recording_sha256 or '')[:8]}.wav"
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action="recording.exported", subject=f"call:{row.call_id}",
                 detail=json.dumps({"reason": said(reason), "file": name}, ensure_ascii=False))
    return name


def waveform(session: Session, vault: Vault, row: CallRow) -> Waveform:
    """As it was made when the recording was sealed; of one that is not yet, made now."""
    found = session.scalar(select(SealedRecording.peaks).where(SealedRecording.call_id == row.call_id))
    if found is None:
        sound = sound_of(session, vault, row)
        try:
            found = peaks(sound.read(0, sound.length), sound.length)
        finally:
            sound.close()
    return Waveform(row.recording_s or 0.0, tuple(found))


def notes(session: Session, call_id: str) -> list[NoteShown]:
    """By their place in the recording."""
    rows = session.scalars(select(RecordingNote).where(RecordingNote.call_id == call_id)
                           .order_by(RecordingNote.at_s, RecordingNote.id))
    return [NoteShown(row.id, row.at_s, row.text, row.who, row.created_at) for row in rows]


def add_note(session: Session, actor: Actor, row: CallRow, at_s: float, text: str, now: datetime) -> NoteShown:
    """Raises NotFound for a place behind the recording's end."""
    if at_s > (row.recording_s or 0.0):
        raise NotFound(f"{at_s} s of {row.call_id}")
    note = RecordingNote(call_id=row.call_id, at_s=at_s, text=text, who=actor.name, user_id=actor.user_id, created_at=now)
    session.add(note)
    session.flush()
    return NoteShown(note.id, note.at_s, note.text, note.who, note.created_at)


def drop_note(session: Session, actor: Actor, row: CallRow, note_id: int, now: datetime, *, any_of: bool) -> None:
    """One's own; `any_of`: anybody's. Raises NotFound, Forbidden."""
    note = session.get(RecordingNote, note_id)
    if note is None or note.call_id != row.call_id:
        raise NotFound(f"note {note_id}")
    if not any_of and note.user_id != actor.user_id:
        raise Forbidden
    session.delete(note)
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action="recording.note_dropped",
                 subject=f"call:{row.call_id}", detail=json.dumps({"at_s": note.at_s, "of": note.who}, ensure_ascii=False))


def _told(wanted: RecordingFilter) -> Iterator[ColumnElement[bool]]:
    """What needs nobody's rights."""
    if wanted.agent is not None:
        yield CallRow.answered_agent == wanted.agent
    if wanted.greeting is not None:
        yield GreetingCheck.said.is_(wanted.greeting)
    if wanted.since is not None:
        yield CallRow.queued_at >= wanted.since
    if wanted.before is not None:
        yield CallRow.queued_at < wanted.before


def _is_message_alone(row: CallRow) -> bool:
    return row.answered_by is None and row.voicemail is not None


# Nobody talked: it is for whoever works the ticket.
_IS_MESSAGE_ALONE: Final = and_(CallRow.answered_by.is_(None), CallRow.voicemail.is_not(None))


def not_of_another_estate(actor: Actor) -> ColumnElement[bool]:
    """Also once its household was forgotten: `calls.estate_id` is written then (K1)."""
    if actor.estates is None:
        return true()
    return or_(CallRow.estate_id.is_(None), CallRow.estate_id.in_(sorted(actor.estates)))


def _not_of_complaints_about(actor: Actor) -> ColumnElement[bool]:
    """Whom a complaint is about does not hear the caller who made it, nor who was rung about it, by whichever way they come to
    the call (D3): of the calls that opened its ticket, whose entry names it, or that a follow-up of it was made on."""
    if actor.user_id is None:
        return true()
    of_it = Ticket.about_id == actor.user_id
    told = (select(Ticket.call_id).where(of_it, Ticket.call_id.is_not(None)),
            select(ContactEntry.call_id).join(Ticket, Ticket.id == ContactEntry.ticket_id)
            .where(of_it, ContactEntry.call_id.is_not(None)),
            select(FollowUpTry.call_id).join(FollowUpTask, FollowUpTask.id == FollowUpTry.task_id)
            .join(Ticket, Ticket.id == FollowUpTask.ticket_id).where(of_it, FollowUpTry.call_id.is_not(None)))
    return and_(*(CallRow.call_id.not_in(calls) for calls in told))


def _rows() -> Select[CallRow, SealedRecording, GreetingCheck]:
    return (select(CallRow, SealedRecording, GreetingCheck).outerjoin(SealedRecording, SealedRecording.call_id == CallRow.call_id)
            .outerjoin(GreetingCheck, GreetingCheck.call_id == CallRow.call_id)
            .where(CallRow.recording_state.in_(PRESENT), CallRow.entered_at.is_not(None)))


def _shown(session: Session, rows: Sequence[Row[CallRow, SealedRecording, GreetingCheck]],
           keeping: Keeping) -> list[RecordingShown]:
    ids = [call.call_id for call, *_ in rows]
    counted = dict(session.execute(select(RecordingNote.call_id, func.count()).where(RecordingNote.call_id.in_(ids))
                                   .group_by(RecordingNote.call_id)).all())
    return [RecordingShown(
        call_id=call.call_id, entered_at=call.entered_at, queue=call.queue, seat=call.answered_by, agent=call.answered_agent,
        household_id=call.household_id, seconds=call.recording_s or 0.0, bytes=call.recording_bytes or 0,
        sha256=call.recording_sha256 or "", sealed=call.recording_state == SEALED_STATE,
        message=call.voicemail is not None, greeting=greeting.said if greeting else None, fault=sealed.fault if sealed else None,
        notes=counted.get(call.call_id, 0),
        expires_on=call.entered_at.astimezone(keeping.tz).date() + timedelta(days=keeping.days + 1))
        for call, sealed, greeting in rows if call.entered_at is not None]
