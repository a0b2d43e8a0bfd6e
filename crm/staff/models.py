"""Users, their sign-ins, failed attempts and the audit trail."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.database import Base


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    roles: Mapped[list[str]]
    estates: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))   # whose matters the user sees; NULL: all
    superior_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))     # to whom complaints about the user go (E2)
    password_hash: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class SignIn(Base):
    """A browser that is signed in. The token itself is only in its cookie."""

    __tablename__ = "sign_ins"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    seat: Mapped[str | None] = mapped_column(String(6))  # where the agent sits
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    revoked_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="raise")


class FailedSignIn(Base):
    __tablename__ = "failed_sign_ins"
    __table_args__ = (Index(None, "name", "at"), Index(None, "address", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    address: Mapped[str] = mapped_column(String(45))
    at: Mapped[datetime]


class AuditEntry(Base):
    """Who did what to which thing, when. Rows are only ever added. `who` is kept as text: a user may be renamed.

    `place`, `previous` and `hash` are the chain's (crm/staff/chain.py). Triggers refuse what it would notice.
    """

    __tablename__ = "audit"
    __table_args__ = (Index(None, "subject", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    who: Mapped[str] = mapped_column(String(40))
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(80))
    detail: Mapped[str | None] = mapped_column(Text)
    order_id: Mapped[str | None] = mapped_column(String(40), unique=True, index=True)   # of an order heard of on the bus
    place: Mapped[int | None] = mapped_column(BigInteger, unique=True)       # in the chain, from 1
    previous: Mapped[str | None] = mapped_column(String(64))
    hash: Mapped[str | None] = mapped_column(String(64))


class AuditHead(Base):
    """One row: the chain's newest place, on which its writers wait for each other."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))
    pruned: Mapped[int] = mapped_column(BigInteger)          # rows up to this place may be deleted: their time is over
    old_through: Mapped[int]                                 # rows up to this id were there before the chain, unsealed yet; 0: none
