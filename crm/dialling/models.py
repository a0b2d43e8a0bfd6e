"""What is to be rung, and each try."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Base

OPEN = text("state <> 'over'")


class DialTask(Base):
    """`next_at`: of one that waits, when it is due; of one that is dialled, when nobody expects the journal's word any more.

    `number` is personal data: it goes when its person is forgotten. `household_id` is no foreign key: what was rung is history.
    """

    __tablename__ = "dial_tasks"
    __table_args__ = (
        Index(None, "state", "next_at"),
        Index(None, "purpose", "subject"),
        # Who asks twice is rung once.
        Index("uq_dial_tasks_open", "purpose", "subject", "number", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
        CheckConstraint("state IN ('waiting', 'dialled', 'stopping', 'over')", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(String(16), unique=True)      # as acd, astdb and the journal know it; never used again
    purpose: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(80))                   # the purpose's own word for what it is about
    number: Mapped[str] = mapped_column(String(32), index=True)
    household_id: Mapped[int | None] = mapped_column(index=True)
    prompts: Mapped[list[str]]
    keys: Mapped[str] = mapped_column(String(10))
    thanks: Mapped[dict[str, str]] = mapped_column(JSON)
    language: Mapped[str] = mapped_column(String(2))
    urgent: Mapped[bool]
    staff: Mapped[bool]
    tries: Mapped[int]
    retry_s: Mapped[int]
    until: Mapped[datetime | None]
    made_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(8))
    since: Mapped[datetime]
    next_at: Mapped[datetime | None]
    attempts: Mapped[int]                                              # that were begun
    node: Mapped[str | None] = mapped_column(String(40))               # on which the last one was begun, where acd said so
    outcome: Mapped[str | None] = mapped_column(String(8))             # of one that is over: schemas.Outcome
    why: Mapped[str | None] = mapped_column(String(20))                # of one that was refused
    key: Mapped[str | None] = mapped_column(String(1))                 # that was pressed


class DialTry(Base):
    """One result an attempt: the key is what keeps a second one out."""

    __tablename__ = "dial_tries"

    dial_task_id: Mapped[int] = mapped_column(ForeignKey("dial_tasks.id", ondelete="CASCADE"), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(index=True)
    result: Mapped[str] = mapped_column(String(8))                     # answered, busy, noanswer or failed
    key: Mapped[str] = mapped_column(String(1))
