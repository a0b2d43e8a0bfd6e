"""How far ahead a caller begins. Waiting adds to it (acd/waiting/ageing.py), so that points shorten a wait and starve nobody."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from crm.callers.schemas import History

FRAIL: Final = 20        # elderly, or living alone
VIP: Final = 10
AGAIN: Final = 5         # called within the last hour
FRAIL_TAGS: Final = frozenset({"elderly", "alone", "老人", "高龄", "独居", "空巢"})
VIP_TAGS: Final = frozenset({"vip", "贵宾"})


def points_of(tags: Iterable[str], history: History) -> tuple[int, str]:
    """(points, why in words joined by "+"). The emergency key, a transfer and a callback add theirs in the dialplan."""
    known = {tag.casefold() for tag in tags}
    given = [(points, why) for points, why, holds in (
        (FRAIL, "frail", bool(known & FRAIL_TAGS)), (VIP, "vip", bool(known & VIP_TAGS)), (AGAIN, "again", history.again),
    ) if holds]
    return sum(points for points, _ in given), "+".join(why for _, why in given)
