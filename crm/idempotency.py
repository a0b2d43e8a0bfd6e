"""Work that is done once however often it is asked for: a request's key is kept with the work, in one transaction.

So a crash leaves both or neither. Who asks again gets the first answer; who asks while the first is still at work waits
for it: on SQLite because there is one writer, on PostgreSQL at the key's unique constraint. What was refused has done
nothing and leaves no key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import CursorResult, ForeignKey, String, Text, UniqueConstraint, delete, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Mapped, Session, mapped_column

from callcenter.errors import Conflict, SixringError
from crm.database import Base

KEPT_FOR: Final = timedelta(hours=24)
WAIT_MS: Final = 5_000
T = TypeVar("T")


class KeyReused(SixringError):
    """The key belongs to another request."""

    code = "key_reused"
    status = 422


class InProgress(Conflict):
    """The first request with this key is still at work: ask again."""

    code = "in_progress"


class IdempotencyKey(Base):
    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("user_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    key: Mapped[str] = mapped_column(String(100))
    route: Mapped[str] = mapped_column(String(200))          # "POST /api/v1/tickets"
    request_hash: Mapped[str] = mapped_column(String(64))    # of path, query and body
    body: Mapped[str] = mapped_column(Text, default="")      # the answer, as JSON; never empty once committed
    at: Mapped[datetime] = mapped_column(index=True)


@dataclass(frozen=True)
class Asked:
    """One request, as it is told from others."""

    user_id: int
    key: str
    route: str
    request_hash: str


def answer_once(session: Session, asked: Asked, answer: TypeAdapter[T], work: Callable[[], T], now: datetime) -> T:
    """What `work` gives, or gave the first time. The session must be one that writes and that has not written yet.

    Raises KeyReused, InProgress and whatever `work` raises."""
    if not _take(session, asked, now):
        return _given_before(session, asked, answer)
    done = work()
    session.flush()     # what the database refuses, it refuses here and not behind an answer
    row = session.scalars(_row(asked)).one()
    row.body = answer.dump_json(done).decode()
    return done


def drop_old_keys(session: Session, now: datetime) -> int:
    gone: CursorResult[Any] = session.execute(delete(IdempotencyKey).where(IdempotencyKey.at < now - KEPT_FOR))  # type: ignore[assignment]
    return gone.rowcount


def _take(session: Session, asked: Asked, now: datetime) -> bool:
    """Whether the key was free. Another transaction that has just taken it is waited for."""
    on_postgres = session.get_bind().dialect.name == "postgresql"
    insert = (postgresql if on_postgres else sqlite).insert(IdempotencyKey).values(
        user_id=asked.user_id, key=asked.key, route=asked.route, request_hash=asked.request_hash, body="", at=now)
    if on_postgres:
        session.execute(text(f"SET LOCAL lock_timeout = {WAIT_MS}"))
    try:
        taken = session.execute(insert.on_conflict_do_nothing().returning(IdempotencyKey.id)).scalar_one_or_none()
    except OperationalError as error:
        if type(error.orig).__name__ == "LockNotAvailable":
            raise InProgress from error
        raise
    if on_postgres:
        session.execute(text("SET LOCAL lock_timeout = DEFAULT"))
    return taken is not None


def _given_before(session: Session, asked: Asked, answer: TypeAdapter[T]) -> T:
    row = session.scalars(_row(asked)).one()
    if row.request_hash != asked.request_hash:
        raise KeyReused
    return answer.validate_json(row.body)


def _row(asked: Asked) -> Any:
    return select(IdempotencyKey).where(IdempotencyKey.user_id == asked.user_id, IdempotencyKey.key == asked.key)
