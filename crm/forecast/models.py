"""Forecasts as they stood when the day began, with what came; queues' pace; who has fallen out, and what was proposed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Base


class ForecastInterval(Base):
    """Half an hour of a queue. Without `made_at` nothing was forecast for it: it is history. `came` once it is over."""

    __tablename__ = "forecast_intervals"
    __table_args__ = (Index(None, "begins_at"), Index(None, "day"))

    queue: Mapped[str] = mapped_column(String(40), primary_key=True)
    begins_at: Mapped[datetime] = mapped_column(primary_key=True)
    day: Mapped[date]                    # local
    made_at: Mapped[datetime | None]
    expected: Mapped[float | None]
    low: Mapped[int | None]
    high: Mapped[int | None]
    came: Mapped[int | None]


class QueuePace(Base):
    """How long a call takes and how long callers wait, of the days learned from."""

    __tablename__ = "queue_paces"

    queue: Mapped[str] = mapped_column(String(40), primary_key=True)
    made_at: Mapped[datetime]
    calls: Mapped[int]
    handling_s: Mapped[float]
    gave_up: Mapped[int]
    patience_s: Mapped[float]


class FallenOutReport(Base):
    """Agents who have fallen out, as somebody told it, with the proposal that was made (C6). Why they did is not asked for."""

    __tablename__ = "fallen_out_reports"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    by: Mapped[str] = mapped_column(String(40))
    since: Mapped[datetime]
    out: Mapped[int]                     # how many are out now, those of reports before too
    in_time: Mapped[bool]
    manager_told: Mapped[bool]
    proposal: Mapped[dict[str, Any]] = mapped_column(JSON)


class FallenOut(Base):
    __tablename__ = "fallen_out"
    __table_args__ = (Index(None, "agent", "since"),)

    report_id: Mapped[int] = mapped_column(ForeignKey("fallen_out_reports.id"), primary_key=True)
    agent: Mapped[str] = mapped_column(String(6), primary_key=True)
    since: Mapped[datetime] = mapped_column(index=True)
