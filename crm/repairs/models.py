"""Work orders, what engineers did, the price list. What was charged and paid: crm/bills/models.py."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.bills.money import Yuan
from crm.database import Base

CURRENT = "ended_at IS NULL"
TO_SEE = "to_see AND dealt_at IS NULL"


class WorkOrder(Base):
    """A repair given to an engineer (派工单): who, when, item, content. A repair that is given out again has another one; at most
    one is current. Where the repair stands, its ticket's stage says."""

    __tablename__ = "work_orders"
    __table_args__ = (UniqueConstraint("ticket_id", "run"), Index(None, "engineer_id", "id"),
                      Index("uq_work_orders_current", "ticket_id", unique=True, sqlite_where=text(CURRENT),
                            postgresql_where=text(CURRENT)),
                      CheckConstraint("state IN ('open', 'declined', 'handed_back', 'taken_back', 'done', 'ended')", name="state"))

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(26), unique=True)         # the ticket's and which one it is: RE20261122-0007-2
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    run: Mapped[int]
    engineer_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    item: Mapped[str | None] = mapped_column(String(80))                 # the category
    content: Mapped[str | None] = mapped_column(Text)
    planned_at: Mapped[datetime | None]                                  # when to be there
    state: Mapped[str] = mapped_column(String(12), default="open")
    dispatched_at: Mapped[datetime]
    dispatched_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))     # NULL: by itself
    reasons: Mapped[list[str]]                                           # why this engineer, as it was proposed
    reason: Mapped[str | None] = mapped_column(String(500))              # why it ended
    needs_skill: Mapped[str | None] = mapped_column(String(20))          # the other trade that it needs, as the engineer found
    agreed: Mapped[Decimal | None] = mapped_column(Yuan)                 # what the household agreed to pay
    accepted_at: Mapped[datetime | None]
    on_site_at: Mapped[datetime | None]                                  # as it counts
    finished_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]                                    # NULL: current


class RepairStep(Base):
    """What an engineer's phone said was done. Rows are only added; what became of one is decided once."""

    __tablename__ = "repair_steps"
    __table_args__ = (UniqueConstraint("ticket_id", "client_id"),
                      Index("ix_repair_steps_to_see", "id", sqlite_where=text(TO_SEE), postgresql_where=text(TO_SEE)),
                      Index("ix_repair_steps_waiting", "id", sqlite_where=text("outcome = 'waiting'"),
                            postgresql_where=text("outcome = 'waiting'")),
                      CheckConstraint("outcome IN ('done', 'waiting', 'kept')", name="outcome"))

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("work_orders.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    client_id: Mapped[str] = mapped_column(String(36))                   # the phone's own
    after: Mapped[str | None] = mapped_column(String(36))                # … of the step that it was made upon
    what: Mapped[str] = mapped_column(String(20))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    digest: Mapped[str] = mapped_column(String(64))                      # of all that was sent
    done_at: Mapped[datetime]                                            # as the phone says
    arrived_at: Mapped[datetime]
    counted_at: Mapped[datetime | None]                                  # as it counts; NULL until it is decided
    flags: Mapped[list[str]]
    outcome: Mapped[str] = mapped_column(String(10), default="waiting")
    code: Mapped[str | None] = mapped_column(String(40))                 # why it waits, or did not fit
    faults: Mapped[list[str]]                                            # fields that did not fit: `fault:missing`
    to_see: Mapped[bool] = mapped_column(default=False)                  # it did not fit, or its time cannot be right
    dealt_at: Mapped[datetime | None]                                    # a leader has seen to it
    dealt_by: Mapped[str | None] = mapped_column(String(40))
    dealt_note: Mapped[str | None] = mapped_column(String(500))


class Price(Base):
    """A line of the price list from a moment on. The newest that is valid counts; an estate's own comes before the general one."""

    __tablename__ = "prices"
    __table_args__ = (
        Index("uq_prices_general", "code", "valid_from", unique=True, sqlite_where=text("estate_id IS NULL"),
              postgresql_where=text("estate_id IS NULL")),
        Index("uq_prices_estate", "code", "estate_id", "valid_from", unique=True, sqlite_where=text("estate_id IS NOT NULL"),
              postgresql_where=text("estate_id IS NOT NULL")),
        CheckConstraint("sort IN ('labour', 'part')", name="sort"))

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20))
    estate_id: Mapped[int | None] = mapped_column(ForeignKey("estates.id"))
    zh: Mapped[str] = mapped_column(String(60))
    en: Mapped[str] = mapped_column(String(80))
    sort: Mapped[str] = mapped_column(String(6))
    unit: Mapped[str] = mapped_column(String(10))
    price: Mapped[Decimal] = mapped_column(Yuan)
    free_in_warranty: Mapped[bool]
    retired: Mapped[bool] = mapped_column(default=False)                 # from then on it is no more
    valid_from: Mapped[datetime]
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(40))
