"""Leaders' shifts and their logs, as tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Base


class LeaderShift(Base):
    """`on` is TRUE while it lasts and NULL afterwards: one leader at a time. `matters` is what was open when it ended, as ids
    (`crm.shifts.matters.Matters`): who reads it sees of that what the reader may see."""

    __tablename__ = "leader_shifts"
    __table_args__ = (Index("ix_leader_shifts_began_at_id", "began_at", "id"),
                      CheckConstraint("how IN ('begun', 'handed', 'taken')", name="how"))

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    who: Mapped[str] = mapped_column(String(40))
    began_at: Mapped[datetime]
    how: Mapped[str] = mapped_column(String(8))              # taken: from one who had not handed it over
    after_id: Mapped[int | None] = mapped_column(ForeignKey("leader_shifts.id"))
    reason: Mapped[str | None] = mapped_column(Text)         # … and why
    on: Mapped[bool | None] = mapped_column(unique=True)
    words: Mapped[str | None] = mapped_column(Text)          # of the hand-over, while it is offered and afterwards
    to: Mapped[str | None] = mapped_column(String(40))       # a user; None: whichever leader comes
    offered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    matters: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    version: Mapped[int] = mapped_column(default=1)


class ShiftEntry(Base):
    """A line of the log. Never changed: who erred writes another."""

    __tablename__ = "shift_entries"
    __table_args__ = (Index(None, "shift_id", "id"), CheckConstraint(
        "sort IN ('event', 'staffing', 'complaint', 'equipment', 'instruction', 'other')", name="sort"))

    id: Mapped[int] = mapped_column(primary_key=True)
    shift_id: Mapped[int] = mapped_column(ForeignKey("leader_shifts.id"))
    at: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    sort: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(Text)
    subject: Mapped[str | None] = mapped_column(String(80))  # ticket:12, call:…, agent:801, emergency:3
