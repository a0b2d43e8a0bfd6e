"""One row a callback that was asked for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Base


class CallbackRow(Base):
    """Its id is the call that asked for it. `place` is the call that waits in the queue for it now."""

    __tablename__ = "callbacks"
    # The second: what was cancelled lately is asked every other second.
    __table_args__ = (Index(None, "state", "next_at"), Index(None, "state", "since"))

    callback_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    queue: Mapped[str] = mapped_column(String(40))
    number: Mapped[str] = mapped_column(String(32), index=True)
    household_id: Mapped[int | None] = mapped_column(index=True)
    language: Mapped[str | None] = mapped_column(String(2))
    state: Mapped[str] = mapped_column(String(12))
    attempts: Mapped[int]
    asked_at: Mapped[datetime] = mapped_column(index=True)
    since: Mapped[datetime]
    next_at: Mapped[datetime | None]
    place: Mapped[str | None] = mapped_column(String(80), index=True)
