"""What a transaction has asked once and need not ask again: a batch of the journal opens hundreds of tickets by the same rules.

And what a process need not: `shared` is one table for all sessions of a database, for what another process can only add to.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Final, TypeVar, cast

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

_KEPT: Final = "remembered"
_SHARED: Final = "shared"
_WROTE: Final = "wrote"
T = TypeVar("T")


def remembered(session: Session, key: Hashable, read: Callable[[], T]) -> T:
    """As it was when the transaction first asked. Whoever writes what is remembered calls `forget`."""
    kept = session.info.setdefault(_KEPT, {})
    if key not in kept:
        kept[key] = read()
    return cast("T", kept[key])


def remember(session: Session, key: Hashable, value: object) -> None:
    """What the transaction has learned on the way, so that it need not ask."""
    session.info.setdefault(_KEPT, {})[key] = value


def forget(session: Session) -> None:
    session.info.pop(_KEPT, None)


def sharing() -> dict[str, object]:
    """For `info` of a database's sessions."""
    return {_SHARED: {}}


def shared(session: Session, key: Hashable, edition: int, read: Callable[[], T]) -> T:
    """As this process read it at that edition. A transaction that `wrote` it reads for itself alone: it may yet be undone."""
    kept: dict[Hashable, tuple[int, object]] = session.info.get(_SHARED, {})
    if key in session.info.get(_WROTE, ()):
        return read()
    known = kept.get(key)
    if known is None or known[0] != edition:
        kept[key] = known = edition, read()
    return cast("T", known[1])


def last_shared(session: Session, key: Hashable) -> int | None:
    """The edition that this process has read last; it asks nobody whether that is still the one. None: none, or this transaction
    `wrote` it."""
    known: tuple[int, object] | None = session.info.get(_SHARED, {}).get(key)
    return None if known is None or key in session.info.get(_WROTE, ()) else known[0]


def wrote(session: Session, key: Hashable) -> None:
    session.info.setdefault(_WROTE, set()).add(key)


def _ended(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        forget(session)
        session.info.pop(_WROTE, None)


event.listen(Session, "after_transaction_end", _ended)
event.listen(Session, "after_soft_rollback", lambda session, _: forget(session))     # what a savepoint read may be gone with it
