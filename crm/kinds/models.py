"""Definitions of kinds, each version as it was written."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Base


class KindVersion(Base):
    """Rows are only ever added: tickets go on by the version under which they were opened."""

    __tablename__ = "ticket_kinds"

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))     # SHA-256 of the text: what a process has read once it need not read again
    since: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(40))
