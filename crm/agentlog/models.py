"""The agent log (K2), the fault log (C1) and what was done in calls, as tables."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Base


class AgentStateRow(Base):
    """An interval of an agent's day; `ended_at` None for the present one. No foreign key: the journal is history."""

    __tablename__ = "agent_states"
    __table_args__ = (Index(None, "agent", "began_at"), Index(None, "began_at"), Index(None, "ended_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    node: Mapped[str] = mapped_column(String(40))
    agent: Mapped[str] = mapped_column(String(6))
    seat: Mapped[str | None] = mapped_column(String(6))
    state: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(100))
    by: Mapped[str] = mapped_column(String(40))
    call_id: Mapped[str | None] = mapped_column(String(80))
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class SeatFault(Base):
    """A seat's phone could not be reached while somebody was signed in there: from start to end."""

    __tablename__ = "seat_faults"
    __table_args__ = (Index(None, "began_at"), Index(None, "ended_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    node: Mapped[str] = mapped_column(String(40))
    seat: Mapped[str] = mapped_column(String(6))
    agent: Mapped[str | None] = mapped_column(String(6))
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class AgentEvent(Base):
    __tablename__ = "agent_events"
    __table_args__ = (Index(None, "agent", "at"), Index(None, "call_id"), Index(None, "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    node: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    act: Mapped[str] = mapped_column(String(20))
    agent: Mapped[str | None] = mapped_column(String(6))
    seat: Mapped[str | None] = mapped_column(String(6))
    call_id: Mapped[str | None] = mapped_column(String(80))
    by: Mapped[str] = mapped_column(String(40))
    detail: Mapped[str] = mapped_column(String(320))


class MissedRing(Base):
    """A seat was rung and did not answer, whatever the reason: how long it rang tells one who missed from one who could not."""

    __tablename__ = "missed_rings"
    __table_args__ = (Index(None, "at"), Index(None, "call_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    node: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    agent: Mapped[str | None] = mapped_column(String(6))
    seat: Mapped[str] = mapped_column(String(10))
    queue: Mapped[str | None] = mapped_column(String(40))
    call_id: Mapped[str] = mapped_column(String(80))
    ring_s: Mapped[float | None]     # 0: refused at the phone
