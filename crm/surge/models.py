"""Surges, every change of tier, what was reported of it and to whom that went; and the one row of what holds now."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Base
from crm.letters.models import OnItsWay, due


class SurgeLine(Base):
    """The line's state, one row. `version` counts what people see change (tier, hold), `writes` every writing of the row."""

    __tablename__ = "surge_line"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[dict[str, Any]] = mapped_column(JSON)              # tiers.State
    signals: Mapped[dict[str, Any] | None] = mapped_column(JSON)     # tiers.Signals, the newest that was written
    surge_id: Mapped[int | None] = mapped_column(ForeignKey("surges.id"))
    version: Mapped[int] = mapped_column(default=1)
    writes: Mapped[int] = mapped_column(default=1)


class SurgeRow(Base):
    __tablename__ = "surges"
    __table_args__ = (Index("ix_surges_declared_at_id", "declared_at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    declared_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    highest: Mapped[int]
    drill: Mapped[bool]


class SurgeChange(Base):
    """A change of tier or of a hold, with the figures then. Never changed but for `acted_at`: what follows from it was done."""

    __tablename__ = "surge_changes"
    __table_args__ = (
        Index("ix_surge_changes_new", "id", sqlite_where=text("acted_at IS NULL"), postgresql_where=text("acted_at IS NULL")),
        CheckConstraint("act IN ('declared', 'rose', 'fell', 'raised', 'lowered', 'held', 'let_go', 'hold_over')", name="act"))

    id: Mapped[int] = mapped_column(primary_key=True)
    surge_id: Mapped[int] = mapped_column(ForeignKey("surges.id"), index=True)
    at: Mapped[datetime]
    act: Mapped[str] = mapped_column(String(10))
    before: Mapped[int]
    tier: Mapped[int]
    why: Mapped[list[str]]
    reason: Mapped[str] = mapped_column(String(200))
    by: Mapped[str] = mapped_column(String(40))                      # a user's name; "": by itself
    signals: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    acted_at: Mapped[datetime | None]


class SurgeReport(Base):
    """A situation report (B7): the facts, from which page, paper and message are made in either language."""

    __tablename__ = "surge_reports"
    __table_args__ = (Index("ix_surge_reports_at_id", "at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    surge_id: Mapped[int | None] = mapped_column(ForeignKey("surges.id"), index=True)
    change_id: Mapped[int | None] = mapped_column(ForeignKey("surge_changes.id"), unique=True)   # NULL: somebody asked for it
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(40))
    tier: Mapped[int]
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)              # situation.Situation


class SurgeLetter(OnItsWay, Base):
    __tablename__ = "surge_letters"
    __table_args__ = (UniqueConstraint("report_id", "channel", "address"), due("surge_letters"))

    report_id: Mapped[int] = mapped_column(ForeignKey("surge_reports.id"))
    climbed: Mapped[bool] = mapped_column(default=False)             # because nobody below acknowledged


class SurgeTelling(Base):
    """That a role was told of a report, as `notices.models.Notice` is of a rung; acknowledged by one who has the role."""

    __tablename__ = "surge_tellings"
    __table_args__ = (
        UniqueConstraint("report_id", "whom"),
        Index("ix_surge_tellings_waits", "waits_since", sqlite_where=text("waits_since IS NOT NULL"),
              postgresql_where=text("waits_since IS NOT NULL")))

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("surge_reports.id"))
    whom: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]
    waits_since: Mapped[datetime | None]                             # NULL: no longer, or never
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    climbed_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]                              # a newer report of the surge was told
