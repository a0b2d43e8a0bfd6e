"""Kinds of tickets, and what the other parts get to see of one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TicketKind(StrEnum):
    """E2's kinds and the two that the journal makes by itself."""

    COMPLAINT = "complaint"
    SUGGESTION = "suggestion"
    ENQUIRY = "enquiry"
    REPAIR = "repair"
    PRAISE = "praise"
    EMERGENCY = "emergency"
    OTHER = "other"
    CALLBACK = "callback"
    FOLLOWUP = "followup"


@dataclass(frozen=True)
class NewTicket:
    """`cause` names what made it when a machine did: the same cause makes no second ticket."""

    kind: TicketKind
    reason: str | None = None
    household_id: int | None = None
    call_id: str | None = None
    queue: str | None = None
    contact_number: str | None = None
    notes: str | None = None
    cause: str | None = None


@dataclass(frozen=True)
class TicketShown:
    ticket_id: int
    number: str
    kind: TicketKind
    reason: str | None
    state: str
    household_id: int | None
    call_id: str | None
    queue: str | None
    contact_number: str | None
    notes: str | None
    created_at: datetime
    closed_at: datetime | None
