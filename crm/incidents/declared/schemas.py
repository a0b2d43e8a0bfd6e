"""Emergencies as the other parts hand them in and get to see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from callcenter.site.incidents import Incidents
from callcenter.site.parts import Words
from crm.incidents.declared.load import Types
from crm.notices.words import Language, Named


@dataclass(frozen=True)
class Rules:
    """What of the site decides."""

    types: Types
    policy: Incidents
    tz: tzinfo
    company: Words
    known_hours: int


@dataclass(frozen=True)
class Declaration:
    """Of a ticket that is there, or of one that is opened with it. `notice`: prompt for callers from there, "" for none, None for
    the type's."""

    type: str
    place: str = ""
    what: str = ""
    level: int | None = None
    ticket_id: int | None = None
    estate_id: int | None = None
    building_id: int | None = None
    household_id: int | None = None
    contact_number: str | None = None
    call_id: str | None = None
    happened_at: datetime | None = None
    conditions: tuple[str, ...] = ()
    notice: str | None = None
    drill: bool = False


@dataclass(frozen=True)
class EmergencyShown:
    emergency_id: int
    number: str                      # of its ticket
    ticket_id: int
    type: str
    name: Named
    sort: str                        # H1: safety, equipment, environment, service, other
    level: int
    phase: str
    drill: bool
    estate_id: int | None
    estate: str | None
    building_id: int | None
    building: str | None
    place: str
    what: str | None
    happened_at: datetime
    declared_at: datetime
    declared_by: str
    commander: str
    over_at: datetime | None
    closed_at: datetime | None
    report_due_at: datetime | None
    report: str | None               # state of the report
    notice: str
    steps_open: int
    steps_late: int
    version: int


@dataclass(frozen=True)
class StepShown:
    step: str
    does: Named
    note: Named | None
    who: str
    needed: bool
    after: str | None
    standing: str
    since: datetime | None
    due_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None
    is_late: bool


@dataclass(frozen=True)
class ConditionShown:
    condition: str
    name: Named
    holds: bool


@dataclass(frozen=True)
class RecordShown:
    record: str
    name: Named
    type: str
    needed: bool
    value: str | None


@dataclass(frozen=True)
class ActShown:
    place: int
    at: datetime
    who: str
    what: str
    step: str | None
    level: int | None
    to: str | None                   # to whom it was handed over
    said: tuple[str, ...]
    text: str | None


@dataclass(frozen=True)
class EmergencyRead:
    """One, wholly. `timeline`: its newest lines, oldest first; all of them are pages of their own."""

    emergency: EmergencyShown
    steps: tuple[StepShown, ...]
    conditions: tuple[ConditionShown, ...]
    records: tuple[RecordShown, ...]
    learnt: Mapping[str, str]
    hindering: tuple[str, ...]       # why it cannot be said to be over: step:<id>, record:<id>
    left: tuple[str, ...]            # what is to be done before it is closed (H10)
    script: str | None               # safety instructions to read out (H8)
    notices: tuple[str, ...]
    broadcast: str | None
    chat: Named
    timeline: tuple[ActShown, ...]


@dataclass(frozen=True)
class Learnt:
    """H10; what is left out stays as it was."""

    causes: str | None = None
    lessons: str | None = None
    insurance: str | None = None     # what was told to whom, or that there was no damage

    def given(self) -> dict[str, str]:
        return {name: value for name, value in vars(self).items() if value}


@dataclass(frozen=True)
class ReportWords:
    """H7; what is left out stays."""

    what: str | None = None
    occurred: str | None = None
    place: str | None = None
    course: str | None = None
    conclusion: str | None = None

    def given(self) -> dict[str, str]:
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class ReportShown:
    emergency_id: int
    language: Language
    what: str
    occurred: str
    place: str
    course: str
    conclusion: str
    state: str
    due_at: datetime | None
    is_late: bool
    drafted_at: datetime
    signed_by: str | None
    signed_at: datetime | None
    approved_by: str | None
    approved_at: datetime | None
    attachment_id: int | None
    photos: int
    version: int


@dataclass(frozen=True)
class ProposalShown:
    proposal_id: int
    because: str
    type: str | None
    level: int | None
    estate_id: int | None
    estate: str | None
    building_id: int | None
    building: str | None
    kind: str | None
    category: str | None
    callers: int
    tickets: tuple[int, ...]
    first_at: datetime
    at: datetime
    state: str
    settled_at: datetime | None
    settled_by: str | None
    emergency_id: int | None


@dataclass(frozen=True)
class WeatherShown:
    """`staffing`: what the level asks for (H11)."""

    level: int
    since: datetime | None
    by: str | None
    note: str | None
    agents: int
    staffing: Named | None
    proposal_id: int | None = None


@dataclass(frozen=True)
class BroadcastShown:
    """`households` were asked for, `numbers` are rung for them; the rest counts numbers. Who pressed has heard."""

    broadcast_id: int
    at: datetime
    by: str
    building_id: int | None
    prompts: tuple[str, ...]
    until: datetime
    state: str
    households: int
    numbers: int
    asked: int                       # given to be rung
    heard: int
    pressed: int
    missed: int                      # after the last try
    refused: int                     # not to be rung
    households_heard: int
    households_pressed: int


@dataclass(frozen=True)
class TextShown:
    text_id: int
    channel: str
    tries: int
    sent_at: datetime | None
    failed_at: datetime | None
    error: str | None


@dataclass(frozen=True)
class ChatShown:
    text: Named
    robots: tuple[str, ...]          # that may be told of this estate
    sent: tuple[TextShown, ...] = field(default=())
