"""What the journal has the desk do: in its transaction, and yet nothing that is wrong with the desk holds the journal up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from sqlalchemy.orm import Session

LONGEST_REASON: Final = 40

log = structlog.get_logger("recorder")


@dataclass(frozen=True)
class Undone:
    """What was to follow from a line and could not; the line itself is in its record."""

    cause: str
    reason: str


@contextmanager
def by_the_desk(session: Session, what: str, cause: str, undone: list[Undone]) -> Iterator[None]:
    """A savepoint: all of it is done, or nothing, and then it is in `undone`. Raises only when the database is away."""
    try:
        with session.begin_nested():
            yield
    except Exception as error:
        if is_away(error):
            raise
        log.critical("desk_failed", what=what, cause=cause, error=repr(error), exc_info=error)
        undone.append(Undone(cause, f"{what}:{type(error).__name__}"[:LONGEST_REASON]))


def is_away(error: Exception) -> bool:
    """The database is away, locked, full or not migrated: no line is to blame, and all of it is tried again."""
    return isinstance(error, OSError | NoConnectionError) or (
        isinstance(error, DBAPIError) and not isinstance(error, DataError | IntegrityError))
