"""How long a caller who comes now will wait, by the pace that was learned and who is there: the line's own, and the simulator's."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

from callcenter.erlang import expected_wait_s, expected_wait_until_s

PRIOR_HANDLING_S: Final = 180.0   # until calls have shown better
PRIOR_PATIENCE_S: Final = 180.0
PRIOR_CALLS: Final = 5.0          # what the priors weigh, in calls and in callers who gave up
PRIOR_GAVE_UP: Final = 3.0
KEPT: Final = 0.98                # of the old weight a call: about the last fifty count
ERRORS_KEPT: Final = 50
LONGEST_PATIENCE_S: Final = 86_400.0    # else it has no end on a line where nobody gives up, and its rate is lost in a float


@dataclass(frozen=True)
class Pace:
    """Of one queue. Sums with weights, so that a mean is their quotient and the prior fades by itself.

    Patience is the maximum-likelihood estimate for exponential patience seen through waits that mostly end in an answer:
    all the time that was waited ÷ callers who gave up.
    """

    calls: float = PRIOR_CALLS
    handled_s: float = PRIOR_CALLS * PRIOR_HANDLING_S
    gave_up: float = PRIOR_GAVE_UP
    waited_s: float = PRIOR_GAVE_UP * PRIOR_PATIENCE_S
    errors: tuple[float, ...] = ()

    @property
    def handling_s(self) -> float:
        return self.handled_s / self.calls

    @property
    def patience_s(self) -> float:
        return min(self.waited_s / self.gave_up, LONGEST_PATIENCE_S)

    @property
    def error_s(self) -> float | None:
        return math.fsum(self.errors) / len(self.errors) if self.errors else None

    def after_call(self, seconds: float) -> Pace:
        return replace(self, calls=self.calls * KEPT + 1, handled_s=self.handled_s * KEPT + max(seconds, 1.0))

    def after_wait(self, seconds: float, *, gave_up: bool) -> Pace:
        # Both sums fade alike; the prior's time is never lost altogether, or one who gives up at once would rule.
        return replace(self, gave_up=self.gave_up * KEPT + gave_up, waited_s=self.waited_s * KEPT + max(seconds, 0.1))

    def after_told(self, told_s: float, waited_s: float) -> Pace:
        return replace(self, errors=(*self.errors, abs(told_s - waited_s))[-ERRORS_KEPT:])


@dataclass(frozen=True)
class Staffed:
    """A queue's people now. `share` counts an agent of several queues in parts; `free` can be rung at once.

    `rung`: of those who wait, the callers whom a seat is ringing for; no free agent is kept back for them.
    """

    waiting: int = 0
    rung: int = 0
    heads: int = 0
    share: float = 0.0
    free: int = 0
    backup_share: float = 0.0
    backup_free: int = 0

    @property
    def unserved(self) -> int:
        """Callers who take a free agent before one who comes now."""
        return self.waiting - self.rung


def estimate_s(people: Staffed, pace: Pace, overflow_s: float) -> float | None:
    """For a caller who comes now; None when nobody is there. Backups who are free end the wait at the overflow (A2).

    Then it is the mean of what is waited, each wait cut at the overflow: less than either the mean wait or the overflow.
    """
    backups_are_free = people.backup_free > people.unserved
    if people.free > people.unserved or (not people.share and backups_are_free):
        return 0.0
    served, service, abandon = people.share or people.backup_share, 1 / pace.handling_s, 1 / pace.patience_s
    if backups_are_free:
        return expected_wait_until_s(overflow_s, people.waiting, served, service, abandon)
    return expected_wait_s(people.waiting, served, service, abandon)
