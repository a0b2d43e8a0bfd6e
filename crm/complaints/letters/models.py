"""Templates of letters in versions, letters, and the counter of their numbers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Base


class LetterTemplate(Base):
    """A version never changes but for its approval; the newest approved one is what letters are drafted from."""

    __tablename__ = "letter_templates"
    __table_args__ = (UniqueConstraint("kind", "code", "language", "version"),
                      CheckConstraint("language IN ('zh', 'en')", name="language"))

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))                    # of tickets
    code: Mapped[str] = mapped_column(String(20))                    # acknowledgement, result, …
    language: Mapped[str] = mapped_column(String(2))
    version: Mapped[int]
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    written_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))      # NULL: shipped
    written_at: Mapped[datetime]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    approved_at: Mapped[datetime | None]


class Letter(Base):
    """Its words can be changed until it is approved; then it has a number, a PDF with the ticket, and never changes again."""

    __tablename__ = "letters"
    __table_args__ = (CheckConstraint("state IN ('draft', 'approved', 'sent', 'withdrawn')", name="state"),
                      Index("ix_letters_waiting", "id", sqlite_where=text("state = 'draft'"),
                            postgresql_where=text("state = 'draft'")))

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), index=True)
    template_id: Mapped[int] = mapped_column(ForeignKey("letter_templates.id"))
    language: Mapped[str] = mapped_column(String(2))
    number: Mapped[str | None] = mapped_column(String(20), unique=True)
    state: Mapped[str] = mapped_column(String(10))
    version: Mapped[int] = mapped_column(default=1)                  # the ETag
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    drafted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    drafted_at: Mapped[datetime]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    approved_at: Mapped[datetime | None]
    attachment_id: Mapped[int | None] = mapped_column(ForeignKey("attachments.id"))
    sent_how: Mapped[str | None] = mapped_column(String(4))          # post, mail, hand
    sent_at: Mapped[datetime | None]
    sent_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class LetterCounter(Base):
    __tablename__ = "letter_counters"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]
