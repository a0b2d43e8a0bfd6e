"""Tickets and the counter of their numbers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Base


class Ticket(Base):
    __tablename__ = "tickets"
    # The list is in the order of ids; each of its filters that leaves few rows has an index in that order.
    __table_args__ = (Index(None, "state", "id"), Index(None, "kind", "state", "id"), Index(None, "kind", "stage", "id"),
                      Index(None, "estate_id", "state", "id"), Index(None, "owner_id", "state", "id"),
                      Index(None, "assignee_id", "state", "id"), Index(None, "offered_to_id", "state", "id"),
                      Index(None, "household_id", "id"), Index(None, "contact_number", "id"),
                      Index(None, "state", "closed_at"),       # retention asks by it
                      Index(None, "kind", "created_at"),       # and the monthly report
                      Index("ix_tickets_about", "about_id", "id", sqlite_where=text("about_id IS NOT NULL"),
                            postgresql_where=text("about_id IS NOT NULL")),
                      Index("ix_tickets_asked", "department", "id", sqlite_where=text("department IS NOT NULL"),
                            postgresql_where=text("department IS NOT NULL")),
                      CheckConstraint("state IN ('open', 'closed')", name="state"))

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    kind: Mapped[str] = mapped_column(String(20), index=True)
    kind_version: Mapped[int] = mapped_column(default=1)             # of the definition that it goes on by
    stage: Mapped[str] = mapped_column(String(20), default="open")   # `state` says whether it is a final one
    reason: Mapped[str | None] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(10), default="open")
    household_id: Mapped[int | None] = mapped_column(ForeignKey("households.id"))
    call_id: Mapped[str | None] = mapped_column(String(80), index=True)
    queue: Mapped[str | None] = mapped_column(String(40))
    contact_number: Mapped[str | None] = mapped_column(String(32))
    notes: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str | None] = mapped_column(String(200))
    category: Mapped[str | None] = mapped_column(String(80))         # "water/pipe"
    fields: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    estate_id: Mapped[int | None] = mapped_column(ForeignKey("estates.id"))     # the household's, or said
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))      # answers for it (E1)
    offered_to_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # asked to take it over, has not answered
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))   # works on it now
    about_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))      # whom it is about, who must not know of it (D3)
    department: Mapped[str | None] = mapped_column(String(40))       # is on the ticket until it answers (E4)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"), index=True)
    parent_as: Mapped[str | None] = mapped_column(String(12))        # what this one is of its parent: rework, duplicate, …
    version: Mapped[int] = mapped_column(default=1)                  # counts changes: the ETag
    created_at: Mapped[datetime] = mapped_column(index=True)
    updated_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    # What made it, when a machine did ("callback:<call id>"): the same cause never makes two.
    cause: Mapped[str | None] = mapped_column(String(100), unique=True)


class TicketEvent(Base):
    """The timeline of a ticket: what was done to it, by whom. Rows are only ever added."""

    __tablename__ = "ticket_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), index=True)
    at: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    what: Mapped[str] = mapped_column(String(20))                    # opened, moved, noted, assigned, filled_in, clock, …
    data: Mapped[dict[str, Any]] = mapped_column(JSON)


class Attachment(Base):
    """A file of a ticket. Where it lies is our choice; what it was called is shown and means nothing."""

    __tablename__ = "attachments"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), index=True)
    at: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(120))
    type: Mapped[str] = mapped_column(String(40))                    # by what the file begins with, not by what was said of it
    bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    path: Mapped[str] = mapped_column(String(80), unique=True)       # below the attachments folder


class TicketCounter(Base):
    """The last number given on a local day, to whatever kind: the digits alone name a ticket to who dials them."""

    __tablename__ = "ticket_counters"

    day: Mapped[date] = mapped_column(primary_key=True)
    last: Mapped[int]
