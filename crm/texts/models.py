"""Texts to households. `address` is their number: it goes when its person is forgotten."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Base
from crm.letters.models import OnItsWay, due


class Text(OnItsWay, Base):
    """`household_id` is no foreign key: what was sent is history."""

    __tablename__ = "texts"
    __table_args__ = (UniqueConstraint("purpose", "subject"), due("texts"), Index(None, "address"))

    purpose: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(80))          # the purpose's own word for what it is about; sent once
    household_id: Mapped[int | None]
    language: Mapped[str] = mapped_column(String(2))
    made_at: Mapped[datetime] = mapped_column(index=True)
