"""Who works on the demo's floor when its seats are free: the site file's agents, and how the board shows them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from callcenter.events import (
    AgentChanged,
    AgentShown,
    AgentState,
    AnyEvent,
    Callback,
    CallbackChanged,
    CallbackState,
    CallChanged,
    CallEnded,
    CallState,
    QueueWait,
    QueueWaitChanged,
    SeatChanged,
    SeatState,
)
from callcenter.site.schema import AgentConfig
from wall.scene import busy_floor, call, seat

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
          help_reason: str = "", recording_paused: bool = False, consulting: bool = False) -> AgentShown:
    return AgentShown(
        code, NAMES.get(code, code), "day", state, now - timedelta(seconds=ago_s), seat, reason, call_id,
        None if wrapup_s is None else now + timedelta(seconds=wrapup_s), missed,
        None if help_s is None else now - timedelta(seconds=help_s), help_reason, recording_paused, consulting)


def staffed_floor(now: datetime) -> list[AnyEvent]:
    """The busy floor with its agents: one asks for help, one is away, one's phone is gone, one call lasts too long."""
    talk = "node1-1763800000"
    long = call(42, CallState.TALKING, now, 9, queue="complaint", name="张伟", room="江湾 A座2703", phone="+8613800138002",
                on="1003", talked_s=655)
    agents = (
        agent("801", AgentState.TALKING, now, 184, "1001", call_id=f"{talk}.41"),
        agent("802", AgentState.RINGING, now, 3, "1002", call_id=f"{talk}.46"),
        agent("803", AgentState.TALKING, now, 655, "1003", call_id=f"{talk}.42", help_s=75, help_reason="情绪激动"),
        agent("804", AgentState.WRAPUP, now, 8, "1004", wrapup_s=42),
        agent("805", AgentState.AWAY, now, 130, "1005", missed=3),
        agent("806", AgentState.PAUSED, now, 900, "1006", reason="meal"),
    )
    asked = now - timedelta(seconds=300)
    return [
        *busy_floor(now),
        CallChanged(now, "answered", long), CallEnded(now, f"{talk}.43", "answered"), CallEnded(now, f"{talk}.47", "abandoned"),
        SeatChanged(now, seat("1005", SeatState.READY, now)), SeatChanged(now, seat("1006", SeatState.READY, now)),
        *(AgentChanged(now, item) for item in agents),
        QueueWaitChanged(now, QueueWait("repair", 2, 95.0, 12.4, 3)),
        QueueWaitChanged(now, QueueWait("complaint", 1, 140.0, 31.0, 2)),
        QueueWaitChanged(now, QueueWait("enquiry", 0, 4.0, 3.2, 2)),
        CallbackChanged(now, Callback("cb-1", "repair", "+8613800138021", CallbackState.WAITING, asked, asked)),
        CallbackChanged(now, Callback("cb-2", "repair", "+8613800138022", CallbackState.RETRY, asked, asked, 1)),
    ]
