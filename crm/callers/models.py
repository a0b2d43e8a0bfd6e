"""Numbers that are treated in their own way. Rows are never deleted: who did what, and when it was lifted, stays."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Base


class Treatment(Base):
    """`level` holds while `state` is active and `until` has not come. A report waits for a leader and holds nothing."""

    __tablename__ = "caller_treatments"
    __table_args__ = (
        CheckConstraint("level IN ('warn', 'queue', 'block', 'press')", name="level"),
        CheckConstraint("state IN ('reported', 'active', 'lifted')", name="state"),
        Index("uq_caller_treatments_active", "number", unique=True, sqlite_where=text("state = 'active'"),
              postgresql_where=text("state = 'active'")),
        Index(None, "number", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(32))
    level: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text)
    call_id: Mapped[str | None] = mapped_column(String(80))
    by: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(index=True)
    until: Mapped[datetime | None]
    lifted_by: Mapped[str | None] = mapped_column(String(40))
    lifted_at: Mapped[datetime | None]
