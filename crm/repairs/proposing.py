"""Whom to send to a repair: ranked by trade, estate, duty and load, with the reasons. Pure.

Who may not go (another estate, on leave) is not proposed at all; who would rather not (declined it before) comes last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from crm.roster.duty import Away, Duty, is_away, on_duty


@dataclass(frozen=True)
class Wanted:
    """A repair that somebody must do. `skill` None: any trade will do; `at`: when somebody must be there, None: now."""

    skill: str | None
    estate_id: int | None
    at: datetime | None = None
    declined: frozenset[int] = frozenset()      # who sent it back


@dataclass(frozen=True)
class Engineer:
    """`estates` None: all. `load` is the weight of what is open (`weight`)."""

    user_id: int
    name: str
    skills: frozenset[str] = frozenset()
    estates: frozenset[int] | None = None
    load: float = 0.0
    open_orders: int = 0
    shifts: tuple[Duty, ...] = field(default=())
    away: tuple[Away, ...] = field(default=())


@dataclass(frozen=True)
class Reason:
    """A code, and what it is about: `skill` plumbing, `on_duty` until when, `load` how much."""

    code: str
    value: str = ""

    def __str__(self) -> str:
        return f"{self.code}:{self.value}" if self.value else self.code


@dataclass(frozen=True)
class Proposal:
    """`fit`: has the trade, is on duty, has not sent it back: may be sent without asking anybody."""

    engineer: Engineer
    fit: bool
    reasons: tuple[Reason, ...]


ENGINEERS = "engineer"      # the duty of who may be sent


def propose(repair: Wanted, engineers: Iterable[Engineer], now: datetime) -> tuple[Proposal, ...]:
    """The best first: has the trade, is on duty then, of the estate's own shift, least load; at last by name."""
    moment = max(repair.at, now) if repair.at else now
    found = []
    for one in engineers:
        if one.estates is not None and repair.estate_id is not None and repair.estate_id not in one.estates:
            continue
        if one.user_id in is_away(one.away, moment):
            continue
        shifts = on_duty(one.shifts, one.away, moment, estate_id=repair.estate_id, duty=ENGINEERS)
        knows = repair.skill is None or repair.skill in one.skills
        own = any(shift.estate_id == repair.estate_id is not None for shift in shifts)
        declined = one.user_id in repair.declined
        reasons = [Reason("skill" if knows else "no_skill", repair.skill) if repair.skill else Reason("any_skill"),
                   Reason("on_duty", max(shift.ends_at for shift in shifts).isoformat()) if shifts else Reason("off_duty"),
                   Reason("estates_own_shift") if own else Reason("all_estates" if one.estates is None else "estate"),
                   Reason("load", f"{one.load:g}"), Reason("open", str(one.open_orders)),
                   *([Reason("declined")] if declined else [])]
        rank = (declined, not knows, not shifts, not own, one.load, one.name)
        found.append((rank, Proposal(one, knows and bool(shifts) and not declined, tuple(reasons))))
    return tuple(proposal for _, proposal in sorted(found, key=lambda pair: pair[0]))


def weight(urgency: str | None, grade: str | None, weights: Mapping[str, float]) -> float:
    """What an open repair counts in its engineer's load: urgency × grade; what is not said counts as 1."""
    return weights.get(urgency or "", 1.0) * weights.get(grade or "", 1.0)


def skill_for(category: str | None, serves: Mapping[str, Sequence[str]]) -> str | None:
    """The trade of the deepest category that one serves: `water/leak` is plumbing's `water`. None: no trade is named."""
    best: tuple[int, str] | None = None
    for skill, paths in sorted(serves.items()):
        for path in paths:
            if category is not None and (category == path or category.startswith(f"{path}/")):
                depth = path.count("/") + 1
                if best is None or depth > best[0]:
                    best = (depth, skill)
    return best[1] if best else None
