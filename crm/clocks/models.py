"""Clocks of tickets, and the office hours that they go by."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Dialect, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from crm.database import Base

OPEN = "standing != 'stopped'"     # in the words of the partial indexes, which a query must use to be served by one
MICROSECOND = timedelta(microseconds=1)


class Duration(TypeDecorator[timedelta]):
    """Whole microseconds: pausing often must not lose a part of one."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else value // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:  # noqa: ARG002
        return None if value is None else value * MICROSECOND


class TicketClock(Base):
    """One run of a clock. A ticket that comes back to a stage in which it runs has another: what ended has ended."""

    __tablename__ = "ticket_clocks"
    __table_args__ = (
        UniqueConstraint("ticket_id", "clock", "run"),
        # Only clocks to which something can happen are in it: what the tick reads does not grow with those that ended.
        Index("ix_ticket_clocks_next_at", "next_at", sqlite_where=text("next_at IS NOT NULL"),
              postgresql_where=text("next_at IS NOT NULL")),
        Index("ix_ticket_clocks_planned", "planned_by", sqlite_where=text("calendar = 'office' AND next_at IS NOT NULL"),
              postgresql_where=text("calendar = 'office' AND next_at IS NOT NULL")),
        # Lists, each in its own order (`lists.py`).
        Index(None, "standing", "due_at", "id"),
        Index("ix_ticket_clocks_open", "started_at", "id", sqlite_where=text(OPEN), postgresql_where=text(OPEN)),
        Index("ix_ticket_clocks_broken", "broken_at", "id", sqlite_where=text(f"{OPEN} AND broken_at IS NOT NULL"),
              postgresql_where=text(f"{OPEN} AND broken_at IS NOT NULL")),
        Index("ix_ticket_clocks_promised", "due_at", "id", sqlite_where=text("promised"), postgresql_where=text("promised")),
        Index(None, "ended_at"),                # figures
        CheckConstraint("standing IN ('running', 'paused', 'stopped')", name="standing"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    clock: Mapped[str] = mapped_column(String(20))                  # by its kind
    run: Mapped[int]
    calendar: Mapped[str] = mapped_column(String(10))
    planned_by: Mapped[int]                                         # version of the office hours that its moments are of
    terms: Mapped[dict[str, Any]] = mapped_column(JSON)             # of its kind, as they were read with the ticket's fields
    promised: Mapped[bool]                                          # until a time that a caller was told
    standing: Mapped[str] = mapped_column(String(10))
    step: Mapped[int] = mapped_column(default=0)                    # steps taken: warned, broken, rungs
    round: Mapped[int] = mapped_column(default=1)
    allowed: Mapped[timedelta] = mapped_column(Duration)
    spent: Mapped[timedelta] = mapped_column(Duration)
    started_at: Mapped[datetime]
    since: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]                                # NULL: nothing can happen
    broken_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    kept: Mapped[bool | None]                                       # NULL: not ended, or nothing was to be kept any more


class OfficeHours(Base):
    """One row: the site file's schedule as it was last read. Every process that starts a clock must go by the same one."""

    __tablename__ = "office_hours"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]
    timezone: Mapped[str] = mapped_column(String(60))
    schedule: Mapped[dict[str, Any]] = mapped_column(JSON)
