"""What a transaction has asked once and need not ask again: a batch of the journal opens hundreds of tickets by the same rules."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Final, TypeVar, cast

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

_KEPT: Final = "remembered"
T = TypeVar("T")


def remembered(session: Session, key: Hashable, read: Callable[[], T]) -> T:
    """As it was when the transaction first asked. Whoever writes what is remembered calls `forget`."""
    kept = session.info.setdefault(_KEPT, {})
    if key not in kept:
        kept[key] = read()
    return cast("T", kept[key])


def forget(session: Session) -> None:
    session.info.pop(_KEPT, None)


def _ended(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        forget(session)


event.listen(Session, "after_transaction_end", _ended)
event.listen(Session, "after_soft_rollback", lambda session, _: forget(session))     # what a savepoint read may be gone with it
