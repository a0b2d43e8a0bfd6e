"""Complaints of bench/crm.py's desk as the monthly report needs them: what they are about, when they were answered, their clocks.

One in twenty is withdrawn, one in ten is not answered, all others are answered within three days; some households complain of the
same thing again and again. The same ones every time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

COMPLAINT: Final = "complaint"
AGAIN: Final = 80            # every so manieth ticket is of a household that complains often, five times in a row
_CATEGORIES: Final = ("service/desk", "service/guard", "repair", "noise", "cleaning")
_CAUSES: Final = ("conduct", "process", "equipment", None)
_FOUND: Final = ("valid", "partly", "invalid")
Received = tuple[int, datetime]      # a ticket, and when


def household_of(ticket: int, otherwise: int) -> int:
    return ticket // (5 * AGAIN) + 1 if ticket % AGAIN == 1 else otherwise


def complained(ticket: int) -> tuple[str | None, dict[str, str]]:
    """Category and fields."""
    place = ticket // 4
    cause = _CAUSES[place % len(_CAUSES)]
    fields = {"validity": _FOUND[place % len(_FOUND)]} if _end(ticket) == "replied" else {}
    return _CATEGORIES[place % len(_CATEGORIES)] if place % 50 else None, fields | ({"cause": cause} if cause else {})


def complaint_moves(received: Iterable[Received]) -> Iterator[tuple[Any, ...]]:
    """Rows of the timeline."""
    for ticket, at in received:
        yield ticket, at + timedelta(minutes=30), "user1", "moved", {"from": "received", "to": "handling"}
        if end := _end(ticket):
            yield ticket, _ends_at(ticket, at), "user1", "moved", {"from": "handling", "to": end}


def ended(received: Iterable[Received]) -> Iterator[tuple[int, datetime, bool | None]]:
    """(ticket, when the promised reply's clock ended, whether it was kept)."""
    for ticket, at in received:
        if end := _end(ticket):
            yield ticket, _ends_at(ticket, at), None if end == "withdrawn" else ticket // 4 % 9 > 0


def _end(ticket: int) -> str | None:
    place = ticket // 4
    return "withdrawn" if place % 20 == 7 else None if place % 10 == 3 else "replied"


def _ends_at(ticket: int, at: datetime) -> datetime:
    return at + timedelta(hours=1 + ticket // 4 % 72)
