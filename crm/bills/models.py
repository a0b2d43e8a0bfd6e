"""Charges, and what was paid."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from crm.bills.money import Quantity, Yuan
from crm.database import Base


class Charge(Base):
    """A line of a repair's bill, at the price of when it was done. One that is taken off stays, marked."""

    __tablename__ = "charges"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), index=True)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("work_orders.id"))
    client_id: Mapped[str | None] = mapped_column(String(36))            # of the step that made it
    price_id: Mapped[int] = mapped_column(ForeignKey("prices.id"))
    code: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(60))
    sort: Mapped[str] = mapped_column(String(6))
    unit: Mapped[str] = mapped_column(String(10))
    quantity: Mapped[Decimal] = mapped_column(Quantity)
    unit_price: Mapped[Decimal] = mapped_column(Yuan)
    discount: Mapped[Decimal] = mapped_column(Yuan)
    discount_reason: Mapped[str | None] = mapped_column(String(200))
    free: Mapped[bool]                                                   # within warranty
    amount: Mapped[Decimal] = mapped_column(Yuan)
    at: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(40))
    off_at: Mapped[datetime | None]
    off_by: Mapped[str | None] = mapped_column(String(40))
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("settlements.id"))     # NULL: owed


class Settlement(Base):
    """What was paid, or given back: rows are only added (triggers refuse all else). A reversal is a row with the sum negative."""

    __tablename__ = "settlements"
    __table_args__ = (CheckConstraint("method IN ('cash', 'transfer', 'wechat', 'alipay', 'on_account')", name="method"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), index=True)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("work_orders.id"))
    at: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(40))
    method: Mapped[str] = mapped_column(String(10))
    amount: Mapped[Decimal] = mapped_column(Yuan)
    receipt: Mapped[str | None] = mapped_column(String(40), unique=True)
    lines: Mapped[list[dict[str, str]]] = mapped_column(JSON)            # the charges, as they were
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("settlements.id"), unique=True)
    reason: Mapped[str | None] = mapped_column(String(200))
