"""Known incidents as the other parts get to see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from callcenter.errors import Conflict


class NotAnIncident(Conflict):
    """Only what is open, and of an estate, can be known: neither is this."""

    code = "not_an_incident"


class OtherPlace(Conflict):
    """The building is of another estate."""

    code = "other_place"
    status = 422


class KnownAlready(Conflict):
    """What the household calls about is known: the call is tied to it, or whoever opens a ticket says that it is another matter."""

    code = "known_incident"


class CallTied(Conflict):
    """The call is tied to it already."""

    code = "call_tied"


@dataclass(frozen=True)
class Candidate:
    """What a household that calls now is probably calling about. `marked`: somebody said that it is known; else it is of the same
    building, kind and category, and young. `callers`: who called about it."""

    ticket_id: int
    number: str
    kind: str
    category: str | None
    title: str | None
    stage: str
    marked: bool
    estate_id: int | None
    building: str | None
    since: datetime
    until: datetime
    callers: int


@dataclass(frozen=True)
class KnownShown:
    ticket_id: int
    estate_id: int
    building_id: int | None
    building: str | None
    since: datetime
    until: datetime
    by: str
    over_at: datetime | None
    version: int                 # of the ticket


@dataclass(frozen=True)
class TiedCall:
    tied_id: int
    at: datetime
    who: str
    call_id: str | None
    household_id: int | None
    room: str | None
    contact_number: str | None
    followup_id: int | None


@dataclass(frozen=True)
class Affected:
    """`households` are those in its place; `callers` counts a household once, and each number that is of none."""

    known: KnownShown | None
    households: int
    households_called: int
    callers: int
    calls: int
    items: tuple[TiedCall, ...]
    next: str | None
