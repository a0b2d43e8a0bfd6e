"""What others get to know of a number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Level = Literal["warn", "queue", "block", "press"]
State = Literal["reported", "active", "lifted"]


@dataclass(frozen=True)
class History:
    """`treatment` "" for an ordinary caller; `again`: called within the last hour; `agent`: of the caller's open matter."""

    treatment: str = ""
    again: bool = False
    agent: str = ""


@dataclass(frozen=True)
class TreatmentShown:
    treatment_id: int
    number: str
    level: Level
    state: State
    reason: str
    call_id: str | None
    by: str
    at: datetime
    until: datetime | None
    lifted_by: str | None
    lifted_at: datetime | None
