"""Estates, buildings, households, their people and numbers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.database import Base


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
    """`label` is the whole room number (房号) as people write it, "3-1-502": building without 栋, unit, room."""

    __tablename__ = "households"
    __table_args__ = (UniqueConstraint("building_id", "unit", "room"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    building_id: Mapped[int] = mapped_column(ForeignKey("buildings.id"))
    unit: Mapped[str] = mapped_column(String(10))
    room: Mapped[str] = mapped_column(String(20))
    label: Mapped[str] = mapped_column(String(52), index=True)
    tags: Mapped[list[str]]
    language: Mapped[str] = mapped_column(String(2), default="zh")

    building: Mapped[Building] = relationship(lazy="raise")
    people: Mapped[list[Person]] = relationship(back_populates="household", lazy="raise", order_by="Person.id")


class Person(Base):
    __tablename__ = "people"
    __table_args__ = (UniqueConstraint("household_id", "name"),
                      CheckConstraint("role IN ('owner', 'tenant', 'staff')", name="role"))

    id: Mapped[int] = mapped_column(primary_key=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    name: Mapped[str] = mapped_column(String(60))
    role: Mapped[str] = mapped_column(String(10))

    household: Mapped[Household] = relationship(back_populates="people", lazy="raise")
    numbers: Mapped[list[PhoneNumber]] = relationship(back_populates="person", lazy="raise", order_by="PhoneNumber.id")


class PhoneNumber(Base):
    """A number may belong to several people: a landlord's to each of his flats."""

    __tablename__ = "phone_numbers"
    __table_args__ = (UniqueConstraint("number", "person_id"),)  # the look-up's index too

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(32))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    added_at: Mapped[datetime]

    person: Mapped[Person] = relationship(back_populates="numbers", lazy="raise")
