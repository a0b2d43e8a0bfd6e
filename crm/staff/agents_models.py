"""Agents, their skills and PINs. The journal and every order know an agent by its code; `id` is the tables' own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.database import Base


class AgentRow(Base):
    """Never deleted: the journal goes on naming it. Who has left is not `active`, and is not in the roster."""

    __tablename__ = "agents"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(6), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    team: Mapped[str | None] = mapped_column(String(31))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), unique=True)
    pin_hash: Mapped[str | None] = mapped_column(String(200))   # None: cannot sign in at a phone
    languages: Mapped[list[str]]
    estates: Mapped[list[str]]
    spokesperson: Mapped[bool] = mapped_column(default=False)
    leader: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]

    skills: Mapped[list[AgentSkill]] = relationship(
        lazy="raise", order_by="AgentSkill.queue", cascade="all, delete-orphan")


class AgentSkill(Base):
    __tablename__ = "agent_skills"
    __table_args__ = (CheckConstraint("level BETWEEN 1 AND 9", name="level"),)

    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"), primary_key=True)
    queue: Mapped[str] = mapped_column(String(31), primary_key=True)
    level: Mapped[int]       # 1 is best


class RosterVersion(Base):
    """One row. Raised in the transaction of each change, so that crm sees in one cheap query that there is something to
    tell, whichever process made the change."""

    __tablename__ = "roster_version"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]


class FailedPin(Base):
    __tablename__ = "failed_pins"
    __table_args__ = (Index(None, "code", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(6))
    at: Mapped[datetime]
