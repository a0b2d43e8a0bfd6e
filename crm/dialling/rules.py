"""When a number is tried again, and when it may ring at all. Pure: the time is passed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from callcenter.site.dialling import Dialling
from crm.dialling.schemas import Outcome


@dataclass(frozen=True)
class Quiet:
    """The hours in which only what is urgent rings."""

    locks: Dialling
    tz: tzinfo

    def holds(self, moment: datetime) -> bool:
        return self.locks.is_quiet(moment.astimezone(self.tz).time())

    def not_before(self, moment: datetime) -> datetime:
        """The moment itself when it is not quiet then, else when the quiet ends."""
        if not self.holds(moment):
            return moment
        local, ends = moment.astimezone(self.tz), self.locks.quiet_until
        day = local.date() + timedelta(days=1) if local.time() >= ends else local.date()
        return datetime.combine(day, ends, self.tz).astimezone(UTC)

    def next_begin(self, moment: datetime) -> datetime | None:
        """When it will be quiet, again if it is so now; None: never."""
        local, begins = moment.astimezone(self.tz), self.locks.quiet_from
        if begins == self.locks.quiet_until:
            return None
        day = local.date() + timedelta(days=1) if local.time() >= begins else local.date()
        return datetime.combine(day, begins, self.tz).astimezone(UTC)


@dataclass(frozen=True)
class RetryRule:
    tries: int
    busy: timedelta              # who talks is soon free
    between: timedelta


def is_enough(outcome: Outcome, key: str, keys: str) -> bool:
    """Somebody heard it; where a key was asked for, pressed one: a machine that answers presses nothing."""
    return outcome is Outcome.ANSWERED and (bool(key) or not keys)


def next_try(attempt: int, outcome: Outcome, now: datetime, rule: RetryRule, until: datetime | None) -> datetime | None:
    """After a try in vain; None: that was the last one."""
    at = now + (rule.busy if outcome is Outcome.BUSY else rule.between)
    return None if attempt >= rule.tries or (until is not None and at >= until) else at
