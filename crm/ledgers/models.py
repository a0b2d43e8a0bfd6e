"""Which periods of which kinds were made."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Base


class LedgerPeriod(Base):
    """Written in the transaction in which the last ticket of the period was made."""

    __tablename__ = "ledger_periods"

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    period: Mapped[str] = mapped_column(String(12), primary_key=True)     # 2026-11-22, 2026-W47, 2026-11
    made_at: Mapped[datetime]
    tickets: Mapped[int]
