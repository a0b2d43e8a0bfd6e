"""Reads acd's lines of the queue_log. Pure; whatever a line holds, it answers and does not raise."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from callcenter.events import AgentState
from crm.agentlog.entries import Act, Acted, AgentStated, FloorEntry, SeatFaulted
from crm.calls.entries import Rejected

LONGEST_TEXT: Final = 100       # of a reason that a person wrote; more of it is cut off and not refused
_AGENT = re.compile(r"^\d{2,6}$")
_SEAT = re.compile(r"^\d{2,6}$")
_CALL_ID = re.compile(r"^(?=.{3,80}$)[A-Za-z0-9_.-]*?\d{1,12}\.\d{1,12}$")
_LONGEST_NAME: Final = 40


class _BadLineError(ValueError):
    """Why a line is rejected: its argument is the code."""


@dataclass(frozen=True)
class _Said:
    at: datetime
    call_id: str | None
    seat: str | None
    data: list[str]

    def word(self, place: int) -> str:
        return self.data[place][:LONGEST_TEXT] if len(self.data) > place else ""

    def agent(self, place: int) -> str:
        if not _AGENT.match(self.word(place)):
            raise _BadLineError("agent")
        return self.word(place)

    def name(self, place: int) -> str:
        return self.word(place)[:_LONGEST_NAME]


def parse_floor(event: str, at: datetime, call_id: str, seat: str, data: list[str]) -> FloorEntry | Rejected:
    """Raises KeyError for an event that is not in FLOOR."""
    read = FLOOR[event]
    try:
        said = _Said(at, _known(_CALL_ID, call_id, "call_id"), _known(_SEAT, seat, "seat"), data)
        return read(said)
    except _BadLineError as bad:
        return Rejected(str(bad))


def _known(pattern: re.Pattern[str], text: str, reason: str) -> str | None:
    if text in ("NONE", ""):
        return None
    if not pattern.match(text):
        raise _BadLineError(reason)
    return text


def _stated(said: _Said) -> FloorEntry:
    try:
        state = AgentState(said.word(1).lower())
    except ValueError:
        raise _BadLineError("state") from None
    return AgentStated(said.at, said.agent(0), state, said.seat, said.call_id, said.word(2), said.name(3))


def _faulted(*, over: bool) -> _Reader:
    def read(said: _Said) -> FloorEntry:
        if said.seat is None:
            raise _BadLineError("seat")
        return SeatFaulted(said.at, said.seat, said.agent(0) if said.word(0) else None, over)
    return read


def _by_agent(act: Act, *, details: int) -> _Reader:
    """What an agent did: the agent comes first, then details."""
    def read(said: _Said) -> FloorEntry:
        detail = " ".join(word for place in range(1, details + 1) if (word := said.word(place)))
        return Acted(said.at, act, said.call_id, said.seat, said.agent(0), f"agent {said.agent(0)}", detail)
    return read


def _monitored(said: _Said) -> FloorEntry:
    return Acted(said.at, Act.MONITORED, said.call_id, said.seat, said.agent(0), said.name(2), said.word(1))


def _by_leader(act: Act) -> _Reader:
    """What was done with a call from outside it: by whom, then to where."""
    def read(said: _Said) -> FloorEntry:
        return Acted(said.at, act, said.call_id, said.seat, None, said.name(0), said.word(1))
    return read


_Reader = Callable[[_Said], FloorEntry]

FLOOR: Final[dict[str, _Reader]] = {
    "AGENTSTATE": _stated,
    "SEATFAULT": _faulted(over=False),
    "SEATFAULTEND": _faulted(over=True),
    "HELP": _by_agent(Act.HELP, details=1),
    "HELPEND": _by_agent(Act.HELP_END, details=0),
    "TRANSFERRED": _by_agent(Act.TRANSFERRED, details=3),
    "RECORDPAUSE": _by_agent(Act.RECORDING_PAUSED, details=1),
    "RECORDRESUME": _by_agent(Act.RECORDING_RESUMED, details=1),
    "MONITORED": _monitored,
    "TAKENOVER": _by_leader(Act.TAKEN_OVER),
    "MOVED": _by_leader(Act.MOVED),
    "RESCUED": _by_agent(Act.RESCUED, details=1),
}
