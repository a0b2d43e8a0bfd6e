"""Skills of people, and the duty roster: shifts and leave."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Base


class Skill(Base):
    """A trade. `serves`: categories of repairs that ask for it, each with all below it; the longest one that fits wins."""

    __tablename__ = "skills"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    zh: Mapped[str] = mapped_column(String(20))
    en: Mapped[str] = mapped_column(String(40))
    serves: Mapped[list[str]]
    retired: Mapped[bool] = mapped_column(default=False)


class UserSkill(Base):
    __tablename__ = "user_skills"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    skill: Mapped[str] = mapped_column(ForeignKey("skills.code"), primary_key=True)


class Shift(Base):
    """Somebody is on duty of a kind (`engineer`, `desk`, `night`, …), for an estate or all."""

    __tablename__ = "shifts"
    __table_args__ = (Index(None, "begins_at", "id"), Index(None, "ends_at"), Index(None, "user_id", "begins_at"),
                      CheckConstraint("ends_at > begins_at", name="length"))

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    duty: Mapped[str] = mapped_column(String(20))
    estate_id: Mapped[int | None] = mapped_column(ForeignKey("estates.id"))     # NULL: all
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(40))
    version: Mapped[int] = mapped_column(default=1)


class Leave(Base):
    """Somebody is away, whatever the shifts say."""

    __tablename__ = "leaves"
    __table_args__ = (Index(None, "begins_at", "id"), Index(None, "ends_at"), CheckConstraint("ends_at > begins_at", name="length"))

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    why: Mapped[str] = mapped_column(String(20))           # holiday, sick, training, …
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(40))
