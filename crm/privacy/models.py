"""What has been forgotten, how far by rule, and files that are still to go."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Base


class Erasure(Base):
    """A person who asked to be forgotten. The number stays, what it stood for is gone."""

    __tablename__ = "erasures"
    __table_args__ = (Index(None, "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int]
    at: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(Text)
    waits_for: Mapped[list[int]] = mapped_column(JSON)       # tickets that were open then: done when they are closed


class RetentionProgress(Base):
    """How far a rule has come: all that ended up to `through` is done. It only goes on."""

    __tablename__ = "retention_progress"

    rule: Mapped[str] = mapped_column(String(20), primary_key=True)
    through: Mapped[datetime]


class DoomedFile(Base):
    """A file that must go; written in the transaction that forgets what it is of, so that a crash in between loses nothing."""

    __tablename__ = "doomed_files"
    __table_args__ = (UniqueConstraint("folder", "path"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    folder: Mapped[str] = mapped_column(String(20))          # recordings or voicemail
    path: Mapped[str] = mapped_column(String(210))
    at: Mapped[datetime]
