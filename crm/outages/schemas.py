"""Outages as the API shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class OutageShown:
    outage_id: str
    component: str
    detail: str                      # what the first look at it said: a code
    began_at: datetime
    ended_at: datetime | None
    step: int                        # minutes of the last rung that was told
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    cause: str | None
    cause_at: datetime | None
    cause_by: str | None
    lost: int | None                 # callers on the list to be rung back; null until it is over and the journal is read
    unreachable: int | None          # … who withheld their number
    version: int


@dataclass(frozen=True)
class OutageLineShown:
    at: datetime
    what: str                        # Began, Told (a rung), Acknowledged, Ended; sent, not_sent (a message)
    rung: str | None = None          # its place, from 0; `clear`: all-clear
    after_s: int | None = None
    tell: tuple[str, ...] = ()       # roles
    channel: str | None = None
    address: str | None = None       # masked
    error: str | None = None


@dataclass(frozen=True)
class OutageStory:
    outage: OutageShown
    lines: list[OutageLineShown]


@dataclass(frozen=True)
class LostCallerShown:
    call_id: str
    at: datetime                     # when the call ended
    how: str                         # lost, cut_off, abandoned
    number: str | None               # masked
    queue: str | None
    rings: bool                      # the line itself rings back
    callback: str | None             # its state now
    attempts: int
    ticket_id: int | None
    ticket_state: str | None
