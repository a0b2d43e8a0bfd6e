"""Who is on duty at a moment. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Duty:
    """A shift, from its beginning until before its end. `estate_id` None: of all estates."""

    user_id: int
    duty: str
    estate_id: int | None
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Away:
    user_id: int
    begins_at: datetime
    ends_at: datetime
    why: str = "holiday"


def on_duty(shifts: Iterable[Duty], away: Iterable[Away], moment: datetime, *, estate_id: int | None = None,
            duty: str | None = None) -> tuple[Duty, ...]:
    """The shifts that go on, without those of people who are away. Of an estate: its own shifts and those of all estates."""
    gone = is_away(away, moment)
    return tuple(shift for shift in shifts
                 if shift.begins_at <= moment < shift.ends_at and shift.user_id not in gone
                 and (estate_id is None or shift.estate_id in (None, estate_id)) and duty in (None, shift.duty))


def is_away(away: Iterable[Away], moment: datetime) -> frozenset[int]:
    """Who has leave then."""
    return frozenset(one.user_id for one in away if one.begins_at <= moment < one.ends_at)


def overlap(one: Duty, other: Duty) -> bool:
    """The same person twice for the same duty and estate: a slip of whoever wrote the roster."""
    same = (one.user_id, one.duty, one.estate_id) == (other.user_id, other.duty, other.estate_id)
    return same and one.begins_at < other.ends_at and other.begins_at < one.ends_at
