"""Schedules of reports, what each made when it was due, and to whom that went."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.database import Base
from crm.letters.models import OnItsWay, due

Paused = Literal["by_hand", "owner_gone", "owner_rights"]


class ReportSchedule(Base):
    """It runs as its owner: with the roles and estates that the owner has when it runs."""

    __tablename__ = "report_schedules"
    __table_args__ = (
        Index("ix_report_schedules_next_at", "next_at", sqlite_where=text("next_at IS NOT NULL"),
              postgresql_where=text("next_at IS NOT NULL")),
        CheckConstraint("form IN ('xlsx', 'pdf')", name="form"),
        CheckConstraint("every IN ('daily', 'weekly', 'monthly')", name="every"))

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    report: Mapped[str] = mapped_column(String(31))
    period: Mapped[str] = mapped_column(String(12))                  # relative to the local day on which it is due
    given: Mapped[dict[str, Any]] = mapped_column(JSON)              # the report's parameters
    language: Mapped[str] = mapped_column(String(2))
    form: Mapped[str] = mapped_column(String(4))
    every: Mapped[str] = mapped_column(String(8))
    at: Mapped[str] = mapped_column(String(5))                       # local time, "08:00"
    weekday: Mapped[int]
    day: Mapped[int]
    users: Mapped[list[str]]                                         # by name; their addresses are the site file's
    robots: Mapped[list[str]]                                        # ids of the site file
    next_at: Mapped[datetime | None]                                 # NULL: paused
    paused_because: Mapped[Paused | None] = mapped_column(String(12))
    version: Mapped[int] = mapped_column(default=1)                  # of what people set; runs do not count it up
    created_at: Mapped[datetime]


class ReportRun(Base):
    """One due moment of a schedule, once. `content` is there only while it is being sent: nothing of people lies about in it."""

    __tablename__ = "report_runs"
    __table_args__ = (
        UniqueConstraint("schedule_id", "due_at"),
        Index("ix_report_runs_waiting", "due_at", sqlite_where=text("state = 'waiting'"),
              postgresql_where=text("state = 'waiting'")),
        CheckConstraint("state IN ('waiting', 'made', 'failed', 'paused')", name="state"))

    id: Mapped[int] = mapped_column(primary_key=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("report_schedules.id", ondelete="CASCADE"))
    due_at: Mapped[datetime]
    because: Mapped[str] = mapped_column(String(10))                 # "due", "asked" (by hand)
    first: Mapped[date]
    last: Mapped[date]
    state: Mapped[str] = mapped_column(String(8), default="waiting")  # paused: its owner may not have it (any more)
    made_at: Mapped[datetime | None]
    rows: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(String(80))
    subject: Mapped[str | None] = mapped_column(String(200))
    said: Mapped[str | None] = mapped_column(Text)                   # what a robot says and a mail begins with
    file_name: Mapped[str | None] = mapped_column(String(80))
    content: Mapped[bytes | None] = mapped_column(LargeBinary)

    schedule: Mapped[ReportSchedule] = relationship(lazy="raise")


class ReportDelivery(OnItsWay, Base):
    __tablename__ = "report_deliveries"
    __table_args__ = (UniqueConstraint("run_id", "channel", "address"), due("report_deliveries"))

    run_id: Mapped[int] = mapped_column(ForeignKey("report_runs.id", ondelete="CASCADE"))
