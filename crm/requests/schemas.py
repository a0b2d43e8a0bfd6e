"""Requests as they are handed in and as people get to see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from callcenter.site.parts import Words
from crm.requests.rules import Said

Figure = Literal["handed_in", "open", "closed", "followed_up"]


@dataclass(frozen=True)
class NewRequest:
    kind: str
    estate_id: int
    said: Said


@dataclass(frozen=True)
class RequestShown:
    """What became of it, and what was said when it was handed in; nothing that the desk has learnt or knew of the household."""

    request_id: int              # the ticket's too
    number: str
    kind: str
    kind_name: Words
    stage: str
    stage_name: Words
    state: str                   # open, closed
    estate_id: int | None
    estate: str | None
    by: str                      # user name of who handed it in
    words: str | None            # null: forgotten
    place: str | None
    handed_in_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True)
class EstateOpen:
    estate_id: int
    name: str
    name_en: str | None


@dataclass(frozen=True)
class Urgency:
    code: str
    name: Words


@dataclass(frozen=True)
class KindOpen:
    """`urgencies`: empty where the kind asks for none."""

    kind: str
    name: Words
    urgencies: tuple[Urgency, ...]
    urgency_required: bool


@dataclass(frozen=True)
class Form:
    """What who hands in chooses from."""

    estates: tuple[EstateOpen, ...]
    kinds: tuple[KindOpen, ...]


@dataclass(frozen=True)
class Wanted:
    """`since`, `before`: when it was handed in."""

    mine: bool = False
    person: str | None = None
    estate_id: int | None = None
    kind: str | None = None
    since: datetime | None = None
    before: datetime | None = None
    figure: Figure = "handed_in"


@dataclass(frozen=True)
class Counts:
    """Of requests handed in within the period, as they stand now: handed_in = open + closed; followed_up: those of which a
    follow-up has reached the household, whether it is closed since or not (G1). Source: requests, tickets, followup_tasks."""

    handed_in: int
    open: int
    closed: int
    followed_up: int


@dataclass(frozen=True)
class FigureRow:
    """By estate, or by person; what of both is null is not asked for, an estate also where the ticket has none any more."""

    estate_id: int | None
    estate: str | None
    person: str | None
    counts: Counts


@dataclass(frozen=True)
class Figures:
    total: Counts
    rows: tuple[FigureRow, ...]
