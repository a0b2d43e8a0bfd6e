"""Pages of a long list: the next one begins after a place, not at a number of rows, so that a growing list neither
repeats nor skips a row.

A place is the sort key of the last row shown, with its id. To the outside it is an opaque cursor: what a client has
altered, or took from another list, is `bad_cursor`. No secret is behind that: a place gives no right to see anything.

    ORDER = Order("tickets", Ticket.created_at, Ticket.id, newest_first=True)

    rows = session.scalars(ORDER.after(select(Ticket).where(…), cursor).limit(limit + 1)).all()
    return ORDER.page(rows, limit, shown)
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, Final, Generic, TypeVar

from pydantic import BaseModel, Field
from sqlalchemy import Select, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from callcenter.errors import SixringError
from crm.database import UtcDateTime

T = TypeVar("T")
Row = TypeVar("Row")
Key = str | int | float | datetime | date
LONGEST: Final = 400         # characters of a cursor
_CHECK: Final = 6            # bytes
_BIGGEST: Final = 2**63 - 1  # a greater one is no number to a database


class BadCursor(SixringError):
    """Not a cursor that this list gave."""

    code = "bad_cursor"
    status = 422


class Page(BaseModel, Generic[T]):
    items: list[T]
    next: str | None = Field(description="give it as `cursor` for the next page; null on the last one")


def cursor_of(what: str, key: Key, row_id: int) -> str:
    """`what` names the list."""
    written = key.isoformat() if isinstance(key, date) else key     # a datetime is a date
    body = json.dumps([written, row_id], ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_check(what, body) + body).decode().rstrip("=")


def place_of(what: str, cursor: str, kind: type[Key]) -> tuple[Key, int]:
    """What `cursor_of` was given. Raises BadCursor."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        key, row_id = json.loads(raw[_CHECK:])
        if issubclass(kind, date):
            key = kind.fromisoformat(key)
        fits = type(key) is kind and type(row_id) is int and 0 <= row_id <= _BIGGEST
        if not fits or _is_unkeepable(key) or cursor_of(what, key, row_id) != cursor:
            raise BadCursor
    except (binascii.Error, ValueError, TypeError) as error:
        raise BadCursor from error
    return key, row_id


def _is_unkeepable(key: Key) -> bool:
    """No database has such a one, or would look for it."""
    return (isinstance(key, int) and abs(key) > _BIGGEST) or (isinstance(key, str) and "\0" in key)


def _check(what: str, body: bytes) -> bytes:
    return hashlib.blake2s(body, digest_size=_CHECK, key=hashlib.sha256(what.encode()).digest()).digest()


class Order(Generic[Row]):
    """The order of a list: by a column that is never NULL, then by id. An index on both makes every page equally fast."""

    def __init__(self, what: str, key: InstrumentedAttribute[Any], row_id: InstrumentedAttribute[int], *,
                 newest_first: bool = False) -> None:
        self._what = what
        self._key = key
        self._id = row_id
        self._kind = datetime if isinstance(key.type, UtcDateTime) else key.type.python_type
        self._descending = newest_first

    def after(self, query: Select[Any], cursor: str | None) -> Select[Any]:
        """The rows behind the cursor, in order. Raises BadCursor."""
        columns = (self._key, self._id)
        query = query.order_by(*(column.desc() if self._descending else column.asc() for column in columns))
        if cursor is None:
            return query
        key, row_id = place_of(self._what, cursor, self._kind)
        here, place = tuple_(*columns), tuple_(literal(key, self._key.type), literal(row_id, self._id.type))
        return query.where(here < place if self._descending else here > place)

    def page(self, rows: Sequence[Row], limit: int, shown: Callable[[Row], T]) -> Page[T]:
        """Of `limit + 1` rows: whether there is one more tells whether there is another page."""
        last = rows[limit - 1] if len(rows) > limit else None
        following = None if last is None else cursor_of(self._what, getattr(last, self._key.key), getattr(last, self._id.key))
        return Page(items=[shown(row) for row in rows[:limit]], next=following)
