"""The columns that every message has which goes over one channel to one address. Its table says what it is about."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

_WAITS: Final = text("next_at IS NOT NULL")


class OnItsWay:
    """`next_at` NULL: it is sent, given up, or needless (none of the moments then). A table of them has the index `due`."""

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(40))                # "mail", "text", "robot:<id>"
    address: Mapped[str] = mapped_column(String(200), default="")   # "" of a robot, which has one
    tries: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None] = mapped_column(index=True)
    error: Mapped[str | None] = mapped_column(String(80))


def due(table: str) -> Index:
    """By which the next one is found, however many were sent."""
    return Index(f"ix_{table}_next_at", "next_at", sqlite_where=_WAITS, postgresql_where=_WAITS)
