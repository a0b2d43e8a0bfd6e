"""Who works here: agents, their skills and teams. crm owns it; acd is told with RosterChanged and keeps the last one it heard."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from pydantic import TypeAdapter

ROSTER_KEY: Final = "sixring:roster"


@dataclass(frozen=True)
class Agent:
    """`code` is what is dialled after *11, and the agent's id everywhere."""

    code: str
    name: str
    team: str = ""
    skills: dict[str, int] = field(default_factory=dict)   # queue id → level, 1 is best; the penalty is level − 1
    languages: tuple[str, ...] = ("zh",)
    estates: tuple[str, ...] = ()                          # estate ids whose own team this agent is in
    spokesperson: bool = False                             # takes the press (D4)
    leader: bool = False


@dataclass(frozen=True)
class Roster:
    agents: dict[str, Agent] = field(default_factory=dict)


ROSTER: Final[TypeAdapter[Roster]] = TypeAdapter(Roster)
