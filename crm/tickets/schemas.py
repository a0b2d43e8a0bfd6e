"""Tickets as the other parts hand them in and get to see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

# The kinds that the journal opens and closes by itself; the others are configuration and nothing else.
CALLBACK: Final = "callback"
FOLLOWUP: Final = "followup"
# What the yearly plan opens; both stand in the call list (crm/followups).
PERIODIC: Final = "periodic"
FOLLOWUPS: Final = frozenset({FOLLOWUP, PERIODIC})
NOT_SATISFIED: Final = 3         # of a rating: 1 satisfied, 2 fair

Value = str | int | float | bool | list[str] | list[int]
Fields = dict[str, Value]


class Link(StrEnum):
    """What a ticket is of its parent."""

    REWORK = "rework"            # the same repair again (F4)
    DUPLICATE = "duplicate"      # told twice
    FOLLOWUP = "followup"        # G1
    PART = "part"                # of a known incident (H6), of a complaint


@dataclass(frozen=True)
class NewTicket:
    """`cause` names what made it when a machine did: the same cause makes no second ticket."""

    kind: str
    fields: Mapping[str, object] = field(default_factory=dict)
    category: str | None = None
    reason: str | None = None
    household_id: int | None = None
    estate_id: int | None = None
    call_id: str | None = None
    queue: str | None = None
    contact_number: str | None = None
    notes: str | None = None
    cause: str | None = None
    parent_id: int | None = None
    parent_as: Link | None = None
    owner_id: int | None = None      # of a machine's ticket; else who opens it owns it,
    handed_in: bool = False          # but for what an employee hands in (I5), which waits for somebody of the desk


@dataclass(frozen=True)
class Changes:
    """What is left out stays; None in `fields` empties the field."""

    fields: Mapping[str, object] = field(default_factory=dict)
    category: str | None = None
    household_id: int | None = None
    contact_number: str | None = None


@dataclass(frozen=True)
class MoveShown:
    """A way on from a ticket's stage. `missing` must be filled in first; `may`: whether the one who asks may go it."""

    to: str
    may: bool
    needs: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class TicketShown:
    """Private values are masked by who looks; `fields` are left out of lists."""

    ticket_id: int
    number: str
    kind: str
    kind_version: int
    stage: str
    state: str
    title: str | None
    category: str | None
    reason: str | None
    household_id: int | None
    room: str | None
    estate_id: int | None
    call_id: str | None
    queue: str | None
    contact_number: str | None
    notes: str | None
    owner: str | None
    offered_to: str | None
    assignee: str | None
    department: str | None
    parent_id: int | None
    parent_as: str | None
    version: int
    created_at: datetime
    updated_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True)
class TicketRead:
    """One ticket, wholly."""

    ticket: TicketShown
    fields: Fields
    private: tuple[str, ...]            # fields that are masked in it: `reveal` shows one
    moves: tuple[MoveShown, ...]
    children: tuple[TicketShown, ...]


@dataclass(frozen=True)
class EventShown:
    event_id: int
    at: datetime
    who: str
    what: str
    data: dict[str, object]


@dataclass(frozen=True)
class ColleagueShown:
    """A colleague to whom a ticket may be given: the user's name, and the agent's when there is one."""

    user: str
    name: str
    roles: tuple[str, ...]
    team: str | None


@dataclass(frozen=True)
class AttachmentShown:
    attachment_id: int
    at: datetime
    who: str
    name: str
    type: str
    bytes: int
    sha256: str
