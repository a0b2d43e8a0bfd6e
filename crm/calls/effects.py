"""What must happen when a call record changes, decided as values. Pure.

- An answered call opens its entry in the contact log (A5).
- A message, an abandoned call and a call lost with its Asterisk (C4) want one callback ticket between them. A short
  abandon wants none: who gave up within seconds mostly misdialled, and to be rung is a nuisance; it is still counted.
  Nor does a caller who withheld the number and left none: nobody could ring it.
- "Not satisfied" wants a follow-up, always (G2).
- A language chosen by key is remembered for the household.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crm.calls.entries import CallEntry, LanguageChosen
from crm.calls.record import NOT_SATISFIED, CallRecord, Outcome, outcome
from crm.tickets.schemas import CALLBACK, FOLLOWUP, NewTicket


@dataclass(frozen=True)
class OpenContactEntry:
    record: CallRecord
    at: datetime


@dataclass(frozen=True)
class OpenTicket:
    ticket: NewTicket
    at: datetime


@dataclass(frozen=True)
class RememberLanguage:
    household_id: int
    language: str


@dataclass(frozen=True)
class CallFinished:
    call_id: str
    outcome: Outcome
    at: datetime


Effect = OpenContactEntry | OpenTicket | RememberLanguage | CallFinished


def effects(before: CallRecord, after: CallRecord, at: datetime, short_abandon_s: int,
            entry: CallEntry | None = None) -> list[Effect]:
    """Of one entry (or of Asterisk's restart, then without one) that led from `before` to `after`."""
    found: list[Effect] = []
    if _talks(after) and not _talks(before):
        found.append(OpenContactEntry(after, at))
    if after.message and not before.message and after.callback_kept != "already":
        reason = "callback" if after.callback_number else "voicemail"
        found.append(OpenTicket(_callback(after, reason), at))
    if after.rating == NOT_SATISFIED and before.rating != NOT_SATISFIED:
        found.append(OpenTicket(NewTicket(
            kind=FOLLOWUP, reason="not_satisfied", category="unsatisfied", household_id=after.household_id, call_id=after.call_id,
            queue=after.queue, contact_number=after.number, cause=f"followup:{after.call_id}"), at))
    if isinstance(entry, LanguageChosen) and after.household_id is not None:
        found.append(RememberLanguage(after.household_id, entry.language))
    ended = outcome(after, short_abandon_s)
    if ended and before.ended_at is None:
        found.append(CallFinished(after.call_id, ended, at))
        if ended in (Outcome.ABANDONED, Outcome.LOST) and after.number and not after.message and not after.callback_id:
            found.append(OpenTicket(_callback(after, ended.value), at))
    return found


def _talks(record: CallRecord) -> bool:
    """With the caller: who has taken a callback talks once the caller has answered."""
    return record.rang_back == "answered" if record.callback_id else record.connected_at is not None


def _callback(record: CallRecord, reason: str) -> NewTicket:
    return NewTicket(kind=CALLBACK, reason=reason, household_id=record.household_id, call_id=record.call_id,
                     queue=record.queue, contact_number=record.callback_number or record.number,
                     cause=f"callback:{record.call_id}")
