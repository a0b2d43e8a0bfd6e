"""When a number is tried again, and when it may ring at all. Pure: the time is passed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from crm.dialling.schemas import Outcome


@dataclass(frozen=True)
class Quiet:
    """From `begins` until `ends`, local time, over midnight where it ends before it begins. Equal times: never."""

    begins: time
    ends: time
    tz: tzinfo

    def holds(self, moment: datetime) -> bool:
        local = moment.astimezone(self.tz).time()
        if self.begins <= self.ends:
            return self.begins <= local < self.ends
        return local >= self.begins or local < self.ends

    def not_before(self, moment: datetime) -> datetime:
        """The moment itself when it is not quiet then, else when the quiet ends."""
        if not self.holds(moment):
            return moment
        local = moment.astimezone(self.tz)
        day = local.date() + timedelta(days=1) if local.time() >= self.ends else local.date()
        return datetime.combine(day, self.ends, self.tz).astimezone(UTC)


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
