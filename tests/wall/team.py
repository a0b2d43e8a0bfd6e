"""Who works on the demo's floor when its seats are free: the site file's agents, and how the board shows them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from callcenter.events import AgentShown, AgentState
from callcenter.site.schema import AgentConfig

TEAM: Final = (
    AgentConfig(code="801", name="陈静", team="day", skills={"repair": 1, "enquiry": 2}, user="agent"),
    AgentConfig(code="802", name="李晓梅", team="day", skills={"repair": 1}, languages=("zh", "en")),
    AgentConfig(code="803", name="王磊", team="day", skills={"complaint": 1, "repair": 2}),
    AgentConfig(code="804", name="赵敏", team="day", skills={"complaint": 2, "repair": 1}),
    AgentConfig(code="805", name="周航", team="day", skills={"enquiry": 1}),
    AgentConfig(code="806", name="孙悦", team="day", skills={"enquiry": 1}),
)
NAMES: Final = {agent.code: agent.name for agent in TEAM}


def agent(code: str, state: AgentState, now: datetime, ago_s: float, seat: str | None = None, *, reason: str = "",
          call_id: str | None = None, wrapup_s: float | None = None, missed: int = 0, help_s: float | None = None,
          help_reason: str = "", recording_paused: bool = False) -> AgentShown:
    return AgentShown(
        code, NAMES.get(code, code), "day", state, now - timedelta(seconds=ago_s), seat, reason, call_id,
        None if wrapup_s is None else now + timedelta(seconds=wrapup_s), missed,
        None if help_s is None else now - timedelta(seconds=help_s), help_reason, recording_paused)
