"""Which tickets an employee handed in, in the words of that moment: the ticket goes on, and gains what they are not to read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Base


class HandedIn(Base):
    __tablename__ = "requests"
    __table_args__ = (Index(None, "by_id", "ticket_id"),)

    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), primary_key=True, autoincrement=False)
    by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime] = mapped_column(index=True)
    words: Mapped[str | None] = mapped_column(Text)          # NULL: forgotten, as the ticket
    place: Mapped[str | None] = mapped_column(String(60))
