"""Outages as the database keeps them once it is there: what the guard told, who noted the cause, whom they cost a call."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Base


class OutageRow(Base):
    """`outage_id` is the guard's: the same outage is one row, however often it is told."""

    __tablename__ = "outages"
    __table_args__ = (Index(None, "began_at", "id"),
                      Index("ix_outages_unlisted", "id", sqlite_where=text("listed_at IS NULL"),
                            postgresql_where=text("listed_at IS NULL")))

    id: Mapped[int] = mapped_column(primary_key=True)
    outage_id: Mapped[str] = mapped_column(String(60), unique=True)
    component: Mapped[str] = mapped_column(String(30))
    detail: Mapped[str] = mapped_column(String(80))
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    over_at: Mapped[datetime | None]                    # when that was told: it had to stay well for a while
    step_s: Mapped[int] = mapped_column(default=0)      # of the last rung that was told
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None] = mapped_column(String(40))
    passed_on: Mapped[bool] = mapped_column(default=False)      # the guard was told who acknowledged
    cause: Mapped[str | None] = mapped_column(Text)
    cause_at: Mapped[datetime | None]
    cause_by: Mapped[str | None] = mapped_column(String(40))
    listed_at: Mapped[datetime | None]                  # its lost callers are on the list
    lost: Mapped[int | None]                            # how many are
    unreachable: Mapped[int | None]                     # … and how many withheld their number
    version: Mapped[int] = mapped_column(default=1)


class OutageLine(Base):
    """A line of the guard's files: `file` is the name in its first line."""

    __tablename__ = "outage_lines"
    __table_args__ = (Index(None, "outage_id", "at"),)

    file: Mapped[str] = mapped_column(String(32), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outage_id: Mapped[str] = mapped_column(ForeignKey("outages.outage_id"))
    at: Mapped[datetime]
    what: Mapped[str] = mapped_column(String(20))       # Began, Told, Acknowledged, Ended; sent, not_sent
    data: Mapped[dict[str, Any]] = mapped_column(JSON)


class LostCaller(Base):
    """A call that a fault cost, to be rung back. Who called is in the call's record alone. `outage_id` NULL: Asterisk was back
    before it was an outage."""

    __tablename__ = "lost_callers"
    __table_args__ = (CheckConstraint("how IN ('lost', 'cut_off', 'abandoned')", name="how"), Index(None, "outage_id", "at"))

    call_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    outage_id: Mapped[str | None] = mapped_column(ForeignKey("outages.outage_id"))
    at: Mapped[datetime]                                # when the call ended
    how: Mapped[str] = mapped_column(String(10))
    rings: Mapped[bool]                                 # the line itself rings back; else the ticket alone
