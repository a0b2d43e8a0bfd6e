"""Tickets and the counter of their numbers."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Base


class Ticket(Base):
    __tablename__ = "tickets"
    __table_args__ = (Index(None, "state", "created_at"), CheckConstraint("state IN ('open', 'closed')", name="state"))

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    kind: Mapped[str] = mapped_column(String(20), index=True)
    reason: Mapped[str | None] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(10), default="open")
    household_id: Mapped[int | None] = mapped_column(ForeignKey("households.id"), index=True)
    call_id: Mapped[str | None] = mapped_column(String(80), index=True)
    queue: Mapped[str | None] = mapped_column(String(40))
    contact_number: Mapped[str | None] = mapped_column(String(32))
    notes: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(index=True)
    closed_at: Mapped[datetime | None]
    # What made it, when a machine did ("callback:<call id>"): the same cause never makes two.
    cause: Mapped[str | None] = mapped_column(String(100), unique=True)


class TicketCounter(Base):
    """The last number given on a local day."""

    __tablename__ = "ticket_counters"

    day: Mapped[date] = mapped_column(primary_key=True)
    last: Mapped[int]
