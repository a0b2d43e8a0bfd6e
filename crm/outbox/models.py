"""The outbox: a row for each thing that happened, in the transaction in which it happened.

Whoever relays it marks the row; rows and not a cursor, because on PostgreSQL a smaller id may be committed after a greater one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Base


class OutboxEntry(Base):
    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_waiting", "id", sqlite_where=text("relayed_at IS NULL"),
                            postgresql_where=text("relayed_at IS NULL")),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    what: Mapped[str] = mapped_column(String(40))        # "ticket.opened"
    subject: Mapped[str] = mapped_column(String(80))     # "ticket:17"
    estate_id: Mapped[int | None] = mapped_column(ForeignKey("estates.id"))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)   # no personal data: ids, codes, stages
    relayed_at: Mapped[datetime | None]
