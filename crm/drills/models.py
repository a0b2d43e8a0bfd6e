"""Drills that were held, their calls, and what was noticed. Their calls are here and never in `calls`: no figure can count them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Base


class DrillRow(Base):
    """`on` is TRUE while it lasts and NULL afterwards: one at a time. `asked` is the last caller whom acd was asked for, written
    before it is asked, so that nobody is asked for twice; `refused` counts those who did not come, by why."""

    __tablename__ = "drills"
    __table_args__ = (Index("ix_drills_began_at_id", "began_at", "id"), Index(None, "name", "id"),
                      CheckConstraint("state IN ('running', 'stopping', 'over')", name="state"))

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    scenario: Mapped[dict[str, Any]] = mapped_column(JSON)             # scenario.Scenario
    reason: Mapped[str] = mapped_column(String(200))
    by: Mapped[str] = mapped_column(String(40))
    began_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(8))
    on: Mapped[bool | None] = mapped_column(unique=True)
    asked: Mapped[int]
    refused: Mapped[dict[str, int]] = mapped_column(JSON)
    stopped_at: Mapped[datetime | None]                                # its last caller was called off, or it came to its end
    stopped_by: Mapped[str] = mapped_column(String(40))                # a user; "": by itself
    why: Mapped[str] = mapped_column(String(20))                  # done, by_hand, callers, surge, acd_silent, refused, too_long
    ended_at: Mapped[datetime | None]
    summary: Mapped[dict[str, Any] | None] = mapped_column(JSON)       # summary.Summary


class DrillCallRow(Base):
    """One simulated call, as the journal tells it. `drill_id` is no foreign key: the journal is history."""

    __tablename__ = "drill_calls"
    __table_args__ = (Index(None, "drill_id", "number"),)

    call_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    drill_id: Mapped[int]
    number: Mapped[int]
    node: Mapped[str] = mapped_column(String(40))
    entered_at: Mapped[datetime | None]
    queue: Mapped[str | None] = mapped_column(String(40))
    stage: Mapped[int]
    queued_at: Mapped[datetime | None]
    rang_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    seat: Mapped[str | None] = mapped_column(String(10))
    wait_s: Mapped[float | None]
    talk_s: Mapped[float | None]
    outcome: Mapped[str | None] = mapped_column(String(20))
    over: Mapped[str | None] = mapped_column(String(20))               # acd ended it: gave_way, stopped
    fold: Mapped[dict[str, Any]] = mapped_column(JSON)                 # calls.record.CallRecord


class DrillNote(Base):
    __tablename__ = "drill_notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    drill_id: Mapped[int] = mapped_column(ForeignKey("drills.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text)
