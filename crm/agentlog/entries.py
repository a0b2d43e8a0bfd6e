"""What acd writes into the journal of agents, one dataclass an entry (docs/contracts.md, "Journal entries by acd")."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from callcenter.events import AgentState
from crm.calls.entries import Entry


@dataclass(frozen=True)
class FloorEntry(Entry):
    pass


@dataclass(frozen=True)
class AgentStated(FloorEntry):
    """An agent came into a state."""

    agent: str
    state: AgentState
    seat: str | None
    call_id: str | None
    reason: str = ""
    by: str = ""             # a user's name, "phone" or a process; "" when it came by itself


@dataclass(frozen=True)
class SeatFaulted(FloorEntry):
    """C1: the phone of a seat where somebody is signed in cannot be reached, or (`over`) can be again."""

    seat: str
    agent: str | None
    over: bool


class Act(StrEnum):
    HELP = "help"
    HELP_END = "help_end"
    TRANSFERRED = "transferred"
    RECORDING_PAUSED = "recording_paused"
    RECORDING_RESUMED = "recording_resumed"
    MONITORED = "monitored"
    TAKEN_OVER = "taken_over"
    MOVED = "moved"
    RESCUED = "rescued"              # the phone died in mid-talk, the caller went back to the queue (C1)


@dataclass(frozen=True)
class Acted(FloorEntry):
    """Something that was done in or with a call. `detail` is what the entry says besides, words apart by spaces."""

    act: Act
    call_id: str | None
    seat: str | None
    agent: str | None
    by: str
    detail: str = ""
