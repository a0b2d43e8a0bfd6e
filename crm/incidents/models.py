"""Incidents that are known, and who called about them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Base


class KnownIncident(Base):
    """A ticket that further calls are tied to: of an estate, or of one building of it. `over_at`: its callers were told."""

    __tablename__ = "known_incidents"
    __table_args__ = (Index(None, "estate_id", "until"), Index(None, "over_at"))

    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), primary_key=True)
    estate_id: Mapped[int] = mapped_column(ForeignKey("estates.id"))
    building_id: Mapped[int | None] = mapped_column(ForeignKey("buildings.id"))
    since: Mapped[datetime]
    until: Mapped[datetime]              # calls after it are no longer taken to be about it
    by: Mapped[str] = mapped_column(String(40))
    over_at: Mapped[datetime | None]     # it is closed and everybody who called has a follow-up


class IncidentCall(Base):
    """A call about a known incident. `call_id` is no foreign key, as elsewhere: the journal may come later."""

    __tablename__ = "incident_calls"
    __table_args__ = (UniqueConstraint("ticket_id", "call_id"), Index(None, "ticket_id", "id"), Index(None, "followup_id"),
                      Index(None, "at"))       # what was tied lately may propose an emergency

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    at: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    call_id: Mapped[str | None] = mapped_column(String(80), index=True)
    household_id: Mapped[int | None] = mapped_column(ForeignKey("households.id"), index=True)
    contact_number: Mapped[str | None] = mapped_column(String(32), index=True)
    followup_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"))
