"""Recordings as the pages get them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class RecordingShown:
    call_id: str
    entered_at: datetime
    queue: str | None
    seat: str | None
    agent: str | None
    household_id: int | None
    seconds: float
    bytes: int
    sha256: str
    message: bool            # the caller left one: the sound, or its end behind the talk
    greeting: bool | None    # whether it was said, as a leader heard it; None: nobody has checked
    sealed: bool             # False: still as Asterisk wrote it, for seconds
    fault: str | None        # what the last check found
    notes: int
    expires_on: date         # the local day on which it goes


@dataclass(frozen=True)
class NoteShown:
    note_id: int
    at_s: float
    text: str
    who: str
    created_at: datetime


@dataclass(frozen=True)
class Waveform:
    seconds: float
    peaks: tuple[int, ...]   # columns of equal length, 255 is full scale
