"""Notices, to whom they went, and their deliveries outside the pages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Base
from crm.letters.models import OnItsWay, due


class Notice(Base):
    """What one rung told. It is never changed but for what became of it."""

    __tablename__ = "notices"
    __table_args__ = (
        # A step of a clock tells once; a notice that nobody acknowledged climbs once.
        Index("uq_notices_step", "clock_id", "round", "what", "rung", unique=True, sqlite_where=text("parent_id IS NULL"),
              postgresql_where=text("parent_id IS NULL")),
        Index("uq_notices_parent_id", "parent_id", unique=True),
        Index("ix_notices_waits", "waits_since", sqlite_where=text("waits_since IS NOT NULL"),
              postgresql_where=text("waits_since IS NOT NULL")),
        Index("ix_notices_new", "id", sqlite_where=text("fanned_out_at IS NULL"), postgresql_where=text("fanned_out_at IS NULL")),
        CheckConstraint("what IN ('told', 'warned', 'broken', 'climbed')", name="what"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), index=True)
    clock_id: Mapped[int] = mapped_column(ForeignKey("ticket_clocks.id"), index=True)
    round: Mapped[int]                                  # of the clock
    rung: Mapped[int | None]                            # of its ladder; NULL of a warning
    what: Mapped[str] = mapped_column(String(10))       # told (it has begun); warned; broken (a rung); climbed
    whom: Mapped[str] = mapped_column(String(20))       # a role, `owner` or `assignee`
    at: Mapped[datetime]
    waits_since: Mapped[datetime | None]                # for somebody to acknowledge it; NULL: no longer, or never
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("notices.id"))    # the one that nobody acknowledged
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    climbed_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]                 # the clock ended
    fanned_out_at: Mapped[datetime | None]              # its deliveries were made


class NoticePerson(Base):
    """Who was told, as the roles and the ticket were then."""

    __tablename__ = "notice_people"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"), primary_key=True, index=True)


class Delivery(OnItsWay, Base):
    __tablename__ = "notice_deliveries"
    __table_args__ = (UniqueConstraint("notice_id", "channel", "address"), due("notice_deliveries"))

    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"))
