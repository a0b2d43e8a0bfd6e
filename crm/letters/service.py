"""Which letter is due, what became of it, and how a kind of them fares. Callers commit.

A letter is taken for a while before it is sent, in a transaction of its own: two processes do not send the same one, and one
that dies while sending leaves it to be sent again, under the same `ident`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import ColumnElement, bindparam, exists, func, select
from sqlalchemy.orm import Session

from crm.database import UtcDateTime
from crm.letters.models import OnItsWay
from crm.notices.words import Letter

TAKEN_FOR: Final = timedelta(seconds=60)
TRIES: Final = 8
LONGEST_WAIT: Final = timedelta(minutes=30)
R = TypeVar("R", bound=OnItsWay)


class Later(Exception):
    """It may not go out now."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self.at = at


class Refused(Exception):
    """It may not go out at all; `code` goes into its row."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Needless(Exception):
    """What it tells is known by now: nobody need be told, and nothing has failed. `code` goes into its row."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Letters(Generic[R]):
    """A kind of them: its component, its table, what one says, and what follows once one is sent or given up. `says` may raise
    Later, Refused or Needless."""

    component: str
    rows: type[R]
    says: Callable[[Session, R, datetime], Letter]
    over: Callable[[Session, R], None] | None = None

    def is_due(self) -> ColumnElement[bool]:
        """Whether there is any by the parameter `now`."""
        return exists(select(self.rows.id).where(self.rows.next_at <= bindparam("now", type_=UtcDateTime())))


@dataclass(frozen=True)
class Taken:
    of: Letters[Any]
    row_id: int
    tries: int
    channel: str
    address: str


def wait(tries: int) -> timedelta:
    """Before the next try: 10 s, 30 s, 90 s … up to half an hour; all tries together take about an hour and a half."""
    return min(timedelta(seconds=10 * 3 ** (tries - 1)), LONGEST_WAIT)


def take(session: Session, of: Letters[R], now: datetime, silent: Collection[str] = (), *, by_silent: bool = False) -> Taken | None:
    """The one that waits longest; `by_silent`: of those alone whose channel did not answer the last time, else of the others."""
    rows = of.rows
    row = session.scalars(select(rows).where(rows.next_at <= now, rows.channel.in_(silent) if by_silent else
                                             rows.channel.not_in(silent))
                          .order_by(rows.next_at, rows.id).limit(1).with_for_update(skip_locked=True)).first()
    if row is None:
        return None
    row.tries, row.next_at = row.tries + 1, now + TAKEN_FOR
    session.flush()
    return Taken(of, row.id, row.tries, row.channel, row.address)


def sent(session: Session, taken: Taken, now: datetime) -> None:
    if (row := _still(session, taken)) is not None:
        row.sent_at, row.next_at, row.error = now, None, None
        _over(session, taken, row)


def not_sent(session: Session, taken: Taken, code: str, now: datetime, *, for_good: bool = False) -> None:
    if (row := _still(session, taken)) is None:
        return
    row.error = code[:80]
    if for_good or taken.tries >= TRIES:
        row.next_at, row.failed_at = None, now
        _over(session, taken, row)
    else:
        row.next_at = now + wait(taken.tries)


def dropped(session: Session, taken: Taken, code: str) -> None:
    if (row := _still(session, taken)) is not None:
        row.next_at, row.error = None, code[:80]
        _over(session, taken, row)


def put_back(session: Session, taken: Taken, at: datetime) -> None:
    """Until then; no try is spent."""
    if (row := _still(session, taken)) is not None:
        row.tries, row.next_at = row.tries - 1, at


def failing(session: Session, of: Letters[R], since: datetime) -> int:
    """Letters that were given up since, or whose last try failed."""
    rows = of.rows
    given_up = select(func.count()).select_from(rows).where(rows.failed_at >= since)
    again = select(func.count()).select_from(rows).where(rows.next_at.is_not(None), rows.error.is_not(None))
    return (session.scalar(given_up) or 0) + (session.scalar(again) or 0)


def _still(session: Session, taken: Taken) -> OnItsWay | None:
    """None when it took so long that another process has taken it since, or what it was about is gone."""
    row: OnItsWay | None = session.get(taken.of.rows, taken.row_id, with_for_update=True, populate_existing=True)
    return row if row is not None and row.tries == taken.tries and row.sent_at is None else None


def _over(session: Session, taken: Taken, row: OnItsWay) -> None:
    if taken.of.over is not None:
        session.flush()
        taken.of.over(session, row)
