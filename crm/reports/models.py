"""What the journal counts in app_queue's own words, and where figures of different sources differ."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Base


class QueueTally(Base):
    """Since Asterisk was started. Written by the recorder, in its transaction. `name` is Asterisk's name of the queue."""

    __tablename__ = "queue_tallies"

    node: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    since: Mapped[datetime | None]       # None: the journal begins after Asterisk's start
    last_at: Mapped[datetime]
    recent: Mapped[list[str]]            # "<epoch>:<kind>" of the last minutes: what the counts were a moment ago
    entered: Mapped[int] = mapped_column(default=0)
    completed: Mapped[int] = mapped_column(default=0)
    transferred: Mapped[int] = mapped_column(default=0)
    abandoned: Mapped[int] = mapped_column(default=0)
    timed_out: Mapped[int] = mapped_column(default=0)
    emptied: Mapped[int] = mapped_column(default=0)


class FigureDifference(Base):
    """The present differences of a day, replaced at each comparison; those of past days stay as midnight found them."""

    __tablename__ = "figure_differences"
    __table_args__ = (Index(None, "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date]
    between: Mapped[str] = mapped_column(String(20))
    queue: Mapped[str] = mapped_column(String(80))
    figure: Mapped[str] = mapped_column(String(40))
    count: Mapped[int]
    rule: Mapped[str] = mapped_column(String(40))     # "": nobody can explain it
    example: Mapped[str | None] = mapped_column(String(80))
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
