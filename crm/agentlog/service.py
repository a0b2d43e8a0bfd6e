"""The agent log (K2) and the fault log (C1) as pages get them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.events import AgentState
from crm.agentlog.entries import Act
from crm.agentlog.models import AgentEvent, AgentStateRow, SeatFault


@dataclass(frozen=True)
class StateShown:
    state: AgentState
    seat: str | None
    reason: str
    by: str
    call_id: str | None
    began_at: datetime
    ended_at: datetime | None      # None: it goes on


@dataclass(frozen=True)
class EventShown:
    at: datetime
    act: Act
    seat: str | None
    call_id: str | None
    by: str
    detail: str


@dataclass(frozen=True)
class FaultShown:
    seat: str
    agent: str | None
    began_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class AgentLog:
    states: tuple[StateShown, ...]
    events: tuple[EventShown, ...]
    faults: tuple[FaultShown, ...]


def agent_log(session: Session, agent: str, begin: datetime, end: datetime) -> AgentLog:
    """Oldest first; intervals that only reach into the time are whole, not cut."""
    states = session.scalars(
        select(AgentStateRow).where(AgentStateRow.agent == agent, AgentStateRow.began_at < end,
                                    AgentStateRow.ended_at.is_(None) | (AgentStateRow.ended_at > begin))
        .order_by(AgentStateRow.began_at, AgentStateRow.id))
    events = session.scalars(
        select(AgentEvent).where(AgentEvent.agent == agent, AgentEvent.at >= begin, AgentEvent.at < end)
        .order_by(AgentEvent.at, AgentEvent.id))
    return AgentLog(
        tuple(StateShown(AgentState(row.state), row.seat, row.reason, row.by, row.call_id, row.began_at, row.ended_at)
              for row in states),
        tuple(EventShown(row.at, Act(row.act), row.seat, row.call_id, row.by, row.detail) for row in events),
        tuple(fault for fault in faults(session, begin, end) if fault.agent == agent))


def faults(session: Session, begin: datetime, end: datetime) -> list[FaultShown]:
    """Faults of seats that began before `end` and were not over at `begin`, oldest first."""
    rows = session.scalars(
        select(SeatFault).where(SeatFault.began_at < end, SeatFault.ended_at.is_(None) | (SeatFault.ended_at > begin))
        .order_by(SeatFault.began_at, SeatFault.id))
    return [FaultShown(row.seat, row.agent, row.began_at, row.ended_at) for row in rows]
