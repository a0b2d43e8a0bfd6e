"""Estates, buildings, households, their people and numbers; what people agreed to; which households were one."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import VARCHAR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.database import Base


def searched(length: int) -> Any:
    """Compared byte by byte on both databases, so that an index finds what begins with a text, and sorts."""
    return String(length).with_variant(VARCHAR(length, collation="C"), "postgresql")


class Estate(Base):
    __tablename__ = "estates"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    name_en: Mapped[str | None] = mapped_column(String(60))


class Building(Base):
    __tablename__ = "buildings"
    __table_args__ = (UniqueConstraint("estate_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    estate_id: Mapped[int] = mapped_column(ForeignKey("estates.id"))
    name: Mapped[str] = mapped_column(String(20))

    estate: Mapped[Estate] = relationship(lazy="raise")


class Household(Base):
    """`label` is the whole room number (房号) as people write it, "3-1-502": building without 栋, unit, room; `room_key` is
    the same for every spelling. A household that was merged stays as a redirect: `merged_into` is always the last one."""

    __tablename__ = "households"
    __table_args__ = (UniqueConstraint("building_id", "unit", "room"), Index(None, "room_key", "id"),
                      Index(None, "estate_id", "room_key", "id"),
                      Index("ix_households_merged_into", "merged_into", sqlite_where=text("merged_into IS NOT NULL"),
                            postgresql_where=text("merged_into IS NOT NULL")))

    id: Mapped[int] = mapped_column(primary_key=True)
    building_id: Mapped[int] = mapped_column(ForeignKey("buildings.id"))
    estate_id: Mapped[int] = mapped_column(ForeignKey("estates.id"))        # the building's: lists are by estate
    unit: Mapped[str] = mapped_column(String(10))
    room: Mapped[str] = mapped_column(String(20))
    label: Mapped[str] = mapped_column(String(52), index=True)
    room_key: Mapped[str] = mapped_column(searched(60))
    tags: Mapped[list[str]]                                                 # what the call path reads; `HouseholdTag` finds by
    language: Mapped[str] = mapped_column(String(2), default="zh")
    version: Mapped[int] = mapped_column(default=1, server_default="1")     # of all that belongs to it: the ETag
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("households.id"))

    building: Mapped[Building] = relationship(lazy="raise")
    people: Mapped[list[Person]] = relationship(back_populates="household", lazy="raise", order_by="Person.id")


class HouseholdTag(Base):
    __tablename__ = "household_tags"

    tag: Mapped[str] = mapped_column(ForeignKey("tag_words.code"), primary_key=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id", ondelete="CASCADE"), primary_key=True, index=True)


class TagWords(Base):
    """A tag that households may bear, and what it is called. `retired`: no household gets it any more."""

    __tablename__ = "tag_words"

    code: Mapped[str] = mapped_column(String(21), primary_key=True)
    zh: Mapped[str] = mapped_column(String(20), unique=True)
    en: Mapped[str] = mapped_column(String(40))
    retired: Mapped[bool] = mapped_column(default=False)


class Person(Base):
    """Who moved out has `ended_on` and stays as history; `ended_at` is when the desk was told, and ends the call path's
    knowledge of the person. `no_call_since`: is not rung by us of our own accord."""

    __tablename__ = "people"
    __table_args__ = (
        CheckConstraint("role IN ('owner', 'tenant', 'staff')", name="role"),
        Index("uq_people_household_id_name", "household_id", "name", unique=True, sqlite_where=text("ended_at IS NULL"),
              postgresql_where=text("ended_at IS NULL")),
        Index(None, "household_id"), Index(None, "name"))

    id: Mapped[int] = mapped_column(primary_key=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    name: Mapped[str] = mapped_column(searched(60))
    role: Mapped[str] = mapped_column(String(10))
    began_on: Mapped[date | None]
    ended_on: Mapped[date | None]
    ended_at: Mapped[datetime | None]
    no_call_since: Mapped[datetime | None]
    no_call_reason: Mapped[str | None] = mapped_column(String(200))

    household: Mapped[Household] = relationship(back_populates="people", lazy="raise")
    numbers: Mapped[list[PhoneNumber]] = relationship(
        back_populates="person", lazy="raise", order_by="PhoneNumber.place, PhoneNumber.id")
    consents: Mapped[list[Consent]] = relationship(back_populates="person", lazy="raise", order_by="Consent.id")


class PhoneNumber(Base):
    """A number may belong to several people: a landlord's to each of his flats. `place` says which is tried first."""

    __tablename__ = "phone_numbers"
    __table_args__ = (UniqueConstraint("number", "person_id"),  # the look-up's index too
                      CheckConstraint("label IN ('mobile', 'home', 'work', 'other')", name="label"))

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(32))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    added_at: Mapped[datetime]
    label: Mapped[str] = mapped_column(String(6), default="mobile", server_default="mobile")
    place: Mapped[int] = mapped_column(default=0, server_default="0")
    bounced_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(back_populates="numbers", lazy="raise")


class Consent(Base):
    """What somebody agreed to, how, who wrote it down; rows are only added, and withdrawn."""

    __tablename__ = "consents"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    what: Mapped[str] = mapped_column(String(40))
    how: Mapped[str] = mapped_column(String(40))            # phone, paper, visit, web
    given_at: Mapped[datetime]
    taken_by: Mapped[str] = mapped_column(String(40))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(String(40))

    person: Mapped[Person] = relationship(back_populates="consents", lazy="raise")


class Merge(Base):
    """Two households that were one. `moved` is all that undoing it takes; its digest is in the audit."""

    __tablename__ = "household_merges"

    id: Mapped[int] = mapped_column(primary_key=True)
    kept_id: Mapped[int] = mapped_column(ForeignKey("households.id"), index=True)
    lost_id: Mapped[int] = mapped_column(ForeignKey("households.id"), index=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(40))
    moved: Mapped[dict[str, Any]] = mapped_column(JSON)
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None] = mapped_column(String(40))


class Apart(Base):
    """Two households that look like one and are not: somebody has looked. The smaller id first."""

    __tablename__ = "households_apart"

    first_id: Mapped[int] = mapped_column(ForeignKey("households.id"), primary_key=True)
    second_id: Mapped[int] = mapped_column(ForeignKey("households.id"), primary_key=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(40))
