"""Sealed recordings, their waveforms and notes, and who listens. Whether there is one, the call's row says (`recording_state`)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Base


class SealedRecording(Base):
    """An encrypted file below the recordings folder. `calls.recording_sha256` and `…_bytes` are those of the sound in it."""

    __tablename__ = "recordings"
    __table_args__ = (Index(None, "key_id", "call_id"), Index(None, "verified_at"))

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.call_id", ondelete="CASCADE"), primary_key=True)
    path: Mapped[str] = mapped_column(String(210))
    key_id: Mapped[str] = mapped_column(String(20))
    sealed_at: Mapped[datetime]
    sealed_bytes: Mapped[int] = mapped_column(BigInteger)
    sealed_sha256: Mapped[str] = mapped_column(String(64))           # of the encrypted file: verified without a key
    peaks: Mapped[bytes] = mapped_column(LargeBinary)                # the waveform, a byte a column, 255 is full scale
    verified_at: Mapped[datetime | None]
    fault: Mapped[str | None] = mapped_column(String(20))            # what the last check found: gone, changed, unreadable


class RecordingNote(Base):
    __tablename__ = "recording_notes"
    __table_args__ = (CheckConstraint("at_s >= 0", name="at_s"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.call_id", ondelete="CASCADE"), index=True)
    at_s: Mapped[float]                                              # where in the recording
    text: Mapped[str] = mapped_column(Text)
    who: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]


class GreetingCheck(Base):
    """Whether the agent greeted the caller, as a leader heard it (K3). The newest ear counts."""

    __tablename__ = "greeting_checks"

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.call_id", ondelete="CASCADE"), primary_key=True)
    said: Mapped[bool]
    at: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class Listening(Base):
    """A browser that listens to a recording: its many range requests are one listening, and one row of the audit."""

    __tablename__ = "listenings"
    __table_args__ = (UniqueConstraint("sign_in_id", "call_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    sign_in_id: Mapped[int]          # no foreign key: sign-ins go when they have expired
    call_id: Mapped[str] = mapped_column(String(80))
    last_at: Mapped[datetime] = mapped_column(index=True)
    before_at: Mapped[datetime | None]       # `last_at` as it was: how long ago the last request was
