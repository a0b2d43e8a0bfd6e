"""Takes people out of rows that stay: calls, contact log, callbacks, tickets. What figures are counted from is not touched."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from crm.bills.models import Charge
from crm.callbacks.models import CallbackRow
from crm.calls.models import CallRow, ContactEntry, JournalReject, TalkSegment
from crm.calls.recordings import PRESENT
from crm.complaints.letters.models import Letter
from crm.dialling.models import DialTask
from crm.dialling.service import call_off
from crm.followups.models import Rating
from crm.households.estates import estate_of
from crm.incidents.declared.forget import forget_emergencies, forget_rung
from crm.incidents.models import IncidentCall
from crm.kinds.schema import Kind
from crm.kinds.service import kind_of
from crm.knowledge.models import KnowledgeSearch
from crm.privacy.doomed import ATTACHMENTS, RECORDINGS, VOICEMAIL, doom
from crm.recordings.files import sound_name
from crm.recordings.models import RecordingNote, SealedRecording
from crm.repairs.models import RepairStep, WorkOrder
from crm.requests.models import HandedIn
from crm.texts.models import Text
from crm.tickets.models import Attachment, Ticket, TicketEvent
from crm.tickets.values import title_of

ERASED: Final = "erased"
_PERSONAL: Final = frozenset({"number", "callback_number", "outside", "household_id"})     # of a call's fold


def forget_call(session: Session, row: CallRow, now: datetime, *, sound: bool) -> None:
    """Nobody can tell any more who called; when, how long and for which estate stays. `sound`: its recording and message go too."""
    row.estate_id = row.estate_id or estate_of(session, row.household_id)
    row.number = row.callback_number = row.household_id = None
    row.fold = without_people(row.fold)
    session.execute(update(TalkSegment).where(TalkSegment.call_id == row.call_id).values(number=None))
    session.execute(update(IncidentCall).where(IncidentCall.call_id == row.call_id).values(contact_number=None, household_id=None))
    for entry in session.scalars(select(ContactEntry).where(ContactEntry.call_id == row.call_id)):
        forget_entry(entry)
    session.execute(update(KnowledgeSearch).where(KnowledgeSearch.call_id == row.call_id).values(text=None))
    if sound:
        forget_sound(session, row, now)
    session.flush()


def forget_sound(session: Session, row: CallRow, now: datetime) -> None:
    name = sound_name(row.recording, row.voicemail)
    if row.recording_state in PRESENT and name:
        sealed = session.scalar(select(SealedRecording.path).where(SealedRecording.call_id == row.call_id))
        for path in (name, row.recording, sealed):
            if path is not None:
                doom(session, RECORDINGS, path, now)
        row.recording_state = ERASED
    session.execute(delete(SealedRecording).where(SealedRecording.call_id == row.call_id))
    session.execute(delete(RecordingNote).where(RecordingNote.call_id == row.call_id))
    if row.voicemail:
        doom(session, VOICEMAIL, row.voicemail, now)
        row.voicemail = None


def forget_entry(entry: ContactEntry) -> None:
    """Its kind and its times stay: they are counted."""
    entry.name = entry.contact = entry.room = entry.matter = entry.result = entry.household_id = None


def forget_search(row: KnowledgeSearch) -> None:
    """What came of it stays: it is counted."""
    row.text = None


def forget_callback(row: CallbackRow) -> None:
    row.number, row.household_id = "", None


def forget_dialled(_session: Session, row: DialTask, now: datetime) -> None:
    """Who was rung of our own accord, or is to be: then not any more. What came of it stays."""
    call_off(row, now)
    row.number, row.household_id = "", None


def forget_text(_session: Session, row: Text, now: datetime) -> None:
    """To whom it went, or was to go: then not any more. What it was about stays."""
    row.address, row.household_id = "", None
    if row.next_at is not None:
        row.next_at, row.failed_at, row.error = None, now, "forgotten"


def forget_ticket(session: Session, row: Ticket, now: datetime) -> None:
    """Whose it was and what is private in it; its kind, stages and times stay, and so does the household: its room, not its people.
    What its timeline says in free words goes, who did what when stays."""
    kind = kind_of(session, row.kind, row.kind_version).kind
    row.fields = public_fields(kind, row.fields)
    row.contact_number = row.notes = None
    row.title = title_of(kind, row.category, row.fields)
    row.version += 1
    for event in session.scalars(select(TicketEvent).where(TicketEvent.ticket_id == row.id)):
        if event.data.keys() & _WORDS:
            event.data = {key: value for key, value in event.data.items() if key not in _WORDS}
    for step in session.scalars(select(RepairStep).where(RepairStep.ticket_id == row.id)):
        step.data, step.dealt_note = {}, None
    session.execute(update(WorkOrder).where(WorkOrder.ticket_id == row.id).values(content=None, reason=None))
    session.execute(update(Charge).where(Charge.ticket_id == row.id).values(discount_reason=None))
    session.execute(update(IncidentCall).where(IncidentCall.ticket_id == row.id).values(contact_number=None))
    session.execute(update(HandedIn).where(HandedIn.ticket_id == row.id).values(words=None, place=None))
    forget_emergencies(session, row.id)
    for letter in session.scalars(select(Letter).where(Letter.ticket_id == row.id)):
        letter.subject, letter.body, letter.attachment_id = "", "", None      # its number and its times stay
    session.flush()
    for file in session.scalars(select(Attachment).where(Attachment.ticket_id == row.id)):
        doom(session, ATTACHMENTS, file.path, now)
        session.delete(file)
    session.flush()


def forget_incident_calls(session: Session, numbers: Collection[str]) -> None:
    """By number, where no call's record says whose it was."""
    session.execute(update(IncidentCall).where(IncidentCall.contact_number.in_(numbers)).values(contact_number=None))
    forget_rung(session, numbers)


def forget_rejects(session: Session, numbers: Collection[str]) -> None:
    """Lines of the journal that nobody could read and that name one of these numbers."""
    for number in numbers:
        session.execute(update(JournalReject).where(JournalReject.line.contains(number, autoescape=True)).values(line=""))


def forget_opinions(session: Session, homes: Collection[int]) -> None:
    """What a household wrote in a survey; its score stays and is counted."""
    session.execute(update(Rating).where(Rating.household_id.in_(homes), Rating.said.is_not(None)).values(said=None))


_WORDS: Final = frozenset({"text", "summary", "question", "answer", "reason", "fields"})


def public_fields(kind: Kind, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Also without what an older definition called by another name: what nobody knows may be private."""
    return {name: value for name, value in fields.items() if name in kind.fields and not kind.fields[name].private}


def without_people(value: Any) -> Any:
    """A call's fold without numbers and household, however deep."""
    if isinstance(value, dict):
        return {key: None if key in _PERSONAL else without_people(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_people(item) for item in value]
    return value


def calls_of(session: Session, numbers: Collection[str]) -> list[CallRow]:
    """Of these numbers, by whichever spelling the trunk sent."""
    return list(session.scalars(select(CallRow).where(CallRow.number.in_(numbers) | CallRow.callback_number.in_(numbers))))
